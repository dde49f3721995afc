"""What the conduct of sittings puts on the page of today."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from kaopei.center.sittings.models import Conduct, KeyRelease, Machine
from kaopei.center.sittings.queries.machines import machines
from kaopei.center.sittings.queries.orders import waiting_sittings
from kaopei.center.sittings.queries.rosters import overtaken
from kaopei.center.sittings.queries.sittings import conducts, last_due, quarantined
from kaopei.center.sittings.queries.slips import slip_overdue
from kaopei.center.sittings.windows import local
from kaopei.office.ui.cards import Card, Line

# Whose turn it is in each state
WAITING = {
    "planned": "sittings.order",
    "ordered": "sittings.import",
    "sealed": "sittings.order",
    "seated": "sittings.ask_key",
    "released": "sittings.import",
    "returned": "sittings.import",
}
HORIZON = timedelta(days=10)
# 二（五） N2.5.9, design of the exam day: a use of the reserve is reported within a day
REPORT_WITHIN = timedelta(hours=24)
SHOWN = 8


def cards(user: Any, at: datetime) -> list[Card]:
    """Sittings of the next days that wait for this person, machines to sign for, what was set aside."""
    if not user.may("sittings.view"):
        return []
    rows = conducts().filter(starts_at__lte=at + HORIZON).exclude(status=Conduct.Status.RECEIPTED)
    rows = rows.exclude(form_set="trial", status=Conduct.Status.RELEASED)
    asked = waiting_sittings()
    changed = overtaken(rows)
    acts = {row.sitting: "sittings.order" if row.sitting in changed else WAITING[row.status] for row in rows}
    mine = [row for row in rows if row.sitting not in asked and user.may(acts[row.sitting], row.city)]
    mine.sort(key=lambda row: row.sitting not in changed)
    found = [Card("场次办理", "Conduct of sittings", _lines(mine[:SHOWN], at, changed), count=len(mine), url="/sittings/", weight=22)] if mine else []
    if machines_here := _machines(user):
        found.append(Card("考试服务器登记", "Exam servers", machines_here, count=len(machines_here), url="/sittings/machines/", weight=21))
    if due := _unreported(user, at):
        found.append(Card("应急放行待报告", "Reserve releases to report", due, count=len(due), url=due[0].url, weight=12))
    aside = quarantined().filter(at__gte=at - HORIZON)[:3]
    if aside:
        lines = [Line(one.sitting or one.kind, "/sittings/quarantine/", one.reason[:60]) for one in aside]
        found.append(Card("隔离的包", "Quarantined parcels", lines, url="/sittings/quarantine/", weight=15))
    return found


def _lines(rows: Iterable[Conduct], at: datetime, changed: Mapping[str, str]) -> list[Line]:
    return [
        Line(f"场次 {row.sitting}", f"/sittings/{row.sitting}/", _words(row, at, changed), due=row.day)
        for row in rows
    ]


def _words(row: Conduct, at: datetime, changed: Mapping[str, str]) -> str:
    """The alarm first, if there is one."""
    if row.sitting in changed:
        return "名单已变，请重新下任务书"
    if last_due(row, at):
        return "逾期未收回传包"
    return "收场一小时仍没有收到小条" if slip_overdue(row, at) else row.get_status_display()


def _unreported(user: Any, at: datetime) -> list[Line]:
    """二（五） N2.5.9: uses of the province's reserve without a report; who is late reads it first."""
    if not user.may("sittings.ask_reserve"):
        return []
    rows = KeyRelease.objects.filter(path="AC", status=KeyRelease.Status.RELEASED, report=None).select_related("conduct").order_by("released_at")
    found = []
    for row in rows[:SHOWN]:
        until = row.released_at + REPORT_WITHIN
        words = f"已超过 24 小时，应于 {local(until):%m-%d %H:%M} 前报告" if at > until else f"须于 {local(until):%m-%d %H:%M} 前报告"
        found.append(Line(f"场次 {row.conduct.sitting}", f"/sittings/{row.conduct.sitting}/reserve/", words, due=local(until).date()))
    return found


def _machines(user: Any) -> list[Line]:
    asked = [row for row in machines().filter(status=Machine.Status.ASKED) if user.username in row.acceptors and user.username not in row.signed]
    accepted = machines().filter(status=Machine.Status.ACCEPTED) if user.may("sittings.countersign") else []
    return [Line(f"{row.site} {row.serial}", "/sittings/machines/", row.get_status_display()) for row in [*asked, *accepted]][:SHOWN]
