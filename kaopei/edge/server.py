"""The exam server as a whole: its store, clock, ledger, trust and sittings, and the tick that keeps time."""

import asyncio
import hashlib
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import apsw

from kaopei.edge import receipts
from kaopei.edge.clock import Clock, boottime
from kaopei.edge.disk import Disk
from kaopei.edge.epoch import Epoch, machines, standing
from kaopei.edge.keeper import Keeper
from kaopei.edge.keystore import Keystore, check_enrolment, write_private
from kaopei.edge.record import Record
from kaopei.edge.record import batch_digest as batch_digest
from kaopei.edge.settings import Settings
from kaopei.edge.sitting import LOST_SECONDS, Attempt, Sitting, reload
from kaopei.edge.store import NotSaved, Store
from kaopei.parcel import enrolment
from kaopei.parcel.rejected import Rejected
from kaopei.parcel.trust import Trust

log = logging.getLogger("kaopei.edge")


class Edge:
    """One exam server. Everything here runs on the event loop; only `job`s run on the writer's thread."""

    def __init__(self, settings: Settings, trust: Trust, keys: Keystore, store: Store, record: Record, clock: Clock) -> None:
        self.settings, self.trust, self.keys = settings, trust, keys
        self.store, self.record, self.clock = store, record, clock
        self.keeper = Keeper(settings.data)
        self.sittings: dict[str, Sitting] = {}
        self.terminals: dict[bytes, tuple[Sitting, Attempt, int]] = {}
        self.challenges: dict[tuple[str, int], Any] = {}
        self.paused: dict[str, float] = {}
        self.seat_pauses: dict[str, float] = {}
        # Calls for help and breaks taken, by attempt (assistance.py); voided attempts (invigilation.py); open boards (live.py).
        self.helps: dict[str, Any] = {}
        self.rests: dict[str, int] = {}
        self.voided: set[str] | None = None
        self.views: dict[tuple[str, str], Any] = {}
        # What looks at every request of a terminal before anything else (raises delivery.Refusal), and what stands on every answer.
        self.door: Callable[[dict[bytes, bytes], str], None] | None = None
        self.wire_headers: list[tuple[bytes, bytes]] = []
        self.epoch = Epoch(settings, standing(settings), keys.signer, machines(settings, trust))
        self.mirror: Any = None
        # Ends the process in an orderly way; set by the program that serves.
        self.stop: Callable[[], None] = lambda: None
        # Baseline in force with its stamp; mismatches that were noted once.
        self.accepted: tuple[Any, dict[str, Any]] = ((), {})
        self.noted: set[tuple[str, str, str]] = set()
        # Cards behind addresses (lan.Neighbours, set by the program that serves), and when they were looked at last.
        self.neighbours: Any = None
        self.lan_seen = 0.0
        self.mark_secret = hashlib.sha256(b"mark|" + keys.passphrase + settings.site.encode()).digest()
        self.beaten = boottime()
        self._quiet: set[asyncio.Task[Any]] = set()
        self._pictures = asyncio.Semaphore(1)
        store.attach(record, record.keep_answers)
        record.reread = store.read
        self.disk = Disk(settings.data, settings.ballast_mib, settings.low_mib)
        store.relief = self.disk.release

    # ---- time
    def now(self) -> float:
        """Boottime: for anything that is a difference."""
        return boottime()

    def wall(self) -> int:
        """Unix seconds as a label."""
        return round(self.clock.wall())

    def advance(self, sitting: Sitting) -> None:
        """Bring a sitting's clock to this moment; while the server stood still no terminal could be heard."""
        if not sitting.clock:
            return
        stood = sitting.clock.advance(boottime(), self.clock.offset())
        if stood:
            for attempt in sitting.attempts.values():
                attempt.seen += stood
                attempt.contact += stood

    def token_time(self, sitting: Sitting) -> float:
        """Unix time by which windows are judged: the token's, plus boottime since; before a token the wall clock's."""
        self.advance(sitting)
        return sitting.clock.token_time if sitting.clock else self.clock.wall()

    def paused_since(self, sitting: Sitting, attempt: Attempt) -> float:
        """Boottime since when an attempt may not answer."""
        return self.paused.get(attempt.attempt) or self.paused.get(sitting.sitting_id) or 0.0

    # ---- whom we trust, and who we are
    def advance_trust(self, chain: Sequence[bytes | str]) -> None:
        """Take newer members of the chain; the highest version seen stays in force."""
        newer = self.trust.advance(chain)
        if newer.version == self.trust.version:
            return
        folder = self.settings.trust.parent / "trust"
        folder.mkdir(exist_ok=True)
        for place, member in enumerate(newer.chain):
            write_private(folder / f"{newer.version - len(newer.chain) + 1 + place}.json", member)
        write_private(self.settings.trust, newer.chain[-1])
        self.trust = newer

    def enrolled(self) -> enrolment.Edge:
        """This machine's record, in force now; Rejected says what is missing."""
        try:
            data = self.settings.enrolment.read_bytes()
        except FileNotFoundError:
            raise Rejected("enrolment", "还没有收到市、省验收会签的服务器登记书") from None
        check_enrolment(self.settings, self.keys, self.trust, data)
        return enrolment.read(data, self.trust, at=self.wall())

    # ---- writing
    async def act(
        self,
        code: str,
        *,
        by: str,
        obj: str,
        body: dict[str, Any] | None = None,
        job: Callable[[apsw.Connection], Any] | None = None,
        private: bool = False,
    ) -> Any:
        """Change the world and say so in the ledger, in one transaction; done when it is on the disk."""

        def both(connection: apsw.Connection) -> Any:
            result = job(connection) if job else None
            self.record.append(connection, code, by=by, obj=obj, body=body or {}, private=private)
            return result

        return await self.store.write(both)

    async def checkpoint(self) -> bytes:
        """Sign the ledger as it stands; at every gate, and about once a minute."""
        return bytes(await self.store.write(self.record.checkpoint))

    async def note_irregularity(
        self, sitting: Sitting, code: str, note: str, *, by: str, second: str = "", attempt: str = ""
    ) -> None:
        """Something that was not as it should be, on an attempt or on the whole sitting; the words travel sealed."""
        wall = self.wall()

        def job(connection: apsw.Connection) -> None:
            connection.execute(
                "INSERT INTO irregularity (sitting_id, attempt, code, note, by, second, wall) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (sitting.sitting_id, attempt, code, note, by, second, wall),
            )

        obj = f"attempt:{attempt}" if attempt else f"sitting:{sitting.sitting_id}"
        body = {"code": code, "note_digest": hashlib.sha256(note.encode()).hexdigest(), "second": second}
        await self.act("irregularity.noted", by=by, obj=obj, body=body, job=job)

    def reload(self, attempt: Attempt) -> None:
        """What could not be saved was never accepted."""
        reload(self.store, attempt)

    def keep_late(self, attempt: Attempt, body: bytes, most: int) -> None:
        """Evidence of what came after the close; never an answer, never more than a little."""

        def job(connection: apsw.Connection) -> None:
            ((count,),) = connection.execute("SELECT count(*) FROM late_event WHERE attempt_no = ?", (attempt.no,))
            if count < most:
                text = body[:2000].decode("utf-8", "replace")
                connection.execute(
                    "INSERT INTO late_event (attempt_no, body, wall) VALUES (?, ?, ?)", (attempt.no, text, self.wall())
                )

        self._later(self.store.write(job))

    def _later(self, work: Any) -> None:
        """Let a write finish by itself; a failure is seen in the log and by the next write."""

        async def quiet() -> None:
            try:
                await work
            except NotSaved as problem:
                log.warning("not saved: %s", problem)

        task = asyncio.get_running_loop().create_task(quiet())
        self._quiet.add(task)
        task.add_done_callback(self._quiet.discard)

    # ---- terminals
    def terminal(self, secret: bytes) -> tuple[Sitting, Attempt, int] | None:
        """Which attempt this terminal serves, and under which lease."""
        return self.terminals.get(hashlib.sha256(secret).digest())

    def touch(self, sitting: Sitting, attempt: Attempt, *, contact: bool = True) -> None:
        """A sign of life; time during which the terminal was lost and covered is credited once, up to the cap."""
        now = boottime()
        if attempt.state == "open" and now - attempt.seen > LOST_SECONDS:
            credit = sitting.lost_time(attempt, now)
            if credit:
                self._credit_loss(attempt, round(credit))
        attempt.seen = now
        if contact:
            attempt.contact = now

    def _credit_loss(self, attempt: Attempt, seconds: int) -> None:
        attempt.extra += seconds
        attempt.lost_credit += seconds

        def job(connection: apsw.Connection) -> None:
            connection.execute(
                "UPDATE attempt SET extra = extra + ?, lost_credit = lost_credit + ? WHERE no = ?",
                (seconds * 1000, seconds * 1000, attempt.no),
            )

        body = {"seconds": seconds, "cause": "terminal_lost"}
        self._later(self.act("attempt.time_credited", by="edge", obj=f"attempt:{attempt.attempt}", body=body, job=job))

    async def receipt_rows(self, sitting: Sitting, attempt: Attempt) -> list[str]:
        """The signed receipt as a QR; one at a time in a thread, so that a rush of hand-ins is not held up."""
        text = receipts.qr_text(sitting, attempt, self.keys.signer)
        async with self._pictures:
            return await asyncio.to_thread(receipts.qr_rows, text)

    async def close_attempt(self, sitting: Sitting, attempt: Attempt, by: str, actor: str = "") -> None:
        """Close an open attempt: handed in by the candidate, by time, or collected by the staff."""
        ran = sitting.clock.ran if sitting.clock else 0.0
        wall, answered = self.wall(), len(attempt.answers)

        def job(connection: apsw.Connection) -> None:
            connection.execute(
                "UPDATE attempt SET state = 'handed_in', ended_at = ?, ended_by = ?, ended_ran = ?, answered = ?, code = NULL"
                " WHERE no = ? AND state = 'open'",
                (wall, by, round(ran * 1000), answered, attempt.no),
            )

        body = {"count": attempt.count, "head": attempt.head.hex(), "answered": answered, "ended_by": by}
        code = receipts.code_of(attempt.attempt, attempt.count, attempt.head)
        body["receipt_digest"] = hashlib.sha256(code.encode()).hexdigest()
        # From here no answer is taken, so that count and head cannot move while the close is being written.
        attempt.state = "handed_in"
        try:
            await self.act("attempt.handed_in", by=actor or by, obj=f"attempt:{attempt.attempt}", body=body, job=job)
        except BaseException:
            attempt.state = "open"
            raise
        attempt.ended_at, attempt.ended_by, attempt.ended_ran = wall, by, ran


