"""A share by telephone: sixteen groups of six digits, of use to one machine, one boot, one package and one stage only.

64 decimals: number of the share and its value, both masked; the minute of issue; 64 bits of HMAC. Mask and HMAC come from what the
releasing key and the machine's key agree on, so that whoever listens to the line has nothing, and nobody else can make a group
that is believed. Each group carries a check; the place of the release in the log (`log_seq`) is said beside them and covered too.
"""

from collections.abc import Sequence
from typing import NamedTuple

from kaopei.parcel import shares
from kaopei.parcel.rejected import Rejected
from kaopei.parcel.shares import Share
from kaopei.parcel.suites.suite import Suite

GROUPS = 16
_VALUE, _MINUTES, _MAC = 39, 4, 20


class About(NamedTuple):
    """What both sides know without saying it: the paper, the stage, the challenge of this boot, the path and place of the release."""

    package_id: str
    manifest_hash: str
    stage: int
    challenge: str
    path: str
    log_seq: int


def make(suite: Suite, agreed: bytes, about: About, share: Share, issued_at: int) -> list[str]:
    """The groups to be read out. `agreed` = what `suite.agree` gives for both keys; `issued_at` = unix seconds."""
    pad, key = _keys(suite, agreed, about)
    number = f"{(share.x + pad[0]) % 10}{int.from_bytes(share.y) ^ int.from_bytes(pad[1:17]):039d}"
    minute = issued_at // 60
    return shares.grouped(f"{number}{minute % 10**_MINUTES:04d}{_mac(suite, key, about, share, minute):020d}")


def take(suite: Suite, agreed: bytes, groups: Sequence[str], about: About, now: int) -> tuple[Share, int]:
    """(share, issued_at to the minute). Rejected `digits` names a misheard group; `phone` says that the groups are not for this place."""
    number = shares.ungrouped(groups, GROUPS)
    pad, key = _keys(suite, agreed, about)
    x, masked = (int(number[0]) - pad[0]) % 10, int(number[1 : 1 + _VALUE])
    minute = _minute(int(number[1 + _VALUE : 1 + _VALUE + _MINUTES]), now // 60)
    if masked < 2**128:
        share = Share(x, (masked ^ int.from_bytes(pad[1:17])).to_bytes(16))
        said = number[-_MAC:].encode("ascii")
        if suite.mac(key, said) == suite.mac(key, f"{_mac(suite, key, about, share, minute):020d}".encode("ascii")):
            return share, minute * 60
    raise Rejected("phone", "这十六组数字不是给本机、本场、这次口令和这个记录号的，或本机时钟相差数日；请与值班员核对后重新口授")


def _keys(suite: Suite, agreed: bytes, about: About) -> tuple[bytes, bytes]:
    """(mask, HMAC key)."""
    secret = suite.derive(agreed, about.challenge.encode("ascii"), f"rel1|{about.package_id}{about.stage}".encode("ascii"))
    return suite.derive(secret, b"", b"mask"), suite.derive(secret, b"", b"mac")


def _mac(suite: Suite, key: bytes, about: About, share: Share, minute: int) -> int:
    text = f"rel1/phone|{about.manifest_hash}|{about.path}|{about.log_seq}|{minute}|{share.x}|".encode("ascii")
    return int.from_bytes(suite.mac(key, text + share.y)[:8])


def _minute(last: int, now: int) -> int:
    """The minute nearest to now that ends so."""
    turn: int = 10**_MINUTES
    return now + (last - now + turn // 2) % turn - turn // 2
