"""Spreadsheets of training that a city keeps, read and written with the register's: 教师, 大纲学时, 培训班名册 (columns as the cities have them)."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from kaopei.center.registry.reading import Line, Message, Read, code
from kaopei.center.registry.sheets import ListKind, Rows, Source
from kaopei.center.registry.versioning import close
from kaopei.center.training import entries
from kaopei.center.training.models import Enrolment, SyllabusHours, TeacherReport, Trainee, TrainingClass
from kaopei.center.training.queries import classes, syllabus
from kaopei.law import cells, identity
from kaopei.law.facts import SyllabusFacts
from kaopei.office.personal import blind_index

TEACHERS = ("培训机构信用代码", "姓名", "身份证号码", "授课科目", "资格", "书面报告日期", "截止")
ROSTER = ("班号", "报名序号", "学员身份证号码", "姓名")


@dataclass(frozen=True, slots=True)
class TeacherEntry:
    """One row of 教师; without a day of report he may not be scheduled."""

    institution: str
    name: str
    id_number: str
    subject: str
    qualification: str
    reported_on: dt.date | None
    until: dt.date | None


@dataclass(frozen=True, slots=True)
class RosterLine:
    """One row of 培训班名册."""

    number: str
    serial: str
    id_number: str
    name: str


def _person(line: Line, column: str, read: Read[Any], clause: str) -> str:
    """The identity number, empty (and told) if it is none."""
    cell = line.cell(column)
    number = identity.read_id_number(cell.text, stored_as_number=cell.kind == "number")
    if number.fault:
        read.messages.append(Message(line.file, "身份证号码残缺或校验不符，该行不用", line.row, column, clause, True))
        return ""
    return number.value


def _teachers(lines: Sequence[Line]) -> Read[TeacherEntry]:
    read: Read[TeacherEntry] = Read()
    seen: set[tuple[str, str]] = set()
    for line in lines:
        owner, person = code(line.text("培训机构信用代码")), _person(line, "身份证号码", read, "N1.3.5")
        if not person:
            continue
        if not owner or (owner, person) in seen:
            text = "与前面一行是同一机构的同一位教师，只用第一行" if owner else "没有写培训机构信用代码，该行不用"
            read.messages.append(Message(line.file, text, line.row, "培训机构信用代码", "N1.3.5", True))
            continue
        seen.add((owner, person))
        name, days = identity.read_name(line.text("姓名")).value, [cells.read_date(line.text(column)) for column in ("书面报告日期", "截止")]
        if days[0] is None:
            read.messages.append(Message(line.file, "没有书面报告日期，登记为未报告，不能排课", line.row, "书面报告日期", "N1.3.5"))
        read.entries.append(TeacherEntry(owner, name, person, line.text("授课科目"), line.text("资格"), *days))
    return read


def _apply_teachers(rows: Sequence[TeacherEntry], source: Source) -> int:
    """A changed row is a new version from the day of the list; a first one holds from the day of its report."""
    held = {(row.institution_code, row.person): row for row in classes.teachers(source.city)}
    changed = 0
    for row in rows:
        person = blind_index(row.id_number, "person").hex()
        old = held.get((row.institution, person))
        if old is not None and _said(old) == _said(row):
            continue
        first = row.reported_on and min(row.reported_on, source.day)
        if old is not None and old.from_day is not None:
            first = close(old, source.day, source.at)
        elif old is not None:
            old.ended_at = source.at
            old.save(update_fields=["ended_at"])
        facts = {name: getattr(row, name) for name in ("name", "id_number", "subject", "qualification", "reported_on", "until")}
        where = {"city": source.city, "institution_code": row.institution, "person": person, "source": source.name}
        username = old.username if old is not None else ""
        TeacherReport.objects.create(**where, **facts, from_day=first if row.reported_on else None, recorded_at=source.at, username=username)
        changed += 1
    return changed


def _said(row: Any) -> tuple[Any, ...]:
    return (row.name, row.subject, row.qualification, row.reported_on, row.until)


def _teacher_rows(city: str, _: dt.date) -> Rows:
    return [
        (row.institution_code, row.name, row.id_number, row.subject, row.qualification, _day(row.reported_on), _day(row.until))
        for row in classes.teachers(city)
    ]


def _apply_hours(rows: Sequence[SyllabusFacts], source: Source) -> int:
    held, changed = syllabus.open_hours(source.city), 0
    for row in rows:
        old = held.get(row.operation)
        if old is not None and (old.initial_hours, old.review_hours) == (row.first, row.review):
            continue
        since = close(old, source.day, source.at) if old is not None else source.day
        SyllabusHours.objects.create(
            city=source.city, operation=row.operation, initial_hours=row.first, review_hours=row.review, from_day=since, source=source.name
        )
        changed += 1
    return changed


def _hours_rows(city: str, day: dt.date) -> Rows:
    return [(row.operation, _text(row.initial_hours), _text(row.review_hours)) for row in syllabus.hours(city, day)]


def _roster(lines: Sequence[Line]) -> Read[RosterLine]:
    read: Read[RosterLine] = Read()
    seen: set[tuple[str, str]] = set()
    for line in lines:
        number, person = code(line.text("班号")), _person(line, "学员身份证号码", read, "N1.3.11")
        if not person:
            continue
        if (number, person) in seen:
            read.messages.append(Message(line.file, "与前面一行是同一个班的同一名学员，只用第一行", line.row, "学员身份证号码", "N1.3.11", True))
            continue
        seen.add((number, person))
        read.entries.append(RosterLine(number, code(line.text("报名序号")), person, identity.read_name(line.text("姓名")).value))
    return read


def _apply_roster(rows: Sequence[RosterLine], source: Source) -> int:
    """New people of classes that are known and not closed; whoever is on a roster already stays as he is."""
    open_ones = {row.number: row for row in TrainingClass.objects.filter(city=source.city).exclude(status=TrainingClass.Status.CLOSED)}
    changed = 0
    for row in rows:
        one = open_ones.get(row.number)
        if one is None:
            continue
        person = blind_index(row.id_number, "person").hex()
        who, _new = Trainee.objects.get_or_create(city=source.city, person=person, defaults={"name": row.name, "id_number": row.id_number})
        if one.enrolments.filter(trainee=who, left_on=None).exists():
            continue
        last = one.enrolments.order_by("-position").values_list("position", flat=True).first() or 0
        first = max(one.first_day, source.day)
        Enrolment.objects.create(city=source.city, study_class=one, trainee=who, position=last + 1, serial=row.serial, joined_on=first)
        changed += 1
    return changed


def _roster_rows(city: str, _: dt.date) -> Rows:
    rows = Enrolment.objects.filter(city=city, left_on=None, is_listed=True).exclude(study_class__status=TrainingClass.Status.CLOSED)
    return [(row.study_class.number, row.serial, row.trainee.id_number, row.trainee.name) for row in rows.select_related("study_class", "trainee")]


def _day(day: dt.date | None) -> str:
    return day.isoformat() if day else ""


def _text(number: Decimal | None) -> str:
    return "" if number is None else f"{number.normalize():f}"


LISTS = (
    ListKind(
        "教师", TEACHERS, ("培训机构信用代码", "身份证号码"), _teachers, _apply_teachers, _teacher_rows, personal=True,
        key_of=lambda row: (row.institution, row.id_number), left_out="这一行没有写入，请核对信用代码和身份证号码（N1.3.5）",
    ),
    ListKind(
        "大纲学时", entries.COLUMNS, ("操作项目",), entries.syllabus, _apply_hours, _hours_rows,
        key_of=lambda row: (row.operation,), left_out="与前面一行是同一操作项目，只用前一行（N1.3.2）",
    ),
    ListKind(
        "培训班名册", ROSTER, ("班号", "学员身份证号码"), _roster, _apply_roster, _roster_rows, personal=True,
        key_of=lambda row: (row.number, row.id_number), left_out="没有这个班号，或该班已结班；请先由培训机构报告培训班（N1.3.6）",
    ),
)  # fmt: skip
