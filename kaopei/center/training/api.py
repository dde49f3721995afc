"""Training for machines: teachers, classes, rosters, hours, leads, visits, proofs. People by masked name; an institution sees its own."""

import datetime as dt
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Form, Query, Router, Schema
from pydantic import Field

from kaopei.center.registry.unusable import Unusable
from kaopei.center.training import lesson_sheet
from kaopei.center.training.actions import classes as actions
from kaopei.center.training.models import Enrolment, TrainingClass
from kaopei.center.training.queries import classes, files, hours, people, visits
from kaopei.center.training.queries import conditions as conditions_of
from kaopei.center.training.queries import syllabus as syllabuses
from kaopei.office import clock
from kaopei.office.api import File, Missing, Slice, Unfit, UploadedFile, changes, reads
from kaopei.office.personal import mask_name

router = Router(tags=["training"])
City = Annotated[str, Field(pattern="^[0-9]{6}$")]
Number = Annotated[str, Field(pattern="^[0-9A-Za-z\u4e00-\u9fff-]{1,40}$")]
VIEW = "training.view"


class TeacherOut(Schema):
    """一（三） A teacher as reported, as of a day."""

    number: str
    name: str
    institution_code: str
    subject: str
    qualification: str
    from_day: dt.date | None
    to_day: dt.date | None
    until: dt.date | None


class ClassOut(Schema):
    """一（三） A class: what, where, when, how far."""

    number: str
    institution_code: str
    operation: str
    kind: str
    first_day: dt.date
    last_day: dt.date
    room: str
    capacity: int | None
    status: str
    report_number: str


class LessonOut(Schema):
    """A lesson of the timetable."""

    place: int
    day: dt.date
    starts_at: dt.datetime
    ends_at: dt.datetime
    unit: str
    room: str
    status: str


class LessonRowOut(Schema):
    """A row of a timetable that was tried: planned if it is applied, or why it cannot be."""

    row: int
    fits: bool
    cells: list[str]
    why: str
    clause: str


class LessonsTried(Schema):
    """Every row's verdict and what was left out of the file; `token` is handed back to plan exactly these rows, empty while a row does not fit."""

    rows: list[LessonRowOut]
    told: list[str]
    token: str


class LessonsShown(Schema):
    """The token that the dry run gave."""

    token: Annotated[str, Field(max_length=200_000)]


class TraineeOut(Schema):
    """一（三） A trainee of a class, the name masked, with his hours as they are counted now (minutes)."""

    enrolment: int
    position: int
    name: str
    is_listed: bool
    joined_on: dt.date
    left_on: dt.date | None
    gross: int | None
    effective: int | None
    hours: int | None
    excluded: dict[str, Any]


class ExclusionOut(Schema):
    """Minutes that do not count, and why."""

    key: str
    code: str
    minutes: int
    begin: dt.datetime | None
    end: dt.datetime | None
    text: str


class LeadOut(Schema):
    """A finding: a lead for a person to look at, with its clause; it decides nothing."""

    id: int
    kind: str
    clause: str
    begin: dt.datetime | None
    end: dt.datetime | None
    classes: list[str]
    institutions: list[str]
    status: str
    found_at: dt.datetime


class VisitOut(Schema):
    """An unannounced visit."""

    number: str
    study_class: str
    as_reported: bool
    heads: int
    expected: int
    at: dt.datetime


class ProofOut(Schema):
    """A proof of training."""

    number: str
    study_class: str
    hours: int
    issued_at: dt.datetime
    status: str


class HoursOut(Schema):
    """Hours that a syllabus asks for; empty where the city has not entered them."""

    operation: str
    initial_hours: float | None
    review_hours: float | None
    from_day: dt.date
    to_day: dt.date | None
    source: str


class ConditionOut(Schema):
    """A condition of an institution: clause of the standard, what is asked for, and met, unmet or open with the reason."""

    clause: str
    title: str
    state: str
    why: str


class AsOf(Slice):
    """Which city (the province only), as of which day, and a slice."""

    city: City | None = None
    day: dt.date | None = None


def _mine(request: HttpRequest) -> str:
    """The institution whose rows alone this person may see; empty for the city's people."""
    return request.user.institution if request.user.has("institution") or request.user.has("teacher") else ""


def _city(request: HttpRequest, asked: AsOf) -> str:
    return asked.city or "" if request.user.city == "*" else request.user.city


def _class(request: HttpRequest, number: str) -> TrainingClass:
    found = classes.of(number)
    if found is None or _mine(request) not in ("", found.institution_code):
        raise Missing
    return found


@reads(router, "/teachers", list[TeacherOut], act=VIEW, summary="教师（截至某日）")
def teachers(request: HttpRequest, asked: Query[AsOf]) -> list[dict[str, Any]]:
    """Teachers as the register said on the day."""
    rows = classes.teachers_on(_city(request, asked), asked.day or clock.today())
    return [
        {
            "number": f"{row.institution_code}-{row.person[:8]}", "name": mask_name(row.name), "institution_code": row.institution_code,
            "subject": row.subject, "qualification": row.qualification, "from_day": row.from_day, "to_day": row.to_day, "until": row.until,
        }
        for row in asked.of([row for row in rows if _mine(request) in ("", row.institution_code)])
    ]  # fmt: skip


@reads(router, "/classes", list[ClassOut], act=VIEW, summary="培训班")
def training_classes(request: HttpRequest, page: Query[Slice]) -> list[Any]:
    """Classes in sight, the latest first."""
    return page.of(classes.found(institution=_mine(request)))


