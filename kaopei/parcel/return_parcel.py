"""What a site hands back `XRB/1`: answers as shown, events, irregularities, its ledger; signed by machine, head and a second.

Groups: `answers` (pseudonymous) opens for city, province and vault; `site` for city and province only.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from kaopei.parcel import container, enrolment, envelope, manifest
from kaopei.parcel.canonical import Payload
from kaopei.parcel.enrolment import Edge
from kaopei.parcel.keyfile import Signer
from kaopei.parcel.trust import Trust

GROUPS = {
    "answers": "answers", "attempts": "site", "events": "site", "irregularities": "site", "readiness": "site", "ledger": "site",
    "slip": "site", "outcomes": "site", "photos": "site", "ledger_before": "site", "sheets": "site",
}  # fmt: skip


def draft(
    trust: Trust, edge: Edge, contents: Mapping[str, bytes], *, at: int, bundle_id: str, rev: int, prev_hash: str | None, sitting_id: str,
    package_id: str, manifest_hash: str, tokens: Sequence[Payload], ledger: Payload, counts: Mapping[str, int],
    close_slip: str | None = None, edge_outcomes: str = "",
) -> tuple[Payload, Mapping[str, bytes]]:
    """The payload that the three sign, and the parts. `edge_outcomes` is the reason why the site has not scored."""
    city = edge.payload["city"]
    site = [trust.one("city_import", city=city), trust.one("province_escrow")]
    everybody = {"site": {key.kid: key.pub for key in site}}
    everybody["answers"] = {**everybody["site"], **{key.kid: key.pub for key in trust.with_role("vault_import")}}
    payload = {
        **trust.frame(at), "bundle_id": bundle_id, "rev": rev, "prev_hash": prev_hash, "sitting_id": sitting_id,
        "site_code": edge.payload["site_code"], "package_id": package_id, "manifest_hash": manifest_hash, "tokens": list(tokens),
        "close_slip": close_slip, "ledger": ledger, "counts": dict(counts), "enrolment": edge.record.decode("utf-8"),
        "edge_outcomes": {"state": "absent" if edge_outcomes else "present", "reason": edge_outcomes},
    }
    grouped = {name: (GROUPS[name], data) for name, data in contents.items()}
    return envelope.draft("return_parcel", payload, grouped, everybody)


def finish(payload: Payload, parts: Mapping[str, bytes], signers: Sequence[Signer]) -> bytes:
    """The parcel, signed by the machine, the head and the patroller or a second invigilator."""
    return envelope.join(manifest.sign("return_parcel", payload, signers), parts)


class Returned:
    """A parcel whose container and signatures hold; the machine is trusted by the record it brings."""

    def __init__(self, data: bytes, trust: Trust, *, at: int | None = None) -> None:
        claimed = claims(data)
        self.edge = enrolment.read(str(claimed.get("enrolment", "")).encode("utf-8"), trust)
        self.hash = trust.algorithms.hash(data).hex()
        self.opened = envelope.Opened("return_parcel", data, enrolment.trusting(trust, self.edge), at)
        self.payload = self.opened.payload

    def contents(self, kid: str, key: Any) -> dict[str, bytes]:
        """The blobs that this key opens: all for city and province, the answers for the vault."""
        return self.opened.contents(kid, key)


def claims(data: bytes) -> Payload:
    """What a parcel says of itself, for finding its place; never believed."""
    return manifest.unverified(dict(container.read(data)).get("manifest.jws", b""))


def check(data: bytes, trust: Trust, *, at: int | None = None) -> Payload:
    """The payload of a parcel that holds, without opening it."""
    return Returned(data, trust, at=at).payload
