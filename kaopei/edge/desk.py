"""The sign-in desk: find a candidate by his ticket, compare, give the start code; keep out, take that back, photograph.

Each page also answers as JSON (`Accept: application/json`), so that a desk with a scanner can be quick.
"""

import base64
import binascii

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kaopei.edge import admission, console, seat_photo
from kaopei.edge.board import ACTS, LOOKS, SECONDS, answer, attempt_of, must_be_seated, room_page, shown_as, wants_json
from kaopei.edge.console import LEADERS, Problem
from kaopei.edge.sitting import Sitting
from kaopei.edge.words import REFUSALS, STATES, states

DESK = ("head", "deputy", "invigilator", "keeper")


async def desk(request: Request) -> Response:
    """GET /s/{sitting}/desk: the list of the room, one row a candidate; `room` filters, `q` finds a ticket number."""
    sitting, _ = console.on_duty(request, *DESK)
    must_be_seated(sitting)
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
    rows = [shown_as(sitting, one) for one in sitting.by_seat() if not room or one.room == room]
    if wants_json(request):
        who = console.session(request)
        facts = {"csrf": who.csrf, "sitting": sitting.sitting_id, "state": sitting.state, "candidates": rows}
        return JSONResponse(facts, headers={"Cache-Control": "no-store"})
    shown = shown or request.query_params.get("shown", "")
    card = next((row for row in rows if row["attempt"] == shown), None)
    rooms = sorted({one.room for one in sitting.attempts.values()})
    counts = {state: sum(row["state"] == state for row in rows) for state in STATES}
    limit = admission.late_limit(sitting)
    return room_page(
        request, "desk.html", status=problem.status if problem else 200, sitting=sitting, rows=rows, rooms=rooms, room=room, card=card,
        counts=counts, limit=limit, too_late=admission.too_late(edge, sitting), problem=problem, typed=typed, kinds=REFUSALS,
        states=states(sitting.practical),
    )  # fmt: skip


async def sign_in(request: Request) -> Response:
    """POST /s/{sitting}/desk/sign-in: `ticket_no` (or `attempt`), `id_last4`, `checked`, `room` of this desk."""
    sitting, person = console.on_duty(request, *DESK)
    form = await console.checked_form(request)
    edge, name = console.edge_of(request), console.text(form, "attempt")
    ticket, room = console.text(form, "ticket_no"), console.text(form, "room")
    attempt = None
    try:
        must_be_seated(sitting)
        attempt = attempt_of(sitting, name) if name else admission.find(edge, sitting, ticket)
        admission.check_identity(
            sitting, attempt, id_last4=console.text(form, "id_last4"), checked=console.text(form, "checked") == "1", room=room
        )
        code = await admission.sign_in(edge, sitting, attempt, by=person)
    except Problem as problem:
        # A refusal is shown on the desk itself, beside the candidate: the queue goes on.
        if wants_json(request) or not sitting.seating:
            raise
        return _desk(request, sitting, shown=attempt.attempt if attempt else "", problem=problem, typed=ticket)
    row = sitting.person(attempt)
    said = (
        f"{row['name']} 已签到{'（迟到）' if attempt.late else ''}：机位 {attempt.label}，开考码 {code}",
        f"{row['name']} signed in{' (late)' if attempt.late else ''}: seat {attempt.label}, start code {code}",
    )
    if sitting.practical:
        said = (f"{row['name']} 已签到：请到工位 {attempt.label} 等考评员。", f"{row['name']} signed in: wait for the examiners at {attempt.label}.")
    where = console.path_of(sitting, f"desk?shown={attempt.attempt}" + (f"&room={room}" if room else ""))
    return answer(request, said, where, {"attempt": attempt.attempt, "seat": attempt.label, "code": code, "late": attempt.late})


async def new_code(request: Request) -> Response:
    """POST /s/{sitting}/desk/code: a new start code for somebody whose terminal does not know him any more."""
    sitting, person = console.on_duty(request, *DESK)
    form = await console.checked_form(request)
    attempt = attempt_of(sitting, console.text(form, "attempt"))
    code = await admission.issue_code(console.edge_of(request), sitting, attempt, by=person)
    said = (
        f"新的开考码 {code}，机位 {attempt.label}；旧的码和旧的登录已停用。",
        f"New start code {code}, seat {attempt.label}; the old code and the old log-in have stopped.",
    )
    where = console.path_of(sitting, f"board/{attempt.attempt}" if console.text(form, "from") == "board" else f"desk?shown={attempt.attempt}")
    return answer(request, said, where, {"attempt": attempt.attempt, "seat": attempt.label, "code": code})


