"""Results for machines: how far each sitting is, and released results by ticket. No name, no identity number."""

import datetime as dt
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from kaopei.center.results import queries
from kaopei.office.api import Missing, Slice, reads

router = Router(tags=["results"])
VIEW = "results.view"


class StageOut(Schema):
    """Where a sitting is with its results; `due`: the last day for releasing them."""

    sitting: str
    site: str
    day: dt.date
    due: dt.date | None
    state: str
    rev: int
    counts: dict[str, int]
    released_at: dt.datetime | None


class ResultOut(Schema):
    """二（六） A released result in force."""

    ticket: str
    subject: str
    part: str
    kind: str
    grade: str
    score: int | None
    max_score: int | None
    answered: int
    day: dt.date


@reads(router, "/", list[StageOut], act=VIEW, summary="成绩办理进度")
def stages(request: HttpRequest, page: Query[Slice]) -> list[dict[str, Any]]:
    """Sittings that were handed back."""
    names = ("sitting", "site", "day", "state", "rev", "counts", "released_at")
    rows = queries.described(page.of(queries.handed_back()))
    return [{**{name: getattr(one, name) for name in names}, "due": one.due.day} for one in rows]


@reads(router, "/{sitting}", list[ResultOut], act=VIEW, summary="一场考试已发布的成绩（按准考证号）")
def released_results(request: HttpRequest, sitting: Annotated[str, Field(pattern="^[0-9A-Za-z-]{1,40}$")], page: Query[Slice]) -> list[Any]:
    """Released results in force; 404 before release."""
    if queries.release(sitting) is None:
        raise Missing
    return page.of(queries.results(sitting))
