"""A proof of training that was false: one person proposes, another revokes; the public list of those that no longer hold."""

import datetime as dt

from django.db import connection

from kaopei.center.training import proofs
from kaopei.center.training.bounds import no
from kaopei.center.training.models import ProofStatusList, TrainingProof
from kaopei.law.exceptions import LEAST_TEXT
from kaopei.office import keys, scope
from kaopei.office.accounts.roles import Actor
from kaopei.office.audit import queries as audit
from kaopei.office.audit.record import event, records
from kaopei.parcel import status

CLAUSE = "N1.3.13"
Status = TrainingProof.Status
# How long a list may be relied on; an operator's choice, no number of the law.
TERM = dt.timedelta(days=7)


@records("training.proof_questioned", act="training.review")
def question(proof: TrainingProof, *, reason: str, is_false: bool, by: Actor, at: dt.datetime) -> TrainingProof:
    """一（三） N1.3.13: a person has looked into it and proposes to revoke; `is_false`: it was made up, not only wrong."""
    held = _held(proof, Status.VALID, reason)
    held.status, held.reason, held.is_false, held.proposed_by = Status.QUESTIONED, reason.strip(), is_false, by.username
    held.save()
    event(obj=f"proof:{held.number}", city=held.city, number=held.number)
    return held


@records("training.proof_revoked", act="training.uphold")
def revoke(proof: TrainingProof, *, reason: str, by: Actor, at: dt.datetime) -> TrainingProof:
    """一（三） N1.3.13: the second person agrees; the number stands on the public list from now on."""
    held = _held(proof, Status.QUESTIONED, reason)
    if held.proposed_by == by.username:
        raise no(CLAUSE, "不能撤销自己提请的证明，请由另一人核对后撤销。", "self")
    held.status, held.decided_by, held.decided_at = Status.REVOKED, by.username, at
    held.reason = f"{held.reason}\n{reason.strip()}"
    held.save()
    event(obj=f"proof:{held.number}", city=held.city, number=held.number, false=held.is_false)
    return held


@records("training.proof_kept", act="training.uphold")
def keep(proof: TrainingProof, *, reason: str, by: Actor, at: dt.datetime) -> TrainingProof:
    """The second person does not agree: the proof holds."""
    held = _held(proof, Status.QUESTIONED, reason)
    held.status, held.is_false, held.reason, held.proposed_by = Status.VALID, False, f"{held.reason}\n{reason.strip()}", ""
    held.save()
    event(obj=f"proof:{held.number}", city=held.city, number=held.number)
    return held


def _held(proof: TrainingProof, wanted: str, reason: str) -> TrainingProof:
    held = TrainingProof.objects.select_for_update().get(pk=proof.pk)
    if held.status != wanted:
        raise no(CLAUSE, f"培训证明 {held.number} {held.get_status_display()}，不能这样办理。", "state")
    if len(reason.strip()) < LEAST_TEXT:
        raise no(CLAUSE, f"请写明查了什么、结论是什么（不少于 {LEAST_TEXT} 字）。", "reason")
    return held


@records("training.proof_status_published")
def publish_status(*, by: Actor, at: dt.datetime) -> ProofStatusList:
    """一（三） N1.3.13: the next list of proofs that no longer hold, even if it is empty: it says up to when that is known."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('training proof status'))")
    before, listed, point = ProofStatusList.objects.first(), keys.trust(), audit.last_checkpoint()
    with scope.entered(scope.PROVINCE):
        gone = {one.proof_id: int(one.decided_at.timestamp()) for one in TrainingProof.objects.filter(status=Status.REVOKED) if one.decided_at}
    data = status.sign(
        listed, keys.signer("status", at), proofs.entries(before, gone, listed), at=int(at.timestamp()), number=before.number + 1 if before else 1,
        next_update=int((at + TERM).timestamp()), previous=bytes(before.data) if before else None, log_size=point.size if point else 0,
        root=bytes(point.root).hex() if point else None, kind=proofs.LIST,
    )  # fmt: skip
    said = status.read(data, listed, kind=proofs.LIST)
    row = ProofStatusList.objects.create(
        number=said["number"], entries=len(said["entries"]), digest=listed.algorithms.hash(data).hex(), data=data, issued_at=at,
        next_update=at + TERM,
    )  # fmt: skip
    event(obj="proofs:list", city="", number=row.number, entries=row.entries, digest=row.digest, next_update=row.next_update.isoformat())
    return row
