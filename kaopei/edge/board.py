"""The room's staff pages: sign-in desk, bell, invigilator board, irregularities, closing list.

Each page also answers as JSON (`Accept: application/json`), so that a desk with a scanner can be quick.
"""

import base64
import binascii
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kaopei.edge import admission, console, invigilation, receipts
from kaopei.edge.console import LEADERS, Person, Problem
from kaopei.edge.sitting import Attempt, Sitting
from kaopei.law import irregularities

DESK = ("head", "deputy", "invigilator", "keeper")
ACTS = ("head", "deputy", "invigilator")
LOOKS = ("head", "deputy", "invigilator", "keeper", "patroller", "examiner")
SECONDS = ("head", "deputy", "invigilator", "patroller")


def _wants_json(request: Request) -> bool:
    return "application/json" in request.headers.get("accept", "")


def _answer(request: Request, words: str, where: str, facts: dict[str, Any] | None = None) -> Response:
    if _wants_json(request):
        return JSONResponse({"ok": True, "said": words, **(facts or {})})
    return console.done(request, words, where)


def _page(request: Request, template: str, **values: Any) -> Response:
    return console.page(request, template, english=admission.ENGLISH, **values)


def _attempt(sitting: Sitting, name: str) -> Attempt:
    found = sitting.attempts.get(name)
    if found is None:
        raise Problem("本场没有这名考生。", "请从名单进入。", status=404)
    return found


def _seated(sitting: Sitting) -> None:
    if not sitting.seating:
        raise Problem("本场还没有座次包。", "请先在“收包”页收入座次包。", "N2.4.3")


def _who(sitting: Sitting, attempt: Attempt) -> dict[str, Any]:
    """A candidate as the pages show him: never more of the ID than its last four."""
    row = sitting.person(attempt)
    return {
        "attempt": attempt.attempt, "ticket_no": row["ticket_no"], "name": row["name"], "id_last4": row["id_last4"],
        "subject": row["subject"], "room": attempt.room, "seat": attempt.label, "number": attempt.seat, "state": attempt.state,
        "state_text": admission.STATES[attempt.state], "late": attempt.late, "code": attempt.code, "reason": attempt.reason,
        "photo": bool(row.get("photo")), "photo_source": row.get("photo_source", "none"), "wrong": attempt.code_wrong,
    }  # fmt: skip


# ---- the desk
async def desk(request: Request) -> Response:
    """GET /s/{sitting}/desk: the list of the room, one row a candidate; `room` filters, `q` finds a ticket number."""
    sitting, _ = console.on_duty(request, *DESK)
    _seated(sitting)
    asked = request.query_params.get("q", "").strip()
    if not asked:
        return _desk(request, sitting)
    try:
        found = admission.find(console.edge_of(request), sitting, asked)
        admission.check_room(found, request.query_params.get("room", ""))
    except Problem as problem:
        return _desk(request, sitting, problem=problem, typed=asked)
    return _desk(request, sitting, shown=found.attempt)


def _desk(request: Request, sitting: Sitting, *, shown: str = "", problem: Problem | None = None, typed: str = "") -> Response:
    edge, room = console.edge_of(request), request.query_params.get("room", "")
    rows = [_who(sitting, one) for one in sitting.by_seat() if not room or one.room == room]
    if _wants_json(request):
        who = console.session(request)
        facts = {"csrf": who.csrf, "sitting": sitting.sitting_id, "state": sitting.state, "candidates": rows}
        return JSONResponse(facts, headers={"Cache-Control": "no-store"})
    shown = shown or request.query_params.get("shown", "")
    card = next((row for row in rows if row["attempt"] == shown), None)
    rooms = sorted({one.room for one in sitting.attempts.values()})
    counts = {state: sum(row["state"] == state for row in rows) for state in admission.STATES}
    limit = admission.late_limit(sitting)
    return _page(
        request, "desk.html", status=problem.status if problem else 200, sitting=sitting, rows=rows, rooms=rooms, room=room, card=card,
        counts=counts, limit=limit, too_late=admission.too_late(edge, sitting), problem=problem, typed=typed, kinds=admission.REFUSALS,
        states=admission.STATES,
    )  # fmt: skip


