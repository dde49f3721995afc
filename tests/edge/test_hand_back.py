"""Closing and handing back: who, when, what must agree first, the second secret, and what a full or broken medium does."""

import json
import time

import apsw
import pytest

from kaopei.edge.keystore import write_private
from kaopei.parcel import receipt, return_parcel, slip
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
    site.config.write_text(site.config.read_text() + "prune_after_days = 1\n")
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
    head.refused(409, "还没有收场", "hand-back/slip", PATROLLER, **SIGNED)
    head.refused(409, "还没有收场", "hand-back/keys/challenge")
    head.refused(409, "还没有交回", "hand-back/prune", KEEPER)
    head.see("hand-back/1.xrb", 404)
    head.see("hand-back/close.slip", 404)
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


def test_the_slip_takes_the_head_and_the_patroller_with_their_own_pins(running):
    head = heads(running)
    head.refused(409, "还没有两人签署", "hand-back/build", PATROLLER, **SIGNED)
    head.refused(409, "还没有两人签署", "hand-back/keys/challenge")
    assert "还没有两人签署" in at.words(head.see("hand-back/close.slip", 409))
    running.person(INVIGILATOR).refused(403, "不能做这一步", "hand-back/slip", PATROLLER, **SIGNED)
    head.refused(403, "不能做这一步", "hand-back/slip", KEEPER, **SIGNED)
    head.refused(403, "第二人不能是您自己", "hand-back/slip", HEAD, **SIGNED)
    head.refused(403, "口令", "hand-back/slip", PATROLLER, sign_pin="wrong", second_sign_pin=at.SIGN_PIN)
    head.refused(403, "没有找到此人的签名密钥", "hand-back/slip", SECOND, **SIGNED)
    head.do("hand-back/slip", PATROLLER, **SIGNED)
    head.refused(409, "已由两人签署", "hand-back/slip", PATROLLER, **SIGNED)
    data = head.client.get(head.path("hand-back/close.slip")).content
    found = slip.read(data, running.province.trust)
    assert found.payload["counts"] | {"events": 0} == {
        "roster": 3, "present": 2, "absent": 1, "refused": 0, "expected": 0, "opened": 2, "closed": 2, "events": 0,
    }  # fmt: skip
    page = head.see("hand-back")
    assert found.text in page and page.count("<svg") >= 3
    notes = running.rows(f"SELECT note FROM checkpoint WHERE size = {found.payload['size']}")
    assert len(notes) == 1 and found.payload["token_time"] > at.OPENING


def test_a_changed_answer_is_never_handed_back(running):
    """Somebody with root rewrites one answer in the store; the chain, the ledger and the hand-in disagree with it."""
    head, database = heads(running, OTHER), running.home / "edge.sqlite"
    terminals = running.terminals[OTHER]
    assert terminals[1].begin().status_code == 200
    for terminal in terminals:
        assert terminal.hand_in().status_code == 200
    head.do("hand-back/close", INVIGILATOR)
    head.do("hand-back/slip", PATROLLER, **SIGNED)
    change = "UPDATE answer_event SET value = '{}' WHERE attempt_no IN (SELECT no FROM attempt WHERE sitting_id = '" + OTHER + "')"
    with apsw.Connection(str(database)) as connection:
        connection.set_busy_timeout(5000)
        with pytest.raises(apsw.ConstraintError, match="answers are kept"):
            connection.execute(change.format("B"))
        connection.execute("DROP TRIGGER answer_kept_update")
        connection.execute(change.format("B"))
    said = head.refused(409, "记录不完整", "hand-back/build", PATROLLER, score_reason="等不到答案密钥", **SIGNED)
    assert "记录链断开" in said
    assert "记录对不上" in head.see("hand-back")
    with apsw.Connection(str(database)) as connection:
        connection.set_busy_timeout(5000)
        connection.execute(change.format("A"))
        connection.execute("DELETE FROM late_event")
    assert "四者相符" in head.see("hand-back")


def test_the_answer_keys_come_by_their_own_token_not_early_and_by_two(running):
    head = heads(running)
    head.refused(409, "考点口令已过期", "hand-back/keys/token", KEEPER, token_text="x")
    head.refused(400, "考试点还没有评分", "hand-back/build", PATROLLER, **SIGNED)
    running.clock(at.STAGE2)
    head.do("hand-back/keys/challenge")
    good = at.second_token(running, head)
    head.refused(400, "需要两个人", "hand-back/keys/token", files=good)
    head.refused(403, "第二人不能是您自己", "hand-back/keys/token", HEAD, files=good)
    head.refused(400, "没有录入密钥令牌", "hand-back/keys/token", KEEPER)
    asked = at.asked_on(head)
    theirs = {"token": ("t", at.token(running, asked, at=at.STAGE2, sitting=OTHER, stage=2))}
    head.refused(403, "密封包不符", "hand-back/keys/token", KEEPER, files=theirs)
    head.refused(429, "暂停几秒", "hand-back/keys/token", KEEPER, files=good)
    for bad, says in (
        ({"token": ("t", at.token(running, asked, at=at.STAGE2))}, "阶段不符"),
        (at.second_token(running, head, at=at.WINDOW["stage2_not_before"] - 1), "签发得太早"),
        ({"token": ("t", b"{}")}, ""),
    ):
        time.sleep(5.1)
        head.refused(403, says, "hand-back/keys/token", KEEPER, files=bad)
    time.sleep(5.1)
    head.do("hand-back/keys/token", KEEPER, files=good)
    head.refused(409, "已经评过分", "hand-back/keys/token", KEEPER, files=good)
    head.refused(409, "已经评过分", "hand-back/keys/challenge")
    assert running.rows("SELECT count(*) FROM scoring") == [(1,)]
    assert len(running.rows("SELECT 1 FROM irregularity WHERE code = 'paper.token_wrong'")) == 4
    page = at.words(head.see("hand-back"))
    assert "已评 2 份答卷" in page and "本场规定不在考场显示成绩" in page


