"""The register for machines: bodies, people (masked), ties, standing and reports; the register as of a day and its differences."""

import datetime as dt
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Schema
from pydantic import Field

from kaopei.center.registry import gates, queries
from kaopei.center.registry.api.frame import router
from kaopei.center.registry.queries import asof, papers
from kaopei.office import clock
from kaopei.office.api import Missing, Slice, reads
from kaopei.office.clock import CHINA
from kaopei.office.personal import mask_name

City = Annotated[str, Field(pattern="^[0-9]{6}$")]
Code = Annotated[str, Field(pattern="^[0-9A-Z]{1,18}$")]
VIEW = "registry.view"


class InstitutionOut(Schema):
    """一（一） An institution or online platform as it stood on the day."""

    code: str
    kind: str
    name: str
    district: str
    address: str
    website: str
    scope: list[str]
    is_registered: bool
    status_text: str
    registered_on: dt.date | None
    standing: str


class SiteOut(Schema):
    """二（二） An exam site as it stood on the day; standing good, suspended, disqualified or deregistered."""

    number: str
    name: str
    kind: str
    host_code: str
    district: str
    theory_seats: int
    rooms: list[tuple[str, int]]
    theory: list[str]
    practical: list[str]
    standing: str
    agreement: str
    agreement_from: dt.date | None
    agreement_to: dt.date | None
    accepted_on: dt.date | None


class TurnOut(Schema):
    """三 One stretch of a body's time line."""

    from_day: dt.date
    to_day: dt.date | None
    state: str
    text: str
    ground: str
    reason: str
    source: str


class StaffOut(Schema):
    """二（五） A person of the staff file, the name masked; `may_be_sent` by the gates of the day, with the reason if not."""

    person: str
    name: str
    post: str
    full_time: bool
    institution_code: str
    trained_on: dt.date | None
    appraisal: str
    pledge_until: dt.date | None
    agreement_until: dt.date | None
    may_be_sent: bool
    reason: str


class TieOut(Schema):
    """二（二） A tie between two bodies, and whether it counts on the day."""

    one_code: str
    one_name: str
    kind: str
    other_code: str
    other_name: str
    share: float | None
    from_day: dt.date | None
    to_day: dt.date | None
    source: str
    counts: bool


class ReportOut(Schema):
    """一（二） A written report: receipt number, kind, who, when due, what became of it."""

    number: str
    kind: str
    code: str
    changed_on: dt.date
    days_late: int
    submitted_at: dt.datetime
    due_on: dt.date | None
    status: str
    reasons: str
    decided_at: dt.datetime | None


class ExamBodyOut(Schema):
    """二（一） An exam body of the city, from … to."""

    name: str
    nature: str
    document: str
    from_day: dt.date
    to_day: dt.date | None


class EntryOut(Schema):
    """One line of the register as of a day: institution, platform, site or teacher; cells by column."""

    kind: str
    code: str
    cells: dict[str, str]


class DifferenceOut(Schema):
    """One line that differs between two days: (column, before, after)."""

    what: str
    kind: str
    code: str
    name: str
    words: list[tuple[str, str, str]]


class Asked(Schema):
    """Which city (needed by the province only) and as of which day (today unless given)."""

    city: City | None = None
    day: dt.date | None = None


class AskedPage(Slice, Asked):
    """The same, a slice of the list."""


class Between(Slice):
    """Two days, and a slice."""

    city: City | None = None
    before: dt.date
    after: dt.date


def _city(request: HttpRequest, city: str | None) -> str:
    """Another city than one's own is not told apart from one without rows."""
    return city or "" if request.user.city == "*" else request.user.city


def _where(request: HttpRequest, asked: Asked) -> tuple[str, dt.date]:
    return _city(request, asked.city), asked.day or clock.today()


def _bodies(request: HttpRequest, asked: Asked, kind: str) -> list[queries.InstitutionOn]:
    """An institution's own people see their own only."""
    own = request.user.institution
    return [one for one in queries.institutions(*_where(request, asked)) if own in ("", one.code) and one.kind == kind]


@reads(router, "/institutions", list[InstitutionOut], act=VIEW, summary="培训机构登记名单")
def institutions(request: HttpRequest, asked: Query[Asked]) -> list[queries.InstitutionOn]:
    """Every institution of the city."""
    return _bodies(request, asked, "institution")


@reads(router, "/platforms", list[InstitutionOut], act=VIEW, summary="网络培训平台登记名单")
def platforms(request: HttpRequest, asked: Query[Asked]) -> list[queries.InstitutionOn]:
    """Every online platform of the city."""
    return _bodies(request, asked, "platform")


