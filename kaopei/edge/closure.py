"""Closing a sitting, and the slip that two persons sign.

二（四） N2.4.3, N2.4.13. Close → checkpoint → slip, which the head and the patroller (else a second invigilator) approve. Nothing but
the slip leaves an isolated LAN on the day, and without it no answer key comes in. The content key of the paper stays with the
keeper and behind the recovery PIN until the return parcel is built, because the second secret opens nothing without it.
"""

import asyncio
import hashlib
from typing import Any

import apsw
from starlette.requests import Request
from starlette.responses import Response

from kaopei.edge import console, keystore, opening, slips
from kaopei.edge.console import LEADERS, Person, Problem
from kaopei.edge.practical import sheets
from kaopei.edge.server import Edge
from kaopei.edge.sitting import Sitting
from kaopei.paper.codec import canonical
from kaopei.parcel import ids, slip
from kaopei.parcel.rejected import Rejected

SECONDS = ("patroller", "invigilator")


# ---- closing
def unclosed(sitting: Sitting) -> list[str]:
    """Who keeps the sitting from being closed, in words."""
    found = []
    for attempt in sitting.by_seat():
        if sitting.practical and attempt.state == "open":
            found.append(f"{attempt.label} 实操考评还没有结束，请考评员签名、一致后在“考评”页结束")
        elif attempt.state in ("signed_in", "seated"):
            found.append(f"{attempt.label} 已签到但没有开始答题，请在“签到”页登记不予入场及原因，或让其开始")
        elif attempt.state == "open":
            found.append(f"{attempt.label} 还在答题，请等其交卷，或在“监考”页由两人收卷")
    return found


async def close(request: Request) -> Response:
    """POST /s/{sitting}/hand-back/close: `second`, `second_pin`; who never came is marked absent. Then the slip is made."""
    edge = console.edge_of(request)
    sitting, person = console.on_duty(request, *LEADERS)
    form = await console.checked_form(request)
    if sitting.state != "running":
        todo = "请先启封、开考。" if sitting.state in ("imported", "opened") else "请继续签署收场小条、生成回传包。"
        raise Problem(f"本场现在是“{console.STATE_NAMES[sitting.state]}”，不能收场。", todo, "N2.4.3")
    waiting = unclosed(sitting)
    if waiting:
        raise Problem(f"还有 {len(waiting)} 名考生没有收卷：{'；'.join(waiting[:5])}。", "处理完再收场。", "N2.4.3")
    second = await console.second_person(request, form, sitting.sitting_id, person)
    await _close(edge, sitting, person, second)
    await slips.ensure(edge, sitting, slip.CLOSE)
    return console.done(request, "已收场，考场记录到此为止。请两人签署收场小条。", console.path_of(sitting, "hand-back"))


async def _close(edge: Edge, sitting: Sitting, by: Person, second: Person) -> None:
    absent = [one for one in sitting.attempts.values() if one.state == "expected"]
    wall, obj = edge.wall(), f"sitting:{sitting.sitting_id}"
    counts = sitting.roster_counts()
    counts["absent"], counts["expected"] = counts["absent"] + len(absent), 0
    # There is no answer key in a practical exam: the result stands with the close.
    counted = canonical(await asyncio.to_thread(sheets.outcomes, edge, sitting)) if sitting.practical else b""

    def job(connection: apsw.Connection) -> int:
        if absent:
            connection.execute("UPDATE attempt SET state = 'absent' WHERE sitting_id = ? AND state = 'expected'", (sitting.sitting_id,))
            body = {"attempts": [one.attempt for one in absent]}
            edge.record.append(connection, "admission.absent", by=by.mark, obj=obj, body=body)
        if counted:
            _tallied(edge, connection, sitting, counted, by, wall)
        edge.record.append(connection, "sitting.closed", by=by.mark, obj=obj, body={"counts": counts, "second": second.mark})
        size = edge.record.size
        connection.execute(
            "UPDATE sitting SET state = 'closed', closed_at = ?, closing_size = ? WHERE sitting_id = ?", (wall, size, sitting.sitting_id)
        )
        return size

    size = await edge.store.write(job)
    for one in absent:
        one.state = "absent"
    sitting.state, sitting.closed_at, sitting.closing_size = "closed", wall, size
    if sitting.clock:
        edge.advance(sitting)
        sitting.clock.running = False
    # From here no question is shown to anybody; the content key stays with the keeper for the answer keys.
    opening.forget(sitting)


def _tallied(edge: Edge, connection: apsw.Connection, sitting: Sitting, counted: bytes, by: Person, wall: int) -> None:
    """The examiners' result in the place of provisional outcomes; no token, because there is no second secret."""
    found = hashlib.sha256(counted).hexdigest()
    body = {"attempts": sitting.roster_counts()["closed"], "digest": found}
    edge.record.append(connection, "practical.tallied", by=by.mark, obj=f"sitting:{sitting.sitting_id}", body=body)
    connection.execute(
        "INSERT INTO scoring (sitting_id, token, outcomes, digest, wall) VALUES (?, ?, ?, ?, ?)",
        (sitting.sitting_id, b"", counted.decode(), found, wall),
    )


