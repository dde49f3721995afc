"""Hashes that decide: lottery numbers, draws, commitments and the seed itself."""

import hashlib
import re
from collections.abc import Iterable, Mapping

VERSION = "xexam/1"
# One draw of a site is a number of 40 bits.
DRAW_BITS = 40
DRAW_BYTES = DRAW_BITS // 8
DRAW_MASK = (1 << DRAW_BITS) - 1
# A digest gives the lottery number (8 bytes) and four draws; later draws take a digest each.
DRAWS_IN_DIGEST = 4


class BadSeed(ValueError):
    """The seed is not 64 lower-case hex characters."""

    exit_status = 2


def check(seed: str) -> str:
    """The seed itself, or BadSeed."""
    if re.fullmatch(r"[0-9a-f]{64}", seed, re.ASCII) is None:
        problem = f"应为 64 个小写十六进制字符（0-9a-f），收到 {len(seed)} 个字符"
        raise BadSeed(f"种子不对：{problem}。请核对公布的种子后重试。")
    return seed


def field(text: str) -> bytes:
    """One hashed field: its length in 4 bytes, then its UTF-8 bytes."""
    raw = text.encode()
    return len(raw).to_bytes(4, "big") + raw


def begun(*fields: str) -> bytes:
    """What is hashed, as far as `xexam/1` and these fields."""
    return b"".join(map(field, (VERSION, *fields)))


def keyed(tag: str, *fields: str) -> str:
    """K(tag, …): what is hashed before a seed exists, as hex."""
    return hashlib.sha256(begun(tag, *fields)).hexdigest()


def commitment(party: str, draw_id: str, secret: str) -> str:
    """What a party publishes before the freeze; `secret` is hex and stays with the party and in escrow."""
    return keyed("commit", party, draw_id, secret)


def combine(draw_id: str, input_digest: str, secrets: Mapping[str, str], public_value: str) -> str:
    """The seed out of the revealed secrets (by party id, bytewise) and the public value of a named future time."""
    return keyed("seed", draw_id, input_digest, *(secrets[party] for party in sorted(secrets)), public_value)


def binding(draw_id: str, input_digest: str, seed: str) -> str:
    """Ties the three names of a draw together in the transcript, so that a slip in one of them is seen."""
    return keyed("draw", draw_id, input_digest, seed)


OTHER_TIER = field("t1")
_AGAIN = tuple(field("r") + field(str(tier)) for tier in (0, 1))


class Lot:
    """The hashes of one stage: H(fields) with the seed and the part's label already in."""

    __slots__ = ("_part", "label")

    def __init__(self, seed: str, label: str) -> None:
        self.label = label
        # To hash this anew each time costs half of copying a hash that has it in.
        self._part = begun(seed, label)

    def digest(self, fields: bytes) -> bytes:
        """H(part, fields): the fields as `field` writes them, the candidate first."""
        return hashlib.sha256(self._part + fields).digest()

    def digests(self, names: Iterable[bytes]) -> list[bytes]:
        """H(part, candidate) of each."""
        sha256, part = hashlib.sha256, self._part
        return [sha256(part + name).digest() for name in names]

    def number(self, candidate: bytes, digest: bytes, tier: int, turn: int, left: int) -> int:
        """Draw `turn` of a tier: four out of the tier's digest, then one out of a digest each, by the options left."""
        if turn < DRAWS_IN_DIGEST:
            last = len(digest) - DRAW_BYTES * turn
            return int.from_bytes(digest[last - DRAW_BYTES : last], "big")
        return self.later(candidate, tier, left)

    def later(self, candidate: bytes, tier: int, left: int) -> int:
        """A draw of a tier after those in its digest."""
        return int.from_bytes(self.digest(candidate + _AGAIN[tier] + field(str(left)))[-DRAW_BYTES:], "big")


def site_digest(seed: str, site: str) -> bytes:
    """H(`pt`, site): the order of sites in the repair, the same in all stages."""
    return hashlib.sha256(begun(seed, "pt", site)).digest()
