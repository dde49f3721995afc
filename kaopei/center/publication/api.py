"""What is public, for the office's machines: word for word, at any moment; the public's own files are the portal's."""

import datetime as dt
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from kaopei.center.publication import queries
from kaopei.center.publication.drafts import GROUPS
from kaopei.office import clock
from kaopei.office.api import Missing, Slice, reads
from kaopei.office.clock import CHINA

router = Router(tags=["publication"])
VIEW = "publication.view"
OPEN_KINDS = Literal["institution", "site", "sitting", "draw"]


class PublishedOut(Schema):
    """One public statement."""

    city: str
    kind: str
    object: str
    version: int
    content: dict[str, Any]
    digest: str
    ground: str
    since: dt.datetime
    until: dt.datetime | None


class DiffersOut(Schema):
    """What differs between two publications, object by object: (field, before, after)."""

    what: str
    kind: str
    object: str
    name: str
    words: list[tuple[str, Any, Any]]


class Kind(Slice):
    """Which kind, and as of the end of which day (now unless given)."""

    kind: OPEN_KINDS = "institution"
    day: dt.date | None = None


class Days(Slice):
    """From the end of one day to the end of another."""

    before: dt.date
    after: dt.date


@reads(router, "/public", list[PublishedOut], act=VIEW, summary="公布中的内容（机构、考试点、场次、抽签）")
def public_statements(request: HttpRequest, asked: Query[Kind]) -> list[Any]:
    """What was public at that moment."""
    at = dt.datetime.combine(asked.day, dt.time.max, CHINA) if asked.day else clock.now()
    city = "" if request.user.city == "*" else request.user.city
    return asked.of(queries.public(asked.kind, at, city=city))


@reads(router, "/{group}/changes", list[DiffersOut], act=VIEW, summary="两次公布之间的变化")
def public_changes(request: HttpRequest, group: Annotated[str, Field(pattern="^[a-z_]{1,20}$")], asked: Query[Days]) -> list[Any]:
    """Differences between what was public on two days."""
    # What names people's results or certificates is not compared here.
    if group not in ("register", "calendar", "draws") or request.user.city == "*":
        raise Missing
    first, last = (dt.datetime.combine(day, dt.time.max, CHINA) for day in (asked.before, asked.after))
    return asked.of(queries.between(GROUPS[group].kinds, first, last, request.user.city))
