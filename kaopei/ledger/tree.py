"""The Merkle tree of RFC 6962: leaf and node hashes, roots, inclusion and consistency proofs, a growing frontier.

Hashes are 32 bytes. Sizes count leaves; indices begin at 0.
"""

import hashlib
from collections.abc import Iterable, Sequence

EMPTY = hashlib.sha256(b"").digest()


def leaf_hash(leaf: bytes) -> bytes:
    """Hash of one entry."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of two children."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Frontier:
    """The right edge of a growing tree: appends in constant time, gives the root of what was appended."""

    def __init__(self, hashes: Iterable[bytes] = ()) -> None:
        self.size = 0
        self._peaks: list[bytes] = []
        for one in hashes:
            self.append(one)

    def append(self, hashed: bytes) -> None:
        """Add one leaf hash; peaks of equal height merge as in binary addition."""
        self._peaks.append(hashed)
        carry = self.size
        while carry & 1:
            right = self._peaks.pop()
            self._peaks[-1] = node_hash(self._peaks[-1], right)
            carry >>= 1
        self.size += 1

    def root(self) -> bytes:
        """Root of the tree so far."""
        if not self._peaks:
            return EMPTY
        found = self._peaks[-1]
        for left in reversed(self._peaks[:-1]):
            found = node_hash(left, found)
        return found

    def copy(self) -> "Frontier":
        """A frontier that grows on its own."""
        other = Frontier()
        other.size, other._peaks = self.size, list(self._peaks)
        return other


def root(hashes: Sequence[bytes]) -> bytes:
    """Root over leaf hashes."""
    return Frontier(hashes).root()


def _split(size: int) -> int:
    return 1 << (size - 1).bit_length() - 1


def inclusion_proof(hashes: Sequence[bytes], index: int) -> list[bytes]:
    """The audit path of one leaf, from the bottom up; ValueError if there is no such leaf."""
    if not 0 <= index < len(hashes):
        raise ValueError(f"no leaf {index} in a tree of {len(hashes)}")
    if len(hashes) == 1:
        return []
    cut = _split(len(hashes))
    if index < cut:
        return [*inclusion_proof(hashes[:cut], index), root(hashes[cut:])]
    return [*inclusion_proof(hashes[cut:], index - cut), root(hashes[:cut])]


def verify_inclusion(hashed: bytes, index: int, size: int, proof: Sequence[bytes], expected: bytes) -> bool:
    """Whether this leaf stands at this index in the tree of this size and root."""
    if not 0 <= index < size:
        return False
    node, last, found = index, size - 1, hashed
    for other in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            found = node_hash(other, found)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            found = node_hash(found, other)
        node, last = node >> 1, last >> 1
    return last == 0 and found == expected


def consistency_proof(hashes: Sequence[bytes], old: int) -> list[bytes]:
    """Proof that the first `old` leaves of this tree are the tree of that size (1 ≤ old ≤ size)."""
    if not 1 <= old <= len(hashes):
        raise ValueError(f"no older size {old} in a tree of {len(hashes)}")
    return _consistency(hashes, old, True)


def _consistency(hashes: Sequence[bytes], old: int, whole: bool) -> list[bytes]:
    if old == len(hashes):
        return [] if whole else [root(hashes)]
    cut = _split(len(hashes))
    if old <= cut:
        return [*_consistency(hashes[:cut], old, whole), root(hashes[cut:])]
    return [*_consistency(hashes[cut:], old - cut, False), root(hashes[:cut])]


def verify_consistency(old: int, size: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the tree of `size` continues the tree of `old` (RFC 9162 §2.1.4.2)."""
    if not 0 < old <= size:
        return False
    if old == size:
        return not proof and old_root == new_root
    path = list(proof)
    if old & (old - 1) == 0:
        path = [old_root, *path]
    if not path:
        return False
    node, last = old - 1, size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    first = second = path[0]
    for other in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            first, second = node_hash(other, first), node_hash(other, second)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            second = node_hash(second, other)
        node, last = node >> 1, last >> 1
    return last == 0 and first == old_root and second == new_root
