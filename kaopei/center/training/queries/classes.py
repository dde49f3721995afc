"""Classes, lessons and teachers, read."""

import datetime as dt

from django.db.models import Count, Q, QuerySet

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
    mine = TeacherReport.objects.filter(institution_code=institution, username=username, ended_at=None).values("person")
    rows = Lesson.objects.select_related("study_class").filter(study_class__institution_code=institution, status=Lesson.Status.PLANNED)
    return rows.filter(teacher__in=mine, ends_at__gte=at - dt.timedelta(hours=12), starts_at__lte=at + dt.timedelta(days=days)).order_by("starts_at")


def teachers(city: str, institution: str = "") -> QuerySet[TeacherReport]:
    """Reports in force."""
    rows = TeacherReport.objects.filter(city=city, ended_at=None) if city else TeacherReport.objects.filter(ended_at=None)
    return rows.filter(institution_code=institution) if institution else rows


def teacher_names(persons: set[str]) -> dict[str, str]:
    """Names of teachers by their index, masked."""
    return {one.person: mask_name(one.name) for one in TeacherReport.objects.filter(person__in=persons)}


def units(city: str, day: dt.date) -> QuerySet[SyllabusUnit]:
    """Units of syllabuses that hold on a day."""
    rows = SyllabusUnit.objects.filter(Q(to_day=None) | Q(to_day__gte=day), from_day__lte=day, ended_at=None)
    return rows.filter(city=city) if city else rows
