"""Handing out a small file, asking for a large one, taking it, forgetting it."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime

from kaopei.law.verdict import refuse
from kaopei.office import ids, keys, scope
from kaopei.office.accounts.roles import Actor
from kaopei.office.approvals import actions as approvals
from kaopei.office.audit.record import event, records, refusals
from kaopei.office.exports import queries
from kaopei.office.exports.models import Export
from kaopei.office.refused import Refused
from kaopei.parcel import approval
from kaopei.parcel.rejected import Rejected

# A rule of this system, not of the notice.
CLAUSE = ""
MOST_BYTES = 128 * 1024 * 1024
attempts = refusals("exports.refused", lambda row, **_: (f"export:{row.ulid}", row.city))


@dataclass(frozen=True)
class File:
    """What is to be taken away: kind `app.what`, object `kind:number`, how many rows about people, and the bytes."""

    kind: str
    object: str
    title: str
    rows: int
    name: str
    media_type: str
    content: bytes


def _made(file: File, reason: str, by: Actor, at: datetime) -> Export:
    """The row of an export, refused without a reason, without rows, or too big to be one."""
    reason = reason.strip()
    if len(reason) < 5:
        raise Refused(refuse(CLAUSE, "请写明导出的用途（至少五个字）：给谁、做什么。用途加密保存，审计员可以查看。", "reason"))
    if len(reason) > 500:
        raise Refused(refuse(CLAUSE, "导出的用途请写在五百字以内。", "reason"))
    if file.rows < 1:
        raise Refused(refuse(CLAUSE, "没有可以导出的人员。", "none"))
    if len(file.content) > MOST_BYTES:
        raise Refused(refuse(CLAUSE, f"文件超过 {MOST_BYTES >> 20} MB，请分场次或分机构导出。", "size"))
    return Export(
        ulid=ids.ulid(at), city=scope.city_of(by.city), kind=file.kind, object=file.object, title=file.title[:200], rows=file.rows,
        name=file.name, media_type=file.media_type, size=len(file.content), digest=hashlib.sha256(file.content).hexdigest(),
        reason=reason, requester=by.username, asked_at=at,
    )  # fmt: skip


@records("exports.taken", act="exports.take")
def hand_out(file: File, *, reason: str, by: Actor, at: datetime) -> Export:
    """A few rows, for one person, at once."""
    if file.rows > queries.ALONE:
        raise Refused(refuse(CLAUSE, f"超过 {queries.ALONE} 人的导出须由第二人审批。", "two"))
    row = _made(file, reason, by, at)
    row.taken_at = at
    row.save()
    event(obj=f"export:{row.ulid}", city=row.city, kind=row.kind, of=row.object, rows=row.rows, sha256=row.digest)
    return row


@records("exports.asked", act="exports.take")
def ask(file: File, *, reason: str, by: Actor, at: datetime) -> Export:
    """Many rows: the file is made now and kept encrypted; a second person signs what it is, its digest and what for."""
    row = _made(file, reason, by, at)
    row.content = file.content
    row.save()
    approvals.request(
        action=queries.ACTION, object=f"export:{row.ulid}", content=queries.said(row), title=f"导出 {row.rows} 人：{row.title}"[:200],
        approve_act="exports.approve", url=f"/exports/{row.ulid}/", is_personal=True, by=by, at=at,
    )  # fmt: skip
    event(obj=f"export:{row.ulid}", city=row.city, kind=row.kind, of=row.object, rows=row.rows, sha256=row.digest)
    return row


@attempts
@records("exports.taken", act="exports.take")
def take(row: Export, *, by: Actor, at: datetime) -> bytes:
    """The bytes that were agreed to, for the person who asked, while they can be taken."""
    held = Export.objects.select_for_update().get(pk=row.pk)
    if held.requester != by.username:
        raise Refused(refuse(CLAUSE, "只有申请人本人可以取走导出的文件。", "self"))
    now = queries.state(held, at)
    if now.word != "granted" or held.content is None:
        raise Refused(refuse(CLAUSE, f"该导出{now.zh}，不能下载。需要时请回到原页面重新申请。", "state"))
    content = bytes(held.content)
    if hashlib.sha256(content).hexdigest() != held.digest:
        raise Refused(refuse(CLAUSE, "保存的文件与签署的摘要不符，没有交出。请报告安全管理员。", "digest"))
    _signed(held)
    held.taken_at = at
    held.save(update_fields=["taken_at"])
    event(obj=f"export:{held.ulid}", city=held.city, kind=held.kind, of=held.object, rows=held.rows, sha256=held.digest)
    return content


@records("exports.forgotten", act="exports.forget")
def forget(row: Export, *, by: Actor, at: datetime) -> None:
    """What can no longer be taken is not kept; the row, the digest and the reason stay."""
    Export.objects.filter(pk=row.pk).update(content=None)
    event(obj=f"export:{row.ulid}", city=row.city, sha256=row.digest)


def _signed(row: Export) -> None:
    """The approval covers exactly this row as it stands now, and the signature under it holds."""
    asked, exact = queries.approval(row), queries.said(row)
    if bytes(asked.content) != exact:
        raise Refused(refuse(CLAUSE, "导出记录与签署的内容不符，没有交出。请报告安全管理员。", "digest"))
    known, signed = keys.trust(), list(asked.signatures.filter(agrees=True))
    if not signed:
        raise Refused(refuse(CLAUSE, "第二人的签名核对不符：没有签名。", "signature"))
    for one in signed:
        try:
            approval.check(
                json.loads(one.record), known, action=queries.ACTION, object=asked.object, digest=asked.digest, rev=asked.rev,
                at=int(one.at.timestamp()),
            )  # fmt: skip
        except Rejected as problem:
            raise Refused(refuse(CLAUSE, f"第二人的签名核对不符：{problem}", "signature")) from None
