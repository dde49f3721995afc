"""Rows of people leave the system through one door: a few with a reason, many only after a second person has agreed."""

from datetime import datetime
from typing import Any

from django.apps import AppConfig


class ExportsConfig(AppConfig):
    name = "kaopei.office.exports"
    label = "exports"
    verbose_name = "个人信息导出"

    def cards(self, user: Any, at: datetime) -> list[Any]:
        """My own exports that another person has agreed to, while they can be taken."""
        from kaopei.office.exports import queries

        return queries.cards(user, at)
