"""Addresses under /results/."""

from django.urls import path

from kaopei.center.results import views

app_name = "results"

urlpatterns = [
    path("", views.listing, name="listing"),
    path("upload/", views.upload, name="upload"),
    path("quarantine/", views.quarantine, name="quarantine"),
    path("practical/", views.practical, name="practical"),
    path("practical/close/", views.practical_close, name="practical_close"),
    path("practical/again/", views.practical_again, name="practical_again"),
    path("results.csv", views.every_csv, name="every_csv"),
    path("<str:sitting>/", views.show, name="sitting"),
    path("<str:sitting>/release/", views.release, name="release"),
    path("<str:sitting>/results.csv", views.one_csv, name="csv"),
]
