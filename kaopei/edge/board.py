"""The room's staff pages: bell, invigilator board, acts at a seat, irregularities, reconciliation. The desk is in desk.py.

Each page also answers as JSON (`Accept: application/json`), so that a desk with a scanner can be quick.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from kaopei.edge import admission, assistance, console, invigilation, live, receipts, seat_photo, tiles
from kaopei.edge.console import LEADERS, Person, Problem
from kaopei.edge.sitting import Attempt, Sitting
from kaopei.edge.words import CALLS, ENGLISH, PAUSES, REFUSALS, seat_states, states
from kaopei.law import irregularities

ACTS = ("head", "deputy", "invigilator")
LOOKS = ("head", "deputy", "invigilator", "keeper", "patroller", "examiner")
SECONDS = ("head", "deputy", "invigilator", "patroller")


def wants_json(request: Request) -> bool:
    """A desk with a scanner, or a rehearsal."""
    return "application/json" in request.headers.get("accept", "")


def answer(request: Request, said: tuple[str, str], where: str, facts: dict[str, Any] | None = None) -> Response:
    """After an act: what was done (Chinese, English), and the page to go on from."""
    if wants_json(request):
        return JSONResponse({"ok": True, "said": said[0], **(facts or {})})
    return console.done(request, said[console.in_english(request)], where)


def room_page(request: Request, template: str, **values: Any) -> Response:
    """A page of the room, with the words of both languages."""
    return console.page(request, template, english=ENGLISH, pauses=PAUSES, calls=CALLS, **values)


def attempt_of(sitting: Sitting, name: str) -> Attempt:
    """The candidate of an address or a form."""
    found = sitting.attempts.get(name)
    if found is None:
        raise Problem("本场没有这名考生。", "请从名单进入。", status=404)
    return found


def must_be_seated(sitting: Sitting) -> None:
    """Nothing of a room is known before its seating."""
    if not sitting.seating:
        raise Problem("本场还没有座次包。", "请先在“收包”页收入座次包。", "N2.4.3")


def shown_as(sitting: Sitting, attempt: Attempt) -> dict[str, Any]:
    """A candidate as the pages show him: never more of the ID than its last four."""
    row = sitting.person(attempt)
    return {
        "attempt": attempt.attempt, "ticket_no": row["ticket_no"], "name": row["name"], "id_last4": row["id_last4"],
        "subject": row["subject"], "room": attempt.room, "seat": attempt.label, "number": attempt.seat, "state": attempt.state,
        "state_text": states(sitting.practical)[attempt.state], "late": attempt.late, "code": attempt.code, "reason": attempt.reason,
        "photo": bool(row.get("photo")), "photo_source": row.get("photo_source", "none"), "wrong": attempt.code_wrong,
    }  # fmt: skip


# ---- the board
async def board(request: Request) -> Response:
    """GET /s/{sitting}/board: one tile a seat; a small script keeps it fresh."""
    sitting, person = console.on_duty(request, *LOOKS)
    must_be_seated(sitting)
    edge, room = console.edge_of(request), request.query_params.get("room", "")
    facts = tiles.board(edge, sitting, room)
    window = sitting.manifest.get("window", {})
    now = edge.token_time(sitting)
    return room_page(
        request, "board.html", sitting=sitting, facts=facts, room=room, rooms=sorted({one.room for one in sitting.attempts.values()}),
        names={one.attempt: sitting.person(one)["name"] for one in sitting.attempts.values()}, words=seat_states(sitting.practical),
        may_ring=person.role in LEADERS, may_act=person.role in ACTS, window=window, ready=sitting.secrets is not None,
        early=bool(window) and now < window["start_earliest"], overdue=bool(window) and now > window["start_latest"],
        end=receipts.time_text(round(now + max((one["left"] or 0 for one in facts["seats"]), default=0))) if sitting.state == "running" else "",
    )  # fmt: skip


async def board_data(request: Request) -> Response:
    """GET /s/{sitting}/board.json: the board once, for programs."""
    sitting, _ = console.on_duty(request, *LOOKS)
    facts = tiles.board(console.edge_of(request), sitting, request.query_params.get("room", ""))
    return JSONResponse(facts, headers={"Cache-Control": "no-store"})


async def board_events(request: Request) -> Response:
    """GET /s/{sitting}/board/events: the same as a stream, for a page that stays open."""
    sitting, _ = console.on_duty(request, *LOOKS)
    must_be_seated(sitting)
    view = live.view(console.edge_of(request), sitting, request.query_params.get("room", ""))
    # nginx must pass each event on at once.
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(view.listen(), media_type="text/event-stream", headers=headers)


async def seat(request: Request) -> Response:
    """GET /s/{sitting}/board/{attempt}: one candidate, and all that may be done at his seat."""
    sitting, person = console.on_duty(request, *LOOKS)
    edge, attempt = console.edge_of(request), attempt_of(sitting, request.path_params["attempt"])
    mine = [row for row in invigilation.noted(edge, sitting) if row["attempt"] == attempt.attempt]
    return room_page(
        request, "seat.html", sitting=sitting, row=shown_as(sitting, attempt), tile=tiles.tile(edge, sitting, attempt), noted=mine,
        photo_taken=seat_photo.taken(edge, attempt), words=seat_states(sitting.practical),
        free=invigilation.free_seats(sitting), may_act=person.role in ACTS, attempt=attempt,
        kinds=REFUSALS, cases=_cases("attempt"),
    )  # fmt: skip


async def bell(request: Request) -> Response:
    """POST /s/{sitting}/bell: two persons start the sitting."""
    sitting, person = console.on_duty(request, *LEADERS)
    form = await console.checked_form(request)
    second = await console.second_person(request, form, sitting.sitting_id, person, *SECONDS)
    await invigilation.ring(console.edge_of(request), sitting, words=console.text(form, "reason")[:500], by=person, second=second)
    return answer(request, ("已打铃开考。各机位自动开始答题。", "The bell has rung; seated candidates begin."), console.path_of(sitting, "board"))


async def pause_all(request: Request) -> Response:
    """POST /s/{sitting}/pause: everybody, by two persons, with a reason."""
    sitting, person = console.on_duty(request, *ACTS)
    form = await console.checked_form(request)
    words = console.reason(form)
    second = await console.second_person(request, form, sitting.sitting_id, person, *SECONDS)
    await invigilation.pause_all(console.edge_of(request), sitting, words=words, by=person, second=second)
    said = ("全场已暂停，题目已遮盖，时间停止计算。", "Everybody is paused: items covered, time stands still.")
    return answer(request, said, console.path_of(sitting, "board"))


async def resume_all(request: Request) -> Response:
    """POST /s/{sitting}/resume: by two persons."""
    sitting, person = console.on_duty(request, *ACTS)
    form = await console.checked_form(request)
    second = await console.second_person(request, form, sitting.sitting_id, person, *SECONDS)
    await invigilation.resume_all(console.edge_of(request), sitting, by=person, second=second)
    return answer(request, ("全场已恢复。", "Everybody goes on."), console.path_of(sitting, "board"))


Done = tuple[tuple[str, str], dict[str, Any]]
Act = Callable[[Request, Sitting, Attempt, Person, FormData], Awaitable[Done]]


def _at_seat(act: Act) -> Callable[[Request], Awaitable[Response]]:
    """An act on one candidate, from his seat's page."""

    async def handler(request: Request) -> Response:
        sitting, person = console.on_duty(request, *ACTS)
        form = await console.checked_form(request)
        attempt = attempt_of(sitting, request.path_params["attempt"])
        said, facts = await act(request, sitting, attempt, person, form)
        return answer(request, said, console.path_of(sitting, f"board/{attempt.attempt}"), {"attempt": attempt.attempt, **facts})

    return handler


