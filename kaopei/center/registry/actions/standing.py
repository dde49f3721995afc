"""三（二） Measures that change the standing of a site or an institution; the draw and the intake only ask for the standing."""

import datetime as dt

from django.db.models import Q

from kaopei.center.registry.models import BodyStanding, Institution, Site, Standing
from kaopei.law.rules.c3_2_sites import may_change_standing, may_suspend, may_withdraw
from kaopei.law.verdict import Verdict, refuse
from kaopei.office.accounts.roles import Actor
from kaopei.office.audit.record import event, records
from kaopei.office.refused import Refused

GROUND = "N3.2.0b"
# 三（一）、三（五）: what an institution or a platform may be barred for.
BARRING = ("N3.1.1", "N3.1.2", "N3.5.1", "N3.5.2")


@records("registry.suspended", act="registry.suspend")
def suspend_site(number: str, *, city: str, from_day: dt.date, to_day: dt.date, reason: str, by: Actor, at: dt.datetime) -> BodyStanding:
    """三（二） N3.2.0b: suspend a site for 3 to 6 months (both included): a management measure, not a penalty.

    Called when a second person has approved exactly these words.
    """
    site = _site(number, city, GROUND)
    _let(may_suspend(from_day, to_day, reason))
    _let(may_change_standing(_now(BodyStanding.objects.filter(site=site), from_day), Standing.SUSPENDED))
    made = BodyStanding.objects.create(
        city=city, site=site, standing=Standing.SUSPENDED, from_day=from_day, to_day=to_day, ground=GROUND, reason=reason.strip(),
        source=_source(by, at), recorded_at=at,
    )  # fmt: skip
    event(obj=f"site:{number}", city=city, from_day=from_day.isoformat(), to_day=to_day.isoformat(), clause=GROUND)
    return made


@records("registry.withdrawn", act="registry.suspend")
def withdraw_site(
    number: str, *, city: str, from_day: dt.date, order_due_on: dt.date | None, corrected: bool, reason: str, by: Actor, at: dt.datetime
) -> BodyStanding:
    """三（二） N3.2.0c: a site loses its qualification when an order to correct has run out and was not met; it never comes back."""
    site = _site(number, city, "N3.2.0c")
    _let(may_withdraw(order_due_on, corrected, at.date()))
    _let(may_change_standing(_now(BodyStanding.objects.filter(site=site), from_day), Standing.DISQUALIFIED))
    made = BodyStanding.objects.create(
        city=city, site=site, standing=Standing.DISQUALIFIED, from_day=from_day, ground="N3.2.0c", reason=reason.strip(),
        source=_source(by, at), recorded_at=at,
    )  # fmt: skip
    event(obj=f"site:{number}", city=city, from_day=from_day.isoformat(), to_day="", clause="N3.2.0c")
    return made


@records("registry.barred", act="registry.suspend")
def bar_institution(
    code: str, *, city: str, from_day: dt.date, to_day: dt.date | None, clause: str, reason: str, by: Actor, at: dt.datetime
) -> BodyStanding:
    """三 An institution takes no part from … to (both included), by a measure whose clause and reason are named."""
    body = Institution.objects.select_for_update().filter(city=city, code=code).first()
    if body is None:
        raise Refused(refuse(clause, f"登记里没有信用代码为 {code} 的培训机构，请核对。", "institution_unknown"))
    if not reason.strip() or clause not in BARRING:
        raise Refused(refuse("N3.1.1", "须写明所依据的条款（三（一）或三（五））、情节和后果。", "no_reasons"))
    if to_day is not None and to_day < from_day:
        raise Refused(refuse(clause, "止日早于起日。", "days"))
    open_ended = Q(to_day=None) if to_day is None else Q(to_day=None) | Q(to_day__gte=to_day)
    if BodyStanding.objects.filter(open_ended, institution=body, from_day__lte=from_day, ended_at=None).exclude(ground="").exists():
        raise Refused(refuse(clause, f"{body.name} 在这段时间已经有正在执行的措施，不需要再办；如要延长，止日须晚于现有措施。", "barred_already"))
    made = BodyStanding.objects.create(
        city=city, institution=body, standing=Standing.SUSPENDED, from_day=from_day, to_day=to_day, ground=clause, reason=reason.strip(),
        source=_source(by, at), recorded_at=at,
    )  # fmt: skip
    last = to_day.isoformat() if to_day else ""
    event(obj=f"institution:{code}", city=city, from_day=from_day.isoformat(), to_day=last, clause=clause)
    return made


@records("registry.resumed", act="registry.suspend")
def resume(code: str, *, city: str, from_day: dt.date, reason: str, by: Actor, at: dt.datetime) -> None:
    """三（二） A suspension ends before its day because what it was for is put right; the days it covered stay."""
    measures = BodyStanding.objects.select_for_update().filter(city=city, ended_at=None).exclude(ground="").order_by("pk")
    now = [row for row in measures if code in _codes(row) and row.from_day < from_day and (row.to_day is None or row.to_day >= from_day)]
    if not now:
        raise Refused(refuse(GROUND, f"{code} 在 {from_day} 没有正在执行的措施，不需要恢复。", "not_suspended"))
    if not reason.strip():
        raise Refused(refuse(GROUND, "须写明复查情况和恢复的理由。", "no_reasons"))
    for row in now:
        _let(may_change_standing(row.standing, Standing.GOOD))
        row.to_day, row.closed_at = from_day - dt.timedelta(days=1), at
        row.save(update_fields=["to_day", "closed_at"])
    kind = "site" if now[0].site_id else "institution"
    event(obj=f"{kind}:{code}", city=city, from_day=from_day.isoformat(), clause=now[0].ground)


def _codes(row: BodyStanding) -> set[str]:
    return {row.site.number if row.site else "", row.institution.code if row.institution else ""} - {""}


def _site(number: str, city: str, clause: str) -> Site:
    site = Site.objects.select_for_update().filter(city=city, number=number).first()
    if site is None:
        raise Refused(refuse(clause, f"没有考试点 {number}，请核对编号。", "site_unknown"))
    return site


def _now(rows, day: dt.date) -> str:
    """A withdrawal is for ever; a suspension may follow another one."""
    gone = rows.filter(ended_at=None, standing=Standing.DISQUALIFIED, from_day__lte=day).exclude(ground="").exists()
    return Standing.DISQUALIFIED if gone else Standing.GOOD


def _let(verdict: Verdict) -> None:
    if not verdict.allowed:
        raise Refused(verdict)


def _source(by: Actor, at: dt.datetime) -> str:
    return f"{by.username} {at:%Y-%m-%d}"
