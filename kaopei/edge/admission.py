"""Into the room and onto a seat: sign-in at the desk, one-time start codes, the terminal's lease, the opened attempt.

No passwords: staff compare face, document and list; a code of six digits, good once and at one seat, joins the person to
a terminal. Wrong codes make that seat wait some seconds; nothing at one seat can hold up another.
"""

import asyncio
import hashlib
import hmac
import secrets
from contextlib import suppress
from typing import Any

import apsw

from kaopei.edge import receipts
from kaopei.edge.console import Person, Problem, digest
from kaopei.edge.server import Edge
from kaopei.edge.sitting import HOLDS_SEAT, Attempt, Sitting, chain_seed
from kaopei.edge.store import NotSaved
from kaopei.edge.words import REFUSALS, STATES, states

CODE_DIGITS = 6
# What the QR of an admission ticket holds before the number.
SCANNED = "KAOPEI/T/"
FREE_WRONG_CODES = 2
PAUSE_STEP, LONGEST_PAUSE = 3.0, 15.0
# Setting of the seating `sign_in_lead_minutes`; this where the center entered none.
SIGN_IN_LEAD_MINUTES = 60


# ---- when
def late_limit(sitting: Sitting) -> int | None:
    """Unix time after which nobody comes in any more: the sealed window, or an earlier limit that the center entered."""
    window = sitting.manifest.get("window")
    if not window:
        return None
    limit = int(window["start_latest"])
    minutes = sitting.seating.get("numbers", {}).get("late_minutes")
    if isinstance(minutes, int) and minutes >= 0:
        limit = min(limit, int(window["start_earliest"]) + 60 * minutes)
    return limit


def too_late(edge: Edge, sitting: Sitting) -> bool:
    """Nobody is late before the bell, however late the bell is."""
    limit = late_limit(sitting)
    return sitting.state == "running" and limit is not None and edge.token_time(sitting) > limit


def _check_time(edge: Edge, sitting: Sitting) -> None:
    if sitting.state not in ("imported", "opened", "running"):
        raise Problem("本场已经收场，不能再签到。", "请核对场次。", "N2.4.3")
    window = sitting.manifest.get("window")
    if not window:
        raise Problem("本场还没有试卷密封包，不能签到。", "请先在“收包”页收入密封包。", "N2.4.3")
    lead = sitting.seating.get("numbers", {}).get("sign_in_lead_minutes", SIGN_IN_LEAD_MINUTES)
    opens = int(window["start_earliest"]) - 60 * (lead if isinstance(lead, int) else SIGN_IN_LEAD_MINUTES)
    if edge.token_time(sitting) < opens:
        raise Problem(f"签到从 {receipts.time_text(opens)} 开始。", "请核对日期和场次，到时再签到。", "N3.2.6")
    if too_late(edge, sitting):
        limit = receipts.time_text(late_limit(sitting))
        raise Problem(
            f"已过迟到时限（{limit}），不能入场。", "请登记“不予入场”，原因选“迟到超过规定时间”，并告诉考生补考办法。", "N2.4.3"
        )


# ---- who
def find(edge: Edge, sitting: Sitting, ticket_no: str) -> Attempt:
    """The candidate of a ticket number, typed in groups or scanned; says where he belongs if it is not this sitting."""
    wanted = "".join(ticket_no.split()).upper().removeprefix(SCANNED)
    if not wanted:
        raise Problem("没有准考证号。", "请扫描或输入准考证号。", status=400)
    for one in (sitting, *edge.sittings.values()):
        for attempt in one.attempts.values():
            if one.people[attempt.attempt]["ticket_no"].upper() != wanted:
                continue
            if one is sitting:
                return attempt
            exam = one.seating["exam"]
            when = f"{exam.get('date', '')} {exam.get('start', '')}".strip()
            raise Problem(
                f"这名考生不是本场的，他在场次 {one.sitting_id}（{when}），{attempt.room} {attempt.seat} 号。",
                "请按准考证上的时间和考场引导。", "N2.4.3", 404,
            )  # fmt: skip
    raise Problem(
        "本考试点没有这个准考证号。", "请核对号码；号码无误的，请看准考证上的考试点名称，引导到该考试点或联系市考试机构。", "N3.2.1b", 404
    )


def check_room(attempt: Attempt, room: str) -> None:
    """A desk serves one room (or, left empty, the whole site)."""
    if room and room != attempt.room:
        raise Problem(f"走错考场：他的座位在 {attempt.room} {attempt.seat} 号。", f"请引导到 {attempt.room} 签到。", "N3.2.6")


