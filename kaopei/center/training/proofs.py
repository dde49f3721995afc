"""A proof of training: the hours as counted, signed by the center, on paper with a QR code that carries the signed text."""

import datetime as dt
import hashlib
from typing import Any

import segno

from kaopei.center.registry import queries as registry
from kaopei.center.training.models import Enrolment, ProofStatusList, TrainingClass, TrainingProof
from kaopei.center.training.queries import hours
from kaopei.law import places
from kaopei.office import ids, keys, pdf
from kaopei.office.clock import CHINA
from kaopei.parcel import status, training
from kaopei.parcel.keyfile import Signer
from kaopei.parcel.trust import Trust

LIST = "training_status"


def make(one: Enrolment, held: TrainingClass, signer: Signer, *, by: str, at: dt.datetime) -> TrainingProof:
    """Sign, print and store the proof of one trainee."""
    year, day = at.astimezone(CHINA).year, at.astimezone(CHINA).date()
    number = f"{held.city}-{year}-证-{ids.next_number('training-proof', held.city, year):06d}"
    body, needed = registry.institution(held.city, held.institution_code, day), hours.needed(held)
    counted = hours.of(one)
    facts = {
        **keys.trust().frame(int(at.timestamp())), "proof_id": ids.ulid(at), "number": number, "name": one.trainee.name,
        "id_last4": one.trainee.id_number[-4:], "institution": body.name if body else held.institution_code,
        "institution_code": held.institution_code, "study_class": held.number, "operation": held.operation, "kind": held.get_kind_display(),
        "hours": counted, "needed": "" if needed is None else f"{needed.normalize():f}", "first_day": held.first_day.isoformat(),
        "last_day": held.last_day.isoformat(), "issued_on": day.isoformat(),
    }  # fmt: skip
    signed = training.sign(facts, signer)
    paper = pdf.render("training/proof.typ", _paper(facts, signed, held.city), at=at)
    return TrainingProof.objects.create(
        city=held.city, number=number, proof_id=facts["proof_id"], enrolment=one, hours=counted, signed=signed, pdf=paper,
        digest=hashlib.sha256(signed).hexdigest(), pdf_digest=hashlib.sha256(paper).hexdigest(), issued_by=by, issued_at=at,
    )  # fmt: skip


def _paper(facts: dict[str, Any], signed: bytes, city: str) -> dict[str, Any]:
    words = {name: facts[name] for name in ("number", "name", "institution", "study_class", "operation", "kind", "hours", "needed")}
    code = segno.make(training.qr_text(signed), error="l", micro=False, mask=3)
    return {
        **words, "title": f"培训证明 {facts['number']}", "id_masked": "*" * 14 + facts["id_last4"],
        "days": f"{facts['first_day']} 至 {facts['last_day']}", "issued": facts["issued_on"], "regulator": f"{places.cities()[city].name}应急管理局",
        "qr": code.svg_inline(border=2, omitsize=True, svgclass=None, lineclass=None),
    }  # fmt: skip


def entries(before: ProofStatusList | None, gone: dict[str, int], listed: Trust) -> list[dict[str, Any]]:
    """What once stood on the list stays there; `gone` = proof id → since when."""
    held = list(status.read(bytes(before.data), listed, kind=LIST)["entries"]) if before else []
    known = {row["cert_id"] for row in held}
    return held + [{"cert_id": one, "status": "revoked", "since": since} for one, since in sorted(gone.items()) if one not in known]
