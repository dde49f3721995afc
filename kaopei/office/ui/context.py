"""What every page knows: person, role, city, the left column, language, rehearsal."""

from typing import Any

from django.apps import apps
from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from kaopei.law import places
from kaopei.office import clock, trusted
from kaopei.office.accounts import queries as accounts
from kaopei.office.accounts import roles


def frame(request: HttpRequest) -> dict[str, Any]:
    """Context of ui/page.html."""
    user = getattr(request, "user", None)
    known = user is not None and user.is_authenticated
    return {
        "lang": getattr(request, "lang", "zh"),
        "person": user if known else None,
        "person_roles": roles.names(user.held()) if known else "",
        "person_city": city_name(user.city) if known else "",
        "nav": navigation(request, user) if known else [],
        "rehearsal": trusted.rehearsal(settings.DATA),
        "now": clock.now(),
        "program": getattr(settings, "PROGRAM_NAME", "考培"),
        "program_en": getattr(settings, "PROGRAM_ENGLISH", "Kaopei"),
        "emergency": accounts.opened(user, clock.now()) if known else None,
        "may_exports": known and roles.judge(user, "exports.take").allowed,
        "may_people": known and roles.judge(user, "accounts.view").allowed,
        "may_events": known and roles.judge(user, "audit.view").allowed,
    }


def navigation(request: HttpRequest, user: Any) -> list[dict[str, Any]]:
    """The apps of settings.NAV in the order of the work, each with the pages this person may open."""
    groups = []
    for label in settings.NAV:
        config = apps.get_app_config(label)
        items = [_item(request, item) for item in getattr(config, "nav", []) if roles.judge(user, item.act).allowed]
        # /sittings/machines/ lies under /sittings/: only the nearest is where we are.
        nearest = max((len(item["url"]) for item in items if item["here"]), default=0)
        for item in items:
            item["here"] = item["here"] and len(item["url"]) == nearest
        if items:
            groups.append({"zh": config.verbose_name, "en": getattr(config, "english", label.title()), "items": items})
    return groups


def _item(request: HttpRequest, item: Any) -> dict[str, Any]:
    try:
        url = reverse(item.url) if not item.url.startswith("/") else item.url
    except NoReverseMatch:
        raise ValueError(f"导航项 {item.zh} 的地址 {item.url} 不存在") from None
    return {"zh": item.zh, "en": item.en, "url": url, "here": request.path.startswith(url)}


def city_name(city: str) -> str:
    """Chinese name of a city code; the code itself if unknown."""
    if city == "*":
        return "全省"
    known = places.cities().get(city)
    return known.name if known else city
