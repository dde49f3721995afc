"""What an upheld lead does: rows are struck out by counter-entries, and whatever rests on the hours is listed for a decision in time.

Later rooms are asked through their AppConfig: `resting_on_hours(person) -> list[Resting]`, as the page of today asks for cards.
"""

import datetime as dt
from dataclasses import dataclass

from django.apps import apps

from kaopei.center.training.counter_entries import counter
from kaopei.center.training.models import Consequence, Enrolment, HoursTotal, Lead, SignInRecord
from kaopei.center.training.queries.visits import HIDDEN
from kaopei.law.calendar import after_working_days
from kaopei.office.clock import CHINA

# Working days for the decision on an application or a certificate: a setting of the program, no number of the law.
WORKING_DAYS = 10


@dataclass(frozen=True, slots=True)
class Resting:
    """Something of a later room that rests on a person's training. `kind` is application or certificate."""

    kind: str
    number: str
    state: str
    url: str


def strike(lead: Lead, *, second: str, at: dt.datetime) -> int:
    """Counter-entries for the records behind a lead, and for the units of online study it names; how many."""
    reason = f"线索认定：{lead.decision_number}"
    done = set(SignInRecord.objects.filter(city=lead.city, kind="counter", replaces__in=lead.rows).values_list("replaces", flat=True))
    rows = SignInRecord.objects.filter(city=lead.city, number__in=set(lead.rows) - done).select_related("enrolment", "lesson").order_by("pk")
    strokes = [(row.enrolment, row.number, row) for row in rows]
    if not lead.rows and lead.note and lead.kind != HIDDEN:
        # A lead of online study names its units.
        held = Enrolment.objects.filter(pk__in=lead.enrolments)
        strokes = [(one, f"unit:{unit}", None) for one in held for unit in lead.note.split(";") if one.study.filter(unit=unit).exists()]
    for enrolment, key, row in strokes:
        counter(
            enrolment, key, record=row, lesson=row.lesson if row else None, begin=None, end=None, evidence=0, reason=reason, by=lead.proposed_by,
            second=second, at=at,
        )  # fmt: skip
    return len(strokes)


def list_what_rests(lead: Lead, before: dict[int, int], at: dt.datetime) -> int:
    """Open applications and issued certificates of the people behind a lead, each with hours before and after and a last day."""
    due = after_working_days(at.astimezone(CHINA).date(), WORKING_DAYS, clause="N1.3.13")
    last = due.day or at.astimezone(CHINA).date() + dt.timedelta(days=2 * WORKING_DAYS)
    after = dict(HoursTotal.objects.filter(enrolment__in=lead.enrolments).values_list("enrolment_id", "hours"))
    made = 0
    for one in Enrolment.objects.filter(pk__in=lead.enrolments).select_related("trainee"):
        for thing in _resting(one.trainee.person):
            _, fresh = Consequence.objects.get_or_create(
                lead=lead, kind=thing.kind, number=thing.number,
                defaults={
                    "city": lead.city, "enrolment": one, "url": thing.url, "state": thing.state, "hours_before": before.get(one.pk, 0),
                    "hours_after": after.get(one.pk, 0), "due_on": last,
                },
            )  # fmt: skip
            made += fresh
    return made


def _resting(person: str) -> list[Resting]:
    found: list[Resting] = []
    for config in apps.get_app_configs():
        give = getattr(config, "resting_on_hours", None)
        if give is not None:
            found += [Resting(**one) for one in give(person)]
    return found
