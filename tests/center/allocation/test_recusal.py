"""Who may not serve where: each reason on its first and last day, each tie one step too far, and the files themselves."""

import csv
import datetime as dt
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from kaopei.center.allocation import duty_files
from kaopei.center.allocation.recusal import Recusal, Relation, Sitting
from kaopei.center.registry.entries import StaffEntry, TieEntry
from kaopei.center.registry.unusable import Unusable
from kaopei.office.sheets import write_xlsx
from tests.center.packs import id_number

DAY = dt.date(2026, 12, 7)
HOST, SCHOOL, OWNER, FAR = "HOST", "SCHOOL", "OWNER", "FAR"


def staff(number="P1", *, tied="", trained="2026-01-15", appraisal="2025合格", pledge=True, agreement=True):
    day = dt.date.fromisoformat(trained) if trained else None
    return StaffEntry(number, "姓名", "监考", True, tied, day, appraisal, pledge, agreement)


def relation(body=HOST, kind="任职", share=None, start="2020-01-01", end="", declared=True):
    days = [dt.date.fromisoformat(text) if text else None for text in (start, end)]
    return Relation("P1", kind, body, share, *days, declared)


def tie(one, other, kind="控股", share=None, start="2020-01-01", end=""):
    days = [dt.date.fromisoformat(text) if text else None for text in (start, end)]
    return TieEntry(one, "", kind, other, "", share, *days, "")


def found(*, person=None, relations=(), ties=(), site="S1", host=HOST, bodies=(SCHOOL,)):
    grounds = Recusal([person or staff()], relations, ties).grounds(person or staff(), Sitting("N", site, host, DAY, bodies))
    return [ground.code for ground in grounds]


def test_nobody_s_relative_may_serve():
    assert found() == []


def test_a_post_at_the_host_or_the_site_itself_is_direct():
    assert found(relations=[relation()]) == ["R1"]
    assert found(relations=[relation("S1", "场地出租")]) == ["R1"]
    assert found(person=staff(tied=HOST)) == ["R1"], "the column of the staff list counts without days"


@pytest.mark.parametrize(
    ("kind", "end", "codes"),
    [
        ("任职", "2024-12-07", ["R1"]), ("任职", "2024-12-06", []), ("曾任", "2024-12-07", ["R1"]), ("兼职", "2024-12-06", []),
        ("持股", "2026-12-07", ["R1"]), ("持股", "2026-12-06", []), ("亲属", "2026-12-06", []), ("场地出租", "2026-12-06", []),
    ],
)  # fmt: skip
def test_posts_count_two_years_longer_and_nothing_else_does(kind, end, codes):
    assert found(relations=[relation(kind=kind, end=end)]) == codes


@pytest.mark.parametrize(("start", "codes"), [("2026-12-07", ["R1"]), ("2026-12-08", [])])
def test_a_relation_counts_from_its_first_day(start, codes):
    assert found(relations=[relation(start=start)]) == codes


@pytest.mark.parametrize(("share", "codes"), [("4.99", []), ("5", ["R1"]), (None, ["R1"])])
def test_small_holdings_do_not_count(share, codes):
    assert found(relations=[relation(kind="持股", share=Decimal(share) if share else None)]) == codes


def test_two_ties_count_and_three_do_not():
    chain = [tie("A", "B"), tie(HOST, "B", "同一地址"), tie("B", SCHOOL)]
    assert found(relations=[relation("A")], ties=chain) == ["R2", "R4"]
    assert found(relations=[relation("Z")], ties=[tie("Z", "A"), *chain]) == []


@pytest.mark.parametrize(
    ("kind", "share", "end", "codes"),
    [("参股", "4.9", "", []), ("参股", "5", "", ["R4"]), ("控股", None, "2026-12-06", []), ("控股", None, "2026-12-07", ["R4"])],
)
def test_ties_between_bodies_count_while_they_are_in_force(kind, share, end, codes):
    link = tie(OWNER, SCHOOL, kind, Decimal(share) if share else None, end=end)
    assert found(relations=[relation(OWNER)], ties=[link]) == codes


def test_all_reasons_stand_together_with_every_way():
    person = staff(trained="2025-12-31", appraisal="2025不合格", pledge=False, agreement=False)
    ties = [tie(SCHOOL, FAR, "同一电话")]
    recusal = Recusal([person], [relation(SCHOOL)], ties)
    grounds = recusal.grounds(person, Sitting("N", "S1", "", DAY, (SCHOOL, FAR)))
    assert duty_files.row_of(grounds) == (
        "0", "R3;R4;G1;G2;G3;G4", "N2.2.5;N2.2.5;N2.5.3;N2.5.4;N2.5.5;N2.5.6", "任职>SCHOOL|任职>SCHOOL>FAR",
    )  # fmt: skip


def test_preparing_a_room_looks_at_the_site_only():
    person = staff(trained="", agreement=False)
    recusal = Recusal([person], [relation(SCHOOL), relation("A")], [tie("A", HOST)])
    assert [ground.code for ground in recusal.of_site(person, "S1", HOST, DAY)] == ["R2"]


def test_leap_day_two_years_back():
    leap = Sitting("N", "S1", HOST, dt.date(2028, 2, 29), ())
    person = staff(trained="2028-01-01")
    assert Recusal([person], [relation(end="2026-02-28")], ()).grounds(person, leap)
    assert not Recusal([person], [relation(end="2026-02-27")], ()).grounds(person, leap)


