"""Classes: drafted, reported before they start, scheduled with reported teachers, changed only before a lesson starts."""

import datetime as dt
import hashlib
import secrets
from decimal import Decimal
from typing import Any

from kaopei.center.registry import queries as registry
from kaopei.center.registry.versioning import close as close_version
from kaopei.center.training.bounds import locked, no
from kaopei.center.training.models import Lesson, LessonChange, SyllabusUnit, TeacherReport, TrainingClass
from kaopei.center.training.timetable import check_lesson, digest_of, new_lesson, not_reported, not_started, shown
from kaopei.law.exceptions import LEAST_TEXT
from kaopei.law.rules.c1_3_teachers import class_may_start
from kaopei.office import ids
from kaopei.office.accounts.roles import Actor
from kaopei.office.audit.record import event, records
from kaopei.office.clock import CHINA
from kaopei.office.personal import blind_index
from kaopei.office.refused import Refused

Status = TrainingClass.Status


@records("training.unit_entered", act="training.enter_hours")
def enter_unit(
    *, city: str, operation: str, kind: str, code: str, title: str, hours: Decimal, mode: str, citation: str, day: dt.date, by: Actor, at: dt.datetime
) -> SyllabusUnit:
    """一（三） N1.3.2: a unit of the syllabus with its hours and the document they stand in. It binds nobody until a second person confirms."""
    if len(citation.strip()) < LEAST_TEXT:
        raise no("N1.3.2", f"请写明出处（文件名称、文号、条目，不少于 {LEAST_TEXT} 字）。", "citation")
    old = SyllabusUnit.objects.filter(city=city, operation=operation, kind=kind, code=code, to_day=None, ended_at=None).first()
    if old is not None:
        old.to_day, old.ended_at = (day - dt.timedelta(days=1), None) if old.from_day < day else (None, at)
        old.save(update_fields=["to_day", "ended_at"])
    made = SyllabusUnit.objects.create(
        city=city, operation=operation, kind=kind, code=code, title=title, hours=hours, mode=mode, citation=citation.strip(), from_day=day,
        entered_by=by.username,
    )  # fmt: skip
    event(obj=f"unit:{made.pk}", city=city, hours=str(hours), citation=hashlib.sha256(citation.encode()).hexdigest())
    return made


@records("training.unit_confirmed", act="training.confirm_hours")
def confirm_unit(unit: SyllabusUnit, *, by: Actor, at: dt.datetime) -> None:
    """一（三） N1.3.2: the second person has read the document; from now on the hours may refuse somebody in this city."""
    row = SyllabusUnit.objects.select_for_update().get(pk=unit.pk)
    if row.entered_by == by.username:
        raise no("N1.3.2", "不能确认自己录入的学时，请由另一人核对出处后确认。", "self")
    if row.confirmed_by:
        raise no("N1.3.2", "这一单元已经确认过。", "twice")
    row.confirmed_by, row.confirmed_at = by.username, at
    row.save(update_fields=["confirmed_by", "confirmed_at"])
    event(obj=f"unit:{row.pk}", city=row.city, citation=hashlib.sha256(row.citation.encode()).hexdigest())


@records("training.teacher_reported", act="training.report")
def report_teacher(
    *, city: str, institution: str, name: str, id_number: str, subject: str, qualification: str, until: dt.date | None, username: str,
    by: Actor, at: dt.datetime,
) -> TeacherReport:  # fmt: skip
    """一（三） N1.3.5: the institution reports a teacher; he may be scheduled from this day on."""
    day, person = at.astimezone(CHINA).date(), blind_index(id_number, "person").hex()
    if until is not None and until < day:
        raise no("N1.3.5", f"报告截止日 {until} 已经过去，请核对。", "until")
    for old in TeacherReport.objects.select_for_update().filter(city=city, institution_code=institution, person=person, to_day=None, ended_at=None):
        if old.from_day is None:
            old.ended_at = at
            old.save(update_fields=["ended_at"])
        else:
            close_version(old, day, at)
    made = TeacherReport.objects.create(
        city=city, institution_code=institution, person=person, name=name, id_number=id_number, subject=subject, qualification=qualification,
        reported_on=day, until=until, username=username, source="page", from_day=day, recorded_at=at,
    )  # fmt: skip
    event(obj=f"teacher:{made.pk}", city=city, institution=institution, until=str(until or ""))
    return made


