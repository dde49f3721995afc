"""Sittings, seats, draws and duty rosters for machines: what the pages say, people by pseudonym or by the beginning of their index."""

import datetime as dt
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from kaopei.center.allocation import queries
from kaopei.center.allocation.queries import duty
from kaopei.office.api import Missing, Slice, reads

router = Router(tags=["allocation"])
VIEW = "allocation.view"
Number = Annotated[str, Field(pattern="^[0-9A-Za-z-]{1,40}$")]


class SittingOut(Schema):
    """A sitting of the plan: seats there are, and candidates placed."""

    number: str
    city: str
    site: str
    day: dt.date
    start: dt.time
    end: dt.time
    part: str
    subjects: list[str]
    seats: int
    placed: int


class SeatOut(Schema):
    """Who sits where, by pseudonym; the exemption is the duty that lets him sit at his own institution's site."""

    pseudonym: str
    subject: str
    institution: str
    room: str
    seat: str
    exemption: str


class DrawOut(Schema):
    """二（三） A draw and how far it is; `follows`: the draw that it changes."""

    number: str
    city: str
    batch: str
    part: str
    follows: str
    status: str
    rule_document: str
    rule_published_on: dt.date


class RosterOut(Schema):
    """二（五） A duty draw."""

    number: str
    kind: str
    first_day: dt.date
    last_day: dt.date
    status: str
    input_digest: str
    seed: str


class PlaceOut(Schema):
    """One duty and who fills it; empty: nobody can."""

    position: int
    sitting: str
    site: str
    day: dt.date
    start: dt.time
    end: dt.time
    role: str
    person: str


class Page(Slice):
    """A slice, of one batch if named."""

    batch: Number | None = None


@reads(router, "/sittings", list[SittingOut], act=VIEW, summary="考试场次")
def sittings(request: HttpRequest, page: Query[Page]) -> list[Any]:
    """Sittings of the scope by day, start and number."""
    return page.of(queries.sittings(batch=page.batch or ""))


@reads(router, "/sittings/{number}", SittingOut, act=VIEW, summary="一场考试")
def planned_sitting(request: HttpRequest, number: Number) -> Any:
    """One by its number."""
    found = queries.sittings().filter(number=number).first()
    if found is None:
        raise Missing
    return found


@reads(router, "/sittings/{number}/seats", list[SeatOut], act=VIEW, summary="一场考试的座位（按假名）")
def seats(request: HttpRequest, number: Number, page: Query[Slice]) -> list[Any]:
    """Who sits where, by pseudonym, as the draws in force say."""
    if queries.sitting(number) is None:
        raise Missing
    return page.of(queries.seated(number))


@reads(router, "/draws", list[DrawOut], act=VIEW, summary="抽签")
def draws(request: HttpRequest, page: Query[Slice]) -> list[Any]:
    """Draws of the scope."""
    return page.of(queries.draws())


@reads(router, "/rosters", list[RosterOut], act=VIEW, summary="考务排班")
def rosters(request: HttpRequest, page: Query[Slice]) -> list[Any]:
    """Duty draws of the scope."""
    return page.of(duty.rosters())


@reads(router, "/rosters/{number}/places", list[PlaceOut], act=VIEW, summary="一次排班的岗位")
def duty_places(request: HttpRequest, number: Number, page: Query[Slice]) -> list[dict[str, Any]]:
    """Every duty of a roster; people by the beginning of their index."""
    found = duty.duty_roster(number)
    if found is None:
        raise Missing
    names = ("position", "sitting", "site", "day", "start", "end", "role")
    rows = page.of(found.places.order_by("position"))
    return [{**{name: getattr(row, name) for name in names}, "person": row.person[:12]} for row in rows]