@reads(router, "/institutions/{code}", InstitutionOut, act=VIEW, summary="一家培训机构或平台")
def institution(request: HttpRequest, code: Code, asked: Query[Asked]) -> queries.InstitutionOn:
    """One by its credit code."""
    found = queries.institution(*_one(request, asked, code))
    if found is None or request.user.institution not in ("", code):
        raise Missing
    return found


def _one(request: HttpRequest, asked: Asked, code: str) -> tuple[str, str, dt.date]:
    city, day = _where(request, asked)
    return city, code, day


@reads(router, "/sites", list[SiteOut], act=VIEW, summary="考试点名单")
def sites(request: HttpRequest, asked: Query[Asked]) -> list[queries.SiteOn]:
    """Every exam site of the city."""
    return queries.sites(*_where(request, asked))


@reads(router, "/sites/{code}", SiteOut, act=VIEW, summary="一个考试点")
def site(request: HttpRequest, code: Code, asked: Query[Asked]) -> queries.SiteOn:
    """One by its number."""
    found = queries.site(*_one(request, asked, code))
    if found is None:
        raise Missing
    return found


@reads(router, "/standing/{code}", list[TurnOut], act=VIEW, summary="资格时间线")
def standing(request: HttpRequest, code: Code, asked: Query[Asked]) -> list[Any]:
    """The time line of an institution or a site: registered, barred or suspended by measure, resumed."""
    if request.user.institution not in ("", code):
        raise Missing
    return queries.timeline(_city(request, asked.city), code)


@reads(router, "/ties", list[TieOut], act=VIEW, summary="机构关联")
def ties(request: HttpRequest, asked: Query[AskedPage]) -> list[queries.TieOn]:
    """Ties that are listed."""
    return asked.of(queries.ties(*_where(request, asked)))


@reads(router, "/reports", list[ReportOut], act=VIEW, summary="书面报告")
def reports(request: HttpRequest, page: Query[Slice]) -> list[Any]:
    """Written reports, those that wait first; an institution sees its own."""
    return page.of(papers.reports(request.user.institution))


@reads(router, "/exam-bodies", list[ExamBodyOut], act=VIEW, summary="考试机构")
def exam_bodies(request: HttpRequest, asked: Query[Asked]) -> list[Any]:
    """Every exam body that the city ever had, the latest first."""
    return papers.exam_bodies(_city(request, asked.city))


@reads(router, "/staff", list[StaffOut], act="registry.people", summary="考务人员")
def staff(request: HttpRequest, asked: Query[AskedPage]) -> list[dict[str, Any]]:
    """The staff file, names masked, with the verdict of the gates on the day."""
    city, day = _where(request, asked)
    found = []
    for row in asked.of(queries.staff(city)):
        verdict = gates.of(row, day)
        found.append(
            {
                "person": row.person[:12], "name": mask_name(row.name), "post": row.post, "full_time": row.full_time,
                "institution_code": row.institution_code, "trained_on": row.trained_on, "appraisal": row.appraisal,
                "pledge_until": row.pledge_until, "agreement_until": row.agreement_until, "may_be_sent": verdict.allowed,
                "reason": "" if verdict.allowed else verdict.text,
            }
        )  # fmt: skip
    return found


class AsKnown(AskedPage):
    """As of a day, as the register knew it at the end of another."""

    known: dt.date | None = None


def _entries(request: HttpRequest, city: str, day: dt.date, known: dt.date | None = None) -> list[asof.Entry]:
    until = dt.datetime.combine(known, dt.time.max, CHINA) if known else None
    found, own = asof.entries(city, day, until), request.user.institution
    return asof.of_institution(found, own) if own else found


@reads(router, "/register", list[EntryOut], act=VIEW, summary="登记名单（截至某日、按某日掌握的情况）")
def register(request: HttpRequest, asked: Query[AsKnown]) -> list[dict[str, Any]]:
    """The whole register as it stood on a day: institutions, platforms, sites, teachers."""
    city, day = _where(request, asked)
    rows = asked.of(_entries(request, city, day, asked.known))
    return [{"kind": one.kind, "code": one.code, "cells": dict(zip(asof.COLUMNS, one.cells, strict=True))} for one in rows]


@reads(router, "/differences", list[DifferenceOut], act=VIEW, summary="两日之间登记的变化")
def differences(request: HttpRequest, asked: Query[Between]) -> list[asof.Difference]:
    """What differs from one day to another, line by line and word by word."""
    city = _city(request, asked.city)
    return asked.of(list(asof.differences(*(_entries(request, city, day) for day in (asked.before, asked.after)))))
