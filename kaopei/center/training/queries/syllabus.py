"""Hours that hold on a day."""

import datetime as dt

from django.db.models import Q, QuerySet

from kaopei.center.training.models import SyllabusHours


def hours(city: str, day: dt.date) -> QuerySet[SyllabusHours]:
    """一（三） N1.3.2: the syllabus hours that the city (empty: every city in sight) has entered and that hold on that day."""
    found = SyllabusHours.objects.filter(Q(to_day=None) | Q(to_day__gte=day), from_day__lte=day, ended_at=None)
    return found.filter(city=city) if city else found


def open_hours(city: str) -> dict[str, SyllabusHours]:
    """The rows without an end, by operation."""
    return {row.operation: row for row in SyllabusHours.objects.filter(city=city, to_day=None, ended_at=None)}
