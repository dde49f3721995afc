"""What others may ask of intakes and applications."""

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db.models import Count, QuerySet

from kaopei.center.applications import decisions, plan, verdicts
from kaopei.center.applications.models import Application, Batch, Intake, PracticalEntry, Row
from kaopei.center.applications.models import Decision as Answer
from kaopei.center.registry import queries as registry
from kaopei.law.decision import Decision
from kaopei.office.personal import mask_phone


@dataclass(frozen=True, slots=True)
class BatchOf:
    """A batch by its number (440600-2026-12), with the days of its plan."""

    number: str
    city: str
    first_day: dt.date
    last_day: dt.date


@dataclass(frozen=True, slots=True)
class Accepted:
    """An accepted application without personal data. `school_site`: the site of a full-time student's own school, or empty."""

    pseudonym: str
    serial: str
    city: str
    institution_code: str
    operation: str
    kind: str
    district: str
    training_end: dt.date | None
    is_student: bool
    school: str
    school_site: str
    frozen_in: str


@dataclass(frozen=True, slots=True)
class Person:
    """Who stands behind a pseudonym: for tickets, seat lists and the sealed seating, never for a draw."""

    pseudonym: str
    person: str
    name: str
    id_number: str
    phone_masked: str
    institution_code: str
    operation: str
    kind: str


def batches() -> list[BatchOf]:
    """All batches in sight, the latest first."""
    return [_batch(row) for row in Batch.objects.all()]


def batch(number: str) -> BatchOf | None:
    """One batch."""
    row = Batch.objects.filter(number=number).first()
    return _batch(row) if row else None


def _batch(row: Batch) -> BatchOf:
    return BatchOf(row.number, row.city, row.first_day, row.last_day)


def plan_rows(number: str) -> list[plan.PlanRow]:
    """二（四）: the plan as the latest confirmed intake of the batch has it; `usable` rows may become sittings."""
    latest = Intake.objects.filter(batch__number=number, status=Intake.Status.CONFIRMED).order_by("-round").first()
    return [plan.from_json(row) for row in latest.plan] if latest else []


def accepted(number: str, *, pseudonyms: Collection[str] | None = None) -> list[Accepted]:
    """Accepted applications of a batch (or of these pseudonyms), by pseudonym. Held rows are not among them until somebody decides."""
    rows = Application.objects.filter(batch__number=number, decision=Answer.ACCEPT)
    if pseudonyms is not None:
        rows = rows.filter(pseudonym__in=pseudonyms)
    names = ("pseudonym", "serial", "city", "institution_code", "operation", "kind", "district", "training_end", "is_student", "school")
    found = list(rows.order_by("pseudonym").values_list(*names, "frozen_in"))
    schools = _school_sites(number, {(row[9], row[3]) for row in found if row[8]})
    return [Accepted(*row[:10], schools.get((row[9], row[3]), "") if row[8] else "", row[10]) for row in found]