@records("training.teacher_ended", act="training.report")
def end_teacher(report: TeacherReport, *, last_day: dt.date, reason: str, by: Actor, at: dt.datetime) -> TeacherReport:
    """一（二） N1.2.7, 一（三） N1.3.5: he no longer teaches here after `last_day`; the register keeps what it said until then."""
    held = TeacherReport.objects.select_for_update().get(pk=report.pk)
    day = at.astimezone(CHINA).date()
    if held.institution_code != by.institution:
        raise no("N1.3.5", "只能办理本机构教师的报告。", "other_institution")
    if held.ended_at is not None or held.to_day is not None:
        raise no("N1.3.5", "这份教师报告已经终止或被新的报告代替，不需要再办；请刷新页面查看。", "ended")
    if held.from_day is not None and last_day < held.from_day or last_day > day:
        raise no("N1.3.5", f"最后任教日须在报告之日 {held.from_day or '—'} 与今天 {day} 之间，请核对日期。", "days")
    if len(reason.strip()) < 2:
        raise no("N1.2.7", "请写明原因，如离职、转岗。", "no_reasons")
    ahead = Lesson.objects.filter(teacher=held.person, study_class__institution_code=held.institution_code, status=Lesson.Status.PLANNED)
    if later := ahead.filter(day__gt=last_day, starts_at__gt=at).order_by("starts_at").first():
        raise no("N1.3.7", f"{later.day} 起还有由这位教师讲授的课，请先改排由其他已报告教师讲授。", "lessons")
    held.to_day, held.closed_at, held.end_reason = last_day, at, reason.strip()
    held.save(update_fields=["to_day", "closed_at", "end_reason"])
    event(obj=f"teacher:{held.pk}", city=held.city, institution=held.institution_code, to_day=str(last_day))
    return held


@records("training.class_drafted", act="training.report")
def draft(*, city: str, institution: str, fields: dict[str, Any], by: Actor, at: dt.datetime) -> TrainingClass:
    """一（三） N1.3.6: a class of an operation that the institution is registered for."""
    day = at.astimezone(CHINA).date()
    body = registry.institution(city, institution, day)
    if body is None or not body.is_registered:
        raise no("N1.2.1", "本机构没有核实登记，不能办班。请先向市应急管理局书面报告。", "not_registered")
    if fields["operation"] not in body.scope:
        raise no("N1.2.2", f"“{fields['operation']}”不在本机构已登记的业务范围内，请先书面报告增加范围。", "scope")
    if fields["last_day"] < fields["first_day"]:
        raise no("N1.3.6", "结束日期早于开始日期，请核对。", "days")
    number = f"{city[:4]}-{day.year}-P{ids.next_number('training-class', city, day.year):03d}"
    made = TrainingClass.objects.create(
        city=city, number=number, institution_code=institution, secret=secrets.token_bytes(32), made_by=by.username, source="page", **fields
    )
    event(obj=f"class:{number}", city=city, institution=institution)
    return made


@records("training.lessons_planned", act="training.report")
def plan(study_class: TrainingClass, rows: list[dict[str, Any]], *, by: Actor, at: dt.datetime) -> list[Lesson]:
    """一（三） N1.3.7: lessons of a class that has not been reported yet, each with a reported teacher and a room that is free.

    A row: starts_at, ends_at, unit, teacher (TeacherReport), room, capacity.
    """
    held = locked(study_class, by)
    not_reported(held)
    place = Lesson.objects.filter(study_class=held).count()
    made = []
    for nth, row in enumerate(rows, place + 1):
        check_lesson(held, row, at)
        made.append(new_lesson(held, nth, row))
    event(obj=f"class:{held.number}", city=held.city, count=len(made), digest=digest_of([shown(one) for one in made]))
    return made


