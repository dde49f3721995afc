"""Teachers: reported in time by the teaching institution, and in one room at a time."""

import datetime as dt

import pytest

from kaopei.center.training.study import totals
from kaopei.center.training.study.facts import Study, StudyClass, Teacher
from kaopei.center.training.study.forgery import findings
from tests.center.training.study.test_classroom import DAY, lesson


def found(lessons, teachers=(), classes=("A", "B"), same_institution=False):
    study = Study(
        classes={name: StudyClass(name, "I" if same_institution else f"I-{name}", "101", None, None) for name in classes},
        lessons=list(lessons), teachers=list(teachers),
    )  # fmt: skip
    return [(one.kind, one.object, one.study_class) for one in findings(totals.count(study))]


def report(day=0, until=None, institution="I-A"):
    end = None if until is None else DAY + dt.timedelta(days=until)
    return Teacher(institution, "T1", DAY + dt.timedelta(days=day), end)


@pytest.mark.parametrize(
    ("teacher", "is_found"),
    [
        (report(0), False), (report(1), True), (report(-9, 0), False), (report(-9, -1), True), (report(0, institution="I-B"), True),
        (Teacher("I-A", "T1", None, None), True),
    ],
)  # fmt: skip
def test_unreported_on_the_day(teacher, is_found):
    assert found([lesson()], [teacher]) == ([("teacher_unreported", "T1", "A")] if is_found else [])


def test_two_rooms_at_once():
    two = [lesson(), lesson(2, "B", start="12:00", end="15:15", room="202")]
    assert found(two, [report(), report(institution="I-B")]) == [("teacher_two_classes", "T1", "A;B")]


@pytest.mark.parametrize(
    "other",
    [lesson(2, "B", start="12:15", end="15:30", room="202"), lesson(2, "B", room="101"), lesson(2, "B", room="202", teacher="T2")],
)
def test_one_after_the_other_in_one_room_or_another_teacher(other):
    assert ("teacher_two_classes", "T1", "A;B") not in found([lesson(), other], [report()], same_institution=True)


def test_taught_together_is_one_lesson():
    both = [lesson(merged="M"), lesson(2, "B", room="202", merged="M")]
    assert found(both, [report(), report(institution="I-B")]) == []
