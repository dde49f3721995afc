"""One-time codes of RFC 6238: six digits, half a minute, SHA-1, as every phone knows them."""

import base64
import hmac
from datetime import datetime
from urllib.parse import quote

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.hotp import HOTP

PERIOD, DIGITS, BYTES = 30, 6, 20
# A phone's clock may be half a minute off to either side.
DRIFT = 1


def code(secret: bytes, step: int) -> str:
    """The six digits of a half-minute, counted from 1970."""
    return HOTP(secret, DIGITS, SHA1()).generate(step).decode()  # noqa: S303


def step_of(secret: bytes, said: str, at: datetime) -> int:
    """The half-minute whose code this is, 0 if it is none of those around `at`."""
    now = int(at.timestamp()) // PERIOD
    found = 0
    for step in range(now - DRIFT, now + DRIFT + 1):
        if hmac.compare_digest(code(secret, step).encode(), said.encode()):
            found = step
    return found


def address(secret: bytes, username: str, issuer: str) -> str:
    """The otpauth:// address that goes into the QR code."""
    label = f"{quote(issuer)}:{quote(username)}"
    return f"otpauth://totp/{label}?secret={shown(secret)}&issuer={quote(issuer)}&digits={DIGITS}&period={PERIOD}"


def shown(secret: bytes) -> str:
    """The secret for typing by hand."""
    return base64.b32encode(secret).decode().rstrip("=")
