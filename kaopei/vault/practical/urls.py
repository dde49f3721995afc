"""Addresses of score sheets."""

from django.urls import path

from kaopei.vault.practical import views

urlpatterns = [
    path("score-sheets/", views.listing, name="score_sheets"),
    path("score-sheets/import/", views.take_in, name="score_sheet_import"),
    path("score-sheets/<int:import_id>/", views.show, name="score_sheet"),
]
