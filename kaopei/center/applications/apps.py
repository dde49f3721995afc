"""The app of applications."""

from django.apps import AppConfig


class ApplicationsConfig(AppConfig):
    name = "kaopei.center.applications"
    label = "applications"
    verbose_name = "受理"
