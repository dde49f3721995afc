"""What staff decide in a running sitting: the bell, pauses, moves, extensions, collecting, irregularities.

Every reason is written down as an irregularity, which travels sealed; the ledger holds its digest. Time is given back,
never taken: a pause stops the clock, and each credit is an entry of its own.
"""

from typing import Any

import apsw

from kaopei.edge import admission, assistance, receipts
from kaopei.edge.console import Person, Problem, digest
from kaopei.edge.server import Edge, persist_clock
from kaopei.edge.sitting import HOLDS_SEAT, LOST_SECONDS, Attempt, Sitting
from kaopei.edge.words import states
from kaopei.law import irregularities

LONGEST_EXTENSION_MINUTES = 120
PAUSE_CAP_MINUTES = 10


# ---- the bell
async def ring(edge: Edge, sitting: Sitting, *, words: str, by: Person, second: Person) -> None:
    """Start the sitting: two persons, inside the sealed window; later than it only with a reason that is kept."""
    if sitting.state == "running":
        raise Problem("已经打过铃。", "考试正在进行。")
    if sitting.state != "opened" or sitting.clock is None:
        raise Problem("试卷还没有启封，不能打铃。", "请先完成“启封”。", "N2.4.3")
    if sitting.secrets is None:
        raise Problem("服务器重启后试卷还没有恢复，不能打铃。", "请先在“启封”页恢复试卷。", "N2.4.3")
    window, now = sitting.manifest["window"], edge.token_time(sitting)
    if now < window["start_earliest"]:
        raise Problem(f"还没有到开考时间，最早 {receipts.time_text(window['start_earliest'])}。", "到时再打铃。", "N3.2.6")
    late = now > window["start_latest"]
    if late and len(words) < 4:
        limit = receipts.time_text(window["start_latest"])
        raise Problem(f"已过规定的最晚开考时间（{limit}）。", "确需开考的，请写明原因，两人确认后继续，并记为异常。", "N3.2.6", 400)
    clock, wall = sitting.clock, edge.wall()

    def job(connection: apsw.Connection) -> None:
        connection.execute(
            "UPDATE sitting SET state = 'running', bell_at = ? WHERE sitting_id = ? AND state = 'opened'", (wall, sitting.sitting_id)
        )
        if connection.changes() != 1:
            raise Problem("已经打过铃。", "考试正在进行。")
        persist_clock(connection, sitting, wall)

    body = {"token_time": round(now), "clock_offset": wall - round(now), "second": second.mark}
    await edge.act("sitting.started", by=by.mark, obj=f"sitting:{sitting.sitting_id}", body=body, job=job)
    edge.advance(sitting)
    sitting.state, sitting.bell_at, clock.running = "running", wall, True
    if late:
        await edge.note_irregularity(sitting, "time.late_start", words, by=by.mark, second=second.mark)
    await edge.checkpoint()


# ---- pauses
async def pause_all(edge: Edge, sitting: Sitting, *, words: str, by: Person, second: Person) -> None:
    """Nobody's time runs until two persons resume; a group pause is always an irregularity."""
    clock = sitting.clock
    if sitting.state != "running" or clock is None:
        raise Problem("本场不在考试中，不能暂停。", "请先打铃。")
    if clock.paused:
        raise Problem("全场已经暂停。", "恢复请按“全场恢复”。")
    _settle_losses(edge, sitting)
    edge.advance(sitting)
    clock.paused = True
    body = {"reason_digest": digest(words), "second": second.mark}
    try:
        await edge.act("sitting.paused", by=by.mark, obj=f"sitting:{sitting.sitting_id}", body=body, job=_clock_job(edge, sitting))
    except BaseException:
        clock.paused = False
        raise
    edge.paused[sitting.sitting_id] = edge.now()
    await edge.note_irregularity(sitting, "time.group_pause", words, by=by.mark, second=second.mark)
    await edge.checkpoint()


async def resume_all(edge: Edge, sitting: Sitting, *, by: Person, second: Person) -> None:
    """Go on; how long the pause was stands in the ledger."""
    clock = sitting.clock
    if clock is None or not clock.paused:
        raise Problem("全场没有暂停。", "不用恢复。")
    milliseconds = _paused_for(edge, sitting)
    _settle_losses(edge, sitting)
    edge.advance(sitting)
    clock.paused = False
    body = {"milliseconds": milliseconds, "second": second.mark}
    try:
        await edge.act("sitting.resumed", by=by.mark, obj=f"sitting:{sitting.sitting_id}", body=body, job=_clock_job(edge, sitting))
    except BaseException:
        clock.paused = True
        raise
    edge.paused.pop(sitting.sitting_id, None)
    await edge.checkpoint()


