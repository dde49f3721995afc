"""The examiners' pages: the list at a station, one candidate's sheet, marks as they are pressed, signature, a third examiner.

Only the site's own enrolled tablets may mark. The page keeps marks that the server has not acknowledged in an outbox of its
own (static/practical.js) and sends them again, so that a cut LAN or a killed server costs nothing.
"""

import asyncio
import json
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kaopei.edge import admission, console, devices, gate, keystore
from kaopei.edge.board import answer, attempt_of, room_page, shown_as
from kaopei.edge.console import LEADERS, Person, Problem
from kaopei.edge.practical import marking, sheets
from kaopei.edge.server import Edge
from kaopei.edge.sitting import Attempt, Sitting
from kaopei.paper import practical
from kaopei.parcel.keyfile import Signer
from kaopei.parcel.rejected import Rejected

LOOKS = ("head", "deputy", "examiner", "patroller", "invigilator")
MOST_AT_ONCE = 500
# 扣分 up to here are buttons; more are a list.
MOST_BUTTONS = 12


def _sitting(request: Request, *roles: str) -> tuple[Edge, Sitting, Person]:
    sitting, person = console.on_duty(request, *roles)
    if not sitting.practical:
        raise Problem("本场不是实操考试，没有考评。", "请从本场的步骤进入。", status=404)
    return console.edge_of(request), sitting, person


def _examiner(request: Request) -> tuple[Edge, Sitting, Person, Attempt, str]:
    """An examiner on an accepted tablet, before one candidate; the serial of the tablet."""
    edge, sitting, person = _sitting(request, "examiner")
    device = gate.of(request)
    try:
        devices.refuse_marking(edge, device)
    except devices.Mismatch as mismatch:
        devices.note(edge, mismatch, request.headers.get("x-device-address", ""))
        raise Problem(mismatch.text, mismatch.todo, "N2.4.17", 403) from None
    return edge, sitting, person, attempt_of(sitting, request.path_params["attempt"]), device.id if device else ""


# ---- the list
def standing(edge: Edge, sitting: Sitting, attempt: Attempt, person: Person) -> dict[str, Any]:
    """One candidate as this person sees him: others' marks only once the sheets lie side by side and his own is signed."""
    every = sheets.sheets(edge, attempt)
    force = [one for one in every if one.state in sheets.IN_FORCE]
    own = next((one for one in force if person.role == "examiner" and one.examiner == sheets.examiner_id(sitting, person)), None)
    ready = sitting.secrets is not None and attempt.state in ("open", "handed_in") and sitting.state in ("opened", "running")
    side_by_side = ready and sheets.compared(edge, sitting, attempt)
    found = sheets.settled(edge, sitting, attempt) if side_by_side else None
    sees = side_by_side and (person.role in LEADERS or (own is not None and own.state == sheets.SIGNED))
    wanted = sheets.wanted(edge, sitting, attempt) if ready else practical.agreement(sitting.manifest["policy"]).examiners
    return {
        **shown_as(sitting, attempt), "own": own, "signed": sum(one.state == sheets.SIGNED for one in force), "begun": len(force), "wanted": wanted,
        "why_not": sheets.refusal(sitting, attempt, person) if person.role == "examiner" else "",
        "agreed": found is not None, "differs": side_by_side and found is None, "found": found if sees else None,
        "others": [
            {"name": sheets.name_of(sitting, one.examiner), "sheet": one, "tally": tally} for one, tally in sheets.tallies(edge, sitting, attempt)
        ] if sees else [],
        "unsigned": [(one.examiner, sheets.name_of(sitting, one.examiner)) for one in force if one.state == sheets.OPEN],
        "versions": [one for one in every if one.state in (sheets.REPLACED, sheets.RELEASED)] if sees else [],
    }  # fmt: skip


async def listing(request: Request) -> Response:
    """GET /s/{sitting}/practical: who is to be marked; `room` = the station, `q` a ticket number."""
    edge, sitting, person = _sitting(request, *LOOKS)
    room, asked = request.query_params.get("room", ""), request.query_params.get("q", "").strip()
    if asked:
        found = admission.find(edge, sitting, asked)
        return console.done(request, "", console.path_of(sitting, f"practical/{found.attempt}"))
    rows = [standing(edge, sitting, one, person) for one in sitting.by_seat() if not room or one.room == room]
    rooms = sorted({one.room for one in sitting.attempts.values()})
    return room_page(
        request, "practical.html", sitting=sitting, person=person, rows=rows, room=room, rooms=rooms,
        rule=practical.agreement(sitting.manifest["policy"]), leads=person.role in LEADERS, tablet=_tablet(edge, request),
        agreed=sum(row["agreed"] and row["state"] == "open" for row in rows),
    )  # fmt: skip


