"""The ledger on the disk is damaged: before the opening nothing starts; in a sitting two persons let it go on, and everybody can see it."""

import json
import os
import subprocess
import sys

import apsw
import pytest

from kaopei.center.sittings import bundle
from kaopei.edge.record import MARK
from kaopei.ledger import checkpoint
from kaopei.parcel import base64url, return_parcel
from tests.edge import site as at
from tests.edge.room import DEPUTY, HEAD, INVIGILATOR, KEEPER, PATROLLER

pytestmark = pytest.mark.slow


@pytest.fixture
def site(laid, tmp_path):
    site = at.copied(laid, tmp_path)
    at.pack(site, count=2)
    site.serve()
    yield site
    site.stop()


def running(site):
    """Open, rung, both answering."""
    head = at.take_in(site)
    at.prepare(head)
    at.open_paper(site, head)
    terminals = at.seat_all(site, head, site.packs[at.SITTING].rows)
    at.ring(site, head)
    for one in terminals:
        assert one.begin().status_code == 200
    return terminals


def spoil(site, sql, *values):
    """By root, with the server down."""
    with apsw.Connection(str(site.home / "edge.sqlite")) as connection:
        for trigger in ("entry_kept_update", "entry_kept_delete"):
            connection.execute(f"DROP TRIGGER IF EXISTS {trigger}")
        connection.execute(sql, values)


def refused_start(site):
    done = subprocess.run(
        [sys.executable, "-m", "kaopei", "edge", "serve", "--config", str(site.config)], capture_output=True, text=True, timeout=300, check=False
    )
    return done.returncode, done.stderr


def go_on(site, first=HEAD, second=KEEPER, pins=(at.PIN, at.PIN)):
    env = {**os.environ, "KAOPEI_PIN_1": pins[0], "KAOPEI_PIN_2": pins[1]}
    words = ["edge", "go-on", "--config", str(site.config), "--first", first, "--second", second]
    done = subprocess.run([sys.executable, "-m", "kaopei", *words], capture_output=True, text=True, timeout=300, check=False, env=env)
    return done.returncode, done.stdout + done.stderr


def last_answers(site):
    """Number of the newest entry that carries answers, and of the checkpoint before it."""
    with apsw.Connection(str(site.home / "edge.sqlite")) as connection:
        ((seq,),) = connection.execute("SELECT max(entry) FROM answer_event").fetchall()
        ((sound,),) = connection.execute("SELECT max(size) FROM checkpoint WHERE size <= ?", (seq,)).fetchall()
        ((signed,),) = connection.execute("SELECT max(size) FROM checkpoint").fetchall()
    return seq, sound, signed


def test_before_the_opening_it_refuses_and_nobody_may_go_on(site):
    at.take_in(site)
    site.kill()
    spoil(site, "UPDATE entry SET leaf = CAST(replace(CAST(leaf AS TEXT), '\"by\"', '\"by\"') || ' ' AS BLOB) WHERE seq = 1")
    code, said = refused_start(site)
    assert (code, "不能启动" in said, "go-on" in said) == (2, True, False), said
    code, said = go_on(site)
    assert (code, "启封以前" in said) == (2, True), said


def test_two_persons_let_a_sitting_go_on_and_the_parcel_says_so(site):
    terminals = running(site)
    assert terminals[0].answer(1, "A").status_code == 200
    assert terminals[1].answer(1, "B").status_code == 200
    # A pause is a gate event: a checkpoint covers the answers so far.
    head = site.person(HEAD)
    head.do("pause", INVIGILATOR, reason="核对考场人数，全场暂停")
    head.do("resume", INVIGILATOR, reason="核对完毕，继续考试")
    site.kill()
    seq, sound, signed = last_answers(site)
    assert sound <= seq < signed
    spoil(site, "UPDATE entry SET leaf = CAST(replace(CAST(leaf AS TEXT), '\"events\":1', '\"events\":9') AS BLOB) WHERE seq = ?", seq)
    code, said = refused_start(site)
    assert (code, "go-on" in said) == (2, True), said
    for who, says in (
        ({"second": HEAD}, "第二人不能是您自己"), ({"pins": (at.PIN, "000000")}, "PIN 不对"), ({"first": KEEPER, "second": INVIGILATOR}, "负责人"),
    ):  # fmt: skip
        code, said = go_on(site, **who)
        assert (code, says in said) == (2, True), said
    code, said = go_on(site)
    assert (code, f"第 {sound} 至" in said) == (0, True), said
    assert "不需要续写" in go_on(site, second=DEPUTY)[1]
    site.serve()
    for one, letter in zip(terminals, "AB", strict=True):
        one.state()
        assert one.client.get("/api/item/1").json()["answer"] == letter
        assert one.answer(2, "A").status_code == 200
        assert one.hand_in().status_code == 200
    assert [row[0] for row in site.rows("SELECT code FROM irregularity WHERE code LIKE 'device.ledger%'")] == ["device.ledger_damaged"]
    handed_back(site, terminals, sound, seq)
    verified(site, sound)


