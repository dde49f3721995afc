"""Addresses of training."""

from django.urls import path

from kaopei.center.training.views import syllabus

app_name = "training"
urlpatterns = [path("hours/", syllabus.hours, name="hours")]
