"""二（六） Drafts of certificates: what the paper says with the name masked, and the signed list of those that no longer hold.

The signed certificate itself carries the whole name, so only its digest is public: who holds the paper has the rest in its QR code.
"""

import hashlib
from collections.abc import Iterator
from datetime import datetime

from kaopei.center.certificates import queries as certificates
from kaopei.center.publication.drafts.draft import Draft
from kaopei.center.publication.models import Publication
from kaopei.parcel import manifest


def drafts(city: str, at: datetime) -> Iterator[Draft]:
    """Every signed certificate, and the list without which nobody can tell whether they still hold."""
    signed = {one.number: hashlib.sha256(one.signed).hexdigest() for one in certificates.issued(city)}
    for row in certificates.all_public(city, at=at):
        content = {
            "city": city,
            "number": row.number,
            "cert_id": row.cert_id,
            "holder": row.holder,
            "subject": row.subject,
            "category": row.category,
            "kind": row.kind,
            "issued_on": row.issued_on.isoformat(),
            "valid_from": row.valid_from.isoformat(),
            "valid_to": row.valid_to.isoformat(),
            "review_by": row.review_by.isoformat(),
            "previous": row.previous,
            "digest": signed[row.number],
        }
        yield Draft(Publication.Kind.CERTIFICATE, row.number, content, "N2.6.2")
    yield from status(city, at)


def status(city: str, at: datetime) -> Iterator[Draft]:
    """The status list in force, byte for byte; one for the whole deployment, published by every city that has certificates."""
    data = certificates.status_list(city)
    if data is None or not certificates.certificates().filter(city=city).exists():
        return
    number = manifest.unverified(data)["number"]
    yield Draft(Publication.Kind.STATUS_LIST, "status.json", {"city": city, "number": number, "text": data.decode()}, "N2.6.2")
