"""一（三） Truthful records: rules on paper, archives, sign-in, hours, and who answers for a wrong record."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from kaopei.law import numbers, sources
from kaopei.law.calendar import after_days
from kaopei.law.exceptions import LEAST_TEXT
from kaopei.law.rules import rule
from kaopei.law.verdict import Reason, Verdict, allow, refuse

TOPICS = {
    "needs": "需求调研",
    "planning": "培训策划",
    "assessment": "考核评估",
    "registration": "学员登记",
    "archive": "档案",
    "process": "过程控制",
    "funds": "经费",
    "logistics": "后勤",
}
ARCHIVE = {
    "plan": "教学计划",
    "roster": "学员名册",
    "sign_in": "签到记录",
    "lessons": "授课记录",
    "teachers": "教师",
    "tests": "测验",
    "evaluation": "评估",
    "proof": "培训证明",
}


@rule("N1.3.1")
def written_rules_are_whole(held: Mapping[str, date], today: date) -> Verdict:
    """一（三） An institution has a dated rule on every topic; the missing ones are listed."""
    missing = [label for topic, label in TOPICS.items() if topic not in held or held[topic] > today]
    if missing:
        return refuse("N1.3.1", f"缺少管理制度：{'、'.join(missing)}", "rules_missing")
    return allow()


@rule("N1.3.4")
def archive_is_whole(parts: Collection[str]) -> Verdict:
    """一（三） The archive of a class holds every part; the missing ones are listed."""
    missing = [label for part, label in ARCHIVE.items() if part not in parts]
    if missing:
        return refuse("N1.3.4", f"培训档案缺少：{'、'.join(missing)}", "archive_incomplete")
    return allow()


@dataclass(frozen=True, slots=True)
class SignIn:
    """A sign-in as recorded. `replaces` names the record that it corrects; the other stays. `photo` is a digest."""

    person: str
    at: datetime
    place: str
    photo: str = ""
    device: str = ""
    replaces: str = ""
    reason: str = ""


@rule("N1.3.9")
def sign_in_stands(sign_in: SignIn, lesson_on: date, recorded_at: datetime) -> Verdict:
    """一（三） Signed in on the day of the lesson and recorded the same day; a correction is a new record with its reason."""
    if sign_in.replaces:
        if len(sign_in.reason.strip()) < LEAST_TEXT:
            return refuse("N1.3.9", f"更正签到须另作记录，并写明理由（不少于 {LEAST_TEXT} 字）", "no_reason")
        return allow("N1.3.9", f"更正记录 {sign_in.replaces}，原记录保留", "corrected")
    if sign_in.at.date() != lesson_on:
        return refuse("N1.3.9", f"签到时间 {sign_in.at:%Y-%m-%d} 不是上课日 {lesson_on}", "other_day")
    if recorded_at < sign_in.at or recorded_at.date() != lesson_on:
        return refuse("N1.3.9", f"签到须当日记录，记录时间是 {recorded_at:%Y-%m-%d %H:%M}", "late_record")
    return allow()


@rule("N1.3.10")
def hours_may_count(stated: Decimal, derived: Decimal, adjusted_by: str = "", reason: str = "") -> Verdict:
    """一（三） Hours come from sign-in, sign-out and timetable; any other figure is an adjustment with name and reason."""
    if stated == derived:
        return allow()
    if not adjusted_by or len(reason.strip()) < LEAST_TEXT:
        text = f"签到和课表算出 {derived:f} 学时，填写 {stated:f} 学时；调整须有姓名和不少于 {LEAST_TEXT} 字的理由"
        return refuse("N1.3.10", text, "hours_typed")
    return allow("N1.3.10", f"由 {derived:f} 学时调整为 {stated:f} 学时，已记录理由", "hours_adjusted")


@rule("N1.3.13")
def forgery_signs(sign_ins: Sequence[SignIn], travel: timedelta = timedelta()) -> Iterator[Reason]:
    """一（三） What cannot be true of sign-ins of trainees or teachers; a person looks, nothing is decided by it.

    `travel` is the least time between two places.
    """
    for one, other in pairwise(sorted(sign_ins, key=lambda sign_in: (sign_in.person, sign_in.at))):
        if one.person == other.person and one.place != other.place and other.at - one.at <= travel:
            text = f"{one.person} 在 {one.at:%H:%M} 和 {other.at:%H:%M} 分别在 {one.place} 和 {other.place} 签到"
            yield Reason("N1.3.13", text, "two_places")
    owners: dict[str, str] = {}
    for sign_in in sign_ins:
        if sign_in.photo and owners.setdefault(sign_in.photo, sign_in.person) != sign_in.person:
            yield Reason("N1.3.13", f"{owners[sign_in.photo]} 和 {sign_in.person} 用了同一张照片", "same_photo")
    moments: dict[tuple[str, datetime], set[str]] = {}
    for sign_in in sign_ins:
        if sign_in.device:
            moments.setdefault((sign_in.device, sign_in.at), set()).add(sign_in.person)
    for (device, at), people in moments.items():
        if len(people) > 1:
            yield Reason("N1.3.13", f"设备 {device} 在 {at:%H:%M:%S} 同时为 {len(people)} 人签到", "batch")


@rule("N1.3.3", "N1.3.13")
def case_stands(basis: str, act_on: date, filed_on: date, decided_on: date | None, today: date) -> Verdict:
    """一（三） A case cites a text that was in force on the day of the act, and is decided in time after filing."""
    state = sources.get(basis).on(act_on)
    if state not in ("in-force", "unknown"):
        return refuse("N1.3.3", f"《{sources.get(basis).title}》在行为日 {act_on} {sources.STATE_NAMES[state]}", "basis")
    due = after_days(filed_on, numbers.of("ap.decide", filed_on).value, clause="N1.3.3")
    if due.day is None:
        return due.verdict
    if (decided_on or today) > due.day:
        return refuse("N1.3.3", f"{filed_on} 立案，应在 {due.day} 以前作出决定", "case_overdue")
    return allow("N1.3.3", f"{filed_on} 立案，期限 {due.day}", "in_time")


@rule("N1.3.14")
def correction_may_close(upheld: bool, at_fault: str, disposal: str) -> Verdict:
    """一（三） Where a certificate had to be put right through an institution's error, the case closes only with a disposal."""
    if not at_fault:
        return refuse("N1.3.14", "须写明是谁的差错，并附证据", "no_fault_named")
    if upheld and at_fault == "institution" and not disposal:
        return refuse("N1.3.14", "培训机构的差错造成更正，须登记处理", "no_disposal")
    return allow()