async def sign_in(request: Request) -> Response:
    """POST /s/{sitting}/desk/sign-in: `ticket_no` (or `attempt`), `id_last4`, `checked`, `room` of this desk."""
    sitting, person = console.on_duty(request, *DESK)
    form = await console.checked_form(request)
    edge, name = console.edge_of(request), console.text(form, "attempt")
    ticket, room = console.text(form, "ticket_no"), console.text(form, "room")
    attempt = None
    try:
        _seated(sitting)
        attempt = _attempt(sitting, name) if name else admission.find(edge, sitting, ticket)
        admission.check_identity(
            sitting, attempt, id_last4=console.text(form, "id_last4"), checked=console.text(form, "checked") == "1", room=room
        )
        code = await admission.sign_in(edge, sitting, attempt, by=person)
    except Problem as problem:
        # A refusal is shown on the desk itself, beside the candidate: the queue goes on.
        if _wants_json(request) or not sitting.seating:
            raise
        return _desk(request, sitting, shown=attempt.attempt if attempt else "", problem=problem, typed=ticket)
    row = sitting.person(attempt)
    words = f"{row['name']} 已签到{'（迟到）' if attempt.late else ''}：机位 {attempt.label}，开考码 {code}"
    where = console.path_of(sitting, f"desk?shown={attempt.attempt}" + (f"&room={room}" if room else ""))
    return _answer(request, words, where, {"attempt": attempt.attempt, "seat": attempt.label, "code": code, "late": attempt.late})


async def new_code(request: Request) -> Response:
    """POST /s/{sitting}/desk/code: a new start code for somebody whose terminal does not know him any more."""
    sitting, person = console.on_duty(request, *DESK)
    form = await console.checked_form(request)
    attempt = _attempt(sitting, console.text(form, "attempt"))
    code = await admission.issue_code(console.edge_of(request), sitting, attempt, by=person)
    words = f"新的开考码 {code}，机位 {attempt.label}；旧的码和旧的登录已停用。"
    where = console.path_of(sitting, f"board/{attempt.attempt}" if console.text(form, "from") == "board" else f"desk?shown={attempt.attempt}")
    return _answer(request, words, where, {"attempt": attempt.attempt, "seat": attempt.label, "code": code})


async def refuse(request: Request) -> Response:
    """POST /s/{sitting}/desk/refuse: `kind`, `reason`, and the second person."""
    sitting, person = console.on_duty(request, *ACTS)
    form = await console.checked_form(request)
    attempt = _attempt(sitting, console.text(form, "attempt"))
    words = console.reason(form)
    second = await console.second_person(request, form, sitting.sitting_id, person, *SECONDS)
    await admission.refuse(
        console.edge_of(request), attempt, kind=console.text(form, "kind"), words=words, by=person, second=second
    )
    return _answer(request, "已登记不予入场。", console.path_of(sitting, "desk"), {"attempt": attempt.attempt})


async def absent(request: Request) -> Response:
    """POST /s/{sitting}/desk/absent: one `attempt`, or everybody who is still expected."""
    sitting, person = console.on_duty(request, *ACTS)
    form = await console.checked_form(request)
    name = console.text(form, "attempt")
    whom = [_attempt(sitting, name)] if name else list(sitting.attempts.values())
    names = await admission.mark_absent(console.edge_of(request), sitting, whom, by=person)
    where = console.path_of(sitting, "closing" if console.text(form, "from") == "closing" else "desk")
    return _answer(request, f"已登记缺考 {len(names)} 人。", where, {"attempts": names})


async def photo(request: Request) -> Response:
    """GET /s/{sitting}/a/{attempt}/photo: for the comparison at the desk."""
    sitting, _ = console.on_duty(request, *LOOKS)
    found = photo_bytes(sitting.person(_attempt(sitting, request.path_params["attempt"])).get("photo"))
    if found is None:
        raise Problem("没有照片。", "请以证件上的照片核对。", status=404)
    return Response(found, media_type="image/png" if found[:4] == b"\x89PNG" else "image/jpeg", headers={"Cache-Control": "no-store"})


