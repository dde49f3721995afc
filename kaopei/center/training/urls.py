"""Addresses of training."""

from django.urls import path

from kaopei.center.training import views

app_name = "training"
urlpatterns = [path("hours/", views.hours, name="hours")]
