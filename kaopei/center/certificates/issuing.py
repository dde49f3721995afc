"""Who gets a certificate of a sitting, on what proof. The issuer trusts no row: it reads the signed files again.

The vault's signature on the scoring, each person's leaf under the roster hash that two custodians sealed, and the two signatures
under the release are verified here; the rows of results only say which of them to look at.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from kaopei.center.allocation import queries as allocation
from kaopei.center.certificates.models import Certificate
from kaopei.center.results import queries as results
from kaopei.law import operations
from kaopei.law.rules.c2_6_certificates import CertificateFacts, Term, may_issue, term
from kaopei.law.verdict import Verdict
from kaopei.office import keys
from kaopei.office.clock import CHINA
from kaopei.parcel import canonical, roster
from kaopei.parcel.canonical import Payload

# The application's words for a first certificate and for the others, as the law names them
KINDS = {"initial": "first", "review": "review", "renewal": "renewal"}
WORDS = {"review": "复审", "renewal": "延期换证"}
CHEMICALS = "危险化学品安全作业"


@dataclass(frozen=True, slots=True)
class Due:
    """One person of a released sitting: may he get a certificate, and with which days."""

    attempt: str
    ticket: str
    person: str
    subject: str
    kind: str
    grade: str
    verdict: Verdict
    row: Payload
    term: Term | None = None
    previous: str = ""

    @property
    def allowed(self) -> bool:
        """A certificate is due."""
        return self.verdict.allowed


@dataclass(frozen=True, slots=True)
class Ready:
    """A sitting with its proof and everybody on its roster."""

    sitting: str
    city: str
    proof: results.Proof
    people: tuple[Due, ...]

    def evidence(self, one: Due) -> dict[str, Any]:
        """What the issue event names: scoring, leaf and root of the roster, release and its two approvals."""
        hashed = keys.trust().algorithms.hash
        return {
            "outcomes": self.proof.checked.digest,
            "roster_leaf": roster.leaf(one.row),
            "roster_hash": self.proof.checked.roster_hash,
            "release": self.proof.release_digest,
            "approvals": sorted(hashed(canonical.encode(record)).hex() for record in self.proof.approvals),
        }


def ready(sitting: str, *, at: datetime) -> Ready:
    """Verify everything again and say who gets a certificate. Raises Rejected."""
    proof = results.proof(sitting, at=at)
    seated = {one.pseudonym: one for one in allocation.seated(sitting)}
    rows = {row["attempt"]: row for row in proof.checked.roster}
    before = earlier({one.person for one in seated.values()})
    theory = results.theory_passed({one.person for one in seated.values()}) if proof.checked.part == "P" else None
    people = []
    for one in proof.checked.rows:
        placed = seated.get(one.attempt)
        kind, person = (placed.kind, placed.person) if placed else ("", "")
        frame = (one.attempt, one.ticket, person, one.subject, kind, one.grade)
        sat_on = proof.checked.day if one.grade == "passed" else None
        # 二（六） Theory first: a practical leads to a certificate only with the theory that was passed and released before it.
        days = (sat_on, None) if theory is None else (theory.get((person, one.subject)) if person else None, sat_on)
        people.append(_due(frame, rows[one.attempt], before, days, at.astimezone(CHINA).date()))
    return Ready(sitting, proof.checked.city, proof, tuple(people))


def _due(
    frame: tuple[str, ...], row: Payload, before: Mapping[tuple[str, str], Certificate], passed_on: tuple[date | None, date | None], today: date
) -> Due:
    """`passed_on` = the days of the passed theory and practical."""
    _, _, person, subject, kind, _ = frame
    found = before.get((person, operations.canonical(subject))) if person else None
    last = found.valid_to if found else None
    verdict = may_issue(CertificateFacts(KINDS.get(kind, "first"), *passed_on, earlier_valid_to=last), today)
    if not verdict.allowed:
        return Due(*frame, verdict, row)
    return Due(*frame, verdict, row, term(today, kind, last), found.number if found else "")


def earlier(people: set[str]) -> dict[tuple[str, str], Certificate]:
    """(person, operation) → the newest certificate that this system has issued to him."""
    rows = Certificate.objects.filter(person__in=people - {""}).defer("signed", "pdf").order_by("issued_at")
    return {(row.person, operations.canonical(row.subject)): row for row in rows}


def category(subject: str) -> str:
    """Category of an operation as the catalogue has it; the name itself where it has none."""
    found = operations.find(subject)
    if found is not None:
        return found.category
    return CHEMICALS if operations.category_no(subject) == operations.HAZARDOUS_CHEMICALS else subject


def facts(one: Certificate, row: Payload, at: datetime) -> Payload:
    """What is signed: who he is from the sealed roster, the days from the issue event, and that event's place in the ledger."""
    return {
        **keys.trust().frame(int(at.timestamp())),
        "cert_id": one.cert_id,
        "number": one.number,
        **{name: row[name] for name in ("name", "id_last4", "id_commit", "subject")},
        "category": one.category,
        "kind": WORDS.get(one.kind, one.kind),
        **days(one),
        "outcomes_digest": one.outcomes_digest,
        "roster_leaf": one.roster_leaf,
        "event": {"origin": one.origin, "seq": one.seq},
        "previous": one.previous or None,
    }


def days(one: Certificate) -> dict[str, str]:
    """The four days of a certificate as they are signed."""
    return {name: getattr(one, name).isoformat() for name in ("issued_on", "valid_from", "valid_to", "review_by")}
