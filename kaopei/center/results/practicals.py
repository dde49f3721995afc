"""The list of the practical exam with what results say of it: who waits, who must leave a draw, who may be entered again."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Min, QuerySet

from kaopei.center.allocation import queries as allocation
from kaopei.center.applications import queries as applications
from kaopei.center.results import queries
from kaopei.center.results.models import Grade, Release, Result
from kaopei.law.rules.c2_6_results import may_sit_practical
from kaopei.law.verdict import Verdict, refuse
from kaopei.office.personal import mask_name

CLAUSE = "N2.6.2"
# (part, next step) of a result that leads to a practical exam
LEADS_ON = (("T", Result.Next.PRACTICAL), ("P", Result.Next.RESIT))


@dataclass(frozen=True, slots=True)
class Line:
    """One chance as the page shows it. `seat`: sitting and seat that a draw gave; `wrong`: frozen, but its result was corrected since."""

    entry: Any
    name: str
    seat: str
    wrong: bool
    again: Verdict


def entries(*, city: str = "", status: str = "", subject: str = "") -> QuerySet[Any]:
    """Chances in sight, filtered."""
    rows = applications.practical_entries(city=city)
    rows = rows.filter(status=status) if status else rows
    return rows.filter(application__operation=subject) if subject else rows


def by_subject(city: str = "") -> list[dict[str, Any]]:
    """For each operation how many wait, and the first day on which a theory of theirs ends."""
    rows = entries(city=city, status="waiting").order_by().values("application__operation")
    found = rows.annotate(number=Count("pk"), until=Min("counts_until")).order_by("application__operation")
    return [{"subject": row["application__operation"], "number": row["number"], "until": row["until"]} for row in found]


def lines(rows: Iterable[Any], today: date) -> list[Line]:
    """What the page says of each."""
    rows = list(rows)
    people = applications.people("", {row.pseudonym for row in rows})
    seats = allocation.seats_of({row.pseudonym for row in rows})
    wrong = {row.pk for row in corrected(rows)}
    found = []
    for row in rows:
        seat = seats.get(row.pseudonym)
        told = f"{seat.sitting.number} {seat.room} {seat.seat}" if seat else ""
        found.append(Line(row, mask_name(people[row.pseudonym].name), told, row.pk in wrong, may_enter_again(row, today)))
    return found


def corrected(rows: Iterable[Any]) -> list[Any]:
    """Chances that a draw has frozen and whose result, corrected since, no longer leads there: they leave by a change of that draw."""
    frozen = [row for row in rows if row.status == "frozen"]
    twice = set(Release.objects.filter(sitting__in={row.source for row in frozen}, rev__gt=1).values_list("sitting", flat=True))
    leads: dict[str, set[str]] = {}
    for sitting in twice:
        results = queries.results(sitting).values_list("attempt", "part", "next")
        leads[sitting] = {attempt for attempt, part, step in results if (part, step) in LEADS_ON}
    return [row for row in frozen if row.source in leads and row.attempt not in leads[row.source]]


def may_enter_again(entry: Any, today: date) -> Verdict:
    """二（六） N2.6.2: again on the list may come whoever was taken off it, stayed away, or got no seat, while his theory counts."""
    if entry.status == "waiting":
        return refuse(CLAUSE, "已在待抽签名单里", "waits")
    newest = applications.practical_entries().filter(application=entry.application_id).order_by("-pk").first()
    if newest is not None and newest.pk != entry.pk:
        return refuse(CLAUSE, "以后已另行列入，请在那一行办理", "newer")
    if entry.status == "frozen":
        seat = allocation.seats_of({entry.pseudonym}).get(entry.pseudonym)
        row = queries.results(seat.sitting.number).filter(attempt=entry.pseudonym).first() if seat else None
        if row is not None and row.grade not in (Grade.ABSENT, Grade.REFUSED):
            return refuse(CLAUSE, "已参加实操；可以补考的，成绩发布时自动列入", "sat")
        if row is None and (seat is not None or not allocation.over(entry.frozen_in, today)):
            return refuse(CLAUSE, "已进入抽签，本次实操还没有结果", "drawn")
    return may_sit_practical(entry.theory_on, today)


def waiting(city: str) -> int:
    """How many wait for a practical draw."""
    return entries(city=city, status="waiting").count()
