"""Power cuts under the real store: a VFS that writes down what reached the disk when, and disks as a cut may leave them.

SQLite works on real files in memory; every write, truncation, sync and deletion passes here. What a file's last sync covers is
durable. Of the rest a cut leaves what its mode says:

  lost       nothing
  some       a random subset of the writes
  torn       all up to a random one, and of that one a part (cut within a sector, the rest of the sector garbage)
  reordered  a random prefix of a random order

Damage never reaches bytes outside what was being written: SQLite builds on that (SQLITE_POWERSAFE_OVERWRITE).
"""

import itertools
import random
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apsw
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kaopei.edge.clock import Clock
from kaopei.edge.record import Record, batch_digest
from kaopei.edge.sitting import chain_seed, chained
from kaopei.edge.store import Damaged, Store
from kaopei.ledger import entry

MODES = ("lost", "some", "torn", "reordered")
SECTOR = 512
ATTEMPTS = 3
# Small, so that checkpoints and restarts of the log come every few batches.
CHECKPOINT_PAGES = 12


@dataclass
class Op:
    """One thing that was done to a file. kind: w(rite), t(runcate), s(ync), d(elete)."""

    file: str
    kind: str
    offset: int = 0
    data: bytes = b""


class File(apsw.VFSFile):
    """A file of the store."""

    def __init__(self, power: "Power", name: Any, flags: list[int]) -> None:
        super().__init__("unix", name, flags)
        # The database comes with a URI name, its log with a plain one.
        self.power, self.name = power, Path(name.filename() if isinstance(name, apsw.URIFilename) else name).name

    def xWrite(self, data: bytes, offset: int) -> None:
        if self.power.on:
            self.power.ops.append(Op(self.name, "w", offset, bytes(data)))
            super().xWrite(data, offset)

    def xTruncate(self, size: int) -> None:
        if self.power.on:
            self.power.ops.append(Op(self.name, "t", size))
            super().xTruncate(size)

    def xSync(self, flags: int) -> None:
        if self.power.on:
            self.power.ops.append(Op(self.name, "s"))


class Power(apsw.VFS):
    """The supply. While `on`, all that happens is written down; off, nothing reaches anything."""

    def __init__(self) -> None:
        self.name = f"power{id(self)}"
        super().__init__(self.name, "unix")
        self.on, self.ops = True, list[Op]()

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:
        return File(self, name, flags) if name is not None else super().xOpen(name, flags)

    def xDelete(self, name: str, sync: bool) -> None:
        if self.on:
            self.ops.append(Op(Path(name).name, "d"))
            super().xDelete(name, sync)


Image = dict[str, bytes]


def apply(data: bytearray | None, op: Op) -> bytearray | None:
    if op.kind == "d":
        return None
    found = bytearray() if data is None else data
    if op.kind == "w":
        if len(found) < op.offset:
            found.extend(bytes(op.offset - len(found)))
        found[op.offset : op.offset + len(op.data)] = op.data
    elif op.kind == "t":
        del found[op.offset :]
    return found


def torn(op: Op, chance: random.Random) -> Op:
    """A write that was cut off; the rest of the sector in which it stopped may be anything."""
    if op.kind != "w" or not op.data:
        return op
    cut = chance.randrange(len(op.data))
    rest = min(SECTOR - (op.offset + cut) % SECTOR, len(op.data) - cut)
    return Op(op.file, "w", op.offset, op.data[:cut] + chance.randbytes(rest))


def left(volatile: list[Op], mode: str, chance: random.Random) -> list[Op]:
    """What a cut leaves of what no sync covers."""
    if mode == "lost" or not volatile:
        return []
    if mode == "some":
        return [op for op in volatile if chance.random() < 0.5]
    if mode == "torn":
        last = chance.randrange(len(volatile))
        return [*volatile[:last], torn(volatile[last], chance)]
    order = chance.sample(volatile, len(volatile))
    return order[: chance.randrange(len(order) + 1)]


def cut(start: Image, ops: list[Op], at: int, mode: str, chance: random.Random) -> Image:
    """The disk after the supply failed just before operation `at`."""
    found: Image = {}
    for name in {*start, *(op.file for op in ops[:at])}:
        mine = [op for op in ops[:at] if op.file == name]
        synced = max((n + 1 for n, op in enumerate(mine) if op.kind == "s"), default=0)
        data: bytearray | None = bytearray(start[name]) if name in start else None
        for op in itertools.chain(mine[:synced], left([op for op in mine[synced:] if op.kind != "s"], mode, chance)):
            data = apply(data, op)
        if data is not None:
            found[name] = bytes(data)
    return found


