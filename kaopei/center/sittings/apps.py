"""The app of sittings: parcels out and in."""

from datetime import datetime
from typing import Any

from django.apps import AppConfig

from kaopei.office.ui.cards import NavItem


class SittingsConfig(AppConfig):
    name = "kaopei.center.sittings"
    label = "sittings"
    verbose_name = "考试实施"
    english = "Conduct"
    nav = [
        NavItem("场次办理", "Conduct of sittings", "sittings:listing", "sittings.view"),
        NavItem("考试服务器", "Exam servers", "sittings:machines", "sittings.view"),
        NavItem("考点设备清单", "Accepted devices", "sittings:devices", "sittings.view"),
    ]

    # Actions that parcels name
    granted_for = ("seal_order", "seating", "baseline", "key")

    def granted(self, request: Any, *, by: Any, at: datetime) -> None:
        """With the last signature the order, the seating or the token is issued, in the same transaction."""
        from kaopei.center.sittings import approved

        approved.carry_out(request, by=by, at=at)

    def cards(self, user: Any, at: datetime) -> list[Any]:
        """Which sittings wait for this person."""
        from kaopei.center.sittings import queries

        return queries.cards(user, at)
