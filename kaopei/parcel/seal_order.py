"""What the center orders from the vault: a package for one sitting, for these attempts, to these machines."""

from collections.abc import Sequence

from kaopei.parcel import enrolment, manifest
from kaopei.parcel.canonical import Payload
from kaopei.parcel.enrolment import Edge
from kaopei.parcel.keyfile import Signer
from kaopei.parcel.rejected import Rejected
from kaopei.parcel.trust import Trust


def draft(
    trust: Trust, *, at: int, order_id: str, sitting_id: str, city: str, site_code: str, form_set: str, window: Payload,
    attempts: Sequence[Payload], roster_hash: str, edges: Sequence[Edge], officers: Sequence[str], policy: Payload,
    software: Sequence[str] = (), supersedes: str | None = None,
) -> Payload:
    """The payload without approvals: what two persons approve (`approval.digest_of`). Then `sign`."""
    check_window(window)
    if len({row["attempt"] for row in attempts}) != len(attempts) or not attempts:
        raise Rejected("attempts", "任务书没有考生，或同一考生出现两次")
    if not edges:
        raise Rejected("edge", "任务书没有考试服务器，请先完成考试服务器的登记")
    return {
        **trust.frame(at), "order_id": order_id, "sitting_id": sitting_id, "city": city, "site_code": site_code,
        "form_set": form_set, "window": window, "attempts": list(attempts), "roster_hash": roster_hash,
        "edge_records": [edge.record.decode("utf-8") for edge in edges], "officers": list(officers), "policy": policy,
        "software": list(software), "supersedes": supersedes, "trust_chain": [one.decode("utf-8") for one in trust.chain],
        "approvals": [],
    }


def sign(payload: Payload, approvals: Sequence[Payload], center: Signer) -> bytes:
    """The order with its two approvals, signed by the center."""
    return manifest.sign("seal_order", {**payload, "approvals": list(approvals)}, [center])


def read(data: bytes, trust: Trust, *, at: int | None = None) -> tuple[Payload, list[Edge]]:
    """The order and its machines, whose records the vault checks itself: a city cannot slip in a key of its own."""
    payload = manifest.read("seal_order", data, trust, at=at)
    check_window(payload["window"])
    if len({row["attempt"] for row in payload["attempts"]}) != len(payload["attempts"]):
        raise Rejected("attempts", "任务书里同一应考编号出现两次")
    edges = [enrolment.read(record.encode("utf-8"), trust, at=payload["issued_at"]) for record in payload["edge_records"]]
    for edge in edges:
        if edge.payload["site_code"] != payload["site_code"]:
            raise Rejected("edge", f"考试服务器 {edge.payload['edge_serial']} 登记在 {edge.payload['site_code']}，不是 {payload['site_code']}")
    return payload, edges


def check_window(window: Payload) -> None:
    """The times of a sitting (Unix seconds) in their only sensible order."""
    times = [window[name] for name in ("not_before", "start_earliest", "start_latest", "end_latest", "stage2_not_before")]
    if times != sorted(times):
        raise Rejected("window", "时间窗次序不对：可启封、最早开考、最迟开考、最迟结束、答案密钥应依次推后")
