"""`./run hours` and `./run findings` from file to file: a small month with its dirt, and files that cannot be read."""

import csv
import subprocess
import sys

import pytest

from kaopei.office.sheets import write_xlsx

PERSON = "440604199712300169"
HEADS = {
    "课程表": "班号,节次,日期,开始,结束,单元,学时,教师身份证号码,教室,容量,合班号",
    "培训班名册": "班号,报名序号,学员身份证号码,姓名",
    "签到记录": "记录号,班号,报名序号,学员身份证号码,日期,单元,签到时间,签退时间,凭据,设备号,教室,经度,纬度,教师身份证号码,记录时间,补录单号",
}
ROWS = {
    "课程表": ["A,1,2026-09-28,09:00,12:15,U1,4,440606199010207712,105教室,40,", "A,2,哪天,09:00,12:15,U1,4,,105教室,40,"],
    "培训班名册": [f"A,1,{PERSON},武楠贵"],
    "签到记录": [
        f"Q1,A,1,{PERSON},2026-09-28,U1,08:55:10,12:16:00,刷卡;动态码,D1,,,,440606199010207712,2026-09-28 12:17:00,",
        f"Q2,A,1,{PERSON},2026-09-28,U1,不知道,12:16:00,刷卡;动态码,D1,,,,440606199010207712,2026-09-28 12:17:00,",
    ],
}


@pytest.fixture
def month(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for name, head in HEADS.items():
        (folder / f"{name}.csv").write_text("\n".join([head, *ROWS[name]]) + "\n", "utf-8-sig")
    header = ("班号", "培训机构信用代码", "操作项目", "教室", "经度", "纬度", "固定考勤终端")
    classes = [["A", "91440606MAXEYYL4K1", "低压电工作业", "105教室", 113.2, 22.7, "KQ-1;KQ-2"]]
    (folder / "培训班.xlsx").write_bytes(write_xlsx("培训班", header, classes))
    (folder / "学员报名.xlsx").write_bytes(write_xlsx("报名", ("序号", "已完成学时"), [["1", "8"]]))
    return folder


def run(*words):
    return subprocess.run([sys.executable, "-m", "kaopei", *map(str, words)], capture_output=True, text=True, timeout=60)


def table(path):
    return list(csv.reader(path.read_text("utf-8").splitlines()))


def test_hours_of_the_roster(month, tmp_path):
    out = tmp_path / "h.csv"
    done = run("hours", month, "--out", out)
    assert done.returncode == 0, done.stderr
    assert table(out) == [
        ["class", "row_no", "id", "records", "gross_minutes", "effective_minutes", "hours", "claimed", "excluded"],
        ["A", "1", PERSON, "1", "180", "180", "4", "8", ""],
    ]
    assert out.stat().st_mode & 0o777 == 0o600
    assert "课程表 第3行" in done.stderr and "签到记录 第3行" in done.stderr and "线上学习" in done.stderr


def test_findings_of_the_parts_that_are_there(month, tmp_path):
    out = tmp_path / "f.csv"
    done = run("findings", month, "--out", out)
    assert done.returncode == 0, done.stderr
    rows = table(out)
    assert rows[0][:5] == ["kind", "object", "from", "to", "clause"]
    assert [row[:5] for row in rows[1:]] == [
        ["hours_overclaimed", PERSON, "", "", "N1.3.10"],
        ["teacher_unreported", "440606199010207712", "2026-09-28 09:00:00", "2026-09-28 12:15:00", "N1.3.7"],
    ]
    assert "考务人员部分没有核查" in done.stderr and "考试点部分没有核查" in done.stderr


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("签到记录.csv", None, ""), ("培训班名册.csv", None, "培训班名册"), ("签到记录.csv", b"a,b\n1,2\n", "缺少列"),
        ("签到记录.csv", "记录号".encode("utf-16"), "UTF-8"), ("培训班.xlsx", b"PK\x03\x04cut", "不是完整的工作簿"),
        ("签到记录.csv", b'a,"b\n', "CSV"),
    ],
)  # fmt: skip
def test_file_that_cannot_be_read_is_one_line(month, tmp_path, name, content, said):
    if content is None:
        (month / name).unlink()
    else:
        (month / name).write_bytes(content)
    done = run("hours", month, "--out", tmp_path / "h.csv")
    if not said:
        assert done.returncode == 0 and "签到记录" in done.stderr, "an optional file is missed loudly"
        return
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert said in done.stderr and not (tmp_path / "h.csv").exists()


def test_folder_without_anything(tmp_path):
    for word in ("hours", "findings"):
        done = run(word, tmp_path / "no", "--out", tmp_path / "x.csv")
        assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
