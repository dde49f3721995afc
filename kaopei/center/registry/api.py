"""The register for machines: institutions and sites as of a day."""

import datetime as dt
from typing import Annotated

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from kaopei.center.registry import queries
from kaopei.office import clock
from kaopei.office.api import REFUSALS, Missing, needs

router = Router(tags=["registry"])
City = Annotated[str, Field(pattern="^[0-9]{6}$")]
Code = Annotated[str, Field(pattern="^[0-9A-Z]{1,18}$")]


class InstitutionOut(Schema):
    """一（一） An institution as it stood on the day."""

    code: str
    name: str
    district: str
    address: str
    scope: list[str]
    is_registered: bool
    status_text: str
    registered_on: dt.date | None


class SiteOut(Schema):
    """二（二） An exam site as it stood on the day; standing good, suspended, disqualified or deregistered."""

    number: str
    name: str
    kind: str
    host_code: str
    district: str
    theory_seats: int
    theory: list[str]
    practical: list[str]
    standing: str


class Asked(Schema):
    """Which city (needed by the province only) and as of which day (today unless given)."""

    city: City | None = None
    day: dt.date | None = None


def _where(request: HttpRequest, asked: Asked) -> tuple[str, dt.date]:
    """Another city than one's own is not told apart from one without rows."""
    mine = request.user.city
    return (asked.city or "" if mine == "*" else mine), asked.day or clock.today()


@router.get("/institutions", response={200: list[InstitutionOut], **REFUSALS}, operation_id="institutions", summary="培训机构登记名单")
def institutions(request: HttpRequest, asked: Query[Asked]) -> list[queries.InstitutionOn]:
    """Every institution of the city; an institution's own people see their own only."""
    needs(request, "registry.view")
    own = request.user.institution
    return [one for one in queries.institutions(*_where(request, asked)) if own in ("", one.code)]


@router.get("/institutions/{code}", response={200: InstitutionOut, **REFUSALS}, operation_id="institution", summary="一家培训机构")
def institution(request: HttpRequest, code: Code, asked: Query[Asked]) -> queries.InstitutionOn:
    """One institution by its credit code."""
    needs(request, "registry.view")
    city, day = _where(request, asked)
    found = queries.institution(city, code, day)
    if found is None or request.user.institution not in ("", code):
        raise Missing
    return found


@router.get("/sites", response={200: list[SiteOut], **REFUSALS}, operation_id="sites", summary="考试点名单")
def sites(request: HttpRequest, asked: Query[Asked]) -> list[queries.SiteOn]:
    """Every exam site of the city."""
    needs(request, "registry.view")
    return queries.sites(*_where(request, asked))
