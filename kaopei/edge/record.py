"""This server's own ledger: every act an entry in the same transaction, checkpoints signed by the edge key.

二（四） N2.4.13/14: logs are kept, and nothing in them can be changed unseen. Two counts go side by side: one from what was
appended, one by a second routine from what is read back from the disk; a checkpoint is signed only when they agree.
After a disagreement nothing is signed any more.
"""

import hashlib
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import apsw
import msgspec

from kaopei.edge.clock import Clock
from kaopei.edge.recount import Recount
from kaopei.edge.settings import Settings
from kaopei.edge.store import Rows, Store
from kaopei.ledger import checkpoint, entry, events, segment, tree
from kaopei.parcel import canonical
from kaopei.parcel.keyfile import Signer

_KEEP = (
    "INSERT INTO answer_event (attempt_no, lease, seq, kind, item, value, chain, ran, entry)"
    " SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, unhex(value ->> 6), value ->> 7, ?2 FROM json_each(?1)"
)


# A disagreement that a running server found, kept for the next start.
MARK = "ledger.broken"


class Broken(ValueError):
    """The ledger on the disk is not what was appended or signed."""

    exit_status = 2


class Record:
    """Appends inside the writer's transactions; `snapshot` and `rollback` follow a transaction that fails."""

    def __init__(self, origin: str, signer: Signer, clock: Clock, on_break: Callable[[str], None] = lambda _words: None) -> None:
        self.origin, self.signer, self.clock, self._on_break = origin, signer, clock, on_break
        self._grown = tree.Frontier()
        # Counted from committed entries only, read by a connection of its own: what a checkpoint covered before its commit is
        # read once more from the disk for the next one.
        self._recount = Recount()
        self.reread: Callable[[str, tuple[int, ...]], Rows] | None = None
        self.broken = ""
        self._last_wall = 0
        self.signed_size = 0

    @property
    def size(self) -> int:
        """Entries so far, those of the open transaction included."""
        return self._grown.size

    def load(self, connection: apsw.Connection) -> None:
        """Recompute the whole ledger and compare it with its last signed checkpoint."""
        last = connection.execute("SELECT size, note FROM checkpoint ORDER BY size DESC LIMIT 1").fetchone()
        for seq, leaf in connection.execute("SELECT seq, leaf FROM entry ORDER BY seq"):
            if seq != self._grown.size:
                raise Broken(f"台账第 {self._grown.size} 条缺失，不能启动。保留原盘，启用备用服务器，并报告考试机构。")
            self._grown.append(tree.leaf_hash(bytes(leaf)))
            self._recount.add(bytes(leaf))
            if last and self._grown.size == last[0]:
                self._compare(bytes(last[1]))
        if last and self._grown.size < last[0]:
            raise Broken(f"台账只有 {self._grown.size} 条，少于已签署的 {last[0]} 条，不能启动。请报告考试机构。")
        self.signed_size = last[0] if last else 0

    def _compare(self, note: bytes) -> None:
        signed = checkpoint.parse(note)
        if signed.root != self._grown.root() or signed.origin != self.origin:
            raise Broken("台账与已签署的检查点不符（内容被改动过），不能启动。保留原盘，启用备用服务器，并报告考试机构。")

    def append(
        self, connection: apsw.Connection, code: str, *, by: str, obj: str, body: dict[str, Any], private: bool = False
    ) -> int:
        """One entry; its number. A private body stays in the store and travels sealed: the entry holds its digest."""
        unknown = set(body) - set(events.fields(code))
        if unknown:
            raise KeyError(f"{code}: {sorted(unknown)} not in the catalogue")
        wall = round(self.clock.wall())
        facts: dict[str, Any] = {
            "v": 1,
            "seq": self._grown.size,
            "src": "edge",
            "src_seq": self._grown.size,
            "type": code,
            "wall": wall,
            "boottime": round(self.clock.elapsed() * 1000),
            "boot_id": self.clock.boot_id,
            "actor": by,
            "obj": obj,
        }
        if private:
            facts["body_hash"] = hashlib.sha256(canonical.encode(body)).hexdigest()
        else:
            facts["body"] = body
        leaf = entry.encode(facts)
        seq = self._grown.size
        connection.execute("INSERT INTO entry (seq, leaf) VALUES (?, ?)", (seq, leaf))
        self._grown.append(tree.leaf_hash(leaf))
        return seq

    def keep_answers(self, connection: apsw.Connection, rows: Rows) -> None:
        """All answers of one batch with one ledger entry a sitting, which carries their digest."""
        for sitting_id in sorted({row[9] for row in rows}):
            batch = sorted((row for row in rows if row[9] == sitting_id), key=lambda row: (row[8], row[1], row[2]))
            digest = batch_digest((row[8], row[1], row[2], row[6]) for row in batch)
            body = {"events": len(batch), "digest": digest}
            entry = self.append(connection, "answers.saved", by="edge", obj=f"sitting:{sitting_id}", body=body)
            # One statement a batch: each step of a statement gives the interpreter away, and getting it back under load costs
            # more than the row.
            connection.execute(_KEEP, (_rows((*row[:6], row[6].hex(), row[7]) for row in batch), entry))

    def checkpoint(self, connection: apsw.Connection) -> bytes:
        """Read the new leaves back, count them by the second routine, sign if both agree. The same size is signed once."""
        if self.broken:
            raise Broken(self.broken)
        if self.size == self.signed_size:
            row = connection.execute("SELECT note FROM checkpoint WHERE size = ?", (self.size,)).fetchone()
            if row:
                return bytes(row[0])
        counted = self._counted(connection)
        if counted.size != self._grown.size or counted.root() != self._grown.root():
            self.broken = "台账盘上内容与内存不一致，停止签署检查点。请保留现场，立即报告考试机构。"
            self._on_break(self.broken)
            raise Broken(self.broken)
        note = checkpoint.sign(checkpoint.body(self.origin, self.size, self._grown.root()), self.signer)
        wall = round(self.clock.wall())
        connection.execute("INSERT INTO checkpoint (size, note, wall) VALUES (?, ?, ?)", (self.size, note, wall))
        self.signed_size = self.size
        return note

    def _counted(self, connection: apsw.Connection) -> Recount:
        """The second routine over the disk, and over what the open transaction has added."""
        sql = "SELECT leaf FROM entry WHERE seq >= ? ORDER BY seq"
        if self.reread is not None:
            for (leaf,) in self.reread(sql, (self._recount.size,)):
                self._recount.add(bytes(leaf))
        counted = self._recount.copy()
        for (leaf,) in connection.execute(sql, (counted.size,)):
            counted.add(bytes(leaf))
        return counted

    def snapshot(self) -> Any:
        """Where the tree stands."""
        return self._grown.copy(), self.signed_size

    def rollback(self, snapshot: Any) -> None:
        """Back to there; the count of the disk knows committed entries only."""
        self._grown, self.signed_size = snapshot


