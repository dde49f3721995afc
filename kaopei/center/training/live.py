"""A trainee's own page: lessons to come, notices, hours as counted, what does not count and why."""

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal

from kaopei.center.training import filming
from kaopei.center.training.decisions import REASONS
from kaopei.center.training.models import Contest, Enrolment, Exclusion, Lesson, LessonChange, SignInRecord, Trainee, TrainingProof
from kaopei.center.training.queries import hours

AHEAD, BACK, EARLY = dt.timedelta(days=14), dt.timedelta(hours=12), dt.timedelta(minutes=30)


@dataclass
class Missed:
    """An exclusion with its words, and what has become of the trainee's contest."""

    row: Exclusion
    text: str
    clause: str
    contest: Contest | None = None


@dataclass
class Course:
    """One class of the trainee."""

    enrolment: Enrolment
    hours: int
    needed: Decimal | None
    counted_at: dt.datetime | None
    effective: int
    missed: list[Missed] = field(default_factory=list)
    lessons: list[Lesson] = field(default_factory=list)
    inside: set[int] = field(default_factory=set)
    notices: list[LessonChange] = field(default_factory=list)
    online: list[str] = field(default_factory=list)
    # Number of his proof, where there is one that was not revoked.
    proof: str = ""


def page(trainee: Trainee, at: dt.datetime) -> list[Course]:
    """All of his classes, the newest first. Seven queries a class, whatever the number of records."""
    rows = trainee.enrolments.filter(left_on=None).select_related("study_class", "total").order_by("-study_class__first_day")
    return [_course(one, at) for one in rows]


def _course(one: Enrolment, at: dt.datetime) -> Course:
    total = getattr(one, "total", None)
    made = Course(one, hours.of(one), hours.needed(one.study_class), total.counted_at if total else None, total.effective if total else 0)
    contests = {(row.key, row.code): row for row in Contest.objects.filter(enrolment=one).order_by("pk")}
    running = [
        (lesson.starts_at - EARLY, lesson.ends_at) for lesson in one.study_class.lessons.filter(starts_at__lte=at + EARLY, ends_at__gte=at - EARLY)
    ]
    for row in hours.exclusions(one):
        if row.code == "N1" and row.begin and any(first <= row.begin <= last for first, last in running):
            continue  # he can still sign out
        clause, text = REASONS.get(row.code, ("N1.3.10", row.code))
        made.missed.append(Missed(row, text, clause, contests.pop((row.key, row.code), None)))
    # A contest that was granted has no exclusion any more; its decision stays to be read.
    for contest in contests.values():
        clause, text = REASONS.get(contest.code, ("N1.3.10", contest.code))
        row = Exclusion(enrolment=one, key=contest.key, code=contest.code, minutes=contest.minutes)
        made.missed.append(Missed(row, text, clause, contest))
    made.lessons = list(one.study_class.lessons.filter(status=Lesson.Status.PLANNED, ends_at__gte=at - BACK, starts_at__lte=at + AHEAD)[:20])
    signs = SignInRecord.objects.filter(enrolment=one, lesson__in=[lesson.pk for lesson in made.lessons], kind__in=("in", "out"))
    for lesson, kind in signs.order_by("pk").values_list("lesson_id", "kind"):
        (made.inside.add if kind == "in" else made.inside.discard)(lesson)
    made.notices = list(LessonChange.objects.filter(lesson__study_class=one.study_class).select_related("lesson").order_by("-pk")[:5])
    made.online = filming.units(one.study_class)
    made.proof = TrainingProof.objects.filter(enrolment=one).exclude(status="revoked").values_list("number", flat=True).first() or ""
    return made
