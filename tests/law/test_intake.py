"""Judging a whole sheet: duplicates, order of reasons, the same answer for the same rows."""

from dataclasses import replace
from datetime import date
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kaopei.law import numbers, reading
from kaopei.law.cells import Written
from kaopei.law.facts import ApplicationFacts, IntakeContext
from kaopei.law.numbers import Number
from kaopei.law.rules.c2_6_intake import ORDER, judge, judge_all
from tests.law import tables
from tests.law.tables import application, cases, context

ROW = next(case for case in cases() if case.rule == "c2_6_intake.judge")


def rows(*changes: dict[str, Any]) -> list[ApplicationFacts]:
    return [application(ROW.given["application"] | change) for change in changes]


def place() -> IntakeContext:
    return context(ROW.given["context"])


def codes(*changes: dict[str, Any]) -> list[str]:
    return [verdict.code for verdict in judge_all(rows(*changes), place())]


def test_later_of_two_equal_rows_is_the_duplicate() -> None:
    assert codes({}, {"序号": "1b"}) == ["", "duplicate"]


def test_duplicate_is_seen_through_dirt_in_the_number() -> None:
    assert codes({"身份证号码": " ４４０６０５ 19930322 1490"}, {"序号": 2}) == ["normalised", "duplicate"]


def test_another_operation_of_the_same_person_is_no_duplicate() -> None:
    assert "duplicate" not in codes({}, {"序号": 2, "操作项目": "高压电工作业"})


def test_rows_without_a_good_number_are_nobodys_duplicate() -> None:
    bad = {"身份证号码": "440605199303221491"}
    assert codes(bad, bad) == ["id_checksum", "id_checksum"]


def test_duplicate_names_the_first_row() -> None:
    verdicts = judge_all(rows({"序号": 7}, {"序号": 8}, {"序号": 9}), place())
    assert [verdict.text for verdict in verdicts[1:]] == ["与序号 7 是同一人报同一操作项目，重复"] * 2
    assert "（空白）" in judge_all(rows({"序号": ""}, {"序号": ""}), place())[1].text


def test_application_already_in_the_batch_counts() -> None:
    one = rows({})[0]
    full = replace(place(), taken={(one.id_number.value, one.operation): "33"})
    assert judge_all([one], full)[0].code == "duplicate"


def test_everything_wrong_is_listed_in_the_fixed_order() -> None:
    row = rows(
        {
            "姓名": "",
            "性别": "女",
            "身份证号码": "440605201003220015",
            "学历": "小学",
            "从业地": "",
            "培训机构信用代码": "91440600MATY032TBD",
            "已完成学时": 1,
        }
    )[0]
    found = [reason.code for reason in judge(row, place(), "1").reasons]
    assert found == sorted(found, key=ORDER.index)
    assert found == ["name_missing", "duplicate", "age_min", "education", "place", "institution_unknown", "hours", "sex_mismatch"]


def test_order_of_other_rows_changes_no_verdict_but_the_duplicates() -> None:
    some = [{"序号": number, "身份证号码": f"{number}"} for number in range(20)] + [{"序号": 99}]
    mixed = some[:]
    Random(7).shuffle(mixed)
    first = {row.serial: verdict for row, verdict in zip(rows(*some), judge_all(rows(*some), place()), strict=True)}
    again = {row.serial: verdict for row, verdict in zip(rows(*mixed), judge_all(rows(*mixed), place()), strict=True)}
    assert first == again


def test_age_is_taken_on_the_first_day_of_the_plan_whenever_it_was_received() -> None:
    table = dict(ROW.given["context"]) | {"received_on": date(2026, 5, 31)}
    young = rows({"身份证号码": "", "出生": date(2008, 12, 8), "性别": "男"})[0]
    verdict = judge(young, context(table))
    assert verdict.code == "age_min"
    assert "沿用" not in verdict.text
    assert "沿用" in judge(young, place()).text


def test_value_that_nobody_has_seen_refuses_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    def unseen(key: str, day: date) -> Number:
        return replace(real(key, day), confidence="general-knowledge-unverified", assumption=False)

    real = numbers.of
    monkeypatch.setattr(numbers, "of", unseen)
    row = rows({"学历": "小学", "从业地": "", "身份证号码": "440605201003220015", "申请类型": "复审", "已完成学时": 1})[0]
    full = replace(place(), syllabus={})
    assert judge(row, full).decision == "accept"


TEXTS = st.one_of(
    st.text(max_size=40),
    st.text(alphabet="０１２３4567890Xx -/.年月日学时（）、，至\u3000\ufeff", max_size=40),
    st.sampled_from(["2026-99-99", "9" * 400, "٣٤٥", "²", "1e400", "nan", "inf", "广东省", "佛山市", "\x00"]),
)
CELLS = st.builds(Written, TEXTS, st.sampled_from(["text", "number", "date", "bool", "empty"]))


@pytest.mark.no_cover
@pytest.mark.slow
@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(list(ROW.given["application"])), CELLS))
def test_whatever_stands_in_the_cells_there_is_a_verdict(cells: dict[str, Written]) -> None:
    row = reading.application(tables.written(ROW.given["application"]) | cells)
    for verdict in judge_all([row, row], place()):
        assert verdict.decision in ("accept", "refuse", "hold")
        assert all(reason.text and reason.clause for reason in verdict.reasons)
        assert verdict.code in (*ORDER, "", "normalised")


@pytest.mark.no_cover
@pytest.mark.slow
@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(["机构名称", "统一社会信用代码", "业务范围", "登记日期", "状态"]), CELLS), CELLS)
def test_whatever_stands_in_the_lists_they_are_read(cells: dict[str, Written], other: Written) -> None:
    body = reading.institution(cells, frozenset([other.text]))
    assert body.standing.on(date(2026, 12, 7))
    assert reading.syllabus({"操作项目": other, "初次培训学时": other}).review is None
