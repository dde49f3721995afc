"""Reads about the conduct of sittings."""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from kaopei.center.sittings.models import Artefact, Conduct, Machine, Quarantine, RosterEntry
from kaopei.office import keys
from kaopei.office.ui.cards import Card, Line
from kaopei.parcel import enrolment
from kaopei.parcel.canonical import Payload
from kaopei.parcel.enrolment import Edge
from kaopei.parcel.exam_parcel import Parcel

# Whose turn it is in each state
WAITING = {
    "planned": "sittings.order",
    "ordered": "sittings.import",
    "sealed": "sittings.order",
    "seated": "sittings.release_key",
    "released": "sittings.import",
    "returned": "sittings.import",
}
HORIZON = timedelta(days=10)


def conducts(*, city: str = "") -> QuerySet[Conduct]:
    """All in sight, by start."""
    rows = Conduct.objects.all()
    return rows.filter(city=city) if city else rows


def conduct(sitting: str) -> Conduct | None:
    """One, by the number of its sitting."""
    return Conduct.objects.filter(sitting=sitting).first()


def machines(*, site: str = "") -> QuerySet[Machine]:
    """Machines in sight, the newest first."""
    rows = Machine.objects.all()
    return rows.filter(site=site) if site else rows


def machine(digest: str) -> Machine | None:
    """One machine by the digest of its request."""
    return Machine.objects.filter(request_digest=digest).first()


def edges(site: str, at: datetime) -> list[Edge]:
    """The enrolled machines of a site whose records hold and are in force."""
    rows = machines(site=site).filter(status=Machine.Status.ENROLLED, not_before__lte=at, not_after__gt=at)
    return [enrolment.read(bytes(row.record), keys.trust()) for row in rows.order_by("pk")]


def artefacts(row: Conduct) -> QuerySet[Artefact]:
    """Everything that came or went, without the bytes."""
    return row.artefacts.defer("data")


def newest(row: Conduct, kind: str, **named: Any) -> Artefact | None:
    """The newest parcel of a kind."""
    return row.artefacts.filter(kind=kind, **named).order_by("-pk").first()


def artefact(sitting: str, digest: str) -> Artefact | None:
    """One parcel of a sitting by its digest."""
    return Artefact.objects.filter(conduct__sitting=sitting, digest=digest).first()


def paper(row: Conduct) -> Parcel | None:
    """The sealed paper in force, checked again."""
    found = newest(row, Artefact.Kind.PAPER)
    return Parcel(bytes(found.data), keys.trust()) if found else None


def roster(row: Conduct) -> list[Payload]:
    """The rows under the roster hash, with names: for sealing, never for a page."""
    return [json.loads(one.row) for one in row.roster.all()]


def leaves(sitting: str) -> dict[str, str]:
    """attempt → leaf."""
    return dict(RosterEntry.objects.filter(conduct__sitting=sitting).values_list("attempt", "leaf"))


def roster_row(sitting: str, attempt: str) -> Payload | None:
    """One row under the roster hash, with the name."""
    found = RosterEntry.objects.filter(conduct__sitting=sitting, attempt=attempt).first()
    return json.loads(found.row) if found else None


def returned(sitting: str) -> Artefact | None:
    """The return parcel that was taken in, the newest revision."""
    row = conduct(sitting)
    return newest(row, Artefact.Kind.RETURN) if row else None


def roster_hash(sitting: str) -> str:
    """The root that the two custodians signed, empty without a paper."""
    row = conduct(sitting)
    parcel = paper(row) if row else None
    return str(parcel.manifest["roster_hash"]) if parcel else ""


def quarantined() -> QuerySet[Quarantine]:
    """What was set aside, the newest first, without the bytes."""
    return Quarantine.objects.defer("data")


def cards(user: Any, at: datetime) -> list[Card]:
    """For the page of today: sittings of the next days that wait for this person."""
    if not user.may("sittings.view"):
        return []
    rows = conducts().filter(starts_at__lte=at + HORIZON).exclude(status=Conduct.Status.RECEIPTED)
    mine = [row for row in rows if user.may(WAITING[row.status], row.city)]
    found = [Card("场次办理", "Conduct of sittings", _lines(mine[:8]), count=len(mine), url="/sittings/", weight=22)] if mine else []
    aside = quarantined().filter(at__gte=at - HORIZON)[:3]
    if aside:
        lines = [Line(f"{one.sitting or one.kind}", "/sittings/quarantine/", one.reason[:60]) for one in aside]
        found.append(Card("隔离的包", "Quarantined parcels", lines, weight=15))
    return found


def _lines(rows: Iterable[Conduct]) -> list[Line]:
    return [Line(f"场次 {row.sitting}", f"/sittings/{row.sitting}/", row.get_status_display(), due=row.day) for row in rows]
