"""Words for the fields of public statements, for the preview."""

WHAT = {"new": "新增", "changed": "变更", "gone": "不再列出"}
FIELDS = {
    "address": "地址", "announced_at": "公告时间", "answers": "作答题数", "batch": "批次", "category": "作业类别", "cert_id": "证书标识",
    "city": "城市", "city_name": "城市名称", "closed_reason": "终止理由", "code": "信用代码", "counts": "人数", "day": "日期",
    "digest": "签名文件摘要", "district": "区县", "drawn_at": "抽签时间", "end": "结束", "files": "文件", "frozen_at": "冻结时间",
    "holder": "持证人（遮盖）", "host": "依托机构代码", "host_name": "依托机构", "input_digest": "输入摘要", "issued_on": "发证日期",
    "kind": "类型", "kind_name": "类型名称", "latitude": "纬度", "longitude": "经度", "measures": "暂停等措施", "merkle_root": "逐人记录根",
    "name": "名称", "number": "编号", "objections_until": "异议截止", "operations": "操作项目", "outcome": "结论", "part": "考试内容",
    "parties": "承诺方", "phone": "电话", "practical": "实操项目", "previous": "原证书", "public_at": "公共值时刻", "public_source": "公共值来源",
    "public_value": "公共值", "receipt": "交卷回执码", "registered": "在登记之列", "registered_on": "登记日期", "released_on": "成绩发布日期",
    "review_by": "复审日期", "rows_digest": "逐人记录摘要", "rows_public_after": "逐人记录公开时间", "rule_document": "实施办法",
    "rule_published_on": "实施办法公布日期", "rules": "规则表", "seats": "机位", "seed": "种子", "site": "考试点", "site_name": "考试点名称",
    "sitting": "场次", "start": "开始", "state": "登记状态", "status": "状态", "status_name": "进展", "subject": "科目", "theory": "理论项目",
    "counts_until": "成绩有效至", "next": "下一步", "public_source_name": "公共值来源名称", "text": "签名原文",
    "candidates": "考生", "seated": "有座", "public": "在公共基地", "exempt": "例外", "exempt_sole_site": "唯一考试点",
    "exempt_own_school": "本校考试点", "without_seat": "没有座位", "neighbours_together": "同机构相邻", "size": "字节",
    "paper": "PDF 摘要", "proof_id": "证明标识", "study_class": "培训班", "hours": "学时", "institution": "培训机构", "operation": "操作项目",
    "teachers": "教师", "title": "名称", "from": "自", "to": "至", "standing": "措施", "commitment": "承诺值", "committed_at": "承诺时间",
    "revealed_at": "公开时间", "from_escrow": "由托管开启", "key": "代号", "interest": "身份", "secret": "密值",
    "theory_seats": "理论机位", "transcript_digest": "抽签记录摘要", "valid_from": "有效期自", "valid_to": "有效期至", "verified_at": "复核时间",
}  # fmt: skip


# Codes that machines read and people should not have to.
VALUES = {
    "outcome": {"passed": "合格", "failed": "不合格", "absent": "缺考", "refused": "未准予入场"},
    "next": {"practical": "参加实操考试", "certificate": "发证", "resit": "补考", "retrain": "重新培训", "none": "无"},
    "part": {"T": "理论", "P": "实操"},
}
LONG = 40


def shown(value: object, name: str = "") -> str:
    """A value of a public statement as people read it; the exact words stand on the statement's own page."""
    if value is None or value == "" or value == []:
        return "—"
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, list):
        return "；".join(shown(one) for one in value)
    if isinstance(value, dict):
        short = ((key, inner) for key, inner in value.items() if inner not in ("", None) and inner is not False and len(str(inner)) <= LONG)
        return "，".join(f"{FIELDS.get(key, key)} {shown(inner, key)}" for key, inner in short)
    return VALUES.get(name, {}).get(str(value), str(value))
