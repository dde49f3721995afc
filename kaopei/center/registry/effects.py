"""三 What a measure against a body would meet: counted before anybody signs it, and told to the second person."""

import datetime as dt
from dataclasses import dataclass

from django.apps import apps
from django.urls import reverse

from kaopei.center.registry import queries


@dataclass(frozen=True, slots=True)
class Effect:
    """So many of something; in both languages, with the page that shows them."""

    zh: str
    en: str
    count: int
    url: str = ""


def affected(city: str, code: str, first: dt.date, last: dt.date | None) -> list[Effect]:
    """Sites on its premises, and what later apps know (`AppConfig.affected(city, code, first, last)`): classes, sittings, candidates."""
    hosted = [site for site in queries.sites(city, first) if site.host_code == code and site.is_listed]
    words = ("设在该机构的考试点（不因此暂停，另行决定）", "sites on its premises (not suspended by this)")
    found = [Effect(*words, len(hosted), reverse("registry:sites"))]
    for config in apps.get_app_configs():
        ask = getattr(config, "affected", None)
        found += [Effect(*one) for one in ask(city, code, first, last)] if ask else []
    return [one for one in found if one.count]
