"""The lists of bodies, as cities write them."""

from datetime import date, time
from decimal import Decimal

import pytest

from kaopei.center.registry import entries, reading
from kaopei.center.registry.reading import Line
from kaopei.law.cells import Written
from tests.center.packs import Pack, id_number, wrong_check

PACK = Pack()


def line(row: dict, number: int = 3) -> Line:
    return Line("表.xlsx", number, {column: Written(str(value), "text") for column, value in row.items()})


def test_institution_without_a_usable_code_is_only_named():
    read = entries.institutions([line(PACK.institution(0, 统一社会信用代码=code)) for code in ("", "91440600", PACK.codes[1])], [])
    assert [entry.facts.code for entry in read.entries] == [PACK.codes[1]]
    assert len(read.messages) == 2 and all(message.is_loud for message in read.messages)


def test_second_row_of_an_institution_is_named():
    read = entries.institutions([line(PACK.institution(0), 3), line(PACK.institution(0, 状态="已注销"), 9)], [])
    assert len(read.entries) == 1 and "第3行" in str(read.messages[0]) and "第9行" in str(read.messages[0])


@pytest.mark.parametrize(
    ("written", "kind"),
    [("公共考试基地", "public"), ("依托培训机构", "attached"), ("校内考试点", "campus"), ("学校考试点", "campus"), ("其它", "other"), ("", "other")],
)
def test_kinds_of_sites(written, kind):
    (site,) = entries.sites([line(PACK.site(1, 类型=written))], []).entries
    assert site.kind == kind


def test_site_with_nonsense_is_kept_and_named():
    row = PACK.site(1, 理论机位="很多", 经度="23.0", 纬度="113.1", 状态="暂停（2026-12-31至2026-01-01）", 类型="依托培训机构")
    read = entries.sites([line(row)], [])
    (site,) = read.entries
    assert (site.theory_seats, site.longitude, site.latitude) == (0, None, None)
    assert site.standing.on(date(2027, 6, 1)) == "suspended", "an end before its beginning leaves the suspension open"
    assert {message.column for message in read.messages} == {"理论机位", "经度", "状态", "依托单位信用代码"}


def test_unreadable_days_of_a_tie_keep_bodies_apart():
    rows = [PACK.tie("A", "B", 起="不详", 止="至今"), PACK.tie("A", "C", 起="2026-01-01", 止="2025-01-01"), PACK.tie("", "C")]
    read = entries.ties([line(row) for row in rows])
    assert [(tie.from_day, tie.to_day) for tie in read.entries] == [(None, None), (date(2026, 1, 1), None)]
    assert len(read.messages) == 4


@pytest.mark.parametrize(("written", "share"), [("63", Decimal(63)), ("2.4%", Decimal("2.4")), ("", None), ("大约一半", None), ("250", None)])
def test_share_of_a_tie(written, share):
    (tie,) = entries.ties([line(PACK.tie("A", "B", **{"比例%": written}))]).entries
    assert tie.share == share


def test_staff_without_a_right_number_is_only_named():
    good = {"姓名": "曹新", "身份证号码": id_number("4406", date(1985, 5, 15), True), "岗位": "考评", "专职": "是", "责任书": "有", "保密协议": "无"}
    read = entries.staff([line(good), line(good | {"身份证号码": wrong_check(good["身份证号码"])}), line(good)])
    (person,) = read.entries
    assert (person.post, person.full_time, person.has_pledge, person.has_agreement) == ("考评", True, True, False)
    assert len(read.messages) == 2


@pytest.mark.parametrize(
    ("written", "clock"),
    [
        ("09:00", time(9)),
        ("9：05", time(9, 5)),
        ("9时30分", time(9, 30)),
        ("14点", time(14)),
        ("0.375", time(9)),
        ("2026-12-07 14:00", time(14)),
        ("2026-12-07T14:00:00", time(14)),
        ("09:00:00", time(9)),
        ("25:00", None),
        ("上午", None),
        ("", None),
        ("1", None),
    ],
)
def test_times_of_day(written, clock):
    assert reading.clock(written) == clock


@pytest.mark.parametrize(("written", "count"), [("30", 30), ("30.0", 30), ("３０台", None), ("30个", 30), ("2.5", None), ("-1", None), ("", None)])
def test_counts(written, count):
    assert reading.count(written) == count


def test_codes_are_tidied():
    assert reading.code(" ４４０６０１.0 ") == "440601" and reading.code("91440604ma5w1tdk6x") == "91440604MA5W1TDK6X"
