"""A learner contests what does not count; a person looks at it and decides, with a number and reasons."""

import datetime as dt

from kaopei.center.training.bounds import no
from kaopei.center.training.counter_entries import counter
from kaopei.center.training.models import Contest, Exclusion, SignInRecord
from kaopei.law.exceptions import LEAST_TEXT
from kaopei.office import ids
from kaopei.office.accounts.roles import Actor
from kaopei.office.audit.record import event, nothing_changed, records
from kaopei.office.clock import CHINA

CLAUSE = "N1.3.10"
# A reason that a person may find not to hold; the others have nothing to count (no lesson, no sign-out, seconds that nobody watched).
LIFTABLE = frozenset({"E01", "E03", "E04", "E05", "E06", "E07", "E10", "E11", "E13", "E14"})


@records("training.contested")
def file(exclusion: Exclusion, *, statement: str, by: Actor, at: dt.datetime) -> Contest:
    """一（三） N1.3.10: the learner's own words against an exclusion."""
    if len(statement.strip()) < LEAST_TEXT:
        raise no(CLAUSE, f"请写明为什么这段应当计入（不少于 {LEAST_TEXT} 字）。", "statement")
    if Contest.objects.filter(enrolment=exclusion.enrolment_id, key=exclusion.key, code=exclusion.code, status="open").exists():
        raise no(CLAUSE, "这一条已提出异议，正在等人复核。", "open")
    made = Contest.objects.create(
        city=exclusion.city, enrolment_id=exclusion.enrolment_id, key=exclusion.key, code=exclusion.code, minutes=exclusion.minutes,
        statement=statement.strip()[:2000], filed_at=at,
    )  # fmt: skip
    event(obj=f"contest:{made.pk}", city=made.city, key=made.key, code=made.code)
    return made


@records("training.contest_decided", act="training.review")
def decide(contest: Contest, decision: str, *, reason: str, by: Actor, at: dt.datetime) -> Contest:
    """一（三） N1.3.10: a numbered decision: `granted` writes an entry that lifts the reason, `dismissed` keeps it; both with reasons."""
    held = Contest.objects.select_for_update().select_related("enrolment__trainee").get(pk=contest.pk)
    if held.status != Contest.Status.OPEN:
        raise no(CLAUSE, f"这件异议已经{held.get_status_display()}（{held.decision_number}）。", "state")
    if len(reason.strip()) < LEAST_TEXT:
        raise no(CLAUSE, f"请写明查了什么、结论是什么（不少于 {LEAST_TEXT} 字），学员会看到。", "reason")
    if decision == Contest.Status.GRANTED and held.code not in LIFTABLE:
        raise no(CLAUSE, "这一原因没有可恢复的学时（没有签退、没有课或没有观看）；确有记录错误的，请由机构申请更正、第二人核对。", "not_liftable")
    year = at.astimezone(CHINA).year
    held.decision_number = f"{held.city}-{year}-学时-{ids.next_number('hours-decision', held.city, year):05d}"
    held.status, held.reason, held.decided_by, held.decided_at = decision, reason.strip(), by.username, at
    held.save()
    if decision == Contest.Status.GRANTED:
        record = SignInRecord.objects.filter(city=held.city, number=held.key).first()
        counter(
            held.enrolment, held.key, record=record, lesson=record.lesson if record else None, begin=None, end=None, evidence=0,
            reason=f"异议成立：{held.decision_number}", by=f"trainee-{held.enrolment.trainee_id}", second=by.username, at=at,
            kind="lift", code=held.code,
        )  # fmt: skip
    event(obj=f"contest:{held.pk}", city=held.city, key=held.key, code=held.code, decision=decision, number=held.decision_number)
    return held


@records("training.contest_decided")
def serve(contest: Contest, *, device: str, by: Actor, at: dt.datetime) -> None:
    """The learner has opened the decision on his phone: that is its service."""
    held = Contest.objects.select_for_update().get(pk=contest.pk)
    if held.served_at is not None or held.status == Contest.Status.OPEN:
        nothing_changed()
        return
    held.served_at, held.served_on = at, device
    held.save(update_fields=["served_at", "served_on"])
    event(obj=f"contest:{held.pk}", city=held.city, key=held.key, code=held.code, decision="served", number=held.decision_number)
