"""Writes of certificates: decide on one, sign and print what the ledger holds, publish the status list, note who took papers away."""

import hashlib
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection

from kaopei.center.certificates import issuing, matching, numbering, printing
from kaopei.center.certificates.models import Certificate, Match, Matching, StatusList
from kaopei.law.verdict import refuse
from kaopei.office import ids, keys, scope
from kaopei.office.accounts.roles import Actor
from kaopei.office.audit import queries as audit
from kaopei.office.audit.record import event, nothing_changed, records
from kaopei.office.clock import CHINA
from kaopei.office.refused import Refused
from kaopei.office.tasks.registry import start
from kaopei.parcel import certificate, status
from kaopei.parcel.keyfile import Signer
from kaopei.parcel.rejected import Rejected

CLAUSE = "N2.6.2"
# How long a status list may be relied on; an operator's choice, no number of the law
STATUS_TERM = timedelta(days=7)


@records("certificates.issued", act="certificates.issue")
def issue(one: issuing.Due, *, ready: issuing.Ready, by: Actor, at: datetime) -> Certificate:
    """二（六） N2.6.2: decide on one certificate; the event names what the issuer verified, its place in the ledger comes after."""
    if not one.allowed or one.term is None:
        raise Refused(one.verdict)
    known = Certificate.objects.filter(city=ready.city, sitting=ready.sitting, attempt=one.attempt).first()
    if known is not None:
        nothing_changed()
        return known
    today, evidence = at.astimezone(CHINA).date(), ready.evidence(one)
    row = Certificate(
        city=ready.city,
        number=numbering.next_number(ready.city, today.year),
        cert_id=ids.ulid(at),
        sitting=ready.sitting,
        attempt=one.attempt,
        person=one.person,
        name=one.row["name"],
        subject=one.subject,
        category=issuing.category(one.subject),
        kind=one.kind,
        issued_on=today,
        valid_from=one.term.valid_from,
        valid_to=one.term.valid_to,
        review_by=one.term.review_by,
        notes=[{"clause": note.clause, "text": note.text} for note in one.term.notes],
        previous=one.previous,
        outcomes_digest=evidence["outcomes"],
        roster_leaf=evidence["roster_leaf"],
        release_digest=evidence["release"],
        issued_by=by.username,
        issued_at=at,
    )
    said = {"cert_id": row.cert_id, "sitting": row.sitting, "attempt": row.attempt, "days": issuing.days(row), "previous": row.previous}
    row.event = event(obj=f"certificate:{row.number}", city=row.city, **said, **evidence)
    row.save()
    return row


@records("certificates.signed", act="certificates.issue")
def sign(sitting: str, *, progress: Callable[[int, int, str], None], by: Actor, at: datetime) -> list[Certificate]:
    """二（六） N2.6.2: sign and print every decided certificate whose event stands in the ledger, after verifying all of it again."""
    rows = list(Certificate.objects.select_for_update().filter(sitting=sitting, status=Certificate.Status.ISSUED).order_by("number"))
    if not rows:
        nothing_changed()
        return []
    try:
        found = issuing.ready(sitting, at=at)
    except Rejected as problem:
        raise Refused(refuse(CLAUSE, str(problem), problem.code)) from None
    stale = [row.number for row in rows if row.release_digest != found.proof.release_digest]
    rows = [row for row in rows if row.number not in stale]
    if not rows:
        text = f"证书 {'、'.join(stale[:3])} 是按较早发布的成绩决定的，成绩已重新发布，不能签发。请联系省考试机构办理撤销。"
        raise Refused(refuse(CLAUSE, text, "stale"))
    signer = keys.signer("issuer", at)
    for number, row in enumerate(rows, 1):
        _sign(row, found, signer, at)
        progress(number, len(rows), f"正在签发 {row.number}")
    whole = hashlib.sha256("".join(row.pdf_digest for row in rows).encode()).hexdigest()
    event(obj=f"sitting:{sitting}", city=rows[0].city, count=len(rows), digest=whole)
    return rows


