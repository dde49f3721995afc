"""People, roles, log-in."""

from datetime import datetime
from typing import Any

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "kaopei.office.accounts"
    label = "accounts"
    verbose_name = "人员与岗位"

    def cards(self, user: Any, at: datetime) -> list[Any]:
        """An emergency account that was opened, until it is reported; a half to be taken."""
        from kaopei.office.accounts import queries

        return queries.cards(user, at)

    def granted(self, request: Any, *, by: Any, at: datetime) -> None:
        """The second administrator has signed."""
        from kaopei.office.accounts import actions

        actions.recover(bytes(request.content), by=by, at=at)
