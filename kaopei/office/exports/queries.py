"""Reads about exports: how many rows one person may take alone, and how far a larger one is."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Sum

from kaopei.office.accounts.roles import Actor, judge
from kaopei.office.approvals import queries as approvals
from kaopei.office.exports.models import Export
from kaopei.office.ui.cards import Card, Line

# Design of the system, not a number of the notice: more rows than this need a second person.
ALONE = 100
# What has been agreed to can be taken for a day; then it would have to be asked for again.
TERM = timedelta(hours=24)
ACTION = "exports.take"


@dataclass(frozen=True)
class State:
    """How far a large export is, in words, and until when it can be taken."""

    word: str
    zh: str
    until: datetime | None = None


def get(ulid: str) -> Export | None:
    """One export in sight."""
    return Export.objects.defer("content").filter(ulid=ulid).first()


def asked_by(user: Actor) -> list[Export]:
    """One's own, the newest first."""
    return list(Export.objects.defer("content").filter(requester=user.username)[:50])


def rows_today(user: Actor, at: datetime) -> int:
    """How many rows this person has taken in the last 24 hours."""
    return Export.objects.filter(requester=user.username, taken_at__gt=at - TERM).aggregate(n=Sum("rows"))["n"] or 0


def said(row: Export) -> bytes:
    """Exactly what the second person signs: what, of whom, how many, which bytes, what for. UTF-8 JSON, keys sorted."""
    facts = {
        "v": 1, "export": row.ulid, "kind": row.kind, "object": row.object, "title": row.title, "rows": row.rows, "file": row.name,
        "size": row.size, "sha256": row.digest, "requester": row.requester, "reason": row.reason,
    }  # fmt: skip
    return json.dumps(facts, ensure_ascii=False, sort_keys=True, indent=1).encode()


def approval(row: Export) -> Any:
    """The newest request for a second signature; None for a small export."""
    return approvals.standing(ACTION, f"export:{row.ulid}")


def state(row: Export, at: datetime) -> State:
    """How far it is."""
    asked = approval(row)
    if asked is None:
        return State("taken", "已取走")
    if asked.status == "open" and at < asked.expires_at:
        return State("open", "待第二人签署", asked.expires_at)
    if asked.status == "granted" and at < asked.closed_at + TERM and row.size:
        return State("granted", "可以下载", asked.closed_at + TERM)
    if asked.status in ("declined", "withdrawn"):
        return State(asked.status, asked.get_status_display())
    return State("expired", "已过期")


def spent(at: datetime) -> list[Export]:
    """Large exports whose bytes are still kept though they can no longer be taken."""
    waiting = Export.objects.defer("content").filter(content__isnull=False)
    return [row for row in waiting if state(row, at).word not in ("open", "granted")]


def may_see(user: Actor, row: Export) -> bool:
    """Whoever asked, and whoever may agree."""
    return row.requester == user.username or judge(user, "exports.approve", row.city or None).allowed


def cards(user: Actor, at: datetime) -> list[Card]:
    """For the page of today."""
    if not judge(user, "exports.take").allowed:
        return []
    mine = Export.objects.defer("content").filter(requester=user.username, content__isnull=False)
    ready = [(row, now.until) for row in mine if (now := state(row, at)).word == "granted" and now.until]
    lines = [Line(row.title, f"/exports/{row.ulid}/", f"{row.rows} 人", due=until.date()) for row, until in ready]
    return [Card("可以下载的导出", "Exports to take", lines, count=len(lines), url="/exports/", weight=20)] if lines else []
