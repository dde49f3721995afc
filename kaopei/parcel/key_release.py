"""The token with which one share leaves the key service: for one machine, one boot, one package, one stage, once."""

from collections.abc import Sequence
from typing import Any

from kaopei.parcel import base64url, manifest, shares
from kaopei.parcel.canonical import Payload
from kaopei.parcel.enrolment import Edge
from kaopei.parcel.exam_parcel import Parcel
from kaopei.parcel.keyfile import Signer
from kaopei.parcel.rejected import Rejected
from kaopei.parcel.shares import Share
from kaopei.parcel.trust import Trust

TYP = "rel1/share"
TERM = 30 * 60  # seconds of the machine's boottime in which a token may be entered


def make(
    trust: Trust, parcel: Parcel, edge: Edge, share: Share, approvals: Sequence[Payload], signer: Signer, *, at: int, stage: int,
    challenge: str, log_seq: int, path: str = "AB", waivers: Sequence[str] = (),
) -> bytes:
    """The signed token. The approvals are for `key.release` on the package, over the manifest hash, with rev = stage."""
    parcel.check_share(stage, share)
    _check_path(stage, share.x, path, signer_role="")
    named = parcel.manifest
    token = trust.algorithms.wrap(base64url.decode(edge.decrypt.pub, "公钥"), edge.decrypt.kid, TYP, share.y)
    payload = {
        **trust.frame(at), "stage": stage, "package_id": named["package_id"], "manifest_hash": parcel.manifest_hash,
        "sitting_id": named["sitting_id"], "form_set": named["form_set"], "edge_kid": edge.decrypt.kid,
        "challenge": shares.check_challenge(challenge), "x": share.x, "share": token, "path": path, "waivers": list(waivers),
        "log_seq": log_seq, "approvals": list(approvals),
    }
    return manifest.sign("key_release", payload, [signer])


def take(
    data: bytes, trust: Trust, parcel: Parcel, kid: str, key: Any, *, stage: int, challenge: str, at: int | None = None
) -> tuple[Payload, Share]:
    """The token's payload and its share, if it is for this machine, boot, package and stage. The caller refuses a second use."""
    found = manifest.read_signed("key_release", data, trust, at=at)
    payload = found.payload
    _check_path(payload["stage"], payload["x"], payload["path"], found.signers[0].role)
    if set(found.approvers) & set(parcel.sealed_by):
        raise Rejected("approver", "批准放行的人不能是密封试卷的保管人；请由其他人批准")
    wanted = {
        "package_id": parcel.manifest["package_id"], "manifest_hash": parcel.manifest_hash, "sitting_id": parcel.manifest["sitting_id"],
        "form_set": parcel.manifest["form_set"], "edge_kid": kid, "stage": stage, "challenge": challenge,
    }
    texts = {
        "package_id": "密封包", "manifest_hash": "密封包内容", "sitting_id": "场次", "form_set": "卷别", "edge_kid": "考试服务器",
        "stage": "阶段", "challenge": "考点口令（服务器重启后口令会改变）",
    }
    for name, value in wanted.items():
        if payload[name] != value:
            raise Rejected("token", f"密钥令牌的{texts[name]}不符，不能使用；请核对后向值班人员重新申请")
    share = Share(payload["x"], trust.algorithms.unwrap(key, kid, TYP, payload["share"]))
    parcel.check_share(stage, share)
    return payload, share


def _check_path(stage: int, x: int, path: str, signer_role: str) -> None:
    """By path AB the key service hands out its own share, by AC the province the reserve; the second secret goes by AB."""
    if (stage, x, path) not in ((1, 2, "AB"), (1, 3, "AC"), (2, 0, "AB")):
        raise Rejected("path", "令牌的阶段、分持和放行路径不相配")
    if signer_role not in ("", {"AB": "key_service", "AC": "province_release"}[path]):
        raise Rejected("path", "令牌的签发单位与放行路径不符")
