"""Leads: what detectors found opens a review; a person proposes, a second one decides, and counter-entries follow."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable

from kaopei.center.training import consequences, counting, facts
from kaopei.center.training.bounds import no
from kaopei.center.training.models import Consequence, Enrolment, HoursTotal, Lead, TrainingClass
from kaopei.center.training.queries.visits import HIDDEN
from kaopei.center.training.study.facts import Finding
from kaopei.law.exceptions import LEAST_TEXT
from kaopei.office import ids
from kaopei.office.accounts.roles import Actor
from kaopei.office.audit.record import event, nothing_changed, records
from kaopei.office.clock import CHINA

# 一（三） N1.3.7: the institution answers for these; whether trainees lose hours too is a setting, and off.
INSTITUTION_ONLY = frozenset({"teacher_two_classes", "teacher_unreported", "room_over_capacity"})


@records("training.leads_found")
def keep(found: Iterable[Finding], *, city: str, classes: set[str] | None = None, by: Actor, at: dt.datetime) -> Counter[str]:
    """一（三） N1.3.13: keep what a count found, new leads as open; open ones that the rules no longer give are gone. New ones by kind.

    `classes` (numbers) is what the count was limited to.
    """
    wanted = {counting.digest(one): one for one in found}
    # A lead of a visit was seen by a person: no count gives it, and no count takes it away.
    known = {one.digest: one for one in Lead.objects.filter(city=city).exclude(kind=HIDDEN).only("digest", "status", "classes")}
    home = dict(TrainingClass.objects.filter(city=city).values_list("number", "institution_code"))
    fresh = [_lead(city, digest, one, home, at) for digest, one in wanted.items() if digest not in known]
    _name_enrolments(fresh, city)
    Lead.objects.bulk_create(fresh, batch_size=1000)
    gone = [
        one.pk
        for digest, one in known.items()
        if one.status == Lead.Status.OPEN and digest not in wanted and (classes is None or set(one.classes) & classes)
    ]
    back = [one.pk for digest, one in known.items() if one.status == Lead.Status.GONE and digest in wanted]
    Lead.objects.filter(pk__in=gone).update(status=Lead.Status.GONE)
    Lead.objects.filter(pk__in=back).update(status=Lead.Status.OPEN)
    new = Counter(one.kind for one in fresh)
    if new or gone or back:
        event(obj=f"leads:{city}", city=city, counts={**new, "gone": len(gone), "again": len(back)})
    else:
        nothing_changed()
    return new


def _lead(city: str, digest: str, one: Finding, home: dict[str, str], at: dt.datetime) -> Lead:
    classes = [name for name in one.study_class.split(";") if name]
    return Lead(
        city=city, digest=digest, kind=one.kind, subject=one.object, begin=facts.moment(one.begin), end=facts.moment(one.end), clause=one.clause,
        classes=classes, institutions=sorted({home[name] for name in classes if name in home}), rows=list(one.rows), note=one.note, found_at=at,
        enrolments=[int(learner) for learner in one.people],
    )  # fmt: skip


def _name_enrolments(fresh: list[Lead], city: str) -> None:
    """From learners and classes to enrolments."""
    learners = {learner for one in fresh for learner in one.enrolments}
    rows = Enrolment.objects.filter(city=city, trainee__in=list(learners))
    of = {(trainee, name): pk for pk, trainee, name in rows.values_list("pk", "trainee_id", "study_class__number")}
    for one in fresh:
        one.enrolments = sorted({of[trainee, name] for trainee in one.enrolments for name in one.classes if (trainee, name) in of})


@records("training.lead_proposed", act="training.review")
def propose(lead: Lead, *, reason: str, by: Actor, at: dt.datetime) -> None:
    """一（三） N1.3.13: a person has looked at the rows and the papers and finds it true; a second person decides."""
    held = _held(lead, Lead.Status.OPEN, reason)
    held.status, held.reason, held.proposed_by, held.proposed_at = Lead.Status.PROPOSED, reason.strip(), by.username, at
    held.save()
    event(obj=f"lead:{held.pk}", city=held.city, kind=held.kind)


@records("training.lead_dismissed", act="training.review")
def dismiss(lead: Lead, *, reason: str, by: Actor, at: dt.datetime) -> None:
    """一（三） N1.3.13: a person has looked and it is not so; counted, so that the detector's false alarms are known."""
    held = _held(lead, Lead.Status.OPEN, reason)
    _decided(held, Lead.Status.DISMISSED, reason, by, at)
    event(obj=f"lead:{held.pk}", city=held.city, kind=held.kind)