def photo_bytes(text: str | None) -> bytes | None:
    """A photo of the seating (base64 or base64url), if it is a picture."""
    if not text:
        return None
    try:
        found = base64.b64decode(text.rpartition(",")[2].translate(str.maketrans("-_", "+/")).rstrip("=") + "==", validate=False)
    except (binascii.Error, ValueError):
        return None
    return found if found[:4] == b"\x89PNG" or found[:3] == b"\xff\xd8\xff" else None


# ---- the board
async def board(request: Request) -> Response:
    """GET /s/{sitting}/board: one tile a seat; a small script keeps it fresh."""
    sitting, person = console.on_duty(request, *LOOKS)
    _seated(sitting)
    edge, room = console.edge_of(request), request.query_params.get("room", "")
    facts = invigilation.board(edge, sitting, room)
    window = sitting.manifest.get("window", {})
    now = edge.token_time(sitting)
    return _page(
        request, "board.html", sitting=sitting, facts=facts, room=room, rooms=sorted({one.room for one in sitting.attempts.values()}),
        names={one.attempt: sitting.person(one)["name"] for one in sitting.attempts.values()}, words=invigilation.SEAT_STATES,
        may_ring=person.role in LEADERS, may_act=person.role in ACTS, window=window, ready=sitting.secrets is not None,
        early=bool(window) and now < window["start_earliest"], overdue=bool(window) and now > window["start_latest"],
        end=receipts.time_text(round(now + max((one["left"] or 0 for one in facts["seats"]), default=0))) if sitting.state == "running" else "",
    )  # fmt: skip


async def board_data(request: Request) -> Response:
    """GET /s/{sitting}/board.json: what changed, asked every two seconds by each open board."""
    sitting, _ = console.on_duty(request, *LOOKS)
    facts = invigilation.board(console.edge_of(request), sitting, request.query_params.get("room", ""))
    return JSONResponse(facts, headers={"Cache-Control": "no-store"})


async def seat(request: Request) -> Response:
    """GET /s/{sitting}/board/{attempt}: one candidate, and all that may be done at his seat."""
    sitting, person = console.on_duty(request, *LOOKS)
    edge, attempt = console.edge_of(request), _attempt(sitting, request.path_params["attempt"])
    mine = [row for row in invigilation.noted(edge, sitting) if row["attempt"] == attempt.attempt]
    return _page(
        request, "seat.html", sitting=sitting, row=_who(sitting, attempt), tile=invigilation.tile(edge, sitting, attempt), noted=mine,
        words=invigilation.SEAT_STATES, free=invigilation.free_seats(sitting), may_act=person.role in ACTS, attempt=attempt,
        kinds=admission.REFUSALS, cases=_cases("attempt"),
    )  # fmt: skip


async def bell(request: Request) -> Response:
    """POST /s/{sitting}/bell: two persons start the sitting."""
    sitting, person = console.on_duty(request, *LEADERS)
    form = await console.checked_form(request)
    second = await console.second_person(request, form, sitting.sitting_id, person, *SECONDS)
    await invigilation.ring(console.edge_of(request), sitting, words=console.text(form, "reason")[:500], by=person, second=second)
    return _answer(request, "已打铃开考。各机位自动开始答题。", console.path_of(sitting, "board"))


async def pause_all(request: Request) -> Response:
    """POST /s/{sitting}/pause: everybody, by two persons, with a reason."""
    sitting, person = console.on_duty(request, *ACTS)
    form = await console.checked_form(request)
    words = console.reason(form)
    second = await console.second_person(request, form, sitting.sitting_id, person, *SECONDS)
    await invigilation.pause_all(console.edge_of(request), sitting, words=words, by=person, second=second)
    return _answer(request, "全场已暂停，题目已遮盖，时间停止计算。", console.path_of(sitting, "board"))