class Key:
    """An Ed25519 key as notes want it."""

    def __init__(self) -> None:
        self.key = Ed25519PrivateKey.generate()

    def public(self) -> bytes:
        return self.key.public_key().public_bytes_raw()

    def sign_note(self, text: bytes) -> bytes:
        return self.key.sign(text)


@dataclass
class Told:
    """What candidates were told (acknowledged), and what was ever sent."""

    acked: dict[int, int] = field(default_factory=lambda: dict.fromkeys(range(1, ATTEMPTS + 1), 0))
    sent: dict[tuple[int, int], bytes] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def copy(self) -> "Told":
        return Told(dict(self.acked), dict(self.sent), list(self.notes))


class Machine:
    """The real store and ledger on a disk that may be cut off at any moment."""

    def __init__(self, folder: Path, power: Power, key: Key, image: Image) -> None:
        self.folder, self.power = folder, power
        for name, data in image.items():
            (folder / name).write_bytes(data)
        power.on, power.ops = True, []
        self.store = Store(folder / "edge.sqlite")
        self.store._writer.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}").fetchall()
        self.record = Record("edge.test/1", key, Clock(None))  # type: ignore[arg-type]
        self.store.attach(self.record, self.record.keep_answers)
        try:
            self.store.run_now(self.record.load)
        except BaseException:
            self.off()
            raise

    def off(self) -> None:
        """No more power: nothing that closing does reaches the disk."""
        self.power.on = False
        self.store.close()
        for path in self.folder.iterdir():
            path.unlink()

    def batch(self, told: Told, chance: random.Random) -> None:
        """One group commit as the writer's thread makes it: answers, now and then an act and a checkpoint. Told after it returned."""
        sent: dict[int, int] = {}
        rows = []
        for no in chance.choices(range(1, ATTEMPTS + 1), k=chance.randrange(1, 6)):
            seq = sent.get(no, self.last(no)) + 1
            head = told.sent.get((no, seq - 1), chain_seed(f"K{no}", b"salt"))
            value = chance.choice(["A", "B", ""])
            chain = chained(head, f"K{no}", 1, seq, "answer", 1, value)
            rows.append((no, 1, seq, "answer", 1, value, chain, 0, f"K{no}", "S"))
            told.sent[no, seq], sent[no] = chain, seq
        jobs: list[Any] = []
        note = f"n{len(self.power.ops)}-{chance.random()}"
        noted = chance.random() < 0.3
        if noted:
            jobs.append((lambda connection: connection.execute("INSERT INTO meta (key, value) VALUES (?, 'x')", (note,)).fetchall(), None))
        if chance.random() < 0.2:
            jobs.append((self.record.checkpoint, None))
        _, problem = self.store._commit(jobs, rows)
        if problem is not None:
            raise problem
        told.acked |= sent
        if noted:
            told.notes.append(note)

    def last(self, no: int) -> int:
        ((found,),) = self.store.read("SELECT coalesce(max(seq), 0) FROM answer_event WHERE attempt_no = ?", (no,))
        return int(found)


def check(machine: Machine, told: Told) -> list[str]:
    """What is wrong after a cut: told and not there, there and never sent, half a batch. The store has checked its pages itself."""
    wrong: list[str] = []
    rows = machine.store.read("SELECT attempt_no, lease, seq, chain, entry FROM answer_event ORDER BY attempt_no, seq")
    seen: dict[int, int] = dict.fromkeys(told.acked, 0)
    batches: dict[int, list[tuple[str, int, int, bytes]]] = {}
    for no, lease, seq, chain, number in rows:
        if seq != seen[no] + 1 or told.sent.get((no, seq)) != bytes(chain):
            wrong.append(f"attempt {no}: row {seq} is not what was sent")
        seen[no] = seq
        batches.setdefault(number, []).append((f"K{no}", lease, seq, bytes(chain)))
    wrong += [f"attempt {no}: {told.acked[no]} told, {have} there" for no, have in seen.items() if have < told.acked[no]]
    for number, (leaf,) in enumerate(machine.store.read("SELECT leaf FROM entry ORDER BY seq")):
        facts = entry.decode(bytes(leaf))
        if facts["type"] == "answers.saved":
            digest = batch_digest(sorted(batches.pop(number, [])))
            if facts["body"]["digest"] != digest:
                wrong.append(f"entry {number}: half a batch")
    wrong += [f"answers of entry {number} without it" for number in batches]
    have_notes = {key for (key,) in machine.store.read("SELECT key FROM meta")}
    wrong += [f"note {note} lost" for note in told.notes if note not in have_notes]
    return wrong


