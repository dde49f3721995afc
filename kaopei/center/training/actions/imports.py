"""A city's files of training, taken in: all of them or nothing."""

import datetime as dt
from dataclasses import dataclass, field

from kaopei.center.training import sealing, taking
from kaopei.center.training.delivery import Delivery
from kaopei.center.training.models import Seal
from kaopei.office import ids
from kaopei.office.accounts.roles import Actor
from kaopei.office.audit.record import event, nothing_changed, records


@dataclass
class Taken:
    """What an import did: counts of new rows; empty for a delivery that was here before."""

    city: str
    counts: dict[str, int] = field(default_factory=dict)
    before: bool = False


@records("training.imported", act="training.import")
def take(made: Delivery, *, source: str, by: Actor, at: dt.datetime) -> Taken:
    """一（三） N1.3.9: store classes, rosters, timetables and records. The records are sealed in the ledger and never change again.

    The caller has entered the scope of the city.
    """
    home, batch = taking.Home(), ids.ulid(at)
    counts = {"classes": taking.classes(made, home, source, by.username, at), "enrolments": taking.people(made, home)}
    taking.reports(made, source, at)
    tables = {"签到记录": ("sign_in", taking.sign_ins), "线上学习": ("study", taking.study)}
    for name, (table, store) in tables.items():
        digest = made.digests.get(name, "")
        if not digest or Seal.objects.filter(city=made.city, table=table, digest=digest).exists():
            continue
        new, more = store(made, home, batch)
        counts[table] = new
        counts |= {"known": more} if table == "sign_in" else {"study_records": more}
        sealing.seal(table, batch=batch, digest=digest, city=made.city, by=by, at=at)
    counts["unlisted"] = home.unlisted
    if not any(counts[name] for name in counts if name != "known"):
        nothing_changed()
        return Taken(made.city, counts, before=True)
    event(obj=f"training:{made.city}", city=made.city, digest="+".join(made.digests.values())[:130], counts=counts)
    return Taken(made.city, counts)
