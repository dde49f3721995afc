"""二（四）、三（二） What a site's devices, cameras and rooms showed on an exam day, against its accepted baseline. Pure."""

from collections.abc import Iterable, Mapping

from kaopei.center.registry.rows import midnight
from kaopei.center.sittings.site_day import cameras, lan, rooms
from kaopei.center.sittings.site_day.facts import SAMPLE, Finding, Settings, SiteDay
from kaopei.center.sittings.site_day.files import read
from kaopei.center.sittings.site_day.rooms import Tied

__all__ = ["Finding", "Settings", "SiteDay", "findings", "read"]


def findings(days: Iterable[SiteDay], tied: Mapping[str, Tied], settings: Settings = SAMPLE) -> list[Finding]:
    """All findings by kind; `tied` answers for each site who is tied to it."""
    found: list[Finding] = []
    for day in days:
        found += lan.findings(day, settings)
        found += cameras.findings(day, settings)
        found += rooms.findings(day, settings, midnight(day.day), tied.get(day.site, _nobody))
    return sorted(found, key=lambda one: (one.kind, one.object, one.begin or 0))


def _nobody(person: str, at: int) -> bool:
    return False