def fresh(folder: Path, power: Power, key: Key) -> Image:
    """A new store with one sitting, as it lies on the disk after a clean stop."""
    machine = Machine(folder, power, key, {})

    def job(connection: apsw.Connection) -> None:
        connection.execute("INSERT INTO sitting (sitting_id, state) VALUES ('S', 'running')")
        for no in range(1, ATTEMPTS + 1):
            sql = "INSERT INTO attempt (no, attempt, sitting_id, room, seat, state) VALUES (?, ?, 'S', 'R', ?, 'open')"
            connection.execute(sql, (no, f"K{no}", str(no)))

    machine.store.run_now(job)
    machine.store.close()
    image = {path.name: path.read_bytes() for path in folder.iterdir() if path.name == "edge.sqlite"}
    for path in folder.iterdir():
        path.unlink()
    return image


@dataclass
class Outcome:
    """Over all cuts: how many, how many by mode lost something, how many left a store that does not open."""

    cuts: int = 0
    lost: dict[str, int] = field(default_factory=lambda: dict.fromkeys(MODES, 0))
    corrupt: int = 0
    examples: list[str] = field(default_factory=list)


def ordeal(cuts: int, seed: int, *, batches: int = 5, cuts_a_life: int = 10, lives: int = 6) -> Outcome:
    """So many power cuts. A life: start on what the last cut left, work, then cut it at many moments; the next life starts on one of these."""
    chance, outcome = random.Random(seed), Outcome()
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(dir=memory if memory.is_dir() else None))
    power, key = Power(), Key()
    apsw.set_default_vfs(power.name)
    try:
        first = fresh(folder, power, key)
        while outcome.cuts < cuts:
            image, told = first, Told()
            for _ in range(lives):
                image, told = _life(folder, power, key, image, told, chance, outcome, batches, min(cuts_a_life, cuts - outcome.cuts))
                if not image or outcome.cuts >= cuts:
                    break
    finally:
        apsw.set_default_vfs("unix")
        power.unregister()
        shutil.rmtree(folder)
    return outcome


def _life(
    folder: Path, power: Power, key: Key, start: Image, told: Told, chance: random.Random, outcome: Outcome, batches: int, cuts: int
) -> tuple[Image, Told]:
    machine = Machine(folder, power, key, start)
    moments = [(len(power.ops), told.copy())]
    for _ in range(chance.randrange(1, batches + 1)):
        machine.batch(told, chance)
        moments.append((len(power.ops), told.copy()))
    ops = power.ops
    machine.off()
    went_on: tuple[Image, Told] = ({}, told)
    for number in range(cuts):
        mode, at = MODES[(outcome.cuts + number) % len(MODES)], chance.randrange(len(ops) + 1)
        left_over = cut(start, ops, at, mode, chance)
        # Whoever was told before this moment must find his answer; what was sent later was at least never told.
        known = next(facts for when, facts in reversed(moments) if when <= at) if at >= moments[0][0] else moments[0][1]
        known = Told(known.acked, told.sent, known.notes)
        try:
            again = Machine(folder, power, key, left_over)
        except (Damaged, apsw.Error, ValueError) as problem:
            outcome.corrupt += 1
            outcome.examples.append(f"{mode}: {problem}")
            for path in folder.iterdir():
                path.unlink()
            continue
        wrong = check(again, known)
        have = {no: again.last(no) for no in known.acked}
        again.off()
        if wrong:
            outcome.lost[mode] += 1
            outcome.examples.append(f"{mode}: {wrong[0]}")
        elif not went_on[0] or chance.random() < 0.2:
            sent = {where: chain for where, chain in told.sent.items() if where[1] <= have[where[0]]}
            went_on = left_over, Told(have, sent, list(known.notes))
    outcome.cuts += cuts
    return went_on
