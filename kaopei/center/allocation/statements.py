"""The signed statements of a draw: commitment, freeze, protocol; and the sharing of a deposited secret."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from secrets import token_bytes
from typing import Any

from kaopei.parcel import approval, base64url, canonical, manifest, shares
from kaopei.parcel.keyfile import Signer
from kaopei.parcel.trust import Trust

HALF = 16  # a secret of 32 bytes is shared as two halves


def commitment(trust: Trust, *, party: str, draw: str, value: str, signer: Signer, at: datetime) -> str:
    """What a party publishes, signed with its own key."""
    payload = {**trust.frame(int(at.timestamp())), "party": party, "draw_id": draw, "commitment": value}
    return manifest.sign("commitment", payload, [signer]).decode()


def freeze(
    trust: Trust,
    *,
    draw: str,
    digest: str,
    commitments: Sequence[str],
    previous: str | None,
    reason: str,
    signers: Sequence[Signer],
    at: datetime,
) -> str:
    """The frozen input's digest over the commitments, signed by the center and the province's mirror."""
    payload = {
        **trust.frame(int(at.timestamp())),
        "draw_id": draw,
        "input_digest": digest,
        "commitments": [as_jws(one) for one in commitments],
        "previous": previous,
        "reason": reason,
    }
    return manifest.sign("freeze", payload, signers).decode()


def protocol(
    trust: Trust,
    *,
    draw: str,
    digest: str,
    freeze_record: str,
    public: tuple[str, str, datetime],
    reveals: Sequence[tuple[str, str]],
    seed: str,
    transcript_digest: str,
    at: datetime,
) -> dict[str, Any]:
    """The whole draw in one payload, without the approvals: exactly what the two approvers sign."""
    value, source, moment = public
    return {
        **trust.frame(int(at.timestamp())),
        "draw_id": draw,
        "input_digest": digest,
        "freeze": as_jws(freeze_record),
        "public": {"value": value, "source": source, "time": int(moment.timestamp())},
        "reveals": [{"party": party, "secret": secret} for party, secret in sorted(reveals)],
        "seed": seed,
        "transcript_digest": transcript_digest,
    }


def countersignature(trust: Trust, *, draw: str, transcript_digest: str, requester: str, signer: Signer, at: datetime) -> str:
    """The province's signature under the result of its own re-run, in the form of an approval."""
    made = approval.make(
        trust,
        "draw.verify",
        draw,
        1,
        transcript_digest,
        requester,
        signer,
        "draw_verifier",
        base64url.encode(token_bytes(16)),
        int((at + timedelta(days=1)).timestamp()),
        int(at.timestamp()),
    )
    return canonical.encode(made).decode()


def content(payload: dict[str, Any]) -> bytes:
    """What approvers are shown and sign: the payload without its time of issue, which comes after them."""
    return canonical.encode({name: value for name, value in payload.items() if name != "issued_at"})


def seal_protocol(payload: dict[str, Any], approvals: Sequence[dict[str, Any]], signer: Signer) -> bytes:
    """protocol.json: the payload with the two approvals, signed by the center."""
    return manifest.sign("protocol", {**payload, "approvals": list(approvals)}, [signer])


def as_jws(text: str) -> dict[str, Any]:
    """A stored record as it lies inside other records."""
    return canonical.decode_object(text.encode())


def split_secret(secret: str) -> list[str]:
    """Three shares of a secret of 64 hex characters, as text; two of them give it back."""
    raw = bytes.fromhex(secret)
    pairs = zip(shares.split(raw[:HALF]), shares.split(raw[HALF:]), strict=True)
    return [f"{one.x}-{(one.y + two.y).hex()}" for one, two in pairs]


def share_digest(share: str) -> str:
    """What is deposited of a share: enough to know it again."""
    return hashlib.sha256(share.encode()).hexdigest()


def join_shares(one: str, two: str) -> str:
    """The secret out of two shares whose digests were checked."""
    (x, first), (y, second) = (_read_share(text) for text in (one, two))
    halves = [shares.combine(shares.Share(x, first[part]), shares.Share(y, second[part])) for part in (slice(HALF), slice(HALF, None))]
    return b"".join(halves).hex()


def _read_share(text: str) -> tuple[int, bytes]:
    number, _, value = text.partition("-")
    return int(number), bytes.fromhex(value)
