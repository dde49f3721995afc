"""An order to the vault as a draft, and before the two who approve it: the same for a real paper and for a trial."""

from collections.abc import Iterable
from datetime import datetime

from kaopei.center.allocation import queries as allocation
from kaopei.center.sittings import queries, windows
from kaopei.center.sittings.models import Artefact, Conduct
from kaopei.center.sittings.refusing import as_refusal, no
from kaopei.office import keys
from kaopei.office.accounts import queries as people
from kaopei.office.accounts.roles import Actor
from kaopei.office.approvals import actions as approvals
from kaopei.office.approvals.queries import Request
from kaopei.parcel import canonical, roster, seal_order
from kaopei.parcel.canonical import Payload

ORDER = "seal_order.issue"
CLAUSE = "N2.5.8"


def put_forward(row: Conduct, payload: Payload, title: str, by: Actor, at: datetime) -> Request:
    """The drafted order before two approvers."""
    content = canonical.encode({name: value for name, value in payload.items() if name not in ("approvals", "issued_at")})
    return approvals.request(
        action=ORDER,
        object=payload["order_id"],
        content=content,
        title=title,
        approve_act="sittings.approve",
        needed=2,
        url=f"/sittings/{row.sitting}/",
        by=by,
        at=at,
    )


def part_of(row: Conduct) -> str:
    """T or P; a trial opens a dummy paper, whatever comes after it."""
    facts = None if row.form_set == "trial" else allocation.facts(row.sitting)
    return facts.part if facts else "T"


def draft(row: Conduct, ends: Iterable[datetime], at: datetime) -> Payload:
    """The order as two persons will sign it; `ends` = last ends of the day's sittings with the same items."""
    listed, rows = keys.trust(), queries.roster(row)
    edges = queries.edges(row.site, at)
    if any(edge.payload["not_after"] <= row.ends_at.timestamp() for edge in edges):
        raise no("N2.4.4", f"考试点 {row.site} 有考试服务器的登记书在考试结束以前到期，请先重新验收登记。", "term")
    before = queries.newest(row, Artefact.Kind.ORDER)
    with as_refusal(CLAUSE):
        return seal_order.draft(
            listed,
            at=int(at.timestamp()),
            order_id=queries.order_id(row.sitting),
            sitting_id=row.sitting,
            city=row.city,
            site_code=row.site,
            form_set=row.form_set,
            window=windows.window(row.starts_at, row.ends_at, ends),
            attempts=[{"attempt": one["attempt"], "subject": one["subject"]} for one in rows],
            roster_hash=roster.root(rows, listed.suite),
            edges=edges,
            officers=sorted(one.kid for one in people.holders("key_officer", row.city) if one.kid in listed.keys),
            policy=windows.policy(row.starts_at, row.ends_at, part_of(row)),
            software=sorted({edge.payload["software"]["hash"] for edge in edges}),
            supersedes=before.ref if before else None,
        )
