"""A trial package: dummy items for a site's machines, ordered, sealed, seated and released by the very same steps as a real paper.

二（四） N2.4.4 to N2.4.6: an exam server opens no real paper unless a trial has opened on it in the hours before.
"""

from datetime import datetime, timedelta

from kaopei.center.registry import queries as registry
from kaopei.center.sittings import orders, queries
from kaopei.center.sittings.models import Conduct, RosterEntry
from kaopei.center.sittings.refusing import no
from kaopei.office import keys
from kaopei.office.accounts.roles import Actor
from kaopei.office.approvals.queries import Request
from kaopei.office.audit.record import event, records
from kaopei.parcel import canonical, ids, roster

TRIAL, SUBJECT, ROOM = "trial", "试封演练", "试机"
LENGTH = timedelta(minutes=10)
PLACES = 2
CLAUSE = "N2.4.5"


@records("sittings.order_asked", act="sittings.order")
def ask_trial(site: str, *, starts_at: datetime, by: Actor, at: datetime) -> Request:
    """二（四） N2.4.5: ask two persons to approve the order of a trial package for every machine of a site."""
    day = starts_at.date()
    found = registry.site(by.city, site, day)
    if found is None:
        raise no(CLAUSE, f"考试点名册里没有 {site}，不能下试封任务书。", "site")
    if starts_at <= at:
        raise no(CLAUSE, "试封的时间已过，请另定时间。", "late")
    if site not in queries.sites_with_machines(at):
        raise no("N2.4.4", f"考试点 {site} 还没有登记的考试服务器：请先在“考试服务器”办理登记。", "machine")
    number = f"TRIAL-{site}-{Conduct.objects.filter(site=site, form_set=TRIAL).count() + 1}"
    named = {"site": site, "day": day, "starts_at": starts_at, "ends_at": starts_at + LENGTH, "form_set": TRIAL}
    row = Conduct.objects.create(city=by.city, sitting=number, **named)
    _dummies(row)
    payload = orders.draft(row, [row.ends_at], at)
    asked = orders.put_forward(row, payload, f"下达试封任务书 {number}（演练题，不计成绩）", by, at)
    more = {"order": payload["order_id"], "digest": asked.digest, "roster": payload["roster_hash"], "attempts": PLACES}
    event(obj=f"sitting:{number}", city=row.city, **more)
    return asked


def _dummies(row: Conduct) -> None:
    """Nobody sits a trial: two names without a person behind them."""
    suite = keys.trust().suite
    for place in range(1, PLACES + 1):
        salt = ids.mark()
        line = {
            "attempt": f"TRIAL{place}{ids.mark()[:10].upper()}",
            "salt": ids.mark(),
            "name": f"试机考生{place}",
            "id_last4": "0000",
            "id_commit": roster.id_commit(f"{row.sitting}-{place}", bytes.fromhex(salt), suite),
            "subject": SUBJECT,
            "room": ROOM,
            "seat": str(place),
            "ticket_no": f"{row.sitting}-{place}",
            "photo": None,
            "photo_source": "none",
            "accommodations": {},
        }
        leaf, text = roster.leaf(line, suite), canonical.encode(line).decode()
        RosterEntry.objects.create(city=row.city, conduct=row, attempt=line["attempt"], subject=SUBJECT, leaf=leaf, row=text, id_salt=salt)
