"""Who sits where, with which staff on which devices: encrypted to the site's machines, approved by two persons."""

from collections.abc import Sequence
from typing import Any

from kaopei.parcel import canonical, envelope, roster, schema, suites
from kaopei.parcel.canonical import Payload
from kaopei.parcel.enrolment import Edge
from kaopei.parcel.keyfile import Signer
from kaopei.parcel.rejected import Rejected
from kaopei.parcel.trust import Trust


def body_hash(body: Payload, suite: str = "intl") -> str:
    """What two persons approve: the digest of the body in canonical bytes."""
    schema.check("seating_body", body)
    return suites.named(suite).hash(canonical.encode(body)).hex()


CHANGED = {"staff": "加派考务人员", "devices": "换用新的设备清单"}
_FREE = ("rev", "prev_hash", "change", "trust_chain")


def change(before: Payload, after: Payload) -> str:
    """变更单: the one thing that a newer body changes after the opening, `staff` (one more person) or `devices`. Rejected otherwise.

    It counts once, on exactly the rev that it names by number and digest: `before` carries that digest as `_hash`.
    """
    said = after.get("change")
    if said is None:
        raise Rejected("frozen", "本场已经启封，座次不能再换包；调整须用变更单。")
    if (after["rev"], after["prev_hash"]) != (before["rev"] + 1, before["_hash"]):
        raise Rejected("base", f"变更单不是接在现用的第 {before['rev']} 版之后的，请中心核对后重新下达。")
    section = {"staff": "staff", "devices": "baseline"}[said["kind"]]
    names = {*before, *after} - set(_FREE) - {section, "_hash", "_body_hash"}
    if other := sorted(name for name in names if before.get(name) != after.get(name)):
        raise Rejected("change", f"变更单除了{CHANGED[said['kind']]}还改了别的（{other[0]}），不能收入。")
    if section == "baseline":
        if after["baseline"]["rev"] <= before["baseline"]["rev"]:
            raise Rejected("change", "变更单里的设备清单不比现用的新，不能收入。")
    elif after["staff"][:-1] != before["staff"] or after["staff"][-1]["name"] in {row["name"] for row in before["staff"]}:
        raise Rejected("change", "变更单只能加派一名新的考务人员，原有人员不能改动。")
    return str(said["kind"])


def seal(
    body: Payload, approvals: Sequence[Payload], center: Signer, edges: Sequence[Edge], trust: Trust, *, at: int
) -> bytes:
    """The parcel of a body that two persons approved."""
    names = ("sitting_id", "site_code", "rev", "prev_hash")
    payload = {
        **trust.frame(at), **{name: body[name] for name in names}, "body_hash": body_hash(body, trust.suite),
        "roster_hash": roster.root(body["roster"], trust.suite), "min_trust_version": trust.version,
        "edge_keys": sorted(edge.decrypt.kid for edge in edges), "approvals": list(approvals),
    }
    contents = {"body": ("edge", canonical.encode(body))}
    return envelope.seal("seating", payload, [center], contents, {"edge": {edge.decrypt.kid: edge.decrypt.pub for edge in edges}})


def check(data: bytes, trust: Trust, *, at: int | None = None) -> envelope.Opened:
    """Container, signature and approvals, without opening it."""
    return envelope.Opened("seating", data, trust, at)


def open(data: bytes, trust: Trust, kid: str, key: Any, *, at: int | None = None) -> Payload:
    """The body, for the machine whose decryption key this is."""
    opened = check(data, trust, at=at)
    body = canonical.decode_object(opened.contents(kid, key)["body"], "座次包")
    schema.check("seating_body", body)
    agreed = {"body_hash": body_hash(body, trust.suite), "roster_hash": roster.root(body["roster"], trust.suite)}
    for name in ("sitting_id", "site_code", "rev", "prev_hash"):
        agreed[name] = body[name]
    for name, value in agreed.items():
        if opened.payload[name] != value:
            raise Rejected("seating", f"座次包的内容与清单不符（{name}），请向中心重新取得")
    attempts = [row["attempt"] for row in body["roster"]]
    seats = [(row["room"], str(row["seat"])) for row in body["roster"]]
    if len(set(attempts)) != len(attempts) or len(set(seats)) != len(seats):
        raise Rejected("seating", "座次包里同一考生或同一机位出现两次")
    return body
