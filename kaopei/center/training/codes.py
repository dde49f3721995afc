"""The code on the teacher's screen, and what a phone signs. The numbers are settings of the program, samples and not law."""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

DIGITS = 6


@dataclass(frozen=True, slots=True)
class SignInRules:
    """Seconds and minutes as named. A code holds for its step and `tolerance_steps` more; what comes later than `online_seconds`
    after the phone says it was signed counts as captured without network."""

    step_seconds: int = 30
    tolerance_steps: int = 1
    open_minutes: int = 30
    close_minutes: int = 30
    online_seconds: int = 90
    clock_seconds: int = 120
    offline_hours: int = 24
    code_minutes: int = 10
    code_tries: int = 5


SAMPLE = SignInRules()


def code(secret: bytes, lesson: int, at: int, rules: SignInRules = SAMPLE) -> str:
    """Six digits of HMAC-SHA256 over lesson and step (RFC 6238 in shape)."""
    mac = hmac.digest(secret, f"sign-in/{lesson}/{at // rules.step_seconds}".encode(), hashlib.sha256)
    place = mac[-1] & 15
    return f"{(int.from_bytes(mac[place : place + 4]) & 0x7FFFFFFF) % 10**DIGITS:0{DIGITS}d}"


def fits(secret: bytes, lesson: int, given: str, at: int, rules: SignInRules = SAMPLE) -> bool:
    """Whether the code was on the screen at that moment or within the tolerance before and after it."""
    steps = range(-rules.tolerance_steps, rules.tolerance_steps + 1)
    wanted = [code(secret, lesson, at + step * rules.step_seconds, rules) for step in steps]
    return any(hmac.compare_digest(given.encode(), one.encode()) for one in wanted)


def left(at: int, rules: SignInRules = SAMPLE) -> int:
    """Seconds until the screen changes."""
    return rules.step_seconds - at % rules.step_seconds


class Unsigned(ValueError):
    """Not what the phone with this key has signed."""


def opened(payload: str, signature: str, public_key: str) -> dict[str, Any]:
    """The signed words; `signature` is r‖s of ECDSA P-256 over SHA-256, base64url, as WebCrypto gives it."""
    verify(payload.encode(), signature, public_key)
    try:
        said = json.loads(payload)
    except (ValueError, RecursionError):
        raise Unsigned("不是 JSON") from None
    if not isinstance(said, dict) or not storable(said):
        raise Unsigned("不是一条签到")
    return said


def storable(said: Any) -> bool:
    """Whether the database can keep every text in it: JSON may hold halves of characters and NUL."""
    if isinstance(said, dict):
        return all(storable(key) and storable(value) for key, value in said.items())
    if isinstance(said, list):
        return all(storable(value) for value in said)
    return not isinstance(said, str) or not any(one == "\0" or "\ud800" <= one <= "\udfff" for one in said)


def verify(data: bytes, signature: str, public_key: str) -> None:
    """Unsigned if the signature is not of this key over these bytes."""
    try:
        raw = decode(signature)
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decode(public_key))
        if len(raw) != 64:
            raise Unsigned("签名长度不对")
        der = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
        key.verify(der, data, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError):
        raise Unsigned("签名与登记的手机不符") from None


def usable(public_key: str) -> bool:
    """Whether it is a point of the curve."""
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decode(public_key))
    except ValueError:
        return False
    return True


def decode(text: str) -> bytes:
    """base64url without padding."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def enrol_digest(code: str) -> str:
    """Of a binding code as typed: case and blanks do not count."""
    return hashlib.sha256(("enrol/" + "".join(code.split()).upper()).encode()).hexdigest()
