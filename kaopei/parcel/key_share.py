"""One share of a release secret, in the hands of one holder: encrypted to his key, or printed as digits."""

from typing import Any

from kaopei.parcel import base64url, manifest, shares
from kaopei.parcel.canonical import Payload
from kaopei.parcel.keyfile import Signer
from kaopei.parcel.rejected import Rejected
from kaopei.parcel.shares import Share
from kaopei.parcel.suites.suite import Suite
from kaopei.parcel.trust import Key, Trust

TYP = "xpk1/share"
ROLES = {1: "site_head", 2: "key_service", 3: "province", 0: "key_service"}


def make(
    trust: Trust, sealed: Payload, stage: int, share: Share, commitment: str, custodians: list[Signer], recipient: Key | None, *, at: int
) -> bytes:
    """The file of one share. Without a recipient it is printed as digits: whoever holds the paper holds the share."""
    content: Payload = {"form": "printed", "digits": shares.to_digits(share), "recipient": None, "jwe": None}
    if recipient is not None:
        token = trust.algorithms.wrap(base64url.decode(recipient.pub, "公钥"), recipient.kid, TYP, share.y)
        content = {"form": "jwe", "digits": [], "recipient": recipient.kid, "jwe": token}
    number = f"{sealed['package_id']}-{stage}-{share.x}"
    payload = {
        **trust.frame(at), "package_id": sealed["package_id"], "sitting_id": sealed["sitting_id"], "stage": stage,
        "x": share.x, "commitment": commitment, "holder": ROLES[share.x], "number": number, "share": content, "layers": [],
    }
    return manifest.sign("key_share", payload, custodians)


def read(data: bytes, trust: Trust, *, at: int | None = None) -> Payload:
    """The payload, signatures checked; the share itself stays closed."""
    return manifest.read("key_share", data, trust, at=at)


def take(payload: Payload, suite: Suite, kid: str = "", key: Any = None) -> Share:
    """The share of a file that was read, checked against its commitment."""
    content = payload["share"]
    if content["form"] == "printed":
        found = shares.from_digits(content["digits"])
    elif content["recipient"] != kid:
        raise Rejected("recipient", "这份密钥分持不是给本机密钥的")
    else:
        found = Share(payload["x"], suite.unwrap(key, kid, TYP, content["jwe"]))
    check(payload, suite, found)
    return found


def check(payload: Payload, suite: Suite, share: Share) -> None:
    """Refuse a share that is not the one of this file."""
    made = shares.commitment(suite, payload["package_id"], payload["stage"], share)
    if share.x != payload["x"] or made != payload["commitment"]:
        raise Rejected("share", "密钥分持与它的承诺不符，不能使用")
