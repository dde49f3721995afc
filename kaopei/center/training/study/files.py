"""The files of a month's training, read into facts. A row that cannot be read is named; a file that cannot is one clear line."""

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path

from kaopei.center.registry.reading import Message, clock, code
from kaopei.center.registry.rows import Folder, midnight, moment, number, person, seconds
from kaopei.center.training.study.facts import Elsewhere, Enrolled, Lesson, SignIn, Stream, Study, StudyClass, Teacher
from kaopei.center.training.study.settings import EVIDENCE
from kaopei.law import cells

COLUMNS = {
    "培训班": ("班号", "培训机构信用代码", "教室", "经度", "纬度", "固定考勤终端"),
    "课程表": ("班号", "节次", "日期", "开始", "结束", "单元", "教师身份证号码", "教室", "容量", "合班号"),
    "培训班名册": ("班号", "报名序号", "学员身份证号码"),
    "签到记录": (
        "记录号", "班号", "学员身份证号码", "日期", "单元", "签到时间", "签退时间", "凭据", "设备号", "教室", "经度", "纬度", "记录时间", "补录单号",
    ),
    "线上学习": ("班号", "学员身份证号码", "单元", "时间", "事件", "位置秒", "结果", "设备号"),
    "他处培训证明": ("身份证号码", "培训形式", "开始日期", "结束日期"),
    "教师": ("培训机构信用代码", "身份证号码", "书面报告日期", "截止"),
    "学员报名": ("序号", "已完成学时"),
}  # fmt: skip
# Without these there is nothing to count; the others may be missing, loudly.
NEEDED = ("培训班", "课程表", "培训班名册")


def read(folder: Path) -> tuple[Study, list[Message]]:
    """The whole month."""
    source = Folder(folder, COLUMNS, NEEDED)
    study = Study()
    _classes(source, study)
    study.lessons = list(_lessons(source))
    claims = {code(row["序号"]): _hours(row["已完成学时"]) for _, row in source.rows("学员报名")}
    for _, row in source.rows("培训班名册"):
        serial = code(row["报名序号"])
        study.enrolled.append(Enrolled(code(row["班号"]), serial, person(row["学员身份证号码"]), claims.get(serial) if serial else None))
    study.sign_ins = list(_sign_ins(source))
    study.streams = _streams(source)
    study.elsewhere = list(_elsewhere(source))
    study.teachers = [
        Teacher(code(row["培训机构信用代码"]), person(row["身份证号码"]), cells.read_date(row["书面报告日期"]), cells.read_date(row["截止"]))
        for _, row in source.rows("教师")
    ]
    return study, source.messages


def _classes(source: Folder, study: Study) -> None:
    fixed: set[str] = set()
    for _, row in source.rows("培训班"):
        name = code(row["班号"])
        places = [number(row[column]) for column in ("经度", "纬度")]
        study.classes[name] = StudyClass(name, code(row["培训机构信用代码"]), row["教室"], *places)
        fixed |= {part.strip() for part in re.split("[;；]", row["固定考勤终端"]) if part.strip()}
    study.fixed_devices = frozenset(fixed)


def _lessons(source: Folder) -> Iterator[Lesson]:
    for line, row in source.rows("课程表"):
        day, start, end = cells.read_date(row["日期"]), clock(row["开始"]), clock(row["结束"])
        if day is None or start is None or end is None or end <= start:
            source.complain("课程表", line, "日期或起止时间读不出")
            continue
        capacity = cells.read_number(row["容量"])
        first = midnight(day)
        yield Lesson(
            line, code(row["班号"]), day, first + _seconds(start), first + _seconds(end), row["单元"], person(row["教师身份证号码"]),
            row["教室"], int(capacity) if capacity is not None else None, row["合班号"],
        )  # fmt: skip


def _seconds(time: dt.time) -> int:
    return time.hour * 3600 + time.minute * 60 + time.second


def _sign_ins(source: Folder) -> Iterator[SignIn]:
    known: dict[str, frozenset[str]] = {}
    days: dict[str, dt.date | None] = {}
    people: dict[str, str] = {}
    for line, row in source.rows("签到记录"):
        day = days.setdefault(row["日期"], cells.read_date(row["日期"]))
        begin = seconds(row["签到时间"])
        if day is None or begin is None:
            source.complain("签到记录", line, "日期或签到时间读不出")
            continue
        first, end = midnight(day), seconds(row["签退时间"])
        evidence = known.setdefault(row["凭据"], frozenset(kind for kind in EVIDENCE if kind in re.split("[;；]", row["凭据"])))
        yield SignIn(
            row["记录号"], code(row["班号"]), _known(people, row["学员身份证号码"]), day, row["单元"], first + begin,
            None if end is None else first + end, evidence, row["设备号"], row["教室"], number(row["经度"]), number(row["纬度"]),
            moment(row["记录时间"]), row["补录单号"],
        )  # fmt: skip


def _known(people: dict[str, str], text: str) -> str:
    if text not in people:
        people[text] = person(text)
    return people[text]


def _streams(source: Folder) -> list[Stream]:
    people: dict[str, str] = {}
    found: dict[tuple[str, str, str, str], Stream] = {}
    for line, row in source.rows("线上学习"):
        at, position = moment(row["时间"]), number(row["位置秒"])
        if at is None or position is None:
            source.complain("线上学习", line, "时间或位置读不出")
            continue
        key = (code(row["班号"]), _known(people, row["学员身份证号码"]), row["单元"], row["设备号"])
        if key not in found:
            found[key] = Stream(*key, bytearray())
        found[key].add(at, row["事件"], int(position), row["结果"])
    return list(found.values())


def _elsewhere(source: Folder) -> Iterator[Elsewhere]:
    for line, row in source.rows("他处培训证明"):
        first, last = cells.read_date(row["开始日期"]), cells.read_date(row["结束日期"])
        if first is None or last is None:
            source.complain("他处培训证明", line, "起止日期读不出")
            continue
        yield Elsewhere(person(row["身份证号码"]), first, last, "线下" in row["培训形式"])


def _hours(text: str) -> int | None:
    hours = cells.read_number(text)
    return None if hours is None else int(hours)