def _tablet(edge: Edge, request: Request) -> str:
    """What is wrong with this machine for marking; empty if nothing is."""
    try:
        devices.refuse_marking(edge, gate.of(request))
    except devices.Mismatch as mismatch:
        return f"{mismatch.text}{mismatch.todo}"
    return ""


# ---- one candidate
async def sheet(request: Request) -> Response:
    """GET /s/{sitting}/practical/{attempt}: the sheet of this examiner, or the way to it."""
    edge, sitting, person = _sitting(request, *LOOKS)
    attempt = attempt_of(sitting, request.path_params["attempt"])
    row = standing(edge, sitting, attempt, person)
    drawn = sheets.tasks(sitting, attempt) if row["own"] is not None and attempt.state == "open" else []
    return room_page(
        request, "practical_sheet.html", sitting=sitting, person=person, row=row, attempt=attempt, tasks=drawn, buttons=MOST_BUTTONS,
        rules=sheets.rules(sitting, attempt) if drawn else None, leads=person.role in LEADERS, tablet=_tablet(edge, request),
        keyed=bool(person.kid),
    )  # fmt: skip


async def begin(request: Request) -> Response:
    """POST …/begin: `id_last4`, `checked`: face, document and list compared at the station."""
    edge, sitting, person, attempt, device = _examiner(request)
    form = await console.checked_form(request)
    admission.check_identity(sitting, attempt, id_last4=console.text(form, "id_last4"), checked=console.text(form, "checked") == "1", room="")
    made = await marking.begin(edge, sitting, attempt, by=person, device=device)
    where = console.path_of(sitting, f"practical/{attempt.attempt}")
    return answer(request, ("开始评分。每按一次都会保存。", "Begin. Every press is saved."), where, {"version": made.version})


def _state(edge: Edge, sitting: Sitting, attempt: Attempt, person: Person) -> dict[str, Any]:
    """What the server holds of this examiner's sheet, and of nobody else's."""
    examiner = sheets.examiner_id(sitting, person)
    own = sheets.mine(edge, attempt, examiner)
    if own is None:
        raise Problem("您还没有开始评这名考生，或评分表已被两人放开。", "请回到名单。", "N2.4.3", 404)
    said, last = sheets.marks(edge, attempt, examiner, own.version)
    deducted = {f"{task}-{step}": value for (task, step), value in said.deducted.items()}
    vetoed = [f"{task}-{step}" for task, step in sorted(said.vetoed)]
    return {"version": own.version, "state": own.state, "saved": last, "deducted": deducted, "vetoed": vetoed, "examiner": examiner}


async def marks(request: Request) -> Response:
    """GET …/marks: where this examiner's own sheet stands."""
    edge, sitting, person, attempt, _ = _examiner(request)
    return JSONResponse(_state(edge, sitting, attempt, person), headers={"Cache-Control": "no-store"})


async def save(request: Request) -> Response:
    """POST …/marks: `version`, `marks` = JSON [[seq, kind, task, step, value], …]; acknowledged after the commit."""
    edge, sitting, person, attempt, _ = _examiner(request)
    form = await console.checked_form(request)
    taken, version = _marks(form), _number(form, "version")
    try:
        saved = await marking.save(edge, sitting, attempt, by=person, version=version, taken=taken)
    except marking.Conflict as problem:
        body = {"error": "sequence", "text": problem.text, "todo": problem.todo, **_state(edge, sitting, attempt, person)}
        return JSONResponse(body, 409)
    return JSONResponse({"saved": saved}, headers={"Cache-Control": "no-store"})


def _marks(form: FormData) -> list[marking.Mark]:
    try:
        rows = json.loads(console.text(form, "marks"))
        good = isinstance(rows, list) and 0 < len(rows) <= MOST_AT_ONCE
        if not good or any(not isinstance(row, list) or [type(one) for one in row] != [int, str, int, int, int] for row in rows):
            raise ValueError
    except (ValueError, RecursionError):
        raise Problem("打分的格式不对。", "请刷新页面后重试。", status=400) from None
    return [(row[0], row[1], row[2], row[3], row[4]) for row in rows]


def _number(form: FormData, name: str) -> int:
    found = console.text(form, name)
    if not (found.isascii() and found.isdigit() and len(found) <= 9):
        raise Problem("提交的内容不完整。", "请刷新页面后重试。", status=400)
    return int(found)