def _settle_losses(edge: Edge, sitting: Sitting, only: Attempt | None = None) -> None:
    """A terminal that is lost just now: what is due is credited at this moment, and its silence counts anew from here.

    Before a pause the loss so far is given back; at its end the silence was the pause's own and must not count twice.
    """
    for attempt in [only] if only else sitting.attempts.values():
        if attempt.state == "open" and edge.now() - attempt.seen > LOST_SECONDS:
            edge.touch(sitting, attempt)


def _clock_job(edge: Edge, sitting: Sitting) -> Any:
    wall = edge.wall()
    return lambda connection: persist_clock(connection, sitting, wall)


def _paused_for(edge: Edge, sitting: Sitting) -> int:
    """Milliseconds; after a restart in the pause by the wall label of the pause itself."""
    since = edge.paused.get(sitting.sitting_id)
    if since is not None:
        return round((edge.now() - since) * 1000)
    rows = edge.store.read(
        "SELECT max(wall) FROM irregularity WHERE sitting_id = ? AND code = 'time.group_pause'", (sitting.sitting_id,)
    )
    return max(0, edge.wall() - (rows[0][0] or edge.wall())) * 1000


async def pause(edge: Edge, sitting: Sitting, attempt: Attempt, *, words: str, by: Person) -> None:
    """One candidate's time stands still and his item is covered."""
    if attempt.state != "open" or sitting.clock is None:
        raise Problem(f"这名考生{states(sitting.practical)[attempt.state]}，不能暂停。", "只有正在答题的考生可以暂停。")
    if attempt.paused_at is not None:
        raise Problem("这名考生已经暂停。", "恢复请按“恢复答题”。")
    _settle_losses(edge, sitting, attempt)
    edge.advance(sitting)
    attempt.paused_at, attempt.pause_cause = sitting.clock.ran, "staff"
    at = round(sitting.clock.ran * 1000)
    edge.paused[attempt.attempt] = edge.now()

    def job(connection: apsw.Connection) -> None:
        connection.execute("UPDATE attempt SET paused_at = ?, pause_cause = 'staff' WHERE no = ? AND state = 'open'", (at, attempt.no))

    body = {"reason_digest": digest(words), "second": ""}
    try:
        await edge.act("attempt.paused", by=by.mark, obj=f"attempt:{attempt.attempt}", body=body, job=job)
    except BaseException:
        attempt.paused_at, attempt.pause_cause = None, ""
        edge.paused.pop(attempt.attempt, None)
        raise
    await edge.note_irregularity(sitting, "measure.pause", words, by=by.mark, second="", attempt=attempt.attempt)


def pause_cap(sitting: Sitting) -> float:
    """Seconds that one person may give back at one seat; above it two decide (setting of the seating `pause_cap_minutes`)."""
    minutes = sitting.seating.get("numbers", {}).get("pause_cap_minutes", PAUSE_CAP_MINUTES)
    return 60.0 * (minutes if isinstance(minutes, int) and minutes >= 0 else PAUSE_CAP_MINUTES)


def resume_needs_two(edge: Edge, sitting: Sitting, attempt: Attempt) -> bool:
    """Whether this seat's pause may be ended by two persons only: it was long, or it was not the first cut."""
    if attempt.paused_at is None or sitting.clock is None or attempt.pause_cause == "break":
        return False
    edge.advance(sitting)
    return attempt.pause_cause == "held" or sitting.clock.ran - attempt.paused_at > pause_cap(sitting)


async def resume(edge: Edge, sitting: Sitting, attempt: Attempt, *, by: Person, second: Person | None = None) -> None:
    """The candidate goes on with the time that he had when he was paused."""
    if attempt.paused_at is None or sitting.clock is None or attempt.state != "open":
        raise Problem("这名考生没有暂停。", "不用恢复。")
    if second is None and resume_needs_two(edge, sitting, attempt):
        why = "这是第二次断线" if attempt.pause_cause == "held" else f"暂停超过 {round(pause_cap(sitting) / 60)} 分钟"
        raise Problem(f"{why}，恢复要两个人决定。", "请第二人在机位页输入姓名和 PIN。", "N2.4.3", 400)
    _settle_losses(edge, sitting, attempt)
    if await assistance.end_break(edge, sitting, attempt, by=by.mark):
        return
    edge.advance(sitting)
    credit = max(0.0, sitting.clock.ran - attempt.paused_at)
    before, attempt.paused_at = (attempt.paused_at, attempt.pause_cause), None
    attempt.pause_cause = ""
    attempt.extra += credit

    def job(connection: apsw.Connection) -> None:
        connection.execute(
            "UPDATE attempt SET paused_at = NULL, pause_cause = '', extra = extra + ? WHERE no = ?", (round(credit * 1000), attempt.no)
        )

    body = {"seconds": round(credit), "second": second.mark if second else ""}
    try:
        await edge.act("attempt.resumed", by=by.mark, obj=f"attempt:{attempt.attempt}", body=body, job=job)
    except BaseException:
        attempt.paused_at, attempt.pause_cause = before
        attempt.extra -= credit
        raise
    edge.paused.pop(attempt.attempt, None)


