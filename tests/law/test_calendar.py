"""Working days and periods."""

from datetime import date

import pytest

from kaopei.law import calendar
from kaopei.law.calendar import NotEntered, Year

SPRING = Year(2027, frozenset({date(2027, 1, 1)}), frozenset({date(2027, 1, 9)}), "由市局录入")


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 10, 1), False),
        (date(2026, 10, 10), True),
        (date(2026, 10, 11), False),
        (date(2026, 10, 8), True),
        (date(2023, 1, 28), True),
        (date(2025, 2, 4), False),
    ],
)
def test_days_off_and_worked_weekends(day: date, works: bool) -> None:
    assert calendar.is_working_day(day) is works


def test_years_entered_are_2023_to_2026_with_their_source() -> None:
    assert sorted(calendar.entered_years()) == [2023, 2024, 2025, 2026]
    assert all(year.source for year in calendar.entered_years().values())
    for year in calendar.entered_years().values():
        assert all(day.year == year.year and day.weekday() < 5 for day in year.off)
        assert all(day.year == year.year and day.weekday() >= 5 for day in year.worked)


def test_year_that_is_not_entered_gives_no_date() -> None:
    with pytest.raises(NotEntered, match="2027 年的节假日安排尚未录入"):
        calendar.is_working_day(date(2027, 1, 4))
    due = calendar.after_working_days(date(2026, 12, 30), 2)
    assert due.day is None
    assert due.verdict.code == "calendar_missing"


def test_operator_enters_a_year() -> None:
    due = calendar.after_working_days(date(2026, 12, 30), 3, {2027: SPRING})
    assert due.day == date(2027, 1, 5)
    assert calendar.is_working_day(date(2027, 1, 9), {2027: SPRING})


def test_last_day_that_is_off_moves_on() -> None:
    assert calendar.after_days(date(2026, 9, 26), 5).day == date(2026, 10, 8)
    assert calendar.after_days(date(2026, 9, 26), 4).day == date(2026, 9, 30)
    assert calendar.after_months(date(2026, 9, 1), 1).day == date(2026, 10, 8)
    assert calendar.after_days(date(2026, 12, 31), 1).verdict.code == "calendar_missing"


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        (date(2026, 8, 31), 6, date(2027, 2, 28)),
        (date(2026, 11, 30), 1, date(2026, 12, 30)),
        (date(2026, 12, 31), 12, date(2027, 12, 31)),
        (date(2027, 8, 31), 6, date(2028, 2, 29)),
        (date(2026, 1, 15), 0, date(2026, 1, 15)),
    ],
)
def test_months_end_on_the_corresponding_day_or_the_last(start: date, months: int, end: date) -> None:
    assert calendar.months_later(start, months) == end


def test_no_working_days_are_no_days() -> None:
    assert calendar.after_working_days(date(2026, 12, 7), 0).day == date(2026, 12, 7)
    assert calendar.working_days_late(date(2026, 12, 7), date(2026, 12, 4)) == 0
