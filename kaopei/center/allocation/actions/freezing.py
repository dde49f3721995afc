"""The freeze: two persons sign the digest of the input; from then on nothing of it changes."""

import csv
import hashlib
import io
import json
from datetime import datetime
from typing import Any

from kaopei.center.allocation import pool, queries, statements
from kaopei.center.allocation.actions.attempts import attempts
from kaopei.center.allocation.models import Draw, DrawFile, Sitting
from kaopei.center.applications import actions as applications
from kaopei.center.registry import queries as registry
from kaopei.law.rules.c2_3_cross_exam import draw_names_rules
from kaopei.law.verdict import refuse
from kaopei.office import keys
from kaopei.office.accounts.roles import Actor
from kaopei.office.approvals import actions as approvals
from kaopei.office.approvals.queries import Request
from kaopei.office.audit.record import event, records
from kaopei.office.refused import Refused

FREEZE = "allocation.freeze"
CLAUSE = "N2.3.2"


@attempts
@records("allocation.freeze_asked", act="allocation.freeze")
def request_freeze(draw: Draw, *, by: Actor, at: datetime) -> Request:
    """二（三） N2.3.2: show the second person what would be frozen: digest, counts, what stays outside and why."""
    ready = _ready(draw, at)
    content = _shown(draw, ready)
    asked = approvals.request(
        action=FREEZE,
        object=f"draw:{draw.number}",
        content=content,
        title=f"冻结抽签 {draw.number}",
        approve_act="allocation.approve",
        url=f"/allocation/draws/{draw.number}/",
        by=by,
        at=at,
    )
    event(obj=f"draw:{draw.number}", city=draw.city, digest=ready.pool.input_digest)
    return asked


@attempts
@records("allocation.frozen", act="allocation.approve")
def freeze(draw: Draw, *, shown: bytes, asked_by: str, by: Actor, at: datetime) -> Draw:
    """二（三） N2.3.2: the second signature freezes the input, if it is still what was shown: files, digest,
    signed statement.
    """
    row = Draw.objects.select_for_update().get(pk=draw.pk)
    ready = _ready(row, at)
    if _shown(row, ready) != shown:
        raise Refused(refuse(CLAUSE, "申请之后数据有变，与签署的摘要不符：请冻结人重新提出申请。", "changed"))
    for name, content in {**_instance(ready), "seating/rooms.csv": _rooms(row, ready)}.items():
        digest = hashlib.sha256(content).hexdigest()
        DrawFile.objects.create(city=row.city, draw=row, name=name, digest=digest, content=content)
    Sitting.objects.filter(pk__in=[sitting.pk for sitting in ready.sittings], frozen_in="").update(frozen_in=row.base)
    _take_people(row, _new(ready), by, at)
    row.freeze_record = _statement(row, ready.pool.input_digest, at)
    row.input_digest, row.frozen_by, row.frozen_at, row.status = (
        ready.pool.input_digest,
        asked_by,
        at,
        Draw.Status.FROZEN,
    )
    row.save(update_fields=["freeze_record", "input_digest", "frozen_by", "frozen_at", "status"])
    event(obj=f"draw:{row.number}", city=row.city, digest=row.input_digest, files=_digests(ready), asked_by=asked_by)
    return row


def _ready(draw: Draw, at: datetime) -> queries.Prepared:
    if draw.status != Draw.Status.COMMITTED:
        raise Refused(refuse(CLAUSE, f"抽签处于“{draw.get_status_display()}”，须在承诺已齐以后、只冻结一次。", "state"))
    if at >= draw.public_at:
        raise Refused(refuse(CLAUSE, "公共值的约定时刻已到，不能再冻结：请终止本次抽签并重新公告。", "late"))
    verdict = draw_names_rules(draw.rule_document, draw.rule_published_on, at.date())
    if not verdict.allowed:
        raise Refused(verdict)
    try:
        ready = queries.prepare(draw)
    except queries.NothingToDraw as fault:
        raise Refused(refuse(CLAUSE, str(fault), "empty")) from None
    if open_ones := [one.site for one in draw.exceptions.filter(status="asked")]:
        raise Refused(refuse("N2.4.2", f"考试点 {'、'.join(open_ones)} 的例外还没有审批，请先办结。", "exceptions"))
    thin = {(row.institution, row.subject, row.options, row.candidates) for row in queries.thin_market(ready.to_draw, draw.part)}
    decided = draw.thin_decisions.values_list("institution", "subject", "options", "candidates")
    if missing := thin - set(decided):
        raise Refused(refuse("N2.3.4", f"可抽考试点过少的名单还有 {len(missing)} 项没有处理，请先处理。", "thin"))
    return ready


