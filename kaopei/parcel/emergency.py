"""A terminal's last resort: what its server never acknowledged, sealed by the browser to the city's import key. Evidence, never an import.

JSON `{v, kind, attempt, seat, lease, kid, epk, iv, data}`: ephemeral X25519, HKDF-SHA256 over `emf1|kid|attempt`, AES-256-GCM with
`emf1|attempt`; inside `{attempt, lease, events}`. Nobody has signed it, so it proves nothing by itself.
"""

from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from kaopei.parcel import base64url, canonical
from kaopei.parcel.canonical import Payload
from kaopei.parcel.rejected import Rejected
from kaopei.parcel.suites.suite import Suite

KIND = "emergency"
_FIELDS = {"v": int, "kind": str, "attempt": str, "seat": str, "lease": int, "kid": str, "epk": str, "iv": str, "data": str}


def claims(data: bytes) -> Payload | None:
    """What such a file says of itself; None if it is none."""
    try:
        found = canonical.loads(data)
    except Rejected:
        return None
    return found if isinstance(found, dict) and found.get("kind") == KIND else None


def open(data: bytes, suite: Suite, kid: str, key: Any) -> list[Payload]:
    """The events that were waiting at the terminal; Rejected for any changed bit."""
    said = claims(data)
    if said is None or {name: type(value) for name, value in said.items()} != _FIELDS or said["v"] != 1:
        raise Rejected("emergency", "不是完整的考试机应急文件")
    if said["kid"] != kid:
        raise Rejected("recipient", "应急文件不是给本市收件密钥的")
    info = f"emf1|{kid}|{said['attempt']}".encode()
    try:
        shared = suite.agree(key, base64url.decode(said["epk"], "公钥"))
        secret = HKDF(SHA256(), 32, None, info).derive(shared)
        plain = AESGCM(secret).decrypt(base64url.decode(said["iv"]), base64url.decode(said["data"]), f"emf1|{said['attempt']}".encode())
    except (InvalidTag, ValueError):
        raise Rejected("emergency", "应急文件打不开：不完整或被改动") from None
    inner = canonical.loads(plain, "应急文件")
    if not isinstance(inner, dict) or (inner.get("attempt"), inner.get("lease")) != (said["attempt"], said["lease"]):
        raise Rejected("emergency", "应急文件的内容与外封不符")
    events = inner.get("events")
    return [one for one in events if isinstance(one, dict)] if isinstance(events, list) else []
