"""Does this proof of training hold? Answered from the signature, the public list of revoked ones and what the city has published.

Only keys of the installation's trust list are believed. The answer names no one: the holder is masked.
"""

import hashlib
from datetime import datetime
from typing import Any

from kaopei.center.publication import queries
from kaopei.center.publication.queries import Published
from kaopei.office.clock import CHINA
from kaopei.parcel import certificate, status, training
from kaopei.parcel.rejected import Rejected
from kaopei.parcel.trust import Trust
from kaopei.portal.checking import Answer

# The fields that stand on the paper, in its order; of the identity number nothing.
FIELDS = ("number", "holder", "institution", "study_class", "operation", "kind", "hours", "issued_on")


def check(data: bytes, listed: Trust, at: datetime, number: str = "") -> Answer:
    """The answer for a QR text, a signed JSON, or (with its number) a PDF, whoever sent it."""
    answer = Answer("bad", "", trust_version=listed.version, rehearsal=listed.rehearsal)
    data = data if data.startswith(b"%PDF-") else b"".join(data.split()) if data.strip().startswith(training.PREFIX.encode()) else data.strip()
    if data.startswith(b"%PDF-"):
        return _paper(data, number, listed, at)
    if not data.startswith((b"{", training.PREFIX.encode())):
        answer.reason = "这不是培训证明：应是签名 JSON，或以 KT1: 开头的二维码内容。请检查是否选错了文件。"
        return answer
    try:
        facts, signed = training.read_any(data, listed)
    except Rejected as refusal:
        answer.reason = f"{str(refusal).rstrip('。')}。请向持证人索取原件，或向出具的培训机构查询。"
        return answer
    known = facts | {"holder": certificate.masked(str(facts["name"]))}
    answer.signed, answer.fields = True, {name: known.get(name, "") for name in FIELDS}
    answer.holder = known["holder"]
    answer.notes.append(f"签署密钥在信任名单第 {listed.version} 版中有效，内容与签名一致")
    published = queries.proof(str(facts["number"]), at)
    same = published is not None and published.content["digest"] == hashlib.sha256(signed).hexdigest()
    answer.notes.append(_registered(published, same))
    _judge(answer, str(facts["proof_id"]), listed, at)
    if published is not None and not same and answer.status == "valid":
        answer.status, answer.reason = "bad", "同一编号公布的是另一份内容"
    return answer


def look_up(number: str, listed: Trust, at: datetime) -> Answer:
    """The answer for a number that somebody typed: what is public, not whether the paper in his hand is the real one."""
    answer = Answer("unknown", "", trust_version=listed.version, rehearsal=listed.rehearsal)
    published = queries.proof("".join(number.split()), at)
    if published is None:
        answer.reason = "公开的培训证明里没有这个编号。请核对编号；新出具的要等市考试机构公布，纸上有二维码的请粘贴二维码内容核验。"
        return answer
    answer.fields = {name: published.content.get(name, "") for name in FIELDS}
    answer.holder = str(answer.fields["holder"])
    answer.notes.append(f"市考试机构 {published.since.astimezone(CHINA).date()} 公布（第 {published.version} 版）")
    answer.notes.append("只按编号查询：请逐项对照手中的证明；要确认证明本身没有改动，请粘贴二维码内容")
    _judge(answer, str(published.content["proof_id"]), listed, at)
    return answer


def _paper(data: bytes, number: str, listed: Trust, at: datetime) -> Answer:
    answer = look_up(number, listed, at) if number else Answer("bad", "", trust_version=listed.version, rehearsal=listed.rehearsal)
    published = queries.proof("".join(number.split()), at) if number else None
    if published is None:
        answer.reason = "核对 PDF 须同时填写它的编号，且该编号已经公布。"
    elif published.content["paper"] != hashlib.sha256(data).hexdigest():
        answer.status, answer.reason = "bad", "这个 PDF 与出具时的不是同一份文件，可能被改动；请索取原件"
    else:
        answer.notes.append("PDF 与出具时的逐字节相同")
    return answer


def _registered(published: Published | None, same: bool) -> str:
    if published is None:
        return "公开的培训证明里还没有这一份：签名有效，但尚未由市考试机构公布或已撤下"
    if not same:
        return "公开的培训证明里有这个编号，但签名文件与公布的不是同一份，请向市考试机构查询"
    return f"与市考试机构 {published.since.astimezone(CHINA).date()} 公布的是同一份"


def _judge(answer: Answer, proof_id: str, listed: Trust, at: datetime) -> None:
    published = queries.proof_list(at)
    if published is None:
        answer.status, answer.reason = "stale", "还没有公布培训证明失效名单，不能确认是否已被撤销，请稍后再查"
        return
    try:
        entries: dict[str, Any] = status.read(str(published.content["text"]).encode(), listed, kind="training_status")
    except Rejected as refusal:
        answer.status, answer.reason = "stale", f"公布的失效名单不能相信（{refusal}），请向省级机构报告"
        return
    answer.status_number = int(entries["number"])
    answer.status_issued_on = datetime.fromtimestamp(entries["issued_at"], CHINA).date().isoformat()
    answer.status = status.judge(entries, proof_id, int(at.timestamp()))
    listing = f"培训证明失效名单第 {answer.status_number} 期（{answer.status_issued_on}）"
    reasons = {"valid": f"有效，{listing}中没有它", "revoked": f"已列入{listing}，不再有效", "stale": f"{listing}已过更新时间，请稍后再查"}
    answer.reason = reasons[answer.status]
