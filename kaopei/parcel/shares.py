"""The release secret in three shares of which two open, and a share as digits that survive a phone line."""

from collections.abc import Sequence
from typing import NamedTuple

from Crypto.Protocol.SecretSharing import Shamir

from kaopei.parcel.rejected import Rejected
from kaopei.parcel.suites.suite import Suite

HOLDERS = {1: "site_head", 2: "key_service", 3: "province"}
STAGE2 = 0  # the secret of the second stage is not split; as a share it has x = 0
_GROUPS = 10


class Share(NamedTuple):
    """A point of the polynomial: x = 1 site head, 2 key service, 3 province; 0 is the whole secret of stage 2."""

    x: int
    y: bytes


def split(secret: bytes) -> list[Share]:
    """Three shares of a secret of 16 bytes; any two give it back."""
    return [Share(x, y) for x, y in Shamir.split(2, 3, secret)]


def combine(first: Share, second: Share) -> bytes:
    """The secret of two different shares. A wrong share gives a wrong secret silently: check commitments before."""
    if {first.x, second.x} - {1, 2, 3} or first.x == second.x:
        raise Rejected("share", "需要两份不同的密钥分持")
    return bytes(Shamir.combine([(first.x, first.y), (second.x, second.y)]))


def commitment(suite: Suite, package_id: str, stage: int, share: Share) -> str:
    """What the manifest says of a share: it binds package, stage, number and value."""
    head = f"xpk1|share|{package_id}|{stage}|{share.x}|".encode("ascii")
    return suite.hash(head + share.y).hex()


def to_digits(share: Share) -> list[str]:
    """Ten groups of six digits: four of the number, two of check; every single, swapped or misplaced one is found."""
    return grouped(f"{share.x}{int.from_bytes(share.y):039d}")


def from_digits(groups: Sequence[str]) -> Share:
    """The share that was read out; names the first group that was misheard."""
    number = ungrouped(groups, _GROUPS)
    value = int(number[1:])
    if value >= 2**128:
        raise Rejected("digits", "数字超出范围，请逐组核对")
    return Share(int(number[0]), value.to_bytes(16))


def grouped(number: str) -> list[str]:
    """Decimals as groups of four with two of check; every single, swapped or misplaced digit is found."""
    return [_group(place + 1, number[4 * place : 4 * place + 4]) for place in range(len(number) // 4)]


def ungrouped(groups: Sequence[str], count: int) -> str:
    """The decimals of so many groups; names the first group that was misheard."""
    if len(groups) != count:
        raise Rejected("digits", f"应有 {count} 组数字，现有 {len(groups)} 组")
    for place, group in enumerate(groups):
        if not group or group != _group(place + 1, group[:4]):
            raise Rejected("digits", f"第 {place + 1} 组数字 {group[:8]} 有误，请核对这一组")
    return "".join(group[:4] for group in groups)


def _group(place: int, data: str) -> str:
    if len(data) != 4 or not (data.isascii() and data.isdigit()):
        return ""
    return f"{data}{98 - (10**6 * place + 100 * int(data)) % 97:02d}"


def challenge(twelve: str) -> str:
    """Twelve random digits as the edge shows them: three checked groups joined by hyphens."""
    return "-".join(_group(place + 1, twelve[4 * place : 4 * place + 4]) for place in range(3))


def check_challenge(text: str) -> str:
    """The challenge if every group is right; names the first that was misheard."""
    groups = text.split("-")
    for place, group in enumerate(groups):
        if len(groups) != 3 or not group or group != _group(place + 1, group[:4]):
            raise Rejected("digits", f"考点口令第 {place + 1} 组有误，请核对")
    return text
