"""Addresses of assembled papers."""

from django.urls import path

from kaopei.vault.assembly import views

urlpatterns = [
    path("assemblies/", views.listing, name="assemblies"),
    path("assemblies/new", views.assemble, name="assemble"),
    path("assemblies/<int:assembly_id>/", views.show, name="assembly"),
]
