"""The store: SQLite in WAL with synchronous=FULL, one writer thread, group commit, acknowledgement after the commit.

The event loop gathers what is to be written for a few milliseconds (or 256 jobs) and hands it to the writer as one
transaction. A future is resolved only when that transaction is on the disk, and with a standby only when it is on
that one's disk too. A job that raises is undone alone (savepoint); a commit that fails undoes the whole batch, and
every future of it raises NotSaved. A full disk is tried once more after `relief` has made room.
"""

import asyncio
import fcntl
import queue
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from importlib.resources import files
from pathlib import Path
from typing import Any, Protocol

import apsw

GATHER_SECONDS = 0.004
BATCH = 256
SCHEMA_VERSION = 3
# What an acknowledged answer depends on. With synchronous=NORMAL the last commits before a power cut are lost (tests/edge/test_power.py).
PRAGMAS = (
    "journal_mode=WAL", "synchronous=FULL", "fullfsync=ON", "checkpoint_fullfsync=ON", "foreign_keys=ON", "trusted_schema=OFF", "cache_size=-8000",
)  # fmt: skip

Job = Callable[[apsw.Connection], Any]
Rows = list[tuple[Any, ...]]


class Damaged(ValueError):
    """The store cannot be trusted; the server does not start on it."""

    exit_status = 2


class NotSaved(Exception):
    """The batch is not on the disk; nothing of it was acknowledged."""


class Tree(Protocol):
    """What must be undone together with a transaction: the ledger's tree in memory."""

    def snapshot(self) -> Any: ...

    def rollback(self, snapshot: Any) -> None: ...


def connect(path: Path) -> apsw.Connection:
    """A connection with the settings that an acknowledged answer depends on."""
    connection = apsw.Connection(str(path))
    connection.set_busy_timeout(10_000)
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}").fetchall()
    return connection


