"""Closing and handing back: who, when, what must agree first, and what a full or broken medium does."""

import json

import apsw
import pytest

from kaopei.edge.keystore import write_private
from kaopei.parcel import return_parcel
from tests.edge import site as at
from tests.edge.room import HEAD, INVIGILATOR, KEEPER, PATROLLER, SECOND, candidate

OTHER = "440601-1130-02"
SIGNED = {"sign_pin": at.SIGN_PIN, "second_sign_pin": at.SIGN_PIN}


@pytest.fixture(scope="module")
def site(laid, tmp_path_factory):
    """Two sittings, both open and rung, one candidate each at a terminal."""
    site = at.copied(laid, tmp_path_factory.mktemp("back"))
    at.pack(site, count=3)
    at.pack(site, rows=[candidate(n) for n in (11, 12)], sitting=OTHER)
    site.serve()
    yield site
    site.stop()


@pytest.fixture(scope="module")
def running(site):
    at.take_in(site)
    site.terminals = {}
    # The clock stands still once a sitting is open: a jump would be time of the exam.
    for sitting in (at.SITTING, OTHER):
        site.clock(at.DAY_BEFORE)
        at.prepare(heads(site, sitting))
    for sitting in (at.SITTING, OTHER):
        at.open_paper(site, heads(site, sitting))
    for sitting in (at.SITTING, OTHER):
        head = heads(site, sitting)
        terminals = site.terminals[sitting] = at.seat_all(site, head, site.packs[sitting].rows[:2])
        at.ring(site, head)
        for terminal in terminals[:1]:
            assert terminal.begin().status_code == 200
            assert terminal.answer(1, "A").status_code == 200
    return site


def heads(site, sitting=at.SITTING):
    head = site.person(HEAD)
    head.sitting = sitting
    return head


def test_nothing_is_handed_back_before_the_close(running):
    head = heads(running)
    head.refused(409, "还没有收场", "hand-back/build", PATROLLER, **SIGNED)
    head.refused(409, "还没有生成回传包", "hand-back/media")
    head.see("hand-back/1.xrb", 404)
    said = head.refused(409, "还有 2 名考生没有收卷", "hand-back/close", INVIGILATOR)
    assert "01 还在答题" in said
    assert "02 已签到但没有开始答题" in said


def test_the_close_takes_two_persons_and_marks_who_never_came(running):
    head, terminals = heads(running), running.terminals[at.SITTING]
    assert terminals[1].begin().status_code == 200
    for terminal in terminals:
        assert terminal.hand_in().status_code == 200
    invigilator = running.person(INVIGILATOR)
    invigilator.refused(403, "不能做这一步", "hand-back/close", HEAD)
    head.refused(400, "需要两个人", "hand-back/close")
    head.refused(403, "第二人不能是您自己", "hand-back/close", HEAD)
    head.do("hand-back/close", INVIGILATOR)
    head.refused(409, "已收场", "hand-back/close", INVIGILATOR)
    rows = running.rows(f"SELECT state, count(*) FROM attempt WHERE sitting_id = '{at.SITTING}' GROUP BY state ORDER BY state")
    assert rows == [("absent", 1), ("handed_in", 2)]
    late = terminals[0].answer(2, "A")
    assert (late.status_code, late.json()["error"]) == (409, "closed")


def test_the_parcel_needs_the_right_second_signer_and_both_pins(running):
    head = heads(running)
    head.refused(403, "不能做这一步", "hand-back/build", KEEPER, **SIGNED)
    head.refused(403, "口令", "hand-back/build", PATROLLER, sign_pin="wrong", second_sign_pin=at.SIGN_PIN)
    head.refused(403, "没有找到此人的签名密钥", "hand-back/build", SECOND, **SIGNED)
    assert not running.rows("SELECT 1 FROM bundle")


def test_a_changed_answer_is_never_handed_back(running):
    """Somebody with root rewrites one answer in the store; the chain, the ledger and the hand-in disagree with it."""
    head, database = heads(running, OTHER), running.home / "edge.sqlite"
    terminals = running.terminals[OTHER]
    assert terminals[1].begin().status_code == 200
    for terminal in terminals:
        assert terminal.hand_in().status_code == 200
    head.do("hand-back/close", INVIGILATOR)
    change = "UPDATE answer_event SET value = '{}' WHERE attempt_no IN (SELECT no FROM attempt WHERE sitting_id = '" + OTHER + "')"
    with apsw.Connection(str(database)) as connection:
        connection.set_busy_timeout(5000)
        with pytest.raises(apsw.ConstraintError, match="answers are kept"):
            connection.execute(change.format("B"))
        connection.execute("DROP TRIGGER answer_kept_update")
        connection.execute(change.format("B"))
    said = head.refused(409, "记录不完整", "hand-back/build", PATROLLER, **SIGNED)
    assert "记录链断开" in said
    assert "记录对不上" in head.see("hand-back")
    with apsw.Connection(str(database)) as connection:
        connection.set_busy_timeout(5000)
        connection.execute(change.format("A"))
        connection.execute("DELETE FROM late_event")
    assert "四者相符" in head.see("hand-back")


def test_a_medium_that_takes_nothing_loses_nothing(running):
    head, medium = heads(running), running.home / "media" / "2"
    medium.parent.mkdir(exist_ok=True)
    medium.write_text("a file where the stick should be")
    head.refused(507, "写不进去", "hand-back/build", PATROLLER, **SIGNED)
    assert "✕ 不符" in head.see("hand-back")
    assert running.rows("SELECT rev FROM bundle") == [(1,)]
    medium.unlink()
    head.do("hand-back/media")
    first = (running.home / "outbox" / f"{at.SITTING}-r1.xrb").read_bytes()
    assert head.client.get(head.path("hand-back/1.xrb")).content == first
    spoiled = bytearray(first)
    spoiled[len(first) // 2] ^= 1
    write_private(medium / f"{at.SITTING}-r1.xrb", bytes(spoiled))
    assert "✕ 不符" in head.see("hand-back")
    head.do("hand-back/media")
    assert (medium / f"{at.SITTING}-r1.xrb").read_bytes() == first
    returned = return_parcel.Returned(first, running.province.trust)
    attempts = json.loads(returned.contents(*running.province.openers["city_import"])["attempts"])["attempts"]
    assert sorted(row["state"] for row in attempts) == ["absent", "handed_in", "handed_in"]


def test_the_key_of_the_paper_is_gone_after_the_close(running):
    assert not list((running.home / "keys").glob("sitting-*"))
    assert "密钥已从本机清除" in heads(running).see("opening")