def persist_clock(connection: apsw.Connection, sitting: Sitting, wall: int) -> None:
    """Write a sitting's clock and the places where its candidates are."""
    clock = sitting.clock
    if clock is None:
        return
    boot, at, jump, token_time, ran, paused, standstill, cause = clock.row()
    why = sitting.pause_cause if paused else ""
    connection.execute(
        "INSERT OR REPLACE INTO sitting_clock (sitting_id, boot_id, boottime, jump, wall, token_time, ran, paused, why, standstill, cause)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (sitting.sitting_id, boot, at, jump, wall * 1000, token_time, ran, paused, why, standstill, cause),
    )
    moved = [one for one in sitting.attempts.values() if one.moved_position]
    rows = [(one.position, int(one.pulsed), one.no) for one in moved]
    connection.executemany("UPDATE attempt SET position = ?, pulsed = ? WHERE no = ?", rows)
    for one in moved:
        one.moved_position = False


def persist_clocks(connection: apsw.Connection, sittings: Sequence[Sitting], wall: int) -> None:
    """All of them in one transaction."""
    for one in sittings:
        persist_clock(connection, one, wall)


def inbox_bytes(settings: Settings, file: str) -> bytes:
    """A parcel as it came."""
    return Path(settings.inbox / file).read_bytes()
