"""Entries that take the place of a record, strike it out, or lift a reason against it. The first record stays."""

import datetime as dt

from kaopei.center.training import sealing
from kaopei.center.training.models import Enrolment, Lesson, SignInRecord
from kaopei.office import ids
from kaopei.office.clock import CHINA


def counter(
    enrolment: Enrolment, replaces: str, *, record: SignInRecord | None, lesson: Lesson | None, begin: dt.datetime | None, end: dt.datetime | None,
    evidence: int, reason: str, by: str, second: str, at: dt.datetime, kind: str = "counter", code: str = "",
) -> SignInRecord:  # fmt: skip
    """A counter-entry: takes the place of `replaces` with these times, strikes it out (no times), or (kind lift) lifts a reason."""
    year = at.astimezone(CHINA).year
    number = f"G{enrolment.city}-{year}-{ids.next_number('counter-entry', enrolment.city, year):06d}"
    day = lesson.day if lesson else record.day if record else at.astimezone(CHINA).date()
    row = SignInRecord(
        city=enrolment.city, number=number, kind=kind, study_class_id=enrolment.study_class_id, enrolment=enrolment, lesson=lesson,
        unit=lesson.unit if lesson else record.unit if record else "", day=day, begin=begin, end=end, evidence=evidence,
        device=record.device if record else "", room=lesson.room if lesson else record.room if record else "",
        longitude=record.longitude if record else None, latitude=record.latitude if record else None, recorded=at.replace(microsecond=0),
        supplement="" if begin is None else number, replaces=replaces, code=code, reason=reason, made_by=by, second=second,
    )  # fmt: skip
    sealing.add(row)
    return row