# ---- seats
def seats(sitting: Sitting) -> dict[str, tuple[str, str]]:
    """All seats of the sitting by label: those of the roster, and the spare machines of the accepted baseline."""
    found = {f"{row['room']}-{row['seat']}": (str(row["room"]), str(row["seat"])) for row in sitting.people.values()}
    for device in sitting.seating.get("baseline", {}).get("devices", []):
        if device.get("room") and device.get("seat"):
            room, seat = str(device["room"]), str(device["seat"])
            found[f"{room}-{seat}"] = (room, seat)
    return found


def free_seats(sitting: Sitting) -> list[str]:
    """Seats that may take somebody who has to move: nobody sits there and nobody may still come."""
    taken = {one.label for one in sitting.attempts.values() if one.state in (*HOLDS_SEAT, "expected")}
    return sorted(set(seats(sitting)) - taken)


async def move(
    edge: Edge, sitting: Sitting, attempt: Attempt, *, to: str, words: str, by: Person, second: Person
) -> str | None:
    """Another machine for a candidate: the old lease ends now, a new code begins the next; answers and time stay."""
    if attempt.state not in ("expected", *HOLDS_SEAT):
        raise Problem(f"这名考生{states(sitting.practical)[attempt.state]}，不能换机。", "不用换机。")
    if to not in seats(sitting):
        raise Problem(f"没有 {to} 这个机位。", "请从空机位中选择。", "N3.2.5b", 400)
    if to not in free_seats(sitting):
        raise Problem(f"{to} 号机位不空：有人在用，或它的考生还可能来。", "请选择别的空机位。", "N3.2.5b")
    room, seat = seats(sitting)[to]
    body: dict[str, Any] = {"from_seat": attempt.label, "to_seat": to, "reason_digest": digest(words), "second": second.mark}
    code = None
    if attempt.state == "expected":
        await _reseat(edge, attempt, room, seat, body, by)
    else:
        code = await _move_lease(edge, attempt, room, seat, body, by)
    await edge.note_irregularity(sitting, "measure.move", words, by=by.mark, second=second.mark, attempt=attempt.attempt)
    return code


async def _reseat(edge: Edge, attempt: Attempt, room: str, seat: str, body: dict[str, Any], by: Person) -> None:
    def job(connection: apsw.Connection) -> None:
        connection.execute("UPDATE attempt SET room = ?, seat = ? WHERE no = ?", (room, seat, attempt.no))

    body |= {"lease": attempt.lease, "head": ""}
    await edge.act("attempt.moved", by=by.mark, obj=f"attempt:{attempt.attempt}", body=body, job=job)
    attempt.room, attempt.seat = room, seat


async def _move_lease(edge: Edge, attempt: Attempt, room: str, seat: str, body: dict[str, Any], by: Person) -> str:
    head = await admission.let_go(attempt)
    body |= {"lease": attempt.lease, "head": head.hex() if head else ""}

    def job(connection: apsw.Connection) -> str:
        return admission.new_lease(connection, attempt, head, room, seat)

    work = edge.act("attempt.moved", by=by.mark, obj=f"attempt:{attempt.attempt}", body=body, job=job)
    code = await admission.taken_over(edge, attempt, work)
    attempt.room, attempt.seat = room, seat
    edge.seat_pauses.pop(attempt.label, None)
    return code


# ---- time and end
async def extend(
    edge: Edge, sitting: Sitting, attempt: Attempt, *, minutes: int, words: str, by: Person, second: Person
) -> None:
    """More time for one candidate; past the sealed end it is an irregularity of the sitting as well."""
    if attempt.state not in ("expected", *HOLDS_SEAT):
        raise Problem(f"这名考生{states(sitting.practical)[attempt.state]}，不能延长。", "不用延长。")
    if not 1 <= minutes <= LONGEST_EXTENSION_MINUTES:
        raise Problem(f"延长的分钟数应为 1 到 {LONGEST_EXTENSION_MINUTES}。", "请重新填写。", status=400)
    seconds = minutes * 60

    def job(connection: apsw.Connection) -> None:
        connection.execute("UPDATE attempt SET extra = extra + ? WHERE no = ?", (seconds * 1000, attempt.no))

    body = {"seconds": seconds, "reason_digest": digest(words), "second": second.mark}
    await edge.act("attempt.extended", by=by.mark, obj=f"attempt:{attempt.attempt}", body=body, job=job)
    attempt.extra += seconds
    marks = {"by": by.mark, "second": second.mark}
    await edge.note_irregularity(sitting, "measure.extend", f"{minutes} 分钟：{words}", attempt=attempt.attempt, **marks)
    end = edge.token_time(sitting) + sitting.remaining(attempt, edge.now())
    if sitting.state == "running" and end > sitting.manifest["window"]["end_latest"]:
        await edge.note_irregularity(sitting, "time.late_end", f"延长后预计 {receipts.time_text(round(end))} 结束：{words}", **marks)


