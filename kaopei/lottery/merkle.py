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
    level = _leaves(rows)
    if not level:
        return hashlib.sha256(b"").hexdigest()
    while len(level) > 1:
        level = _next(level)
    return level[0].hex()


def path(rows: Sequence[bytes], place: int) -> list[str]:
    """The neighbours, from the leaf up, that lead from one row to the root."""
    return Tree(rows).path(place)


class Tree:
    """All levels of the tree, for the paths of many rows."""

    def __init__(self, rows: Sequence[bytes]) -> None:
        self._levels = [_leaves(rows)]
        while len(self._levels[-1]) > 1:
            self._levels.append(_next(self._levels[-1]))

    def path(self, place: int) -> list[str]:
        """The neighbours, from the leaf up, that lead from one row to the root."""
        if not 0 <= place < len(self._levels[0]):
            raise IndexError(place)
        beside = ((level, place >> height ^ 1) for height, level in enumerate(self._levels[:-1]))
        return [level[at].hex() for level, at in beside if at < len(level)]


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


def _leaves(rows: Iterable[bytes]) -> list[bytes]:
    sha256 = hashlib.sha256
    return [sha256(b"\0" + row).digest() for row in rows]


def _next(level: list[bytes]) -> list[bytes]:
    # An odd one at the end moves up as it is: for a tree built from the left this is the tree of RFC 6962.
    sha256 = hashlib.sha256
    above = [sha256(b"\1" + left + right).digest() for left, right in zip(level[::2], level[1::2], strict=False)]
    return above + level[len(above) * 2 :]
