"""The list of certificates that no longer hold, `status.json`: signed by a key other than the issuer's, dated, numbered.

Proofs of training have a list of the same shape and another kind, `training_status`, so that neither can pass for the other.
"""

from collections.abc import Sequence

from kaopei.parcel import manifest
from kaopei.parcel.canonical import Payload
from kaopei.parcel.keyfile import Signer
from kaopei.parcel.rejected import Rejected
from kaopei.parcel.trust import Trust


def sign(
    trust: Trust, signer: Signer, entries: Sequence[Payload], *, at: int, number: int, next_update: int,
    previous: bytes | None = None, log_size: int = 0, root: str | None = None, kind: str = "status",
) -> bytes:
    """The next list. `entries` = {cert_id, status revoked|suspended|annulled|superseded, since}; `previous` = the last file."""
    payload = {
        **trust.frame(at), "number": number, "prev_hash": None if previous is None else trust.algorithms.hash(previous).hex(),
        "next_update": next_update, "log_size": log_size, "root": root,
        "entries": sorted(entries, key=lambda row: (row["cert_id"], row["since"])),
    }
    return manifest.sign(kind, payload, [signer])


def read(data: bytes, trust: Trust, *, at: int | None = None, kind: str = "status") -> Payload:
    """The list. The caller refuses a number lower than one that it has seen."""
    payload = manifest.read(kind, data, trust, at=at)
    if (payload["number"] == 1) != (payload["prev_hash"] is None):
        raise Rejected("status", "失效名单的编号与前一份摘要不相配")
    return payload


def judge(payload: Payload, cert_id: str, at: int) -> str:
    """`valid`, `revoked` or, past the time at which the next list was due, `stale`; a revocation never goes stale.

    A reader's clock may be slow or set back: it is never earlier than the list that he holds.
    """
    at = max(at, payload["issued_at"])
    if any(row["cert_id"] == cert_id and row["since"] <= at for row in payload["entries"]):
        return "revoked"
    return "stale" if at >= payload["next_update"] else "valid"
