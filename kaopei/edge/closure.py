"""Closing a sitting, and the slips: what the ledger looked like at the gate, at the opening and at the close, as QR codes.

二（四） N2.4.3, N2.4.13. Close → checkpoint → slip, which the head and the patroller (else a second invigilator) approve. Nothing but
the slip leaves an isolated LAN on the day, and without it no answer key comes in. The content key of the paper stays with the
keeper and behind the recovery PIN until the return parcel is built, because the second secret opens nothing without it.
"""

import asyncio
import json
from dataclasses import dataclass
from typing import Any

import apsw
import segno
from starlette.requests import Request
from starlette.responses import Response

from kaopei.edge import console, keystore, opening
from kaopei.edge.console import LEADERS, Person, Problem
from kaopei.edge.server import Edge
from kaopei.edge.sitting import Sitting
from kaopei.ledger import checkpoint, tree
from kaopei.paper.codec import canonical
from kaopei.parcel import ids, slip
from kaopei.parcel.rejected import Rejected

SECONDS = ("patroller", "invigilator")


@dataclass(frozen=True)
class Row:
    """A slip as it is kept: QR 1, the proof that goes with it, the approvals (none until two have signed a closing slip)."""

    text: str
    size: int
    proof: list[str]
    approvals: list[dict[str, Any]]
    wall: int

    @property
    def signed(self) -> bool:
        """Whether both have approved it."""
        return len(self.approvals) == 2


def row_of(edge: Edge, sitting: Sitting, kind: str) -> Row | None:
    """The slip of a kind, if it was made."""
    rows = edge.store.read("SELECT text, size, proof, approvals, wall FROM slip WHERE sitting_id = ? AND kind = ?", (sitting.sitting_id, kind))
    return Row(rows[0][0], rows[0][1], json.loads(rows[0][2]), json.loads(rows[0][3]), rows[0][4]) if rows else None


def file_of(edge: Edge, sitting: Sitting, kind: str) -> bytes:
    """The slip as a file."""
    row = row_of(edge, sitting, kind)
    if row is None:
        raise Problem("这张小条还没有生成。", "请先完成前面的步骤。", "N2.4.13", 404)
    if kind == slip.CLOSE and not row.signed:
        raise Problem("收场小条还没有两人签署。", "请考点负责人和巡考员先在“收场交回”页签署。", "N2.4.13")
    return slip.pack(row.text, row.approvals, row.proof, edge.enrolled().record)


# ---- closing
def unclosed(sitting: Sitting) -> list[str]:
    """Who keeps the sitting from being closed, in words."""
    found = []
    for attempt in sitting.by_seat():
        if attempt.state in ("signed_in", "seated"):
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
    await ensure(edge, sitting, slip.CLOSE)
    return console.done(request, "已收场，考场记录到此为止。请两人签署收场小条。", console.path_of(sitting, "hand-back"))


async def _close(edge: Edge, sitting: Sitting, by: Person, second: Person) -> None:
    absent = [one for one in sitting.attempts.values() if one.state == "expected"]
    wall, obj = edge.wall(), f"sitting:{sitting.sitting_id}"
    counts = sitting.roster_counts()
    counts["absent"], counts["expected"] = counts["absent"] + len(absent), 0

    def job(connection: apsw.Connection) -> int:
        if absent:
            connection.execute("UPDATE attempt SET state = 'absent' WHERE sitting_id = ? AND state = 'expected'", (sitting.sitting_id,))
            body = {"attempts": [one.attempt for one in absent]}
            edge.record.append(connection, "admission.absent", by=by.mark, obj=obj, body=body)
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


async def drop_paper(edge: Edge, sitting: Sitting) -> None:
    """When the parcel is built nobody here needs the paper: no key in memory, in the keeper, or in the cache."""
    opening.forget(sitting)
    await asyncio.to_thread(edge.keeper.drop, opening.key_name(sitting))
    if edge.mirror is not None:
        await asyncio.to_thread(edge.mirror.drop, sitting)
    edge.keys.drop_cache(sitting.sitting_id)


