"""After the freeze: public value, draw, verification, countersignature, protocol."""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime

from kaopei.center.allocation import queries, statements
from kaopei.center.allocation.actions.attempts import attempts
from kaopei.center.allocation.models import Draw, DrawFile, Placement
from kaopei.center.allocation.placing import Placed, place_all, vacate
from kaopei.center.allocation.sources import SOURCES, derived
from kaopei.law.verdict import refuse
from kaopei.lottery import pool as lottery_pool
from kaopei.lottery import seed as seeds
from kaopei.lottery.draw import draw as lottery_draw
from kaopei.office import keys
from kaopei.office.accounts.roles import Actor
from kaopei.office.approvals import actions as approvals
from kaopei.office.approvals import queries as granted
from kaopei.office.approvals.queries import Request
from kaopei.office.audit.record import event, records
from kaopei.office.clock import CHINA
from kaopei.office.refused import Refused

CLAUSE = "N2.3.2"
PUBLISH = "draw.publish"
VALUE = "allocation.public_value"
Progress = Callable[[int, int, str], None]


@attempts
@records("allocation.public_value_asked", act="allocation.draw")
def request_public_value(draw: Draw, *, value: str, by: Actor, at: datetime) -> Request:
    """二（三）: a value that people copy from a publication is compared by a second person before it counts."""
    value = _checked_value(draw, value, at)
    content = statements.content({"抽签": draw.number, "来源": SOURCES[draw.public_source].title, "公共值": value})
    asked = approvals.request(
        action=VALUE,
        object=f"draw:{draw.number}",
        content=content,
        title=f"公共值（抽签 {draw.number}）",
        approve_act="allocation.approve",
        url=f"/allocation/draws/{draw.number}/",
        by=by,
        at=at,
    )
    event(obj=f"draw:{draw.number}", city=draw.city, digest=asked.digest)
    return asked


@attempts
@records("allocation.public_value_taken", act="allocation.value")
def take_public_value(draw: Draw, *, value: str = "", by: Actor, at: datetime) -> Draw:
    """二（三）: the value of the announced time is known; together with the secrets it is the seed. Taken once."""
    row = Draw.objects.select_for_update().get(pk=draw.pk)
    row.public_value = _checked_value(row, value, at)
    row.save(update_fields=["public_value"])
    event(obj=f"draw:{row.number}", city=row.city, source=row.public_source, value=row.public_value)
    return row


@attempts
@records("allocation.drawn", act="allocation.draw")
def draw_seats(draw: Draw, *, progress: Progress = lambda done, total, note: None, by: Actor, at: datetime) -> Draw:
    """二（三） N2.3.2, N2.3.3: the machine draws the frozen input with the one seed; sites, sittings and seats
    follow from it.
    """
    row = Draw.objects.select_for_update().get(pk=draw.pk)
    if row.status != Draw.Status.REVEALED or not row.public_value:
        raise Refused(refuse(CLAUSE, "密值和公共值齐了以后才能抽签，且只抽一次。", "state"))
    instance = lottery_pool.parse(queries.files(row, "instance"), queries.previous_result(row))
    if instance.input_digest != row.input_digest:
        raise Refused(refuse(CLAUSE, "冻结的文件与冻结时公布的摘要不符，停止抽签，请立即报告省考试机构。", "tampered"))
    parties = {party.key: party.secret for party in row.parties.all()}
    seed = seeds.combine(row.number, row.input_digest, parties, row.public_value)
    outcome = lottery_draw(instance, seed, row.number, lambda label, done, total: progress(done, 2 * total, "逐人抽取考试点"))
    for name, content in outcome.files().items():
        _keep(row, f"result/{name}", content)
    placed = place_all(row, instance, seed, outcome)
    _keep(row, "result/seats.csv", placed.table)
    Placement.objects.bulk_create(placed.rows, batch_size=2000)
    progress(1, 1, "座位已排定")
    _conclude(row, seed, placed, at)
    digests = {"transcript": row.transcript_digest, "seats": hashlib.sha256(placed.table).hexdigest()}
    event(
        obj=f"draw:{row.number}",
        city=row.city,
        seed=seed,
        counts=row.counts,
        root=outcome.transcript["merkle_root"],
        **digests,
    )
    return row


@attempts
@records("allocation.verified", act="allocation.verify")
def note_verification(draw: Draw, *, agrees: bool, text: str, by: Actor, at: datetime) -> Draw:
    """二（三）: what the stand-alone verifier found when the province re-ran the draw; a difference stops
    everything.
    """
    row = Draw.objects.select_for_update().get(pk=draw.pk)
    if row.status != Draw.Status.DRAWN:
        raise Refused(refuse(CLAUSE, f"抽签处于“{row.get_status_display()}”，不需要复核。", "state"))
    row.verification, row.verified_by = text[:5000], by.username
    row.status = row.status if agrees else Draw.Status.DISPUTED
    row.save(update_fields=["verification", "verified_by", "status"])
    event(obj=f"draw:{row.number}", city=row.city, agrees=agrees, transcript=row.transcript_digest)
    return row