async def resume_all(request: Request) -> Response:
    """POST /s/{sitting}/resume: by two persons."""
    sitting, person = console.on_duty(request, *ACTS)
    form = await console.checked_form(request)
    second = await console.second_person(request, form, sitting.sitting_id, person, *SECONDS)
    await invigilation.resume_all(console.edge_of(request), sitting, by=person, second=second)
    return _answer(request, "全场已恢复。", console.path_of(sitting, "board"))


Act = Callable[[Request, Sitting, Attempt, Person, FormData], Awaitable[tuple[str, dict[str, Any]]]]


def _at_seat(act: Act) -> Callable[[Request], Awaitable[Response]]:
    """An act on one candidate, from his seat's page."""

    async def handler(request: Request) -> Response:
        sitting, person = console.on_duty(request, *ACTS)
        form = await console.checked_form(request)
        attempt = _attempt(sitting, request.path_params["attempt"])
        words, facts = await act(request, sitting, attempt, person, form)
        return _answer(request, words, console.path_of(sitting, f"board/{attempt.attempt}"), {"attempt": attempt.attempt, **facts})

    return handler


async def _second(request: Request, form: FormData, sitting: Sitting, person: Person) -> Person:
    return await console.second_person(request, form, sitting.sitting_id, person, *SECONDS)


async def _pause(request: Request, sitting: Sitting, attempt: Attempt, person: Person, form: FormData) -> tuple[str, dict[str, Any]]:
    await invigilation.pause(console.edge_of(request), sitting, attempt, words=console.reason(form), by=person)
    return "已暂停，题目已遮盖，时间停止计算。", {}


async def _resume(request: Request, sitting: Sitting, attempt: Attempt, person: Person, form: FormData) -> tuple[str, dict[str, Any]]:
    await invigilation.resume(console.edge_of(request), sitting, attempt, by=person)
    return "已恢复答题。", {}


async def _move(request: Request, sitting: Sitting, attempt: Attempt, person: Person, form: FormData) -> tuple[str, dict[str, Any]]:
    words, second = console.reason(form), await _second(request, form, sitting, person)
    code = await invigilation.move(
        console.edge_of(request), sitting, attempt, to=console.text(form, "to"), words=words, by=person, second=second
    )
    told = f"，开考码 {code}" if code else "，到签到台签到后领开考码"
    return f"已换到 {attempt.label}{told}。原机已停用。", {"seat": attempt.label, "code": code}


async def _extend(request: Request, sitting: Sitting, attempt: Attempt, person: Person, form: FormData) -> tuple[str, dict[str, Any]]:
    words, minutes = console.reason(form), console.text(form, "minutes")
    if not minutes.isascii() or not minutes.isdigit() or len(minutes) > 4:
        raise Problem("延长的分钟数不对。", "请填整数分钟。", status=400)
    second = await _second(request, form, sitting, person)
    await invigilation.extend(
        console.edge_of(request), sitting, attempt, minutes=int(minutes), words=words, by=person, second=second
    )
    return f"已延长 {int(minutes)} 分钟。", {}


async def _collect(request: Request, sitting: Sitting, attempt: Attempt, person: Person, form: FormData) -> tuple[str, dict[str, Any]]:
    words, second = console.reason(form), await _second(request, form, sitting, person)
    await invigilation.collect(console.edge_of(request), sitting, attempt, words=words, by=person, second=second)
    return "已收卷，保存的答案全部有效。", {}


# ---- irregularities, closing list
def _cases(of: str = "") -> dict[str, list[irregularities.Case]]:
    found: dict[str, list[irregularities.Case]] = {}
    for case in irregularities.cases().values():
        if not case.code.startswith("measure.") and (not of or case.of in ("", of)):
            found.setdefault(case.kind, []).append(case)
    return found


async def irregular(request: Request) -> Response:
    """GET /s/{sitting}/irregularities: form and list."""
    sitting, person = console.on_duty(request, *LOOKS)
    _seated(sitting)
    edge = console.edge_of(request)
    return _page(
        request, "irregularities.html", sitting=sitting, cases=_cases(), noted=invigilation.noted(edge, sitting),
        people=[_who(sitting, one) for one in sitting.by_seat()], by_attempt={one.attempt: _who(sitting, one) for one in sitting.by_seat()},
        may_act=person.role in LOOKS, staff=staff_names(sitting), chosen=request.query_params.get("attempt", ""),
    )  # fmt: skip