# ---- slips
async def ensure(edge: Edge, sitting: Sitting, kind: str, *, challenge: str | None = None, flags: dict[str, bool] | None = None) -> Row:
    """The slip of this kind; made once, but a gate slip anew with each challenge."""
    known = row_of(edge, sitting, kind)
    if known is not None and kind != slip.GATE:
        return known
    accepted = edge.enrolled()
    signed = checkpoint.parse(await edge.checkpoint())
    since = _receipted(edge, signed.size)
    proof = await asyncio.to_thread(_proof, edge, since, signed.size)
    counts = sitting.roster_counts() if kind == slip.CLOSE else {}
    text = slip.make(
        edge.trust, accepted, edge.keys.signer, at=edge.wall(), kind=kind, sitting_id=sitting.sitting_id, package_id=str(sitting.package_id),
        boot_id=edge.clock.boot_id, token_time=round(edge.token_time(sitting)), origin=edge.record.origin, size=signed.size,
        root=signed.root.hex(), since=since, proof=proof, challenge=challenge, flags=flags, counts=counts,
    )  # fmt: skip
    made = Row(text, signed.size, proof, [], edge.wall())

    def job(connection: apsw.Connection) -> None:
        connection.execute(
            "INSERT OR REPLACE INTO slip (sitting_id, kind, text, size, proof, approvals, wall) VALUES (?, ?, ?, ?, ?, '[]', ?)",
            (sitting.sitting_id, kind, text, signed.size, json.dumps(proof), made.wall),
        )

    body = {"kind": kind, "size": signed.size, "digest": slip.digest(text, edge.trust)}
    await edge.act("slip.made", by="edge", obj=f"sitting:{sitting.sitting_id}", body=body, job=job)
    return made


def _receipted(edge: Edge, size: int) -> int:
    """The ledger size that the city has confirmed last; 0 without a receipt."""
    ((found,),) = edge.store.read("SELECT coalesce(max(size), 0) FROM bundle WHERE receipt IS NOT NULL AND size <= ?", (size,))
    return int(found)


def _proof(edge: Edge, since: int, size: int) -> list[str]:
    if not since:
        return []
    leaves = edge.store.read("SELECT leaf FROM entry WHERE seq < ? ORDER BY seq", (size,))
    hashes = [tree.leaf_hash(bytes(leaf)) for (leaf,) in leaves]
    return [one.hex() for one in tree.consistency_proof(hashes, since)]


async def sign(request: Request) -> Response:
    """POST /s/{sitting}/hand-back/slip: `sign_pin`, `second`, `second_pin`, `second_sign_pin`: QR 2 of the closing slip."""
    edge = console.edge_of(request)
    sitting, person = console.on_duty(request, *LEADERS)
    form = await console.checked_form(request)
    if sitting.state not in ("closed", "returned"):
        raise Problem("还没有收场，没有小条可签。", "请先收场。", "N2.4.3")
    row = await ensure(edge, sitting, slip.CLOSE)
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


async def download(request: Request) -> Response:
    """GET …/hand-back/close.slip, …/opening/gate.slip, …/opening/open.slip."""
    edge = console.edge_of(request)
    sitting, _ = console.on_duty(request)
    kind = request.path_params["kind"]
    data = await asyncio.to_thread(file_of, edge, sitting, kind)
    name = {"Content-Disposition": f'attachment; filename="{sitting.sitting_id}-{kind}.slip"'}
    return Response(data, media_type="application/json", headers=name)


def codes(row: Row | None, kind: str) -> list[tuple[str, str, str]]:
    """(title, QR code as SVG, text) of a slip for the page: QR 1, then QR 2 in its frames."""
    if row is None:
        return []
    found = [("QR 1", _svg(row.text), row.text)]
    if kind == slip.CLOSE and row.signed:
        frames = slip.second(row.approvals, row.proof)
        found += [(f"QR 2（{place}/{len(frames)}）", _svg(text), text) for place, text in enumerate(frames, 1)]
    return found


def _svg(text: str) -> str:
    return str(segno.make(text, micro=False, error="l").svg_inline(scale=2, border=4, omitsize=True))