def check_identity(sitting: Sitting, attempt: Attempt, *, id_last4: str, checked: bool, room: str) -> None:
    """What a person at the desk must have compared before a candidate may come in."""
    check_room(attempt, room)
    if id_last4.strip().upper() != sitting.person(attempt)["id_last4"].upper():
        raise Problem(
            "证件末四位与名单不符。", "请再核对证件；确实不符的，登记“不予入场”并报告市考试机构。", "N3.2.1a", 409
        )
    if not checked:
        raise Problem("还没有确认人证相符。", "请对照证件、本人和照片，相符后勾选再签到。", "N3.2.4", 400)


# ---- acts
class _Changed(Exception):
    """Somebody else was faster; nothing was written."""


def _update(connection: apsw.Connection, sql: str, values: tuple[Any, ...]) -> None:
    connection.execute(sql, values)
    if connection.changes() != 1:
        raise _Changed


def _fresh_code(connection: apsw.Connection) -> str:
    while True:
        code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"
        if connection.execute("SELECT 1 FROM attempt WHERE code = ?", (code,)).fetchone() is None:
            return code


async def sign_in(edge: Edge, sitting: Sitting, attempt: Attempt, *, by: Person) -> str:
    """Sign a candidate in and give his start code; asked again, the same code again."""
    if attempt.state in ("signed_in", "seated", "open") and attempt.code:
        return attempt.code
    if attempt.state in ("signed_in", "seated", "open", "handed_in"):
        raise Problem(f"这名考生{states(sitting.practical)[attempt.state]}，不能重复签到。", "终端需要重新登录时，请用“重发开考码”。")
    if attempt.state == "refused":
        raise Problem(f"这名考生已登记不予入场：{attempt.reason}", "登记有误的，由负责人和另一人在签到页撤回；有异议请联系市考试机构。", "N2.4.3")
    _check_time(edge, sitting)
    holder = sitting.at(attempt.label)
    if holder and holder is not attempt and holder.state in HOLDS_SEAT:
        raise Problem(f"{attempt.label} 号机位已有别的考生在用。", "请在监考页先给这名考生换一个空机位，再签到。")
    late = sitting.state == "running"

    def job(connection: apsw.Connection) -> str:
        code = _fresh_code(connection)
        _update(
            connection,
            "UPDATE attempt SET state = 'signed_in', late = ?, code = ?, code_wrong = 0, lease = lease + 1, reason = ''"
            " WHERE no = ? AND state IN ('expected', 'absent')",
            (int(late), code, attempt.no),
        )
        return code

    body = {"seat": attempt.label, "late": late}
    try:
        code = await edge.act("admission.signed_in", by=by.mark, obj=f"attempt:{attempt.attempt}", body=body, job=job)
    except _Changed:
        # The same click twice: the first one has given the code.
        if attempt.code:
            return attempt.code
        raise Problem("名单刚刚有变动。", "请刷新后重试。") from None
    except apsw.ConstraintError:
        raise Problem(f"{attempt.label} 号机位已有别的考生在用。", "请在监考页先给这名考生换一个空机位，再签到。") from None
    attempt.state, attempt.late, attempt.code, attempt.code_wrong, attempt.reason = "signed_in", late, str(code), 0, ""
    attempt.lease += 1
    return str(code)


async def issue_code(edge: Edge, sitting: Sitting, attempt: Attempt, *, by: Person) -> str:
    """A new start code at the same seat, when a terminal was replaced or forgot its candidate; the old one stops."""
    if attempt.state not in HOLDS_SEAT:
        raise Problem(f"这名考生{states(sitting.practical)[attempt.state]}，不能发开考码。", "请先签到。")
    head = await let_go(attempt)

    def job(connection: apsw.Connection) -> str:
        return new_lease(connection, attempt, head, attempt.room, attempt.seat)

    body = {"seat": attempt.label, "lease": attempt.lease}
    code = await taken_over(
        edge, attempt, edge.act("admission.code_issued", by=by.mark, obj=f"attempt:{attempt.attempt}", body=body, job=job)
    )
    edge.seat_pauses.pop(attempt.label, None)
    return code


def new_lease(connection: apsw.Connection, attempt: Attempt, head: bytes | None, room: str, seat: str) -> str:
    """Write the next lease at a seat; its start code. The chain goes on from `head`."""
    code = _fresh_code(connection)
    try:
        _update(
            connection,
            "UPDATE attempt SET room = ?, seat = ?, code = ?, code_wrong = 0, lease = ?, lease_hash = NULL, lease_head = ?"
            " WHERE no = ? AND state IN ('signed_in', 'seated', 'open')",
            (room, seat, code, attempt.lease, head, attempt.no),
        )
    except apsw.ConstraintError:
        raise Problem(f"{room}-{seat} 号机位刚刚被占用。", "请选择别的空机位。") from None
    except _Changed:
        raise Problem("这名考生刚刚离开了本场。", "请刷新后查看。") from None
    return code


