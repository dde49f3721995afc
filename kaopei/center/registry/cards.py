"""What the register puts on the page of today."""

import datetime as dt
from typing import Any

from django.urls import reverse

from kaopei.center.registry.models import WrittenReport
from kaopei.center.registry.queries import papers
from kaopei.office.clock import CHINA
from kaopei.office.ui.cards import Card, Line

SHOWN = 5
SOON = dt.timedelta(days=60)


def for_person(user: Any, at: dt.datetime) -> list[Card]:
    """Reports to verify, by the day they are due; what an institution has handed in; agreements that run out."""
    url = reverse("registry:reports")
    if user.institution and user.may("registry.report"):
        rows = list(papers.reports(user.institution)[:SHOWN])
        lines = [Line(f"{row.get_kind_display()} {row.number}", _address(row), row.get_status_display()) for row in rows]
        return [Card("本机构的书面报告", "Our written reports", lines, url=url, weight=25, empty="还没有书面报告；开展培训以前先作首次报告。")]
    if not user.may("registry.verify"):
        return []
    waiting = papers.reports(status=WrittenReport.Status.SUBMITTED)
    lines = [Line(f"核实书面报告 {row.number}（{row.get_kind_display()}）", _address(row), "", row.due_on) for row in waiting[:SHOWN]]
    cards = [Card("待核实的书面报告", "Reports to verify", lines, count=waiting.count(), url=url, weight=18, empty="没有待核实的书面报告。")]
    day = at.astimezone(CHINA).date()
    ending = papers.agreements_ending(user.city, day, day + SOON) if user.city not in ("", "*") else []
    if ending:
        lines = [Line(f"{row.site.number} {row.name}", reverse("registry:site", args=[row.site.number]), "", row.agreement_to) for row in ending]
        cards.append(Card("考点协议将到期", "Agreements that run out", lines, count=len(lines), url=reverse("registry:sites"), weight=45))
    return cards


def _address(row: WrittenReport) -> str:
    return reverse("registry:report", args=[row.number])
