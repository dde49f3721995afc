"""The center's word that a return parcel arrived whole; only with all three signatures may a site prune what it covers."""

from collections.abc import Sequence

from kaopei.parcel import manifest
from kaopei.parcel.canonical import Payload
from kaopei.parcel.keyfile import Signer
from kaopei.parcel.trust import Trust


def sign(trust: Trust, returned: Payload, bundle_hash: str, signers: Sequence[Signer], *, at: int) -> bytes:
    """Signed by the center, the city's witness and the province's mirror."""
    ledger = returned["ledger"]
    payload = {
        **trust.frame(at), **{name: returned[name] for name in ("bundle_id", "sitting_id", "rev")}, "hash": bundle_hash,
        **{name: ledger[name] for name in ("origin", "size", "root")}, "trust_chain": [one.decode("utf-8") for one in trust.chain],
    }
    return manifest.sign("receipt", payload, signers)


def read(data: bytes, trust: Trust, *, at: int | None = None) -> Payload:
    """The payload of a receipt that holds."""
    return manifest.read("receipt", data, trust, at=at)
