"""Reads about exam servers."""

from datetime import datetime

from django.db.models import QuerySet

from kaopei.center.sittings.models import Machine
from kaopei.office import keys
from kaopei.parcel import enrolment, keyfile
from kaopei.parcel.enrolment import Edge


def machines(*, site: str = "") -> QuerySet[Machine]:
    """Machines in sight, the newest first."""
    rows = Machine.objects.all()
    return rows.filter(site=site) if site else rows


def machine(digest: str) -> Machine | None:
    """One machine by the digest of its request."""
    return Machine.objects.filter(request_digest=digest).first()


def edges(site: str, at: datetime) -> list[Edge]:
    """The enrolled machines of a site whose records hold and are in force; of one serial the newest record only."""
    rows = machines(site=site).filter(status=Machine.Status.ENROLLED, not_before__lte=at, not_after__gt=at)
    newest = {row.serial: row for row in rows.order_by("enrolled_at", "pk")}
    return [enrolment.read(bytes(row.record), keys.trust()) for row in newest.values()]


def record_of(sign_kid: str) -> bytes | None:
    """The record of the enrolled machine that signs with this key."""
    for row in machines().filter(status=Machine.Status.ENROLLED).order_by("-pk"):
        if keyfile.kid(enrolment.read(bytes(row.record), keys.trust()).payload["sign_pub"]) == sign_kid:
            return bytes(row.record)
    return None


def sites_with_machines(at: datetime) -> set[str]:
    """Sites that have at least one enrolled machine."""
    rows = Machine.objects.filter(status=Machine.Status.ENROLLED, not_before__lte=at, not_after__gt=at)
    return set(rows.order_by().values_list("site", flat=True).distinct())
