"""Ids that we make: a UUIDv7 from a given time, and random marks."""

import secrets
from uuid import UUID

from kaopei.parcel import base64url


def uuid7(at: int) -> str:
    """A UUIDv7 (RFC 9562) of this Unix second: sortable by time, otherwise random."""
    number = (at * 1000 & (2**48 - 1)) << 80 | 0x7 << 76 | secrets.randbits(12) << 64 | 0b10 << 62 | secrets.randbits(62)
    return str(UUID(int=number))


def mark() -> str:
    """32 random hex letters."""
    return secrets.token_hex(16)


def nonce() -> str:
    """16 random bytes as base64url, for an approval."""
    return base64url.encode(secrets.token_bytes(16))


def twelve_digits() -> str:
    """Twelve random digits, for a challenge."""
    return f"{secrets.randbelow(10**12):012d}"
