"""Who sits: the leaves under a sealed roster hash. A salt of its own keeps each leaf from being guessed."""

from collections.abc import Sequence

from kaopei.parcel import canonical, suites
from kaopei.parcel.canonical import Payload

FIELDS = ("attempt", "name", "id_commit", "subject", "accommodations")


def leaf(row: Payload, suite: str = "intl") -> str:
    """Hex digest of one row: H(salt | attempt | name | id_commit | subject | accommodations)."""
    content = canonical.encode({name: row[name] for name in FIELDS})
    return suites.named(suite).hash(b"xpk1|roster|" + bytes.fromhex(row["salt"]) + content).hex()


def root(rows: Sequence[Payload], suite: str = "intl") -> str:
    """Root over the leaves in the order of the attempts (RFC 6962 hashing)."""
    hashing = suites.named(suite).hash
    level = [hashing(b"\x00" + bytes.fromhex(leaf(row, suite))) for row in sorted(rows, key=lambda row: row["attempt"])]
    if not level:
        return hashing(b"").hex()
    # Pairing from the left and carrying an odd last one up unchanged gives the tree of RFC 6962.
    while len(level) > 1:
        pairs = [hashing(b"\x01" + level[at] + level[at + 1]) for at in range(0, len(level) - 1, 2)]
        level = pairs + ([level[-1]] if len(level) % 2 else [])
    return level[0].hex()


def id_commit(id_number: str, salt: bytes, suite: str = "intl") -> str:
    """Commitment to an ID number under a salt that stays at the center."""
    return suites.named(suite).hash(b"xpk1|id|" + salt + id_number.encode("utf-8")).hex()
