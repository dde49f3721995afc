"""An approval answered to by a passkey (WebAuthn level 2), checked offline from the trust list alone.

It stands in the same JWS form as every signature: header alg `WebAuthn`, and as signature the canonical JSON of what the
authenticator gave. The challenge is the digest of the approval's payload, so the answer binds exactly these bytes.
"""

import hashlib
import json
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from kaopei.parcel import base64url, canonical, jws
from kaopei.parcel.rejected import Rejected
from kaopei.parcel.trust import Key

ALG = "WebAuthn"
DOMAIN = "apr1/approval"
# User present, user verified
NEEDED = 1 | 4
FIELDS = frozenset({"authenticator_data", "client_data", "signature"})


@dataclass(frozen=True)
class Answer:
    """What an authenticator gave: its data, the browser's JSON, and the signature over both; raw bytes."""

    authenticator_data: bytes
    client_data: bytes
    signature: bytes


def challenge(payload: bytes) -> bytes:
    """The 32 bytes that the authenticator is asked to sign for these canonical payload bytes (suite intl)."""
    return hashlib.sha256(b"apr1|" + payload).digest()


def signature(kid: str, answer: Answer) -> jws.Signature:
    """The entry of the JWS."""
    header = base64url.encode(canonical.encode({"alg": ALG, "kid": kid, "typ": DOMAIN}))
    inner = canonical.encode({name: base64url.encode(getattr(answer, name)) for name in sorted(FIELDS)})
    return jws.Signature(header, base64url.encode(inner), kid, DOMAIN)


def holds(one: jws.Signature, key: Key, payload: bytes) -> bool:
    """Whether the authenticator of `key`, its user present and verified, answered to exactly these payload bytes at a listed origin."""
    assert key.passkey is not None
    inner = canonical.decode_object(base64url.decode(one.signature, "签名"), "通行密钥的应答")
    if set(inner) != FIELDS or not all(isinstance(value, str) for value in inner.values()):
        return False
    answer = Answer(**{name: base64url.decode(value, "签名") for name, value in inner.items()})
    data = answer.authenticator_data
    if len(data) < 37 or data[:32] != hashlib.sha256(key.passkey["domain"].encode()).digest() or data[32] & NEEDED != NEEDED:
        return False
    signed = data + hashlib.sha256(answer.client_data).digest()
    return _asked(answer.client_data, key.passkey["origins"], payload) and _signed(key, answer.signature, signed)


def _asked(client_data: bytes, origins: list[str], payload: bytes) -> bool:
    """What the browser says that it was asked: by whom, and for which challenge."""
    try:
        said = json.loads(client_data)
    except ValueError:
        return False
    if not isinstance(said, dict) or said.get("type") != "webauthn.get" or said.get("crossOrigin"):
        return False
    return said.get("origin") in origins and said.get("challenge") == base64url.encode(challenge(payload))


def _signed(key: Key, value: bytes, data: bytes) -> bool:
    assert key.passkey is not None
    pub = base64url.decode(key.pub, "公钥")
    try:
        if key.passkey["alg"] == "EdDSA":
            Ed25519PublicKey.from_public_bytes(pub).verify(value, data)
        else:
            EllipticCurvePublicKey.from_encoded_point(SECP256R1(), pub).verify(value, data, ECDSA(SHA256()))
    except (InvalidSignature, ValueError):
        return False
    return True


def record(answer: dict[str, object]) -> Answer:
    """The answer out of what a browser's `toJSON()` gives; Rejected if a part is missing."""
    inner = answer.get("response")
    parts = inner if isinstance(inner, dict) else {}
    names = ("authenticatorData", "clientDataJSON", "signature")
    if not all(isinstance(parts.get(name), str) for name in names):
        raise Rejected("passkey", "通行密钥的应答不完整，没有签署；请重试")
    return Answer(*(base64url.decode(parts[name], "通行密钥的应答") for name in names))
