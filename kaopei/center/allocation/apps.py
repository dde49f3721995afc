"""The app of sittings, seats and draws."""

from datetime import datetime
from typing import Any

from django.apps import AppConfig


class AllocationConfig(AppConfig):
    name = "kaopei.center.allocation"
    label = "allocation"
    verbose_name = "安排"

    def granted(self, request: Any, *, by: Any, at: datetime) -> None:
        """What two persons have agreed on happens in the transaction of the second signature."""
        from kaopei.center.allocation import actions

        actions.carry_out(request, by=by, at=at)

    def cards(self, user: Any, at: datetime) -> list[Any]:
        """What a draw asks of this person today."""
        from kaopei.center.allocation import queries

        return queries.cards(user, at)
