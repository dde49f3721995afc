"""The page frame and its parts."""

from django.apps import AppConfig


class UiConfig(AppConfig):
    name = "kaopei.office.ui"
    label = "ui"
    verbose_name = "页面"
