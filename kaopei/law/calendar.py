"""Working days and periods: the first day is not counted, a last day that is off moves to the next working day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from kaopei.law.tables import table
from kaopei.law.verdict import Verdict, allow, refuse

ONE_DAY = timedelta(days=1)
# Who sets no clause counts a period of an application or a certificate.
CLAUSE = "N2.6.2"


@dataclass(frozen=True, slots=True)
class Year:
    """One year's arrangement: weekdays that are off, weekends that are worked, and where that is written."""

    year: int
    off: frozenset[date]
    worked: frozenset[date]
    source: str


@dataclass(frozen=True, slots=True)
class Due:
    """A last day, or none where a year's calendar is missing; the verdict says which."""

    day: date | None
    verdict: Verdict


@cache
def entered_years() -> Mapping[int, Year]:
    """The years that come with the program."""
    return {
        row["year"]: Year(row["year"], frozenset(row["off"]), frozenset(row["worked"]), row["source"])
        for row in table("calendar")["year"]
    }


class NotEntered(LookupError):
    """The calendar of this year has not been entered."""

    def __init__(self, year: int) -> None:
        super().__init__(f"{year} 年的节假日安排尚未录入，请有权人员录入并写明出处")


def is_working_day(day: date, more: Mapping[int, Year] | None = None) -> bool:
    """Whether offices work on that day. `more` are years that operators have entered; they win over ours."""
    year = (more or {}).get(day.year) or entered_years().get(day.year)
    if year is None:
        raise NotEntered(day.year)
    return day in year.worked or (day.weekday() < 5 and day not in year.off)


def after_working_days(start: date, count: int, more: Mapping[int, Year] | None = None, clause: str = CLAUSE) -> Due:
    """The last day of a period of working days; the start itself is not counted. `clause` is the duty that sets the period."""
    day, left = start, count
    try:
        while left:
            day += ONE_DAY
            left -= is_working_day(day, more)
    except NotEntered as missing:
        return Due(None, refuse(clause, str(missing), "calendar_missing"))
    return Due(day, allow(clause, f"自 {start} 次日起第 {count} 个工作日"))


def after_days(start: date, count: int, more: Mapping[int, Year] | None = None, clause: str = CLAUSE) -> Due:
    """The last day of a period of calendar days, moved on if it is off."""
    return _moved(start + timedelta(days=count), more, clause)


def after_months(start: date, count: int, more: Mapping[int, Year] | None = None, clause: str = CLAUSE) -> Due:
    """The last day of a period of months, moved on if it is off."""
    return _moved(months_later(start, count), more, clause)


def months_later(start: date, count: int) -> date:
    """The corresponding day, or the last of the month where there is none (31 August + 6 months = 28 February)."""
    month = start.month - 1 + count
    year, month = start.year + month // 12, month % 12 + 1
    following = date(year + month // 12, month % 12 + 1, 1)
    return min(date(year, month, 1) + timedelta(days=start.day - 1), following - ONE_DAY)


def years_later(start: date, count: int) -> date:
    """The corresponding day some years later; 29 February becomes 28 February."""
    return months_later(start, 12 * count)


def working_days_late(due: date, done: date, more: Mapping[int, Year] | None = None) -> int:
    """How many working days after the last day something was done; 0 in time."""
    late, day = 0, due
    while day < done:
        day += ONE_DAY
        late += is_working_day(day, more)
    return late


def _moved(day: date, more: Mapping[int, Year] | None, clause: str) -> Due:
    last = day
    try:
        while not is_working_day(last, more):
            last += ONE_DAY
    except NotEntered as missing:
        return Due(None, refuse(clause, str(missing), "calendar_missing"))
    moved = f"{day} 休息，顺延到 {last}" if last != day else f"{last} 届满"
    return Due(last, allow(clause, moved))
