"""The intake for machines: packs with their verdicts, applications without names; a pack as a dry run, then confirmed."""

import datetime as dt
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from kaopei.center.applications import actions, queries
from kaopei.center.applications.models import Intake
from kaopei.center.applications.pack import Unusable
from kaopei.office import clock
from kaopei.office.api import File, Missing, Slice, Unfit, UploadedFile, changes, reads

router = Router(tags=["applications"])
VIEW = "applications.view"
Number = Annotated[str, Field(pattern="^[0-9-]{1,30}$")]
MOST_BYTES = 64 * 1024 * 1024


class BatchOut(Schema):
    """A month's examinations of a city."""

    number: str
    city: str
    first_day: dt.date
    last_day: dt.date


class IntakeOut(Schema):
    """A pack that was handed in: how many rows of each decision."""

    number: str
    status: str
    counts: dict[str, Any]
    received_at: dt.datetime
    confirmed_at: dt.datetime | None


class VerdictOut(Schema):
    """What becomes of a row: accept, refuse or hold, with code, reason, clause and the cell."""

    serial: str
    decision: str
    code: str
    reason: str
    clause: str
    cell: str


class HeldOut(Schema):
    """An application that waits for a person."""

    batch: str
    serial: str
    institution_code: str
    operation: str
    kind: str


@reads(router, "/batches", list[BatchOut], act=VIEW, summary="批次")
def batches(request: HttpRequest, page: Query[Slice]) -> list[Any]:
    """Batches in sight, the latest first."""
    return page.of(queries.batches())


@reads(router, "/intakes", list[IntakeOut], act=VIEW, summary="受理的表格")
def intakes(request: HttpRequest, page: Query[Slice]) -> list[Any]:
    """Packs in sight, the latest first."""
    return page.of(queries.intakes())


@changes(router, "/intakes/read", IntakeOut, act="applications.intake", summary="试算：上传一个月的表格，逐行给出结论，不入库")
def read_intake(request: HttpRequest, files: File[list[UploadedFile]]) -> Intake:
    """Dry run: the pack is kept with its verdicts; nothing else changes before it is confirmed."""
    if sum(one.size or 0 for one in files) > MOST_BYTES:
        raise Unfit("文件合计太大，请检查是否选错。")
    city = "" if request.user.city == "*" else request.user.city
    try:
        return actions.receive({one.name or "": one.read() for one in files}, city=city, by=request.user, at=clock.now())
    except Unusable as problem:
        raise Unfit(str(problem)) from None


def _intake(number: str) -> Intake:
    found = queries.intake(number)
    if found is None:
        raise Missing
    return found


@reads(router, "/intakes/{number}", IntakeOut, act=VIEW, summary="一次受理")
def intake(request: HttpRequest, number: Number) -> Intake:
    """One by its number."""
    return _intake(number)


@reads(router, "/intakes/{number}/verdicts", list[VerdictOut], act=VIEW, summary="一次受理的逐行结论")
def verdicts(request: HttpRequest, number: Number, page: Query[Slice]) -> list[dict[str, str]]:
    """The verdict on every row, in the order of the sheet."""
    return [dict(zip(VerdictOut.model_fields, row, strict=True)) for row in page.of(queries.verdict_rows(_intake(number)))]


@reads(router, "/held", list[HeldOut], act=VIEW, summary="待定的报名")
def held(request: HttpRequest, page: Query[Slice]) -> list[dict[str, str]]:
    """Applications that wait for a person, the longest waiting first."""
    names = ("serial", "institution_code", "operation", "kind")
    return [{"batch": row.batch.number, **{name: getattr(row, name) for name in names}} for row in page.of(queries.held())]


@changes(router, "/intakes/{number}/confirm", IntakeOut, act="applications.intake", summary="确认：一次全部入库")
def confirm_intake(request: HttpRequest, number: Number) -> Intake:
    """Commit: all of it or nothing."""
    try:
        return actions.confirm(_intake(number), by=request.user, at=clock.now())
    except Unusable as problem:
        raise Unfit(str(problem)) from None
