"""Sittings and draws for machines: what the lists of the pages say, without anybody's name."""

import datetime as dt
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from kaopei.center.allocation import queries
from kaopei.office.api import REFUSALS, needs

router = Router(tags=["allocation"])
MOST = 500


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


class Page(Schema):
    """Rows `first` to `first` + `count` - 1 of the list, at most 500."""

    batch: Annotated[str, Field(pattern="^[0-9A-Za-z-]{1,40}$")] | None = None
    first: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    count: Annotated[int, Field(ge=1, le=MOST)] = 100


@router.get("/sittings", response={200: list[SittingOut], **REFUSALS}, operation_id="sittings", summary="考试场次")
def sittings(request: HttpRequest, page: Query[Page]) -> list[Any]:
    """Sittings of the scope by day, start and number."""
    needs(request, "allocation.view")
    return list(queries.sittings(batch=page.batch or "")[page.first : page.first + page.count])
