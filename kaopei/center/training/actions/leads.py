"""Leads: what detectors found opens a review; a person proposes, a second one decides, and counter-entries follow."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable

from kaopei.center.training import counting, facts
from kaopei.center.training.models import Enrolment, Lead, TrainingClass
from kaopei.center.training.study.facts import Finding
from kaopei.office.accounts.roles import Actor
from kaopei.office.audit.record import event, nothing_changed, records


@records("training.leads_found")
def keep(found: Iterable[Finding], *, city: str, classes: set[str] | None = None, by: Actor, at: dt.datetime) -> Counter[str]:
    """一（三） N1.3.13: keep what a count found, new leads as open; open ones that the rules no longer give are gone. New ones by kind.

    `classes` (numbers) is what the count was limited to.
    """
    wanted = {counting.digest(one): one for one in found}
    known = {one.digest: one for one in Lead.objects.filter(city=city).only("digest", "status", "classes")}
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
