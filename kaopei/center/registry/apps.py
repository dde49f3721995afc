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
        NavItem("培训机构", "Institutions", "registry:institutions", "registry.view"),
        NavItem("考试点", "Sites", "registry:sites", "registry.view"),
        NavItem("机构关联", "Ties", "registry:ties", "registry.view"),
    ]

    def granted(self, request: Any, *, by: Any, at: dt.datetime) -> None:
        """A second person has approved a suspension: carry out exactly what he read."""
        from kaopei.center.registry import actions

        if request.action != "registry.suspend":
            return
        said = json.loads(bytes(request.content))
        days = {name: dt.date.fromisoformat(said[name]) for name in ("from_day", "to_day")}
        actions.suspend_site(said["site"], city=said["city"], reason=said["reason"], by=by, at=at, **days)
