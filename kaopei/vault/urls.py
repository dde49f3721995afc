"""Addresses of the vault."""

from django.urls import include, path

from kaopei.office.urls import handler404 as handler404
from kaopei.office.urls import handler500 as handler500

urlpatterns = [
    path("", include("kaopei.office.urls")),
    path("", include("kaopei.vault.bank.urls")),
    path("", include("kaopei.vault.practical.urls")),
    path("", include("kaopei.vault.assembly.urls")),
    path("", include("kaopei.vault.custody.urls")),
]
