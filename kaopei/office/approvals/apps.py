"""Two persons: one asks, another reads the exact bytes and signs."""

from datetime import datetime
from typing import Any

from django.apps import AppConfig


class ApprovalsConfig(AppConfig):
    name = "kaopei.office.approvals"
    label = "approvals"
    verbose_name = "双人审批"

    def cards(self, user: Any, at: datetime) -> list[Any]:
        """What waits for my signature, and what became of my own requests."""
        from kaopei.office.approvals import queries

        return queries.cards(user, at)
