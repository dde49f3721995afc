"""The primary dies with its disk; two persons let the standby take over, and nothing that was acknowledged is lost."""

import random
import shutil
import time

import httpx
import pytest

from kaopei.center.sittings import succession as at_center
from kaopei.edge import succession
from kaopei.ledger import checkpoint, entry, tree
from kaopei.parcel import base64url
from tests.edge import pair as two
from tests.edge.room import HEAD, INVIGILATOR, PATROLLER, SECOND

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    return two.lay(tmp_path_factory.mktemp("pair") / "template")


def death(pair, folder, seed: int) -> dict[str, float]:
    """One round; what was lost, and how long nobody could answer."""
    it = pair.round(folder)
    try:
        it.start()
        it.answer_until_dead(random.Random(seed).uniform(0.05, 0.5))
        began = time.monotonic()
        answer = it.promote()
        assert answer.status_code == 200, answer.text
        it.until(it.serving)
        lost = 0
        for one in it.terminals(it.b):
            found = one.state()
            lost += max(0, it.acked.get(one.attempt, 0) - found["seq"])
            assert one.answer(2, "A").status_code == 200
            served = time.monotonic() - began
        return {"lost": lost, "acked": sum(it.acked.values()), "seconds": served}
    finally:
        it.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.parametrize("count", [2, pytest.param(200, marks=pytest.mark.long)])
def test_nothing_acknowledged_is_lost_when_the_primary_dies_with_its_disk(pair, tmp_path, count):
    found = [death(pair, tmp_path / f"round-{at}", at) for at in range(count)]
    acked, slowest = sum(one["acked"] for one in found), max(one["seconds"] for one in found)
    print(f"{count} deaths, {acked} acknowledged, {sum(one['lost'] for one in found)} lost, serving again after at most {slowest:.1f} s")
    assert sum(one["lost"] for one in found) == 0
    assert acked > 0


@pytest.fixture
def running(pair, tmp_path):
    """In step; policy degrade, so that both ways out can be tried."""
    it = pair.round(tmp_path / "both", standby_policy="degrade")
    try:
        it.start()
        yield it
    finally:
        it.stop()


def refuse_everybody_else(running):
    """Only two persons of the sitting who saw the power off, one of them head or deputy, may promote."""
    for says, fields in (
        ("还没有确认主机已断电", {"off": ""}), ("第二人不能是您自己", {"second": HEAD}), ("负责人到场", {"first": INVIGILATOR, "second": SECOND}),
        ("PIN 不对", {"second_pin": "000000"}), ("需要两个人", {"second": ""}),
    ):  # fmt: skip
        answer = running.promote(**fields)
        if "请等两秒" in answer.text:
            time.sleep(2.1)
            answer = running.promote(**fields)
        assert (answer.status_code != 200, says in answer.text) == (True, True), answer.text
    time.sleep(2.1)
    assert running.health(running.b)["role"] == "standby"


def acknowledged(terminal) -> bool:
    """An answer that reaches the writer before it has noticed waits there for ever: no word is no acknowledgement either."""
    try:
        answer = terminal.answer(2, "B")
    except httpx.ReadTimeout:
        return False
    assert answer.status_code in (200, 503), answer.text
    return answer.status_code == 200


def test_a_primary_that_was_replaced_acknowledges_nothing_more(running):
    """Its power was not off after all: nothing it says counts, and it stops as soon as a browser shows it the new epoch."""
    refuse_everybody_else(running)
    left, right = running.terminals(running.a), running.terminals(running.b)
    for one in left:
        one.state()
        assert one.answer(1, "A").status_code == 200
    assert running.promote().status_code == 200
    running.until(running.serving)
    assert not acknowledged(left[0])
    found = [one.state() for one in right]
    assert [one["seq"] for one in found] == [1] * len(right)
    cookie = right[0].client.cookies.get("kaopei_epoch")
    assert cookie.startswith("2.")
    # A number of one's own stops nobody.
    forged = {"Cookie": "kaopei_epoch=9" + cookie[1:]}
    assert left[0].client.get("/api/pulse", headers=forged).status_code == 200
    answer = left[0].client.get("/api/pulse", headers={"Cookie": f"kaopei_epoch={cookie}"})
    assert (answer.status_code, answer.json()["error"]) == (503, "fenced")
    running.until(lambda: running.a.process.poll() is not None)
    running.a.process.stdout.close()
    with pytest.raises(AssertionError, match="已被备用服务器接替"):
        running.a.serve()
    promoted = running.b.entries("standby.promoted")
    assert len(promoted) == 1
    assert (promoted[0]["body"]["epoch"], promoted[0]["body"]["in_step"]) == (2, True)
    assert promoted[0]["body"]["origin"].endswith(tuple("0123456789"))
    believed_by_the_center(running, promoted[0])