class Store:
    """One file, one writer. `write` and `keep` are called on the event loop only, `read` on any thread."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._lock = _only_server(path)
        try:
            self._writer = _open_checked(path)
        except Damaged:
            self._lock.close()
            raise
        path.chmod(0o600)
        self._readers = threading.local()
        self._opened: list[apsw.Connection] = []
        self._tree: Tree | None = None
        self._keep: Callable[[apsw.Connection, Rows], None] | None = None
        self._jobs: list[tuple[Job, asyncio.Future[Any]]] = []
        self._rows: Rows = []
        self._rows_future: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._busy = False
        # Makes room on a full disk (True: try again). Runs on the writer's thread.
        self.relief: Callable[[], bool] | None = None
        # Brings each transaction to a standby; runs on the writer's thread, raises if the standby did not take it.
        self.ship: Callable[[bytes], None] | None = None
        self.unshipped: list[bytes] = []
        # Once a transaction was on this disk and not on the standby's, memory is behind the disk until attempts are read again.
        self.fell_behind = False
        self._queue: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def attach(self, tree: Tree, keep: Callable[[apsw.Connection, Rows], None]) -> None:
        """Name the tree to undo with a failed transaction, and what writes the answer rows of a batch."""
        self._tree, self._keep = tree, keep

    def read(self, sql: str, values: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
        """Rows as last committed. Each thread has a connection of its own: one that is used by two at once refuses."""
        reader: apsw.Connection | None = getattr(self._readers, "connection", None)
        if reader is None:
            reader = self._readers.connection = connect(self.path)
            self._opened.append(reader)
        return reader.execute(sql, tuple(values)).fetchall()

    def write(self, job: Job) -> asyncio.Future[Any]:
        """Run `job(connection)` in the next transaction; the future has its result once that is durable."""
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._jobs.append((job, future))
        self._soon()
        return future

    def keep(self, rows: Rows) -> asyncio.Future[None]:
        """Add answer rows to the next transaction; all callers of one batch share one future."""
        self._rows.extend(rows)
        if self._rows_future is None:
            self._rows_future = asyncio.get_running_loop().create_future()
        future = self._rows_future
        self._soon()
        return future

    @property
    def in_step(self) -> bool:
        """False from a transaction that the standby did not take until it has it and the attempts were read again."""
        return not self.fell_behind

    def stop_shipping(self) -> None:
        """Go on without a standby; what it had not taken is on this disk alone."""
        self.ship = None
        self.unshipped = []

    async def write_copy(self, path: Path) -> None:
        """The whole store as another file, between two transactions: where a standby begins."""

        def job() -> None:
            with apsw.Connection(str(path)) as copy, copy.backup("main", self._writer, "main") as backup:
                while not backup.done:
                    backup.step(1000)
            copy.close()

        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._hand_over((asyncio.get_running_loop(), job, future))
        await future

    def close(self) -> None:
        """Stop the writer after what it was given, and fold the WAL into the file."""
        if self._thread:
            self._queue.put(None)
            self._thread.join()
        for reader in self._opened:
            reader.close()
        self._writer.close()
        self._lock.close()

    def run_now(self, job: Job) -> Any:
        """A transaction before the event loop runs (start-up); not while the server serves."""
        snapshot = self._tree.snapshot() if self._tree else None
        try:
            with self._writer:
                return job(self._writer)
        except BaseException:
            if self._tree:
                self._tree.rollback(snapshot)
            raise

    def _soon(self) -> None:
        if len(self._jobs) + len(self._rows) >= BATCH:
            self._flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(GATHER_SECONDS, self._flush)

    def _flush(self) -> None:
        if self._busy or not (self._jobs or self._rows):
            # While the writer is busy the next batch grows; it leaves as soon as the writer is free.
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._busy = True
        self._hand_over((asyncio.get_running_loop(), self._jobs, self._rows, self._rows_future))
        self._jobs, self._rows, self._rows_future = [], [], None

    def _hand_over(self, work: tuple[Any, ...]) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
            self._thread.start()
        self._queue.put(work)

    def _run(self) -> None:
        while (batch := self._queue.get()) is not None:
            if len(batch) == 3:
                self._alone(*batch)
                continue
            loop, jobs, rows, rows_future = batch
            outcomes, problem = self._commit(jobs, rows)
            if isinstance(problem, apsw.FullError | apsw.IOError) and self._made_room():
                outcomes, problem = self._commit(jobs, rows)
            if problem is None and self.ship:
                problem = self._bring_over()
            loop.call_soon_threadsafe(self._done, outcomes, rows_future, problem)

    def _made_room(self) -> bool:
        """Give the ballast up, and let the log begin again at its start; whether it is worth another try."""
        made = self.relief() if self.relief else False
        with suppress(apsw.Error):
            ((blocked, _, _),) = self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            made = made or not blocked
        return made

    def _alone(self, loop: asyncio.AbstractEventLoop, job: Callable[[], None], future: "asyncio.Future[None]") -> None:
        try:
            job()
            loop.call_soon_threadsafe(future.set_result, None)
        except Exception as problem:
            loop.call_soon_threadsafe(future.set_exception, NotSaved(str(problem)))

    def _bring_over(self) -> BaseException | None:
        """To the standby, in order, before anybody is told; what it did not take stays first in the line."""
        ship = self.ship
        try:
            while ship and self.unshipped:
                ship(self.unshipped[0])
                self.unshipped = self.unshipped[1:]
        except Exception as problem:
            self.fell_behind = True
            return problem
        return None

    def _commit(
        self, jobs: list[tuple[Job, asyncio.Future[Any]]], rows: Rows
    ) -> tuple[list[tuple[asyncio.Future[Any], Any, BaseException | None]], BaseException | None]:
        snapshot = self._tree.snapshot() if self._tree else None
        session = self._session() if self.ship else None
        try:
            self._writer.execute("BEGIN IMMEDIATE")
            outcomes = [self._one(job, future) for job, future in jobs]
            if rows and self._keep:
                self._keep(self._writer, rows)
            self._writer.execute("COMMIT")
            if session and not session.is_empty:
                self.unshipped = [*self.unshipped, session.changeset()]
            return outcomes, None
        except Exception as problem:  # full disk, I/O error: everything of this batch is undone
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")
            if self._tree:
                self._tree.rollback(snapshot)
            return [(future, None, problem) for _, future in jobs], problem
        finally:
            if session:
                session.close()

    def _session(self) -> apsw.Session:
        session = apsw.Session(self._writer, "main")
        session.attach()
        return session

    def _one(self, job: Job, future: asyncio.Future[Any]) -> tuple[asyncio.Future[Any], Any, BaseException | None]:
        snapshot = self._tree.snapshot() if self._tree else None
        self._writer.execute("SAVEPOINT job")
        try:
            result = job(self._writer)
        except apsw.Error as problem:
            if isinstance(problem, apsw.ConstraintError):
                return self._undo(future, snapshot, problem)
            raise
        except Exception as problem:  # the job's own refusal belongs to its caller alone
            return self._undo(future, snapshot, problem)
        self._writer.execute("RELEASE job")
        return future, result, None

    def _undo(
        self, future: asyncio.Future[Any], snapshot: Any, problem: Exception
    ) -> tuple[asyncio.Future[Any], Any, BaseException | None]:
        self._writer.execute("ROLLBACK TO job")
        self._writer.execute("RELEASE job")
        if self._tree:
            self._tree.rollback(snapshot)
        return future, None, problem

    def _done(
        self,
        outcomes: list[tuple[asyncio.Future[Any], Any, BaseException | None]],
        rows_future: asyncio.Future[None] | None,
        problem: BaseException | None,
    ) -> None:
        self._busy = False
        for future, result, refusal in outcomes:
            if future.cancelled():
                continue
            if problem is not None:
                future.set_exception(NotSaved(str(problem)))
            elif refusal is not None:
                future.set_exception(refusal)
            else:
                future.set_result(result)
        if rows_future is not None and not rows_future.cancelled():
            if problem is None:
                rows_future.set_result(None)
            else:
                rows_future.set_exception(NotSaved(str(problem)))
        self._flush()


def _only_server(path: Path) -> Any:
    """Two servers on one store would each believe in its own memory."""
    lock = path.with_suffix(".lock").open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise Damaged(f"{path}：另一个考试服务器进程正在使用这个库。请先停止它，或换一个数据文件夹。") from None
    return lock


def _open_checked(path: Path) -> apsw.Connection:
    """Open, check every page, make the schema in a new file."""
    try:
        connection = connect(path)
        findings = [row[0] for row in connection.execute("PRAGMA quick_check(5)")]
        version = connection.execute("PRAGMA user_version").fetchone()
    except apsw.Error as problem:
        raise Damaged(f"{path}：数据库损坏，无法启动（{problem}）。保留原文件，启用备用服务器，并报告考试机构。") from None
    if findings != ["ok"]:
        raise Damaged(f"{path}：数据库自检不通过（{findings[0]}）。保留原文件，启用备用服务器，并报告考试机构。")
    found = version[0] if version else 0
    if found == 0:
        with connection:
            connection.execute(files("kaopei.edge").joinpath("schema.sql").read_text("utf-8"))
    elif found != SCHEMA_VERSION:
        raise Damaged(f"{path}：库的版本是 {found}，本程序只认识 {SCHEMA_VERSION}。请用与之配套的程序。")
    return connection
