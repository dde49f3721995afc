"""二（三）、二（六） Drafts of the exam calendar: when and where what is examined, with how many seats; nobody's name."""

from collections.abc import Iterator
from datetime import datetime

from kaopei.center.allocation import queries as allocation
from kaopei.center.publication.drafts.draft import Draft
from kaopei.center.publication.models import Publication
from kaopei.center.registry import queries as registry
from kaopei.office.clock import CHINA


def drafts(city: str, at: datetime) -> Iterator[Draft]:
    """Every sitting of the plan."""
    sites = {site.number: site for site in registry.sites(city, at.astimezone(CHINA).date())}
    for row in allocation.sittings(city=city):
        site = sites.get(row.site)
        content = {
            "city": city,
            "number": row.number,
            "batch": row.batch,
            "site": row.site,
            "site_name": site.name if site else "",
            "district": site.district if site else "",
            "day": row.day.isoformat(),
            "start": f"{row.start:%H:%M}",
            "end": f"{row.end:%H:%M}",
            "part": row.part,
            "operations": sorted(row.subjects),
            "seats": row.seats,
        }
        yield Draft(Publication.Kind.SITTING, row.number, content, "N2.3.3")
