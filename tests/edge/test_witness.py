"""The standby witnesses the primary's ledger: it never becomes shorter, never another, and every checkpoint is counted again."""

import asyncio
import contextlib
import shutil
from types import SimpleNamespace

import apsw
import pytest

from kaopei.edge.witness import EVIDENCE, STATE, Fork, Witness
from kaopei.ledger import checkpoint
from kaopei.parcel import keyfile
from kaopei.parcel.keyfile import Signer
from tests.edge import pair as two
from tests.edge import room as stage
from tests.parcel.cast import CITY, SITE


class Log:
    """A primary's real store that grows when told to, and the standby that looks at it."""

    def __init__(self, folder):
        self.room, _ = stage.prepared(folder, 2, opened=False)
        self.room.keeper.kill()
        self.room.keeper.wait()
        self.path, self.home = folder / "site" / "edge.sqlite", folder / "b"
        self.home.mkdir()
        self.keys = SimpleNamespace(signer=Signer(keyfile.generate_sign()))
        self.peer = self.room.province.edge
        self.grow(2)

    def grow(self, entries, sign=True):
        """So many entries more, under a checkpoint."""

        async def work():
            edge = self.room.load()
            for _ in range(entries):
                await edge.act("staff.login_refused", by="console", obj="edge:EDGE-1")
            if sign:
                await edge.checkpoint()
            edge.store.close()

        asyncio.run(work())

    def witness(self, **changed):
        settings = SimpleNamespace(data=self.home, city=CITY, site=SITE) if not changed else SimpleNamespace(data=self.home, **changed)
        return Witness(settings, self.keys, self.peer)

    @contextlib.contextmanager
    def lines(self):
        with contextlib.closing(apsw.Connection(str(self.path))) as connection:
            yield connection

    def spoil(self, *statements):
        """By root, past the triggers."""
        with self.lines() as connection:
            for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
                connection.execute(f"DROP TRIGGER {name}")
            for sql, *values in statements:
                connection.execute(sql, values)

    def whole(self, witness):
        with self.lines() as connection:
            witness.look_whole(connection)
        return witness


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    log = Log(tmp_path_factory.mktemp("log"))
    yield log
    log.room.errors.close()


@pytest.fixture
def log(template, tmp_path):
    """A store of the test's own."""
    shutil.copytree(template.room.folder, tmp_path / "log", ignore=shutil.ignore_patterns("*.sock"))
    log = object.__new__(Log)
    log.__dict__ |= template.__dict__
    log.room = stage.Room(tmp_path / "log", template.room.province, template.room.port)
    log.path, log.home = tmp_path / "log" / "site" / "edge.sqlite", tmp_path / "log" / "b"
    yield log
    log.room.errors.close()


def test_the_newest_checkpoint_is_kept_with_both_signatures(log):
    seen = log.whole(log.witness())
    kept = checkpoint.parse((log.home / STATE).read_bytes())
    assert kept.size == seen.known.size > 2 and len(kept.signatures) == 2
    assert kept.signatures[1].name == f"standby.{log.keys.signer.kid}"
    log.grow(3)
    with log.lines() as connection:
        seen.look(connection)
    assert seen.known.size == kept.size + 3
    log.grow(1, sign=False)
    with log.lines() as connection:
        seen.look(connection)
    assert seen.known.size == kept.size + 3 and seen.fork == ""
    log.grow(0)
    with log.lines() as connection:
        seen.look(connection)
    assert seen.known.size == kept.size + 4 and seen.fork == ""


def test_an_old_disk_image_is_refused_for_good_and_both_notes_are_kept(log):
    image = log.path.read_bytes()
    log.grow(3)
    size = log.whole(log.witness()).known.size
    log.path.write_bytes(image)
    with pytest.raises(Fork, match="恢复了旧盘"):
        log.whole(log.witness())
    evidence = (log.home / EVIDENCE).read_text()
    assert f"\n{size}\n" in evidence and f"\n{size - 3}\n" in evidence
    log.grow(9)
    with pytest.raises(Fork, match="恢复了旧盘"):
        log.whole(log.witness())


def test_a_log_that_went_on_differently_is_refused(log):
    image = log.path.read_bytes()
    log.grow(2)
    log.whole(log.witness())
    log.path.write_bytes(image)
    log.grow(1)
    log.grow(4)
    with pytest.raises(Fork, match="有两份台账"):
        log.whole(log.witness())


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("UPDATE entry SET leaf = CAST(replace(CAST(leaf AS TEXT), 'edge', 'Edge') AS BLOB) WHERE seq = 1", "与本机收到的台账不符"),
        ("DELETE FROM entry WHERE seq = 1", "缺失"),
        ("DELETE FROM entry WHERE seq = (SELECT max(seq) FROM entry)", "只送来"),
        ("UPDATE checkpoint SET note = CAST(replace(CAST(note AS TEXT), 'EDGE-1', 'EDGE-9') AS BLOB)", "检查点不成立"),
        ("UPDATE meta SET value = replace(value, 'EDGE-1', 'EDGE-9') WHERE key = 'origin'", "不是登记的主机的"),
        ("DELETE FROM meta", "（无名）"),
    ],
    ids=["changed", "gap", "tail", "name", "stranger", "nameless"],
)
def test_a_copy_that_does_not_hold_is_refused(log, sql, words):
    log.spoil((sql,))
    with pytest.raises(Fork, match=words):
        log.whole(log.witness())
    assert not (log.home / STATE).exists()


def test_another_log_of_the_same_machine_must_name_the_known_one(log):
    log.whole(log.witness())
    log.spoil(("UPDATE meta SET value = value || '-2' WHERE key = 'origin'",), ("DELETE FROM checkpoint",))
    with pytest.raises(Fork, match="换了台账"):
        log.whole(log.witness())


@pytest.mark.slow
def test_a_primary_on_an_old_disk_acknowledges_nothing(tmp_path):
    """Two real servers: the first comes back on the disk image of the morning; the standby says so, and nobody is told that he is saved."""
    it = two.lay(tmp_path / "template").round(tmp_path / "round")
    try:
        it.start()
        terminal = it.terminals(it.a)[0]
        it.save(terminal, 1, "A")
        it.until(lambda: it.health(it.b).get("witnessed", 0) > 0)
        it.a.kill()
        for old in (it.a.folder / "site").glob("edge.sqlite*"):
            old.unlink()
        for image in (tmp_path / "template" / "a" / "site").glob("edge.sqlite*"):
            shutil.copyfile(image, it.a.folder / "site" / image.name)
        it.a.serve()
        it.until(lambda: it.health(it.b).get("state") == "fork")
        assert terminal.answer(2, "A").status_code == 503
        page = it.b.client().get("/standby", headers={"Accept": "text/html"}).text
        assert "与本机见证过的不" in page and "立即报告市考试机构" in page
        assert it.promote().status_code == 200
        it.until(it.serving)
        assert it.terminals(it.b)[0].state()["answers"] == {"1": "A"}
    finally:
        it.stop()
