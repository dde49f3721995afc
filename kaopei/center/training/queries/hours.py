"""Hours that were counted, why some do not count, and what waits for a person."""

import datetime as dt
from collections import Counter
from decimal import Decimal
from math import sqrt

from django.db.models import Count, QuerySet

from kaopei.center.training.models import Consequence, Contest, Correction, Enrolment, Exclusion, HoursTotal, Lead, SyllabusUnit, TrainingClass
from kaopei.center.training.queries import syllabus
from kaopei.center.training.queries.visits import HIDDEN


def of(enrolment: Enrolment) -> int:
    """Whole hours, with those of the class that he came from."""
    total, one, seen = 0, enrolment, set[int]()
    while one is not None and one.pk not in seen:
        seen.add(one.pk)
        total += HoursTotal.objects.filter(enrolment=one).values_list("hours", flat=True).first() or 0
        one = one.continues if one.continues_id else None
    return total


def exclusions(enrolment: Enrolment) -> QuerySet[Exclusion]:
    """What does not count, in the order of time."""
    return Exclusion.objects.filter(enrolment=enrolment).order_by("begin", "key")


def needed(study_class: TrainingClass) -> Decimal | None:
    """一（三） N1.3.2: the hours that the city's syllabus asks for; of confirmed units where there are any, else of its table; else nobody's."""
    day = study_class.first_day
    units = SyllabusUnit.objects.filter(city=study_class.city, operation=study_class.operation, kind=study_class.kind, ended_at=None)
    units = units.filter(from_day__lte=day).exclude(to_day__lt=day).exclude(confirmed_by="")
    if held := list(units):
        return sum((one.hours for one in held), Decimal(0))
    table = syllabus.hours(study_class.city, day).filter(operation=study_class.operation).first()
    return None if table is None else table.initial_hours if study_class.kind == "initial" else table.review_hours


def leads(kind: str = "", status: str = "", institution: str = "") -> QuerySet[Lead]:
    """Leads in sight, the newest first."""
    rows = Lead.objects.order_by("-found_at", "-pk")
    for name, value in {"kind": kind, "status": status}.items():
        if value:
            rows = rows.filter(**{name: value})
    if not institution:
        return rows
    # What an unannounced visit has shown is the visited's to see only when the review has ended.
    return rows.filter(institutions__contains=[institution]).exclude(kind=HIDDEN, status__in=("open", "proposed"))


def rates() -> dict[str, dict[str, object]]:
    """By kind: leads, how many a hundred enrolments, how many were dismissed of those reviewed, and a 95 % range of that share (Wilson)."""
    people = Enrolment.objects.count()
    counts: dict[str, Counter[str]] = {}
    for kind, status, count in Lead.objects.exclude(status="gone").order_by().values_list("kind", "status").annotate(Count("pk")):
        counts.setdefault(kind, Counter())[status] = count
    found = {}
    for kind, by_status in sorted(counts.items()):
        reviewed = by_status["upheld"] + by_status["dismissed"]
        low, high = wilson(by_status["dismissed"], reviewed)
        found[kind] = {
            "count": sum(by_status.values()), "open": by_status["open"] + by_status["proposed"], "upheld": by_status["upheld"],
            "dismissed": by_status["dismissed"], "base": 100 * sum(by_status.values()) / people if people else 0.0,
            "low": 100 * low, "high": 100 * high, "reviewed": reviewed,
        }  # fmt: skip
    return found


def wilson(hits: int, of_all: int) -> tuple[float, float]:
    """The 95 % range of a share; (0, 1) while nothing was reviewed."""
    if not of_all:
        return 0.0, 1.0
    z, share = 1.96, hits / of_all
    middle, width = share + z * z / (2 * of_all), z * sqrt(share * (1 - share) / of_all + z * z / (4 * of_all * of_all))
    scale = 1 + z * z / of_all
    return max(0.0, (middle - width) / scale), min(1.0, (middle + width) / scale)


def contests(status: str = "open") -> QuerySet[Contest]:
    """Contests in sight, the oldest first."""
    rows = Contest.objects.select_related("enrolment__study_class", "enrolment__trainee").order_by("filed_at")
    return rows.filter(status=status) if status else rows


def corrections(status: str = "asked", institution: str = "") -> QuerySet[Correction]:
    """Corrections in sight, the oldest first."""
    rows = Correction.objects.select_related("enrolment__study_class", "enrolment__trainee", "lesson").order_by("asked_at")
    rows = rows.filter(status=status) if status else rows
    return rows.filter(enrolment__study_class__institution_code=institution) if institution else rows


def consequences(*, open_only: bool = True) -> QuerySet[Consequence]:
    """What rests on hours that an upheld lead has taken away, the first due first."""
    rows = Consequence.objects.select_related("lead", "enrolment__trainee", "enrolment__study_class").order_by("due_on", "pk")
    return rows.filter(decision="") if open_only else rows


def waiting(at: dt.datetime) -> dict[str, int]:
    """Counts for the page of today."""
    return {
        "contests": contests().count(), "corrections": corrections().count(), "leads": leads(status="open").count(),
        "proposed": leads(status="proposed").count(), "consequences": consequences().count(),
    }  # fmt: skip
