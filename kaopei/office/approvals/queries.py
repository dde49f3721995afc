"""Reads about approvals."""

import json
from datetime import datetime
from typing import Any

from kaopei.office.accounts.queries import names_of
from kaopei.office.accounts.roles import Actor, catalogue, judge
from kaopei.office.approvals.models import Request
from kaopei.office.ui.cards import Card, Line


def waiting_for(user: Actor, at: datetime) -> list[Request]:
    """Open requests that this person may sign: his city, his role, not his own, not yet signed by him."""
    mine = [act for act, holders in catalogue().acts.items() if holders & user.held()]
    rows = Request.objects.filter(status="open", approve_act__in=mine, expires_at__gt=at).exclude(requester=user.username)
    return list(rows.exclude(signatures__approver=user.username).order_by("asked_at"))


def asked_by(user: Actor) -> list[Request]:
    """One's own requests, newest first."""
    return list(Request.objects.filter(requester=user.username).order_by("-id")[:50])


def get(ulid: str) -> Request:
    """One request, Request.DoesNotExist if it is not in the scope."""
    return Request.objects.get(ulid=ulid)


def granted(action: str, object: str, digest: str) -> list[dict[str, Any]]:
    """The signed approval records (payloads, ready for a parcel) for exactly these bytes; empty while anybody is missing."""
    row = Request.objects.filter(action=action, object=object, digest=digest, status="granted").order_by("-closed_at").first()
    return [] if row is None else [json.loads(one.record) for one in row.signatures.filter(agrees=True).order_by("id")]


def standing(action: str, object: str) -> Request | None:
    """The newest request about a matter, whatever became of it."""
    return Request.objects.filter(action=action, object=object).order_by("-id").first()


def content(action: str, object: str, rev: int) -> bytes | None:
    """What was signed in this rev of a matter; nothing while it is not granted."""
    row = Request.objects.filter(action=action, object=object, rev=rev, status="granted").order_by("-id").first()
    return bytes(row.content) if row else None


def open_ones(action: str) -> list[Request]:
    """What waits for signatures in one kind of matter, the oldest first."""
    return list(Request.objects.filter(action=action, status="open").order_by("asked_at"))


def cards(user: Actor, at: datetime) -> list[Card]:
    """For the page of today."""
    waiting = waiting_for(user, at)
    if not waiting and not judge(user, "approvals.approve").allowed:
        return []
    people = names_of(one.requester for one in waiting)
    lines = [Line(one.title, f"/approvals/{one.ulid}/", f"申请人：{people[one.requester]}", due=one.expires_at.date()) for one in waiting[:5]]
    return [Card("待我签署", "Waiting for my signature", lines, count=len(waiting), url="/approvals/", weight=10, empty="没有等您签署的事项。")]
