"""The vault's scoring of one returned sitting: signed by the machine and two custodians, encrypted to the center's city."""

from collections.abc import Mapping, Sequence
from typing import Any

from kaopei.parcel import canonical, envelope, schema
from kaopei.parcel.canonical import Payload
from kaopei.parcel.keyfile import Signer
from kaopei.parcel.rejected import Rejected
from kaopei.parcel.trust import Trust


def seal(
    trust: Trust, returned: Payload, bundle_hash: str, *, at: int, results: Sequence[Payload], form_digests: Mapping[str, str],
    signers: Sequence[Signer], city: str, rev: int = 1, prev_hash: str | None = None, reason: str = "",
) -> bytes:
    """Scores per attempt: attempt, subject, score, max_score, answered, detail. `form_digests` = attempt → digest."""
    digests = [{"attempt": attempt, "digest": digest} for attempt, digest in sorted(form_digests.items())]
    body = {"form_digests": digests, "results": sorted(results, key=lambda row: row["attempt"])}
    schema.check("outcomes_body", body)
    data = canonical.encode(body)
    payload = {
        **trust.frame(at), **{name: returned[name] for name in ("bundle_id", "package_id", "sitting_id")}, "bundle_hash": bundle_hash,
        "rev": rev, "prev_hash": prev_hash, "reason": reason, "body_hash": trust.algorithms.hash(data).hex(),
    }
    keys = {key.kid: key.pub for key in (trust.one("city_import", city=city), trust.one("province_escrow"))}
    return envelope.seal("outcomes", payload, signers, {"body": ("center", data)}, {"center": keys})


def check(data: bytes, trust: Trust, *, at: int | None = None) -> Payload:
    """The payload of a file that holds, without opening it."""
    return envelope.Opened("outcomes", data, trust, at).payload


def custodians(data: bytes, trust: Trust, *, at: int | None = None) -> list[str]:
    """Who scored: the custodians that signed."""
    return [key.holder for key in envelope.Opened("outcomes", data, trust, at).read.signers if key.role == "custodian"]


def open(data: bytes, trust: Trust, kid: str, key: Any, *, at: int | None = None) -> tuple[Payload, Payload]:
    """(payload, body) for the center's import key."""
    opened = envelope.Opened("outcomes", data, trust, at)
    raw = opened.contents(kid, key)["body"]
    if trust.algorithms.hash(raw).hex() != opened.payload["body_hash"]:
        raise Rejected("outcomes", "评分内容与清单不符，请向题库室重新取得")
    body = canonical.decode_object(raw, "评分结果")
    schema.check("outcomes_body", body)
    return opened.payload, body
