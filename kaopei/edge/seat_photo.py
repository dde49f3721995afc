"""The photograph that an invigilator takes at the seat: sealed on the disk, opened again for the return parcel only.

三（二） N3.2.4: who sat here can be compared later with the document. Where the seating's own photo came from an
institution, two persons at the center compare both before a certificate.
"""

import hashlib
import secrets

import apsw
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kaopei.edge.console import Person, Problem
from kaopei.edge.server import Edge
from kaopei.edge.sitting import Attempt, Sitting

MOST_BYTES = 256 * 1024
_BOUND = b"kaopei seat photo"


def _key(edge: Edge) -> bytes:
    return hashlib.sha256(b"seat photo|" + edge.mark_secret).digest()


async def keep(edge: Edge, attempt: Attempt, data: bytes, *, by: Person) -> None:
    """Keep one photograph; a later one takes its place, the ledger names both."""
    if data[:3] != b"\xff\xd8\xff" or data[-2:] != b"\xff\xd9":
        raise Problem("这不是一张完整的 JPEG 照片。", "请重新拍照或选择照片。", status=400)
    if len(data) > MOST_BYTES:
        raise Problem(f"照片超过 {MOST_BYTES // 1024} KiB。", "请降低分辨率后重拍。", status=413)
    if attempt.state not in ("signed_in", "seated", "open"):
        raise Problem("这名考生现在不在机位上，不能拍照留存。", "请先签到。", "N3.2.4")
    nonce = secrets.token_bytes(12)
    sealed = nonce + AESGCM(_key(edge)).encrypt(nonce, data, _BOUND + attempt.attempt.encode())
    wall = edge.wall()

    def job(connection: apsw.Connection) -> None:
        connection.execute("INSERT OR REPLACE INTO seat_photo (attempt_no, data, wall) VALUES (?, ?, ?)", (attempt.no, sealed, wall))

    body = {"digest": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
    await edge.act("admission.photographed", by=by.mark, obj=f"attempt:{attempt.attempt}", body=body, job=job)


def taken(edge: Edge, attempt: Attempt) -> int | None:
    """When the photograph of this candidate was taken, as a wall label."""
    rows = edge.store.read("SELECT wall FROM seat_photo WHERE attempt_no = ?", (attempt.no,))
    return int(rows[0][0]) if rows else None


def of(edge: Edge, attempt: Attempt) -> bytes | None:
    """The photograph."""
    rows = edge.store.read("SELECT data FROM seat_photo WHERE attempt_no = ?", (attempt.no,))
    if not rows:
        return None
    sealed = bytes(rows[0][0])
    return AESGCM(_key(edge)).decrypt(sealed[:12], sealed[12:], _BOUND + attempt.attempt.encode())


def all_of(edge: Edge, sitting: Sitting) -> dict[str, bytes]:
    """Attempt → photograph, for the return parcel."""
    found = {one.attempt: of(edge, one) for one in sitting.attempts.values()}
    return {name: data for name, data in found.items() if data is not None}
