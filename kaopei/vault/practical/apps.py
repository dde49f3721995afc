"""The app of the practical exam's score sheets."""

from datetime import datetime
from typing import Any

from django.apps import AppConfig

from kaopei.office.ui.cards import NavItem


class PracticalConfig(AppConfig):
    name = "kaopei.vault.practical"
    label = "practical"
    verbose_name = "实操"
    english = "Practical exam"
    nav = (
        NavItem("实操评分标准", "Score sheets", "score_sheets", "vault.view"),
        NavItem("导入评分标准", "Import score sheets", "score_sheet_import", "vault.import"),
    )

    def granted(self, request: Any, *, by: Any, at: datetime) -> None:
        """The reviewer's signature puts the sheets in force, in its own transaction."""
        from kaopei.vault.practical import actions

        actions.approve(request.object, shown=bytes(request.content), by=by, at=at)
