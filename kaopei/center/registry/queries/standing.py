"""资格状态: the one place that says who was in good standing when. Applications, the draw, sittings and publication all ask here."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q

from kaopei.center.registry.models import BodyStanding, Registration, Standing
from kaopei.center.registry.versioning import on
from kaopei.law import cells

WORDS = {"registered": "已登记", "unregistered": "未登记", "good": "正常", **dict(Standing.choices)}


@dataclass(frozen=True, slots=True)
class Period:
    """A time in which a body is not in good standing (both days included; no end: until something changes), on which ground."""

    standing: str
    from_day: dt.date
    to_day: dt.date | None
    ground: str
    reason: str
    source: str

    def covers(self, day: dt.date) -> bool:
        """Whether the day lies in it."""
        return self.from_day <= day and (self.to_day is None or day <= self.to_day)


@dataclass(frozen=True, slots=True)
class Turn:
    """One stretch of a body's time line: registered, suspended by measure, resumed, deregistered …"""

    from_day: dt.date
    to_day: dt.date | None
    state: str
    text: str
    ground: str
    reason: str
    source: str


def periods(city: str, known: dt.datetime | None = None) -> dict[str, list[Period]]:
    """Credit code or site number → its times out of good standing, the earliest first."""
    rows = BodyStanding.objects.filter(city=city).select_related("site", "institution").order_by("from_day", "pk")
    if known is None:
        rows = rows.filter(ended_at=None)
    else:
        rows = rows.filter(Q(ended_at=None) | Q(ended_at__gt=known), recorded_at__lte=known)
    found: dict[str, list[Period]] = {}
    for row in rows:
        code = row.site.number if row.site else row.institution.code if row.institution else ""
        # An end that was entered only later was not known then.
        last = None if known and row.closed_at and row.closed_at > known else row.to_day
        found.setdefault(code, []).append(Period(row.standing, row.from_day, last, row.ground, row.reason, row.source))
    return found


def on_day(rows: Sequence[Period], day: dt.date) -> Period | None:
    """The gravest of the times that cover the day; none if the body is in good standing."""
    order = [Standing.DEREGISTERED, Standing.DISQUALIFIED, Standing.SUSPENDED]
    return min((row for row in rows if row.covers(day)), key=lambda row: order.index(Standing(row.standing)), default=None)


def barred(city: str, day: dt.date) -> dict[str, Period]:
    """三（二） Every body that may not take part on that day because of a measure or of the city's list."""
    found = {code: on_day(rows, day) for code, rows in periods(city).items()}
    return {code: row for code, row in found.items() if row is not None}


def decided(city: str, day: dt.date) -> dict[str, cells.Standing]:
    """一（二）、三 Institutions that by a measure, or by their own report, may not train on that day, whatever a list says of them."""
    gone = Registration.objects.filter(on(day), city=city, is_registered=False).exclude(report="").select_related("institution")
    found = {row.institution.code: cells.Standing("deregistered", f"{row.status_text}（{row.source}）") for row in gone}
    for code, row in barred(city, day).items():
        if row.ground:
            text = f"{WORDS[row.standing]}（{row.from_day}至{row.to_day or '另行通知'}，{row.ground}）"
            found[code] = cells.Standing("suspended", text, row.from_day, row.to_day)
    return found


def rows(city: str, number: str) -> list[BodyStanding]:
    """Every time out of good standing that was ever entered for a site or an institution, the latest first."""
    mine = Q(site__number=number) | Q(institution__code=number)
    return list(BodyStanding.objects.filter(mine, city=city).order_by("-from_day", "-pk"))


def timeline(city: str, code: str) -> list[Turn]:
    """The whole time line of a body, the earliest first: what the register said, cut by measures; after a measure it is resumed."""
    base = [
        Turn(row.from_day, row.to_day, "registered" if row.is_registered else "unregistered", row.status_text, "N1.2.4", "", row.source)
        for row in Registration.objects.filter(city=city, institution__code=code, ended_at=None).order_by("from_day", "pk")
    ]
    turns = [_joined(group) for group in _grouped(base)]
    for row in periods(city).get(code, []):
        turns.append(Turn(row.from_day, row.to_day, row.standing, WORDS[row.standing], row.ground, row.reason, row.source))
        if row.to_day is not None:
            back = row.to_day + dt.timedelta(days=1)
            turns.append(Turn(back, None, "resumed", "恢复", row.ground, "", row.source))
    return sorted(turns, key=lambda turn: turn.from_day)


def _grouped(turns: Sequence[Turn]) -> list[list[Turn]]:
    """Neighbours of the same state: a new address does not make a new stretch."""
    found: list[list[Turn]] = []
    for turn in turns:
        if found and (found[-1][-1].state, found[-1][-1].text) == (turn.state, turn.text):
            found[-1].append(turn)
        else:
            found.append([turn])
    return found


def _joined(group: Sequence[Turn]) -> Turn:
    first, last = group[0], group[-1]
    return Turn(first.from_day, last.to_day, first.state, first.text, first.ground, first.reason, first.source)
