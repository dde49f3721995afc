"""Reads about certificates, for pages, for publication and for whoever checks one."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet

from kaopei.center.certificates.issuing import WORDS
from kaopei.center.certificates.models import Certificate, Match, Matching, StatusList
from kaopei.center.results import queries as results
from kaopei.law.rules.c2_6_certificates import state_on
from kaopei.office import keys
from kaopei.office.audit import queries as audit
from kaopei.office.clock import CHINA
from kaopei.office.personal import mask_name
from kaopei.office.ui.cards import Card, Line
from kaopei.parcel import status

SHOWN = 40


@dataclass(frozen=True, slots=True)
class PublicCertificate:
    """A signed certificate as anybody may see it. `state`: valid, review_overdue, expired, revoked; `previous` empty = not known."""

    number: str
    cert_id: str
    city: str
    holder: str
    subject: str
    category: str
    kind: str
    issued_on: date
    valid_from: date
    valid_to: date
    review_by: date
    previous: str
    state: str
    status_number: int
    status_issued_at: datetime | None
    origin: str
    seq: int


@dataclass(frozen=True, slots=True)
class Issued:
    """A signed certificate for the portal; `signed` is its signed JSON."""

    cert_id: str
    number: str
    signed: bytes
    issued_at: datetime


def certificates(*, sitting: str = "", number: str = "") -> QuerySet[Certificate]:
    """Certificates in sight, the newest number first, without the papers."""
    rows = Certificate.objects.defer("signed", "pdf")
    for field, value in (("sitting", sitting), ("number__contains", number)):
        rows = rows.filter(**{field: value}) if value else rows
    return rows


def certificate(number: str) -> Certificate | None:
    """One, by number or id."""
    rows = Certificate.objects.all()
    return rows.filter(number=number).first() or rows.filter(cert_id=number).first()


def papers(sitting: str = "") -> Iterator[tuple[str, bytes]]:
    """(number, sealed PDF) of signed certificates, in the order of their numbers."""
    rows = Certificate.objects.filter(status=Certificate.Status.SIGNED).defer("signed").order_by("number")
    for row in (rows.filter(sitting=sitting) if sitting else rows).iterator(chunk_size=50):
        yield row.number, bytes(row.pdf)


def sealed(sitting: str = "") -> int:
    """How many sealed PDFs there are."""
    return certificates(sitting=sitting).filter(status=Certificate.Status.SIGNED).count()


def matchings() -> list[Matching]:
    """The province's tasks, the newest first; a city sees none."""
    return list(Matching.objects.all()[:50])


def matches(kind: str = "") -> QuerySet[Match]:
    """What the newest comparison that found something says of the own rows."""
    newest = Match.objects.order_by("-pk").values_list("matching", flat=True).first()
    rows = Match.objects.filter(matching=newest or "")
    return rows.filter(kind=kind) if kind else rows


def waiting(sitting: str = "") -> int:
    """How many are decided and not signed yet."""
    return certificates(sitting=sitting).filter(status=Certificate.Status.ISSUED).count()


def proof_of_event(one: Certificate) -> dict[str, Any] | None:
    """The issue event's inclusion in the newest signed checkpoint; None while there is none."""
    return audit.inclusion(one.event)


def is_in_checkpoint(one: Certificate) -> bool:
    """Whether the issue event stands under a signed checkpoint: cheap, for pages."""
    last = audit.last_checkpoint()
    return one.seq is not None and last is not None and (last.origin != one.origin or last.size > one.seq)


def newest_list() -> StatusList | None:
    """The status list in force."""
    return StatusList.objects.first()


def status_list(city: str = "") -> bytes | None:
    """The newest signed status.json; one for the whole deployment, whatever the city."""
    found = newest_list()
    return bytes(found.data) if found else None


def public(number: str, *, at: datetime) -> PublicCertificate | None:
    """One signed certificate as anybody may see it, by number or id."""
    row = certificate(number)
    return _public(row, _entries(), at) if row is not None and row.status == Certificate.Status.SIGNED else None


def all_public(city: str = "", *, at: datetime) -> Iterator[PublicCertificate]:
    """All signed certificates (of a city)."""
    rows, listed = certificates().filter(status=Certificate.Status.SIGNED), _entries()
    for row in rows.filter(city=city) if city else rows:
        yield _public(row, listed, at)


def issued(city: str = "") -> Iterator[Issued]:
    """All signed certificates (of a city) with the signed JSON, which carries the whole name."""
    rows = Certificate.objects.filter(status=Certificate.Status.SIGNED).defer("pdf").order_by("number")
    for row in (rows.filter(city=city) if city else rows).iterator(chunk_size=200):
        yield Issued(row.cert_id, row.number, bytes(row.signed), row.signed_at or row.issued_at)


def signed(number: str) -> bytes | None:
    """The signed JSON of a certificate: it carries the whole name, so it goes only to somebody who knows that."""
    row = certificate(number)
    return bytes(row.signed) if row is not None and row.signed is not None else None


def signed_for(number: str, name: str) -> bytes | None:
    """The signed JSON for whoever typed number and whole name."""
    row = certificate(number)
    return signed(number) if row is not None and row.name == name.strip() else None


def _entries() -> dict[str, Any] | None:
    found = newest_list()
    return status.read(bytes(found.data), keys.trust()) if found else None


def _public(row: Certificate, listed: dict[str, Any] | None, at: datetime) -> PublicCertificate:
    today = at.astimezone(CHINA).date()
    revoked = listed is not None and status.judge(listed, row.cert_id, int(at.timestamp())) == "revoked"
    state = state_on(row.valid_to, row.review_by, today, today if revoked else None)
    names = ("subject", "category")
    dates = ("issued_on", "valid_from", "valid_to", "review_by", "previous")
    return PublicCertificate(
        row.number,
        row.cert_id,
        row.city,
        mask_name(row.name),
        *(getattr(row, name) for name in names),
        WORDS.get(row.kind, row.kind),
        *(getattr(row, name) for name in dates),
        state,
        listed["number"] if listed else 0,
        datetime.fromtimestamp(listed["issued_at"], CHINA) if listed else None,
        row.origin,
        row.seq or 0,
    )


def to_issue(sitting: str) -> int:
    """How many released results of a sitting lead to a certificate that is not decided yet."""
    due = results.results(sitting).filter(next="certificate").values_list("attempt", flat=True)
    return len(set(due) - set(certificates(sitting=sitting).values_list("attempt", flat=True)))


def cards(user: Any, at: datetime) -> list[Card]:
    """For the page of today: released sittings whose certificates are not all issued or signed."""
    if not user.may("certificates.issue"):
        return []
    lines = []
    for made in results.released_sittings()[-SHOWN:]:
        missing, unsigned = to_issue(made.sitting), waiting(made.sitting)
        if missing or unsigned:
            text = f"{missing} 人待发证" if missing else f"{unsigned} 张待签发"
            lines.append(Line(f"场次 {made.sitting}", f"/certificates/sittings/{made.sitting}/", text))
    return [Card("证书待办", "Certificates", lines[:8], count=len(lines), url="/certificates/", weight=26)] if lines else []


def resting_on_hours(person: str) -> list[dict[str, str]]:
    """一（三） N1.3.13: certificates of a person (keyed index), as an upheld lead lists them."""
    rows = Certificate.objects.defer("signed", "pdf").filter(person=person) if person else []
    return [
        {"kind": "certificate", "number": one.number, "state": one.get_status_display(), "url": f"/certificates/{one.number}/"} for one in rows
    ]
