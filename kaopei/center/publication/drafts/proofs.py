"""一（三） Drafts of proofs of training: what the paper says with the name masked, and the signed list of those that no longer hold."""

from collections.abc import Iterator
from datetime import datetime

from kaopei.center.publication.drafts.draft import Draft
from kaopei.center.publication.models import Publication
from kaopei.center.registry import queries as registry
from kaopei.center.training.queries import files as training
from kaopei.office.clock import CHINA
from kaopei.office.personal import mask_name


def drafts(city: str, at: datetime) -> Iterator[Draft]:
    """Every proof, a revoked one too: the list beside it says that it no longer holds."""
    names = registry.names(city)
    for one in training.public_proofs(city):
        held = one.enrolment.study_class
        content = {
            "city": city, "number": one.number, "proof_id": one.proof_id, "holder": mask_name(one.enrolment.trainee.name),
            "code": held.institution_code, "institution": names.get(held.institution_code, held.institution_code), "study_class": held.number,
            "operation": held.operation, "kind": held.get_kind_display(), "hours": one.hours,
            "issued_on": one.issued_at.astimezone(CHINA).date().isoformat(), "digest": one.digest, "paper": one.pdf_digest,
        }  # fmt: skip
        yield Draft(Publication.Kind.PROOF, one.number, content, "N1.3.4")
    yield from revoked(city, at)


def revoked(city: str, at: datetime) -> Iterator[Draft]:
    """The list in force, byte for byte; one for the whole deployment, published by every city that has proofs."""
    listed = training.newest_list()
    if listed is None or not training.public_proofs(city).exists():
        return
    content = {"city": city, "number": listed.number, "text": bytes(listed.data).decode()}
    yield Draft(Publication.Kind.PROOF_LIST, "training-status.json", content, "N1.3.13")
