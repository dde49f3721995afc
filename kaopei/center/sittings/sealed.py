"""What a sealed paper must be to be the answer to its order; the center sees digests, numbers and signatures, and opens nothing."""

from typing import Any

from kaopei.ledger import checkpoint, proof
from kaopei.ledger.checkpoint import Checkpoint
from kaopei.parcel import base64url, key_share, seal_order
from kaopei.parcel.canonical import Payload
from kaopei.parcel.exam_parcel import Parcel
from kaopei.parcel.rejected import Rejected
from kaopei.parcel.trust import Trust

# What the two custodians copied from the order, and how people call it
COPIED = {
    "sitting_id": "场次",
    "city": "城市",
    "site_code": "考试点",
    "form_set": "卷别",
    "window": "时间窗",
    "roster_hash": "考生名单",
    "software": "软件摘要",
    "policy": "考试规则",
    "supersedes": "替代关系",
}
HOLDERS = {(1, 1): "site_head", (1, 2): "key_service", (1, 3): "province", (2, 0): "key_service"}


def check_paper(parcel: Parcel, order_file: bytes, listed: Trust) -> Payload:
    """The order, if this paper is what it asked for: same sitting, people, machines, times; and the sealing stands in the vault's ledger."""
    order, edges = seal_order.read(order_file, listed)
    named = parcel.manifest
    for field, title in COPIED.items():
        if named[field] != order[field]:
            raise Rejected("order", f"密封包的{title}与任务书 {order['order_id']} 不一致，请题库室核对后重新密封")
    if named["edge_keys"] != sorted(edge.decrypt.kid for edge in edges):
        raise Rejected("edge", f"密封包不是封给任务书 {order['order_id']} 所列考试服务器的，请题库室核对")
    wanted, made = {row["attempt"] for row in order["attempts"]}, set(parcel.ids("form"))
    if wanted != made:
        raise Rejected("form", f"密封包有试卷 {len(made)} 份，任务书有考生 {len(wanted)} 人，名单不符")
    subjects = {row["subject"] for row in order["attempts"]}
    if subjects != {row["subject"] for row in named["subjects"]}:
        raise Rejected("subject", "密封包的科目与任务书的考生科目不符，请题库室核对")
    check_proof(parcel, listed)
    return order


def check_proof(parcel: Parcel, listed: Trust) -> None:
    """The seal event stands in the vault's ledger; a rehearsal's vault may have none."""
    if parcel.log is None:
        if not listed.rehearsal:
            raise Rejected("proof", "密封包没有题库室台账的存证，不能收入")
        return
    origin = str(parcel.log["origin"])
    try:
        entry = proof.verify(parcel.log, lambda note: _believed(note, origin, listed))
    except ValueError as problem:
        raise Rejected("proof", f"密封包的台账存证不成立：{problem}") from None
    if parcel.manifest_hash not in str(entry):
        raise Rejected("proof", "密封包的台账存证说的是另一个密封包")


def _believed(note: bytes, origin: str, listed: Trust) -> Checkpoint:
    """Signed by a ledger key of the list, whichever it is."""
    fault = "信任名单里没有台账密钥"
    for key in listed.with_role("ledger"):
        try:
            return checkpoint.verify(note, {origin: base64url.decode(key.pub, "公钥")}, listed.algorithms.verify)
        except ValueError as problem:
            fault = str(problem)
    raise Rejected("proof", fault)


def check_share(payload: Payload, parcel: Parcel, listed: Trust, kid: str, key: Any) -> None:
    """The share is of this paper; one that we can read is compared with its commitment now, not on the day."""
    stage, x = payload["stage"], payload["x"]
    named = parcel.manifest
    if (payload["package_id"], payload["sitting_id"]) != (named["package_id"], named["sitting_id"]):
        raise Rejected("package", "密钥分持件不属于现用的密封包，请题库室核对")
    if payload["commitment"] != parcel.commitment(stage, x) or payload["holder"] != HOLDERS.get((stage, x)):
        raise Rejected("share", "密钥分持件与密封包里的承诺不符，不能收入")
    form = payload["share"]["form"]
    if payload["holder"] == "key_service" and form == "printed":
        raise Rejected("share", "密钥服务的分持件应当加密到密钥服务的密钥，收到的是明文，请立即报告并重新密封")
    if form == "printed" or payload["share"]["recipient"] == kid:
        key_share.take(payload, listed.algorithms, kid, key)
    elif payload["holder"] == "key_service":
        raise Rejected("recipient", "密钥服务的分持件不是封给本机密钥的，请题库室核对信任名单")
