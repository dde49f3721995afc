"""Every row gets a verdict, the same however the pack is written."""

import csv
import io
from datetime import date, time

import pytest

from kaopei.center.applications import judging, pack, plan, verdicts
from kaopei.center.registry.unusable import Unusable
from tests.center.packs import CHEM, LOW, Pack, Style, credit_code, id_number, wrong_check

TODAY = date(2026, 11, 24)


def judge(made: Pack, style: Style | None = None, **options) -> judging.Judgement:
    return judging.judge(pack.open_delivery(made.files(style)), received_on=None, today=TODAY, **options)


def dirty(city: str = "440600") -> tuple[Pack, list[tuple[str, str]]]:
    """A pack with each fault planted once, and what must come out."""
    made = Pack(city, people=18)
    men = {"性别": "男"}
    rows = [
        ({}, ("accept", "")),
        ({"姓名": ""}, ("refuse", "name_missing")),
        ({"身份证号码": 4.40301199001011e17}, ("refuse", "id_mangled")),
        ({"身份证号码": wrong_check(id_number("4403", date(1990, 1, 1), True))} | men, ("refuse", "id_checksum")),
        ({}, ("accept", "")),
        (None, ("refuse", "duplicate")),
        ({"身份证号码": id_number("4403", date(2008, 12, 8), True)} | men, ("refuse", "age_min")),
        ({"身份证号码": id_number("4403", date(2008, 12, 7), True)} | men, ("accept", "")),
        ({"身份证号码": id_number("4403", date(1960, 1, 1), True)} | men, ("refuse", "age_max")),
        ({"学历": "小学"}, ("refuse", "education")),
        ({"学历": "初中", "操作项目": CHEM}, ("refuse", "education")),
        ({"从业地": "湖南省永州市"}, ("refuse", "place")),
        ({"培训机构信用代码": credit_code(city, 99)}, ("refuse", "institution_unknown")),
        ({"培训机构信用代码": made.codes[3]}, ("refuse", "institution_not_registered")),
        ({"培训机构信用代码": made.codes[2], "操作项目": LOW}, ("refuse", "institution_scope")),
        ({"操作项目": LOW, "已完成学时": 107}, ("refuse", "hours")),
        ({"身份证号码": id_number("4403", date(1990, 1, 1), True, 7), "性别": "女"}, ("hold", "sex_mismatch")),
        ({"身份证号码": " ４４０３０１ 19910101 " + id_number("4403", date(1991, 1, 1), True)[14:].lower()} | men, ("accept", "normalised")),
    ]
    made.sheets["培训机构"][3] |= {"状态": "已注销"}
    made.sheets["培训机构"][2] |= {"业务范围": "高压电工作业、高处安装、维护、拆除作业"}
    for place, (changed, _) in enumerate(rows):
        row = made.apply(place, 操作项目=LOW, 培训机构信用代码=made.codes[0])
        made.apply(place, **(changed if changed is not None else made.sheets["学员报名"][place - 1] | {"序号": f"{place}b"}))
        assert row
    return made, [expected for _, expected in rows]


@pytest.mark.parametrize("city", ["440600", "441900", "440300"])
@pytest.mark.parametrize("style", [Style(), Style(titles=0, blank=1, extra=True, shuffled=5, sheet="x"), Style(suffix=".csv", titles=2)])
def test_each_fault_has_its_code(city, style):
    made, expected = dirty(city)
    if style.suffix == ".csv":  # a CSV has no number cells: the digits are lost all the same
        made.apply(2, 身份证号码="4.40301E+17")
    judgement = judge(made, style)
    assert judgement.city.code == city
    assert [(row.verdict.decision, row.verdict.code) for row in judgement.rows] == expected


def test_all_reasons_are_listed_with_clause_and_cell():
    made = Pack()
    made.apply(0, 姓名="", 学历="小学", 已完成学时=1)
    row = judge(made).rows[0]
    assert [reason.code for reason in row.verdict.reasons] == ["name_missing", "education", "hours"]
    serial, decision, code, reason, clause, cell = row.as_row()
    assert (serial, decision, code) == ("1", "refuse", "name_missing")
    assert reason.count("；") >= 2 and clause == "N1.3.11；N2.6.2；N1.3.2" and cell == "B3《姓名》；F3《学历》；N3《已完成学时》"


def test_plan_of_practical_exams_changes_nobodys_age():
    made = Pack()
    made.apply(0, 身份证号码=id_number("4403", date(2008, 12, 5), True), 性别="男")
    before = judge(made).rows[0].verdict
    made.sheets["考试计划_实操"] = [made.sitting(1, 2, 14, 场次编号="P-1", 科目="实操")]
    assert before.decision == "accept" and judge(made).rows[0].verdict == before


def test_old_pack_is_judged_by_the_rules_of_its_time():
    made = Pack()
    judgement = judging.judge(pack.open_delivery(made.files()), received_on=None, today=date(2031, 5, 1))
    assert judgement.context.received_on == date(2026, 12, 7)


def test_pack_of_another_city_is_refused():
    with pytest.raises(Unusable, match="东莞市"):
        judge(Pack("441900"), city="440600")


def test_plan_without_any_day_is_refused():
    made = Pack()
    for row in made.sheets["考试计划"]:
        row["日期"] = "待定"
    with pytest.raises(Unusable, match="《日期》"):
        judge(made)