@records("certificates.status_published", act="certificates.issue")
def publish_status(*, by: Actor, at: datetime) -> StatusList:
    """二（六） N2.6.2: the next list of certificates that no longer hold, even if it is empty: it says up to when that is known."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('certificates status'))")
    before, listed = StatusList.objects.first(), keys.trust()
    point = audit.last_checkpoint()
    data = status.sign(
        listed,
        keys.signer("status", at),
        _entries(before),
        at=int(at.timestamp()),
        number=before.number + 1 if before else 1,
        next_update=int((at + STATUS_TERM).timestamp()),
        previous=bytes(before.data) if before else None,
        log_size=point.size if point else 0,
        root=bytes(point.root).hex() if point else None,
    )
    said = status.read(data, listed)
    row = StatusList.objects.create(
        number=said["number"],
        entries=len(said["entries"]),
        digest=listed.algorithms.hash(data).hex(),
        data=data,
        issued_at=datetime.fromtimestamp(said["issued_at"], UTC),
        next_update=datetime.fromtimestamp(said["next_update"], UTC),
    )
    event(obj="status:list", city="", number=row.number, entries=row.entries, digest=row.digest, next_update=row.next_update.isoformat())
    return row


@records("certificates.matching_asked", act="certificates.match")
def ask_matching(*, reason: str, by: Actor, at: datetime) -> Matching:
    """The province lets the cities be compared; what for is said, and kept encrypted."""
    if not 10 <= len(reason.strip()) <= 500:
        raise Refused(refuse("", "请写明比对的目的和依据（十到五百字）。", "reason"))
    if Matching.objects.filter(status=Matching.Status.ASKED).exists():
        raise Refused(refuse("", "上一次比对还没有完成，请等它完成后再提出。", "state"))
    number = f"PD-{at:%Y}-{ids.next_number('matching', scope.PROVINCE, at.year):04d}"
    row = Matching.objects.create(city=scope.PROVINCE, number=number, reason=reason.strip(), asked_by=by.username, asked_at=at)
    start("certificates.match", by=by, at=at, title=f"跨市比对 {number}", number=number)
    event(obj=f"matching:{number}", city="")
    return row


@records("certificates.matched", act="certificates.match")
def match(number: str, *, progress: Any = None, by: Actor, at: datetime) -> Matching:
    """Compare, and give each city its own leads; the event says how many of which kind."""
    row = Matching.objects.select_for_update().get(number=number)
    if row.status == Matching.Status.DONE:
        nothing_changed()
        return row
    found = sorted(set(matching.leads(at.astimezone(CHINA).date())))
    for place in range(0, len(found), 2000):
        Match.objects.bulk_create(Match(matching=number, **one._asdict()) for one in found[place : place + 2000])
        if progress:
            progress(place, len(found), "写入各市线索")
    row.counts, row.cities = Counter(one.kind for one in found), Counter(one.city for one in found)
    row.status, row.done_at = Matching.Status.DONE, at
    row.save(update_fields=["counts", "cities", "status", "done_at"])
    event(obj=f"matching:{number}", city="", counts=dict(row.counts), cities=dict(row.cities))
    return row


@records("certificates.fetched", act="certificates.issue")
def note_fetched(obj: str, *, what: str, count: int, city: str, by: Actor, at: datetime) -> None:
    """Papers with names leave the system: who took which, for how many people."""
    event(obj=obj, city=city, what=what, count=count)


def _entries(before: StatusList | None) -> list[dict[str, Any]]:
    """What once stood on the list stays there."""
    return list(status.read(bytes(before.data), keys.trust())["entries"]) if before else []


def _sign(row: Certificate, found: issuing.Ready, signer: Signer, at: datetime) -> None:
    """One certificate: event, row, roster and scoring must say the same, or nothing is signed."""
    one = next((one for one in found.people if one.attempt == row.attempt), None)
    place, written = audit.place(row.event), audit.last("certificates.issued", f"certificate:{row.number}")
    if place is None:
        raise Refused(refuse(CLAUSE, f"证书 {row.number} 的发证事件还没有进入台账，稍后请再按一次“签发”。", "unsequenced"))
    said = {"cert_id": row.cert_id, "sitting": row.sitting, "attempt": row.attempt, "days": issuing.days(row), "previous": row.previous}
    agrees = written is not None and one is not None and one.allowed and one.subject == row.subject and one.kind == row.kind
    if not agrees or written is None or one is None or written.ulid != row.event or written.facts != {**said, **found.evidence(one)}:
        raise Refused(refuse(CLAUSE, f"证书 {row.number} 的登记与台账、名册或发布的成绩不符，没有签发。请立即报告省考试机构。", "changed"))
    row.origin, row.seq = place
    facts = issuing.facts(row, one.row, at)
    signed = certificate.sign(facts, signer)
    notes = [note["text"] for note in row.notes]
    paper = printing.sheet(facts, signed, city=row.city, notes=notes, at=at)
    row.pdf = certificate.seal_pdf(paper, signed, signer, keys.trust(), at=int(at.timestamp()))
    row.signed, row.pdf_digest = signed, keys.trust().algorithms.hash(row.pdf).hex()
    row.status, row.signed_at = Certificate.Status.SIGNED, at
    row.save(update_fields=["origin", "seq", "signed", "pdf", "pdf_digest", "status", "signed_at"])
