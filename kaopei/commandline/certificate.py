"""`./run certificate check FILE|TEXT…`: verify certificates offline, from PDF, QR text or signed JSON."""

import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from kaopei.commandline import trust_files
from kaopei.commandline.words import Parser
from kaopei.parcel import certificate, status
from kaopei.parcel.rejected import Rejected
from kaopei.parcel.trust import Trust

CHINA = ZoneInfo("Asia/Shanghai")
STATUS = {"revoked": "撤销", "suspended": "暂停", "annulled": "作废", "superseded": "由新证代替"}


@dataclass
class Answer:
    """What is said of one certificate; `fields` are the signed ones, `qr` the text that its QR code carries."""

    file: str
    status: str
    holder: str
    reason: str
    fields: dict[str, Any] = field(default_factory=dict)
    qr: str = ""


def main(argv: list[str]) -> int:
    """check."""
    parser = Parser("certificate", zh="离线核验证书", en="check certificates offline")
    check = parser.words().add_parser(
        "check",
        zh="每张一行：valid、revoked、expired、stale 或 bad，持证人（遮盖），理由，以制表符分隔",
        en="a line each: valid, revoked, expired, stale or bad; holder (masked); reason",
    )
    what_zh, what_en = "证书 PDF、签名 JSON、二维码文本（或存有它的文件）", "PDF, signed JSON, QR text or a file of it"
    check.arg("items", nargs="+", metavar="FILE|TEXT", zh=what_zh, en=what_en)
    check.arg("--json", action="store_true", zh="输出 JSON：证书各字段和二维码文本", en="JSON: the fields and the QR text")
    check.arg("--status", type=Path, metavar="FILE", zh="状态名单 status.json；默认用信任名单旁边的", en="status list; else beside the trust list")
    trust_files.add_options(check)
    chosen = parser.parse_args(argv)
    sources = trust_files.sources(chosen)
    answers = [judge(item, sources, chosen.status) for item in chosen.items]
    if chosen.json:
        print(json.dumps([asdict(answer) for answer in answers], ensure_ascii=False, indent=1))
    else:
        for answer in answers:
            print(answer.status, answer.holder, answer.reason, sep="\t")
    return 0 if all(answer.status == "valid" for answer in answers) else 1


def judge(item: str, sources: trust_files.Sources, status_file: Path | None) -> Answer:
    """The answer for a file or a text."""
    path = None if item.startswith((certificate.PREFIX, "{")) else Path(item)
    begins = ""
    try:
        listed = sources.of(path)
        begins = trust_files.prefix(listed)
        data = item.encode("utf-8", "replace") if path is None else trust_files.read(path)
        facts, signed = certificate.read_any(data, listed)
        moment = _now(sources.data, listed)
        entries = _newest_status(status_file, sources.beside(path, "status.json", listed), listed)
        word, reason = _standing(facts, moment, entries)
    except Rejected as refusal:
        return Answer(trust_files.one_line(item), "bad", "", trust_files.one_line(f"{begins}{refusal}"))
    holder, said = certificate.masked(facts["name"]), trust_files.one_line(f"{begins}{reason}")
    return Answer(trust_files.one_line(item), word, trust_files.one_line(holder), said, facts, certificate.qr_text(signed))


def _newest_status(given: Path | None, known: list[Path], listed: Trust) -> dict[str, Any] | None:
    """The status list of the highest number; an older one that was given, and two of one number, are refused."""
    files = [*([given] if given else []), *known]
    lists = [(status.read(data, listed), data) for data in map(trust_files.read, files)]
    if not lists:
        return None
    newest, content = max(lists, key=lambda one: int(one[0]["number"]))
    if given and lists[0][0]["number"] < newest["number"]:
        old = lists[0][0]["number"]
        raise Rejected("status", f"给出的状态名单是第 {old} 期，手头已有第 {newest['number']} 期；旧名单会漏掉新近的撤销，请用最新一期")
    if any(one["number"] == newest["number"] and data != content for one, data in lists):
        raise Rejected("status", f"第 {newest['number']} 期状态名单有两个不同的版本；请向发证机构核对")
    return newest


def _standing(facts: dict[str, Any], moment: datetime, entries: dict[str, Any] | None) -> tuple[str, str]:
    """Status list first: a certificate that was revoked stays so when it has expired as well."""
    number = f"{facts['number']} {facts['subject']}"
    said = "未核对状态名单（没有 status.json）"
    word = "valid"
    if entries is not None:
        named = f"状态名单第 {entries['number']} 期（{_day(entries['issued_at'])}）"
        word = status.judge(entries, facts["cert_id"], int(moment.timestamp()))
        listing = "、".join(f"{_day(row['since'])} 起{STATUS[row['status']]}" for row in entries["entries"] if row["cert_id"] == facts["cert_id"])
        said = {"valid": f"{named}中无异常", "revoked": f"{listing}（{named}）", "stale": f"{named}已过期，请取得最新名单"}[word]
    if word != "revoked" and _date(facts["valid_to"]) < moment.astimezone(CHINA).date():
        return "expired", f"{number} 有效期至 {facts['valid_to']}，已过期；{said}"
    return word, f"{number} 有效期 {facts['valid_from']} 至 {facts['valid_to']}；{said}"


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as problem:
        raise Rejected("schema", f"证书上的日期 {text} 不存在") from problem


def _day(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, CHINA).date().isoformat()


def _now(data: Path, listed: Trust) -> datetime:
    """This moment; a rehearsal's own clock counts for a rehearsal's certificates only."""
    moment, clock = datetime.now(UTC), data / "clock.json"
    if listed.rehearsal and clock.is_file():
        try:
            moment += timedelta(seconds=int(json.loads(trust_files.read(clock))["offset_seconds"]))
        except (ValueError, KeyError, TypeError, OverflowError) as problem:
            raise Rejected("clock", f"演练时钟 {clock} 读不出") from problem
    return moment
