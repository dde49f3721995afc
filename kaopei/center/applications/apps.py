"""The app of applications."""

from datetime import datetime
from typing import Any

from django.apps import AppConfig

from kaopei.office.ui.cards import NavItem


class ApplicationsConfig(AppConfig):
    name = "kaopei.center.applications"
    label = "applications"
    verbose_name = "报名受理"
    english = "Applications"
    nav = [
        NavItem("受理表格", "Intake", "applications:listing", "applications.view"),
        NavItem("待定的报名", "Held rows", "applications:held", "applications.view"),
        NavItem("本机构报名", "Our applications", "applications:own", "applications.own"),
    ]

    def cards(self, user: Any, at: datetime) -> list[Any]:
        """What waits for the clerk."""
        from kaopei.center.applications import cards

        return cards.for_person(user)

    def resting_on_hours(self, person: str) -> list[dict[str, str]]:
        """For a lead of training that was upheld: applications of the person that are not refused."""
        from kaopei.center.applications import queries

        return queries.resting_on_hours(person)
