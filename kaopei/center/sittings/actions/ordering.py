"""Orders to the vault: a sitting's roster is made once, two persons approve the order, then it is signed."""

import re
from datetime import datetime
from typing import Any

from kaopei.center.allocation import queries as allocation
from kaopei.center.allocation.queries import Seated, SittingFacts
from kaopei.center.sittings import artefacts, orders, queries, windows
from kaopei.center.sittings.models import Artefact, Conduct, RosterEntry
from kaopei.center.sittings.overtaken import refuse_overtaken
from kaopei.center.sittings.refusing import as_refusal, no
from kaopei.office import keys
from kaopei.office.accounts.roles import Actor
from kaopei.office.approvals.queries import Request
from kaopei.office.audit.record import event, records
from kaopei.office.refused import Refused
from kaopei.parcel import canonical, ids, roster, seal_order
from kaopei.parcel.canonical import Payload

ORDER = orders.ORDER
CLAUSE = "N2.5.8"
LATER = (Conduct.Status.RELEASED, Conduct.Status.RETURNED, Conduct.Status.RECEIPTED)
LAST4 = re.compile(r"[0-9X]{4}")


@records("sittings.order_asked", act="sittings.order")
def ask_order(sitting: str, *, by: Actor, at: datetime) -> Request:
    """二（五） N2.5.8: ask two persons to approve the order of a sitting's paper. A sealed one may be ordered anew until its key is released."""
    facts = allocation.facts(sitting)
    if facts is None or facts.placed == 0:
        raise no("N2.3.2", f"场次 {sitting} 没有抽签安排的考生，不能下密封任务书。", "empty")
    verdict = queries.judge(facts, at, queries.tickets_made(facts.draw), queries.sites_with_machines(at))
    if not verdict.allowed:
        raise Refused(verdict)
    row = _conduct(facts)
    if row.status in LATER:
        raise no(CLAUSE, f"场次 {sitting} {row.get_status_display()}，试卷已放行，不能再下任务书。", "state")
    if waiting := allocation.without_tickets(sitting):
        raise no("N2.3.2", f"增量抽签 {'、'.join(waiting)} 还没有生成准考证：请先在“抽签”生成准考证。", "tickets")
    if not queries.roster_made(row) or queries.overtaken([row]):
        _make_roster(row, facts)
    payload = orders.draft(row, queries.last_ends(facts), at)
    asked = orders.put_forward(row, payload, f"下达密封任务书 {sitting}（{facts.placed} 人）", by, at)
    event(
        obj=f"sitting:{sitting}",
        city=row.city,
        order=payload["order_id"],
        digest=asked.digest,
        roster=payload["roster_hash"],
        attempts=len(payload["attempts"]),
    )
    return asked


def _conduct(facts: SittingFacts) -> Conduct:
    named = {
        "site": facts.site,
        "day": facts.day,
        "starts_at": windows.moment(facts.day, facts.start),
        "ends_at": windows.moment(facts.day, facts.end),
    }
    row, _ = Conduct.objects.get_or_create(city=facts.city, sitting=facts.number, defaults=named)
    return Conduct.objects.select_for_update().get(pk=row.pk)


def _make_roster(row: Conduct, facts: SittingFacts) -> None:
    """A new edition. Salts are drawn here and never again: whoever keeps his ticket keeps his row."""
    suite = keys.trust().suite
    before = {canonical.decode_object(one.row.encode())["ticket_no"]: one for one in queries.entries(row)}
    changed = allocation.changed_by([row.sitting]).get(row.sitting, "")
    edition, entries = queries.edition(row) + 1, []
    for one in allocation.seated(facts.number):
        kept = before.get(one.ticket)
        salt = kept.id_salt if kept else ids.mark()
        line = canonical.decode_object(kept.row.encode()) if kept else _line(one, salt, suite)
        entries.append(
            RosterEntry(
                city=row.city,
                conduct=row,
                attempt=one.pseudonym,
                subject=one.subject,
                leaf=roster.leaf(line, suite),
                edition=edition,
                draw=changed,
                row=canonical.encode(line).decode(),
                id_salt=salt,
            )
        )
    RosterEntry.objects.bulk_create(entries)


def _line(one: Seated, id_salt: str, suite: str) -> Payload:
    """A row of the roster as the site gets it: there is no photo before the institutions hand theirs in."""
    last4 = one.id_number[-4:].upper()
    return {
        "attempt": one.pseudonym,
        "salt": ids.mark(),
        "name": one.name,
        "id_last4": last4 if LAST4.fullmatch(last4) else "XXXX",
        "id_commit": roster.id_commit(one.id_number, bytes.fromhex(id_salt), suite),
        "subject": one.subject,
        "room": one.room,
        "seat": one.seat,
        "ticket_no": one.ticket,
        "photo": None,
        "photo_source": "none",
        "accommodations": {},
    }


@records("sittings.order_issued", act="sittings.approve")
def issue_order(asked: Any, *, by: Actor, at: datetime) -> Artefact:
    """二（五） N2.5.8: the second signature issues the order, signed by the center."""
    said = canonical.decode_object(bytes(asked.content), "密封任务书")
    row = Conduct.objects.select_for_update().get(sitting=said["sitting_id"])
    if row.status in LATER:
        raise no(CLAUSE, f"场次 {row.sitting} {row.get_status_display()}，任务书已不能下达。", "state")
    refuse_overtaken(row)
    if said["roster_hash"] != roster.root(queries.roster(row), keys.trust().suite):
        raise no(CLAUSE, "提请之后考生名单有变，请考务员重新提请。", "roster")
    if said["window"]["start_earliest"] <= at.timestamp():
        raise no(CLAUSE, f"场次 {row.sitting} 的开考时间已过，任务书已不能下达。", "late")
    signed = artefacts.signatures(asked)
    with as_refusal(CLAUSE):
        data = seal_order.sign({**said, "issued_at": int(at.timestamp())}, signed, keys.signer("center", at))
        seal_order.read(data, keys.trust(), at=int(at.timestamp()))
    kept = artefacts.keep(row, Artefact.Kind.ORDER, said["order_id"], data, by=by, at=at, roster=said["roster_hash"])
    row.status = Conduct.Status.ORDERED
    row.save(update_fields=["status"])
    event(obj=f"sitting:{row.sitting}", city=row.city, order=said["order_id"], digest=kept.digest)
    return kept
