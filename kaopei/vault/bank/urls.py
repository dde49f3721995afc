"""Addresses of the banks."""

from django.urls import path

from kaopei.vault.bank import views

urlpatterns = [
    path("banks/", views.banks, name="banks"),
    path("banks/import/", views.take_in, name="bank_import"),
    path("banks/<int:bank_id>/", views.show, name="bank"),
    path("banks/<int:bank_id>/retire", views.retire, name="bank_retire"),
    path("banks/<int:bank_id>/imports/<int:import_id>/", views.verdicts, name="bank_verdicts"),
]
