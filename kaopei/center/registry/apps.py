"""The app of registered bodies."""

import datetime as dt
import json
from typing import Any

from django.apps import AppConfig

from kaopei.office.ui.cards import NavItem


class RegistryConfig(AppConfig):
    name = "kaopei.center.registry"
    label = "registry"
    verbose_name = "机构与考试点"
    english = "Registry"
    nav = [
        NavItem("书面报告", "Written reports", "registry:reports", "registry.view"),
        NavItem("培训机构", "Institutions", "registry:institutions", "registry.view"),
        NavItem("考试点", "Sites", "registry:sites", "registry.view"),
        NavItem("机构关联", "Ties", "registry:ties", "registry.view"),
        NavItem("考试机构", "Exam body", "registry:exam_body", "registry.view"),
        NavItem("考务人员", "Exam staff", "registry:staff", "registry.people"),
        NavItem("登记名单", "Register", "registry:register", "registry.view"),
        NavItem("登记表格", "Spreadsheets", "registry:sheets", "registry.people"),
    ]

    def cards(self, user: Any, at: dt.datetime) -> list[Any]:
        """What waits for this person."""
        from kaopei.center.registry import cards

        return cards.for_person(user, at)

    def own_figures(self, city: str, day: dt.date) -> list[tuple[str, str, str, str, str]]:
        """What the city has set for itself, for the panel 依据."""
        from kaopei.center.registry.queries import papers

        return papers.own_figures(city, day)

    def granted(self, request: Any, *, by: Any, at: dt.datetime) -> None:
        """A second person has approved: carry out exactly what he read."""
        from kaopei.center.registry import actions, planning

        said = json.loads(bytes(request.content))
        if request.action == "registry.suspend":
            days = {name: dt.date.fromisoformat(said[name]) for name in ("from_day", "to_day")}
            actions.suspend_site(said["site"], city=said["city"], reason=said["reason"], by=by, at=at, **days)
        elif request.action == "registry.bar":
            first, last = dt.date.fromisoformat(said["from_day"]), said["to_day"] and dt.date.fromisoformat(said["to_day"])
            actions.bar_institution(
                said["code"], city=said["city"], from_day=first, to_day=last or None, clause=said["clause"], reason=said["reason"], by=by, at=at
            )
        elif request.action == "registry.withdraw":
            first, due = (dt.date.fromisoformat(said[name]) for name in ("from_day", "order_due_on"))
            actions.withdraw_site(
                said["site"], city=said["city"], from_day=first, order_due_on=due, corrected=said["corrected"], reason=said["reason"], by=by, at=at
            )
        elif request.action == planning.ASK:
            actions.accept_site(planning.from_json(said), city=said["city"], asked_by=request.requester, by=by, at=at)
        elif request.action == "registry.designate":
            actions.designate(said, city=said["city"], asked_by=request.requester, by=by, at=at)
