"""The timetable of a class as a spreadsheet: read with a verdict on every row, and written with the columns that are read again."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.core import signing
from django.db import transaction

from kaopei.center.registry import workbook
from kaopei.center.registry.reading import Line, clock, count
from kaopei.center.registry.unusable import Unusable
from kaopei.center.training.bounds import no
from kaopei.center.training.models import Lesson, TeacherReport, TrainingClass
from kaopei.center.training.queries import classes
from kaopei.center.training.timetable import MOST_SEATS, MOST_TEXT, check_lesson, new_lesson, not_reported
from kaopei.law import cells, identity
from kaopei.office.clock import CHINA
from kaopei.office.personal import blind_index, mask_id
from kaopei.office.refused import Refused

COLUMNS = ("日期", "开始", "结束", "单元", "教师", "教室", "容量")
# Far above any syllabus: a file beyond it is another list.
MOST_LESSONS = 500
# A page left open longer than this is uploaded anew.
GOOD_FOR = dt.timedelta(hours=8)
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Judged:
    """A row as it stands in the sheet; `row` is what `actions.plan` takes, None where `why` says what is wrong."""

    line: int
    cells: tuple[str, ...]
    row: Row | None
    why: str = ""
    clause: str = ""


def judged(one: TrainingClass, content: bytes, filename: str, at: dt.datetime) -> tuple[list[Judged], list[str]]:
    """一（三） N1.3.7: every row tried in its order after those before it, nothing kept; and what was left out of the file.

    Unusable if it is no timetable; refused for a class that is reported already.
    """
    not_reported(one)
    teachers = list(classes.teachers(one.city, one.institution_code))
    table = workbook.read(content, filename, COLUMNS)
    if len(table.lines) > MOST_LESSONS:
        raise Unusable(f"{filename} 有 {len(table.lines)} 行，一个班的课程表不超过 {MOST_LESSONS} 行。请检查是否选错文件。")
    with transaction.atomic():
        found = [_tried(one, line, teachers, at) for line in table.lines]
        transaction.set_rollback(True)
    return found, [str(message) for message in table.messages]


def _tried(one: TrainingClass, line: Line, teachers: Sequence[TeacherReport], at: dt.datetime) -> Judged:
    shown = tuple(_shown(name, line.text(name)) for name in COLUMNS)
    row, why, clause = _row(line, teachers)
    if row is None:
        return Judged(line.row, shown, None, why, clause)
    try:
        check_lesson(one, row, at)
    except Refused as refused:
        return Judged(line.row, shown, None, refused.verdict.text, refused.verdict.clause)
    # Rows after this one meet it as a lesson that is planned.
    new_lesson(one, one.lessons.count() + 1, row)
    return Judged(line.row, shown, row)


def _row(line: Line, teachers: Sequence[TeacherReport]) -> tuple[Row | None, str, str]:
    """The row for `actions.plan`, or what cannot be read in it, with its clause."""
    day, begin, end = cells.read_date(line.text("日期")), clock(line.text("开始")), clock(line.text("结束"))
    seats, room, unit = count(line.text("容量")), line.text("教室"), line.text("单元")
    for right, text in (
        (day is not None, f"{line.address('日期')} 日期读不出，请写成 2026-12-05"),
        (begin is not None, f"{line.address('开始')} 开始时间读不出，请写成 09:00"),
        (end is not None, f"{line.address('结束')} 结束时间读不出，请写成 12:15"),
        (unit, f"{line.address('单元')} 没有写教学单元"),
        (room, f"{line.address('教室')} 没有写教室"),
        (seats, f"{line.address('容量')} 容量须是大于 0 的整数"),
        (max(len(unit), len(room)) <= MOST_TEXT and (seats or 0) <= MOST_SEATS, "单元、教室的文字或容量过大，请核对是否错列"),
    ):
        if not right:
            return None, text, "N1.3.7"
    teacher, why = _teacher(line, teachers)
    if teacher is None:
        return None, why, "N1.3.5"
    starts, ends = (dt.datetime.combine(day, time, CHINA) for time in (begin, end))
    return {"starts_at": starts, "ends_at": ends, "unit": unit, "teacher": teacher, "room": room, "capacity": seats}, "", ""


def _teacher(line: Line, teachers: Sequence[TeacherReport]) -> tuple[TeacherReport | None, str]:
    """By his name or, where two have the same, by his identity number."""
    cell = line.cell("教师")
    number = identity.read_id_number(cell.text, stored_as_number=cell.kind == "number")
    if number.value and not number.fault:
        person = blind_index(number.value, "person").hex()
        known = [one for one in teachers if one.person == person]
    else:
        name = identity.read_name(cell.text).value
        known = [one for one in teachers if name and one.name == name]
    if len(known) == 1:
        return known[0], ""
    if known:
        return None, f"本机构有 {len(known)} 位已报告教师同名，请在“教师”列写身份证号码"
    return None, "“教师”列不是本机构已书面报告的教师，请核对姓名，或先书面报告这位教师"


def _shown(column: str, text: str) -> str:
    """A number in the column of teachers is masked."""
    return mask_id(text) if column == "教师" and sum(char.isdigit() for char in text) > 6 else text


def sealed(one: TrainingClass, found: Iterable[Judged], username: str) -> str:
    """The rows for the confirming page to send back: signed, so that exactly what was shown is planned; it names no person."""
    rows = [
        [row["starts_at"].isoformat(), row["ends_at"].isoformat(), row["unit"], row["teacher"].pk, row["room"], row["capacity"]]
        for row in (tried.row for tried in found) if row is not None
    ]  # fmt: skip
    return signing.dumps(rows, salt=_salt(one, username), compress=True)


def opened(one: TrainingClass, text: str, username: str) -> list[Row]:
    """Those rows again; refused when they are not what this person was shown for this class, or a teacher's report has ended since."""
    try:
        rows = signing.loads(text, salt=_salt(one, username), max_age=GOOD_FOR)
    except signing.BadSignature:
        raise no("N1.3.7", "确认的内容已过时，或不是刚才试算的那一份，没有排入任何课次。请重新上传。", "stale") from None
    known = {teacher.pk: teacher for teacher in classes.teachers(one.city, one.institution_code)}
    if any(row[3] not in known for row in rows):
        raise no("N1.3.5", "试算以后有教师的报告已变动，没有排入任何课次。请重新上传。", "teacher_changed")
    times = [[dt.datetime.fromisoformat(text) for text in row[:2]] for row in rows]
    return [
        {"starts_at": starts, "ends_at": ends, "unit": row[2], "teacher": known[row[3]], "room": row[4], "capacity": row[5]}
        for row, (starts, ends) in zip(rows, times, strict=True)
    ]  # fmt: skip


def _salt(one: TrainingClass, username: str) -> str:
    return f"kaopei.training.lessons:{one.number}:{username}"


def rows(lessons: Iterable[Lesson], names: dict[str, str]) -> list[tuple[str, ...]]:
    """The timetable as it stands, cancelled lessons left out; a name that two teachers share is left empty, for it tells neither."""
    twice = {name for name, times in Counter(names.values()).items() if times > 1}
    return [
        (
            one.day.isoformat(), f"{one.starts_at.astimezone(CHINA):%H:%M}", f"{one.ends_at.astimezone(CHINA):%H:%M}", one.unit,
            "" if (name := names.get(one.teacher, "")) in twice else name, one.room, str(one.capacity or ""),
        )
        for one in lessons if one.status == Lesson.Status.PLANNED
    ]  # fmt: skip
