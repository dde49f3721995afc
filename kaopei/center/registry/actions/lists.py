"""A city's lists taken in."""

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from kaopei.center.registry import taking
from kaopei.center.registry.entries import InstitutionEntry, SiteEntry, StaffEntry, TieEntry
from kaopei.office.accounts.roles import Actor
from kaopei.office.audit.record import event, nothing_changed, records


@dataclass(frozen=True, slots=True)
class Lists:
    """What a pack says about registered bodies. None: the list was not delivered, what is known stays."""

    institutions: Sequence[InstitutionEntry]
    sites: Sequence[SiteEntry]
    practical: dict[str, tuple[str, ...]] | None
    ties: Sequence[TieEntry] | None
    staff: Sequence[StaffEntry] | None


@records("registry.taken", act="registry.take")
def take_lists(lists: Lists, *, city: str, day: dt.date, source: str, by: Actor, at: dt.datetime) -> dict[str, int]:
    """一（一）、二（二）: bring the register to what the lists say, in force from `day`; how many rows of each kind changed.

    Bodies that a list no longer names stay as they were; a tie it no longer names is struck out.
    """
    changed = {
        "institutions": taking.institutions(lists.institutions, city, day, source, at),
        "sites": taking.sites(lists.sites, lists.practical, city, day, source, at),
        "ties": taking.ties(lists.ties, city, at) if lists.ties is not None else 0,
        "staff": taking.staff(lists.staff, city, day, source, at) if lists.staff is not None else 0,
    }
    if any(changed.values()):
        event(obj=f"register:{city}", city=city, source=source, changed=changed, digest=_digest(lists))
    else:
        nothing_changed()
    return changed


def _digest(lists: Lists) -> str:
    """Of what the lists say, without staff: personal data is not told by a digest that could be guessed."""
    said = {"institutions": lists.institutions, "sites": lists.sites, "practical": lists.practical, "ties": lists.ties}
    text = json.dumps(said, default=taking.plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