@attempts
@records("allocation.countersigned", act="allocation.verify")
def countersign(draw: Draw, *, pin: str, by: Actor, at: datetime) -> Draw:
    """二（三）: the province signs the result that its own re-run gave; only now tickets may be made."""
    row = Draw.objects.select_for_update().get(pk=draw.pk)
    if row.status != Draw.Status.DRAWN or not row.verification:
        raise Refused(refuse(CLAUSE, "独立复核一致以后才能会签。", "state"))
    if row.verified_by != by.username:
        raise Refused(refuse(CLAUSE, "会签须由运行复核的人办理，请先自己运行一次复核。", "person"))
    signer = keys.person(getattr(by, "kid", ""), pin)
    row.countersignature = statements.countersignature(
        keys.trust(),
        draw=row.number,
        transcript_digest=row.transcript_digest,
        requester=row.frozen_by,
        signer=signer,
        at=at,
    )
    vacated = vacate(row) if row.follows else 0
    row.status, row.verified_at = Draw.Status.VERIFIED, at
    row.save(update_fields=["countersignature", "status", "verified_at"])
    event(obj=f"draw:{row.number}", city=row.city, transcript=row.transcript_digest, **({"vacated": vacated} if row.follows else {}))
    return row


@attempts
@records("allocation.protocol_asked", act="allocation.freeze")
def request_protocol(draw: Draw, *, by: Actor, at: datetime) -> Request:
    """二（三）: the whole draw as one statement; two approvers sign it, then the center."""
    if draw.status != Draw.Status.VERIFIED:
        raise Refused(refuse(CLAUSE, "省级会签以后才能制作抽签记录。", "state"))
    payload = statements.protocol(
        keys.trust(),
        draw=draw.number,
        digest=draw.input_digest,
        freeze_record=draw.freeze_record,
        public=(draw.public_value, draw.public_source, draw.public_at),
        reveals=[(party.key, party.secret) for party in draw.parties.all()],
        seed=draw.seed,
        transcript_digest=draw.transcript_digest,
        at=at,
    )
    content = statements.content(payload)
    asked = approvals.request(
        action=PUBLISH,
        object=draw.number,
        content=content,
        title=f"抽签记录 {draw.number}",
        approve_act="allocation.approve",
        needed=2,
        url=f"/allocation/draws/{draw.number}/",
        by=by,
        at=at,
    )
    event(obj=f"draw:{draw.number}", city=draw.city, digest=asked.digest)
    return asked


@attempts
@records("allocation.published", act="allocation.freeze")
def publish_protocol(draw: Draw, *, by: Actor, at: datetime) -> DrawFile:
    """二（三）: protocol.json: what the two approvers have signed, with their approvals, signed by the center. Once."""
    asked = granted.standing(PUBLISH, draw.number)
    signed = granted.granted(PUBLISH, draw.number, asked.digest) if asked else []
    if asked is None or len(signed) < asked.needed:
        raise Refused(refuse(CLAUSE, "抽签记录须由两名审批人签署以后才能制作。", "approvals"))
    if queries.file(draw, "protocol.json") is not None:
        raise Refused(refuse(CLAUSE, "抽签记录已经制作，不再更改。", "state"))
    content = statements.seal_protocol({**json.loads(bytes(asked.content)), "issued_at": int(at.timestamp())}, signed, keys.signer("center", at))
    made = _keep(draw, "protocol.json", content)
    event(obj=f"draw:{draw.number}", city=draw.city, digest=made.digest)
    return made


def _checked_value(draw: Draw, value: str, at: datetime) -> str:
    if draw.status != Draw.Status.REVEALED or draw.public_value:
        raise Refused(refuse(CLAUSE, "密值全部公开以后才取公共值，且只取一次。", "state"))
    if at < draw.public_at:
        raise Refused(refuse(CLAUSE, f"公共值的约定时刻是 {draw.public_at.astimezone(CHINA):%Y-%m-%d %H:%M}，还没有到。", "early"))
    value = " ".join(value.split())
    if not value and not SOURCES[draw.public_source].typed:
        value = derived(draw.number, draw.input_digest, draw.public_at.astimezone(CHINA).isoformat())
    if not 4 <= len(value) <= 400:
        raise Refused(refuse(CLAUSE, "请按来源抄录公共值。", "value"))
    return value


def _keep(draw: Draw, name: str, content: bytes) -> DrawFile:
    digest = hashlib.sha256(content).hexdigest()
    return DrawFile.objects.create(city=draw.city, draw=draw, name=name, digest=digest, content=content)


def _conclude(row: Draw, seed: str, placed: Placed, at: datetime) -> None:
    row.seed, row.drawn_at, row.counts, row.status = seed, at, placed.counts, Draw.Status.DRAWN
    row.transcript_digest = DrawFile.objects.get(draw=row, name="result/transcript.json").digest
    row.save(update_fields=["seed", "drawn_at", "counts", "status", "transcript_digest"])