async def _second(request: Request, form: FormData, sitting: Sitting, person: Person) -> Person:
    return await console.second_person(request, form, sitting.sitting_id, person, *SECONDS)


async def _pause(request: Request, sitting: Sitting, attempt: Attempt, person: Person, form: FormData) -> Done:
    await invigilation.pause(console.edge_of(request), sitting, attempt, words=console.reason(form), by=person)
    return ("已暂停，题目已遮盖，时间停止计算。", "Paused: the item is covered, time stands still."), {}


async def _resume(request: Request, sitting: Sitting, attempt: Attempt, person: Person, form: FormData) -> Done:
    second = await _second(request, form, sitting, person) if console.text(form, "second") else None
    await invigilation.resume(console.edge_of(request), sitting, attempt, by=person, second=second)
    return ("已恢复答题。", "The candidate goes on."), {}


async def _help(request: Request, sitting: Sitting, attempt: Attempt, person: Person, form: FormData) -> Done:
    state = await assistance.answer_help(console.edge_of(request), attempt, by=person)
    said = ("考生已看到：监考员马上就来。", "The candidate sees that you are coming.") if state else ("呼叫已处理。", "The call is done.")
    return said, {"help": state}


async def _void(request: Request, sitting: Sitting, attempt: Attempt, person: Person, form: FormData) -> Done:
    words, second = console.reason(form), await _second(request, form, sitting, person)
    cause = console.text(form, "cause")
    await invigilation.void(console.edge_of(request), sitting, attempt, cause=cause, words=words, by=person, second=second)
    return ("已收卷并登记作废，答卷和记录都保留，由考试机构决定。", "Collected and marked void; everything is kept, the exam body decides."), {}


async def _move(request: Request, sitting: Sitting, attempt: Attempt, person: Person, form: FormData) -> Done:
    words, second = console.reason(form), await _second(request, form, sitting, person)
    code = await invigilation.move(
        console.edge_of(request), sitting, attempt, to=console.text(form, "to"), words=words, by=person, second=second
    )
    told = (f"，开考码 {code}", f"; start code {code}") if code else ("，到签到台签到后领开考码", "; the code comes with sign-in")
    said = (f"已换到 {attempt.label}{told[0]}。原机已停用。", f"Moved to {attempt.label}{told[1]}. The old machine has stopped.")
    return said, {"seat": attempt.label, "code": code}


