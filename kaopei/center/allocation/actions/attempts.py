"""Refused steps of a draw: each becomes an event, whether it came by a page, a command, a job or another action."""

from datetime import datetime
from typing import Any

from kaopei.center.allocation.models import Draw
from kaopei.office.accounts.roles import Actor
from kaopei.office.audit.record import event, records, refusals

REFUSED = "allocation.attempt_refused"


def _about(thing: Any, **_: Any) -> tuple[str, str]:
    """A step is about a draw, something of a draw, or an announcement, which has no draw yet."""
    draw = thing if isinstance(thing, Draw) else getattr(thing, "draw", None)
    return (f"draw:{draw.number}", draw.city) if draw is not None else (f"batch:{thing.batch}", thing.batch.partition("-")[0])


attempts = refusals(REFUSED, _about)


@records(REFUSED)
def note_refusal(draw: Draw, *, step: str, clause: str, reason: str, by: Actor, at: datetime) -> None:
    """二（三） N2.3.2: a step that was refused before any action was asked: the role does not allow the page, or the form is wrong."""
    event(obj=f"draw:{draw.number}", city=draw.city, step=step, clause=clause, reason=reason)
