"""Slips: what this server's ledger looked like at the gate, at the opening and at the close, as QR codes that leave the LAN.

二（四） N2.4.13. QR 1 is signed by this server; a closing slip is approved by two persons (`closure`). A slip continues the ledger size
of the last receipt by a proof, so that the city need not wait for a parcel to know that nothing was rebuilt.
"""

import asyncio
import json
from dataclasses import dataclass
from typing import Any

import apsw
import segno
from starlette.requests import Request
from starlette.responses import Response

from kaopei.edge import console
from kaopei.edge.console import Problem
from kaopei.edge.server import Edge
from kaopei.edge.sitting import Sitting
from kaopei.ledger import checkpoint, tree
from kaopei.parcel import slip


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
