"""Admission tickets: made only after the province has countersigned."""

import hashlib
from datetime import datetime

from kaopei.center.allocation.actions.attempts import attempts
from kaopei.center.allocation.models import Draw, TicketBundle
from kaopei.law.verdict import refuse
from kaopei.office.accounts.roles import Actor
from kaopei.office.audit.record import event, records
from kaopei.office.refused import Refused


@attempts
@records("allocation.tickets_made", act="allocation.tickets")
def keep_tickets(draw: Draw, *, bundles: list[tuple[str, str, str, int]], by: Actor, at: datetime) -> list[TicketBundle]:
    """二（三）: the tickets of a draw, a bundle an institution: (code, file, digest, tickets)."""
    row = Draw.objects.get(pk=draw.pk)
    if row.status != Draw.Status.VERIFIED:
        raise Refused(refuse("N2.3.2", "省级复核会签以前不得制作准考证。", "state"))
    made = [
        TicketBundle(
            city=row.city,
            draw=row,
            institution=code,
            file=file,
            digest=digest,
            tickets=tickets,
            made_by=by.username,
            made_at=at,
        )
        for code, file, digest, tickets in bundles
    ]
    TicketBundle.objects.bulk_create(made)
    whole = hashlib.sha256("".join(sorted(bundle.digest for bundle in made)).encode()).hexdigest()
    event(
        obj=f"draw:{row.number}",
        city=row.city,
        tickets=sum(bundle.tickets for bundle in made),
        files=len(made),
        digest=whole,
    )
    return made


@records("allocation.tickets_fetched", act="allocation.people")
def note_fetched(obj: str, *, what: str, count: int, city: str, by: Actor, at: datetime) -> None:
    """Papers with names leave the system: who took which, for how many people."""
    event(obj=obj, city=city, what=what, count=count)
