"""What is written down about a sign-in that was not taken."""

import datetime as dt

from kaopei.center.training.models import EnrolCode
from kaopei.office.accounts.roles import Actor
from kaopei.office.audit.record import event, records


@records("training.sign_in_refused")
def note_refusal(*, city: str, trainee: int, lesson: str, code: str, by: Actor, at: dt.datetime) -> None:
    """一（三） N1.3.9: an attempt to sign in, or to bind a phone, that was refused: who, where, why; also that of a proxy."""
    event(obj=f"trainee:{trainee}", city=city, lesson=lesson[:40], code=code)


@records("training.sign_in_refused")
def note_wrong_code(issued: EnrolCode, *, code: str, by: Actor, at: dt.datetime) -> None:
    """A code that was tried with the wrong person's digits: after a few tries it is of no use."""
    held = EnrolCode.objects.select_for_update().get(pk=issued.pk)
    held.tries += 1
    held.save(update_fields=["tries"])
    event(obj=f"trainee:{held.trainee_id}", city=held.city, lesson="", code=code)
