"""Cells of spreadsheets: dates, hours, yes and no, education, kinds of application, standing."""

from datetime import date
from decimal import Decimal

import pytest

from kaopei.law import cells
from kaopei.law.cells import ABOVE, BELOW, JUNIOR, SENIOR


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-04",
        "2026/11/4",
        "2026.11.4",
        "2026年11月4日",
        "2026年11月04日",
        "20261104",
        "2026-11-04 00:00:00",
        "2026-11-04T09:30",
        "2026-11-04 00:00:00.000",
        " ２０２６－１１－０４ ",
        "46330",
        "46330.0",
        "46330.75",
    ],
)
def test_dates_in_many_forms_are_one_day(written: str) -> None:
    assert cells.read_date(written) == date(2026, 11, 4)


@pytest.mark.parametrize("written", ["", "11/4/2026", "2026-13-04", "2026-02-30", "26-11-04", "明天", "108", "99999999", "-5"])
def test_what_is_no_clear_day_is_none(written: str) -> None:
    assert cells.read_date(written) is None


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("108", "108"),
        ("108.0", "108.0"),
        ("１０８", "108"),
        ("108学时", "108"),
        ("108 课时", "108"),
        ("107.5小时", "107.5"),
        ("108h", "108"),
        ("8个学时", "8"),
        ("1,080", "1080"),
        ("", None),
        ("-8", None),
        ("约108", None),
        ("一百零八", None),
        ("108/108", None),
    ],
)
def test_numbers_with_or_without_unit(written: str, value: str | None) -> None:
    assert cells.read_number(written) == (None if value is None else Decimal(value))


@pytest.mark.parametrize(
    ("written", "value"),
    [("是", True), ("1.0", True), ("√", True), ("yes", True), ("否", False), ("", False), ("0", False), ("也许", None)],
)
def test_yes_and_no(written: str, value: bool | None) -> None:
    assert cells.read_yes(written) is value


@pytest.mark.parametrize(
    ("written", "value"),
    [("男", "男"), (" 女 ", "女"), ("男性", "男"), ("m", "男"), ("Female", "女"), ("", ""), ("保密", "")],
)
def test_sex(written: str, value: str) -> None:
    assert cells.read_sex(written) == value


@pytest.mark.parametrize(
    ("written", "level"),
    [
        ("小学", BELOW),
        ("小学毕业", BELOW),
        ("文盲", BELOW),
        ("无", BELOW),
        ("初中", JUNIOR),
        ("初级中学", JUNIOR),
        ("九年义务教育", JUNIOR),
        ("高中", SENIOR),
        ("中专", SENIOR),
        ("中等专业学校", SENIOR),
        ("技工学校", SENIOR),
        ("职业高中", SENIOR),
        ("普通高中", SENIOR),
        ("大专", ABOVE),
        ("高职", ABOVE),
        ("大学本科", ABOVE),
        ("硕士研究生", ABOVE),
        ("初中 肄业", BELOW),
        ("高中在读", JUNIOR),
        ("小学肄业", BELOW),
        ("", None),
        ("其他", None),
    ],
)
def test_education(written: str, level: int | None) -> None:
    assert cells.read_education(written) == level


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("初次取证", "first"),
        ("初训", "first"),
        ("新取证", "first"),
        ("复审", "review"),
        ("延期换证", "renewal"),
        ("延期复审", "renewal"),
        ("换证", "renewal"),
        ("", ""),
        ("补考", ""),
    ],
)
def test_kinds_of_application(written: str, kind: str) -> None:
    assert cells.read_application_kind(written) == kind


@pytest.mark.parametrize(
    ("written", "day", "state"),
    [
        ("正常", date(2026, 12, 7), "good"),
        ("已登记", date(2026, 12, 7), "good"),
        ("已注销", date(2026, 12, 7), "deregistered"),
        ("已取消资格", date(2026, 12, 7), "disqualified"),
        ("待核实", date(2026, 12, 7), "pending"),
        ("", date(2026, 12, 7), "pending"),
        ("不明", date(2026, 12, 7), "pending"),
        ("暂停", date(2026, 12, 7), "suspended"),
        ("暂停（2026-10-15至2027-01-14）", date(2026, 10, 14), "good"),
        ("暂停（2026-10-15至2027-01-14）", date(2026, 10, 15), "suspended"),
        ("暂停（2026-10-15至2027-01-14）", date(2027, 1, 14), "suspended"),
        ("暂停（2026-10-15至2027-01-14）", date(2027, 1, 15), "good"),
        ("暂停(2026年10月15日~2027年1月14日)", date(2027, 1, 14), "suspended"),
        ("暂停（自2026.10.15起）", date(2026, 10, 14), "good"),
        ("暂停（自2026.10.15起）", date(2030, 1, 1), "suspended"),
        ("暂停至2027-01-14", date(2026, 1, 1), "suspended"),
        ("暂停至2027-01-14", date(2027, 1, 15), "good"),
    ],
)
def test_standing_on_a_day(written: str, day: date, state: str) -> None:
    assert cells.read_standing(written).on(day) == state