STAFF = ("姓名", "身份证号码", "岗位", "专职", "关联培训机构信用代码", "最近培训日期", "年度考核", "责任书", "保密协议")
SITES = ("考试点编号", "名称", "类型", "依托单位信用代码", "所在区县", "经度", "纬度", "理论机位", "可考操作项目", "状态")
PLAN = ("场次编号", "考试点编号", "日期", "开始", "结束", "科目", "机位", "操作项目")
ONE, TWO = id_number("440604", dt.date(1980, 1, 1), True), id_number("440604", dt.date(1981, 1, 1), False)


def folder(path: Path, **left_out) -> Path:
    usual = ["是", "", "2026-03-01", "2025合格", "有", "有"]
    people = [["赵一", ONE.lower(), "监考", *usual], ["钱二", TWO, "巡考", *usual]]
    tables = {
        "考务人员": (STAFF, people),
        "考试点": (SITES, [["440601", "一考点", "依托培训机构", "91440604MAC7GGQ2HM", "禅城区", 113.1, 23.0, 30, "低压电工作业", "正常"]]),
        "考试计划": (PLAN, [["440601-1207-09", "440601", "2026-12-07", "09:00", "11:00", "理论", 30, "低压电工作业"],
                        ["440601-1207-14", "440601", "2026/12/7", "14:00", "16:00", "理论", 30, "低压电工作业"]]),
        "考务人员关系": (("姓名", "身份证号码", "关系类型", "机构或考试点代码", "机构或考试点名称", "比例%", "起", "止", "本人申报", "备注"),
                   [["赵一", ONE, "任职", "91440604MAC7GGQ2HM", "", "", "2020-01-01", "", "是", ""]]),
        "值班需求": (("场次编号", "考试点编号", "日期", "开始", "结束", "岗位", "人数", "依据"),
                 [["440601-1207-09", "440601", "2026-12-07", "09:00", "11:00", "监考", 1, ""],
                  ["440601-1207-09", "440601", "2026-12-07", "08:00", "18:00", "巡考", 1, ""],
                  ["440601-1207-14", "440601", "2026-12-07", "14:00", "16:00", "监考", "两人", ""]]),
    }  # fmt: skip
    path.mkdir(exist_ok=True)
    for name, (header, rows) in tables.items():
        if name not in left_out.get("without", ()):
            (path / f"{name}.xlsx").write_bytes(write_xlsx(name, header, rows))
    bodies = left_out.get("bodies", [("440601-1207-14", "91440605MA5Y1YMKLY")])
    (path / "场次考生机构.csv").write_text("场次编号,培训机构信用代码,考生人数\n" + "".join(f"{a},{b},9\n" for a, b in bodies), "utf-8-sig")
    return path


def run(*words):
    return subprocess.run([sys.executable, "-m", "kaopei", *map(str, words)], capture_output=True, text=True, timeout=60)


def test_command_writes_every_person_at_every_sitting_for_its_owner_only(tmp_path):
    out = tmp_path / "r.csv"
    done = run("recusal", folder(tmp_path / "in"), "--out", out)
    assert done.returncode == 0, done.stderr
    rows = list(csv.reader(out.read_text("utf-8").splitlines()))
    assert rows[0] == ["person", "sitting", "allowed", "reason", "clause", "path"]
    assert [row[:4] for row in rows[1:]] == [
        [ONE, "440601-1207-09", "0", "R1"], [ONE, "440601-1207-14", "0", "R1"], [TWO, "440601-1207-09", "1", ""], [TWO, "440601-1207-14", "1", ""],
    ]  # fmt: skip
    assert out.stat().st_mode & 0o777 == 0o600
    assert "机构关联" in done.stderr, "the missing ties are said loudly"


@pytest.mark.parametrize("name", ["考务人员", "考试点", "考试计划"])
def test_missing_workbook_is_one_line_and_exit_2(tmp_path, name):
    done = run("recusal", folder(tmp_path / "in", without=(name,)), "--out", tmp_path / "r.csv")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert name in done.stderr and not (tmp_path / "r.csv").exists()


def test_missing_folder_is_said(tmp_path):
    with pytest.raises(Unusable, match="没有文件夹"):
        duty_files.read(tmp_path / "nowhere")


def test_roster_fills_whom_recusal_leaves_and_tells_the_gaps(tmp_path):
    out = tmp_path / "r.csv"
    done = run("roster", folder(tmp_path / "in"), "--seed", "ab" * 32, "--out", out)
    assert done.returncode == 0, done.stderr
    rows = list(csv.reader(out.read_text("utf-8").splitlines()))
    assert rows == [["sitting", "role", "person"], ["440601-1207-09", "监考", ""], ["440601-1207-09", "巡考", TWO]]
    assert "读不出" in done.stderr, "the post that cannot be read is named"
    assert "缺 1" in done.stdout


def test_day_duty_is_judged_against_every_sitting_of_the_day(tmp_path):
    where = folder(tmp_path / "in")
    rows = [["钱二", TWO, "兼职", "91440605MA5Y1YMKLY", "", "", "2020-01-01", "", "是", ""]]
    header = ("姓名", "身份证号码", "关系类型", "机构或考试点代码", "机构或考试点名称", "比例%", "起", "止", "本人申报", "备注")
    (where / "考务人员关系.xlsx").write_bytes(write_xlsx("关系", header, rows))
    done = run("roster", where, "--seed", "ab" * 32, "--out", tmp_path / "r.csv")
    assert done.returncode == 0, done.stderr
    rows = list(csv.reader((tmp_path / "r.csv").read_text("utf-8").splitlines()))
    assert rows[2] == ["440601-1207-09", "巡考", ""], "tied to trainees of the afternoon"


def test_roster_refuses_a_bad_seed(tmp_path):
    done = run("roster", folder(tmp_path / "in"), "--seed", "AB", "--out", tmp_path / "r.csv")
    assert done.returncode == 2 and "种子" in done.stderr
