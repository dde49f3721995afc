"""Day and city of a page of the register."""

import datetime as dt
from typing import Any

from django.http import HttpRequest

from kaopei.center.registry import queries
from kaopei.law.places import cities
from kaopei.office import clock


def day_of(text: str | None) -> dt.date | None:
    """A day as an address gives it; nothing if it is none."""
    try:
        return dt.date.fromisoformat(text or "")
    except ValueError:
        return None


def frame(request: HttpRequest) -> dict[str, Any]:
    """Today and the person's city unless the address says otherwise; the province chooses a city."""
    day = day_of(request.GET.get("day")) or clock.today()
    mine = request.user.city
    city = mine if mine != "*" else request.GET.get("city", "")
    known = sorted(queries.cities_in_sight())
    if city not in known and mine == "*":
        city = known[0] if known else ""
    choices = [(code, cities()[code].name if code in cities() else code) for code in known] if mine == "*" else []
    return {"day": day, "city": city, "choices": choices}