def _rows(rows: Iterable[tuple[Any, ...]]) -> str:
    return msgspec.json.encode(list(rows)).decode()


def digest(words: str) -> str:
    """Free text stays in the store and travels sealed; the ledger holds its digest."""
    return hashlib.sha256(words.encode()).hexdigest()


def batch_digest(events: Iterable[tuple[str, int, int, bytes]]) -> str:
    """SHA-256 over the lines `attempt|lease|seq|chain` of a batch, ordered by attempt, lease, seq."""
    lines = (f"{attempt}|{lease}|{seq}|{bytes(chain).hex()}\n" for attempt, lease, seq, chain in events)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def files(read: Callable[[str, tuple[int, ...]], list[tuple[Any, ...]]], size: int) -> dict[str, bytes]:
    """The ledger up to a signed checkpoint in the layout for outsiders; `read` runs SQL on the store."""
    leaves = [bytes(leaf) for (leaf,) in read("SELECT leaf FROM entry WHERE seq < ? ORDER BY seq", (size,))]
    notes = [bytes(note) for (note,) in read("SELECT note FROM checkpoint WHERE size <= ? ORDER BY size", (size,))]
    return segment.write(leaves, notes)


def origin(settings: Settings, store: Store, clock: Clock, suffix: str = "") -> str:
    """The name of this server's log, fixed when it is first written to; a successor after damage has a suffix (-2, -3 …)."""
    year = datetime.fromtimestamp(clock.wall(), UTC).year
    fresh = f"edge.{settings.city}.{settings.site}/{settings.serial}/{year}{suffix}"

    def job(connection: apsw.Connection) -> str:
        connection.execute("INSERT OR IGNORE INTO meta (key, value) VALUES ('origin', ?)", (fresh,))
        return str(connection.execute("SELECT value FROM meta WHERE key = 'origin'").fetchall()[0][0])

    found = str(store.run_now(job))
    if not found.startswith(f"edge.{settings.city}.{settings.site}/{settings.serial}/"):
        raise Broken(f"{settings.database}：库属于另一台考试服务器（{found}），不能使用。请核对 config.toml 或数据文件夹。")
    return found
