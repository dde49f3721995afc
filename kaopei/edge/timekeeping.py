"""The tick: it moves the clocks, writes them down, pauses what must not run, closes what is over, and keeps the ledger alive.

二（四） N2.4.3. Time is given back, never taken, and never in silence: each credit is an entry with its cause, and a pause of
everybody is an irregularity. Windows that pass because of credited pauses are an irregularity too, and stop nobody.
"""

import asyncio
import logging
import math
from typing import Any

import apsw

from kaopei.edge import lan
from kaopei.edge.clock import boottime
from kaopei.edge.disk import MIB
from kaopei.edge.record import digest
from kaopei.edge.server import Edge, persist_clock, persist_clocks
from kaopei.edge.sitting import COVER_SECONDS, GRACE_SECONDS, LOST_SECONDS, STANDSTILL_SECONDS, Attempt, Sitting, SittingClock
from kaopei.edge.store import NotSaved

TICK_SECONDS = 0.5
HEARTBEAT_SECONDS = 60.0
IDLE_HEARTBEAT_SECONDS = 600.0
CHECKPOINT_ENTRIES = 1000
# So many seats lost at once are no fault of a terminal: the LAN is down, and everybody's time stands still.
LAN_SHARE, LAN_SEATS = 0.2, 2

log = logging.getLogger("kaopei.edge")


async def keep_time(edge: Edge) -> None:
    """Twice a second: move the clocks and write them down, act on what is due."""
    while True:
        await asyncio.sleep(TICK_SECONDS)
        try:
            await tick(edge)
        except NotSaved as problem:
            log.warning("tick not saved: %s", problem)
        except Exception:
            # Whatever it is (a ledger that disagrees, say): candidates' clocks go on, and the log says it each time.
            log.exception("tick failed")


async def tick(edge: Edge) -> None:
    """One tick."""
    running = [one for one in edge.sittings.values() if one.clock and one.state in ("opened", "running")]
    for sitting in running:
        edge.advance(sitting)
        if sitting.clock and sitting.clock.standstill:
            await record_standstill(edge, sitting)
        if sitting.state == "running":
            await watch_lan(edge, sitting)
            await hold_lost_seats(edge, sitting)
            if not sitting.practical:
                await close_overdue(edge, sitting)
            await note_late_end(edge, sitting)
    if running or edge.store.fell_behind:
        await edge.store.write(lambda connection: persist_clocks(connection, running, edge.wall()))
    if edge.store.fell_behind:
        # The write before went through, so the standby has everything; what was told to nobody is read from the disk.
        for sitting in edge.sittings.values():
            for attempt in sitting.attempts.values():
                edge.reload(attempt)
        edge.store.fell_behind = False
    lan.watch(edge)
    if edge.disk.watch():
        await tell_of_disk(edge, running)
    now = boottime()
    period = HEARTBEAT_SECONDS if running else IDLE_HEARTBEAT_SECONDS
    if now - edge.beaten >= period or edge.record.size - edge.record.signed_size >= CHECKPOINT_ENTRIES:
        edge.beaten = now
        await asyncio.to_thread(edge.keeper.ping)
        await edge.act("edge.alive", by="edge", obj=f"edge:{edge.settings.serial}", body={"sittings": len(running)})
        await edge.checkpoint()


# ---- the server stood still
async def record_standstill(edge: Edge, sitting: Sitting) -> None:
    """Nobody was charged for it; the ledger says how long and why, in the transaction that writes the clock down without it."""
    clock = sitting.clock
    if clock is None:
        return
    seconds, cause = clock.standstill, clock.cause
    clock.standstill, clock.cause = 0.0, ""
    body = {"milliseconds": round(seconds * 1000), "cause": cause or "server_standstill"}
    obj, wall = f"sitting:{sitting.sitting_id}", edge.wall()

    def job(connection: apsw.Connection) -> None:
        persist_clock(connection, sitting, wall)

    try:
        await edge.act("sitting.time_credited", by="edge", obj=obj, body=body, job=job)
    except BaseException:
        clock.standstill, clock.cause = clock.standstill + seconds, cause
        raise
    if seconds > STANDSTILL_SECONDS and sitting.state == "running":
        words = f"考试服务器停顿 {seconds:.1f} 秒（{CAUSES.get(cause, cause)}），时间没有计入任何考生"
        await edge.note_irregularity(sitting, "device.server_failed", words, by="edge")


