"""一（二）、二（二） Drafts of the register: institutions and sites as they stand, no staff, no mobile numbers."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from kaopei.center.publication.drafts.draft import Draft
from kaopei.center.publication.models import Publication
from kaopei.center.registry import queries as registry
from kaopei.center.registry import telephone
from kaopei.center.training.queries import classes as training
from kaopei.law.places import cities
from kaopei.office.clock import CHINA

Kind = Publication.Kind
SITE_KINDS = {"public": "公共考试基地", "attached": "依托培训机构", "campus": "校内考试点", "other": "其他"}


def drafts(city: str, at: datetime) -> Iterator[Draft]:
    """Every institution and every site of the city."""
    day = at.astimezone(CHINA).date()
    bodies = registry.institutions(city, day)
    teachers: dict[str, list[dict[str, str]]] = {}
    for one in training.registered(city, day):
        teachers.setdefault(one["依托单位"], []).append(_teacher(one))
    for body in bodies:
        yield Draft(Kind.INSTITUTION, body.code, _institution(body, city) | {"teachers": teachers.get(body.code, [])}, "N1.2.5")
    names = {body.code: body.name for body in bodies}
    for site in registry.sites(city, day):
        yield Draft(Kind.SITE, site.number, _site(site, city, names), "N2.2.4")


def _teacher(one: dict[str, str]) -> dict[str, str]:
    """一（二） N1.2.6: what lets people compare: the masked name, what he teaches, with which qualification, since when."""
    return {"name": one["名称"], "subject": one["业务范围或可考项目"], "state": one["状态"], "from": one["登记或验收日期"]}


def _institution(body: registry.InstitutionOn, city: str) -> dict[str, Any]:
    return {
        "city": city,
        "city_name": _city(city),
        "code": body.code,
        "name": body.name,
        "district": body.district,
        "address": body.address,
        # A mobile number belongs to a person, and a list of registered bodies need not name him.
        "phone": body.phone if telephone.is_office(body.phone) else "",
        "operations": sorted(body.scope),
        "registered": body.is_registered,
        "state": body.status_text,
        "registered_on": body.registered_on.isoformat() if body.registered_on else None,
    }


def _site(site: registry.SiteOn, city: str, names: dict[str, str]) -> dict[str, Any]:
    standings = [row for row in registry.standings(city, site.number) if row.ended_at is None]
    return {
        "city": city,
        "city_name": _city(city),
        "number": site.number,
        "name": site.name,
        "kind": site.kind,
        "kind_name": SITE_KINDS.get(site.kind, site.kind),
        "host": site.host_code,
        "host_name": names.get(site.host_code, ""),
        "district": site.district,
        "longitude": None if site.longitude is None else f"{site.longitude:f}",
        "latitude": None if site.latitude is None else f"{site.latitude:f}",
        "theory_seats": site.theory_seats,
        "theory": sorted(site.theory),
        "practical": sorted(site.practical),
        # Why a site is suspended may name people; until when it may hold no exam is what the public needs.
        "measures": [
            {
                "standing": row.standing,
                "from": row.from_day.isoformat(),
                "to": row.to_day.isoformat() if row.to_day else None,
            }
            for row in sorted(standings, key=lambda row: (row.from_day, row.pk))
        ],
    }


def _city(city: str) -> str:
    known = cities().get(city)
    return known.name if known else city
