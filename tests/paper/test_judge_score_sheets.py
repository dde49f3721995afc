"""Score sheets row by row: what is taken, what is put in order, what is refused and what that takes with it."""

from typing import Any

import pytest

from kaopei.paper import score_sheet
from kaopei.paper.bank import Cell, Row
from kaopei.paper.practical import ScoreSheet
from kaopei.paper.score_sheet import Page, SheetVerdict
from tests.paper.practice import lines, sheet


def cell(value: Any) -> Cell:
    if isinstance(value, Cell):
        return value
    return Cell("" if value is None else str(value), "number" if isinstance(value, int) else "text")


def judge(rules: list[dict[str, Any]], steps: list[dict[str, Any]]) -> tuple[list[SheetVerdict], list[ScoreSheet]]:
    return score_sheet.judge(page("规则", rules), [page("表", steps)])


def page(name: str, rows: list[dict[str, Any]]) -> Page:
    return Page(name, [Row(3 + at, {column: cell(value) for column, value in row.items()}) for at, row in enumerate(rows)])


def codes(verdicts: list[SheetVerdict], page: str = "表") -> dict[int, str]:
    return {one.row: one.code for one in verdicts if one.sheet == page and one.code}


def test_a_clean_file_is_taken_row_by_row() -> None:
    rules, steps = lines()
    verdicts, found = judge(rules, [*steps, dict.fromkeys(steps[0])])
    assert len(verdicts) == 14 and {one.decision for one in verdicts} == {"accept"}
    assert found == [sheet()]


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("任务名称", " 安全用具使用任务1 ", "outer_space"),
        ("配分", "２０", "fullwidth_number"),
        ("配分", "20", "number_as_text"),
        ("是否否决项", "N", ""),
    ],
)
def test_what_can_be_put_in_order_is(column: str, value: Any, code: str) -> None:
    rules, steps = lines()
    steps[0][column] = value
    verdicts, found = judge(rules, steps)
    assert codes(verdicts) == ({3: code} if code else {}) and found == [sheet()]
    assert verdicts[2].decision == ("normalise" if code else "accept")


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("操作项目", None, "subject_missing"),
        ("操作项目", "没有的作业", "subject_unknown"),
        ("任务编号", " ", "task_missing"),
        ("科目", None, "part_missing"),
        ("科目名称", "别的名称", "part_unknown"),
        ("任务名称", None, "title_missing"),
        ("任务满分", "六十", "marks"),
        ("建议用时（分钟）", 0, "minutes"),
        ("步骤序号", 0, "step_number"),
        ("考核步骤", None, "step_missing"),
        ("配分", 0, "points"),
        ("配分", "3.5", "points"),
        ("扣分细则", None, "faults_missing"),
        ("是否否决项", "也许", "veto_word"),
        ("考核步骤", Cell("=A1", formula=True), "formula_cell"),
        ("考核步骤", Cell("a", merged=True), "merged_cell"),
        ("考核步骤", Cell("46000", "date"), "cell_kind"),
        ("考核步骤", "长" * 2001, "text_too_long"),
    ],
)
def test_a_bad_row_is_refused_and_takes_its_task_with_it(column: str, value: Any, code: str) -> None:
    rules, steps = lines()
    steps[1][column] = value
    verdicts, found = judge(rules, steps)
    told = codes(verdicts)
    assert told[4] == code
    # A row that names no task of its own leaves the others with a gap in their steps.
    assert told[3] == told[5] and told[3] in ("task_incomplete", "step_number")
    assert [len(one.tasks) for one in found] == [3]


@pytest.mark.parametrize(
    ("change", "code"),
    [({"任务名称": "另一个名称"}, "task_differs"), ({"步骤序号": 1}, "step_number"), ({"配分": 19}, "task_full")],
)
def test_the_rows_of_a_task_must_fit_together(change: dict[str, Any], code: str) -> None:
    rules, steps = lines()
    steps[1] |= change
    verdicts, _ = judge(rules, steps)
    assert codes(verdicts) == dict.fromkeys((3, 4, 5), code)


def test_whatever_is_drawn_must_be_worth_the_part() -> None:
    rules, steps = lines()
    for row in steps[:3]:
        row["任务满分"] = 50
    steps[0]["配分"] = 10
    assert codes(judge(rules, steps)[0]) == dict.fromkeys((3, 4, 5), "part_full")


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("科目", None, "part_missing"),
        ("科目", "科目二", "dup_part"),
        ("科目满分", 0, "marks"),
        ("抽题数", 0, "draw"),
        ("总时长（分钟）", 601, "minutes"),
        ("否决项规则", "看情况", "veto_rule_unknown"),
        ("否决后总评", None, "veto_outcome_unknown"),
        ("否决后总评", "另行处理", "veto_outcome_unknown"),
        ("合格分", 70, "rules_differ"),
        ("操作项目", None, "subject_missing"),
    ],
)
def test_bad_rules_take_the_whole_subject_with_them(column: str, value: Any, code: str) -> None:
    rules, steps = lines()
    row = rules[1] if value != "科目二" else rules[1] | {"科目": "科目一"}
    rules[1] = row | ({column: value} if value != "科目二" else {})
    verdicts, found = judge(rules, steps)
    assert codes(verdicts, "规则")[4] == code and found == []
    assert set(codes(verdicts).values()) >= {"subject_unknown"}


def test_a_veto_may_leave_the_total_to_count_if_the_sheet_says_so() -> None:
    rules, steps = lines()
    for row in rules:
        row["否决后总评"] = "按总分评定"
    assert judge(rules, steps)[1] == [sheet(veto_fails=False)]


@pytest.mark.parametrize("change", [{"满分": 90}, {"合格分": 101}])
def test_the_marks_of_the_rules_must_add_up(change: dict[str, Any]) -> None:
    rules, steps = lines()
    verdicts, found = judge([row | change for row in rules], steps)
    assert codes(verdicts, "规则") == {3: "sum_full", 4: "sum_full"} and found == []


def test_a_part_without_enough_tasks_is_told_at_its_rule() -> None:
    rules, steps = lines(tasks=1)
    steps[0]["配分"] = 19
    verdicts, found = judge(rules, steps)
    assert codes(verdicts, "规则") == {3: "too_few_tasks"} and found == []
    other_rules, other_steps = lines("另一项作业")
    verdicts, found = judge([*rules, *other_rules], [*steps, *other_steps])
    assert [one.subject for one in found] == ["另一项作业"]
