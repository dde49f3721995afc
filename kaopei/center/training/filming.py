"""一（一） N1.1.5 Online study as it happens: events over HTTP, and what of it counts, told at once."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from kaopei.center.training import facts, sealing
from kaopei.center.training.bounds import no
from kaopei.center.training.models import Device, Enrolment, StudyRecord, TrainingClass
from kaopei.center.training.study import online
from kaopei.center.training.study.facts import Stream, line
from kaopei.center.training.study.settings import SAMPLE, Settings
from kaopei.office.clock import CHINA

CLAUSE = "N1.1.5"
# A page may say what happens in it; a passed quiz it may not say of itself.
OWN = frozenset({"play", "pause", "heartbeat", "seek", "blur", "focus", "identity-check"})
MOST, LATE = 200, dt.timedelta(hours=24)
TEXTS = {
    "E07": "同一台设备当日有三名以上学员使用",
    "E11": "播放快于正常速度",
    "E12": "心跳中断或切到别的窗口，这段不计",
    "E13": "另一台设备同时在播放",
    "E14": "还缺本人确认（每 15 分钟一次）",
    "E15": "还没有通过单元测验",
}


@dataclass(frozen=True, slots=True)
class Live:
    """What a learner sees: seconds that count, seconds that do not and why, what the unit still lacks."""

    counted: int
    lost: int
    whole: int
    parts: tuple[bool, ...]
    reasons: tuple[tuple[str, str], ...]


def units(study_class: TrainingClass) -> list[str]:
    """Codes of the units of the reported plan that are studied online."""
    return sorted(unit["unit"] for unit in study_class.plan if str(unit.get("unit", "")).startswith("V"))


def take(enrolment: Enrolment, unit: str, device: Device, sequence: int, events: list[Any], *, at: dt.datetime) -> bool:
    """A delivery of events [seconds since 1970 UTC, kind, position, result]; False if this one was here before."""
    if unit not in units(enrolment.study_class):
        raise no(CLAUSE, "本班报告的教学计划里没有这个线上单元，学习事件没有记录。", "unit")
    if not 0 < len(events) <= MOST:
        raise no(CLAUSE, f"一次上传 1 到 {MOST} 个学习事件。", "count")
    rows = sorted((_event(one, at) for one in events), key=lambda row: row[0])
    named = f"PH-{device.fingerprint[:24]}"
    moments = [dt.datetime.fromtimestamp(row[0], CHINA) for row in rows]
    if moments[0].date() != moments[-1].date():
        raise no(CLAUSE, "一次上传的学习事件须在同一天内，请刷新页面重试。", "two_days")
    with transaction.atomic():
        Enrolment.objects.select_for_update().get(pk=enrolment.pk)
        if StudyRecord.objects.filter(enrolment=enrolment, unit=unit, device=named, sequence=sequence, batch="").exists():
            return False
        text = "".join(line(row[0] + facts.WALL, *row[1:]) for row in rows)
        row = StudyRecord(
            city=enrolment.city, study_class_id=enrolment.study_class_id, enrolment=enrolment, unit=unit, device=named, sequence=sequence,
            first_at=moments[0], last_at=moments[-1], count=len(rows), events=text,
        )  # fmt: skip
        sealing.add(row)
    return True


def _event(one: Any, at: dt.datetime) -> tuple[int, str, int, str]:
    try:
        moment, kind, position, result = int(one[0]), str(one[1]), int(one[2]), str(one[3])
    except (TypeError, ValueError, IndexError):
        raise no(CLAUSE, "学习事件的格式不对，请刷新页面重试。", "event") from None
    if kind not in OWN or not 0 <= position <= 86_400 or len(result) > 20:
        raise no(CLAUSE, f"网页不能上报“{kind[:20]}”这样的学习事件。", "event")
    now = int(at.timestamp())
    if not now - LATE.total_seconds() <= moment <= now + 120:
        raise no(CLAUSE, "手机时间与标准时间相差太大，请打开自动对时后重试。", "clock")
    return moment, kind, position, result


def live(enrolment: Enrolment, unit: str, settings: Settings = SAMPLE) -> Live:
    """The unit as it stands now, by the same rules as the final count (without other learners and other units)."""
    stored = StudyRecord.objects.filter(enrolment=enrolment, unit=unit).order_by("pk").values_list("device", "events")
    streams: dict[str, Stream] = {}
    for device, text in stored:
        streams.setdefault(device, Stream("", "", unit, device, bytearray())).lines += text.encode()
    whole, parts = settings.unit_minutes * 60, settings.unit_minutes * 60 // settings.check_seconds
    if not streams:
        return Live(0, 0, whole, (False,) * parts, ())
    made = online.units([], settings, streams.values())[0]
    counted = min(whole, sum(end - begin for begin, end in online.united(made.watched)))
    reasons = [("E11", made.too_fast), ("E14", not online.checked(made, settings)), ("E12", made.lost_seconds > 0)]
    reasons.append(("E15", made.quiz is None or made.quiz[1] < settings.quiz_points))
    told = tuple((code, TEXTS[code]) for code, holds in reasons if holds)
    return Live(counted, made.lost_seconds, whole, tuple(part in made.checks for part in range(parts)), told)
