"""Rosters and who is in the room, read."""

import datetime as dt
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from django.db.models import Count, QuerySet

from kaopei.center.training.models import Device, EnrolCode, Enrolment, Lesson, SignInRecord, Trainee, TrainingClass, TrainingProof
from kaopei.office import scope


def roster(study_class: TrainingClass) -> QuerySet[Enrolment]:
    """People of a class in the order of the roster; those who left and those who were never on it are marked."""
    return study_class.enrolments.select_related("trainee", "total").order_by("position")


def enrolment(pk: int) -> Enrolment | None:
    """One enrolment in sight."""
    return Enrolment.objects.select_related("trainee", "study_class").filter(pk=pk).first()


def present(lesson: Lesson) -> set[int]:
    """Enrolments that have signed in and not out; a record that was struck out does not count."""
    struck = set(SignInRecord.objects.filter(city=lesson.city, kind="counter", lesson=lesson).values_list("replaces", flat=True))
    inside: set[int] = set()
    for number, kind, enrolment in (
        SignInRecord.objects.filter(lesson=lesson, kind__in=("in", "out")).order_by("pk").values_list("number", "kind", "enrolment_id")
    ):
        if kind == "in" and number not in struck:
            inside.add(enrolment)
        elif kind == "out":
            inside.discard(enrolment)
    return inside


def board(lesson: Lesson) -> list[dict[str, object]]:
    """Everybody of the lesson with when he came and went and by which evidence."""
    rows: dict[int, dict[str, object]] = {}
    for record in SignInRecord.objects.filter(lesson=lesson, kind__in=("in", "out", "confirm")).order_by("pk"):
        one = rows.setdefault(record.enrolment_id, {"came": None, "went": None, "evidence": 0, "confirmed": False})
        one["evidence"] = int(str(one["evidence"])) | record.evidence
        if record.kind == "in":
            one["came"], one["went"] = one["came"] or record.begin, None
        elif record.kind == "out":
            one["went"] = record.begin
        else:
            one["confirmed"] = True
    found = []
    for one in roster(lesson.study_class).filter(left_on=None):
        came = rows.get(one.pk, {"came": None, "went": None, "evidence": 0, "confirmed": False})
        found.append({"enrolment": one, **came, "kinds": bin(int(str(came["evidence"]))).count("1")})
    return found


@dataclass(frozen=True, slots=True)
class Attending:
    """Somebody on the roster of a class that is not over, by keyed index."""

    city: str
    number: str
    person: str
    first_day: dt.date
    last_day: dt.date


def attending(day: dt.date) -> Iterator[Attending]:
    """People of classes that are not over on `day` who are in classes of several cities in scope, by person."""
    rows = Enrolment.objects.filter(left_on=None, study_class__last_day__gte=day).exclude(trainee__person="")
    several = rows.values("trainee__person").annotate(cities=Count("city", distinct=True)).filter(cities__gt=1).values("trainee__person")
    fields = ("city", "study_class__number", "trainee__person", "study_class__first_day", "study_class__last_day")
    for row in rows.filter(trainee__person__in=several).order_by("trainee__person", "pk").values_list(*fields).iterator(chunk_size=5000):
        yield Attending(*row)


def revoked_proofs(people: Collection[str]) -> list[tuple[str, str]]:
    """(person, city) of each revoked proof of training of these people (keyed indexes)."""
    rows = TrainingProof.objects.filter(status=TrainingProof.Status.REVOKED, enrolment__trainee__person__in=people)
    return list(rows.values_list("enrolment__trainee__person", "city"))


def device(number: str) -> Device | None:
    """A phone that is in use. Asked before anybody's city is known: of the whole province."""
    with scope.entered(scope.PROVINCE):
        return Device.objects.select_related("trainee").filter(number=number, ended_at=None).first()


def code(digest: str) -> EnrolCode | None:
    """A code as issued, by the digest of what was typed; of the whole province, for the same reason."""
    with scope.entered(scope.PROVINCE):
        return EnrolCode.objects.select_related("trainee").filter(digest=digest).first()


def phone_of(trainee: Trainee) -> Device | None:
    """The phone that he signs with now."""
    return trainee.devices.filter(ended_at=None).first()
