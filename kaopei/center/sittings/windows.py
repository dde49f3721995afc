"""Times and rules of a sitting as its order states them: what is law comes from the law, the rest is a setting and shown as one."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.core.exceptions import ImproperlyConfigured

from kaopei.law import numbers
from kaopei.office.clock import CHINA
from kaopei.parcel.canonical import Payload

# Settings of the exam body until a city enters its own; none of them is a number of the law.
LATEST_START = timedelta(minutes=30)
RESERVE = timedelta(minutes=30)
ORDER, CLOCK, PREFETCH = "shuffled", "pause", 0
# Whether a site shows its provisional scores; what it counts and hands back is the same
SCORE_DISPLAY = "KAOPEI_SCORE_DISPLAY"
SHOWN = {"never": "不显示", "at_close": "收场评分后显示初评"}
# Longer than any theory exam, so a wrong plan is found
LONGEST = 600


@dataclass(frozen=True, slots=True)
class Term:
    """One line of what will hold in a sitting, and where it comes from."""

    title: str
    value: str
    source: str


def moment(day: date, at: time) -> datetime:
    """The moment of a planned time, in China."""
    return datetime.combine(day, at, CHINA)


def local(at: datetime) -> datetime:
    """The same moment as people here say it."""
    return at.astimezone(CHINA)


def lead(day: date) -> timedelta:
    """二（五） N2.5.8 with 二（四） N2.4.9: how long before the start a paper may be opened at the earliest."""
    return timedelta(minutes=numbers.of("ep.camera_lead", day).value)


def minutes(starts_at: datetime, ends_at: datetime) -> int:
    """The length of the exam by the plan."""
    return int((ends_at - starts_at).total_seconds()) // 60


def last_end(starts_at: datetime, ends_at: datetime) -> datetime:
    """When everybody must be through, a late start and what was credited included."""
    return ends_at + LATEST_START + RESERVE


def window(starts_at: datetime, ends_at: datetime, shared: Iterable[datetime]) -> Payload:
    """The window of the order in Unix seconds. `shared` = last ends of that day's sittings with a common subject."""
    end = last_end(starts_at, ends_at)
    times = {
        "not_before": starts_at - lead(local(starts_at).date()),
        "start_earliest": starts_at,
        "start_latest": starts_at + LATEST_START,
        "end_latest": end,
        "stage2_not_before": max([end, *shared]),
    }
    return {name: int(value.timestamp()) for name, value in times.items()}


def score_display() -> str:
    """The setting in force; another word stops the program."""
    said = os.environ.get(SCORE_DISPLAY) or "never"
    if said not in SHOWN:
        raise ImproperlyConfigured(f"{SCORE_DISPLAY} 只能是 {' 或 '.join(SHOWN)}，现在是 {said[:40]}")
    return said


def policy(starts_at: datetime, ends_at: datetime) -> Payload:
    """How the exam runs."""
    return {
        "duration_minutes": min(minutes(starts_at, ends_at), LONGEST),
        "order": ORDER,
        "allowed_prefetch": PREFETCH,
        "clock_policy": CLOCK,
        "score_display": score_display(),
    }


def terms(starts_at: datetime, ends_at: datetime) -> list[Term]:
    """What people see before they order or approve."""
    starts_at, ends_at = local(starts_at), local(ends_at)
    law = numbers.of("ex.theory_minutes", starts_at.date())
    planned = minutes(starts_at, ends_at)
    differs = "" if planned == law.value else f"，规定的理论考试时间是 {law.value} 分钟"
    hour = f"{starts_at - lead(starts_at.date()):%H:%M}"
    return [
        Term("最早启封", hour, f"二（五）N2.5.8：开考前 {int(lead(starts_at.date()).total_seconds()) // 60} 分钟"),
        Term("最早开考", f"{starts_at:%H:%M}", "考试计划"),
        Term("最迟开考", f"{starts_at + LATEST_START:%H:%M}", f"设置：开考时间后 {int(LATEST_START.total_seconds()) // 60} 分钟"),
        Term("考试时长", f"{planned} 分钟", f"考试计划{differs}；各科目以蓝图为准"),
        Term("最迟结束", f"{last_end(starts_at, ends_at):%H:%M}", "设置：最迟开考加时长，再加补时余量"),
        Term("出题次序", "每人不同", "设置"),
        Term("提前取题", "不提前", "设置：题目一题一取"),
        Term("现场显示成绩", SHOWN[score_display()], "设置"),
    ]


def dated_numbers(day: date) -> dict[str, int]:
    """The numbers of the law that a site needs on the day, as they stand."""
    return {key: numbers.of(key, day).value for key in ("ep.camera_lead", "ep.prepare_lead", "ep.log_retention", "ex.theory_minutes")}
