"""Reads about the conduct of sittings: where each stands, and its parcels."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from kaopei.center.sittings.models import Artefact, Attempt, Conduct, KeyRelease, KeyShare, Quarantine
from kaopei.office import keys
from kaopei.parcel.exam_parcel import Parcel


def conducts(*, city: str = "") -> QuerySet[Conduct]:
    """All in sight, by start."""
    rows = Conduct.objects.all()
    return rows.filter(city=city) if city else rows


def conduct(sitting: str) -> Conduct | None:
    """One, by the number of its sitting."""
    return Conduct.objects.filter(sitting=sitting).first()


def artefacts(row: Conduct) -> QuerySet[Artefact]:
    """Everything that came or went, without the bytes."""
    return row.artefacts.defer("data")


def newest(row: Conduct, kind: str, **named: Any) -> Artefact | None:
    """The newest parcel of a kind."""
    return row.artefacts.filter(kind=kind, **named).order_by("-pk").first()


def artefact(sitting: str, digest: str) -> Artefact | None:
    """One parcel of a sitting by its digest."""
    return Artefact.objects.filter(conduct__sitting=sitting, digest=digest).first()


def by_ref(kind: str, ref: str) -> Artefact | None:
    """The newest parcel of this kind that calls itself so: an order, a package, a bundle."""
    return Artefact.objects.filter(kind=kind, ref=ref).select_related("conduct").order_by("-pk").first()


def paper(row: Conduct) -> Parcel | None:
    """The sealed paper in force, checked again."""
    found = newest(row, Artefact.Kind.PAPER)
    return Parcel(bytes(found.data), keys.trust()) if found else None


def package(sitting: str) -> Parcel | None:
    """The sealed paper of a sitting, by its number."""
    row = conduct(sitting)
    return paper(row) if row else None


def shares(row: Conduct, package_id: str = "") -> QuerySet[KeyShare]:
    """Shares that came, without what they hold."""
    rows = row.shares.defer("content")
    return rows.filter(package=package_id) if package_id else rows


def share(number: str) -> KeyShare | None:
    """One share by its number."""
    return KeyShare.objects.filter(number=number).select_related("conduct").first()


def releases(row: Conduct) -> QuerySet[KeyRelease]:
    """Requests for a key and what became of them, the newest first."""
    return row.releases.order_by("-pk")


def released(number: int) -> KeyRelease | None:
    """One token by its number in the log."""
    return KeyRelease.objects.filter(number=number).select_related("conduct").first()


def returns(row: Conduct) -> QuerySet[Artefact]:
    """Return parcels that were taken in, by rev."""
    return row.artefacts.filter(kind=Artefact.Kind.RETURN).order_by("rev")


def attempts_of(came: Artefact) -> QuerySet[Attempt]:
    """What a return parcel says of each attempt."""
    return came.attempts.all()


def quarantined() -> QuerySet[Quarantine]:
    """What was set aside, the newest first, without the bytes."""
    return Quarantine.objects.defer("data")


def last_due(row: Conduct, at: datetime) -> bool:
    """二（四）: not come back a day after the end."""
    return row.form_set != "trial" and row.status in ("seated", "released") and (at - row.ends_at).total_seconds() > 86_400


def is_kept(digest: str) -> bool:
    """Whether a parcel or share with this digest was taken in."""
    return Artefact.objects.filter(digest=digest).exists() or KeyShare.objects.filter(digest=digest).exists()