async def _extend(request: Request, sitting: Sitting, attempt: Attempt, person: Person, form: FormData) -> Done:
    words, minutes = console.reason(form), console.text(form, "minutes")
    if not minutes.isascii() or not minutes.isdigit() or len(minutes) > 4:
        raise Problem("延长的分钟数不对。", "请填整数分钟。", status=400)
    second = await _second(request, form, sitting, person)
    await invigilation.extend(
        console.edge_of(request), sitting, attempt, minutes=int(minutes), words=words, by=person, second=second
    )
    return (f"已延长 {int(minutes)} 分钟。", f"{int(minutes)} minutes more."), {}


async def _collect(request: Request, sitting: Sitting, attempt: Attempt, person: Person, form: FormData) -> Done:
    words, second = console.reason(form), await _second(request, form, sitting, person)
    await invigilation.collect(console.edge_of(request), sitting, attempt, words=words, by=person, second=second)
    return ("已收卷，保存的答案全部有效。", "Collected; what was saved counts."), {}


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
    must_be_seated(sitting)
    edge = console.edge_of(request)
    return room_page(
        request, "irregularities.html", sitting=sitting, cases=_cases(), noted=invigilation.noted(edge, sitting),
        people=[shown_as(sitting, one) for one in sitting.by_seat()], by_attempt={one.attempt: shown_as(sitting, one) for one in sitting.by_seat()},
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
    return answer(request, (f"已记录异常：{case.title}。", f"Noted: {case.english}."), console.path_of(sitting, "irregularities"), {"code": code})


def reconciled(counts: dict[str, int]) -> list[dict[str, Any]]:
    """The sums of a sitting, each with its numbers and whether it holds."""
    sums = (
        ("应到 = 实到 + 缺考 + 不予入场 + 未了结", "Roster = present + absent + kept out + not here yet", "roster",
         ("present", "absent", "refused", "expected")),
        ("实到 = 已开始答题", "Present = began", "present", ("opened",)),
        ("已开始答题 = 已收卷", "Began = handed in", "opened", ("closed",)),
    )
    return [
        {"zh": zh, "english": english, "left": counts[left], "right": [counts[one] for one in right],
         "holds": counts[left] == sum(counts[one] for one in right) and not counts["expected"] * ("expected" in right)}
        for zh, english, left, right in sums
    ]  # fmt: skip


async def closing(request: Request) -> Response:
    """GET /s/{sitting}/closing: the sums, everybody's end and receipt code, and who still keeps the sitting from being closed."""
    sitting, person = console.on_duty(request, *LOOKS)
    must_be_seated(sitting)
    edge = console.edge_of(request)
    rows = []
    for attempt in sitting.by_seat():
        ended = receipts.receipt(sitting, attempt) if attempt.state == "handed_in" else None
        rows.append(shown_as(sitting, attempt) | {"receipt": ended, "void": attempt.attempt in invigilation.voided(edge)})
    waiting = [row for row in rows if row["state"] in ("expected", "signed_in", "seated", "open")]
    counts = sitting.roster_counts()
    return room_page(
        request, "closing.html", sitting=sitting, rows=rows, waiting=waiting, sums=reconciled(counts),
        counts=counts | {"answering": sum(row["state"] == "open" for row in waiting)},
        noted=len(invigilation.noted(edge, sitting)), too_late=admission.too_late(edge, sitting), may_act=person.role in ACTS,
        states=states(sitting.practical),
    )  # fmt: skip


ROUTES = [
    Route("/s/{sitting}/board", board),
    Route("/s/{sitting}/board.json", board_data),
    Route("/s/{sitting}/board/events", board_events),
    Route("/s/{sitting}/board/{attempt}", seat),
    Route("/s/{sitting}/bell", bell, methods=["POST"]),
    Route("/s/{sitting}/pause", pause_all, methods=["POST"]),
    Route("/s/{sitting}/resume", resume_all, methods=["POST"]),
    Route("/s/{sitting}/a/{attempt}/pause", _at_seat(_pause), methods=["POST"]),
    Route("/s/{sitting}/a/{attempt}/resume", _at_seat(_resume), methods=["POST"]),
    Route("/s/{sitting}/a/{attempt}/move", _at_seat(_move), methods=["POST"]),
    Route("/s/{sitting}/a/{attempt}/extend", _at_seat(_extend), methods=["POST"]),
    Route("/s/{sitting}/a/{attempt}/collect", _at_seat(_collect), methods=["POST"]),
    Route("/s/{sitting}/a/{attempt}/void", _at_seat(_void), methods=["POST"]),
    Route("/s/{sitting}/a/{attempt}/help", _at_seat(_help), methods=["POST"]),
    Route("/s/{sitting}/irregularities", irregular),
    Route("/s/{sitting}/irregularities", note, methods=["POST"]),
    Route("/s/{sitting}/closing", closing),
]