async def collect(edge: Edge, sitting: Sitting, attempt: Attempt, *, words: str, by: Person, second: Person) -> None:
    """Staff close an open attempt; what was saved counts."""
    await admission.settled(attempt)
    if attempt.state != "open":
        raise Problem(f"这名考生{states(sitting.practical)[attempt.state]}，不能收卷。", "不用收卷。")
    _not_while_examined(sitting, attempt)
    await edge.close_attempt(sitting, attempt, "staff", by.mark)
    await edge.note_irregularity(sitting, "measure.collect", words, by=by.mark, second=second.mark, attempt=attempt.attempt)


async def void(
    edge: Edge, sitting: Sitting, attempt: Attempt, *, cause: str, words: str, by: Person, second: Person
) -> None:
    """Two persons end an exam for a cause of the list and ask for it not to count. Nothing is deleted: the exam body decides."""
    case = irregularities.named(cause)
    if case is None or not cause.startswith("candidate."):
        raise Problem("没有选择作废的事由。", "请从“考生”一类中选择。", status=400)
    await admission.settled(attempt)
    if attempt.state not in ("open", "handed_in"):
        raise Problem(f"这名考生{states(sitting.practical)[attempt.state]}，没有可作废的考试。", "还没有开始的，请登记不予入场。")
    _not_while_examined(sitting, attempt)
    if attempt.attempt in voided(edge):
        raise Problem("这名考生本次考试已登记作废。", "补充情况请记录异常。")
    if attempt.state == "open":
        await edge.close_attempt(sitting, attempt, "staff", by.mark)
    body = {"cause": cause, "reason_digest": digest(words), "second": second.mark}
    await edge.act("attempt.voided", by=by.mark, obj=f"attempt:{attempt.attempt}", body=body)
    marks = {"by": by.mark, "second": second.mark, "attempt": attempt.attempt}
    await edge.note_irregularity(sitting, cause, words, **marks)
    await edge.note_irregularity(sitting, "measure.void", f"{case.title}：{words}", **marks)
    voided(edge).add(attempt.attempt)


def _not_while_examined(sitting: Sitting, attempt: Attempt) -> None:
    """Marks without signatures are no result; who stops in the middle is marked to the end by the examiners."""
    if sitting.practical and attempt.state == "open":
        raise Problem("这名考生正在实操考评，不能收卷或作废。", "中止的，请考评员把没做的步骤按扣分细则扣分、签名，结束后再登记。", "N2.4.3")


def voided(edge: Edge) -> set[str]:
    """Attempts that two persons asked not to count."""
    if edge.voided is None:
        edge.voided = {name for (name,) in edge.store.read("SELECT attempt FROM irregularity WHERE code = 'measure.void'")}
    return edge.voided


# ---- irregularities
def check_case(sitting: Sitting, code: str, attempt: str, note: str) -> irregularities.Case:
    """The case of a code, if it may be noted on this and says enough."""
    case = irregularities.named(code)
    if case is None:
        raise Problem("没有选择异常的种类。", "请从列表选择。", status=400)
    if attempt and attempt not in sitting.attempts:
        raise Problem("本场没有这名考生。", "请从列表选择考生。", status=404)
    if case.of == "attempt" and not attempt:
        raise Problem(f"“{case.title}”须记在某名考生。", "请选择考生。", status=400)
    if case.of == "sitting" and attempt:
        raise Problem(f"“{case.title}”记在全场，不记在考生。", "请把考生选为“全场”。", status=400)
    if len(note) < 4:
        raise Problem("请写明经过。", "时间、地点、谁、做了什么、怎样处理，至少四个字；会随回传包交回。", status=400)
    return case


def noted(edge: Edge, sitting: Sitting) -> list[dict[str, Any]]:
    """All irregularities of a sitting, oldest first, with their titles."""
    rows = edge.store.read(
        "SELECT no, attempt, code, note, by, second, wall FROM irregularity WHERE sitting_id = ? ORDER BY no", (sitting.sitting_id,)
    )
    names = ("no", "attempt", "code", "note", "by", "second", "wall")
    found = [dict(zip(names, row, strict=True)) for row in rows]
    for row in found:
        row["case"] = irregularities.named(row["code"])
    return found
