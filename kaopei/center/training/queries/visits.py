"""Unannounced visits, read. None of it is for the visited before a review has ended."""

import datetime as dt
from collections.abc import Iterable

from django.db.models import Count, Q, QuerySet

from kaopei.center.training.models import Lesson, Visit
from kaopei.center.training.queries import classes, people

HIDDEN = "visit_difference"


def running(city: str, at: dt.datetime, wanted: str = "") -> list[Lesson]:
    """Lessons that are being held now, of one city or (empty) of all, with the number of people expected, by city and start."""
    expected = Count("study_class__enrolments", filter=Q(study_class__enrolments__left_on=None, study_class__enrolments__is_listed=True))
    rows = classes.in_session(city, at).annotate(expected=expected).order_by("city", "starts_at", "study_class__number")
    if wanted:
        rows = rows.filter(Q(study_class__number__contains=wanted) | Q(room__contains=wanted) | Q(study_class__operation__contains=wanted))
    return list(rows[:500])


def signed_in(lessons: Iterable[Lesson]) -> dict[int, int]:
    """How many have signed in and not out, by lesson."""
    return {one.pk: len(people.present(one)) for one in lessons}


def found(city: str = "") -> QuerySet[Visit]:
    """All visits in sight, the newest first, without photographs."""
    rows = Visit.objects.select_related("lesson__study_class", "lead").defer("photo")
    return rows.filter(city=city) if city else rows


def one(pk: int) -> Visit | None:
    """One visit with its photograph."""
    return Visit.objects.select_related("lesson__study_class", "lead").filter(pk=pk).first()