async def let_go(attempt: Attempt) -> bytes | None:
    """End the lease in force at once; the chain goes on from the head that is returned (None before the exam)."""
    await settled(attempt)
    # From here on a late answer of the old terminal carries a lease that is no longer in force.
    attempt.lease += 1
    attempt.chains = []
    return attempt.head or None


async def settled(attempt: Attempt) -> None:
    """Wait until no answer of this attempt is on its way to the disk."""
    while attempt.pending is not None:
        # Whether that answer was saved is told to who sent it; a failed one has been taken back by then.
        with suppress(NotSaved):
            await attempt.pending
        # A future that is done already does not yield: let its owner run, who takes it away.
        await asyncio.sleep(0)


async def taken_over(edge: Edge, attempt: Attempt, work: Any) -> str:
    """Wait for the write that begins a new lease; if it fails, the store says what is in force."""
    try:
        code = str(await work)
    except BaseException:
        edge.reload(attempt)
        raise
    attempt.code, attempt.code_wrong, attempt.lease_hash = code, 0, None
    return code


async def refuse(edge: Edge, attempt: Attempt, *, kind: str, words: str, by: Person, second: Person) -> None:
    """Two persons keep a candidate out, or close the case of one who left before he began."""
    if kind not in REFUSALS:
        raise Problem("没有选择不予入场的原因。", "请选择一种原因。", status=400)
    text = f"{REFUSALS[kind]}：{words}"

    def job(connection: apsw.Connection) -> None:
        _update(
            connection,
            "UPDATE attempt SET state = 'refused', reason = ?, code = NULL, lease_hash = NULL"
            " WHERE no = ? AND state IN ('expected', 'absent', 'signed_in', 'seated')",
            (text, attempt.no),
        )

    body = {"reason": kind, "reason_digest": digest(text), "second": second.mark}
    try:
        await edge.act("admission.refused", by=by.mark, obj=f"attempt:{attempt.attempt}", body=body, job=job)
    except _Changed:
        raise Problem(f"这名考生{STATES[attempt.state]}，不能登记不予入场。", "已开始答题的，请记录异常；要收卷请在监考页收卷。") from None
    if attempt.lease_hash:
        edge.terminals.pop(attempt.lease_hash, None)
    attempt.state, attempt.reason, attempt.code, attempt.lease_hash = "refused", text, None, None


async def readmit(edge: Edge, attempt: Attempt, *, words: str, by: Person, second: Person) -> None:
    """A refusal that was a mistake: two persons take it back, and both acts stay in the ledger; sign-in is then as for anybody."""
    if attempt.state != "refused":
        raise Problem(f"这名考生{STATES[attempt.state]}，没有登记不予入场。", "请刷新后查看。")

    def job(connection: apsw.Connection) -> None:
        _update(connection, "UPDATE attempt SET state = 'expected', reason = '' WHERE no = ? AND state = 'refused'", (attempt.no,))

    body = {"reason_digest": digest(words), "second": second.mark}
    try:
        await edge.act("admission.readmitted", by=by.mark, obj=f"attempt:{attempt.attempt}", body=body, job=job)
    except _Changed:
        raise Problem("这名考生的登记刚刚有变动。", "请刷新后查看。") from None
    attempt.state, attempt.reason = "expected", ""


async def mark_absent(edge: Edge, sitting: Sitting, attempts: list[Attempt], *, by: Person) -> list[str]:
    """Who did not come, once the limit for coming late is over; returns whom this call made absent."""
    if not too_late(edge, sitting):
        limit = receipts.time_text(late_limit(sitting)) or "开考后的迟到时限"
        raise Problem("还不能登记缺考。", f"考生在 {limit} 之前仍可入场，时限过后再登记。", "N2.4.3")
    names = [one.attempt for one in attempts if one.state == "expected"]
    if not names:
        return []

    def job(connection: apsw.Connection) -> None:
        for name in names:
            _update(connection, "UPDATE attempt SET state = 'absent' WHERE attempt = ? AND state = 'expected'", (name,))

    try:
        await edge.act("admission.absent", by=by.mark, obj=f"sitting:{sitting.sitting_id}", body={"attempts": names}, job=job)
    except _Changed:
        raise Problem("名单刚刚有变动。", "请刷新后重试。") from None
    for name in names:
        sitting.attempts[name].state = "absent"
    return names


