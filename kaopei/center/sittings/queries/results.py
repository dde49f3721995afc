"""What results and certificates ask: who sat, which row stands under the sealed roster hash, what came back.

An attempt is named by the candidate's pseudonym: 80 random bits made once for an application, so it tells nobody at the site
who he is, and `applications.queries.people(batch, {attempt})` leads back to the application.
"""

import json
from dataclasses import dataclass

from kaopei.center.allocation import queries as allocation
from kaopei.center.sittings.models import Artefact, Conduct
from kaopei.center.sittings.queries.rosters import entries_of, roster
from kaopei.center.sittings.queries.sittings import conduct, newest, paper
from kaopei.parcel.canonical import Payload


@dataclass(frozen=True, slots=True)
class Sat:
    """One attempt of a sitting. `attendance`: present, absent or refused; empty before the return. No personal data."""

    attempt: str
    sitting: str
    site: str
    batch: str
    subject: str
    ticket: str
    room: str
    seat: str
    attendance: str
    is_late: bool
    answered: int
    receipt: str


def attempts(sitting: str) -> list[Sat]:
    """Everybody on the roster of a sitting, by attempt."""
    row = conduct(sitting)
    facts = allocation.facts(sitting)
    if row is None or facts is None:
        return []
    came = returned(sitting)
    reported = {one.attempt: one for one in came.attempts.all()} if came else {}
    found = []
    for line in roster(row):
        one = reported.get(line["attempt"])
        found.append(
            Sat(
                line["attempt"],
                sitting,
                row.site,
                facts.batch,
                line["subject"],
                line["ticket_no"],
                line["room"],
                str(line["seat"]),
                one.attendance if one else "",
                bool(one and one.is_late),
                one.answered if one else 0,
                one.receipt if one else "",
            )
        )
    return found


def attendance(sitting: str) -> dict[str, str]:
    """attempt → present, absent or refused, for the whole roster, from the newest return parcel; empty before."""
    came = returned(sitting)
    return dict(came.attempts.values_list("attempt", "attendance")) if came else {}


def leaves(sitting: str) -> dict[str, str]:
    """attempt → leaf."""
    return dict(entries_of(sitting).values_list("attempt", "leaf"))


def leaf(sitting: str, attempt: str) -> str:
    """One leaf under the roster hash, empty if there is none."""
    return leaves(sitting).get(attempt, "")


def roster_row(sitting: str, attempt: str) -> Payload | None:
    """One row under the roster hash, with the name."""
    found = entries_of(sitting).filter(attempt=attempt).first()
    return json.loads(found.row) if found else None


def roster_hash(sitting: str) -> str:
    """The root that the two custodians signed, empty without a paper."""
    row = conduct(sitting)
    parcel = paper(row) if row else None
    return str(parcel.manifest["roster_hash"]) if parcel else ""


def returned(sitting: str) -> Artefact | None:
    """The return parcel that was taken in, the newest revision: `ref` = bundle, `digest` = hash of the file, `data` = the file."""
    row = conduct(sitting)
    return row.artefacts.filter(kind=Artefact.Kind.RETURN).order_by("-rev").first() if row else None


def receipted(sitting: str) -> Artefact | None:
    """The receipt that was signed last."""
    row = conduct(sitting)
    return newest(row, Artefact.Kind.RECEIPT) if row else None


def sittings_returned(city: str = "") -> list[str]:
    """Numbers of sittings that have a return parcel, by start."""
    rows = Conduct.objects.filter(status__in=[Conduct.Status.RETURNED, Conduct.Status.RECEIPTED])
    return list((rows.filter(city=city) if city else rows).values_list("sitting", flat=True))
