"""How fast entries go into a tree and a whole ledger is recomputed: `python bench/ledger.py [10000 100000 …]`.

Prints entries a second, and the ratio to the SHA-256 that cannot be saved: one hash a leaf and one a node. Storing is the database's part.
"""

import hashlib
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: E402

from kaopei.ledger import checkpoint, entry, proof, segment, tree  # noqa: E402

ORIGIN = "center.bench/2026"
SIZES = [10_000, 100_000]


class Signer:
    """An Ed25519 key, as notes want it."""

    def __init__(self) -> None:
        self.key = Ed25519PrivateKey.generate()

    def public(self) -> bytes:
        """Raw."""
        return self.key.public_key().public_bytes_raw()

    def sign_note(self, text: bytes) -> bytes:
        """Bare."""
        return self.key.sign(text)


def timed[T](work: Callable[[], T]) -> tuple[float, T]:
    """Processor seconds and the result."""
    start = time.process_time()
    result = work()
    return time.process_time() - start, result


def fields(seq: int) -> dict[str, object]:
    """An entry of ordinary size."""
    return {
        "v": 1, "seq": seq, "src": "center", "src_seq": seq + 1, "id": f"01KBENCH{seq:018d}", "type": "applications.decided",
        "wall": "2026-12-07T09:00:00+08:00", "actor": "clerk", "role": "clerk", "city": "440600", "obj": f"application:{seq:07d}",
        "body": {"decision": "accept", "clause": "N2.6.4", "digest": hashlib.sha256(str(seq).encode()).hexdigest()},
    }


def append(count: int) -> tuple[list[bytes], bytes]:
    """Canonical leaves and the root, as the sequencer makes them."""
    leaves, grown = [], tree.Frontier()
    for seq in range(count):
        leaf = entry.encode(fields(seq))
        leaves.append(leaf)
        grown.append(tree.leaf_hash(leaf))
    return leaves, grown.root()


def bare(leaves: list[bytes]) -> None:
    """The hashes alone."""
    for leaf in leaves:
        hashlib.sha256(b"\x00" + leaf).digest()
    for _ in range(len(leaves) - 1):
        hashlib.sha256(bytes(65)).digest()


def measure(count: int, signer: Signer) -> None:
    """One ledger."""
    appending, (leaves, root) = timed(lambda: append(count))
    hashing, _ = timed(lambda: bare(leaves))
    note = checkpoint.sign(checkpoint.body(ORIGIN, count, root), signer)
    files = segment.write(leaves, [note])
    public = Ed25519PrivateKey.from_private_bytes(signer.key.private_bytes_raw()).public_key()

    def holds(_key: bytes, signature: bytes, text: bytes) -> bool:
        public.verify(signature, text)
        return True

    def believed(_name: str, data: bytes) -> checkpoint.Checkpoint:
        return checkpoint.verify(data, {ORIGIN: signer.public()}, holds)

    verifying, report = timed(lambda: segment.verify(files, believed))
    assert report.root == root
    proving, evidence = timed(lambda: proof.make(leaves, count // 2, note))
    checking, _ = timed(lambda: proof.verify(evidence, lambda data: believed("", data)))
    print(f"{count} entries, {sum(map(len, leaves)) / count:.0f} bytes each; bare SHA-256 {hashing:.3f} s ({count / hashing:,.0f} entries/s)")
    for name, seconds in (("append", appending), ("verify all", verifying)):
        print(f"  {name:<12}{count / seconds:12,.0f} entries/s   {seconds / hashing:5.1f} × bare SHA-256")
    print(f"  prove one   {proving * 1e3:12.1f} ms from all leaves, checked in {checking * 1e3:.2f} ms ({len(evidence['proof'])} hashes)")


def main(words: list[str]) -> int:
    """Sizes, or the usual ones."""
    print(f"{platform.machine()}, Python {platform.python_version()}, {platform.processor() or platform.system()}")
    signer = Signer()
    for count in [int(word) for word in words] or SIZES:
        measure(count, signer)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
