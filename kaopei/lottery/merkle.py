"""The Merkle tree over the rows of a draw (RFC 6962): one root for all, one short path for each."""

import hashlib
from collections.abc import Iterable, Sequence


def leaf(row: bytes) -> bytes:
    """Hash of one row."""
    return hashlib.sha256(b"\0" + row).digest()


def node(left: bytes, right: bytes) -> bytes:
    """Hash of two neighbours."""
    return hashlib.sha256(b"\1" + left + right).digest()


def root(rows: Iterable[bytes]) -> str:
    """The root as hex; of no rows, the hash of nothing."""
    level = list(map(leaf, rows))
    if not level:
        return hashlib.sha256(b"").hexdigest()
    while len(level) > 1:
        level = _next(level)
    return level[0].hex()


def path(rows: Sequence[bytes], place: int) -> list[str]:
    """The neighbours, from the leaf up, that lead from one row to the root."""
    level, found = list(map(leaf, rows)), []
    if not 0 <= place < len(level):
        raise IndexError(place)
    while len(level) > 1:
        if place ^ 1 < len(level):
            found.append(level[place ^ 1].hex())
        level = _next(level)
        place >>= 1
    return found


def leads(row: bytes, place: int, size: int, neighbours: Sequence[str], to: str) -> bool:
    """Whether this row, as number `place` of `size`, leads to the root."""
    if not 0 <= place < size:
        return False
    found, up, last = leaf(row), iter(neighbours), size - 1
    while last:
        if place ^ 1 <= last:
            neighbour = bytes.fromhex(next(up, ""))
            found = node(neighbour, found) if place & 1 else node(found, neighbour)
        place >>= 1
        last >>= 1
    return next(up, None) is None and found.hex() == to


def _next(level: list[bytes]) -> list[bytes]:
    # An odd one at the end moves up as it is: for a tree built from the left this is the tree of RFC 6962.
    above = [node(level[place], level[place + 1]) for place in range(0, len(level) - 1, 2)]
    return above + level[len(above) * 2 :]
