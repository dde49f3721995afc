"""Addresses of the register."""

from django.urls import path

from kaopei.center.registry import views

app_name = "registry"
urlpatterns = [
    path("institutions/", views.institutions, name="institutions"),
    path("institutions/<str:code>/", views.institution, name="institution"),
    path("sites/", views.sites, name="sites"),
    path("sites/<str:number>/", views.site, name="site"),
    path("ties/", views.ties, name="ties"),
]
