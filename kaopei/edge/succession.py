"""A ledger that goes on from another one: a promoted standby's, or this machine's own after damage.

二（四） N2.4.13/14. Every row of the old store comes along, its checkpoints do not: the new log has a name of its own, begins with the
old entries as they lie, and says in its next entry which log it follows, at which size and root, and why. What the old log had
signed, and after damage the old log as a whole, goes into the return parcel beside the new one. Entries between the last
checkpoint that still holds and the break are doubtful: they prove nothing, and whoever reads the parcel is told so.
"""

import contextlib
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw

from kaopei.edge import keystore
from kaopei.edge.clock import Clock
from kaopei.edge.keystore import Keystore
from kaopei.edge.record import MARK, Broken, Record, origin
from kaopei.edge.settings import BadSettings, Settings
from kaopei.edge.store import Store
from kaopei.ledger import checkpoint, entry, segment, tree
from kaopei.parcel import container

# A sitting that is open is what a successor log is for: before that a fresh machine is taken.
GOING = ("opened", "running", "closed")
LONGEST = 0xFFFF


@dataclass(frozen=True)
class Found:
    """What a look at a ledger shows: entries that a checkpoint still covers, entries that must be there, what is wrong (empty: nothing)."""

    origin: str
    sound: int
    size: int
    reason: str


def examine(connection: apsw.Connection) -> Found:
    """Every entry against every checkpoint of one store."""
    notes: dict[int, checkpoint.Checkpoint] = {
        int(size): checkpoint.parse(bytes(note))
        for size, note in connection.execute("SELECT size, note FROM checkpoint ORDER BY size")
    }
    name = str(connection.execute("SELECT value FROM meta WHERE key = 'origin'").fetchall()[0][0])
    counts: Any = connection.execute(
        "SELECT (SELECT coalesce(max(seq), -1) + 1 FROM entry), (SELECT coalesce(max(entry), -1) + 1 FROM answer_event)"
    ).fetchall()[0]
    size = max(int(counts[0]), int(counts[1]), max(notes, default=0))
    grown, sound = tree.Frontier(), 0
    for seq, leaf in connection.execute("SELECT seq, leaf FROM entry ORDER BY seq"):
        if seq != grown.size:
            return Found(name, sound, size, f"第 {grown.size} 条缺失")
        grown.append(tree.leaf_hash(bytes(leaf)))
        if (note := notes.get(grown.size)) is not None:
            if note.root != grown.root():
                return Found(name, sound, size, f"第 {sound} 至 {grown.size - 1} 条中有内容被改动")
            sound = grown.size
    reason = f"只有 {grown.size} 条，应有 {size} 条" if grown.size < size else ""
    return Found(name, sound, size, reason)


def recompute(settings: Settings, store: Store, record: Record) -> None:
    """The whole ledger; where it is damaged and a sitting is open, the text names the way on."""
    mark = settings.data / MARK
    try:
        if mark.exists():
            raise Broken(mark.read_text("utf-8"))
        store.run_now(record.load)
        told = store.read("SELECT coalesce(max(entry), -1) + 1 FROM answer_event")[0][0]
        if told > record.size:
            raise Broken(f"台账只有 {record.size} 条，库里的作答却记在第 {told - 1} 条，不能启动。保留原盘，启用备用服务器，并报告考试机构。")
    except Broken as problem:
        states = {state for (state,) in store.read("SELECT state FROM sitting")}
        if states & set(GOING):
            way = "本场已启封：没有备用服务器可接替的，由负责人和另一名考务人员执行 edge go-on 续写台账，考试继续。"
            raise Broken(f"{problem}{way}") from None
        raise


def doubtful(read: Any) -> set[int]:
    """Numbers of entries that prove nothing any more. `read` runs SQL on the store."""
    return {seq for sound, size, files in read("SELECT sound, size, files FROM predecessor") for seq in range(sound, size)}


def segments(read: Any) -> bytes | None:
    """What the return parcel carries of the logs before this one; None if there was none."""
    rows = read("SELECT size, files FROM predecessor ORDER BY size")
    files = {f"{size}/{name}": data for size, packed in rows for name, data in container.read(bytes(packed))}
    return container.write(sorted(files.items())) if files else None


# ---- after damage, by two persons
def go_on(settings: Settings, keys: Keystore, clock: Clock, first: str, second: str) -> Found:
    """Let the sitting go on in a successor log; BadSettings if nothing is broken, or nothing is open."""
    with contextlib.closing(apsw.Connection(str(settings.database))) as old:
        found, mark = examine(old), settings.data / MARK
        if not found.reason and mark.exists():
            found = Found(found.origin, found.sound, found.size, mark.read_text("utf-8"))
        if not found.reason:
            raise BadSettings("本机台账没有损坏，不需要续写。请直接启动考试服务器。")
        states = [state for (state,) in old.execute("SELECT state FROM sitting")]
        if not set(states) & set(GOING):
            raise BadSettings("没有已经启封的场次：启封以前台账损坏的，不能续写。保留原盘，启用备用服务器或重新登记，并报告考试机构。")
        old.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    place = 2 + sum(1 for _ in settings.data.glob("edge.sqlite.damaged-*"))
    body = {"sound": found.sound, "reason": found.reason, "second": second}
    successor(settings, keys, clock, found, "ledger.succeeded", first, body, aside=f"damaged-{place}", suffix=f"-{place}")
    mark.unlink(missing_ok=True)
    return found


