"""Judging rows of a bank."""

import pytest

from kaopei.paper.bank import ACCEPT, COLUMNS, NORMALISE, REFUSE, Cell, Row, judge_row, judge_rows
from tests.paper.banks import judge, row

POINTS = {"QZ01", "QZ02"}


def code(a_row: Row) -> tuple[str, str]:
    verdict = judge_row(a_row, POINTS)
    assert (verdict.item is None) == (verdict.decision == REFUSE)
    return verdict.decision, verdict.code


@pytest.mark.parametrize(
    "good",
    [
        row(),
        judge(),
        judge(答案="错误"),
        row(题型="多选题", 答案="ABD"),
        row(选项A="-25 ℃", 选项B="+25 ℃", 选项C="25 K", 选项D="@25", 答案="A"),
        row(选项C="", 选项D="", 答案="B"),
        row(互斥组="QZ-E01", 状态="停用"),
        row(题干="题" * 2000),
        row(难度="0.1"),
        row(难度="0.90000000000000002"),
        row(难度="4E-1"),
        row(解析="", 命题人="", 认知层次="", 知识点=""),
        row(选项A="1.5", 选项B="15"),
    ],
)
def test_accept_what_stands_in_order(good: Row) -> None:
    assert code(good) == (ACCEPT, "")


@pytest.mark.parametrize(
    ("untidy", "expected"),
    [
        (row(答案="Ｃ"), "fullwidth_answer"),
        (row(题型="多选题", 答案="ＡＢＤ"), "fullwidth_answer"),
        (row(答案="ｃ"), "fullwidth_answer"),
        (row(题型="多选题", 答案="A、B、C"), "answer_separators"),
        (row(题型="多选题", 答案="A，B"), "answer_separators"),
        (row(题型="多选题", 答案="A B"), "answer_separators"),
        (row(题型="多选题", 答案="C;A"), "answer_separators"),
        (row(题型="多选题", 答案="CBA"), "answer_order"),
        (row(题型="多选题", 答案="AAB"), "answer_order"),
        (judge(答案="√"), "judge_synonym"),
        (judge(答案="×"), "judge_synonym"),
        (judge(答案="对"), "judge_synonym"),
        (judge(答案="ｆ"), "judge_synonym"),
        (row(题型="单选"), "type_synonym"),
        (row(题型="多项选择题", 答案="AB"), "type_synonym"),
        (row(答案="c"), "lowercase_answer"),
        (row(kinds={"难度": "text"}, 难度="0.30"), "number_as_text"),
        (row(kinds={"难度": "text"}, 难度="０.３"), "number_as_text"),
        (row(题干="\u3000吊装前应（ ）。 "), "outer_space"),
        (row(题号=" QZ-0001\u200b"), "outer_space"),
        (row(状态=""), "status_blank"),
        (row(状态=" \u3000"), "status_blank"),
        (row(题型="单选", 答案="c", 状态=""), "type_synonym"),
    ],
)
def test_put_in_order(untidy: Row, expected: str) -> None:
    assert code(untidy) == (NORMALISE, expected)


@pytest.mark.parametrize(
    ("bad", "expected"),
    [
        (row(题号=""), "id_missing"),
        (row(题型="填空题"), "type_unknown"),
        (row(题型=""), "type_unknown"),
        (row(知识点编码="QZ99"), "kp_unknown"),
        (row(难度="中等"), "difficulty_not_number"),
        (row(难度=""), "difficulty_not_number"),
        (row(难度="nan"), "difficulty_not_number"),
        (row(kinds={"难度": "date"}, 难度="0.4"), "difficulty_not_number"),
        (row(kinds={"选项B": "date"}, 选项B="45356"), "cell_kind"),
        (row(kinds={"题干": "error"}, 题干="#N/A"), "cell_kind"),
        (row(难度="1.5"), "difficulty_range"),
        (row(难度="0"), "difficulty_range"),
        (row(难度="0.0999"), "difficulty_range"),
        (row(难度="-0.4"), "difficulty_range"),
        (row(难度="1e99"), "difficulty_range"),
        (row(题干=""), "stem_missing"),
        (row(题干="题" * 2001), "stem_too_long"),
        (row(选项B="10%"), "option_duplicate"),
        (row(选项B="１０％"), "option_duplicate"),
        (row(答案=""), "answer_missing"),
        (row(选项D="", 答案="D"), "answer_no_option"),
        (row(答案="E"), "answer_no_option"),
        (row(答案="正确"), "answer_no_option"),
        (row(答案="、"), "answer_no_option"),
        (row(答案="AB"), "single_multi_answer"),
        (row(答案="A、C"), "single_multi_answer"),
        (row(题型="多选题", 答案="A"), "multi_single_answer"),
        (row(题型="多选题", 答案="AA"), "multi_single_answer"),
        (row(选项A="", 选项B="", 选项D="", 答案="C"), "option_missing"),
        (judge(答案="A"), "judge_answer"),
        (judge(答案="大概"), "judge_answer"),
        (judge(选项A="正确", 选项B="错误"), "judge_option"),
        (row(状态="草稿"), "status_unknown"),
        (row(题干="=1+1"), "formula_cell"),
        (row(解析=" =HYPERLINK(1)"), "formula_cell"),
    ],
)
def test_refuse_by_itself(bad: Row, expected: str) -> None:
    assert code(bad) == (REFUSE, expected)


