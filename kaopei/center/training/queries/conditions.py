"""The gap report of an institution: each clause of the standard in force, what is wanted, what is known, and whether that is enough."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass

from kaopei.center.training.models import ConditionEntry, Lesson, TeacherReport
from kaopei.law.conditions import STATES, Condition, conditions


@dataclass(frozen=True, slots=True)
class Line:
    """A clause with the newest entries of the institution and of the regulator; the regulator's is judged where there is one."""

    condition: Condition
    own: ConditionEntry | None
    regulator: ConditionEntry | None
    state: str
    why: str

    @property
    def word(self) -> str:
        """符合, 不符合 or 待定"""
        return STATES[self.state]


def report(city: str, institution: str, day: dt.date) -> list[Line]:
    """Every clause of the edition in force on a day; entries of that edition up to that day."""
    listed = conditions(day)
    rows = ConditionEntry.objects.filter(city=city, institution_code=institution, source__in={one.source for one in listed}, day__lte=day)
    newest: dict[tuple[str, bool], ConditionEntry] = {}
    for row in rows.order_by("day", "pk"):
        newest[row.clause, row.is_regulator] = row
    found = []
    for one in listed:
        own, regulator = newest.get((one.clause, False)), newest.get((one.clause, True))
        judged = regulator or own
        state, why = one.state(judged.figure if judged else None, judged.met if judged else None)
        found.append(Line(one, own, regulator, state, why))
    return found


def summary(city: str, institutions: list[str], day: dt.date) -> dict[str, Counter[str]]:
    """How many clauses are met, unmet and open, by institution."""
    return {code: Counter(line.state for line in report(city, code, day)) for code in institutions}


def known(city: str, institution: str, day: dt.date) -> dict[str, int]:
    """What the system itself knows, to compare with: reported teachers in force, the largest class room of the last year."""
    teachers = TeacherReport.objects.filter(city=city, institution_code=institution, ended_at=None, reported_on__lte=day)
    teachers = teachers.exclude(until__lt=day).exclude(to_day__lt=day)
    lessons = Lesson.objects.filter(city=city, study_class__institution_code=institution, day__gt=day - dt.timedelta(days=365), day__lte=day)
    rooms = [seats for seats in lessons.order_by().values_list("capacity", flat=True).distinct() if seats]
    return {"teachers": teachers.values("person").distinct().count(), "room": max(rooms, default=0)}