def test_operations_with_the_separator_in_their_name():
    made = Pack()
    made.sheets["培训机构"][0]["业务范围"] = "低压电工作业、高处安装、维护、拆除作业，高压电工作业"
    assert judge(made).institutions[0].facts.scope == {"低压电工作业", "高处安装、维护、拆除作业", "高压电工作业"}


def test_repeated_and_blank_numbers_keep_their_rows_apart():
    made = Pack()
    made.apply(1, 序号=1)
    made.apply(2, 序号="")
    made.apply(3, 序号="")
    judgement = judge(made)
    assert [row.key for row in judgement.rows[:4]] == ["1", "1#2", "#1", "#2"]
    assert [row.serial for row in judgement.rows[:4]] == ["1", "1", "", ""]
    assert sum(message.column == "序号" for message in judgement.messages) == 3


class TestPlan:
    """Rows of the plan that cannot be carried out are named; nothing crashes."""

    def read(self, *rows, part="T"):
        made = Pack()
        made.sheets["考试计划"] += rows
        judgement = judge(made)
        return judgement.plan[len(judgement.plan) - len(rows) :], [str(message) for message in judgement.messages]

    @pytest.mark.parametrize(
        ("changed", "fault"),
        [
            ({"考试点编号": "440699"}, "不在考试点表中"),
            ({"开始": "11:00", "结束": "09:00"}, "不晚于开始时间"),
            ({"开始": "上午"}, "看不出"),
            ({"日期": "2026-13-01"}, "看不出是哪一天"),
            ({"机位": 0}, "不是机位数"),
            ({"机位": "三十"}, "不是机位数"),
            ({"场次编号": ""}, "没有场次编号"),
            ({"场次编号": "440601-1207-09"}, "场次编号与第3行相同"),
            ({"科目": "实操"}, "与本表（理论）不符"),
            ({"操作项目": "叉车司机"}, "没有可考的操作项目"),
        ],
    )
    def test_fault_is_named(self, changed, fault):
        (row,), messages = self.read(Pack().sitting(1, 9, **changed))
        assert fault in row.fault and not row.usable
        assert any(fault in message and "第15行" in message for message in messages)

    def test_overlap_that_exceeds_the_seats(self):
        (first, second), messages = self.read(Pack().sitting(1, 9), Pack().sitting(1, 9, 场次编号="X", 开始="10:00", 结束="12:00"))
        assert first.usable and "时间重叠" in second.fault and any("场次 X" in message for message in messages)

    def test_two_rooms_at_once_within_the_seats(self):
        rows, _ = self.read(Pack().sitting(1, 9, 机位=30), Pack().sitting(1, 9, 场次编号="X", 开始="10:00", 结束="12:00", 机位=30))
        assert all(row.usable for row in rows)

    def test_more_seats_than_the_site_has(self):
        (row,), messages = self.read(Pack().sitting(1, 9, 机位=90))
        assert row.usable and row.seats == 60 and any("多于" in message for message in messages)

    def test_operation_the_site_is_not_accepted_for(self):
        made = Pack()
        made.sheets["考试点"][0]["可考操作项目"] = "高压电工作业"
        judgement = judge(made)
        assert {row.operations for row in judgement.plan if row.site == "440601"} == {("高压电工作业",)}
        assert any("可考操作项目" in str(message) for message in judgement.messages)

    def test_sitting_at_a_suspended_site_is_said(self):
        made = Pack()
        made.sheets["考试点"][1]["状态"] = "暂停（2026-12-08至2027-03-07）"
        said = [str(message) for message in judge(made).messages if "440602" in str(message)]
        assert len(said) == 2 and all("1208" in text for text in said)

    def test_row_survives_its_record(self):
        row = judge(Pack()).plan[0]
        assert plan.from_json(row.as_json()) == row
        assert (row.day, row.start, row.end) == (date(2026, 12, 7), time(9), time(11))


def test_site_of_a_body_that_is_not_registered_is_said():
    made = Pack()
    made.sheets["培训机构"][0]["状态"] = "已注销"
    assert any(message.is_loud and "440603" in str(message) for message in judge(made).messages)


def test_one_telephone_without_a_tie_is_said():
    made = Pack()
    made.sheets["培训机构"][3]["联系电话"] = made.sheets["培训机构"][0]["联系电话"]
    assert any("联系电话相同" in str(message) for message in judge(made).messages)


def test_verdict_file_runs_nothing_in_a_spreadsheet():
    content = verdicts.as_csv([("1", "refuse", "hours", "=HYPERLINK(1)", "N1.3.2", "-1")]).decode()
    assert next(iter(list(csv.reader(io.StringIO(content)))[1:])) == ["1", "refuse", "hours", "'=HYPERLINK(1)", "N1.3.2", "'-1"]
    assert not content.startswith("\ufeff") and "\r" not in content


def test_unclear_kind_and_operation_without_hours_are_said():
    made = Pack()
    made.apply(0, 申请类型="其他")
    made.sheets["大纲学时"] = [row for row in made.sheets["大纲学时"] if row["操作项目"] != LOW]
    said = [str(message) for message in judge(made).messages if message.is_loud]
    assert any("申请类型“其他”" in text and "共 1 行，序号 1" in text for text in said)
    assert any(f"“{LOW}”不在大纲学时表中" in text for text in said)