def successor(
    settings: Settings, keys: Keystore, clock: Clock, found: Found, code: str, by: str, body: dict[str, Any], *, aside: str, suffix: str = ""
) -> bytes:
    """The new store in the old one's place; the old file stays beside it as `edge.sqlite.<aside>`. The old log's last checkpoint."""
    fresh, old = settings.database.with_name("edge.sqlite.own"), settings.database.with_name(f"edge.sqlite.{aside}")
    for stale in settings.data.glob("edge.sqlite.own*"):
        stale.unlink()
    made = Store(fresh)
    try:
        root, note = made.run_now(lambda connection: _rows_over(connection, settings.database, found))
        grown = Record(origin(settings, made, clock, suffix), keys.signer, clock)
        made.attach(grown, lambda _connection, _rows: None)
        made.run_now(grown.load)
        said = {
            "origin": found.origin, "size": found.size, "root": root.hex(), "signed_size": checkpoint.parse(note).size if note else 0, **body,
        }  # fmt: skip
        made.run_now(lambda connection: grown.append(connection, code, by=by, obj=f"edge:{settings.serial}", body=said))
        if found.reason:
            made.run_now(lambda connection: _tell(connection, found, by, str(body.get("second", "")), round(clock.wall())))
        made.run_now(grown.checkpoint)
    finally:
        made.close()
    old.unlink(missing_ok=True)
    os.link(settings.database, old)
    # The old file was closed and has no WAL any more; the new one neither.
    for tail in ("-wal", "-shm"):
        settings.database.with_name(settings.database.name + tail).unlink(missing_ok=True)
    fresh.replace(settings.database)
    keystore.sync(settings.data)
    return bytes(note)


def _rows_over(connection: apsw.Connection, old: Path, found: Found) -> tuple[bytes, bytes]:
    """All rows into the empty store; the root over the entries that came along, and the old log's last checkpoint."""
    connection.execute("PRAGMA defer_foreign_keys=ON")
    with contextlib.closing(apsw.Connection(str(old), flags=apsw.SQLITE_OPEN_READONLY)) as source:
        named = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        for (name,) in source.execute(named).fetchall():
            if name in ("checkpoint", "entry"):
                continue
            marks = ", ".join("?" * len(list(source.execute(f"PRAGMA table_info({name})"))))
            connection.executemany(f"INSERT OR REPLACE INTO {name} VALUES ({marks})", source.execute(f"SELECT * FROM {name}"))
        leaves = [(seq, bytes(leaf)) for seq, leaf in source.execute("SELECT seq, leaf FROM entry ORDER BY seq")]
        notes = [bytes(note) for (note,) in source.execute("SELECT note FROM checkpoint ORDER BY size")]
    kept = _repaired(dict(leaves), found.size)
    connection.executemany("INSERT INTO entry (seq, leaf) VALUES (?, ?)", enumerate(kept))
    if notes:
        # A log that was whole is wholly in the new one; of a damaged one everything is kept as it lay.
        lay = segment.write([leaf[:LONGEST] for _, leaf in leaves], notes) if found.reason else {"checkpoint": notes[-1]}
        sound = found.sound if found.reason else found.size
        packed = container.write(sorted(lay.items()))
        connection.execute("INSERT INTO predecessor (size, sound, origin, files) VALUES (?, ?, ?, ?)", (found.size, sound, found.origin, packed))
    connection.execute("DELETE FROM meta WHERE key IN ('origin', 'standby_touch')")
    grown = tree.Frontier(tree.leaf_hash(leaf) for leaf in kept)
    return grown.root(), notes[-1] if notes else b""


def _repaired(leaves: dict[int, bytes], size: int) -> list[bytes]:
    """Entries as they lie; one that is missing or cannot be read leaves its number, and the digest of what lay there."""
    found = []
    for seq in range(size):
        leaf = leaves.get(seq, b"")
        try:
            good = entry.decode(leaf).get("seq") == seq and len(leaf) <= LONGEST
        except entry.BadEntry:
            good = False
        found.append(leaf if good else _unreadable(seq, leaf))
    return found


def _unreadable(seq: int, leaf: bytes) -> bytes:
    facts = {
        "v": 1, "seq": seq, "src": "edge", "src_seq": seq, "type": "ledger.unreadable", "wall": 0, "boottime": 0, "boot_id": "", "actor": "edge",
        "obj": "ledger", "body": {"digest": hashlib.sha256(leaf).hexdigest() if leaf else ""},
    }  # fmt: skip
    return entry.encode(facts)


def _tell(connection: apsw.Connection, found: Found, by: str, second: str, wall: int) -> None:
    """Always an irregularity of the sittings that go on."""
    words = f"台账损坏（{found.reason}），由两人决定续写；第 {found.sound} 至 {found.size - 1} 条不再作证明"
    marks = ", ".join("?" * len(GOING))
    sql = f"SELECT sitting_id, ?, ?, ?, ?, ?, ? FROM sitting WHERE state IN ({marks})"
    connection.execute(
        f"INSERT INTO irregularity (sitting_id, attempt, code, note, by, second, wall) {sql}",
        ("", "device.ledger_damaged", words, by, second, wall, *GOING),
    )


def record(settings: Settings, store: Store, keys: Keystore, clock: Clock) -> Record:
    """This server's log. A disagreement outlives the process that finds it: memory was right, and a restart has the disk only."""
    mark = settings.data / MARK
    return Record(origin(settings, store, clock), keys.signer, clock, lambda words: keystore.write_private(mark, words.encode()))
