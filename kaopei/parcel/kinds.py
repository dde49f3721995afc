"""The signed artefacts, one row each: domain tag, who must sign, and which approvals must lie inside."""

from dataclasses import dataclass

from kaopei.parcel.rejected import Rejected


@dataclass(frozen=True)
class Need:
    """So many signatures by keys of this role; persons must hold one of the duties."""

    role: str
    count: int = 1
    duties: tuple[str, ...] = ()


@dataclass(frozen=True)
class Approved:
    """Two approvals lie in the payload: for this action, on this object, over the named field or all the rest."""

    action: str
    object: str
    digest: str = ""
    rev: str = ""


@dataclass(frozen=True)
class Kind:
    """`needs` lists the alternatives; one of them must fit exactly."""

    name: str
    domain: str
    title: str
    needs: tuple[tuple[Need, ...], ...]
    approved: Approved | None = None


_CUSTODIANS = Need("custodian", 2)
_HEAD = Need("person", 1, ("head", "deputy"))
_SECOND = Need("person", 1, ("patroller", "invigilator"))

_ROWS = [
    Kind("approval", "apr1/approval", "批准记录", ((Need("person"),),)),
    Kind("enrolment", "enr1/record", "考试服务器登记书", ((Need("person", 2), Need("province_release")),)),
    Kind("seal_order", "xpk1/seal-order", "密封任务书", ((Need("center"),),), Approved("seal_order.issue", "order_id")),
    Kind("exam_parcel", "xpk1/manifest", "试卷密封包", ((_CUSTODIANS,),)),
    Kind("seal_proof", "xpk1/seal-proof", "密封存证", ((_CUSTODIANS,),)),
    Kind("key_share", "xpk1/key-share", "密钥分持件", ((_CUSTODIANS,),)),
    Kind(
        "seating", "xpk1/seating", "座次包", ((Need("center"),),),
        Approved("seating.issue", "sitting_id", digest="body_hash", rev="rev"),
    ),
    Kind(
        "key_release", "rel1/token", "密钥令牌", ((Need("key_service"),), (Need("province_release"),)),
        Approved("key.release", "package_id", digest="manifest_hash", rev="stage"),
    ),
    Kind("slip", "slp1/slip", "小条", ((Need("edge_sign"),),)),
    Kind("return_parcel", "xrb1/manifest", "回传包", ((Need("edge_sign"), _HEAD, _SECOND),)),
    Kind("outcomes", "xrb1/outcomes", "评分结果", ((Need("outcomes"), _CUSTODIANS),)),
    Kind("receipt", "xrb1/receipt", "回执", ((Need("center"), Need("city_witness"), Need("province_mirror")),)),
    Kind("certificate", "crt1/certificate", "证书", ((Need("issuer"),),)),
    Kind("pdf", "crt1/pdf", "证书 PDF 封签", ((Need("issuer"),),)),
    Kind("status", "crt1/status", "证书状态名单", ((Need("status"),),)),
    Kind("training_file", "trn1/file", "培训档案", ((Need("center"),),)),
    Kind("training_proof", "trn1/proof", "培训证明", ((Need("center"),),)),
    Kind("training_status", "trn1/status", "培训证明失效名单", ((Need("status"),),)),
    Kind("commitment", "lot1/commit", "抽签承诺", ((Need("party"),),)),
    Kind("freeze", "lot1/freeze", "抽签冻结书", ((Need("center"), Need("province_mirror")),)),
    Kind("protocol", "lot1/protocol", "抽签记录", ((Need("center"),),), Approved("draw.publish", "draw_id")),
]

KINDS = {row.name: row for row in _ROWS}
BY_DOMAIN = {row.domain: row for row in _ROWS}


def named(name: str) -> Kind:
    """The row of this kind."""
    if name not in KINDS:
        raise Rejected("kind", f"没有名为 {name[:40]} 的签名文件种类")
    return KINDS[name]


def of_domain(domain: str) -> Kind:
    """The row of this domain tag."""
    if domain not in BY_DOMAIN:
        raise Rejected("kind", f"不认识的签名用途 {domain[:40]}")
    return BY_DOMAIN[domain]
