"""The app of sittings, seats and draws."""

from datetime import date, datetime
from typing import Any

from django.apps import AppConfig

from kaopei.office.ui.cards import NavItem


class AllocationConfig(AppConfig):
    name = "kaopei.center.allocation"
    label = "allocation"
    verbose_name = "考试安排"
    english = "Allocation"
    nav = [
        NavItem("场次", "Sittings", "allocation:sittings", "allocation.view"),
        NavItem("抽签", "Draws", "allocation:draws", "allocation.view"),
        NavItem("排班", "Duty rosters", "allocation:rosters", "allocation.view"),
    ]

    def affected(self, city: str, code: str, first: date, last: date | None) -> list[tuple[str, str, int, str]]:
        """For a measure against a site or an institution: sittings to come there, and its candidates who have a seat."""
        from kaopei.center.allocation import queries

        return queries.affected(city, code, first, last)

    def granted(self, request: Any, *, by: Any, at: datetime) -> None:
        """What two persons have agreed on happens in the transaction of the second signature."""
        from kaopei.center.allocation import approved

        approved.carry_out(request, by=by, at=at)

    def cards(self, user: Any, at: datetime) -> list[Any]:
        """What a draw asks of this person today, and the sittings of the next days."""
        from kaopei.center.allocation import queries

        return queries.cards(user, at)