def _school_sites(number: str, pairs: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    pairs = set(pairs)
    row = Batch.objects.filter(number=number).first() if pairs else None
    if row is None:
        return {}
    sites = registry.sites(row.city, row.first_day)
    return {(school, code): registry.campus_site(row.city, school, code, sites) for school, code in pairs}


def people(number: str, pseudonyms: Collection[str] | None = None) -> dict[str, Person]:
    """Names and numbers of accepted applicants by pseudonym (of theory or practical).

    Callers print them sealed or for their owner, and say so in their event.
    """
    rows = Application.objects.filter(batch__number=number, decision=Answer.ACCEPT)
    if pseudonyms is not None:
        rows = rows.filter(pseudonym__in=pseudonyms)
    found = {row.pseudonym: _person(row, row.pseudonym) for row in rows}
    if pseudonyms is not None:  # of a practical exam everybody has a pseudonym of its own, whatever month he applied in
        entries = PracticalEntry.objects.filter(pseudonym__in=set(pseudonyms) - set(found)).select_related("application")
        found |= {entry.pseudonym: _person(entry.application, entry.pseudonym) for entry in entries}
    return found


def practical(city: str) -> list[Accepted]:
    """二（六） Who waits for a practical draw, by pseudonym.

    `training_end` is the day of the passed theory: nobody sits the practical before the day after it.
    """
    rows = PracticalEntry.objects.filter(city=city, status=PracticalEntry.Status.WAITING).select_related("application__batch")
    entries = list(rows.order_by("pseudonym"))
    schools: dict[str, dict[tuple[str, str], str]] = {}
    for number in {row.application.batch.number for row in entries}:
        mine = [row.application for row in entries if row.application.batch.number == number and row.application.is_student]
        schools[number] = _school_sites(number, {(one.school, one.institution_code) for one in mine})
    return [_waiting(row, schools[row.application.batch.number]) for row in entries]


def _waiting(row: PracticalEntry, schools: dict[tuple[str, str], str]) -> Accepted:
    one = row.application
    site = schools.get((one.school, one.institution_code), "") if one.is_student else ""
    facts = (one.institution_code, one.operation, one.kind, one.district, row.theory_on, one.is_student, one.school)
    return Accepted(row.pseudonym, one.serial, row.city, *facts, site, row.frozen_in)


def practical_entries(*, city: str = "", pseudonyms: Collection[str] | None = None) -> QuerySet[PracticalEntry]:
    """Chances to sit the practical in sight, in the order in which they came."""
    rows = PracticalEntry.objects.select_related("application__batch")
    rows = rows.filter(city=city) if city else rows
    return rows if pseudonyms is None else rows.filter(pseudonym__in=pseudonyms)


def _person(row: Application, pseudonym: str | None) -> Person:
    return Person(pseudonym or "", row.person, row.name, row.id_number, mask_phone(row.phone), row.institution_code, row.operation, row.kind)


def undecided(number: str) -> int:
    """How many held rows of the batch wait for a person."""
    return Application.objects.filter(batch__number=number, decision=Answer.HOLD).count()


def held(city: str = "") -> QuerySet[Application]:
    """Held applications in sight, the longest waiting first."""
    rows = Application.objects.filter(decision=Answer.HOLD).select_related("row", "batch", "row__intake")
    return (rows.filter(city=city) if city else rows).order_by("pk")


def intakes() -> QuerySet[Intake]:
    """All intakes in sight, the latest first."""
    return Intake.objects.select_related("batch")


def intake(number: str) -> Intake | None:
    """One intake by its number, 440600-2026-12-1."""
    batch_number, _, round_text = number.rpartition("-")
    if not round_text.isdecimal() or len(round_text) > 4:
        return None
    return intakes().filter(batch__number=batch_number, round=int(round_text)).first()


def rows(delivered: Intake, *, institution: str = "", decision: str = "", code: str = "") -> QuerySet[Row]:
    """Rows of an intake in the order of the sheet, filtered by decision, by any reason, by institution."""
    found = Row.objects.filter(intake=delivered)
    if institution:
        found = found.filter(institution_code=institution)
    if decision:
        found = found.filter(decision=decision)
    if code:
        found = found.filter(codes__contains=[code])
    return found.order_by("position")


def changes(delivered: Intake) -> QuerySet[Row]:
    """Rows that differ from what the batch had before."""
    return Row.objects.filter(intake=delivered).exclude(change=Row.Change.SAME).order_by("position")


def change_counts(delivered: Intake) -> dict[str, int]:
    """Number of rows by what they change."""
    found = Row.objects.filter(intake=delivered).order_by().values_list("change").annotate(number=Count("pk"))
    return dict(found)


def absent(delivered: Intake) -> list[str]:
    """序号 of the batch that this delivery does not name: they stay as they are."""
    named = Row.objects.filter(intake=delivered).values("serial")
    return list(Application.objects.filter(batch=delivered.batch).exclude(serial__in=named).order_by("pk").values_list("serial", flat=True))


def rows_before(delivered: Intake, serials: Collection[str]) -> dict[str, Row]:
    """What the batch had for these 序号 before the delivery: the latest row of a confirmed earlier round that was not turned away."""
    found = Row.objects.filter(
        intake__batch=delivered.batch, intake__round__lt=delivered.round, intake__status=Intake.Status.CONFIRMED, serial__in=serials
    ).exclude(change=Row.Change.FROZEN)
    return {row.serial: row for row in found.order_by("intake__round")}


def latest_naming(institution: str) -> Intake | None:
    """The latest confirmed intake with rows of this institution."""
    named = Row.objects.filter(institution_code=institution, intake__status=Intake.Status.CONFIRMED).order_by("-intake_id").values("intake_id")[:1]
    return intakes().filter(pk__in=named).first()


def counts(delivered: Intake, institution: str = "") -> list[tuple[str, str, int]]:
    """(decision, deciding code, number of rows)."""
    found = rows(delivered, institution=institution).order_by().values_list("decision", "code").annotate(number=Count("pk"))
    return sorted((decision, code, number) for decision, code, number in found)


def verdict_rows(delivered: Intake, institution: str = "") -> list[tuple[str, str, str, str, str, str]]:
    """The verdict file of an intake, in the order of the sheet."""
    found = []
    for row in rows(delivered, institution=institution).defer("cells"):
        columns = dict.fromkeys(column for reason in row.reasons for column in reason["columns"])
        cells = [f"{delivered.letters.get(column, '')}{row.sheet_row}《{column}》" for column in columns]
        reasons = [(reason["clause"], reason["text"]) for reason in row.reasons]
        found.append((row.written_serial, row.decision, row.code, *verdicts.joined(reasons, cells)))
    return found


def application(batch_number: str, serial: str) -> Application | None:
    """One application by batch and 序号."""
    return Application.objects.select_related("row", "batch", "row__intake").filter(batch__number=batch_number, serial=serial).first()


def decision(one: Application) -> Decision | None:
    """二（六）: the numbered decision that weighs on an application, with what has happened to it; None where it is accepted."""
    return decisions.of(one)


def weighing(number: str, limit: int = 0) -> list[Decision]:
    """The decisions of a batch that refuse or hold, in the order of the sheet; the first `limit` if given."""
    rows = Application.objects.filter(batch__number=number).exclude(decision=Answer.ACCEPT).select_related("row__intake__batch", "batch")
    found = (decisions.of(one) for one in rows.order_by("row__position")[: limit or None])
    return [made for made in found if made is not None]


def other_applications(one: Application) -> QuerySet[Application]:
    """The same person's applications in other batches in sight."""
    found = Application.objects.select_related("batch").filter(person=one.person).exclude(pk=one.pk)
    return found if one.person else found.none()


def resting_on_hours(person: str) -> list[dict[str, str]]:
    """一（三） N1.3.13: accepted and held applications of a person (keyed index), as an upheld lead lists them."""
    rows = Application.objects.filter(person=person).exclude(decision=Answer.REFUSE).select_related("batch") if person else []
    return [
        {
            "kind": "application",
            "number": f"{one.batch.number}-{one.serial}",
            "state": f"{one.get_decision_display()}{'，已进入抽签' if one.frozen_in else ''}",
            "url": f"/applications/{one.batch.number}/{one.serial}/",
        }
        for one in rows
    ]
