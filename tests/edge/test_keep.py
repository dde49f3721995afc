"""The store: what is acknowledged is on the disk, and what is not on the disk was never acknowledged."""

import asyncio

import apsw
import pytest

from kaopei.edge import timekeeping
from kaopei.edge.store import NotSaved
from tests.edge import site as at


@pytest.fixture
def edge(laid, tmp_path):
    site = at.copied(laid, tmp_path)
    site.errors.close()
    edge = site.load()
    yield edge
    edge.store.close()


def put(key, value="x"):
    return lambda connection: connection.execute("INSERT INTO meta (key, value) VALUES (?, ?)", (key, value)).fetchall()


def keys(edge):
    return {row[0] for row in edge.store.read("SELECT key FROM meta")} - {"origin"}


def test_one_refused_job_takes_nothing_of_its_neighbours_along(edge):
    def refuse(connection):
        put("half")(connection)
        edge.record.append(connection, "edge.alive", by="edge", obj="edge:x", body={"sittings": 9})
        raise ValueError("no")

    async def work():
        return await asyncio.gather(*(edge.store.write(job) for job in (put("a"), refuse, put("b"), put("a"))), return_exceptions=True)

    outcomes = asyncio.run(work())
    assert [type(one) for one in outcomes] == [list, ValueError, list, apsw.ConstraintError]
    assert keys(edge) == {"a", "b"}
    assert edge.record.size == len(edge.store.read("SELECT 1 FROM entry"))


def test_a_full_disk_acknowledges_nothing_and_the_ledger_in_memory_goes_back(edge):
    """SQLite's own page limit stands for the disk: the commit fails in the same place."""

    async def fill():
        edge.store._writer.execute("PRAGMA max_page_count = 40").fetchall()
        size, sure = edge.record.size, 0
        with pytest.raises(NotSaved):
            for number in range(200):
                body = {"sittings": number}
                await edge.act("edge.alive", by="edge", obj="edge:x", body=body, job=put(f"k{number}", "y" * 2000))
                sure = number + 1
        assert edge.record.size == size + sure
        edge.store._writer.execute("PRAGMA max_page_count = 100000").fetchall()
        await edge.act("edge.alive", by="edge", obj="edge:x", job=put("after"))
        await edge.checkpoint()
        return sure

    sure = asyncio.run(fill())
    assert sure > 3
    assert keys(edge) == {f"k{number}" for number in range(sure)} | {"after"}


def test_a_second_writer_is_seen_before_a_checkpoint_is_signed(edge):
    """Two trees: one of what was appended, one of what is read back."""
    other = apsw.Connection(str(edge.store.path))
    other.execute("INSERT INTO entry (seq, leaf) VALUES (?, ?)", (edge.record.size, b"forged"))
    other.close()

    async def sign():
        return await edge.checkpoint()

    with pytest.raises(ValueError, match="停止签署检查点"):
        asyncio.run(sign())

    async def tick():
        edge.beaten = float("-inf")
        task = asyncio.create_task(timekeeping.keep_time(edge))
        await asyncio.sleep(0.8)
        alive = not task.done()
        task.cancel()
        return alive

    assert asyncio.run(tick()), "the clocks of the candidates go on"
    assert not edge.store.read("SELECT 1 FROM checkpoint")


def test_nothing_is_told_before_the_standby_has_it_and_nothing_is_sent_twice(edge):
    """The hook that a standby hangs on: every transaction in order as a changeset, told afterwards, kept while it is away."""
    copy = apsw.Connection(":memory:")
    away: list[bool] = []
    applied: list[int] = []

    def ship(changeset):
        if away:
            raise OSError("cable")
        with copy:
            apsw.Changeset.apply(changeset, copy)
        applied.append(len(changeset))

    async def work():
        await edge.store.write_copy(edge.store.path.with_name("copy"))
        with apsw.Connection(str(edge.store.path.with_name("copy"))) as source, copy.backup("main", source, "main") as backup:
            backup.step()
        source.close()
        edge.store.ship = ship
        await edge.act("edge.alive", by="edge", obj="edge:x", job=put("a"))
        away.append(True)
        for key in ("b", "c"):
            with pytest.raises(NotSaved, match="cable"):
                await edge.act("edge.alive", by="edge", obj="edge:x", job=put(key))
        assert not edge.store.in_step and len(edge.store.unshipped) == 2
        away.clear()
        await timekeeping.tick(edge)
        assert edge.store.in_step and not edge.store.unshipped

    asyncio.run(work())
    assert len(applied) == 3
    mine, theirs = (set(line.execute("SELECT key FROM meta").fetchall()) for line in (edge.store._writer, copy))
    assert mine == theirs and {("a",), ("b",), ("c",)} <= mine
    assert copy.execute("SELECT count(*) FROM entry").fetchall() == edge.store.read("SELECT count(*) FROM entry")
    copy.close()
