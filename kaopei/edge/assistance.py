"""What a candidate may ask for: an invigilator at his seat, and what his accommodations give him (extra time, breaks, larger letters).

Accommodations arrive in the roster row under the sealed roster hash; nobody at the site can add to them here. A break is
the candidate's own pause: its time is not his, up to its length. Help calls live in memory and in the ledger; after a
restart the terminal asks again by itself.
"""

from dataclasses import dataclass
from typing import Any

import apsw

from kaopei.edge.console import Person, Problem
from kaopei.edge.server import Edge
from kaopei.edge.sitting import Attempt, Sitting

# What a roster row may grant, and up to what; anything else in it is not for this server.
GRANTS = {"extra_minutes": 600, "font": 4, "breaks": 20, "break_minutes": 60}
BREAK_MINUTES = 10
MOST_CALLS = 60


@dataclass(slots=True)
class Help:
    """A call for help: asked, coming (somebody is on his way) or nothing; `since` is boottime, `calls` how many so far."""

    state: str = ""
    since: float = 0.0
    calls: int = 0


# ---- help
def help_of(edge: Edge, attempt: Attempt) -> Help:
    """The call of this candidate, also if there is none."""
    found: Help = edge.helps.setdefault(attempt.attempt, Help())
    return found


async def ask_help(edge: Edge, attempt: Attempt, *, on: bool) -> str:
    """The candidate calls, or takes it back; repeating it changes nothing. Returns the state of the call."""
    call = help_of(edge, attempt)
    if on == bool(call.state):
        return call.state
    if on and call.calls >= MOST_CALLS:
        raise Problem("呼叫次数太多，请直接举手。", status=429)
    if on:
        call.state, call.since, call.calls = "asked", edge.now(), call.calls + 1
        await edge.act("attempt.help_asked", by=f"seat:{attempt.label}", obj=f"attempt:{attempt.attempt}", body={"seat": attempt.label})
        return call.state
    await _settled(edge, attempt, call, "", "withdrawn", f"seat:{attempt.label}")
    return ""


async def answer_help(edge: Edge, attempt: Attempt, *, by: Person) -> str:
    """An invigilator is on his way; pressed again, it is done. Returns the state of the call."""
    call = help_of(edge, attempt)
    if not call.state:
        raise Problem("这名考生没有呼叫，或已由别人处理。", "请看监考页。")
    then, how = ("coming", "coming") if call.state == "asked" else ("", "done")
    await _settled(edge, attempt, call, then, how, by.mark)
    return then


async def _settled(edge: Edge, attempt: Attempt, call: Help, then: str, how: str, actor: str) -> None:
    call.state = then
    body = {"how": how, "seconds": round(edge.now() - call.since)}
    await edge.act("attempt.help_answered", by=actor, obj=f"attempt:{attempt.attempt}", body=body)


# ---- accommodations
def granted(sitting: Sitting, attempt: Attempt) -> dict[str, int]:
    """What the roster grants this candidate, as whole numbers within reason; `font` is a step of the terminal's text sizes."""
    row = sitting.person(attempt).get("accommodations", {})
    found = {}
    for name, most in GRANTS.items():
        value = row.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most:
            found[name] = value
    if found.get("breaks"):
        found.setdefault("break_minutes", BREAK_MINUTES)
    return found


def breaks_taken(edge: Edge, attempt: Attempt) -> int:
    """How many breaks he has begun."""
    if attempt.attempt not in edge.rests:
        ((count,),) = edge.store.read("SELECT count(*) FROM rest WHERE attempt_no = ?", (attempt.no,))
        edge.rests[attempt.attempt] = int(count)
    return edge.rests[attempt.attempt]


def state(edge: Edge, sitting: Sitting, attempt: Attempt) -> dict[str, Any]:
    """What the terminal is told of it."""
    grants = granted(sitting, attempt)
    left = max(0, grants.get("breaks", 0) - breaks_taken(edge, attempt)) if grants.get("breaks") else 0
    return {**grants, "breaks_left": left}


def break_left(sitting: Sitting, attempt: Attempt) -> float:
    """Seconds until a break that runs is over; below zero when it is."""
    ran = sitting.clock.ran if sitting.clock else 0.0
    return 60.0 * granted(sitting, attempt).get("break_minutes", BREAK_MINUTES) - (ran - (attempt.paused_at or ran))


async def begin_break(edge: Edge, sitting: Sitting, attempt: Attempt) -> None:
    """The candidate leaves for a break: the item is covered, his time stands still for the length of a break."""
    if attempt.state != "open" or sitting.clock is None or sitting.phase(attempt) != "open":
        raise Problem("现在不能休息。", "开始答题后、没有暂停时才能休息。")
    taken = breaks_taken(edge, attempt)
    if taken >= granted(sitting, attempt).get("breaks", 0):
        raise Problem("没有剩余的休息次数。", "确需离开请呼叫监考员。")
    edge.advance(sitting)
    at, number = sitting.clock.ran, taken + 1
    attempt.paused_at, attempt.pause_cause = at, "break"
    edge.paused[attempt.attempt] = edge.now()
    edge.rests[attempt.attempt] = number

    def job(connection: apsw.Connection) -> None:
        connection.execute(
            "UPDATE attempt SET paused_at = ?, pause_cause = 'break' WHERE no = ? AND state = 'open'", (round(at * 1000), attempt.no)
        )
        connection.execute("INSERT INTO rest (attempt_no, no, began_ran) VALUES (?, ?, ?)", (attempt.no, number, round(at * 1000)))

    try:
        await edge.act(
            "attempt.break_begun", by=f"seat:{attempt.label}", obj=f"attempt:{attempt.attempt}", body={"number": number}, job=job
        )
    except BaseException:
        attempt.paused_at, attempt.pause_cause = None, ""
        edge.paused.pop(attempt.attempt, None)
        edge.rests[attempt.attempt] = taken
        raise


async def end_break(edge: Edge, sitting: Sitting, attempt: Attempt, *, by: str) -> bool:
    """Back from the break: its time is given back, up to its length; False if he is not on one."""
    if attempt.pause_cause != "break" or attempt.paused_at is None or sitting.clock is None:
        return False
    edge.advance(sitting)
    ran, before, longest = sitting.clock.ran, attempt.paused_at, 60.0 * granted(sitting, attempt).get("break_minutes", BREAK_MINUTES)
    credit = min(max(0.0, ran - before), longest)
    attempt.paused_at, attempt.pause_cause = None, ""
    attempt.extra += credit

    def job(connection: apsw.Connection) -> None:
        connection.execute(
            "UPDATE attempt SET paused_at = NULL, pause_cause = '', extra = extra + ? WHERE no = ?", (round(credit * 1000), attempt.no)
        )
        connection.execute("UPDATE rest SET ended_ran = ? WHERE attempt_no = ? AND ended_ran IS NULL", (round(ran * 1000), attempt.no))

    try:
        body = {"number": breaks_taken(edge, attempt), "seconds": round(credit)}
        await edge.act("attempt.break_ended", by=by, obj=f"attempt:{attempt.attempt}", body=body, job=job)
    except BaseException:
        attempt.paused_at, attempt.pause_cause = before, "break"
        attempt.extra -= credit
        raise
    edge.paused.pop(attempt.attempt, None)
    return True


async def end_if_over(edge: Edge, sitting: Sitting, attempt: Attempt) -> None:
    """Looked at with each pulse: a break that is over ends by itself, and his time goes on."""
    if attempt.pause_cause == "break" and break_left(sitting, attempt) <= 0:
        await end_break(edge, sitting, attempt, by="edge")
