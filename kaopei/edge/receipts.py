"""The candidate's receipt: 16 base32 characters (80 bit) and a check character; on request a QR signed by the server.

The code is the start of a hash over attempt, count and chain head. The chain is seeded with a salt that nobody is
shown, so the code proves something to the exam body only and nothing to a buyer of answers.
"""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import segno

from kaopei.edge.sitting import Attempt, Sitting
from kaopei.parcel import base64url
from kaopei.parcel.keyfile import Signer

# Crockford's alphabet: no I, L, O, U, so that a hand-written code is read back right.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def base32(data: bytes) -> str:
    """Upper-case base32 without padding, five bits a character."""
    bits = int.from_bytes(data, "big")
    length = len(data) * 8 // 5
    return "".join(ALPHABET[bits >> 5 * place & 31] for place in range(length - 1, -1, -1))


def check_character(code: str) -> str:
    """Luhn over 32 characters: finds every single wrong character and nearly every swap."""
    total = 0
    for place, letter in enumerate(reversed(code)):
        value = ALPHABET.index(letter) * (2 if place % 2 == 0 else 1)
        total += value // 32 + value % 32
    return ALPHABET[-total % 32]


def code_of(attempt: str, count: int, head: bytes) -> str:
    """The receipt code of what was handed in; anybody who holds the return parcel can recompute it."""
    digest = hashlib.sha256(f"rcp1|{attempt}|{count}|{head.hex()}".encode()).digest()
    code = base32(digest[:10])
    return code + check_character(code)


def receipt(sitting: Sitting, attempt: Attempt) -> dict[str, Any]:
    """What the terminal shows after hand-in."""
    person = sitting.person(attempt)
    return {
        "code": code_of(attempt.attempt, attempt.count, attempt.head),
        "count": attempt.count,
        "answered": len(attempt.answers),
        "total": len(attempt.form["items"]) if attempt.form else 0,
        "ended_at": attempt.ended_at,
        "time_text": time_text(attempt.ended_at),
        "ended_by": attempt.ended_by,
        "ticket_no": person["ticket_no"],
        "seat": attempt.label,
    }


def time_text(unix: int | None) -> str:
    """2026-12-07 10:31:05, China standard time, whatever the machine's zone."""
    if unix is None:
        return ""
    moment = datetime.fromtimestamp(unix, UTC) + timedelta(hours=8)
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def qr_text(sitting: Sitting, attempt: Attempt, signer: Signer) -> str:
    """The receipt signed by the server (domain `rcp1/receipt`): header.payload.signature, as in a compact JWS."""
    payload = {
        "v": 1,
        "sitting_id": sitting.sitting_id,
        "attempt": attempt.attempt,
        "count": attempt.count,
        "head": attempt.head.hex(),
        "ended_at": attempt.ended_at,
    }
    data = json.dumps(payload, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    domain = "rcp1/receipt"
    return f"{signer.header(domain)}.{base64url.encode(data)}.{base64url.encode(signer.sign(domain, data))}"


def qr_rows(text: str) -> list[str]:
    """The modules of a QR code as rows of 0 and 1."""
    return ["".join("1" if dark else "0" for dark in row) for row in segno.make(text, micro=False, error="l").matrix]
