"""The second routine: it says what the first says, and what was changed on the disk is never signed."""

import hashlib
import random

import apsw
import pytest

from kaopei.edge.clock import Clock
from kaopei.edge.record import Broken, Record
from kaopei.edge.recount import Recount
from kaopei.ledger import checkpoint, tree
from kaopei.parcel import keyfile
from kaopei.parcel.keyfile import Signer


def test_both_routines_agree_at_every_size():
    grown, counted = tree.Frontier(), Recount()
    assert counted.root() == grown.root()
    for n in range(700):
        leaf = hashlib.sha256(bytes([n % 251])).digest()[: n % 31] + bytes([n % 256])
        grown.append(tree.leaf_hash(leaf))
        counted.add(leaf)
        assert (counted.size, counted.root(), counted.copy().root()) == (grown.size, grown.root(), grown.root())


@pytest.fixture
def log(tmp_path):
    """A record on a file, with a second connection that reads what is committed."""
    writer, reader = apsw.Connection(str(tmp_path / "log")), None
    writer.execute("PRAGMA journal_mode=WAL").fetchall()
    writer.execute("CREATE TABLE entry (seq INTEGER PRIMARY KEY, leaf BLOB NOT NULL)")
    writer.execute("CREATE TABLE checkpoint (size INTEGER PRIMARY KEY, note BLOB NOT NULL, wall INTEGER NOT NULL)")
    reader = apsw.Connection(str(tmp_path / "log"))
    record = Record("edge.4406.440601/E/2026", Signer(keyfile.generate_sign()), Clock(None))
    record.reread = lambda sql, values: reader.execute(sql, values).fetchall()
    yield record, writer
    reader.close()
    writer.close()


def grow(record, writer, count=3):
    with writer:
        for _ in range(count):
            record.append(writer, "edge.alive", by="edge", obj="edge:E", body={"sittings": 0})


def sign(record, writer):
    with writer:
        return checkpoint.parse(record.checkpoint(writer))


def test_checkpoints_are_signed_while_the_disk_agrees(log):
    record, writer = log
    for size in (3, 6, 9):
        grow(record, writer)
        assert sign(record, writer).size == size
    # Entries of the open transaction are covered, and read again from the disk afterwards.
    with writer:
        record.append(writer, "edge.alive", by="edge", obj="edge:E", body={"sittings": 0})
        assert checkpoint.parse(record.checkpoint(writer)).size == 10
    grow(record, writer)
    assert sign(record, writer).size == 13


CHANGES = {
    "changed": "UPDATE entry SET leaf = CAST(replace(CAST(leaf AS TEXT), '\"sittings\":0', '\"sittings\":1') AS BLOB) WHERE seq = ?",
    "deleted": "DELETE FROM entry WHERE seq = ?",
    "emptied": "UPDATE entry SET leaf = x'' WHERE seq = ?",
    "doubled": "UPDATE entry SET leaf = CAST(leaf || leaf AS BLOB) WHERE seq = ?",
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("place", [3, 5])
def test_whatever_changed_on_the_disk_is_not_signed_and_nothing_is_afterwards(log, change, place):
    record, writer = log
    grow(record, writer)
    sign(record, writer)
    grow(record, writer)
    before = writer.execute("SELECT leaf FROM entry WHERE seq = ?", (place,)).fetchone()[0]
    writer.execute(CHANGES[change], (place,))
    with pytest.raises(Broken, match="停止签署"):
        sign(record, writer)
    writer.execute("INSERT OR REPLACE INTO entry (seq, leaf) VALUES (?, ?)", (place, before))
    with pytest.raises(Broken, match="停止签署"):
        sign(record, writer)
    assert writer.execute("SELECT max(size) FROM checkpoint").fetchone() == (3,)


def test_an_entry_changed_between_its_checkpoint_and_its_commit_is_found_at_the_next(log):
    record, writer = log
    grow(record, writer)
    with writer:
        record.append(writer, "edge.alive", by="edge", obj="edge:E", body={"sittings": 0})
        record.checkpoint(writer)
        writer.execute(CHANGES["changed"], (3,))
    grow(record, writer, 1)
    with pytest.raises(Broken, match="停止签署"):
        sign(record, writer)


def test_random_single_changes_are_all_found(log):
    record, writer = log
    grow(record, writer, 40)
    chance = random.Random(7)
    for _ in range(60):
        place = chance.randrange(40)
        (leaf,) = writer.execute("SELECT leaf FROM entry WHERE seq = ?", (place,)).fetchone()
        spoiled = bytearray(leaf)
        spoiled[chance.randrange(len(spoiled))] ^= 1 << chance.randrange(8)
        fresh = Recount()
        for (other,) in writer.execute("SELECT leaf FROM entry ORDER BY seq"):
            fresh.add(bytes(spoiled) if other == leaf else bytes(other))
        assert fresh.root() != record._grown.root()
