"""Addresses under /certificates/."""

from django.urls import path

from kaopei.center.certificates import views

app_name = "certificates"

urlpatterns = [
    path("", views.listing, name="listing"),
    path("certificates.zip", views.every_paper, name="every_paper"),
    path("matching/", views.matching, name="matching"),
    path("status.json", views.status_list, name="status_list"),
    path("sittings/<str:sitting>/", views.sitting, name="sitting"),
    path("sittings/<str:sitting>/issue/", views.issue, name="issue"),
    path("sittings/<str:sitting>/certificates.zip", views.papers, name="papers"),
    path("<str:number>.pdf", views.paper, name="paper"),
    path("<str:number>.json", views.signed, name="signed"),
    path("<str:number>/", views.show, name="certificate"),
]