@records("training.lead_dismissed", act="training.uphold")
def reject(lead: Lead, *, reason: str, by: Actor, at: dt.datetime) -> None:
    """The second person does not agree."""
    held = _held(lead, Lead.Status.PROPOSED, reason)
    _decided(held, Lead.Status.DISMISSED, reason, by, at)
    event(obj=f"lead:{held.pk}", city=held.city, kind=held.kind)


@records("training.lead_upheld", act="training.uphold")
def uphold(lead: Lead, *, reason: str, by: Actor, at: dt.datetime) -> Lead:
    """一（三） N1.3.13: the second person agrees: counter-entries strike the rows out, hours are counted again, and what rests on them is listed
    with a deadline for a decision of its own. Trainees' hours stand where the institution alone is at fault (teachers, rooms)."""
    held = _held(lead, Lead.Status.PROPOSED, reason)
    if held.proposed_by == by.username:
        raise no("N1.3.13", "不能认定自己提出的线索，请由另一人核对后认定。", "self")
    year = at.astimezone(CHINA).year
    held.decision_number = f"{held.city}-{year}-线索-{ids.next_number('lead-decision', held.city, year):05d}"
    _decided(held, Lead.Status.UPHELD, f"{held.reason}\n{reason.strip()}", by, at)
    before = dict(HoursTotal.objects.filter(enrolment__in=held.enrolments).values_list("enrolment_id", "hours"))
    struck = 0 if held.kind in INSTITUTION_ONLY else consequences.strike(held, second=by.username, at=at)
    classes = set(Enrolment.objects.filter(pk__in=held.enrolments).values_list("study_class_id", flat=True))
    if struck:
        counting.count(held.city, at=at, classes=classes)
    affected = consequences.list_what_rests(held, before, at)
    event(obj=f"lead:{held.pk}", city=held.city, kind=held.kind, number=held.decision_number, records=struck, affected=affected)
    return held


@records("training.consequence_decided", act="training.uphold")
def decide_consequence(one: Consequence, decision: str, *, reason: str, by: Actor, at: dt.datetime) -> None:
    """一（三） N1.3.13: what becomes of an application or a certificate that rested on the hours; carried out in the room it belongs to."""
    held = Consequence.objects.select_for_update().get(pk=one.pk)
    if held.decision:
        raise no("N1.3.13", f"已经决定：{held.get_decision_display()}。", "twice")
    if len(reason.strip()) < LEAST_TEXT:
        raise no("N1.3.13", f"请写明理由（不少于 {LEAST_TEXT} 字）。", "reason")
    held.decision, held.reason, held.decided_by, held.decided_at = decision, reason.strip(), by.username, at
    held.save()
    event(obj=f"{held.kind}:{held.number}", city=held.city, kind=held.kind, number=held.number, decision=decision)


def _held(lead: Lead, status: str, reason: str) -> Lead:
    held = Lead.objects.select_for_update().get(pk=lead.pk)
    if held.status != status:
        raise no("N1.3.13", f"这条线索{held.get_status_display()}，不能这样办理。", "state")
    if len(reason.strip()) < LEAST_TEXT:
        raise no("N1.3.13", f"请写明查了什么、结论是什么（不少于 {LEAST_TEXT} 字）。", "reason")
    return held


def _decided(held: Lead, status: str, reason: str, by: Actor, at: dt.datetime) -> None:
    held.status, held.reason, held.decided_by, held.decided_at = status, reason.strip(), by.username, at
    held.save()
