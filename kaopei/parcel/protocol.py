"""The public record of a draw, `protocol.json`: commitments, the freeze over them, the reveals and what came of them."""

from kaopei.parcel import canonical, manifest
from kaopei.parcel.canonical import Payload
from kaopei.parcel.rejected import Rejected
from kaopei.parcel.trust import Trust


def read_freeze(data: bytes, trust: Trust, *, at: int | None = None) -> tuple[Payload, list[Payload]]:
    """The freeze and its commitments, each verified: one a party, made for this draw and not after the freeze."""
    payload = manifest.read("freeze", data, trust, at=at)
    commitments = [manifest.read("commitment", canonical.encode(one), trust, at=at) for one in payload["commitments"]]
    if len({one["party"] for one in commitments}) != len(commitments):
        raise Rejected("commitment", "冻结书里同一方有两份承诺")
    for one in commitments:
        if one["draw_id"] != payload["draw_id"] or one["issued_at"] > payload["issued_at"]:
            raise Rejected("commitment", f"{one['party']} 的承诺不是为这次抽签作的，或作于冻结之后")
    return payload, commitments


def read(data: bytes, trust: Trust, *, at: int | None = None) -> Payload:
    """The record, with everything that lies inside it verified. Seed and transcript are for the stand-alone verifier."""
    payload = manifest.read("protocol", data, trust, at=at)
    freeze, commitments = read_freeze(canonical.encode(payload["freeze"]), trust, at=at)
    for name in ("draw_id", "input_digest"):
        if freeze[name] != payload[name]:
            raise Rejected("protocol", f"抽签记录与冻结书的 {name} 不一致")
    revealed = [one["party"] for one in payload["reveals"]]
    if sorted(revealed) != sorted(one["party"] for one in commitments):
        raise Rejected("protocol", "抽签记录公开的密值与冻结前的承诺方不一致")
    if payload["public"]["time"] < freeze["issued_at"]:
        raise Rejected("protocol", "公共值的时间早于冻结，抽签无效")
    return payload