def believed_by_the_center(running, promoted):
    """The new log with what the old machine had signed is a succession that the center takes."""
    leaves = [bytes(leaf) for (leaf,) in running.b.rows("SELECT leaf FROM entry ORDER BY seq")]
    contents = {"ledger_before": succession.segments(lambda sql: running.b.rows(sql))}
    public = base64url.decode(running.pair.province.edge.sign.pub, "公钥")

    def root_at(size):
        return tree.root([tree.leaf_hash(leaf) for leaf in leaves[:size]]).hex()

    def believe(origin, note):
        return checkpoint.verify(note, {origin: public}, running.pair.province.trust.algorithms.verify)

    site = promoted["body"]["origin"].split("/")[0] + "/"
    (one,) = at_center.found([entry.decode(leaf) for leaf in leaves], contents, site, root_at, believe)
    assert (one.kind, one.size, one.sound) == ("standby.promoted", promoted["seq"], promoted["seq"])


def test_without_a_standby_answers_wait_and_time_stands_still_until_two_persons_go_on(running):
    terminal = running.terminals(running.a)[0]
    terminal.state()
    running.b.kill()
    running.until(lambda: "备用服务器没有接上" in terminal.client.get("/standby").text)
    assert terminal.answer(1, "A").status_code == 503
    before = terminal.client.get("/api/pulse").json()["remaining"]
    time.sleep(2)
    assert abs(terminal.client.get("/api/pulse").json()["remaining"] - before) < 0.5
    form = {"first": HEAD, "first_pin": two.PIN, "second": PATROLLER, "second_pin": two.PIN}
    assert "断电" in terminal.client.post("/standby/alone", data=form, headers={"Accept": "text/html"}).text
    answer = terminal.client.post("/standby/alone", data=form | {"off": "1"}, headers={"Accept": "text/html"})
    assert answer.status_code == 303, answer.text
    running.save(terminal, 2, "A")
    assert "单机运行" in terminal.client.get("/standby").text
    left = running.a.entries("standby.left")
    assert len(left) == 1
    assert left[0]["body"]["size"] > 0
    assert ("device.no_standby",) in running.a.rows("SELECT code FROM irregularity")
    # The window ends when a fresh standby is in step, and the ledger says from when to when.
    running.b.serve()
    assert terminal.client.post("/standby/again", data=form, headers={"Accept": "text/html"}).status_code == 303
    running.until(lambda: running.health(running.b).get("state") == "step")
    running.until(lambda: any(one["body"]["alone_from"] for one in running.a.entries("standby.in_step")))
    running.save(terminal, 3, "A")


def test_a_standby_that_was_killed_begins_again_with_a_whole_copy(running):
    """What its own log still held from before must not come back over the copy."""
    terminal = running.terminals(running.a)[0]
    terminal.state()
    for number in range(1, 6):
        running.save(terminal, number, "A")
    running.b.kill()
    running.until(lambda: running.health(running.a) and "备用服务器没有接上" in terminal.client.get("/standby").text)
    running.b.serve()
    running.until(lambda: running.health(running.b).get("state") == "step")
    running.save(terminal, 6, "B")
    acked = terminal.seq
    running.a.kill()
    assert running.promote().status_code == 200
    running.until(running.serving)
    found = running.terminals(running.b)[0].state()
    assert found["seq"] == acked >= 6
    assert [running.b.rows("PRAGMA integrity_check"), found["answers"].get("6")] == [[("ok",)], "B"]


def test_a_standby_whose_old_copy_is_spoiled_still_takes_a_whole_one(running):
    running.b.kill()
    database = running.b.folder / "site" / "edge.sqlite"
    database.write_bytes(b"SQLite format 3\0" + bytes(4080))
    running.b.serve()
    running.until(lambda: running.health(running.b).get("state") == "step")
    terminal = running.terminals(running.a)[0]
    running.save(terminal, 1, "A")
    running.a.kill()
    assert running.promote().status_code == 200
    running.until(running.serving)
    assert running.terminals(running.b)[0].state()["seq"] == terminal.seq
