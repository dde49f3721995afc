"""一（一） Online study that is real, and complaints that are answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from kaopei.law.rules import rule
from kaopei.law.verdict import Verdict, allow, refuse

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Lesson:
    """One stretch of online study of one trainee. `speed` is the fastest playback seen, in percent (100 = as recorded)."""

    begins: datetime
    ends: datetime
    identity_confirmed: bool = True
    speed: int = 100
    trainees_on_device: int = 1


@dataclass(frozen=True, slots=True)
class Study:
    """What counts of a trainee's online study, and why some does not; an alert is for a person to look at."""

    minutes: int
    alerts: tuple[str, ...]


@rule("N1.1.5")
def counted_study(lessons: Sequence[Lesson]) -> Study:
    """一（一） Hours count once and only where the trainee himself studied at the pace of the lesson; the rest raises an alert."""
    alerts = {fault: None for lesson in lessons for fault in _faults(lesson)}
    sound = sorted((lesson for lesson in lessons if not _faults(lesson)), key=lambda lesson: lesson.begins)
    total = timedelta()
    seen: datetime | None = None
    for lesson in sound:
        begins = max(lesson.begins, seen or lesson.begins)
        if begins > lesson.begins:
            alerts["overlap"] = None
        total += max(timedelta(), lesson.ends - begins)
        seen = max(begins, lesson.ends)
    return Study(int(total.total_seconds()) // 60, tuple(sorted(alerts)))


def _faults(lesson: Lesson) -> list[str]:
    found = {
        "backwards": lesson.ends <= lesson.begins,
        "too_long": lesson.ends - lesson.begins > DAY,
        "too_fast": lesson.speed > 100,
        "not_confirmed": not lesson.identity_confirmed,
        "shared_device": lesson.trainees_on_device > 1,
    }
    return [fault for fault, is_so in found.items() if is_so]


@rule("N1.1.3")
def complaint_may_close(number: str, received_on: date, reply: str, replied_on: date | None) -> Verdict:
    """一（一） A complaint has a number from the start, and closes only with a reply."""
    if not number:
        return refuse("N1.1.3", "投诉没有编号，投诉人查不到办理情况", "no_number")
    if replied_on is None or not reply.strip():
        return refuse("N1.1.3", "还没有答复，不能办结", "no_reply")
    if replied_on < received_on:
        return refuse("N1.1.3", f"答复日期 {replied_on} 早于收到日期 {received_on}", "reply_day")
    return allow("N1.1.3", f"{replied_on} 已答复", "replied")
