"""The portal's own pages."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "kaopei.portal"
    label = "portal"
    verbose_name = "门户"
