"""Addresses of publications."""

from django.urls import path

from kaopei.center.publication import views

app_name = "publication"
urlpatterns = [
    path("", views.overview, name="overview"),
    path("rows/", views.rows, name="rows"),
    path("rows/<int:pk>/", views.row, name="row"),
    path("rows/<int:pk>/withdraw", views.withdraw, name="withdraw"),
    path("<slug:group>/", views.preview, name="preview"),
    path("<slug:group>/changes/", views.changes, name="changes"),
    path("<slug:group>/publish", views.publish, name="publish"),
]
