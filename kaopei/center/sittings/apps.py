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
    ]

    def cards(self, user: Any, at: datetime) -> list[Any]:
        """Which sittings wait for this person."""
        from kaopei.center.sittings import queries

        return queries.cards(user, at)
