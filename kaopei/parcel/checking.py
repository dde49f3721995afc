"""Any file that may cross between machines: what it is and whether it holds, without opening it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kaopei.parcel import (
    approval,
    canonical,
    certificate,
    container,
    enrolment,
    exam_parcel,
    jws,
    key_share,
    kinds,
    manifest,
    outcomes,
    protocol,
    receipt,
    return_parcel,
    seal_order,
    seating,
    slip,
    status,
)
from kaopei.parcel.canonical import Payload
from kaopei.parcel.rejected import Rejected
from kaopei.parcel.trust import Trust
from kaopei.parcel.trust import load as load_trust


@dataclass(frozen=True)
class Checked:
    """A file that holds. `seal` is the place of a sealed paper (`manifest_hash`) in the vault's ledger, for `ledger.proof`."""

    kind: str
    title: str
    payload: Payload
    seal: Payload | None = None
    manifest_hash: str = ""


def check(data: bytes, trust: Trust) -> Checked:
    """What this file is, if it holds; else Rejected. Any changed bit is found."""
    if data.startswith(b"%PDF-") or data.startswith(certificate.PREFIX.encode("ascii")):
        return Checked("certificate", "证书", certificate.read_any(data, trust)[0])
    if container.is_container(data):
        return _container(data, trust)
    if slip.is_slip(data):
        return Checked("slip", "小条", slip.read(data, trust).payload)
    if is_trust(data):
        return Checked("trust", "信任名单", _trust(data, trust))
    domain = jws.read(data).signatures[0].typ
    if domain == enrolment.REQUEST:
        return Checked("request", "考试服务器登记申请", enrolment.read_request(data, trust))
    row = kinds.of_domain(domain)
    return Checked(row.name, row.title, _SIGNED.get(row.name, _plain(row.name))(data, trust))


def _container(data: bytes, trust: Trust) -> Checked:
    name, first = container.read(data)[0]
    row = kinds.named(manifest.kind_of(first)) if name == "manifest.jws" else None
    if row is None or row.name not in _CONTAINERS:
        raise Rejected("container", "密封包内没有清单，或不是试卷密封包、座次包、回传包、评分结果")
    if row.name == "exam_parcel":
        parcel = exam_parcel.Parcel(data, trust)
        return Checked(row.name, row.title, parcel.manifest, parcel.log, parcel.manifest_hash)
    return Checked(row.name, row.title, _CONTAINERS[row.name](data, trust))


def is_trust(data: bytes) -> bool:
    """Whether the bytes are laid out like a trust list: JSON without a payload member."""
    try:
        found = canonical.loads(data)
    except Rejected:
        return False
    return isinstance(found, dict) and "roots" in found


def _trust(data: bytes, trust: Trust) -> Payload:
    """A list is right if it is a member of the verified chain, or an older one by the same roots."""
    if data not in trust.chain:
        other = load_trust([data], trust.root)
        if other.deployment != trust.deployment or other.version >= trust.version:
            raise Rejected("trust-fork", "这份信任名单不在现用名单的链上；请核对来源")
    return canonical.decode_object(data, "信任名单")


def _plain(kind: str) -> Callable[[bytes, Trust], Payload]:
    return lambda data, trust: manifest.read(kind, data, trust)


def _approval(data: bytes, trust: Trust) -> Payload:
    said = approval.claims(canonical.decode_object(data))
    names = ("action", "object", "digest")
    exact: dict[str, Any] = {name: said[name] for name in names}
    return approval.check(canonical.decode_object(data), trust, at=said["issued_at"], **exact)


def _share(data: bytes, trust: Trust) -> Payload:
    payload = key_share.read(data, trust)
    if payload["share"]["form"] == "printed":
        key_share.take(payload, trust.algorithms)
    return payload


_CONTAINERS: dict[str, Callable[[bytes, Trust], Payload]] = {
    "exam_parcel": exam_parcel.check,
    "seating": lambda data, trust: seating.check(data, trust).payload,
    "return_parcel": return_parcel.check,
    "outcomes": outcomes.check,
}
_SIGNED: dict[str, Callable[[bytes, Trust], Payload]] = {
    "approval": _approval,
    "enrolment": lambda data, trust: enrolment.read(data, trust).payload,
    "seal_order": lambda data, trust: seal_order.read(data, trust)[0],
    "key_share": _share,
    "receipt": receipt.read,
    "certificate": certificate.read,
    "status": status.read,
    "freeze": lambda data, trust: protocol.read_freeze(data, trust)[0],
    "protocol": protocol.read,
}
