"""二（二） Sites are accepted by two persons, changed, given rooms; how many a city wants at most."""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import Any

from kaopei.center.registry import planning, reporting, taking, versioning
from kaopei.center.registry.models import Qualification, Site, SiteCap, SiteRecord
from kaopei.center.registry.planning import ASK, SitePlan
from kaopei.center.registry.reporting import Upload
from kaopei.law.verdict import Verdict, refuse
from kaopei.office.accounts.roles import Actor
from kaopei.office.approvals import actions as approvals
from kaopei.office.audit.record import event, nothing_changed, records
from kaopei.office.refused import Refused


@records("registry.site_asked", act="registry.plan")
def ask_site(plan: SitePlan, *, files: Sequence[Upload], city: str, by: Actor, at: dt.datetime) -> None:
    """二（二） N2.2.6–7: ask a second person to accept a new site; what the law would refuse is refused before he is asked."""
    if files or plan.wants_exception:
        _let(reporting.check_files(files, "N2.2.7"))
    digest = files[0].digest if files else ""
    plan = plan.proved(digest)
    _let(planning.judge(plan, city, asked_by=by.username, approved_by=planning.SECOND))
    reporting.attach(f"site:{plan.number}", city, files, by, at)
    approvals.request(
        action=ASK,
        object=f"site:{plan.number}",
        content=json.dumps({"city": city, **plan.as_json()}, ensure_ascii=False, indent=2, sort_keys=True).encode(),
        title=f"设置考试点 {plan.number} {plan.name}"[:200],
        approve_act="registry.accept",
        url="/registry/sites/",
        by=by,
        at=at,
    )
    event(obj=f"site:{plan.number}", city=city, kind=plan.kind, host=plan.host_code, attachment=digest)


@records("registry.site_accepted", act="registry.accept")
def accept_site(plan: SitePlan, *, city: str, asked_by: str, by: Actor, at: dt.datetime) -> Site:
    """二（二） N2.2.6–7: the second person has signed: the site is in the register, with its acceptance and agreement."""
    # Two acceptances at once must not pass the cap together.
    list(Site.objects.select_for_update().filter(city=city).values_list("pk", flat=True))
    _let(planning.judge(plan, city, asked_by=asked_by, approved_by=by.username))
    described = {name: getattr(plan, name) for name in taking.SITE_FACTS}
    site = Site.objects.create(city=city, number=plan.number, **described)
    day = plan.accepted_on
    source = f"{asked_by} 申请，{by.username} 批准 {at:%Y-%m-%d}"
    facts = described | {name: getattr(plan, name) for name in taking.AGREEMENT_FACTS}
    versioning.keep(SiteRecord, {"city": city, "site": site}, facts, day=day, source=source, at=at)
    taking.rooms(site, day)
    taking.qualifications(site, plan.wanted(), {}, day, source, at)
    event(obj=f"site:{plan.number}", city=city, kind=plan.kind, host=plan.host_code, excepted=bool(plan.exception_text))
    return site


@records("registry.site_changed", act="registry.amend")
def amend_site(
    number: str, said: Mapping[str, Any], *, theory: Sequence[str], practical: Sequence[str], revision: int, day: dt.date, city: str,
    by: Actor, at: dt.datetime,
) -> Site:  # fmt: skip
    """二（二） Facts of a site change from `day` on. On whose premises it stands never changes: that is another site, accepted anew."""
    site = _locked(number, city)
    if (said.get("kind", site.kind), said.get("host_code", site.host_code)) != (site.kind, site.host_code):
        raise Refused(refuse("N2.2.7", "考试点的类型和依托单位不能改写；另设的考试点须重新验收，用新的编号。", "host_changed"))
    versioning.claim(site, revision, "N2.2.5")
    described = {name: said.get(name, getattr(site, name)) for name in taking.SITE_FACTS}
    open_record = SiteRecord.objects.filter(site=site, to_day=None, ended_at=None).first()
    if open_record and day < open_record.from_day:
        raise Refused(refuse("N2.2.5", f"生效日期 {day} 早于现有事实的起日 {open_record.from_day}，登记只能向后续写。", "day"))
    for name, value in described.items():
        setattr(site, name, value)
    site.save(update_fields=list(described))
    rest = {name: said.get(name, getattr(open_record, name, None)) for name in taking.AGREEMENT_FACTS}
    rest["agreement"] = rest["agreement"] or ""
    source = f"{by.username} {at:%Y-%m-%d}"
    changed = versioning.keep(SiteRecord, {"city": city, "site": site}, described | rest, day=day, source=source, at=at)
    held = {(row.part, row.operation): row for row in Qualification.objects.filter(site=site, to_day=None, ended_at=None)}
    wanted = {("T", one) for one in theory} | {("P", one) for one in practical}
    changed |= taking.qualifications(site, wanted, held, day, source, at)
    changed |= taking.rooms(site, day)
    if changed:
        event(obj=f"site:{number}", city=city, from_day=day.isoformat())
    else:
        nothing_changed()
    return site


@records("registry.rooms_changed", act="registry.amend")
def set_rooms(number: str, rooms: Sequence[tuple[str, int]], *, revision: int, day: dt.date, city: str, by: Actor, at: dt.datetime) -> None:
    """二（二） N2.2.5: the rooms that a site has reported take the place of those that were assumed."""
    site = _locked(number, city)
    versioning.claim(site, revision, "N2.2.5")
    if taking.real_rooms(site, rooms, day):
        event(obj=f"site:{number}", city=city, rooms=len(rooms), seats=sum(seats for _, seats in rooms))
    else:
        nothing_changed()


@records("registry.cap_set", act="registry.cap")
def set_cap(most: int | None, *, day: dt.date, source: str, city: str, by: Actor, at: dt.datetime) -> None:
    """二（二） N2.2.6: the city decides how many sites it wants at most, or that it sets no figure."""
    if most is not None and not source.strip():
        raise Refused(refuse("N2.2.6", "请写明依据（文件名称、文号）。没有依据的数值不能用来拒绝考试点。", "no_source"))
    if versioning.keep(SiteCap, {"city": city}, {"most": most}, day=day, source=source.strip(), at=at):
        event(obj=f"cap:{city}", city=city, most=most if most is not None else "", from_day=day.isoformat())
    else:
        nothing_changed()


def _locked(number: str, city: str) -> Site:
    site = Site.objects.filter(city=city, number=number).first()
    if site is None:
        raise Refused(refuse("N2.2.5", f"没有考试点 {number}，请核对编号。", "site_unknown"))
    return site


def _let(verdict: Verdict) -> None:
    if not verdict.allowed:
        raise Refused(verdict)
