"""What examiners do: take a candidate, mark, sign, mark again with a reason, finish; and two persons who give a sheet up.

二（四） N2.4.3, 二（六） N2.6.2. An examiner says his marks without seeing anybody else's; a mark is acknowledged after its commit, and
`(attempt, examiner, seq)` is taken once. What was signed is never changed: a re-entry is a new version with its reason, and
both stay.
"""

import hashlib
import secrets
from collections.abc import Sequence
from typing import Any

import apsw

from kaopei.edge.console import Person, Problem, digest
from kaopei.edge.practical.sheets import (
    IN_FORCE,
    OPEN,
    SIGNED,
    Sheet,
    compared,
    examiner_id,
    marks,
    mine,
    refusal,
    settled,
    sheets,
    statement,
    tasks,
    wanted,
)
from kaopei.edge.server import Edge
from kaopei.edge.sitting import Attempt, Sitting, mark_chained, marks_seed
from kaopei.paper import codec, practical
from kaopei.paper.practical import Tally
from kaopei.parcel import approval, ids
from kaopei.parcel.keyfile import Signer

MOST_MARKS = 2000
SIGN = "practical.sign"
WAITS = ("signed_in", "seated")
Mark = tuple[int, str, int, int, int]  # seq, kind, task, step, value


class Conflict(Problem):
    """A number that was used for another mark, or marks with a gap: the page must ask where it stands."""


async def begin(edge: Edge, sitting: Sitting, attempt: Attempt, *, by: Person, device: str) -> Sheet:
    """Take a candidate: his sheet of this examiner, made once; the first examiner opens the attempt."""
    examiner = examiner_id(sitting, by)
    known = mine(edge, attempt, examiner)
    if known is not None:
        return known
    _may_begin(edge, sitting, attempt, by)
    salt, wall, first = secrets.token_bytes(16), edge.wall(), attempt.state in WAITS

    def job(connection: apsw.Connection) -> None:
        sql = "SELECT examiner, version, state FROM mark_sheet WHERE attempt_no = ?"
        rows: list[tuple[Any, ...]] = connection.execute(sql, (attempt.no,)).fetchall()
        if sum(state in IN_FORCE for _, _, state in rows) >= most:
            raise Problem("刚刚有另一名考评员开始评这名考生，人数已够。", "请刷新名单，选择别的考生。", "N2.4.3")
        version = max((number for who, number, _ in rows if who == examiner), default=0) + 1
        if first:
            sql = "UPDATE attempt SET state = 'open', salt = ?, opened_at = ?, code = NULL WHERE no = ? AND state IN ('signed_in', 'seated')"
            connection.execute(sql, (salt, wall, attempt.no))
            if connection.changes():
                body = {"attempt": attempt.attempt, "salt": salt.hex(), "seat": attempt.label, "lease": attempt.lease}
                edge.record.append(connection, "attempt.opened", by=by.mark, obj=f"attempt:{attempt.attempt}", body=body, private=True)
        connection.execute(
            "INSERT INTO mark_sheet (attempt_no, examiner, version, state, reason, device, began) VALUES (?, ?, ?, 'open', '', ?, ?)",
            (attempt.no, examiner, version, device, wall),
        )
        body = {"examiner": examiner, "version": version, "device": device}
        edge.record.append(connection, "practical.begun", by=by.mark, obj=f"attempt:{attempt.attempt}", body=body)

    most = wanted(edge, sitting, attempt)
    await edge.store.write(job)
    if first:
        edge.reload(attempt)
    made = mine(edge, attempt, examiner)
    assert made is not None
    return made


def _may_begin(edge: Edge, sitting: Sitting, attempt: Attempt, by: Person) -> None:
    if sitting.state != "running":
        raise Problem("本场还没有打铃，或已经收场，不能评分。", "请按考试安排进行。", "N2.4.3")
    why = refusal(sitting, attempt, by)
    if why:
        raise Problem(why, "请从名单中选择可以评分的考生。", "N2.4.7", 403)
    if attempt.state not in (*WAITS, "open"):
        raise Problem("这名考生没有签到，或已经结束。", "没签到的，请先在“签到”页核对证件、签到。", "N3.2.4")
    tasks(sitting, attempt)
    if sum(one.state in IN_FORCE for one in sheets(edge, attempt)) >= wanted(edge, sitting, attempt):
        raise Problem("这名考生的考评员已经够了。", "请选择别的考生；两人评分不一致时，名单上会写明需要另一名考评员。", "N2.4.3")