async def refuse(request: Request) -> Response:
    """POST /s/{sitting}/desk/refuse: `kind`, `reason`, and the second person."""
    sitting, person = console.on_duty(request, *ACTS)
    form = await console.checked_form(request)
    attempt = attempt_of(sitting, console.text(form, "attempt"))
    words = console.reason(form)
    second = await console.second_person(request, form, sitting.sitting_id, person, *SECONDS)
    await admission.refuse(
        console.edge_of(request), attempt, kind=console.text(form, "kind"), words=words, by=person, second=second
    )
    return answer(request, ("已登记不予入场。", "Kept out."), console.path_of(sitting, "desk"), {"attempt": attempt.attempt})


async def readmit(request: Request) -> Response:
    """POST /s/{sitting}/desk/readmit: a refusal that was a mistake; one of the two is the head or deputy."""
    sitting, person = console.on_duty(request, *ACTS)
    form = await console.checked_form(request)
    attempt, words = attempt_of(sitting, console.text(form, "attempt")), console.reason(form)
    roles = SECONDS if person.role in LEADERS else LEADERS
    second = await console.second_person(request, form, sitting.sitting_id, person, *roles)
    edge = console.edge_of(request)
    await admission.readmit(edge, attempt, words=words, by=person, second=second)
    marks = {"by": person.mark, "second": second.mark, "attempt": attempt.attempt}
    await edge.note_irregularity(sitting, "measure.readmit", words, **marks)
    where = console.path_of(sitting, f"desk?shown={attempt.attempt}")
    return answer(request, ("已撤回不予入场，请按正常程序签到。", "Taken back; sign in as usual."), where, {"attempt": attempt.attempt})


async def absent(request: Request) -> Response:
    """POST /s/{sitting}/desk/absent: one `attempt`, or everybody who is still expected."""
    sitting, person = console.on_duty(request, *ACTS)
    form = await console.checked_form(request)
    name = console.text(form, "attempt")
    whom = [attempt_of(sitting, name)] if name else list(sitting.attempts.values())
    names = await admission.mark_absent(console.edge_of(request), sitting, whom, by=person)
    where = console.path_of(sitting, "closing" if console.text(form, "from") == "closing" else "desk")
    return answer(request, (f"已登记缺考 {len(names)} 人。", f"{len(names)} marked absent."), where, {"attempts": names})


async def photo(request: Request) -> Response:
    """GET /s/{sitting}/a/{attempt}/photo: for the comparison at the desk."""
    sitting, _ = console.on_duty(request, *LOOKS)
    found = photo_bytes(sitting.person(attempt_of(sitting, request.path_params["attempt"])).get("photo"))
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


# ---- photographs at the seat
async def take_photo(request: Request) -> Response:
    """POST /s/{sitting}/desk/photo: `attempt`, file `photo` (JPEG, at most 256 KiB), taken at the seat."""
    sitting, person = console.on_duty(request, *DESK)
    form = await console.checked_form(request)
    attempt, files = attempt_of(sitting, console.text(form, "attempt")), console.uploads(form, "photo")
    if not files:
        raise Problem("没有照片。", "请拍照或选择照片文件。", status=400)
    await seat_photo.keep(console.edge_of(request), attempt, await files[0].read(), by=person)
    back = "board/" if console.text(form, "from") == "board" else "desk?shown="
    where = console.path_of(sitting, f"{back}{attempt.attempt}")
    said = ("照片已加密留存，随回传包交回。", "The photo is kept, sealed, for the return parcel.")
    return answer(request, said, where, {"attempt": attempt.attempt})


async def taken_photo(request: Request) -> Response:
    """GET /s/{sitting}/a/{attempt}/seat-photo: the photograph taken at the seat."""
    sitting, _ = console.on_duty(request, *LOOKS)
    found = seat_photo.of(console.edge_of(request), attempt_of(sitting, request.path_params["attempt"]))
    if found is None:
        raise Problem("还没有在机位上拍照。", "请在机位页拍照。", status=404)
    return Response(found, media_type="image/jpeg", headers={"Cache-Control": "no-store"})


ROUTES = [
    Route("/s/{sitting}/desk", desk),
    Route("/s/{sitting}/desk/sign-in", sign_in, methods=["POST"]),
    Route("/s/{sitting}/desk/code", new_code, methods=["POST"]),
    Route("/s/{sitting}/desk/refuse", refuse, methods=["POST"]),
    Route("/s/{sitting}/desk/readmit", readmit, methods=["POST"]),
    Route("/s/{sitting}/desk/absent", absent, methods=["POST"]),
    Route("/s/{sitting}/desk/photo", take_photo, methods=["POST"]),
    Route("/s/{sitting}/a/{attempt}/photo", photo),
    Route("/s/{sitting}/a/{attempt}/seat-photo", taken_photo),
]
