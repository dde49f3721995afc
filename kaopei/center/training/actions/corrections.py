"""Corrections: counter-entries only, with a reason and a second person; the first record stays for good."""

import datetime as dt

from kaopei.center.training.bounds import locked, no
from kaopei.center.training.counter_entries import counter
from kaopei.center.training.models import Correction, Enrolment, Lesson, SignInRecord
from kaopei.law.exceptions import LEAST_TEXT
from kaopei.office.accounts.roles import Actor
from kaopei.office.audit.record import event, records

CLAUSE = "N1.3.9"


@records("training.correction_asked", act="training.correct")
def ask(
    record: SignInRecord | None, *, enrolment: Enrolment, lesson: Lesson | None, begin: dt.datetime | None, end: dt.datetime | None, evidence: int,
    reason: str, by: Actor, at: dt.datetime,
) -> Correction:  # fmt: skip
    """一（三） N1.3.9: ask that a record gives way to another time, or to none; or (record None) that one is added for a lesson."""
    locked(enrolment.study_class, by)
    if len(reason.strip()) < LEAST_TEXT:
        raise no(CLAUSE, f"请写明为什么要更正、凭什么（不少于 {LEAST_TEXT} 字）。", "reason")
    if (begin is None) != (end is None) or (begin is not None and end is not None and end <= begin):
        raise no(CLAUSE, "签到、签退时间要么都填（签退晚于签到），要么都空（表示作废）。", "times")
    if record is None and (lesson is None or begin is None):
        raise no(CLAUSE, "补记签到须选择课次，并填签到、签退时间。", "times")
    if record is not None and record.enrolment_id != enrolment.pk:
        raise no(CLAUSE, "这条记录不是该学员的。", "other")
    replaces = record.number if record is not None else f"lesson:{lesson.pk if lesson else ''}:{enrolment.pk}"
    if SignInRecord.objects.filter(city=enrolment.city, kind="counter", replaces=replaces).exists():
        raise no(CLAUSE, "这条记录已经更正过，请对更正后的那一条申请。", "twice")
    if Correction.objects.filter(city=enrolment.city, replaces=replaces, status="asked").exists():
        raise no(CLAUSE, "这条记录已有一件更正申请在等第二人核对。", "open")
    made = Correction.objects.create(
        city=enrolment.city, enrolment=enrolment, lesson=lesson or (record.lesson if record else None), replaces=replaces, begin=begin, end=end,
        evidence=evidence or (record.evidence if record else 0), reason=reason.strip(), asked_by=by.username, asked_at=at,
    )  # fmt: skip
    event(obj=f"correction:{made.pk}", city=made.city, replaces=replaces)
    return made


@records("training.corrected", act="training.second")
def approve(asked: Correction, *, by: Actor, at: dt.datetime) -> SignInRecord:
    """一（三） N1.3.9: the second person has compared; the counter-entry is written, the first record stays."""
    held = _open(asked, by)
    record = SignInRecord.objects.filter(city=held.city, number=held.replaces).first()
    made = counter(
        held.enrolment, held.replaces, record=record, lesson=held.lesson, begin=held.begin, end=held.end, evidence=held.evidence, reason=held.reason,
        by=held.asked_by, second=by.username, at=at,
    )  # fmt: skip
    held.status, held.second_by, held.second_at = Correction.Status.APPROVED, by.username, at
    held.save(update_fields=["status", "second_by", "second_at"])
    event(obj=f"correction:{held.pk}", city=held.city, replaces=held.replaces, number=made.number)
    return made


@records("training.correction_refused", act="training.second")
def refuse(asked: Correction, *, answer: str, by: Actor, at: dt.datetime) -> None:
    """The second person does not agree, and says why."""
    held = _open(asked, by)
    if len(answer.strip()) < LEAST_TEXT:
        raise no(CLAUSE, f"不同意时请写明理由（不少于 {LEAST_TEXT} 字）。", "reason")
    held.status, held.answer, held.second_by, held.second_at = Correction.Status.REFUSED, answer.strip(), by.username, at
    held.save(update_fields=["status", "answer", "second_by", "second_at"])
    event(obj=f"correction:{held.pk}", city=held.city, replaces=held.replaces)


def _open(asked: Correction, by: Actor) -> Correction:
    held = Correction.objects.select_for_update().get(pk=asked.pk)
    if held.status != Correction.Status.ASKED:
        raise no(CLAUSE, f"这件更正申请{held.get_status_display()}。", "state")
    if held.asked_by == by.username:
        raise no(CLAUSE, "不能核对自己提出的更正，请由另一人核对。", "self")
    return held