@reads(router, "/classes/{number}", ClassOut, act=VIEW, summary="一个培训班")
def training_class(request: HttpRequest, number: Number) -> TrainingClass:
    """One by its number."""
    return _class(request, number)


@reads(router, "/classes/{number}/lessons", list[LessonOut], act=VIEW, summary="课程表")
def lessons(request: HttpRequest, number: Number, page: Query[Slice]) -> list[Any]:
    """The timetable of a class."""
    return page.of(classes.lessons(_class(request, number)))


@changes(router, "/classes/{number}/lessons/read", LessonsTried, act="training.report", summary="试算：上传课程表，逐行给出结论，不排入课次")
def read_lessons(request: HttpRequest, number: Number, file: File[UploadedFile]) -> dict[str, Any]:
    """Dry run: nothing is kept, neither the file nor a lesson."""
    one = _class(request, number)
    try:
        found, told = lesson_sheet.judged(one, file.read(), file.name or "", clock.now())
    except Unusable as problem:
        raise Unfit(str(problem)) from None
    rows = [{"row": tried.line, "fits": tried.row is not None, "cells": tried.cells, "why": tried.why, "clause": tried.clause} for tried in found]
    fit = all(row["fits"] for row in rows)
    return {"rows": rows, "told": told, "token": lesson_sheet.sealed(one, found, request.user.username) if fit else ""}


@changes(router, "/classes/{number}/lessons/apply", list[LessonOut], act="training.report", summary="排课：试算过的课程表，一次全部排入")
def apply_lessons(request: HttpRequest, number: Number, shown: Form[LessonsShown]) -> list[Any]:
    """Commit: all rows or none, each held again against teachers, rooms and lessons as they are now."""
    one = _class(request, number)
    return actions.plan(one, lesson_sheet.opened(one, shown.token, request.user.username), by=request.user, at=clock.now())


@reads(router, "/classes/{number}/trainees", list[TraineeOut], act=VIEW, summary="学员名册与学时（姓名遮盖）")
def trainees(request: HttpRequest, number: Number, page: Query[Slice]) -> list[dict[str, Any]]:
    """The roster of a class with hours as they are counted now."""
    return [_trainee(row) for row in page.of(people.roster(_class(request, number)))]


def _trainee(row: Enrolment) -> dict[str, Any]:
    total = getattr(row, "total", None)
    counted = {name: getattr(total, name, None) for name in ("gross", "effective", "hours")}
    return {
        "enrolment": row.pk, "position": row.position, "name": mask_name(row.trainee.name), "is_listed": row.is_listed,
        "joined_on": row.joined_on, "left_on": row.left_on, "excluded": total.excluded if total else {}, **counted,
    }  # fmt: skip


@reads(router, "/trainees/{enrolment}/exclusions", list[ExclusionOut], act=VIEW, summary="一名学员不计入的时间")
def exclusions(request: HttpRequest, enrolment: int, page: Query[Slice]) -> list[Any]:
    """What does not count of a trainee's time, and why."""
    row = people.enrolment(enrolment) if 0 < enrolment < 2**63 else None
    if row is None or _mine(request) not in ("", row.study_class.institution_code):
        raise Missing
    return page.of(hours.exclusions(row))


@reads(router, "/findings", list[LeadOut], act=VIEW, summary="培训线索")
def findings(request: HttpRequest, page: Query[Slice]) -> list[Any]:
    """Leads in sight, the newest first."""
    return page.of(hours.leads(institution=_mine(request)))


@reads(router, "/visits", list[VisitOut], act="training.view_visits", summary="随机抽查")
def visited(request: HttpRequest, page: Query[Slice]) -> list[dict[str, Any]]:
    """Unannounced visits, the newest first."""
    names = ("number", "as_reported", "heads", "expected", "at")
    return [{"study_class": row.lesson.study_class.number, **{name: getattr(row, name) for name in names}} for row in page.of(visits.found())]


@reads(router, "/proofs", list[ProofOut], act=VIEW, summary="培训证明")
def proofs(request: HttpRequest, page: Query[Slice]) -> list[dict[str, Any]]:
    """Proofs of training in sight."""
    names = ("number", "hours", "issued_at", "status")
    rows = page.of(files.proofs(institution=_mine(request)))
    return [{"study_class": row.enrolment.study_class.number, **{name: getattr(row, name) for name in names}} for row in rows]


@reads(router, "/syllabus", list[HoursOut], act=VIEW, summary="大纲学时（截至某日）")
def syllabus(request: HttpRequest, asked: Query[AsOf]) -> list[Any]:
    """Hours of the syllabuses in force on the day."""
    return asked.of(syllabuses.hours(_city(request, asked), asked.day or clock.today()))


@reads(router, "/conditions/{code}", list[ConditionOut], act=VIEW, summary="一家机构的培训条件")
def conditions(request: HttpRequest, code: Annotated[str, Field(pattern="^[0-9A-Z]{1,18}$")], asked: Query[AsOf]) -> list[dict[str, Any]]:
    """Clause by clause of the standard in force on the day."""
    if _mine(request) not in ("", code):
        raise Missing
    found = conditions_of.report(_city(request, asked), code, asked.day or clock.today())
    return [{"clause": line.condition.clause, "title": line.condition.title, "state": line.state, "why": line.why} for line in found]
