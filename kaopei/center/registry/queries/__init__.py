"""What others may ask of the register; everything as of a day."""

from kaopei.center.registry.planning import stopped
from kaopei.center.registry.queries.register import (
    InstitutionOn,
    SiteOn,
    TieOn,
    campus_site,
    cities_in_sight,
    controllers,
    institution,
    institutions,
    names,
    registrations,
    revision_of_site,
    rooms_are_assumed,
    site,
    sites,
    staff,
    ties,
)
from kaopei.center.registry.queries.standing import barred, decided, timeline
from kaopei.center.registry.queries.standing import rows as standings

__all__ = [
    "InstitutionOn", "SiteOn", "TieOn", "barred", "campus_site", "cities_in_sight", "controllers", "decided", "institution", "institutions", "names",
    "registrations", "revision_of_site", "rooms_are_assumed", "site", "sites", "staff", "standings", "stopped", "ties", "timeline",
]  # fmt: skip