CAUSES = {
    "server_standstill": "没有响应或主机休眠", "standby_lost": "等待备用服务器", "server_restart": "程序重新启动",
    "server_reboot": "主机重新启动，按墙上时钟推算",
}  # fmt: skip


def restore_clock(edge: Edge, sitting: Sitting) -> None:
    """After a restart: whatever passed since the last tick is credited; in another boot it goes by the wall clock."""
    rows = edge.store.read(
        "SELECT boot_id, boottime, jump, token_time, ran, paused, standstill, cause, wall, why FROM sitting_clock WHERE sitting_id = ?",
        (sitting.sitting_id,),
    )
    if not rows:
        return
    *row, wall, why = rows[0]
    facts: Any = tuple(row)
    sitting.clock = SittingClock.restored(
        facts, running=sitting.state == "running", boot_id=edge.clock.boot_id, boottime=boottime(), jump=edge.clock.offset(),
        wall_gap=edge.clock.wall() - wall / 1000,
    )
    sitting.pause_cause = str(why)


# ---- the disk
async def tell_of_disk(edge: Edge, running: list[Sitting]) -> None:
    """The server begins to finish only, or may go on as usual: said in the ledger, and to every sitting that runs."""
    only = edge.disk.finish_only
    body = {"finish_only": only, "free_mib": edge.disk.free() // MIB}
    await edge.act("disk.watched", by="edge", obj=f"edge:{edge.settings.serial}", body=body)
    edge.disk.told = only
    if only:
        log.error("the disk is nearly full: finishing only")
        for sitting in running:
            words = f"磁盘将满（剩余 {edge.disk.free() // MIB} MiB），已放出备用空间；只收尾，不再收包、启封"
            await edge.note_irregularity(sitting, "device.disk_full", words, by="edge")


# ---- the LAN
def lost_seats(edge: Edge, sitting: Sitting) -> tuple[list[Attempt], bool]:
    """Seats in the exam whose terminals fell silent, and whether they are so many that it is the LAN."""
    now = edge.now()
    watched = [one for one in sitting.attempts.values() if one.state == "open" and one.pulsed and one.pause_cause in ("", "held")]
    lost = [one for one in watched if now - one.contact >= LOST_SECONDS]
    return lost, len(lost) >= max(LAN_SEATS, math.ceil(LAN_SHARE * len(watched)))


async def watch_lan(edge: Edge, sitting: Sitting) -> None:
    """Lost for ten seconds at a fifth of the seats: a pause for all, which ends by itself when they are back."""
    clock = sitting.clock
    if clock is None or (clock.paused and sitting.pause_cause != "lan_lost"):
        return
    lost, much = lost_seats(edge, sitting)
    if clock.paused and not much:
        await _lan_back(edge, sitting)
    elif sitting.pause_cause and not clock.paused:
        # Two persons went on without the missing seats: these count again when they have been back.
        sitting.pause_cause = ""
        for one in lost:
            one.pulsed = False
    elif much and not clock.paused:
        await _lan_lost(edge, sitting, lost)


async def _lan_lost(edge: Edge, sitting: Sitting, lost: list[Attempt]) -> None:
    clock, now, wall = sitting.clock, edge.now(), edge.wall()
    if clock is None:
        return
    credits = [(one, round(max(0.0, now - one.seen - COVER_SECONDS))) for one in lost if one.paused_at is None]
    words = f"局域网中断：{len(lost)} 个机位失联超过 {round(LOST_SECONDS)} 秒，全场自动暂停"
    clock.paused, sitting.pause_cause = True, "lan_lost"

    def job(connection: apsw.Connection) -> None:
        for one, seconds in credits:
            connection.execute("UPDATE attempt SET extra = extra + ? WHERE no = ?", (1000 * seconds, one.no))
            facts = {"seconds": seconds, "cause": "lan_lost"}
            edge.record.append(connection, "attempt.time_credited", by="edge", obj=f"attempt:{one.attempt}", body=facts)
        persist_clock(connection, sitting, wall)

    body = {"reason_digest": digest(words), "second": "", "cause": "lan_lost"}
    try:
        await edge.act("sitting.paused", by="edge", obj=f"sitting:{sitting.sitting_id}", body=body, job=job)
    except BaseException:
        clock.paused, sitting.pause_cause = False, ""
        raise
    for one, seconds in credits:
        one.extra += seconds
    for one in sitting.attempts.values():
        one.seen = max(one.seen, now)
    edge.paused[sitting.sitting_id] = now
    await edge.note_irregularity(sitting, "time.group_pause", words, by="edge")


async def _lan_back(edge: Edge, sitting: Sitting) -> None:
    clock, wall = sitting.clock, edge.wall()
    if clock is None:
        return
    since = edge.paused.get(sitting.sitting_id, edge.now())
    clock.paused, sitting.pause_cause = False, ""
    body = {"milliseconds": round((edge.now() - since) * 1000), "second": "", "cause": "lan_lost"}
    try:
        await edge.act(
            "sitting.resumed", by="edge", obj=f"sitting:{sitting.sitting_id}", body=body,
            job=lambda connection: persist_clock(connection, sitting, wall),
        )  # fmt: skip
    except BaseException:
        clock.paused, sitting.pause_cause = True, "lan_lost"
        raise
    edge.paused.pop(sitting.sitting_id, None)
    now = edge.now()
    for one in sitting.attempts.values():
        # The silence of the pause was the pause's own.
        one.seen = max(one.seen, now)


# ---- one seat
async def hold_lost_seats(edge: Edge, sitting: Sitting) -> None:
    """A second cut of one seat, or one that is longer than the cap: its time stands still until the invigilator decides."""
    clock, now = sitting.clock, edge.now()
    if clock is None or clock.paused:
        return
    for one in list(sitting.attempts.values()):
        silent = now - one.seen
        if one.state != "open" or not one.pulsed or one.paused_at is not None or silent < LOST_SECONDS or one.pending is not None:
            continue
        covered, cap = silent - COVER_SECONDS, sitting.loss_cap()
        if not one.lost_credit and covered > cap:
            edge.touch(sitting, one, contact=False)
            covered -= cap
        if one.lost_credit:
            await _hold(edge, sitting, one, max(0.0, clock.ran - covered))


async def _hold(edge: Edge, sitting: Sitting, attempt: Attempt, at: float) -> None:
    words = "同一机位再次失联或失联超过限额，时间已停，等监考员处理"
    attempt.paused_at, attempt.pause_cause = at, "held"
    edge.paused[attempt.attempt] = edge.now()

    def job(connection: apsw.Connection) -> None:
        connection.execute(
            "UPDATE attempt SET paused_at = ?, pause_cause = 'held' WHERE no = ? AND state = 'open'", (int(at * 1000), attempt.no)
        )

    body = {"reason_digest": digest(words), "second": "", "cause": "held"}
    try:
        await edge.act("attempt.paused", by="edge", obj=f"attempt:{attempt.attempt}", body=body, job=job)
    except BaseException:
        attempt.paused_at, attempt.pause_cause = None, ""
        edge.paused.pop(attempt.attempt, None)
        raise
    await edge.note_irregularity(sitting, "device.terminal_failed", words, by="edge", attempt=attempt.attempt)


# ---- the end
async def close_overdue(edge: Edge, sitting: Sitting) -> None:
    """Hand in for whoever's time is over."""
    now = boottime()
    due = [
        one for one in sitting.attempts.values()
        if one.state == "open" and one.pending is None and one.paused_at is None
        and sitting.remaining(one, now) < -GRACE_SECONDS
    ]  # fmt: skip
    if due:
        await asyncio.gather(*(edge.close_attempt(sitting, one, "time") for one in due))


async def note_late_end(edge: Edge, sitting: Sitting) -> None:
    """Past the sealed end because time was given back: said once, and nobody is stopped."""
    window = sitting.manifest.get("window")
    if sitting.late_noted or not window or not sitting.clock or sitting.clock.token_time <= window["end_latest"]:
        return
    if all(one.state != "open" for one in sitting.attempts.values()):
        return
    sitting.late_noted = True
    sql = "SELECT 1 FROM irregularity WHERE sitting_id = ? AND code = 'time.late_end' AND by = 'edge'"
    if not edge.store.read(sql, (sitting.sitting_id,)):
        words = "已过密封包规定的最晚结束时间，因补回的时间继续考试"
        await edge.note_irregularity(sitting, "time.late_end", words, by="edge")
