"""What an address asks for, read with care: a nonsensical day or city is said to be one, never guessed."""

from datetime import date, datetime
from typing import Any

from django.http import Http404, HttpRequest

from kaopei.office import clock
from kaopei.portal.listing import Asked

LONGEST = 60
FIRST_DAY = date(2000, 1, 1)


class Unclear(ValueError):
    """A filter that cannot be read; the text says which and how to write it."""


def asked(request: HttpRequest, *, day_name: str = "on") -> Asked:
    """Filters of the address. Raises Unclear for a day that is none."""
    at = clock.now()
    return _asked(request, at, _day(request.GET.get(day_name, ""), at.date()))


def asked_or_today(request: HttpRequest, *, day_name: str) -> tuple[Asked, str]:
    """The filters, with today in place of a day that cannot be read; and what was wrong with it."""
    try:
        return asked(request, day_name=day_name), ""
    except Unclear as problem:
        at = clock.now()
        return _asked(request, at, at.date()), str(problem)


def _asked(request: HttpRequest, at: datetime, on: date) -> Asked:
    get = request.GET
    return Asked(
        at=at,
        on=on,
        city=_short(get.get("city", "")),
        words=_short(get.get("q", "")),
        work=_short(get.get("work", "")),
        site=_short(get.get("site", "")),
        part=get.get("part", "") if get.get("part", "") in ("T", "P") else "",
    )


def _day(text: str, today: date) -> date:
    if not text.strip():
        return today
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        raise Unclear(f"日期“{text[:20]}”读不出，请写成 2026-12-07 的样子") from None
    if not FIRST_DAY <= day <= date(today.year + 20, 1, 1):
        raise Unclear(f"日期 {day} 太早或太晚，请改用 {FIRST_DAY.year} 年以后的日期")
    return day


def _short(text: str) -> str:
    # PostgreSQL knows no NUL in a text.
    return text.replace("\0", "").strip()[:LONGEST]


def kept(request: HttpRequest) -> str:
    """The filters again, for links to the same rows in another form."""
    query: Any = request.GET.copy()
    query.pop("page", None)
    return f"?{query.urlencode()}" if query else ""


def short_or_404(text: str) -> str:
    """A number out of an address."""
    found = _short(text)
    if not found or found != text:
        raise Http404(text[:LONGEST])
    return found
