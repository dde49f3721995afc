"""Addresses of custody."""

from django.urls import path

from kaopei.vault.custody import views

urlpatterns = [
    path("custody/", views.listing, name="custody"),
    path("custody/exposures/", views.exposures, name="exposures"),
    path("custody/<str:package_id>/", views.show, name="package"),
    path("custody/<str:package_id>/handover", views.hand_over, name="hand_over"),
]