# ---- what terminals ask (delivery calls these)
async def redeem(edge: Edge, seat: str, code: str, key: str, *, source: str = "") -> Attempt | str:
    """Give a terminal its lease for a start code; the same key again gets the same answer. A text is a refusal.

    `source` (the machine, else the seat) waits after wrong codes: nobody can make another machine wait.
    """
    source = source or seat
    secret = hashlib.sha256(key.encode()).digest()
    known = edge.terminals.get(secret)
    if known is not None:
        _, attempt, lease = known
        return attempt if attempt.label == seat and lease == attempt.lease else "终端密钥已经用过，请刷新本页后重试。"
    wait = edge.seat_pauses.get(source, 0.0) - edge.now()
    if wait > 0:
        return f"刚才的开考码不对，请等 {round(wait + 0.5)} 秒再输入。"
    here = [
        (sitting, attempt)
        for sitting in edge.sittings.values() if sitting.state in ("imported", "opened", "running") and not sitting.practical
        for attempt in sitting.attempts.values() if attempt.label == seat and attempt.code and attempt.state in HOLDS_SEAT
    ]  # fmt: skip
    found = [pair for pair in here if hmac.compare_digest(str(pair[1].code).encode(), code.encode())]
    if not found:
        await _wrong_code(edge, source, [attempt for _, attempt in here])
        return "开考码不对。请核对机位和开考码；还不行请举手。" if here else "本机位现在没有等待入座的考生。请核对机位，或举手。"
    sitting, attempt = found[0]
    return await _lease(edge, sitting, attempt, code, secret)


async def _wrong_code(edge: Edge, source: str, waiting: list[Attempt]) -> None:
    for attempt in waiting:
        attempt.code_wrong += 1
        over = attempt.code_wrong - FREE_WRONG_CODES
        if over > 0:
            edge.seat_pauses[source] = edge.now() + min(PAUSE_STEP * over, LONGEST_PAUSE)
    rows = [(attempt.code_wrong, attempt.no) for attempt in waiting]

    def job(connection: apsw.Connection) -> None:
        connection.executemany("UPDATE attempt SET code_wrong = ? WHERE no = ?", rows)

    await edge.store.write(job)


async def _lease(edge: Edge, sitting: Sitting, attempt: Attempt, code: str, secret: bytes) -> Attempt | str:
    lease = attempt.lease

    def job(connection: apsw.Connection) -> None:
        _update(
            connection,
            "UPDATE attempt SET state = CASE state WHEN 'open' THEN 'open' ELSE 'seated' END, code = NULL, code_wrong = 0,"
            " lease_hash = ? WHERE no = ? AND code = ? AND lease = ? AND state IN ('signed_in', 'seated', 'open')",
            (secret, attempt.no, code, lease),
        )

    body = {"seat": attempt.label, "lease": lease}
    try:
        await edge.act("attempt.seated", by=f"seat:{attempt.label}", obj=f"attempt:{attempt.attempt}", body=body, job=job)
    except _Changed:
        again = edge.terminals.get(secret)
        return again[1] if again else "开考码已经用过。需要重新进入请举手，由监考员重发开考码。"
    attempt.code, attempt.code_wrong, attempt.lease_hash = None, 0, secret
    if attempt.state != "open":
        attempt.state = "seated"
    edge.touch(sitting, attempt)
    edge.seat_pauses.pop(attempt.label, None)
    edge.terminals[secret] = (sitting, attempt, lease)
    return attempt


async def begin(edge: Edge, sitting: Sitting, attempt: Attempt) -> str | None:
    """Open the attempt after the bell, in one small transaction; a text is a refusal."""
    if sitting.state != "running":
        return "考试还没有开始，请等待打铃。"
    if attempt.form is None:
        return "试卷还没有恢复，请稍候。"
    if sitting.remaining(attempt, edge.now()) <= 0:
        return "考试时间已经结束。"
    salt, wall = secrets.token_bytes(16), edge.wall()

    def job(connection: apsw.Connection) -> None:
        _update(
            connection,
            "UPDATE attempt SET state = 'open', salt = ?, opened_at = ?, position = 1 WHERE no = ? AND state = 'seated'",
            (salt, wall, attempt.no),
        )

    # The salt seeds the chain and is opened only in an appeal: the ledger keeps the digest, the return parcel the body.
    body = {"attempt": attempt.attempt, "salt": salt.hex(), "seat": attempt.label, "lease": attempt.lease}
    try:
        await edge.act(
            "attempt.opened", by=f"seat:{attempt.label}", obj=f"attempt:{attempt.attempt}", body=body, job=job, private=True
        )
    except _Changed:
        return None if attempt.state == "open" else "考试还没有开始。"
    attempt.state, attempt.salt, attempt.opened_at, attempt.position = "open", salt, wall, 1
    attempt.head, attempt.acted = chain_seed(attempt.attempt, salt), edge.now()
    return None
