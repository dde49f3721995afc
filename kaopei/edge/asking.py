"""What a candidate asks for himself, as terminals say it: an invigilator, a break. Rules and records are in assistance.py."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from kaopei.edge import assistance
from kaopei.edge.console import Problem
from kaopei.edge.delivery import Call, Refusal, pulse_body


class Help(msgspec.Struct):
    """Body of POST /api/help."""

    on: bool


_HELP = msgspec.json.Decoder(Help)


async def ask_help(call: Call) -> dict[str, Any]:
    """POST /api/help: call an invigilator, or take the call back; in every phase."""
    return {"help": await assistance.ask_help(call.edge, call.attempt, on=_HELP.decode(call.body).on)}


async def begin_break(call: Call) -> dict[str, Any]:
    """POST /api/break: a break that the accommodations give."""
    try:
        await assistance.begin_break(call.edge, call.sitting, call.attempt)
    except Problem as problem:
        raise Refusal(409, "break", f"{problem.text}{problem.todo}") from None
    return pulse_body(call)


async def end_break(call: Call) -> dict[str, Any]:
    """POST /api/break/end: back from it; repeating it changes nothing."""
    await assistance.end_break(call.edge, call.sitting, call.attempt, by=f"seat:{call.attempt.label}")
    return pulse_body(call)


CALLS: dict[tuple[str, str], Callable[[Call], Awaitable[dict[str, Any]]]] = {
    ("POST", "/api/help"): ask_help,
    ("POST", "/api/break"): begin_break,
    ("POST", "/api/break/end"): end_break,
}