async def drop_paper(edge: Edge, sitting: Sitting) -> None:
    """When the parcel is built nobody here needs the paper: no key in memory, in the keeper, or in the cache."""
    opening.forget(sitting)
    await asyncio.to_thread(edge.keeper.drop, opening.key_name(sitting))
    if edge.mirror is not None:
        await asyncio.to_thread(edge.mirror.drop, sitting)
    edge.keys.drop_cache(sitting.sitting_id)


# ---- a trial opening
def trial_step(sitting: Sitting) -> tuple[int, str, str, str]:
    """What comes next in a trial: only the opening counts."""
    where = console.path_of(sitting, "opening")
    if sitting.state == "imported":
        if not (sitting.seating and sitting.opener):
            return 0, "还缺试封演练的座次包或密封包，请先收包。", "Take in the trial's parcels.", "/parcels"
        return 2, "试封演练：按正式的办法两人启封。", "Trial: two persons open the package.", where
    if sitting.state == "opened":
        return 2, "试封演练已启封，请两人结束演练。", "Opened: end the trial.", where
    return 7, "试封演练已完成。", "The trial is done.", where


async def end_trial(request: Request) -> Response:
    """POST /s/{sitting}/opening/trial-done: `second`, `second_pin`; the dummy paper is closed again, and that is all of it."""
    edge = console.edge_of(request)
    sitting, person = console.on_duty(request)
    form = await console.checked_form(request)
    if not opening.is_trial(sitting) or sitting.state != "opened":
        raise Problem("本场不是已启封的试封演练。", "正式场次请按收场、交回办理。", "N2.4.5")
    second = await console.second_person(request, form, sitting.sitting_id, person)

    def job(connection: apsw.Connection) -> None:
        connection.execute("UPDATE sitting SET state = 'returned', closed_at = ? WHERE sitting_id = ?", (edge.wall(), sitting.sitting_id))

    body = {"package_id": sitting.package_id, "second": second.mark}
    await edge.act("trial.ended", by=person.mark, obj=f"sitting:{sitting.sitting_id}", body=body, job=job)
    sitting.state = "returned"
    if sitting.clock:
        sitting.clock.running = False
    await drop_paper(edge, sitting)
    return console.done(request, "试封演练已完成，本机可以启封正式试卷。", "/")


# ---- the slip of two persons
async def sign(request: Request) -> Response:
    """POST /s/{sitting}/hand-back/slip: `sign_pin`, `second`, `second_pin`, `second_sign_pin`: QR 2 of the closing slip."""
    edge = console.edge_of(request)
    sitting, person = console.on_duty(request, *LEADERS)
    form = await console.checked_form(request)
    if sitting.state not in ("closed", "returned"):
        raise Problem("还没有收场，没有小条可签。", "请先收场。", "N2.4.3")
    row = await slips.ensure(edge, sitting, slip.CLOSE)
    if row.signed:
        raise Problem("收场小条已由两人签署。", "请报送市考试机构，再办下一步。", "N2.4.13")
    second = await console.second_person(request, form, sitting.sitting_id, person, *SECONDS)
    pins = ((person, console.text(form, "sign_pin")), (second, console.text(form, "second_sign_pin")))
    try:
        approvals = [await asyncio.to_thread(_approval, edge, sitting, row.text, one, pin) for one, pin in pins]
        # Whoever gets it will check it so; a slip that fails here must never leave.
        slip.read(slip.pack(row.text, approvals, row.proof, edge.enrolled().record), edge.trust)
    except Rejected as problem:
        raise Problem(f"{problem}", "请核对两人的签名 PIN 和职责；密钥须在信任名单中。", "N2.4.3", 403) from None
    content = canonical(approvals).decode()

    def job(connection: apsw.Connection) -> None:
        connection.execute("UPDATE slip SET approvals = ? WHERE sitting_id = ? AND kind = 'close'", (content, sitting.sitting_id))

    body = {"digest": slip.digest(row.text, edge.trust), "second": second.mark}
    await edge.act("slip.signed", by=person.mark, obj=f"sitting:{sitting.sitting_id}", body=body, job=job)
    return console.done(request, "收场小条已签署，请立即报送市考试机构。", console.path_of(sitting, "hand-back"))


def _approval(edge: Edge, sitting: Sitting, text: str, one: Person, pin: str) -> dict[str, Any]:
    signer = keystore.person_signer(edge.settings, one.kid, pin, edge.trust.suite)
    key = edge.trust.key(one.kid, role="person")
    duties = slip.HEADS if one.role in LEADERS else slip.SECONDS
    role = next((duty for duty in duties if duty in key.duties), one.role)
    return slip.approve(text, edge.trust, sitting.sitting_id, edge.settings.serial, signer, role=role, nonce=ids.nonce(), at=edge.wall())
