"""The files of an exam day, read into facts by site."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

from kaopei.center.registry.reading import Message, clock, code
from kaopei.center.registry.rows import Folder, Row, midnight, moment, number, person
from kaopei.center.sittings.site_day.facts import CameraEvent, Check, Device, Seen, SiteDay
from kaopei.law import cells

COLUMNS = {
    "考试点": ("考试点编号", "依托单位信用代码"),
    "考试计划": ("场次编号", "考试点编号", "日期", "开始", "结束"),
    "设备基线": ("考试点编号", "考场", "类别", "MAC", "IP", "座位号", "验收日期", "停用日期"),
    "局域网观察": ("时间", "考试点编号", "类别", "MAC", "IP", "内容"),
    "摄像头事件": ("时间", "考试点编号", "摄像头", "状态", "偏差秒"),
    "录像机心跳": ("时间", "考试点编号", "录像机"),
    "录像清单": ("考试点编号", "摄像头", "开始", "结束"),
    "考场准备": (
        "考试点编号", "考场", "考试日期", "检查项目", "结果", "检查人身份证号码", "开始时间", "完成时间", "封闭时间", "启封时间",
    ),
}  # fmt: skip

def mac(text: str) -> str:
    """48:7A:DA:1B:1A:E2, however it was written; unchanged if it is no MAC."""
    plain = "".join(letter for letter in text.upper() if letter in "0123456789ABCDEF")
    return ":".join(plain[at : at + 2] for at in range(0, 12, 2)) if len(plain) == 12 else text.strip().upper()


def read(path: Path) -> tuple[list[SiteDay], list[Message]]:
    """The sites of the exam day named in 考场准备, else of the day of the plan's first row."""
    folder = Folder(path, COLUMNS)
    checks = list(folder.rows("考场准备"))
    plan = list(folder.rows("考试计划"))
    named = [cells.read_date(row["考试日期"]) for _, row in checks] + [cells.read_date(row["日期"]) for _, row in plan]
    day = next((one for one in named if one is not None), None)
    if day is None:
        return [], folder.messages
    sites = {code(row["考试点编号"]): code(row["依托单位信用代码"]) for _, row in folder.rows("考试点")}
    found = {site: SiteDay(site, host, day) for site, host in sites.items() if site}

    def at(row: Row) -> SiteDay:
        site = code(row["考试点编号"])
        return found.setdefault(site, SiteDay(site, "", day))

    _plan(folder, plan, day, at)
    _devices(folder, day, at)
    _seen(folder, at)
    _cameras(folder, at)
    for line, row in checks:
        _check(folder, line, row, day, at)
    for one in found.values():
        _in_order(one)
    return list(found.values()), folder.messages


def _in_order(day: SiteDay) -> None:
    """Rows may come in any order; at the same second a state is taken in the order of the file."""
    day.sittings.sort()
    for events in day.cameras.values():
        events.sort(key=lambda event: event.at)
    for beats in day.beats.values():
        beats.sort()


def _plan(folder: Folder, plan: list[tuple[int, Row]], day: dt.date, at: Callable[[Row], SiteDay]) -> None:
    for line, row in plan:
        start, end = clock(row["开始"]), clock(row["结束"])
        if cells.read_date(row["日期"]) != day:
            continue
        if start is None or end is None:
            folder.complain("考试计划", line, "开始或结束时间读不出")
            continue
        first = midnight(day)
        at(row).sittings.append((first + start.hour * 3600 + start.minute * 60, first + end.hour * 3600 + end.minute * 60))


def _devices(folder: Folder, day: dt.date, at: Callable[[Row], SiteDay]) -> None:
    """In force: accepted on or before the day, and not retired on or before it."""
    for line, row in folder.rows("设备基线"):
        accepted, retired = cells.read_date(row["验收日期"]), cells.read_date(row["停用日期"])
        if accepted is None or (row["停用日期"] and retired is None):
            folder.complain("设备基线", line, "验收或停用日期读不出")
            continue
        if accepted <= day and (retired is None or retired > day):
            at(row).devices.append(Device(row["考场"], row["类别"], mac(row["MAC"]), row["IP"], row["座位号"]))


def _seen(folder: Folder, at: Callable[[Row], SiteDay]) -> None:
    for line, row in folder.rows("局域网观察"):
        when = moment(row["时间"])
        if when is None:
            folder.complain("局域网观察", line, "时间读不出")
            continue
        at(row).seen.append(Seen(when, row["类别"].lower(), mac(row["MAC"]), row["IP"], row["内容"].lower()))


def _cameras(folder: Folder, at: Callable[[Row], SiteDay]) -> None:
    for line, row in folder.rows("摄像头事件"):
        when = moment(row["时间"])
        if when is None:
            folder.complain("摄像头事件", line, "时间读不出")
            continue
        at(row).cameras.setdefault(row["摄像头"], []).append(CameraEvent(when, row["状态"].lower(), number(row["偏差秒"])))
    for line, row in folder.rows("录像机心跳"):
        when = moment(row["时间"])
        if when is None:
            folder.complain("录像机心跳", line, "时间读不出")
            continue
        at(row).beats.setdefault(row["录像机"], []).append(when)
    for line, row in folder.rows("录像清单"):
        begin, end = moment(row["开始"]), moment(row["结束"])
        if begin is None or end is None:
            folder.complain("录像清单", line, "起止时间读不出")
            continue
        at(row).recordings.setdefault(row["摄像头"], []).append((begin, end))


def _check(folder: Folder, line: int, row: Row, day: dt.date, at: Callable[[Row], SiteDay]) -> None:
    if cells.read_date(row["考试日期"]) != day:
        folder.complain("考场准备", line, f"考试日期不是 {day}")
        return
    times = [moment(row[column]) for column in ("开始时间", "完成时间", "封闭时间", "启封时间")]
    who = person(row["检查人身份证号码"]) if row["检查人身份证号码"] else ""
    at(row).checks.append(Check(row["考场"], row["检查项目"], row["结果"], who, *times))
