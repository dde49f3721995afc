"""The app of custody: sealed packages, key shares, scorings."""

from datetime import datetime
from typing import Any

from django.apps import AppConfig

from kaopei.office.accounts import roles
from kaopei.office.ui.cards import Card, Line, NavItem


class CustodyConfig(AppConfig):
    name = "kaopei.vault.custody"
    label = "custody"
    verbose_name = "保管"
    english = "Custody"
    nav = (
        NavItem("密封包与密钥", "Parcels and shares", "custody", "vault.view"),
        NavItem("题目曝光", "Exposure", "exposures", "vault.view"),
    )

    def cards(self, user: Any, at: datetime) -> list[Card]:
        """Shares that nobody has signed for yet."""
        from kaopei.vault.custody import queries

        if not roles.judge(user, "vault.seal").allowed:
            return []
        waiting = queries.packages_waiting()
        lines = [Line(f"{row.sitting_id}（{row.form_set}）", f"/custody/{row.package_id}/", due=row.day) for row in waiting]
        empty = "没有待登记的交接。收到密封任务书后，由两名保管人用 vault seal 密封。"
        return [Card("待登记交接的密钥分持件", "Shares to be signed for", lines, len(lines), "/custody/", 20, empty)]