async def save(edge: Edge, sitting: Sitting, attempt: Attempt, *, by: Person, version: int, taken: Sequence[Mark]) -> int:
    """Take marks that continue this examiner's numbers, once each; the number of the last one that is on the disk."""
    examiner, wall, drawn = examiner_id(sitting, by), edge.wall(), tasks(sitting, attempt)
    if not all(practical.fits(drawn, kind, task, step, value) for _, kind, task, step, value in taken):
        raise Problem("扣分超过了这一步的配分，或没有这一步、这一步不是否决项。", "请刷新页面后重新打分。", status=400)

    def job(connection: apsw.Connection) -> int:
        rows: list[tuple[Any, ...]] = connection.execute(
            "SELECT seq, kind, task, step, value, chain FROM mark_event WHERE attempt_no = ? AND examiner = ? ORDER BY seq", (attempt.no, examiner)
        ).fetchall()
        known = {row[0]: row[:5] for row in rows}
        fresh = [one for one in taken if one[0] not in known]
        if any(known[one[0]] != one for one in taken if one[0] in known):
            raise Conflict("这些序号已经用于别的打分：同一张评分表可能在另一台平板上打开过。", "页面会重新取得已保存的评分，再补上没有保存的。")
        if not fresh:
            return len(rows)
        _takes(connection, attempt, examiner, version)
        if [one[0] for one in fresh] != list(range(len(rows) + 1, len(rows) + 1 + len(fresh))):
            raise Conflict("打分的序号不连续。", "页面会重新取得已保存的评分，再补上没有保存的。")
        if len(rows) + len(fresh) > MOST_MARKS:
            raise Problem("这张评分表的记录数超过上限。", "请联系系统管理员。", status=429)
        _write(edge, connection, attempt, examiner, version, bytes(rows[-1][5]) if rows else b"", fresh, wall)
        return len(rows) + len(fresh)

    return int(await edge.store.write(job))


def _takes(connection: apsw.Connection, attempt: Attempt, examiner: str, version: int) -> None:
    """Marks are taken by an unsigned sheet of an open attempt only."""
    sql = "SELECT 1 FROM mark_sheet JOIN attempt ON no = attempt_no WHERE attempt_no = ? AND examiner = ? AND version = ?"
    if not connection.execute(f"{sql} AND mark_sheet.state = 'open' AND attempt.state = 'open'", (attempt.no, examiner, version)).fetchall():
        raise Problem("这张评分表已经签名、作废，或考生已经结束，没有再收打分。", "需要更正的，请用“说明原因，重新录入”。", "N2.6.2")


def _write(
    edge: Edge, connection: apsw.Connection, attempt: Attempt, examiner: str, version: int, head: bytes, fresh: Sequence[Mark], wall: int
) -> None:
    head, lines, rows = head or marks_seed(attempt.attempt, examiner, attempt.salt), [], []
    for seq, kind, task, step, value in fresh:
        head = mark_chained(head, attempt.attempt, examiner, (seq, version, kind, task, step, value))
        lines.append(f"{attempt.attempt}|{examiner}|{seq}|{head.hex()}\n")
        rows.append((attempt.no, examiner, seq, version, kind, task, step, value, head, wall))
    body = {"examiner": examiner, "version": version, "events": len(rows), "digest": hashlib.sha256("".join(lines).encode()).hexdigest()}
    entry = edge.record.append(connection, "practical.marked", by="edge", obj=f"attempt:{attempt.attempt}", body=body)
    connection.executemany(
        "INSERT INTO mark_event (attempt_no, examiner, seq, version, kind, task, step, value, chain, wall, entry)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", [(*row, entry) for row in rows],
    )  # fmt: skip


async def sign(
    edge: Edge, sitting: Sitting, attempt: Attempt, *, by: Person, version: int, shown: tuple[int, int, bool], signer: Signer | None
) -> Sheet:
    """An examiner signs what his page shows: (number of the last mark, score, veto). Without gaps, with his own key.

    Only a rehearsal does without a key (`signer` None): a PIN logs in and never signs.
    """
    sheet = mine(edge, attempt, examiner_id(sitting, by))
    if sheet is None or (sheet.state, sheet.version) != (OPEN, version):
        raise Problem("这张评分表已经签名，或没有开始。", "请刷新后查看。", "N2.6.2")
    said, last = marks(edge, attempt, sheet.examiner, version)
    gaps = practical.missing(tasks(sitting, attempt), said)
    if gaps:
        raise Problem(f"还有 {len(gaps)} 步没有打分，例如任务 {gaps[0][0]} 第 {gaps[0][1]} 步。", "每一步都要打分；不扣分的按“不扣”。", "N2.6.2", 400)
    content, found = statement(sitting, attempt, sheet, said)
    if shown != (last, found.score, found.fails):
        raise Conflict("页面上的评分与服务器保存的不一致，没有签名。", "请等未送出的打分保存后核对总分，再签名。")
    if signer is None and not edge.trust.rehearsal:
        raise Problem("座次包里没有您的签名密钥，不能签名。", "请考点负责人联系中心，在座次包中登记考评员的签名密钥。", "N2.4.3", 403)
    text, record = codec.canonical(content), ""
    if signer is not None:
        record = codec.canonical(_approved(edge, attempt, version, text, signer)).decode()
    wall, body = edge.wall(), {"examiner": sheet.examiner, "version": version, "digest": edge.trust.algorithms.hash(text).hex()}

    def job(connection: apsw.Connection) -> None:
        sql = "SELECT coalesce(max(seq), 0) FROM mark_event WHERE attempt_no = ? AND examiner = ?"
        ((most,),) = connection.execute(sql, (attempt.no, sheet.examiner))
        place = edge.record.append(connection, "practical.signed", by=by.mark, obj=f"attempt:{attempt.attempt}", body=body)
        connection.execute(
            "UPDATE mark_sheet SET state = 'signed', statement = ?, signature = ?, signed_at = ?, place = ?"
            " WHERE attempt_no = ? AND examiner = ? AND version = ? AND state = 'open'",
            (text.decode(), record, wall, place, attempt.no, sheet.examiner, version),
        )
        if not connection.changes() or most != last:
            raise Conflict("签名时又收到了打分，没有签名。", "请核对后重新签名。")

    await edge.store.write(job)
    made = mine(edge, attempt, sheet.examiner)
    assert made is not None
    return made


