"""What changes the hours of the syllabus."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

from kaopei.center.registry.versioning import close
from kaopei.center.training.models import SyllabusHours
from kaopei.center.training.queries.syllabus import open_hours
from kaopei.law.facts import SyllabusFacts
from kaopei.office.accounts.roles import Actor
from kaopei.office.audit.record import event, nothing_changed, records


@records("training.hours_entered", act="training.enter_hours")
def enter_hours(entries: Sequence[SyllabusFacts], *, city: str, day: dt.date, source: str, by: Actor, at: dt.datetime) -> int:
    """一（三） N1.3.2: the city's numbers with their source, in force from `day`; how many operations changed."""
    held = open_hours(city)
    changed = []
    for entry in entries:
        old = held.get(entry.operation)
        if old and (old.initial_hours, old.review_hours) == (entry.first, entry.review):
            continue
        since = close(old, day, at) if old else day
        SyllabusHours.objects.create(
            city=city,
            operation=entry.operation,
            initial_hours=entry.first,
            review_hours=entry.review,
            from_day=since,
            source=source,
        )
        changed.append(entry)
    if changed:
        event(obj=f"syllabus:{city}", city=city, source=source, hours={entry.operation: _shown(entry) for entry in changed})
    else:
        nothing_changed()
    return len(changed)


def _shown(entry: SyllabusFacts) -> list[str]:
    return [str(hours) if isinstance(hours, Decimal) else "" for hours in (entry.first, entry.review)]
