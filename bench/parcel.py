"""How fast a paper is sealed, checked and opened: `python bench/parcel.py [items forms …]`.

Prints processor seconds, and the ratio of each step to one plain AES-256-GCM pass over the same bytes.
"""

import platform
import secrets
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: E402

from kaopei.parcel import approval, exam_parcel, key_share, roster, seal_order  # noqa: E402
from tests.parcel import cast  # noqa: E402

ITEM, FORM = 700, 2600  # bytes of an item without pictures, of a candidate's order of items and options
SIZES = [(100, 50), (400, 300)]


def best[T](work: Callable[[], T], rounds: int = 3) -> tuple[float, T]:
    """Least processor time of some rounds, and what the last one gave."""
    least, result = float("inf"), None
    for _ in range(rounds):
        start = time.process_time()
        result = work()
        least = min(least, time.process_time() - start)
    return least, result  # type: ignore[return-value]


def order(province: cast.Province, forms: int) -> dict[str, Any]:
    """A signed and read order for so many candidates."""
    rows = [cast.row(number) for number in range(forms)]
    draft = seal_order.draft(
        province.trust, at=cast.NOW, order_id="SO-1", sitting_id=cast.SITTING, city=cast.CITY, site_code=cast.SITE, form_set="A",
        window=cast.WINDOW, attempts=[{"attempt": row["attempt"], "subject": row["subject"]} for row in rows], roster_hash=roster.root(rows),
        edges=[province.edge], officers=[], policy=cast.POLICY,
    )
    signed = province.approvals("seal_order.issue", "SO-1", approval.digest_of(draft, province.trust))
    return seal_order.read(seal_order.sign(draft, signed, province.signers["center"]), province.trust)[0]


def measure(province: cast.Province, items: int, forms: int) -> None:
    """One paper: seal, check, unlock with every blob opened; beside it the plain pass."""
    ordered = order(province, forms)
    contents = [("item", f"b{number}", secrets.token_bytes(ITEM)) for number in range(items)]
    contents += [("key", f"k{number}", secrets.token_bytes(80)) for number in range(3)]
    contents += [("form", row["attempt"], secrets.token_bytes(FORM)) for row in ordered["attempts"]]
    subjects = [{"subject": "低压电工作业", "bank_version": "1", "policy": {}}]
    listed, suite = province.trust, province.trust.algorithms

    sealing, sealed = best(
        lambda: exam_parcel.build(ordered, [province.edge], contents, province.custodians, listed, at=cast.NOW, subjects=subjects)
    )
    checking, parcel = best(lambda: exam_parcel.Parcel(sealed.parcel, listed))
    first = key_share.take(key_share.read(sealed.shares["A"], listed), suite)
    third = key_share.take(key_share.read(sealed.shares["C"], listed), suite)
    unlocking, opened = best(lambda: parcel.unlock(first, third, province.edge.decrypt.kid, province.edge_key))
    opening, _ = best(lambda: [parcel.blob(kind, name, opened) for kind, name, _ in contents if kind != "key"])

    padded = [plain + bytes(-len(plain) % 1024) for _, _, plain in contents]
    cipher = AESGCM(bytes(32))
    plain, _ = best(lambda: [cipher.encrypt(number.to_bytes(12), one, b"") for number, one in enumerate(padded)])
    size = len(sealed.parcel) / 2**20
    print(f"{items} items, {forms} forms, {size:.2f} MiB; one AES-256-GCM pass over the same blobs {plain * 1e3:.2f} ms")
    for name, seconds in (("seal", sealing), ("check", checking), ("unlock", unlocking), ("open all blobs", opening)):
        print(f"  {name:<15}{seconds * 1e3:9.2f} ms   {seconds / plain:7.1f} × the plain pass")


def main(words: list[str]) -> int:
    """Pairs of numbers, or the usual sizes."""
    numbers = [int(word) for word in words]
    print(f"{platform.machine()}, Python {platform.python_version()}, {platform.processor() or platform.system()}")
    province = cast.found()
    for items, forms in list(zip(numbers[::2], numbers[1::2], strict=True)) or SIZES:
        measure(province, items, forms)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
