"""The second routine: the ledger's root once more, from what stands on the disk, by code that shares nothing with the first.

二（四） N2.4.14. `ledger.tree` merges peaks by the bits of a counter; this one keeps a stack of finished subtrees with their widths and
merges neighbours of equal width, and it hashes for itself. A checkpoint is signed only when both say the same.
"""

import hashlib
from collections.abc import Iterable


class Recount:
    """Subtrees from the left, each (width, hash); widths fall from left to right."""

    def __init__(self, stack: Iterable[tuple[int, bytes]] = ()) -> None:
        self._stack = list(stack)

    @property
    def size(self) -> int:
        """Leaves counted so far."""
        return sum(width for width, _ in self._stack)

    def add(self, leaf: bytes) -> None:
        """One more entry as it stands on the disk."""
        width, found = 1, hashlib.sha256(b"\x00" + leaf).digest()
        while self._stack and self._stack[-1][0] == width:
            _, left = self._stack.pop()
            width, found = 2 * width, hashlib.sha256(b"\x01" + left + found).digest()
        self._stack.append((width, found))

    def root(self) -> bytes:
        """Root of what was counted."""
        found = b""
        for _, left in reversed(self._stack):
            found = hashlib.sha256(b"\x01" + left + found).digest() if found else left
        return found or hashlib.sha256(b"").digest()

    def copy(self) -> "Recount":
        """A count that goes on by itself."""
        return Recount(self._stack)
