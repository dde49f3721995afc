"""The board in numbers: one tile a seat, counts by state. Cheap enough to be computed once a second for 300 seats."""

from collections import Counter
from typing import Any

from kaopei.edge import invigilation, receipts
from kaopei.edge.practical import sheets
from kaopei.edge.server import Edge
from kaopei.edge.sitting import LOST_SECONDS, Attempt, Sitting
from kaopei.edge.words import SEAT_STATES

IDLE_SECONDS = 180.0


def seat_state(edge: Edge, sitting: Sitting, attempt: Attempt) -> str:
    """One word a tile."""
    if attempt.state == "expected":
        return "free"
    if attempt.state != "open":
        return attempt.state
    if sitting.practical:  # no machine stands at his seat: the examiners' tablets do
        return "paused" if sitting.phase(attempt) == "paused" else "answering"
    now = edge.now()
    if now - attempt.seen > LOST_SECONDS or not attempt.lease_hash:
        return "lost"
    if sitting.phase(attempt) == "paused":
        return "paused"
    return "idle" if now - attempt.acted > IDLE_SECONDS else "answering"


def tile(edge: Edge, sitting: Sitting, attempt: Attempt) -> dict[str, Any]:
    """What changes on a tile: state, seconds left, answered of all (or signed sheets of those needed), records saved, things to look at.

    `ticks`: the time left counts down by itself. `two`: ending this pause takes two persons.
    """
    running = attempt.state == "open"
    done, whole = _signed(edge, sitting, attempt) if sitting.practical else (len(attempt.answers), len(attempt.form["items"]) if attempt.form else 0)
    call = edge.helps.get(attempt.attempt)
    return {
        "attempt": attempt.attempt,
        "seat": attempt.label,
        "state": seat_state(edge, sitting, attempt),
        "left": max(0, round(sitting.remaining(attempt, edge.now()))) if running else None,
        "ticks": running and sitting.phase(attempt) == "open",
        "answered": done,
        "total": whole,
        "saved": attempt.count,
        "late": attempt.late,
        "code": bool(attempt.code),
        "wrong": attempt.code_wrong,
        "signals": attempt.signals,
        "alone": attempt.paused_at is not None,
        "cause": attempt.pause_cause,
        "two": invigilation.resume_needs_two(edge, sitting, attempt),
        "help": call.state if call else "",
        "void": attempt.attempt in invigilation.voided(edge),
    }


def _signed(edge: Edge, sitting: Sitting, attempt: Attempt) -> tuple[int, int]:
    """How many examiners have signed, of how many that are needed."""
    if attempt.state not in ("open", "handed_in") or sitting.secrets is None:
        return 0, 0
    force = [one for one in sheets.sheets(edge, attempt) if one.state == sheets.SIGNED]
    return len(force), sheets.wanted(edge, sitting, attempt)


def board(edge: Edge, sitting: Sitting, room: str = "") -> dict[str, Any]:
    """The whole board in one small answer."""
    tiles = [tile(edge, sitting, one) for one in sitting.by_seat() if not room or one.room == room]
    found = Counter(one["state"] for one in tiles)
    counts = {state: found[state] for state in SEAT_STATES}
    return {
        "state": sitting.state,
        "paused": bool(sitting.clock and sitting.clock.paused),
        "clock": receipts.time_text(edge.wall()),
        "counts": counts,
        "seats": tiles,
    }