def test_refuse_formulas_before_merged_cells() -> None:
    cells = dict(row().cells)
    cells["选项C"] = Cell("", merged=True)
    assert code(Row(3, cells)) == (REFUSE, "merged_cell")
    cells["解析"] = Cell("", formula=True)
    assert code(Row(3, cells)) == (REFUSE, "formula_cell")


def test_keep_more_options_than_four() -> None:
    cells = dict(row(题型="多选题", 答案="AF").cells) | {"选项E": Cell("60%"), "选项F": Cell("70%")}
    item = judge_row(Row(3, cells), POINTS).item
    assert item is not None
    assert item.key == ("a", "f")
    assert [option for option, _ in item.options] == list("abcdef")


def test_read_the_item_as_meant() -> None:
    item = judge_row(row(题号=" QZ-7 ", 难度="0.30000000000000004", 互斥组="E1", 状态="停用", 答案="ｂ"), POINTS).item
    assert item is not None
    assert (item.number, item.difficulty, item.enemy, item.retired, item.key) == ("QZ-7", 300, "E1", True, ("b",))
    assert item.cell == ("QZ01", "single")
    wrong = judge_row(judge(答案="X"), POINTS).item
    assert wrong is not None and wrong.key == ("f",)
    assert wrong.options == (("t", "正确"), ("f", "错误"))


def test_ignore_blank_rows_and_keep_row_numbers() -> None:
    blank = Row(4, {column: Cell(" \u3000" if column == "题号" else "") for column in COLUMNS})
    verdicts = judge_rows([row(3), blank, Row(5, {}), row(6, 题号="QZ-0002", 题干="另一道题。")], POINTS)
    assert [(v.number, v.row, v.decision) for v in verdicts] == [("QZ-0001", 3, ACCEPT), ("QZ-0002", 6, ACCEPT)]


def test_let_the_earlier_row_win() -> None:
    rows = [
        row(3),
        row(4, 题干="另一道题。"),
        row(5, 题号="QZ-0002", 题干="吊钩危险断面磨损达到原尺寸的( )时,应当报废"),
        row(6, 题号="QZ-0003", 题干="第三道题。"),
        row(7),
    ]
    verdicts = judge_rows(rows, POINTS)
    assert [(v.number, v.code) for v in verdicts] == [
        ("QZ-0001", ""),
        ("QZ-0001", "dup_id"),
        ("QZ-0002", "dup_stem"),
        ("QZ-0003", ""),
        ("QZ-0001", "dup_id"),
    ]
    assert [v.item is None for v in verdicts] == [False, True, True, False, True]


def test_let_a_refused_row_claim_nothing() -> None:
    verdicts = judge_rows([row(3, 答案=""), row(4), row(5, 题号="QZ-0009", 状态="草稿"), row(6, 题号="QZ-0010")], POINTS)
    assert [v.code for v in verdicts] == ["answer_missing", "", "status_unknown", "dup_stem"]


def test_give_the_same_verdicts_when_the_same_rows_come_again() -> None:
    rows = [
        row(3),
        row(4, 题干="另一道题。"),
        row(5, 题号="QZ-0002", 题干="第二题 。", 状态=""),
        row(6, 题号="QZ-0003", 题干="第二题"),
    ]
    first = judge_rows(rows, POINTS)
    held = [v.item for v in first if v.item]
    assert judge_rows(rows, POINTS, held) == first
    again = judge_rows([row(3, 状态="停用")], POINTS, held)
    assert [(v.code, v.item is not None and v.item.retired) for v in again] == [("", True)]
    changed = judge_rows([row(3, 答案="A"), row(4, 题号="QZ-0011")], POINTS, held)
    assert [v.code for v in changed] == ["dup_id", "dup_stem"]
