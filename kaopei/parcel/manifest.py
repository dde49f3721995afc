"""The two doors of every signed artefact: `sign` and `read`."""

from collections.abc import Sequence
from dataclasses import replace

from kaopei.parcel import approval, canonical, jws, kinds, signatures
from kaopei.parcel.canonical import Payload
from kaopei.parcel.keyfile import Signer
from kaopei.parcel.rejected import Rejected as Rejected
from kaopei.parcel.trust import Trust


def sign(kind: str, payload: Payload, signers: Sequence[Signer]) -> bytes:
    """The signed artefact in canonical bytes. The payload begins with `trust.frame(at)`."""
    return signatures.sign(kind, payload, signers)


def cosign(kind: str, data: bytes, signer: Signer) -> bytes:
    """The artefact with one more signature."""
    return signatures.cosign(kind, data, signer)


def read(kind: str, data: bytes, trust: Trust, *, at: int | None = None) -> Payload:
    """The payload, if kind, shape, suite, deployment, rehearsal flag, trust version, signers and approvals are right.

    `at` is a proven time of signature; leave it out if there is none. Raises Rejected.
    """
    return read_signed(kind, data, trust, at=at).payload


def read_signed(kind: str, data: bytes, trust: Trust, *, at: int | None = None) -> signatures.Read:
    """Like read, with the keys of those who signed."""
    found = signatures.read(kind, data, trust, at=at)
    approvers = approval.inside(kinds.named(kind), found.payload, trust, at)
    return replace(found, approvers=tuple(approvers))


def unverified(data: bytes) -> Payload:
    """What a signed file claims, for showing only: never act on it."""
    return canonical.decode_object(jws.read(data).payload, "签名内容")


def kind_of(data: bytes) -> str:
    """Which kind of artefact a signed file claims to be."""
    return kinds.of_domain(jws.read(data).signatures[0].typ).name


def digest(data: bytes, trust: Trust) -> str:
    """The hex digest of an artefact's bytes, as other artefacts name it."""
    return trust.algorithms.hash(data).hex()
