"""Addresses of the intake."""

from django.urls import path

from kaopei.center.applications import views

app_name = "applications"
urlpatterns = [
    path("", views.listing, name="listing"),
    path("new/", views.new, name="new"),
    path("own/", views.own, name="own"),
    path("own/verdicts.csv", views.own_file, name="own_file"),
    path("held/", views.held, name="held"),
    path("intakes/<str:number>/", views.intake, name="intake"),
    path("intakes/<str:number>/verdicts.csv", views.verdict_file, name="verdict_file"),
    path("intakes/<str:number>/changes/", views.changes, name="changes"),
    path("intakes/<str:number>/confirm/", views.confirm, name="confirm"),
    path("intakes/<str:number>/set-aside/", views.set_aside, name="set_aside"),
    path("<str:batch>/<path:serial>/decide/", views.decide, name="decide"),
    path("<str:batch>/<path:serial>/step/", views.step, name="step"),
    path("<str:batch>/<path:serial>/unmask/", views.unmask, name="unmask"),
    path("<str:batch>/<path:serial>/", views.application, name="application"),
]
