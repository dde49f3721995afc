"""The app of registered bodies."""

from django.apps import AppConfig


class RegistryConfig(AppConfig):
    name = "kaopei.center.registry"
    label = "registry"
    verbose_name = "登记"
