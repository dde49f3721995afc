"""Spreadsheets of the register for machines: a dry run with a verdict on every row, then the commit of exactly what it showed."""

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Form, Query, Schema
from pydantic import Field

from kaopei.center.registry import actions, sheets
from kaopei.center.registry.api.frame import router
from kaopei.center.registry.models import Sheet
from kaopei.center.registry.queries import papers
from kaopei.center.registry.sheets import LISTS
from kaopei.center.registry.unusable import Unusable
from kaopei.office import clock
from kaopei.office.api import File, Missing, Slice, Unfit, UploadedFile, changes, reads

Number = Annotated[str, Field(pattern="^[0-9-]{1,24}$")]


class ListOut(Schema):
    """A kind of list: its columns; `whole`: what it no longer names is struck out."""

    name: str
    columns: list[str]
    whole: bool
    personal: bool


class SheetOut(Schema):
    """A spreadsheet as it was handed in."""

    number: str
    list: str
    filename: str
    status: str
    rows: int
    changed: int


class RowOut(Schema):
    """What becomes of a row: new, changed, same, refuse, gone; and why. Cells with people are masked."""

    row: int
    decision: str
    cells: list[str]
    messages: list[str]


class DryRun(SheetOut):
    """The spreadsheet with its verdicts; `digest` is named again to commit exactly this."""

    digest: str
    verdicts: list[RowOut]


class Which(Schema):
    """The kind of list, by its name."""

    list: Annotated[str, Field(max_length=20)]


class Shown(Schema):
    """The digest that the dry run gave."""

    digest: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


def _shown(row: Sheet, page: Slice) -> dict[str, Any]:
    waits = row.status == Sheet.Status.READ
    content = bytes(row.content)
    found = sheets.judged(row.list, content, row.filename, row.city, clock.now())[0] if waits else []
    plain = {name: getattr(row, name) for name in ("number", "list", "filename", "status", "rows", "changed")}
    return {**plain, "digest": sheets.digest(content, found) if waits else row.digest, "verdicts": page.of(found)}


@reads(router, "/lists", list[ListOut], act="registry.people", summary="登记表格的种类与列")
def lists(request: HttpRequest) -> list[dict[str, Any]]:
    """Which lists are taken, and their columns."""
    return [{"name": name, "columns": kind.columns, "whole": kind.whole, "personal": kind.personal} for name, kind in LISTS.items()]


@reads(router, "/sheets", list[SheetOut], act="registry.people", summary="上传过的登记表格")
def uploaded_sheets(request: HttpRequest, page: Query[Slice]) -> list[Any]:
    """Spreadsheets in sight, the latest first."""
    return page.of(papers.sheets())


@changes(router, "/sheets/read", DryRun, act="registry.sheet", summary="试算：上传登记表格，逐行给出结论，不改动登记")
def read_sheet(request: HttpRequest, which: Form[Which], file: File[UploadedFile]) -> dict[str, Any]:
    """Dry run: the list is kept with what would become of its rows; the register stays as it is."""
    if which.list not in LISTS:
        raise Unfit(f"没有这种登记表格；可用：{'、'.join(LISTS)}。")
    if request.user.city == "*":
        raise Unfit("登记表格由所在市的考务员上传。")
    try:
        made = actions.read_sheet(
            which.list, content=file.read(), filename=file.name or "", city=request.user.city, by=request.user, at=clock.now()
        )
    except Unusable as problem:
        raise Unfit(str(problem)) from None
    return _shown(made, Slice())


@reads(router, "/sheets/{number}", DryRun, act="registry.people", summary="一份登记表格的逐行结论")
def sheet(request: HttpRequest, number: Number, page: Query[Slice]) -> dict[str, Any]:
    """The verdict on every row as of now, while it waits."""
    row = papers.sheet(number)
    if row is None:
        raise Missing
    return _shown(row, page)


@changes(router, "/sheets/{number}/apply", SheetOut, act="registry.sheet", summary="写入：试算过的登记表格，一次全部写入")
def apply_sheet(request: HttpRequest, number: Number, shown: Form[Shown]) -> Sheet:
    """Commit: whole or not at all, and only if the verdicts are still those that were shown."""
    if papers.sheet(number) is None:
        raise Missing
    return actions.apply_sheet(number, digest_shown=shown.digest, by=request.user, at=clock.now())
