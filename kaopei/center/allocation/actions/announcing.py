"""The first step of a draw: rules, parties, source and times are announced before anybody knows the input."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings

from kaopei.center.allocation.actions.attempts import attempts
from kaopei.center.allocation.models import Draw, Party
from kaopei.center.allocation.sources import SOURCES
from kaopei.center.applications import queries as applications
from kaopei.center.registry import queries as registry
from kaopei.law.verdict import refuse
from kaopei.lottery.late import next_id
from kaopei.lottery.rules import read_meta
from kaopei.lottery.seed import keyed
from kaopei.lottery.table import BadInstance
from kaopei.office import trusted
from kaopei.office.accounts import queries as people
from kaopei.office.accounts.roles import Actor
from kaopei.office.audit.record import event, records
from kaopei.office.refused import Refused
from kaopei.parcel import canonical

LEAST_PARTIES = 3
# The defaults of the draw's rule table; the frozen input carries the whole table, so that it explains itself.
RULES: dict[str, object] = {
    "sole_point": "registered",
    "practical_after_theory": 1,
    "same_controller_own": 1,
    "own_school_first": 0,
    "bands": "10000:8;20000:6;40000:4;80000:2;:1",
    "k": 3,
}
OVER = (Draw.Status.CLOSED, Draw.Status.DISPUTED, Draw.Status.VERIFIED)


@dataclass(frozen=True, slots=True)
class Announcement:
    """What the announcer fills in. `parties` are (interest, username)."""

    batch: str
    part: str
    rule_document: str
    rule_published_on: date
    public_source: str
    public_at: datetime
    objections_until: datetime
    parties: tuple[tuple[str, str], ...]
    own_school_allowed: bool = True
    rules: tuple[tuple[str, object], ...] = ()
    # 增量抽签: number of the verified draw to be changed
    follows: str = ""


@attempts
@records("allocation.announced", act="allocation.announce")
def announce(said: Announcement, *, by: Actor, at: datetime) -> Draw:
    """二（三） N2.3.2, N2.3.9: number, rule table, parties, source and times of a draw become public."""
    batch = applications.batch(said.batch)
    if batch is None:
        raise Refused(refuse("N2.3.2", f"没有批次 {said.batch}：请先上传并确认报名数据包。", "no_batch"))
    _check_times(said, at)
    _check_parties(said.parties, batch.city, by)
    previous = _previous(said) if said.follows else None
    rules = previous.rules if previous else _rules(said.rules)
    before = Draw.objects.filter(batch=said.batch, part=said.part)
    if before.exclude(status__in=OVER).exists():
        raise Refused(refuse("N2.3.2", f"批次 {said.batch} 已有进行中的抽签，不能再公告一次。", "open_draw"))
    serial = before.count() + 1
    draw = Draw.objects.create(
        city=batch.city,
        number=_next_number(previous) if previous else f"{said.batch}-{said.part}{serial}",
        batch=said.batch,
        part=said.part,
        serial=serial,
        follows=said.follows,
        rules=rules,
        rule_document=said.rule_document.strip(),
        rule_published_on=said.rule_published_on,
        own_school_allowed=said.own_school_allowed,
        public_source=said.public_source,
        public_at=said.public_at,
        objections_until=said.objections_until,
        announced_by=by.username,
        announced_at=at,
    )
    for interest, username in said.parties:
        _enter(draw, interest, username, at)
    facts = {
        "rules": rules,
        "rule_document": draw.rule_document,
        "source": draw.public_source,
        "public_at": draw.public_at.isoformat(),
        "objections_until": draw.objections_until.isoformat(),
        "parties": [party.key for party in draw.parties.all()],
    }
    facts |= {"follows": draw.follows} if draw.follows else {}
    event(obj=f"draw:{draw.number}", city=draw.city, digest=hashlib.sha256(canonical.encode(facts)).hexdigest(), **facts)
    return draw


def _next_number(previous: Draw) -> str:
    """The next free number of the chain; those of closed and disputed draws are not used again."""
    number = next_id(previous.number)
    while Draw.objects.filter(number=number).exists():
        number = next_id(number)
    return number


def _previous(said: Announcement) -> Draw:
    """The draw to be changed: verified, of the same batch and part, and the last of its chain."""
    found = Draw.objects.filter(number=said.follows, batch=said.batch, part=said.part, status=Draw.Status.VERIFIED).first()
    if found is None:
        raise Refused(refuse("N2.3.2", f"抽签 {said.follows} 没有省级会签，不能作增量抽签。", "follows"))
    if Draw.objects.filter(follows=found.number).exclude(status__in=(Draw.Status.CLOSED, Draw.Status.DISPUTED)).exists():
        raise Refused(refuse("N2.3.2", f"抽签 {said.follows} 已有增量抽签，请在最近一次的结果上继续。", "follows"))
    return found


@attempts
@records("allocation.closed", act="allocation.announce")
def close(draw: Draw, *, reason: str, by: Actor, at: datetime) -> None:
    """二（三）: a draw ends before its freeze, with a reason; its number is not used again."""
    row = Draw.objects.select_for_update().get(pk=draw.pk)
    if row.status not in (Draw.Status.ANNOUNCED, Draw.Status.COMMITTED):
        raise Refused(refuse("N2.3.2", f"抽签 {row.number} 处于“{row.get_status_display()}”，冻结以后不能终止。", "state"))
    if len(reason.strip()) < 10:
        raise Refused(refuse("N2.3.2", "终止抽签须写明理由（不少于 10 个字）。", "reason"))
    row.status, row.closed_reason = Draw.Status.CLOSED, reason.strip()
    row.save(update_fields=["status", "closed_reason"])
    event(obj=f"draw:{row.number}", city=row.city)


def _by_lot(draw_number: str, codes: Iterable[str]) -> str:
    """The institution that takes part in the seed: drawn by the number of the draw, which nobody can choose."""
    return min(codes, key=lambda code: keyed("witness", draw_number, code), default="")


def _check_times(said: Announcement, at: datetime) -> None:
    source = SOURCES.get(said.public_source)
    faults = (
        (source is None, "没有这种公共值来源，请从列表中选择"),
        (
            source is not None and source.rehearsal_only and not trusted.rehearsal(settings.DATA),
            "该公共值来源只能用于演练",
        ),
        (said.objections_until <= at, "异议截止时刻必须晚于现在"),
        (said.public_at < said.objections_until, "公共值的约定时刻不得早于异议截止时刻"),
        (len(said.rule_document.strip()) < 4, "请填写本市交叉考试实施办法的名称和文号（二（三） N2.3.9）"),
        (said.rule_published_on > at.date(), "实施办法的公布日期不能晚于今天（二（三） N2.3.9）"),
    )
    for faulty, text in faults:
        if faulty:
            raise Refused(refuse("N2.3.2", f"{text}。", "announcement"))


def _check_parties(parties: Sequence[tuple[str, str]], city: str, by: Actor) -> None:
    names = [username for _, username in parties]
    interests = {interest for interest, _ in parties}
    third = interests & {Party.Interest.INSTITUTION, Party.Interest.NOTARY}
    if len(parties) < LEAST_PARTIES or not third or not {Party.Interest.CITY, Party.Interest.PROVINCE} <= interests:
        text = f"承诺方须不少于 {LEAST_PARTIES} 个，且包括市、省考试机构和一个抽定的培训机构或公证机构。"
        raise Refused(refuse("N2.3.2", text, "parties"))
    if len(set(names)) != len(names) or by.username in names:
        raise Refused(refuse("N2.3.2", "各承诺方须由不同的人办理，公告人不得兼任承诺方。", "parties"))
    for username in names:
        found = people.find(username)
        if found is None or not found.is_active or not found.has("draw_party"):
            raise Refused(refuse("N2.3.2", f"{username} 没有“抽签承诺方”岗位，请先由安全管理员授予。", "parties"))
        if found.city not in ("*", city):
            raise Refused(refuse("N2.3.2", f"{username} 是其他市的人员，承诺方须由本市和省的人员办理。", "parties"))


def _enter(draw: Draw, interest: str, username: str, at: datetime) -> Party:
    """The key of a party is its interest; a second notary or institution gets a number."""
    before = draw.parties.filter(interest=interest).count()
    title = Party.Interest(interest).label
    if interest == Party.Interest.INSTITUTION:
        bodies = {body.code: body.name for body in registry.institutions(draw.city, at.date()) if body.is_registered}
        drawn = _by_lot(draw.number, bodies)
        person = people.find(username)
        if not trusted.rehearsal(settings.DATA) and (person is None or person.institution != drawn):
            text = f"按抽签编号抽定的培训机构是{bodies.get(drawn, '（无）')}（{drawn}），请由该机构的人员担任承诺方。"
            raise Refused(refuse("N2.3.2", text, "institution"))
        title = f"{bodies.get(drawn, '')}（抽定）"
    key = f"{interest}{before + 1 if before else ''}"
    return Party.objects.create(city=draw.city, draw=draw, key=key, interest=interest, title=title, username=username)


def _rules(changed: Iterable[tuple[str, object]]) -> dict[str, object]:
    rules = {**RULES, **dict(changed)}
    try:
        read_meta(canonical.encode({"format": "xalloc/1", "rules": rules}))
    except BadInstance as fault:
        raise Refused(refuse("N2.3.9", f"规则表有误：{fault}", "rules")) from None
    return rules
