"""Is this certificate real, and does it hold today? Answered from the signature, the status list and the public register.

Only keys of the installation's trust list are believed. The answer names no one: the holder is masked as on the public register.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from kaopei.center.publication import queries
from kaopei.center.publication.queries import Published
from kaopei.law.rules.c2_6_certificates import state_on
from kaopei.office.clock import CHINA
from kaopei.parcel import certificate, status
from kaopei.parcel.rejected import Rejected
from kaopei.parcel.trust import Trust

# The fields that stand on the paper, in its order; the name only masked, the last four of the identity number not at all.
FIELDS = (
    "number", "holder", "subject", "category", "kind", "issued_on", "valid_from", "valid_to", "review_by", "previous", "cert_id",
)  # fmt: skip
WORDS = {
    "valid": ("有效", "Valid", "good"),
    "review_overdue": ("逾期未复审", "Review overdue", "bad"),
    "expired": ("已过有效期", "Expired", "bad"),
    "revoked": ("已失效", "No longer valid", "bad"),
    "stale": ("状态待核对", "Status to be checked", "wait"),
    "bad": ("不能相信", "Not to be believed", "bad"),
    "unknown": ("查无此证", "Nothing found", "wait"),
}


@dataclass
class Answer:
    """`status`: valid, review_overdue, expired, revoked, stale, bad or unknown. `notes` say what was looked at."""

    status: str
    reason: str
    holder: str = ""
    fields: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    trust_version: int = 0
    status_number: int = 0
    status_issued_on: str = ""
    rehearsal: bool = False
    signed: bool = False

    @property
    def words(self) -> tuple[str, str, str]:
        """The status for people: Chinese, English, and whether it is good, bad or wait."""
        return WORDS[self.status]


def check(data: bytes, listed: Trust, at: datetime) -> Answer:
    """The answer for a PDF, a signed JSON or a QR text, whoever sent it."""
    answer = Answer("bad", "", trust_version=listed.version, rehearsal=listed.rehearsal)
    data = data if data.startswith(b"%PDF-") else _plain(data)
    if not data:
        answer.reason = "没有内容。请选择证书的 PDF 文件，或粘贴二维码的内容。"
        return answer
    try:
        facts, signed = certificate.read_any(data, listed)
    except Rejected as refusal:
        answer.reason = _why(data, refusal)
        return answer
    answer.signed, answer.fields = True, _facts(facts)
    answer.holder = answer.fields["holder"]
    answer.notes.append(f"签发密钥在信任名单第 {listed.version} 版中有效，证书内容与签名一致")
    published = queries.certificate(str(facts["cert_id"]), at)
    answer.notes.append(_registered(published, signed))
    _judge(answer, listed, at)
    return answer


def look_up(number: str, listed: Trust, at: datetime) -> Answer:
    """The answer for a number that somebody typed: what is public, not whether the paper in his hand is the real one."""
    answer = Answer("unknown", "", trust_version=listed.version, rehearsal=listed.rehearsal)
    published = queries.certificate("".join(number.split()), at)
    if published is None:
        answer.reason = "公开的证书里没有这个编号。请核对编号；新证书签发后要等市考试机构公布，纸上有二维码的请扫码核验。"
        return answer
    answer.fields = {name: published.content.get(name) or "" for name in FIELDS}
    answer.holder = answer.fields["holder"]
    answer.notes.append(f"市考试机构 {published.since.astimezone(CHINA).date()} 公布（第 {published.version} 版）")
    answer.notes.append("只按编号查询：请逐项对照手中的证书；要确认证书本身没有改动，请上传 PDF 或粘贴二维码内容")
    _judge(answer, listed, at)
    return answer


def _plain(data: bytes) -> bytes:
    """A pasted text: without the blanks and line ends that mail programs and people put around or into a QR text."""
    text = data.strip()
    return b"".join(text.split()) if text.startswith(certificate.PREFIX.encode()) else text


def _why(data: bytes, refusal: Rejected) -> str:
    """What is wrong and what to do; a file of another kind is said to be one."""
    known = data.startswith((b"%PDF-", b"{", certificate.PREFIX.encode()))
    if not known:
        return "这不是证书：应是本系统签发的 PDF、签名 JSON，或以 KP1: 开头的二维码内容。请检查是否选错了文件。"
    said = str(refusal).rstrip("。")
    return f"{said}。" if "请" in said else f"{said}。请向持证人索取原件，或向发证的市考试机构查询。"


def _facts(facts: dict[str, Any]) -> dict[str, Any]:
    known = facts | {"holder": certificate.masked(str(facts["name"]))}
    return {name: known.get(name) or "" for name in FIELDS}


def _registered(published: Published | None, signed: bytes) -> str:
    if published is None:
        return "公开的证书里还没有这一张：签名有效，但尚未由市考试机构公布或已撤下"
    if published.content["digest"] != hashlib.sha256(signed).hexdigest():
        return "公开的证书里有这个编号，但签名文件与公布的不是同一份，请向市考试机构查询"
    return f"与市考试机构 {published.since.astimezone(CHINA).date()} 公布的是同一份"


def _judge(answer: Answer, listed: Trust, at: datetime) -> None:
    """Status list first: what was revoked stays so, expired or not."""
    revoked, current = _by_list(answer, listed, at)
    valid_to, review_by = (_date(answer.fields[name]) for name in ("valid_to", "review_by"))
    if valid_to is None:
        answer.status, answer.reason = "bad", "证书上没有可读的有效期"
        return
    today = at.astimezone(CHINA).date()
    answer.status = state_on(valid_to, review_by or valid_to, today, today if revoked else None)
    term = f"有效期 {answer.fields['valid_from']} 至 {answer.fields['valid_to']}"
    reasons = {
        "revoked": f"已列入证书状态名单第 {answer.status_number} 期，不再有效",
        "expired": f"{term}，已过期",
        "review_overdue": f"{term}，应于 {answer.fields['review_by']} 前复审",
        "valid": term,
    }
    answer.reason = reasons[answer.status]
    if answer.status == "valid" and not current:
        answer.status = "stale"
        answer.reason += "；没有最新的证书状态名单，不能确认是否已被撤销，请稍后再查"


def _by_list(answer: Answer, listed: Trust, at: datetime) -> tuple[bool, bool]:
    """(revoked, the list is current) by the newest published list."""
    published = queries.status_list(at)
    if published is None:
        answer.notes.append("还没有公布证书状态名单")
        return False, False
    try:
        entries = status.read(str(published.content["text"]).encode(), listed)
    except Rejected as refusal:
        answer.notes.append(f"公布的证书状态名单不能相信（{refusal}）")
        return False, False
    answer.status_number = int(entries["number"])
    answer.status_issued_on = datetime.fromtimestamp(entries["issued_at"], CHINA).date().isoformat()
    word = status.judge(entries, str(answer.fields["cert_id"]), int(at.timestamp()))
    listing = f"证书状态名单第 {answer.status_number} 期（{answer.status_issued_on}）"
    answer.notes.append({"valid": f"{listing}中无异常", "revoked": f"已列入{listing}", "stale": f"{listing}已过更新时间"}[word])
    return word == "revoked", word != "stale"


def _date(text: Any) -> date | None:
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        return None