def _approved(edge: Edge, attempt: Attempt, version: int, text: bytes, signer: Signer) -> dict[str, Any]:
    """The signed record; the machine is the requester, as of a closing slip."""
    now, shown = edge.wall(), edge.trust.algorithms.hash(text).hex()
    made = approval.make(edge.trust, SIGN, attempt.attempt, version, shown, edge.settings.serial, signer, "examiner", ids.nonce(), now + 86_400, now)
    return dict(made)


async def give_up(edge: Edge, attempt: Attempt, examiner: str, *, reason: str, by: Person, second: Person) -> None:
    """Two persons take an unsigned sheet out of force, so that another examiner may go on; its marks stay as evidence."""

    def job(connection: apsw.Connection) -> None:
        sql = "UPDATE mark_sheet SET state = 'released', reason = ? WHERE attempt_no = ? AND examiner = ? AND state = 'open' RETURNING version"
        rows = connection.execute(sql, (reason, attempt.no, examiner)).fetchall()
        if not rows:
            raise Problem("这张评分表已经签名，或没有这张评分表。", "请刷新后查看。")
        body = {"examiner": examiner, "version": rows[0][0], "reason_digest": digest(reason), "second": second.mark}
        edge.record.append(connection, "practical.released", by=by.mark, obj=f"attempt:{attempt.attempt}", body=body)

    await edge.store.write(job)


async def reenter(edge: Edge, sitting: Sitting, attempt: Attempt, *, reason: str, by: Person) -> Sheet:
    """A signed sheet was wrong: its examiner begins the next version from it, with a reason; both versions stay."""
    examiner, wall = examiner_id(sitting, by), edge.wall()
    before = mine(edge, attempt, examiner)
    if before is None or before.state != SIGNED or attempt.state != "open":
        raise Problem("没有可以重新录入的评分：还没有签名，或考生已经结束。", "已结束的，成绩更正走中心的成绩复核。", "N2.6.2")
    body = {"examiner": examiner, "version": before.version + 1, "reason_digest": digest(reason), "seen": compared(edge, sitting, attempt)}

    def job(connection: apsw.Connection) -> None:
        where = (attempt.no, examiner, before.version)
        sql = "UPDATE mark_sheet SET state = 'replaced' WHERE attempt_no = ? AND examiner = ? AND version = ? AND state = 'signed'"
        connection.execute(sql, where)
        if not connection.changes():
            raise Problem("这张评分表刚刚有变动。", "请刷新后重试。")
        connection.execute(
            "INSERT INTO mark_sheet (attempt_no, examiner, version, state, reason, device, began) VALUES (?, ?, ?, 'open', ?, ?, ?)",
            (attempt.no, examiner, before.version + 1, reason, before.device, wall),
        )
        edge.record.append(connection, "practical.reentered", by=by.mark, obj=f"attempt:{attempt.attempt}", body=body)

    await edge.store.write(job)
    made = mine(edge, attempt, examiner)
    assert made is not None
    return made


async def finish(edge: Edge, sitting: Sitting, attempt: Attempt, *, by: Person) -> Tally:
    """The examiners agree: the attempt ends, and from here only the exam body can correct anything."""
    found = settled(edge, sitting, attempt)
    if attempt.state != "open" or found is None or not compared(edge, sitting, attempt):
        todo = "没签名的请签名；不一致的，请另一名考评员评分，或说明原因重新录入。"
        raise Problem("还不能结束：评分没有都签名，或考评员还没有一致。", todo, "N2.6.2")
    edge.reload(attempt)
    await edge.close_attempt(sitting, attempt, "staff", by.mark)
    return found
