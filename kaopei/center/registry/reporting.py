"""一（二） What a written report must say and bring along, before anybody takes it; nothing here changes anything."""

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.apps import apps

from kaopei.center.registry.models import Attachment, WrittenReport
from kaopei.law import operations
from kaopei.law.verdict import Verdict, allow, refuse
from kaopei.office.accounts.roles import Actor

Kind = WrittenReport.Kind
CLAUSES = {Kind.FIRST: "N1.2.1", Kind.SCOPE: "N1.2.2", Kind.CHANGE: "N1.2.7", Kind.DEREGISTRATION: "N1.2.8"}
ABOUT = ("name", "district", "address", "phone", "website")
LABELS = {
    "name": "名称", "kind": "类别", "district": "所在区县", "address": "地址", "phone": "联系电话", "website": "网址", "scope": "业务范围",
    "plan": "学员去向",
}  # fmt: skip
CODE_LENGTH = 18
# Ours, not the law's: a scanned report of a hundred pages stays far below.
MOST_BYTES, MOST_FILES = 20 * 1024 * 1024, 10
# How each accepted type begins and how it ends: a scan that was cut off in transfer has no end.
TYPES = {
    "application/pdf": (b"%PDF-", b"%%EOF"),
    "image/jpeg": (b"\xff\xd8\xff", b"\xff\xd9"),
    "image/png": (b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82"),
}
TAIL = 2048


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it was handed in."""

    name: str
    content: bytes

    @property
    def digest(self) -> str:
        """SHA-256, hex."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def media_type(self) -> str:
        """By its first bytes, whatever the name says; empty if none of ours."""
        return next((kind for kind, (head, _) in TYPES.items() if self.content.startswith(head)), "")


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A class that is not closed yet, and how many trainees it has."""

    number: str
    trainees: int


def unfinished(city: str, code: str) -> list[Unfinished]:
    """Open classes of an institution: asked of every app that knows of some (`AppConfig.unfinished(city, code)`)."""
    found = []
    for config in apps.get_app_configs():
        ask = getattr(config, "unfinished", None)
        found += [Unfinished(*one) for one in ask(city, code)] if ask else []
    return found


def road_out(rows: Sequence[Unfinished]) -> str:
    """What somebody who wants to stop must do first."""
    listed = "、".join(f"{row.number}（{row.trainees} 人）" for row in rows[:8]) + ("等" if len(rows) > 8 else "")
    return (
        f"还有 {len(rows)} 个班、{sum(row.trainees for row in rows)} 名学员没有结束：{listed}。"
        "办法：一、把班办完并结班；二、或把学员转到已登记且业务范围相同的机构，由接收机构报名入班后，本班结班。全部结班后再办注销"
    )


def check_files(files: Sequence[Upload], clause: str) -> Verdict:
    """Number, size, type and wholeness of what came with a report or an exception."""
    if not files:
        return refuse(clause, "请上传盖章的书面材料（PDF、JPG 或 PNG）。", "no_file")
    if len(files) > MOST_FILES:
        return refuse(clause, f"一次至多 {MOST_FILES} 个文件，现在有 {len(files)} 个，请合并后再传。", "too_many_files")
    for file in files:
        if not file.content:
            return refuse(clause, f"“{file.name}”是空文件，请重新选择。", "file_empty")
        if len(file.content) > MOST_BYTES:
            return refuse(clause, f"“{file.name}”超过 {MOST_BYTES // 1024 // 1024} MB，请压缩或分成几个文件。", "file_too_big")
        if not file.media_type:
            return refuse(clause, f"“{file.name}”不是 PDF、JPG 或 PNG（按内容判断，不看扩展名），请另存后再传。", "file_type")
        if TYPES[file.media_type][1] not in file.content[-TAIL:]:
            return refuse(clause, f"“{file.name}”不完整（没有文件结尾），可能没有传完，请重新扫描或重新上传。", "file_cut")
    if len({file.digest for file in files}) < len(files):
        return refuse(clause, "有两个文件内容完全相同，请核对是否选错。", "file_twice")
    return allow()


def tidy(kind: str, said: Mapping[str, Any]) -> dict[str, Any]:
    """Only what a report of this kind is about; blanks around words, empty fields and repeated operations are left out."""
    names = {
        Kind.FIRST: (*ABOUT, "kind", "scope"), Kind.SCOPE: ("scope",), Kind.CHANGE: ABOUT, Kind.DEREGISTRATION: ("plan",),
    }[Kind(kind)]  # fmt: skip
    found: dict[str, Any] = {}
    for name in names:
        if name == "scope":
            found[name] = sorted({operations.canonical(one) for one in said.get("scope", ())} - {""})
        elif str(said.get(name, "")).strip():
            found[name] = str(said[name]).strip()
    return found


def check_said(kind: str, code: str, said: Mapping[str, Any], *, is_registered: bool, was_listed: bool) -> Verdict:
    """Whether a report of this kind makes sense of this body now, and says what it must."""
    clause = CLAUSES[Kind(kind)]
    if len(code) != CODE_LENGTH or not code.isalnum():
        return refuse(clause, f"统一社会信用代码应为 {CODE_LENGTH} 位，现在是“{code}”。", "code")
    if kind == Kind.FIRST and is_registered:
        return refuse(clause, "本市登记里已有该机构，不能再作首次报告；请报“业务范围”或“信息变更”。", "registered_already")
    if kind != Kind.FIRST and not is_registered:
        road = "请先作首次书面报告。" if not was_listed else "该机构已不在登记名单，恢复业务请重新作首次书面报告。"
        return refuse(clause, f"本市登记里没有该机构。{road}", "not_registered")
    missing = [LABELS[name] for name in ("name", "address", "phone") if kind == Kind.FIRST and name not in said]
    if kind == Kind.FIRST and said.get("kind") == "platform" and "website" not in said:
        missing.append(LABELS["website"])
    if missing:
        return refuse(clause, f"请填写：{'、'.join(missing)}。", "incomplete")
    if kind in (Kind.FIRST, Kind.SCOPE) and not said.get("scope"):
        return refuse(clause, "请选择至少一个业务范围（操作项目）。", "no_scope")
    unknown = [one for one in said.get("scope", ()) if operations.find(one) is None]
    if unknown:
        return refuse(clause, f"目录里没有这些操作项目：{'、'.join(unknown)}，请按目录名称填写。", "operation_unknown")
    if kind == Kind.CHANGE and not said:
        return refuse(clause, "没有填写任何变更的内容。", "nothing_said")
    return allow()


def digest(kind: str, code: str, said: Mapping[str, Any], changed_on: dt.date, files: Sequence[Upload]) -> str:
    """Of the whole report: the same report handed in twice is one."""
    whole = [kind, code, dict(said), changed_on.isoformat(), sorted(file.digest for file in files)]
    return hashlib.sha256(json.dumps(whole, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def attach(obj: str, city: str, files: Sequence[Upload], by: Actor, at: dt.datetime) -> None:
    """Keep files, encrypted, beside what they belong to."""
    for file in files:
        Attachment.objects.create(
            city=city, obj=obj, name=file.name[:200], media_type=file.media_type, size=len(file.content), digest=file.digest,
            content=file.content, added_by=by.username, added_at=at,
        )  # fmt: skip
