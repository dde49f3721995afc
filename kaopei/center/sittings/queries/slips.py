"""Reads about slips, and what the city and the province have witnessed of each exam server's ledger."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from kaopei.center.sittings.models import Artefact, Conduct

# Setting: how long after the end the city waits for the closing slip before it is alarmed
SLIP_WAIT = timedelta(minutes=60)
OPEN_STATES = ("released",)


@dataclass(frozen=True, slots=True)
class Witnessed:
    """One ledger as it is known here. `roots` = sizes with the root seen there; `pending` = slips that wait for the parcel."""

    origin: str
    city_size: int
    city_root: str
    province_size: int
    province_root: str
    roots: Mapping[int, str]
    pending: int
    seen_at: datetime | None


def slips(row: Conduct, kind: str = "") -> list[Artefact]:
    """Slips of a sitting, the newest first."""
    rows = row.artefacts.filter(kind=Artefact.Kind.SLIP).order_by("-pk")
    return list(rows.filter(facts__moment=kind) if kind else rows)


def close_slip(row: Conduct, package: str) -> Artefact | None:
    """The closing slip of a package."""
    return row.artefacts.filter(kind=Artefact.Kind.SLIP, ref=package, facts__moment="close").order_by("-pk").first()


def slip_overdue(row: Conduct, at: datetime) -> bool:
    """二（四） N2.4.13: an hour after the end and nobody has told how the sitting was closed."""
    waits = row.status in OPEN_STATES and row.form_set != "trial" and at > row.ends_at + SLIP_WAIT
    return waits and not row.artefacts.filter(kind=Artefact.Kind.SLIP, facts__moment="close").exists()


def witnessed(origin: str) -> Witnessed:
    """City: accepted return parcels and slips that continue them. Province: what it has countersigned in receipts."""
    rows = list(Artefact.objects.filter(kind__in=[Artefact.Kind.RETURN, Artefact.Kind.SLIP], facts__origin=origin).defer("data").order_by("pk"))
    receipts = Artefact.objects.filter(kind=Artefact.Kind.RECEIPT, facts__origin=origin).defer("data")
    sure = {row.facts["size"]: row.facts["root"] for row in rows if not row.facts.get("pending")}
    waiting = {row.facts["size"]: row.facts["root"] for row in rows if row.facts.get("pending")}
    mirrored = {row.facts["size"]: row.facts["root"] for row in receipts}
    city, province = max(sure, default=0), max(mirrored, default=0)
    pending = sum(size > city for size in waiting)
    last = rows[-1].made_at if rows else None
    return Witnessed(origin, city, sure.get(city, ""), province, mirrored.get(province, ""), {**waiting, **sure}, pending, last)


def origins() -> list[str]:
    """Ledgers of exam servers that were ever seen here."""
    rows = Artefact.objects.filter(kind__in=[Artefact.Kind.RETURN, Artefact.Kind.SLIP])
    return sorted({str(origin) for origin in rows.values_list("facts__origin", flat=True)})
