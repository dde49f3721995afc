"""Where a lesson may stand in the timetable, and how reports and notices name it."""

import datetime as dt
import hashlib
import json
from typing import Any

from kaopei.center.training.bounds import no
from kaopei.center.training.models import Lesson, TrainingClass
from kaopei.law.rules.c1_3_teachers import TeacherFacts, may_teach
from kaopei.office.clock import CHINA
from kaopei.office.refused import Refused

# Of one lesson: characters of its unit (in a sheet also of its room: a longer cell is another column), seats of its room.
MOST_TEXT, MOST_SEATS = 40, 2000


def check_lesson(held: TrainingClass, row: dict[str, Any], at: dt.datetime, moving: Lesson | None = None) -> None:
    """一（三） N1.3.7, 一（一） N1.1.1: the lesson lies ahead, its teacher is reported and free, its room is free and large enough."""
    starts, ends = row["starts_at"], row["ends_at"]
    said, now = (f"{moment.astimezone(CHINA):%Y-%m-%d %H:%M}" for moment in (starts, at))
    if starts <= at:
        raise no("N1.3.6", f"{said} 已经过去（现在是 {now}），请核对日期。", "time")
    if ends <= starts:
        raise no("N1.3.6", f"{said} 的课，结束时间不晚于开始时间，请核对。", "time")
    day, teacher = starts.astimezone(CHINA).date(), row["teacher"]
    # After the report a lesson that is moved or repeated may end the class later.
    if held.status == TrainingClass.Status.DRAFT and not held.first_day <= day <= held.last_day:
        raise no("N1.3.6", f"{day} 不在本班起止日期 {held.first_day} 至 {held.last_day} 之内，请核对日期。", "outside_class")
    verdict = may_teach(TeacherFacts(teacher.person, teacher.reported_on, teacher.last), day)
    if not verdict.allowed:
        raise Refused(verdict)
    at_once = Lesson.objects.filter(city=held.city, status=Lesson.Status.PLANNED, starts_at__lt=ends, ends_at__gt=starts)
    if moving is not None:
        at_once = at_once.exclude(pk=moving.pk)
    if busy := at_once.filter(teacher=teacher.person).first():
        raise no("N1.3.13", f"教师 {teacher.name} 这段时间在 {busy.study_class.number} 班第 {busy.place} 次课，不能同时上两处。", "teacher_busy")
    if taken := at_once.filter(study_class__institution_code=held.institution_code, room=row["room"]).first():
        raise no("N1.1.1", f"{row['room']} 这段时间已排 {taken.study_class.number} 班第 {taken.place} 次课。", "room_busy")
    seats, people = row["capacity"], held.enrolments.filter(left_on=None).count()
    if seats is not None and people > seats:
        raise no("N1.1.1", f"{row['room']} 容量 {seats}，本班已有 {people} 人，请换教室或分班。", "capacity")


def new_lesson(held: TrainingClass, place: int, row: dict[str, Any], makes_up: Lesson | None = None) -> Lesson:
    """The lesson of a row that `check_lesson` let pass."""
    day = row["starts_at"].astimezone(CHINA).date()
    return Lesson.objects.create(
        city=held.city, study_class=held, place=place, day=day, starts_at=row["starts_at"], ends_at=row["ends_at"], unit=row["unit"],
        teacher=row["teacher"].person, room=row["room"], capacity=row["capacity"], makes_up=makes_up,
    )  # fmt: skip


def not_reported(held: TrainingClass) -> None:
    """一（三） N1.3.6: lessons are planned freely only before the report."""
    if held.status != TrainingClass.Status.DRAFT:
        raise no("N1.3.6", "本班已经报告，课次只能改期、取消或补课，不能直接增减。", "state")


def not_started(one: Lesson, at: dt.datetime) -> None:
    """一（三） N1.3.6: only what lies ahead can be moved or cancelled."""
    if one.status != Lesson.Status.PLANNED:
        raise no("N1.3.6", "这次课已经取消。", "state")
    if one.starts_at <= at:
        raise no("N1.3.6", f"这次课 {one.starts_at.astimezone(CHINA):%m-%d %H:%M} 已经开始，不能再改期或取消；没有上成的，请安排补课。", "started")


def shown(one: Lesson) -> dict[str, Any]:
    """A lesson as reports and notices name it; teachers by their keyed index."""
    local = one.starts_at.astimezone(CHINA)
    return {
        "place": one.place, "day": one.day.isoformat(), "start": f"{local:%H:%M}", "end": f"{one.ends_at.astimezone(CHINA):%H:%M}", "unit": one.unit,
        "room": one.room, "teacher": one.teacher[:12], "status": one.status,
    }  # fmt: skip


def digest_of(said: Any) -> str:
    """SHA-256 of what was said, as canonical JSON."""
    return hashlib.sha256(json.dumps(said, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
