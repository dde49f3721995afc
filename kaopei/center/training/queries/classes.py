"""Classes, lessons and teachers, read."""

import datetime as dt

from django.db.models import Count, Q, QuerySet

from kaopei.center.registry.versioning import on
from kaopei.center.training.models import Lesson, LessonChange, SyllabusUnit, TeacherReport, TrainingClass
from kaopei.office.personal import mask_name

EARLY = dt.timedelta(minutes=30)


def found(city: str = "", institution: str = "", wanted: str = "", status: str = "") -> QuerySet[TrainingClass]:
    """Classes in sight, the latest first, with the number of people on their rosters."""
    rows = TrainingClass.objects.annotate(people=Count("enrolments", filter=Q(enrolments__left_on=None, enrolments__is_listed=True)))
    rows = rows.order_by("-first_day", "number")
    for name, value in {"city": city, "institution_code": institution, "status": status}.items():
        if value:
            rows = rows.filter(**{name: value})
    return rows.filter(Q(number__contains=wanted) | Q(operation__contains=wanted)) if wanted else rows


def unfinished(city: str, institution: str) -> list[tuple[str, int]]:
    """一（二） N1.2.8: classes of an institution that have trainees and are not closed, with the number of people."""
    rows = found(city, institution).filter(status__in=[TrainingClass.Status.DRAFT, TrainingClass.Status.REPORTED], people__gt=0)
    return [(row.number, row.people) for row in rows.order_by("number")]


def of(number: str) -> TrainingClass | None:
    """A class in sight by its number."""
    return TrainingClass.objects.filter(number=number).first()


def lessons(study_class: TrainingClass) -> QuerySet[Lesson]:
    """The timetable, cancelled lessons among it."""
    return study_class.lessons.select_related("makes_up").order_by("starts_at", "place")


def lesson(pk: int) -> Lesson | None:
    """A lesson in sight."""
    return Lesson.objects.select_related("study_class").filter(pk=pk).first()


def changes(study_class: TrainingClass) -> QuerySet[LessonChange]:
    """What was moved, cancelled, repeated, the newest first."""
    return LessonChange.objects.filter(lesson__study_class=study_class).select_related("lesson").order_by("-pk")


def in_session(city: str, at: dt.datetime) -> QuerySet[Lesson]:
    """Lessons that are being held, from half an hour before their start."""
    rows = Lesson.objects.select_related("study_class").filter(status=Lesson.Status.PLANNED, starts_at__lte=at + EARLY, ends_at__gte=at)
    return rows.filter(city=city) if city else rows


def ahead(username: str, institution: str, at: dt.datetime, days: int = 7) -> QuerySet[Lesson]:
    """A teacher's lessons of today and the days that follow."""
    mine = TeacherReport.objects.filter(institution_code=institution, username=username, to_day=None, ended_at=None).values("person")
    rows = Lesson.objects.select_related("study_class").filter(study_class__institution_code=institution, status=Lesson.Status.PLANNED)
    return rows.filter(teacher__in=mine, ends_at__gte=at - dt.timedelta(hours=12), starts_at__lte=at + dt.timedelta(days=days)).order_by("starts_at")


def teachers(city: str, institution: str = "") -> QuerySet[TeacherReport]:
    """Reports in force."""
    rows = TeacherReport.objects.filter(to_day=None, ended_at=None)
    rows = rows.filter(city=city) if city else rows
    return rows.filter(institution_code=institution) if institution else rows


def reports_of(city: str, institution: str, person: str) -> QuerySet[TeacherReport]:
    """Every version of what an institution has reported of a teacher, the newest first."""
    return TeacherReport.objects.filter(city=city, institution_code=institution, person=person).order_by("-from_day", "-pk")


def ever_reported(city: str, institution: str) -> dict[str, TeacherReport]:
    """The newest report of everybody whom an institution has ever reported, by his index."""
    rows = TeacherReport.objects.filter(city=city, institution_code=institution, ended_at=None).order_by("from_day", "pk")
    return {row.person: row for row in rows}


def teachers_on(city: str, day: dt.date, known: dt.datetime | None = None) -> list[TeacherReport]:
    """一（二） Teachers as the register said on that day (`known`: as it was known at that moment), by institution; one row each."""
    rows = TeacherReport.objects.filter(on(day, known), city=city).order_by("institution_code", "person", "from_day", "pk")
    newest = {(row.institution_code, row.person): row for row in rows if row.until is None or row.until >= day}
    return list(newest.values())


def teacher_names(persons: set[str]) -> dict[str, str]:
    """Names of teachers by their index, masked."""
    return {one.person: mask_name(one.name) for one in TeacherReport.objects.filter(person__in=persons)}


def registered(city: str, day: dt.date, known: dt.datetime | None = None) -> list[dict[str, str]]:
    """The same as cells of the register. The number is the institution's with the beginning of the person's keyed index."""
    return [
        {
            "kind": "teacher", "编号": f"{row.institution_code}-{row.person[:8]}", "名称": mask_name(row.name), "业务范围或可考项目": row.subject,
            "状态": f"已书面报告{f'（{row.qualification}）' if row.qualification else ''}", "登记或验收日期": f"{row.reported_on or ''}",
            "依托单位": row.institution_code, "协议": f"报告有效至 {row.until}" if row.until else "",
        }
        for row in teachers_on(city, day, known)
    ]  # fmt: skip


def affected(city: str, code: str) -> list[tuple[str, str, int, str]]:
    """What a measure against an institution meets: (Chinese, English, how many, address)."""
    rows, address = unfinished(city, code), "/training/classes/"
    people = sum(count for _, count in rows)
    found = [("未结束的培训班", "classes not closed", len(rows), address), ("在班学员", "trainees in them", people, address)]
    return [one for one in found if one[2]]


def units(city: str, day: dt.date) -> QuerySet[SyllabusUnit]:
    """Units of syllabuses that hold on a day."""
    rows = SyllabusUnit.objects.filter(Q(to_day=None) | Q(to_day__gte=day), from_day__lte=day, ended_at=None)
    return rows.filter(city=city) if city else rows
