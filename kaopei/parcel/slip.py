"""A slip: one glance at an exam server's ledger that crosses the gap as QR codes, at the gate, at the opening, at the close.

QR 1 is signed by the machine (compact JWS). QR 2 of a closing slip holds the approvals of the head and of the patroller (else a
second invigilator) over the hash of QR 1, and the proof that the ledger continues the size that QR 1 names (`since`, 0 = none);
whoever knows the ledger compares the hashes. As a file all of it lies together with the machine's record.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kaopei.parcel import approval, canonical, enrolment, jws, manifest, medium, schema
from kaopei.parcel.canonical import Payload
from kaopei.parcel.enrolment import Edge
from kaopei.parcel.keyfile import Signer
from kaopei.parcel.rejected import Rejected
from kaopei.parcel.trust import Trust

GATE, OPEN, CLOSE = "gate", "open", "close"
ACTION = "slip.close"
LARGEST_QR = 1300
HEADS, SECONDS = ("head", "deputy"), ("patroller", "invigilator")
_FIELDS = {"approvals", "proof", "record", "slip"}


@dataclass(frozen=True)
class Slip:
    """A slip that holds. `text` is QR 1, `digest` its hash, `proof` the hashes of continuation, hex."""

    payload: Payload
    text: str
    digest: str
    proof: tuple[str, ...]
    approvers: tuple[str, ...]
    edge: Edge
    data: bytes


def make(
    trust: Trust, edge: Edge, signer: Signer, *, at: int, kind: str, sitting_id: str, package_id: str, boot_id: str, token_time: int,
    origin: str, size: int, root: str, since: int, proof: Sequence[str], challenge: str | None = None, flags: Payload | None = None,
    counts: Payload | None = None,
) -> str:
    """QR 1: at most 1.3 KB of text."""
    payload = {
        **trust.frame(at), "kind": kind, "sitting_id": sitting_id, "site_code": edge.payload["site_code"], "package_id": package_id,
        "edge_serial": edge.payload["edge_serial"], "boot_id": boot_id, "token_time": token_time, "challenge": challenge,
        "flags": flags or {}, "counts": counts or {}, "origin": origin, "size": size, "root": root, "since": since,
        "proof_digest": _proof_digest(proof, trust),
    }
    text = jws.to_compact(manifest.sign("slip", payload, [signer]))
    if len(text) > LARGEST_QR:
        raise Rejected("slip", f"小条有 {len(text)} 字节，放不进一个二维码（至多 {LARGEST_QR}）；请缩短场次或考点的编号")
    return text


def _proof_digest(proof: Sequence[str], trust: Trust) -> str:
    return trust.algorithms.hash("".join(proof).encode("ascii")).hex()


def digest(text: str, trust: Trust) -> str:
    """What the two persons approve."""
    return trust.algorithms.hash(text.encode("ascii")).hex()


def approve(text: str, trust: Trust, sitting_id: str, serial: str, signer: Signer, *, role: str, nonce: str, at: int) -> Payload:
    """One person's approval of a closing slip; the machine is the requester."""
    return approval.make(trust, ACTION, sitting_id, 1, digest(text, trust), serial, signer, role, nonce, at + 86_400, at)


def pack(text: str, approvals: Sequence[Payload], proof: Sequence[str], record: bytes) -> bytes:
    """The slip as a file."""
    return canonical.encode({"approvals": list(approvals), "proof": list(proof), "record": record.decode("utf-8"), "slip": text})


def second(approvals: Sequence[Payload], proof: Sequence[str]) -> list[str]:
    """QR 2 as one or several texts."""
    return medium.frames(canonical.encode({"approvals": list(approvals), "proof": list(proof)}))


def signed_by(texts: Iterable[str]) -> str:
    """The key id that QR 1 among scanned texts claims, for finding the machine's record."""
    return jws.read(jws.from_compact(_first(texts))).signatures[0].kid


def gather(texts: Sequence[str], record: bytes) -> bytes:
    """The file of scanned texts, in whatever order they came; `record` is the one of the machine that `signed_by` names."""
    first, frames = _first(texts), [one for one in texts if one.startswith(f"{medium.PREFIX}:")]
    rest: Payload = {"approvals": [], "proof": []}
    if frames:
        rest = canonical.decode_object(medium.join(frames), "小条的第二个二维码")
    if set(rest) != {"approvals", "proof"} or not all(isinstance(one, list) for one in rest.values()):
        raise Rejected("slip", "第二个二维码不是小条的批准记录；请重新扫描")
    return pack(first, rest["approvals"], rest["proof"], record)


def _first(texts: Iterable[str]) -> str:
    found = {one for one in texts if not one.startswith(f"{medium.PREFIX}:")}
    if len(found) != 1:
        raise Rejected("slip", "应有且只有一个小条二维码（QR 1）；请重新扫描")
    return found.pop()


def is_slip(data: bytes) -> bool:
    """Whether the bytes are laid out like the file of a slip."""
    try:
        found = canonical.loads(data)
    except Rejected:
        return False
    return isinstance(found, dict) and set(found) == _FIELDS


def read(data: bytes, trust: Trust, *, at: int | None = None) -> Slip:
    """The slip of a file: its machine's record, QR 1, and for a closing slip the two who approved it."""
    outer = canonical.decode_object(data, "小条")
    schema.check("slip_file", outer)
    edge = enrolment.read(outer["record"].encode("utf-8"), trust, at=at)
    payload = manifest.read("slip", jws.from_compact(outer["slip"]), enrolment.trusting(trust, edge), at=at)
    for name in ("site_code", "edge_serial"):
        if payload[name] != edge.payload[name]:
            raise Rejected("slip", f"小条的 {name} 与签署它的考试服务器不符")
    if _proof_digest(outer["proof"], trust) != payload["proof_digest"]:
        raise Rejected("slip", "小条的台账续接证明被改动；请重新扫描或取得原件")
    made = digest(outer["slip"], trust)
    if payload["kind"] != CLOSE and outer["approvals"]:
        raise Rejected("slip", "只有收场小条由两人签署")
    approvers = _two(outer["approvals"], payload, made, trust) if payload["kind"] == CLOSE else ()
    return Slip(payload, outer["slip"], made, tuple(outer["proof"]), approvers, edge, data)


def _two(approvals: Sequence[Payload], payload: Payload, digest: str, trust: Trust) -> tuple[str, ...]:
    """The head (or deputy) and the patroller (or an invigilator) of this very site."""
    if len(approvals) != 2:
        raise Rejected("slip", "收场小条还没有两人签署：须考点负责人与巡考员（或另一名监考员）")
    read = []
    for one in approvals:
        said = approval.claims(one)
        read.append(approval.check(one, trust, action=ACTION, object=payload["sitting_id"], digest=digest, at=said["issued_at"], rev=1,
                                   requester=payload["edge_serial"]))  # fmt: skip
        key = trust.key(jws.read(canonical.encode(one)).signatures[0].kid, role="person")
        if key.site not in ("", payload["site_code"]):
            raise Rejected("scope", f"{key.holder} 不是本考试点的人，不能签署收场小条")
    if read[0]["approver"] == read[1]["approver"]:
        raise Rejected("approver", "收场小条须由两个不同的人签署")
    roles = [one["role"] for one in read]
    if not any(a in HEADS and b in SECONDS for a, b in (roles, reversed(roles))):
        raise Rejected("approver", "收场小条须由考点负责人与巡考员（没有巡考员时另一名监考员）签署")
    return tuple(one["approver"] for one in read)
