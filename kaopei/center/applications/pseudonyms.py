"""The number under which an applicant is drawn: chance, never a hash of who he is."""

import hashlib
import hmac
import json
import secrets

from django.conf import settings

from kaopei.office import trusted

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 16


def pseudonym(batch: str, serial: str) -> str:
    """16 characters, 80 bits. In a rehearsal they follow from its seed and the 序号, so that a second run gives the same draw."""
    seed = rehearsal_seed()
    if seed:
        data = hmac.digest(seed.encode(), f"pseudonym\n{batch}\n{serial}".encode(), hashlib.sha256)[:10]
    else:
        data = secrets.token_bytes(10)
    value = int.from_bytes(data)
    return "".join(ALPHABET[(value >> shift) & 31] for shift in range(75, -5, -5))


def rehearsal_seed() -> str:
    """DATADIR/rehearsal.json {"seed": …}, looked at only under a rehearsal's trust list; else empty."""
    path = settings.DATA / "rehearsal.json"
    if not trusted.rehearsal(settings.DATA) or not path.exists():
        return ""
    return str(json.loads(path.read_text(encoding="utf-8")).get("seed", ""))
