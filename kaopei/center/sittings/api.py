"""The conduct of sittings for machines: how far each is, its parcels by digest, machines and device lists of sites."""

import datetime as dt
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from kaopei.center.sittings import queries
from kaopei.office.api import Missing, Slice, reads

router = Router(tags=["sittings"])
VIEW = "sittings.view"


class ConductOut(Schema):
    """How far the parcels of a sitting have come."""

    sitting: str
    city: str
    site: str
    starts_at: dt.datetime
    ends_at: dt.datetime
    form_set: str
    status: str


class ArtefactOut(Schema):
    """A parcel or slip of a sitting; the bytes stay where they are."""

    kind: str
    digest: str


class MachineOut(Schema):
    """An exam server of a site."""

    serial: str
    site: str
    function: str
    status: str
    not_before: dt.datetime
    not_after: dt.datetime


class BaselineOut(Schema):
    """The accepted device list of a site."""

    site: str
    rev: int
    digest: str
    accepted_at: dt.datetime


@reads(router, "/", list[ConductOut], act=VIEW, summary="考试实施进度")
def conducts(request: HttpRequest, page: Query[Slice]) -> list[Any]:
    """Sittings that have begun, by start."""
    return page.of(queries.conducts())


@reads(router, "/machines", list[MachineOut], act=VIEW, summary="考试服务器")
def exam_servers(request: HttpRequest, page: Query[Slice]) -> list[Any]:
    """Machines in sight."""
    return page.of(queries.machines())


@reads(router, "/devices", list[BaselineOut], act=VIEW, summary="验收过的设备清单")
def device_lists(request: HttpRequest, page: Query[Slice]) -> list[Any]:
    """The accepted list of each site."""
    return page.of(queries.baselines())


@reads(router, "/{sitting}/artefacts", list[ArtefactOut], act=VIEW, summary="一场考试的密封包与凭条（摘要）")
def artefacts(request: HttpRequest, sitting: Annotated[str, Field(pattern="^[0-9A-Za-z-]{1,40}$")], page: Query[Slice]) -> list[Any]:
    """Parcels and slips of a sitting by kind and digest."""
    found = queries.conduct(sitting)
    if found is None:
        raise Missing
    return page.of(queries.artefacts(found))
