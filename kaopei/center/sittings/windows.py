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
# Practical exam: two examiners a candidate unless the setting says otherwise; the words of the others
EXAMINERS = 2
COMBINES = {"lower": "取较低分", "mean_down": "取平均分，舍去小数", "mean_up": "取平均分，进位取整"}
THIRDS = {"median": "取三人的中间分", "third": "以第三人为准"}
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


def practical() -> Payload:
    """二（六） When examiners agree in a practical exam. Everything but their number starts empty: then only equal totals agree,
    else a further examiner marks. A value that is none stops the program.
    """
    said = {name: os.environ.get(f"KAOPEI_PRACTICAL_{name.upper()}", "") for name in ("examiners", "difference", "combine", "third")}
    for name, known in (("combine", COMBINES), ("third", THIRDS)):
        if said[name] not in ("", *known):
            raise ImproperlyConfigured(f"KAOPEI_PRACTICAL_{name.upper()} 只能是 {'、'.join(known)} 或不设，现在是 {said[name][:40]}")
    for name, most in (("examiners", 5), ("difference", 1000)):
        if said[name] and not (said[name].isascii() and said[name].isdigit() and int(said[name]) <= most):
            raise ImproperlyConfigured(f"KAOPEI_PRACTICAL_{name.upper()} 应为不超过 {most} 的整数，现在是 {said[name][:40]}")
    examiners = int(said["examiners"] or EXAMINERS)
    if examiners < 1:
        raise ImproperlyConfigured("KAOPEI_PRACTICAL_EXAMINERS 至少为 1")
    difference = int(said["difference"]) if said["difference"] else None
    return {"examiners": examiners, "difference": difference, "combine": said["combine"], "third": said["third"]}


def policy(starts_at: datetime, ends_at: datetime, part: str = "T") -> Payload:
    """How the exam runs; a practical one is told by its own settings."""
    more = {"practical": practical()} if part == "P" else {}
    return more | {
        "duration_minutes": min(minutes(starts_at, ends_at), LONGEST),
        "order": ORDER,
        "allowed_prefetch": PREFETCH,
        "clock_policy": CLOCK,
        "score_display": score_display(),
    }


def terms(starts_at: datetime, ends_at: datetime, part: str = "T") -> list[Term]:
    """What people see before they order or approve."""
    starts_at, ends_at = local(starts_at), local(ends_at)
    if part == "P":
        return _practical_terms(starts_at, ends_at)
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


def _practical_terms(starts_at: datetime, ends_at: datetime) -> list[Term]:
    hour, rule = f"{starts_at - lead(starts_at.date()):%H:%M}", practical()
    allowed = "没有设置：总分须相等" if rule["difference"] is None or not rule["combine"] else f"{rule['difference']} 分，{COMBINES[rule['combine']]}"
    third = THIRDS.get(rule["third"], "没有设置：须与其中一人总分相等")
    return [
        Term("最早启封", hour, f"二（五）N2.5.8：开考前 {int(lead(starts_at.date()).total_seconds()) // 60} 分钟"),
        Term("最早开考", f"{starts_at:%H:%M}", "考试计划"),
        Term("最迟结束", f"{last_end(starts_at, ends_at):%H:%M}", "设置：最迟开考加时长，再加补时余量"),
        Term("每名考生的考评员", f"{rule['examiners']} 人", "设置 KAOPEI_PRACTICAL_EXAMINERS"),
        Term("允许分差", allowed, "设置 KAOPEI_PRACTICAL_DIFFERENCE、KAOPEI_PRACTICAL_COMBINE"),
        Term("不一致时", f"另一名考评员再评；{third}", "设置 KAOPEI_PRACTICAL_THIRD"),
        Term("抽取任务", "每人各科目抽取", "题库室密封时抽取"),
    ]


def dated_numbers(day: date) -> dict[str, int]:
    """The numbers of the law that a site needs on the day, as they stand."""
    return {key: numbers.of(key, day).value for key in ("ep.camera_lead", "ep.prepare_lead", "ep.log_retention", "ex.theory_minutes")}
