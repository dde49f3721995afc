"""The record of everything that changed the world."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "kaopei.office.audit"
    label = "audit"
    verbose_name = "台账"