async def sign(request: Request) -> Response:
    """POST …/sign: `version`, `saved`, `score`, `veto` as the page shows them, and `sign_pin`."""
    edge, sitting, person, attempt, _ = _examiner(request)
    form = await console.checked_form(request)
    shown = (_number(form, "saved"), _number(form, "score"), console.text(form, "veto") == "1")
    signer = await _signer(request, edge, sitting, person, console.text(form, "sign_pin"))
    made = await marking.sign(edge, sitting, attempt, by=person, version=_number(form, "version"), shown=shown, signer=signer)
    said = ("已签名。", "Signed.")
    return answer(request, said, console.path_of(sitting, f"practical/{attempt.attempt}"), {"version": made.version, "state": made.state})


async def _signer(request: Request, edge: Edge, sitting: Sitting, person: Person, pin: str) -> Signer | None:
    """His own signing key; in a rehearsal somebody without one enters his log-in PIN again."""
    if not person.kid:
        if not edge.trust.rehearsal:
            return None
        await console.verified(request, person.name, pin, {sitting.sitting_id})
        return None
    try:
        signer = await asyncio.to_thread(keystore.person_signer, edge.settings, person.kid, pin, edge.trust.suite)
        if "examiner" not in edge.trust.key(person.kid, role="person").duties:
            raise Rejected("duty", "信任名单里这把密钥没有考评员的职责")
    except Rejected as problem:
        raise Problem(f"{problem}", "请核对签名 PIN；密钥须登记考评员的职责。评分已保存，没有丢失。", "N2.4.3", 403) from None
    return signer


async def again(request: Request) -> Response:
    """POST …/again: `reason`: one's own signed sheet is entered anew; both versions stay."""
    edge, sitting, person, attempt, _ = _examiner(request)
    form = await console.checked_form(request)
    made = await marking.reenter(edge, sitting, attempt, reason=console.reason(form), by=person)
    said = (f"第 {made.version} 版从上一版开始，改好后重新签名；两版都会保留。", f"Version {made.version} begins from the one before; both are kept.")
    return answer(request, said, console.path_of(sitting, f"practical/{attempt.attempt}"), {"version": made.version})


async def give_up(request: Request) -> Response:
    """POST …/release: `examiner`, `reason`, and the second person: an unsigned sheet makes way for another examiner."""
    edge, sitting, person = _sitting(request, *LEADERS)
    attempt = attempt_of(sitting, request.path_params["attempt"])
    form = await console.checked_form(request)
    reason = console.reason(form)
    second = await console.second_person(request, form, sitting.sitting_id, person)
    await marking.give_up(edge, attempt, console.text(form, "examiner"), reason=reason, by=person, second=second)
    said = ("已放开，另一名考评员可以开始评分。", "Released; another examiner may begin.")
    return answer(request, said, console.path_of(sitting, f"practical/{attempt.attempt}"))


async def finish(request: Request) -> Response:
    """POST …/finish: the examiners agree; one of them, or the head, ends the attempt."""
    edge, sitting, person = _sitting(request, *LEADERS, "examiner")
    attempt = attempt_of(sitting, request.path_params["attempt"])
    await console.checked_form(request)
    if person.role == "examiner" and sheets.mine(edge, attempt, sheets.examiner_id(sitting, person)) is None:
        raise Problem("您没有评这名考生，不能结束。", "请由评分的考评员或考点负责人结束。", "N2.4.3", 403)
    await marking.finish(edge, sitting, attempt, by=person)
    return answer(request, ("考评已结束，成绩随回传包交回。", "Finished."), console.path_of(sitting, "practical"), {"attempt": attempt.attempt})


async def finish_all(request: Request) -> Response:
    """POST /s/{sitting}/practical/finish: the head ends all on whom the examiners agree."""
    edge, sitting, person = _sitting(request, *LEADERS)
    await console.checked_form(request)
    done = 0
    for attempt in sitting.by_seat():
        if attempt.state == "open" and sheets.compared(edge, sitting, attempt) and sheets.settled(edge, sitting, attempt):
            await marking.finish(edge, sitting, attempt, by=person)
            done += 1
    return answer(request, (f"已结束 {done} 人。", f"{done} finished."), console.path_of(sitting, "practical"), {"finished": done})


_ONE = "/s/{sitting}/practical/{attempt}"
ROUTES = [
    Route("/s/{sitting}/practical", listing),
    Route("/s/{sitting}/practical/finish", finish_all, methods=["POST"]),
    Route(_ONE, sheet),
    Route(f"{_ONE}/begin", begin, methods=["POST"]),
    Route(f"{_ONE}/marks", marks, methods=["GET"]),
    Route(f"{_ONE}/marks", save, methods=["POST"]),
    Route(f"{_ONE}/sign", sign, methods=["POST"]),
    Route(f"{_ONE}/again", again, methods=["POST"]),
    Route(f"{_ONE}/release", give_up, methods=["POST"]),
    Route(f"{_ONE}/finish", finish, methods=["POST"]),
]
