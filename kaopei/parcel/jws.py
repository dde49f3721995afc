"""JWS General JSON in canonical bytes, its compact form for QR codes, and nothing else of RFC 7515."""

from collections.abc import Sequence
from dataclasses import dataclass

from kaopei.parcel import base64url, canonical, jose_header
from kaopei.parcel.keyfile import Signer
from kaopei.parcel.rejected import Rejected
from kaopei.parcel.suites.suite import Suite

MOST_SIGNATURES = 8


@dataclass(frozen=True)
class Signature:
    """One signature as it was found: nothing of it is believed yet."""

    protected: str
    signature: str
    kid: str
    typ: str

    def holds(self, suite: Suite, pub: str, payload: bytes) -> bool:
        """Whether this public key made it over these payload bytes."""
        signing_input = f"{self.protected}.{base64url.encode(payload)}".encode("ascii")
        return suite.verify(base64url.decode(pub, "公钥"), base64url.decode(self.signature, "签名"), signing_input)


@dataclass(frozen=True)
class Signed:
    """Payload bytes and the signatures beside them."""

    payload: bytes
    signatures: tuple[Signature, ...]

    def to_bytes(self) -> bytes:
        """The one byte string of this JWS."""
        return canonical.encode({"payload": base64url.encode(self.payload), "signatures": listed(self.signatures)})


def listed(signatures: Sequence[Signature]) -> list[dict[str, str]]:
    """The signatures as they stand in the JSON."""
    return [{"protected": one.protected, "signature": one.signature} for one in signatures]


def make(domain: str, payload: bytes, signers: Sequence[Signer]) -> Signed:
    """Sign these payload bytes by every signer, in the order of their kids."""
    if len({one.kid for one in signers}) != len(signers) or not signers:
        raise Rejected("signers", "签名人重复或没有签名人")
    made = [signature(domain, payload, one) for one in signers]
    return Signed(payload, tuple(sorted(made, key=lambda one: one.kid)))


def signature(domain: str, payload: bytes, signer: Signer) -> Signature:
    """One signature over payload bytes."""
    return Signature(signer.header(domain), base64url.encode(signer.sign(domain, payload)), signer.kid, domain)


def read(data: bytes) -> Signed:
    """Take a General JSON JWS apart; the exact bytes that `to_bytes` writes, or a refusal."""
    outer = canonical.decode_object(data, "签名文件")
    if set(outer) != {"payload", "signatures"} or not isinstance(outer["payload"], str):
        raise Rejected("jws", "不是本系统的签名文件（应只有 payload 与 signatures）")
    return Signed(base64url.decode(outer["payload"], "签名内容"), signatures(outer["signatures"]))


def signatures(found: object) -> tuple[Signature, ...]:
    """The list of signatures of a JWS, in the order of their kids, each kid once."""
    if not isinstance(found, list) or not 1 <= len(found) <= MOST_SIGNATURES:
        raise Rejected("jws", f"签名应有 1 至 {MOST_SIGNATURES} 个")
    parsed = tuple(_signature(one) for one in found)
    kids = [one.kid for one in parsed]
    if sorted(set(kids)) != kids:
        raise Rejected("jws", "签名重复或次序不对，文件已被改动")
    return parsed


def _signature(one: object) -> Signature:
    if not isinstance(one, dict) or set(one) != {"protected", "signature"}:
        raise Rejected("jws", "签名条目的字段不对（应只有 protected 与 signature）")
    protected, value = one["protected"], one["signature"]
    if not isinstance(protected, str) or not isinstance(value, str):
        raise Rejected("jws", "签名条目不是文字")
    header = canonical.decode_object(base64url.decode(protected, "签名头"), "签名头")
    jose_header.check_jws(header, {"alg": header.get("alg", ""), "typ": header.get("typ", "")})
    if not all(isinstance(header[name], str) for name in ("alg", "kid", "typ")):
        raise Rejected("header", "签名头的字段应为文字")
    base64url.decode(value, "签名")
    return Signature(protected, value, header["kid"], header["typ"])


def algorithm(one: Signature) -> str:
    """The algorithm that the header claims; the verifier compares it with the pinned suite's."""
    return str(canonical.decode_object(base64url.decode(one.protected), "签名头")["alg"])


def to_compact(data: bytes) -> str:
    """The compact form (`header.payload.signature`) of a JWS with one signature."""
    signed = read(data)
    if len(signed.signatures) != 1:
        raise Rejected("jws", "只有单一签名的文件才有紧凑形式")
    one = signed.signatures[0]
    return f"{one.protected}.{base64url.encode(signed.payload)}.{one.signature}"


def from_compact(text: str) -> bytes:
    """The General JSON bytes of a compact JWS."""
    parts = text.split(".")
    if len(parts) != 3:
        raise Rejected("jws", "不是三段式签名文本，内容不完整或被改动")
    return canonical.encode({"payload": parts[1], "signatures": [{"protected": parts[0], "signature": parts[2]}]})
