"""Facts with a beginning and an end: putting one in force, what held on a day, and who was quicker."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db.models import F, Q

from kaopei.law.verdict import refuse
from kaopei.office.refused import Refused


def on(day: dt.date, known: dt.datetime | None = None) -> Q:
    """What held on the day: as known now, or as was known at that moment."""
    if known is None:
        return Q(from_day__lte=day, ended_at=None) & (Q(to_day=None) | Q(to_day__gte=day))
    held = Q(to_day=None) | Q(to_day__gte=day) | Q(closed_at__gt=known)
    return Q(from_day__lte=day, recorded_at__lte=known) & held & (Q(ended_at=None) | Q(ended_at__gt=known))


def close(old: Any, day: dt.date, at: dt.datetime) -> dt.date:
    """End the former fact the day before `day`; one that began no earlier was never in force. From when its successor holds."""
    if old.from_day >= day:
        old.ended_at = at
        old.save(update_fields=["ended_at"])
        return old.from_day
    old.to_day = day - dt.timedelta(days=1)
    changed = ["to_day"]
    if hasattr(old, "closed_at"):
        old.closed_at = at
        changed.append("closed_at")
    old.save(update_fields=changed)
    return day


def keep(
    model: Any, owner: Mapping[str, Any], facts: Mapping[str, Any], *, day: dt.date, source: str, at: dt.datetime, since: dt.date | None = None
) -> bool:
    """Put facts in force from `day` if they differ from those in force; whether they did. `since`: from when the very first ones hold."""
    old = model.objects.filter(**owner, to_day=None, ended_at=None).first()
    if old is not None and all(getattr(old, name) == value for name, value in facts.items()):
        return False
    first = close(old, day, at) if old is not None else min(since or day, day)
    model.objects.create(**owner, **facts, from_day=first, source=source, recorded_at=at)
    return True


def claim(row: Any, revision: int, clause: str) -> None:
    """Take the next revision of a row: of two people who change what both have read, one wins and the other is told."""
    won = type(row).objects.filter(pk=row.pk, revision=revision).update(revision=F("revision") + 1)
    if not won:
        text = "在您打开此页以后，另一人已经办理或修改了这一条，您的修改没有保存。请重新打开，核对新的内容后再办。"
        raise Refused(refuse(clause, text, "changed_meanwhile"))
    row.revision = revision + 1
