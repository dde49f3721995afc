"""Reading blueprints: the layout is data."""

import pytest

from kaopei.paper import blueprint
from kaopei.paper.blueprint import BadBlueprint, Table
from kaopei.paper.item import JUDGE, MULTIPLE, SINGLE
from tests.paper.banks import layout, parameters, sheet

LINE = {
    "操作项目": "起重机作业", "满分": "100", "合格分": "80.0", "考试时间（分钟）": "90", "题量": "100",
    "判断题数": "70", "单选题数": "30", "多选题数": "0", "目标平均难度": "0.48", "卷间平均难度极差上限": "0.02",
}  # fmt: skip
SEVENTY_THIRTY = layout(7, judges=70, singles=30)


def changed(table: Table, at: int, column: str, text: str) -> Table:
    rows = [list(row) for row in table.rows]
    rows[at][rows[1].index(column)] = text
    return Table(table.name, rows)


def test_read_seventy_and_thirty_without_a_third_kind() -> None:
    tables = [sheet("起重机作业", SEVENTY_THIRTY, kinds=(JUDGE, SINGLE)), parameters(LINE)]
    found = blueprint.read(tables, "起重机作业")
    assert found.counts == SEVENTY_THIRTY
    assert (found.size, found.marks, found.contradictions) == (100, 100, ())
    assert (found.full_marks, found.pass_mark, found.duration_minutes) == (100, 80, 90)
    assert (found.target, found.spread) == (480, 20)
    assert found.points == {f"P{place:02}" for place in range(7)}


def test_read_a_sheet_without_parameters() -> None:
    found = blueprint.read([sheet("焊接", {("P1", MULTIPLE): 2})], "焊接")
    assert (found.pass_mark, found.duration_minutes, found.target, found.full_marks) == (None, None, None, None)
    assert found.contradictions == ()


def test_find_the_subject_whatever_its_spelling() -> None:
    long_name = "危险化学品安全作业光气及光气化工艺作业人员（含操作与维护、检修和现场监护等全部岗位人员）"
    titled = Table("被截短的表名", [[f"{long_name}双向细目表"], *sheet(long_name, {("P1", JUDGE): 1}).rows[1:]])
    tables = [
        sheet("高处安装、维护、拆除作业", {("P1", JUDGE): 1}),
        titled,
        parameters({"操作项目": long_name}, {}),
        Table("空", []),
    ]
    tables.append(Table("题库", [["题号", "知识点编码"]]))
    assert blueprint.subjects(tables) == ["高处安装、维护、拆除作业", long_name]
    assert blueprint.read(tables, "高处安装维护拆除作业").subject == "高处安装、维护、拆除作业"
    assert blueprint.read(tables, long_name).size == 1


def test_name_the_subjects_there_are_when_one_is_missing() -> None:
    with pytest.raises(BadBlueprint, match="没有科目“焊接”.*已有：起重机作业"):
        blueprint.read([Table("说明", [["说明"]]), sheet("起重机作业", {("P1", JUDGE): 1})], "焊接")
    with pytest.raises(BadBlueprint, match="（无）"):
        blueprint.read([], "焊接")


def test_ignore_empty_lines_and_short_rows() -> None:
    table = sheet("焊接", {("P1", JUDGE): 3, ("P2", JUDGE): 1})
    rows = [*table.rows[:3], [""], [], *table.rows[3:], ["", "备注：示例"]]
    assert blueprint.read([Table("焊接", rows)], "焊接").size == 4


@pytest.mark.parametrize(
    ("column", "text", "said"),
    [
        ("判断题数", "2.5", "第3行“判断题数”列：“2.5”不是非负整数"),
        ("判断题数", "-1", "不是非负整数"),
        ("判断题数", "很多", "不是非负整数"),
        ("判断题每题分", "0", "每题分应为正整数"),
        ("判断题每题分", "0.5", "不是非负整数"),
        ("知识点编码", "P2", "知识点编码 P2 重复"),
    ],
)
def test_refuse_cells_that_cannot_be_counts(column: str, text: str, said: str) -> None:
    table = sheet("焊接", {("P1", JUDGE): 3, ("P2", JUDGE): 1})
    with pytest.raises(BadBlueprint, match=said):
        blueprint.read([changed(table, 2, column, text)], "焊接")


def test_refuse_a_sheet_without_counts() -> None:
    with pytest.raises(BadBlueprint, match="缺少题数列"):
        blueprint.read([Table("焊接", [["知识点编码", "知识点"], ["P1", "一"]])], "焊接")
    with pytest.raises(BadBlueprint, match="没有题数"):
        blueprint.read([Table("焊接", [["知识点编码", "判断题数"], ["P1", ""]])], "焊接")


def test_say_where_totals_contradict_the_counts() -> None:
    table = sheet("起重机作业", SEVENTY_THIRTY, kinds=(JUDGE, SINGLE))
    table = changed(changed(table, 2, "小计题数", "99"), len(table.rows) - 1, "单选题数", "31")
    found = blueprint.read([table, parameters(LINE | {"满分": "120", "题量": "95"})], "起重机作业")
    assert found.counts == SEVENTY_THIRTY
    assert len(found.contradictions) == 4
    assert "第3行“小计题数”写 99" in found.contradictions[0]
    assert "“单选题数”写 31，按各题数应为 30" in found.contradictions[1]
    assert "“组卷参数”起重机作业" in found.contradictions[2]


def test_refuse_parameters_that_make_no_sense() -> None:
    table = sheet("起重机作业", SEVENTY_THIRTY, kinds=(JUDGE, SINGLE))
    for column, text, said in [
        ("合格分", "101", "合格分 101 高于满分 100"),
        ("考试时间（分钟）", "两小时", "不是非负整数"),
        ("目标平均难度", "中等", "不是数"),
    ]:
        with pytest.raises(BadBlueprint, match=said):
            blueprint.read([table, parameters(LINE | {column: text})], "起重机作业")


@pytest.mark.parametrize(
    ("title", "found"),
    [
        ("低压电工作业安全生产理论考试题库（示例）", "低压电工作业"),
        ("高处安装维护拆除作业题库", "高处安装、维护、拆除作业"),
        ("广东省 低压电工作业 题库", "低压电工作业"),
        ("低压电工作业二题库", "低压电工作业二"),
        ("题库", None),
        ("", None),
    ],
)
def test_tell_the_subject_from_a_title(title: str, found: str | None) -> None:
    known = ["低压电工作业", "低压电工作业二", "高处安装、维护、拆除作业", "（）"]
    assert blueprint.subject_of(title, known) == found
