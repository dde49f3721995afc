"""Signing and reading one artefact: domain, shape, frame, and whether the right people signed."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations

from kaopei.parcel import canonical, jws, kinds, passkey, schema
from kaopei.parcel.canonical import Payload
from kaopei.parcel.keyfile import Signer
from kaopei.parcel.kinds import Kind, Need
from kaopei.parcel.rejected import Rejected
from kaopei.parcel.trust import Key, Trust


@dataclass(frozen=True)
class Read:
    """A payload that may be believed, and who signed it."""

    payload: Payload
    signers: tuple[Key, ...]
    approvers: tuple[str, ...] = ()


def sign(kind: str, payload: Payload, signers: Sequence[Signer]) -> bytes:
    """The artefact in canonical bytes; refuses a payload that has not the shape of its kind."""
    row = kinds.named(kind)
    schema.check(kind, payload)
    return jws.make(row.domain, canonical.encode(payload), signers).to_bytes()


def cosign(kind: str, data: bytes, signer: Signer) -> bytes:
    """The artefact with one more signature, for people who sign at different places."""
    row = kinds.named(kind)
    signed = jws.read(data)
    _same_domain(row, signed)
    more = [*signed.signatures, jws.signature(row.domain, signed.payload, signer)]
    if len({one.kid for one in more}) != len(more):
        raise Rejected("signers", f"{row.title}上已有这个人的签名")
    return jws.Signed(signed.payload, tuple(sorted(more, key=lambda one: one.kid))).to_bytes()


def read(kind: str, data: bytes, trust: Trust, *, at: int | None = None) -> Read:
    """Verify an artefact completely except for what lies inside it.

    `at` is a proven time of signature (a witnessed checkpoint); without it the artefact's own time is used for the
    terms of keys, and a revoked key counts for nothing.
    """
    row = kinds.named(kind)
    signed = jws.read(data)
    _same_domain(row, signed)
    payload = canonical.decode_object(signed.payload, row.title)
    schema.check(kind, payload)
    check_frame(row, payload, trust)
    signers = tuple(_signer(row, one, signed.payload, payload, trust, at) for one in signed.signatures)
    check_needs(row, signers)
    return Read(payload, signers)


def _same_domain(row: Kind, signed: jws.Signed) -> None:
    for one in signed.signatures:
        if one.typ != row.domain:
            raise Rejected("domain", f"这不是{row.title}：签名用途是 {one.typ[:40]}，应为 {row.domain}")


def check_frame(row: Kind, payload: Payload, trust: Trust) -> None:
    """Suite, deployment and rehearsal flag are those of the list, and the list is not older than the artefact."""
    for name, mine in (("suite", trust.suite), ("deployment", trust.deployment), ("rehearsal", trust.rehearsal)):
        if payload[name] != mine:
            raise Rejected(name, f"{row.title}属于另一个系统（{name}={payload[name]}，本机为 {mine}），不能使用")
    newest = max(payload["trust_version"], payload.get("min_trust_version", 0))
    if newest > trust.version:
        raise Rejected("trust-old", f"{row.title}要求信任名单第 {newest} 版，手头是第 {trust.version} 版；请先更新名单")


def _signer(row: Kind, one: jws.Signature, content: bytes, payload: Payload, trust: Trust, at: int | None) -> Key:
    by_passkey = row.name == "approval" and trust.suite == "intl" and jws.algorithm(one) == passkey.ALG
    if not by_passkey and jws.algorithm(one) != trust.algorithms.signature_alg:
        raise Rejected("header", f"{row.title}的签名算法不属于套件 {trust.suite}")
    key = trust.key(one.kid, at=at)
    if by_passkey != (key.passkey is not None):
        raise Rejected("key", f"{row.title}上 {key.holder} 的密钥不是这种签名用的；通行密钥只能签批准记录")
    if not (passkey.holds(one, key, content) if by_passkey else one.holds(trust.algorithms, key.pub, content)):
        raise Rejected("signature", f"{row.title}上 {key.holder} 的签名不成立，文件已被改动；请重新取得原件")
    if at is None and not key.not_before <= payload["issued_at"] < key.not_after:
        raise Rejected("key", f"{row.title}上 {key.holder} 的密钥在签名时不在有效期内")
    for name, mine, theirs in (("city", key.city, payload.get("city")), ("site", key.site, payload.get("site_code"))):
        if mine and theirs and mine != theirs:
            raise Rejected("scope", f"{row.title}上 {key.holder} 的密钥只管 {name}={mine}，不管 {theirs}")
    return key


def check_needs(row: Kind, signers: Sequence[Key]) -> None:
    """Exactly the required roles signed, by different people."""
    if len({key.holder for key in signers}) != len(signers):
        raise Rejected("signers", f"{row.title}上的签名必须出自不同的人，现有重复")
    if not any(_fits(needs, signers) for needs in row.needs):
        wanted = " 或 ".join("＋".join(f"{need.role}×{need.count}" for need in needs) for needs in row.needs)
        raise Rejected("signers", f"{row.title}的签名人不符合规定（应为 {wanted}）")


def _fits(needs: tuple[Need, ...], signers: Sequence[Key]) -> bool:
    places = [need for need in needs for _ in range(need.count)]
    if len(places) != len(signers):
        return False
    return any(all(map(_fills, places, order)) for order in permutations(signers))


def _fills(need: Need, key: Key) -> bool:
    return key.role == need.role and (not need.duties or bool(set(need.duties) & set(key.duties)))
