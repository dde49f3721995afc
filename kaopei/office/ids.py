"""Names of things: a ULID that sorts by time, and numbers that people can read (城市-年-流水)."""

import secrets
from datetime import datetime

from django.db import connection

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def ulid(at: datetime) -> str:
    """26 characters: 48 bits of milliseconds, 80 bits of chance."""
    value = (int(at.timestamp() * 1000) << 80) | secrets.randbits(80)
    return "".join(ALPHABET[(value >> shift) & 31] for shift in range(125, -5, -5))


def next_number(kind: str, city: str, year: int) -> int:
    """The next running number of this kind, city and year; holes only where a transaction was rolled back."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO audit_counter (kind, city, year, last) VALUES (%s, %s, %s, 1)"
            " ON CONFLICT (kind, city, year) DO UPDATE SET last = audit_counter.last + 1 RETURNING last",
            [kind, city, year],
        )
        return int(cursor.fetchone()[0])