def _new(ready: queries.Prepared) -> list[str]:
    """Candidates that no earlier draw of the chain has frozen."""
    before: set[str] = set() if ready.pool.previous is None else {cand for cand, _ in ready.pool.previous.seats}
    return [cand for cand in ready.pool.candidates.id if cand not in before]


def _take_people(draw: Draw, new: list[str], by: Actor, at: datetime) -> None:
    """They belong to this draw from now on: applications of theory, entries of the practical list."""
    if draw.part == "P":
        applications.freeze_practical(new, draw=draw.number, city=draw.city, by=by, at=at)
    else:
        applications.freeze(draw.batch, new, draw=draw.number, by=by, at=at)


def _instance(ready: queries.Prepared) -> dict[str, bytes]:
    return {f"instance/{name}": content for name, content in ready.pool.canonical().items()}


def _digests(ready: queries.Prepared) -> dict[str, str]:
    return dict(sorted(ready.pool.file_digests().items()))


def _rooms(draw: Draw, ready: queries.Prepared) -> bytes:
    """Rooms and numbers of seats, frozen with the rest: seats are given by the same seed."""
    before = queries.previous(draw)
    listed = csv.reader(io.StringIO((queries.file(before, "seating/rooms.csv") or b"").decode()) if before else [])
    rows = [tuple(row) for row in listed][1:]
    known = {row[0] for row in rows}
    day = min(sitting.day for sitting in ready.sittings)
    sites = {site.number: site for site in registry.sites(draw.city, day)}
    rows += [
        (sitting.number, room.name, f"{room.first:04d}", f"{room.last:04d}")
        for sitting in ready.sittings
        if sitting.number not in known
        for room in queries.rooms(sites[sitting.site], sitting.seats)
    ]
    return pool.table(("session_id", "room", "first", "last"), rows)


def _shown(draw: Draw, ready: queries.Prepared) -> bytes:
    """What the second person reads and signs, in a form that people can read too."""
    people = ready.pool.candidates
    content: dict[str, Any] = {
        "抽签": draw.number,
        "输入摘要": ready.pool.input_digest,
        "文件摘要": _digests(ready),
        "考场座位表摘要": hashlib.sha256(_rooms(draw, ready)).hexdigest(),
        "考生": len(people.id),
        "场次": len(ready.sittings),
        "机位": sum(sitting.seats for sitting in ready.sittings),
        "不参加抽签的场次": {one.site: f"{len(one.sittings)} 场，{one.verdict.text}" for one in ready.left_out},
        "经批准的例外": [one.site for one in draw.exceptions.filter(status="approved")],
        **_late(draw, ready),
        "承诺": {party.key: party.commitment for party in draw.parties.all()},
    }
    return json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True).encode()


def _late(draw: Draw, ready: queries.Prepared) -> dict[str, Any]:
    if not draw.follows:
        return {}
    reasons = {f"{one.get_kind_display()} {one.object}": one.reason for one in draw.changes.all()}
    return {
        "增量抽签": f"在 {draw.follows} 的结果上",
        "变更": [" ".join(change) for change in ready.pool.changes],
        "变更的理由": reasons,
        "不能再用的座位": ready.affected,
        "增开的场次": list(ready.added),
        "变动的考生从这一天起安排": f"{queries.first_day(draw)}",
    }


def _statement(draw: Draw, digest: str, at: datetime) -> str:
    before = Draw.objects.filter(batch=draw.batch, part=draw.part).exclude(pk=draw.pk).exclude(input_digest="").first()
    return statements.freeze(
        keys.trust(),
        draw=draw.number,
        digest=digest,
        commitments=[party.commit_record for party in draw.parties.all()],
        previous=before.number if before else None,
        reason=f"第 {draw.serial} 次抽签，此前的 {before.number} 已冻结" if before else "本批次首次抽签",
        signers=[keys.signer("center", at), keys.signer("province_mirror", at)],
        at=at,
    )
