"""The app of results."""

from datetime import datetime
from typing import Any

from django.apps import AppConfig

from kaopei.office.ui.cards import NavItem


class ResultsConfig(AppConfig):
    name = "kaopei.center.results"
    label = "results"
    verbose_name = "成绩"
    english = "Results"
    nav = [
        NavItem("成绩发布", "Release of results", "results:listing", "results.view"),
        NavItem("实操名单", "Practical list", "results:practical", "results.view"),
    ]

    def granted(self, request: Any, *, by: Any, at: datetime) -> None:
        """The second signature releases, in its own transaction."""
        from kaopei.center.results import actions

        sitting = request.object.partition(":")[2]
        actions.release(sitting, rev=request.rev, shown=bytes(request.content), asked_by=request.requester, by=by, at=at)

    def cards(self, user: Any, at: datetime) -> list[Any]:
        """Results that this person must bring on."""
        from kaopei.center.results import queries

        return queries.cards(user, at)
