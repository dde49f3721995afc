"""Reads about the accepted machines of sites."""

from datetime import date
from typing import Any

from kaopei.center.sittings import devices
from kaopei.center.sittings.devices import Device
from kaopei.center.sittings.models import Baseline
from kaopei.parcel import canonical


def baseline(site: str, city: str = "") -> Baseline | None:
    """The list in force, among those in sight."""
    rows = Baseline.objects.filter(site=site)
    return (rows.filter(city=city) if city else rows).order_by("-rev").first()


def baselines() -> list[Baseline]:
    """The newest list of every site in sight."""
    newest = {(row.city, row.site): row for row in Baseline.objects.order_by("rev")}
    return [newest[key] for key in sorted(newest)]


def said(row: Baseline) -> dict[str, Any]:
    """What two persons signed."""
    return dict(canonical.decode_object(bytes(row.content), "设备清单"))


def accepted(site: str, city: str = "") -> list[Device]:
    """The machines of a site, all terms; empty before any list was accepted."""
    row = baseline(site, city)
    return devices.devices_of(said(row)) if row else []


def travelling(site: str, city: str, day: date) -> dict[str, Any]:
    """The section `baseline` of a seating; rev 0 and nothing before any list was accepted."""
    row = baseline(site, city)
    return {"rev": row.rev, "devices": devices.travelling(accepted(site, city), day)} if row else {"rev": 0, "devices": []}
