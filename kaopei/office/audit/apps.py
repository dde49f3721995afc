"""The record of everything that changed the world."""

from datetime import datetime
from typing import Any

from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "kaopei.office.audit"
    label = "audit"
    verbose_name = "台账"

    def cards(self, user: Any, at: datetime) -> list[Any]:
        """For whoever answers for the record: when it was last signed, and whether the signing has stopped."""
        from kaopei.office.audit import queries

        return queries.cards(user, at)