@records("training.class_reported", act="training.report")
def report(study_class: TrainingClass, *, by: Actor, at: dt.datetime) -> TrainingClass:
    """一（三） N1.3.6: the written report of class, teachers and timetable, before the class starts; it has a number and a digest."""
    held = locked(study_class, by)
    lessons = list(held.lessons.order_by("place"))
    day = at.astimezone(CHINA).date()
    if held.status != Status.DRAFT:
        raise no("N1.3.6", "本班已经报告过。", "twice")
    if not lessons or not held.enrolments.exists():
        raise no("N1.3.6", "请先编排课程表并登记学员名册，再报告。", "empty")
    # A report on the very day is in time only while no lesson has begun.
    verdict = class_may_start(day if min(one.starts_at for one in lessons) > at else None, min(one.day for one in lessons))
    if not verdict.allowed:
        raise Refused(verdict)
    held.status, held.reported_at = Status.REPORTED, at
    held.report_number = f"{held.city}-{day.year}-班-{ids.next_number('class-report', held.city, day.year):04d}"
    held.plan = [{"unit": unit, "lessons": sum(one.unit == unit for one in lessons)} for unit in dict.fromkeys(one.unit for one in lessons)]
    held.save(update_fields=["status", "reported_at", "report_number", "plan"])
    event(obj=f"class:{held.number}", city=held.city, report=held.report_number, digest=digest_of([shown(one) for one in lessons]))
    return held


@records("training.class_closed", act="training.report")
def close(study_class: TrainingClass, *, by: Actor, at: dt.datetime) -> TrainingClass:
    """一（三） N1.3.10: after the last lesson, nothing waiting for a second person."""
    held = locked(study_class, by)
    if held.status != Status.REPORTED:
        raise no("N1.3.10", f"本班{held.get_status_display()}，不能结班。", "state")
    if ahead := held.lessons.filter(status=Lesson.Status.PLANNED, ends_at__gt=at).order_by("starts_at").first():
        raise no("N1.3.10", f"第 {ahead.place} 次课还没有上完，不能结班。", "lessons")
    waiting = held.enrolments.filter(corrections__status="asked").count() + held.enrolments.filter(contests__status="open").count()
    if waiting:
        raise no("N1.3.10", f"还有 {waiting} 件更正申请或学员异议没有办结，请办结后再结班。", "waiting")
    held.status = Status.CLOSED
    held.save(update_fields=["status"])
    event(obj=f"class:{held.number}", city=held.city, hours=held.enrolments.filter(total__isnull=False).count())
    return held


@records("training.lesson_changed", act="training.report")
def change_lesson(lesson: Lesson, kind: str, *, row: dict[str, Any] | None = None, reason: str, by: Actor, at: dt.datetime) -> Lesson:
    """一（三） N1.3.6: move, cancel or (for one that was held or cancelled) repeat, with a reason; trainees read it as a notice."""
    held = locked(lesson.study_class, by)
    one = Lesson.objects.select_for_update().get(pk=lesson.pk)
    if held.status != Status.REPORTED:
        raise no("N1.3.6", "只有已报告、未结班的培训班可以改期、取消或补课。", "state")
    if len(reason.strip()) < LEAST_TEXT:
        raise no("N1.3.6", f"请写明原因（不少于 {LEAST_TEXT} 字），学员会看到。", "reason")
    before, made = shown(one), one
    if kind == LessonChange.Kind.REPEATED:
        assert row is not None
        check_lesson(held, {**row, "unit": one.unit}, at)
        place = Lesson.objects.filter(study_class=held).order_by("-place").values_list("place", flat=True).first() or 0
        made = new_lesson(held, place + 1, {**row, "unit": one.unit}, makes_up=one.makes_up or one)
    else:
        not_started(one, at)
        if kind == LessonChange.Kind.CANCELLED:
            one.status = Lesson.Status.CANCELLED
        else:
            assert row is not None
            check_lesson(held, row, at, moving=one)
            one.starts_at, one.ends_at, one.day = row["starts_at"], row["ends_at"], row["starts_at"].astimezone(CHINA).date()
            one.teacher, one.room, one.capacity = row["teacher"].person, row["room"], row["capacity"]
        one.save()
    held.last_day = max(held.last_day, made.day)
    held.save(update_fields=["last_day"])
    after = shown(made)
    LessonChange.objects.create(city=held.city, lesson=made, kind=kind, before=before, after=after, reason=reason.strip(), by=by.username, at=at)
    event(obj=f"class:{held.number}", city=held.city, kind=kind, before=digest_of(before), after=digest_of(after))
    return made