def staff_names(sitting: Sitting) -> dict[str, str]:
    """Marks of the ledger → people, for the pages of this sitting only."""
    people = [Person(row["name"], row["role"], row["kid"] or "") for row in sitting.seating.get("staff", [])]
    return {person.mark: person.text for person in people} | {"edge": "考试服务器", "": "—"}


async def note(request: Request) -> Response:
    """POST /s/{sitting}/irregularities: `code`, `attempt` (empty: the sitting), `note`; serious cases by two persons."""
    sitting, person = console.on_duty(request, *LOOKS)
    form = await console.checked_form(request)
    code, attempt, words = console.text(form, "code"), console.text(form, "attempt"), console.text(form, "note")[:2000]
    case = invigilation.check_case(sitting, code, attempt, words)
    second = None
    if case.two or console.text(form, "second"):
        second = await console.second_person(request, form, sitting.sitting_id, person)
    edge = console.edge_of(request)
    await edge.note_irregularity(sitting, code, words, by=person.mark, second=second.mark if second else "", attempt=attempt)
    return _answer(request, f"已记录异常：{case.title}。", console.path_of(sitting, "irregularities"), {"code": code})


async def closing(request: Request) -> Response:
    """GET /s/{sitting}/closing: everybody's end and receipt code, and who still keeps the sitting from being closed."""
    sitting, person = console.on_duty(request, *LOOKS)
    _seated(sitting)
    edge = console.edge_of(request)
    rows = []
    for attempt in sitting.by_seat():
        ended = receipts.receipt(sitting, attempt) if attempt.state == "handed_in" else None
        rows.append(_who(sitting, attempt) | {"receipt": ended})
    waiting = [row for row in rows if row["state"] in ("expected", "signed_in", "seated", "open")]
    return _page(
        request, "closing.html", sitting=sitting, rows=rows, waiting=waiting,
        counts=sitting.roster_counts() | {"answering": sum(row["state"] == "open" for row in waiting)},
        noted=len(invigilation.noted(edge, sitting)), too_late=admission.too_late(edge, sitting), may_act=person.role in ACTS,
        states=admission.STATES,
    )  # fmt: skip


ROUTES = [
    Route("/s/{sitting}/desk", desk),
    Route("/s/{sitting}/desk/sign-in", sign_in, methods=["POST"]),
    Route("/s/{sitting}/desk/code", new_code, methods=["POST"]),
    Route("/s/{sitting}/desk/refuse", refuse, methods=["POST"]),
    Route("/s/{sitting}/desk/absent", absent, methods=["POST"]),
    Route("/s/{sitting}/board", board),
    Route("/s/{sitting}/board.json", board_data),
    Route("/s/{sitting}/board/{attempt}", seat),
    Route("/s/{sitting}/bell", bell, methods=["POST"]),
    Route("/s/{sitting}/pause", pause_all, methods=["POST"]),
    Route("/s/{sitting}/resume", resume_all, methods=["POST"]),
    Route("/s/{sitting}/a/{attempt}/photo", photo),
    Route("/s/{sitting}/a/{attempt}/pause", _at_seat(_pause), methods=["POST"]),
    Route("/s/{sitting}/a/{attempt}/resume", _at_seat(_resume), methods=["POST"]),
    Route("/s/{sitting}/a/{attempt}/move", _at_seat(_move), methods=["POST"]),
    Route("/s/{sitting}/a/{attempt}/extend", _at_seat(_extend), methods=["POST"]),
    Route("/s/{sitting}/a/{attempt}/collect", _at_seat(_collect), methods=["POST"]),
    Route("/s/{sitting}/irregularities", irregular),
    Route("/s/{sitting}/irregularities", note, methods=["POST"]),
    Route("/s/{sitting}/closing", closing),
]