def handed_back(site, terminals, sound, seq):
    head = site.person(HEAD)
    head.do("hand-back/close", INVIGILATOR)
    head.do("hand-back/slip", PATROLLER, **at.SIGNED)
    at.build(head, score_reason="台账损坏，等核查")
    p = site.province
    returned = return_parcel.Returned((site.home / "outbox" / f"{at.SITTING}-r1.xrb").read_bytes(), p.trust)
    contents = returned.contents(*p.openers["city_import"])
    assert {"ledger", "ledger_before"} <= set(contents)
    weighed = weigh(site, returned, contents)
    (one,) = weighed.successions
    assert (one.kind, one.sound) == ("ledger.succeeded", sound)
    assert seq in one.doubtful
    answers = {row["attempt"]: row["answers"] for row in json.loads(contents["answers"])["attempts"]}
    assert answers == {terminals[0].attempt: {"1": "A", "2": "A"}, terminals[1].attempt: {"1": "B", "2": "A"}}


def weigh(site, returned, contents):
    """As the center does with a parcel that comes in."""
    p = site.province
    public = base64url.decode(p.edge.sign.pub, "公钥")

    def believe(origin, note):
        return checkpoint.verify(note, {origin: public}, p.trust.algorithms.verify)

    people = {row["attempt"] for row in site.packs[at.SITTING].rows}
    return bundle.weigh(returned, contents, people, None, p.trust, believe)


def verified(site, sound):
    out = site.folder / "out"
    assert at.run("edge", "ledger", "--config", str(site.config), "--out", str(out)).returncode == 0
    done = at.run("ledger", "verify", str(out), "--trust", str(site.folder / "trust.json"))
    lines = done.stdout.splitlines()
    assert (done.returncode, sorted(line.split("\t")[0] for line in lines)) == (1, ["bad", "ok"]), done.stdout
    good = next(line for line in lines if line.startswith("ok"))
    bad = next(line for line in lines if line.startswith("bad"))
    assert "续写 edge." in good and f"第 {sound} 至" in good
    assert f"前 {sound} 条在两边相同，仍然可信" in bad


def test_entries_that_are_gone_leave_their_numbers(site):
    terminals = running(site)
    assert terminals[0].answer(1, "A").status_code == 200
    site.kill()
    seq, _, _ = last_answers(site)
    spoil(site, "DELETE FROM entry WHERE seq >= ?", seq)
    # Signed before or not: the answers name an entry that is not there.
    if refused_start(site)[0] != 2:
        pytest.fail("a server without the entry of its answers must not start")
    code, said = go_on(site)
    assert (code, "应有" in said) == (0, True), said
    site.serve()
    assert terminals[0].client.get("/api/item/1").json()["answer"] == "A"
    assert site.rows("SELECT count(*) FROM entry WHERE CAST(leaf AS TEXT) LIKE '%ledger.unreadable%'")[0][0] >= 1


def test_a_disagreement_found_while_running_outlives_the_process(site):
    running(site)
    with apsw.Connection(str(site.home / "edge.sqlite")) as connection:
        connection.set_busy_timeout(5000)
        connection.execute("DROP TRIGGER entry_kept_update")
        changed = "CAST(replace(CAST(leaf AS TEXT), '\"v\":1', '\"v\":2') AS BLOB)"
        connection.execute(f"UPDATE entry SET leaf = {changed} WHERE seq = (SELECT max(seq) FROM entry)")
    head = site.person(HEAD)
    head.send("pause", INVIGILATOR, reason="核对考场人数，全场暂停")
    assert (site.home / MARK).exists()
    site.kill()
    code, said = refused_start(site)
    assert (code, "停止签署" in said) == (2, True), said
    assert go_on(site)[0] == 0
    site.serve()
    assert not (site.home / MARK).exists()