def test_the_parcel_needs_the_right_second_signer_and_both_pins(running):
    head = heads(running)
    head.refused(403, "不能做这一步", "hand-back/build", KEEPER, **SIGNED)
    head.refused(403, "口令", "hand-back/build", PATROLLER, sign_pin="wrong", second_sign_pin=at.SIGN_PIN)
    head.refused(403, "没有找到此人的签名密钥", "hand-back/build", SECOND, **SIGNED)
    assert not running.rows("SELECT 1 FROM bundle")


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


def test_a_site_that_cannot_score_says_why(running):
    head = heads(running, OTHER)
    head.refused(400, "考试点还没有评分", "hand-back/build", PATROLLER, score_reason="无", **SIGNED)
    assert list((running.home / "keys").glob("sitting-*")), "the paper's key waits for the answer keys"
    head.do("hand-back/build", PATROLLER, score_reason="等不到答案密钥", **SIGNED)
    returned = return_parcel.Returned((running.home / "outbox" / f"{OTHER}-r1.xrb").read_bytes(), running.province.trust)
    assert returned.payload["edge_outcomes"] == {"state": "absent", "reason": "等不到答案密钥"}
    assert len(returned.payload["tokens"]) == 1
    head.refused(409, "不再评分", "hand-back/keys/challenge")
    assert running.terminals[OTHER][0].client.get("/api/result").json() == {"state": "hidden"}


def test_the_key_of_the_paper_is_gone_after_the_parcel(running):
    assert not list((running.home / "keys").glob("sitting-*"))
    assert "密钥已从本机清除" in heads(running).see("opening")


def test_pruning_takes_a_receipt_the_term_and_two_persons_and_leaves_the_ledger(running):
    head, p = heads(running), running.province
    head.refused(409, "还没有市、省的回执", "hand-back/prune", KEEPER)
    with apsw.Connection(str(running.home / "edge.sqlite")) as connection:
        connection.set_busy_timeout(5000)
        for change in ("DELETE FROM answer_event", "DELETE FROM entry"):
            with pytest.raises(apsw.ConstraintError, match="kept"):
                connection.execute(change)
    returned = return_parcel.Returned((running.home / "outbox" / f"{at.SITTING}-r1.xrb").read_bytes(), p.trust)
    signers = [p.signers[name] for name in ("center", "city_witness", "province_mirror")]
    for who in (signers[:2], signers[1:]):
        forged = receipt.sign(p.trust, returned.payload, returned.hash, who, at=at.STAGE2)
        head.refused(400, "签名人不符合规定", "/parcels/upload", files=at.files(forged))
    good = receipt.sign(p.trust, returned.payload, returned.hash, signers, at=at.STAGE2)
    assert head.send("/parcels/upload", files=at.files(good)).status_code == 200
    head.do("/parcels/import", KEEPER)
    head.refused(409, "申诉期限（收场后 1 天）还没有过", "hand-back/prune", KEEPER)
    running.clock(at.STAGE2 + 2 * 86_400)
    head.refused(400, "需要两个人", "hand-back/prune")
    running.person(INVIGILATOR).refused(403, "不能做这一步", "hand-back/prune", KEEPER)
    before = running.rows("SELECT count(*) FROM entry")[0][0]
    head.do("hand-back/prune", KEEPER)
    mine = f"SELECT count(*) FROM answer_event JOIN attempt ON attempt.no = attempt_no WHERE sitting_id = '{at.SITTING}'"
    assert running.rows(mine) == [(0,)] and running.rows(f"SELECT count(*) FROM scoring WHERE sitting_id = '{at.SITTING}'") == [(0,)]
    assert running.rows(mine.replace(at.SITTING, OTHER)) == [(1,)], "another sitting keeps its own"
    assert running.rows("SELECT count(*) FROM entry")[0][0] > before
    head.refused(409, "已经清除", "hand-back/prune", KEEPER)
    head.refused(409, "不能再出一版", "hand-back/build", PATROLLER, reason="还要一版看看", **SIGNED)
    assert "已在回执之后清除" in at.words(head.see("hand-back/1.xrb", 410))
    running.kill()
    running.serve()
    head = heads(running)
    assert "台账完整保留" in head.see("hand-back")
    out = running.folder / "out"
    assert at.run("edge", "ledger", "--config", str(running.config), "--out", str(out)).returncode == 0
    checked = at.run("ledger", "verify", str(out), "--trust", str(running.folder / "trust.json"))
    assert checked.returncode == 0, checked.stdout
