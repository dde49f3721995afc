"""The roster of a sitting: made whole with each order, the newest edition counts; and which rosters a draw has changed since."""

import json
from collections.abc import Iterable

from django.db.models import Max, QuerySet

from kaopei.center.allocation import queries as allocation
from kaopei.center.sittings.models import Conduct, RosterEntry
from kaopei.parcel.canonical import Payload

# Once the key is released the roster is what it was: changes come too late for it, and the draw brings nobody in.
OPEN = (Conduct.Status.PLANNED, Conduct.Status.ORDERED, Conduct.Status.SEALED, Conduct.Status.SEATED)


def edition(row: Conduct) -> int:
    """Number of the newest edition, 0 without a roster."""
    return RosterEntry.objects.filter(conduct=row).aggregate(newest=Max("edition"))["newest"] or 0


def entries(row: Conduct) -> "QuerySet[RosterEntry]":
    """The entries of the newest edition, by attempt."""
    return RosterEntry.objects.filter(conduct=row, edition=edition(row))


def entries_of(sitting: str) -> "QuerySet[RosterEntry]":
    """The same by the number of the sitting; none without a conduct."""
    row = Conduct.objects.filter(sitting=sitting).first()
    return entries(row) if row else RosterEntry.objects.none()


def roster(row: Conduct) -> list[Payload]:
    """The rows under the roster hash, with names: for sealing, never for a page."""
    return [json.loads(one.row) for one in entries(row)]


def roster_made(row: Conduct) -> int:
    """How many stand on the roster."""
    return entries(row).count()


def overtaken(rows: Iterable[Conduct]) -> dict[str, str]:
    """Of sittings whose key is not released: the draw that has changed who sits there since the roster was made."""
    open_ones = [row.sitting for row in rows if row.status in OPEN]
    made = RosterEntry.objects.filter(conduct__sitting__in=open_ones).order_by("edition")
    known = {sitting: draw for sitting, _, draw in made.values_list("conduct__sitting", "edition", "draw").distinct()}
    now = allocation.changed_by(known)
    return {sitting: now[sitting] for sitting, draw in known.items() if now.get(sitting, "") not in ("", draw)}
