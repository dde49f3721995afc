"""Opening the paper: who, in which order, with what; and the ways back after a kill, a restart, a reboot."""

import time

import pytest

from tests.edge import site as at
from tests.edge.room import DEPUTY, HEAD, INVIGILATOR, KEEPER, candidate

SITTINGS = [f"440601-1130-{place:02d}" for place in range(1, 6)]


@pytest.fixture(scope="module")
def site(laid, tmp_path_factory):
    """Five sittings taken in, none prepared."""
    site = at.copied(laid, tmp_path_factory.mktemp("open"))
    for place, sitting in enumerate(SITTINGS):
        opens = at.OPENING + 60 if place == 3 else at.NOW
        rows = [candidate(10 * place + n) for n in (1, 2)]
        at.pack(site, rows=rows, sitting=sitting, window=at.WINDOW | {"not_before": opens})
    site.serve()
    at.take_in(site)
    yield site
    site.stop()


def ready(site, place, prepared=True):
    """The head at the pages of one sitting."""
    site.clock(at.DAY_BEFORE)
    head = site.person(HEAD)
    head.sitting = SITTINGS[place]
    if prepared:
        at.prepare(head)
    return head


def another(site, name, place):
    who = site.person(name)
    who.sitting = SITTINGS[place]
    return who


def test_nobody_opens_an_unprepared_room(site):
    head = ready(site, 0, prepared=False)
    said = head.refused(409, "尚未检查：网络、服务器、监控、考试机", "opening/challenge")
    assert "考场尚未检查封闭" in said
    assert "N2.4.5" in said
    head.refused(409, "还不能启封", "opening/share", digits=at.share_a(site, SITTINGS[0]), cache_pin=at.CACHE_PIN)
    head.refused(409, "还不能启封", "opening/token", token_text="x")
    assert "还不能启封" in head.see("opening")


def test_a_fault_keeps_the_room_from_being_closed_until_two_persons_waive_it(site):
    head = ready(site, 0, prepared=False)
    head.do("readiness/note", **{f"result__{item}": "ok" for item in ("network", "server", "terminals", "staff", "room")})
    head.refused(400, "没有写明情况", "readiness/note", result__monitoring="fault")
    head.do("readiness/note", result__monitoring="fault", note__monitoring="二号摄像头黑屏")
    head.refused(409, "检查不通过：监控", "readiness/close", KEEPER, seal=at.SEAL)
    head.refused(400, "需要两个人", "readiness/note", result__monitoring="waived", note__monitoring="已换备用摄像头")
    head.do("readiness/note", KEEPER, result__monitoring="waived", note__monitoring="已换备用摄像头")
    head.refused(403, "不能做这一步", "readiness/close", at.PATROLLER, seal=at.SEAL)
    head.do("readiness/close", KEEPER, seal=at.SEAL)


def test_a_room_closed_on_the_day_needs_a_reason_and_a_wrong_seal_is_no_opening(site):
    head = ready(site, 1, prepared=False)
    site.clock(at.OPENING - 300)
    head.do("readiness/note", **{f"result__{item}": "ok" for item in ("network", "server", "monitoring", "terminals", "staff", "room")})
    head.refused(409, "还没有封闭记录", "readiness/unseal", KEEPER, seal=at.SEAL)
    head.refused(400, "请写明原因", "readiness/close", KEEPER, seal=at.SEAL)
    head.do("readiness/close", KEEPER, seal=at.SEAL, reason="前一日停电，市考试机构同意当天准备")
    head.refused(409, "封条破损或编号不符", "readiness/unseal", KEEPER, seal="440601-0009")
    head.refused(409, "封条破损或编号不符", "readiness/unseal", KEEPER, seal=at.SEAL, broken="1")
    assert "未就绪" in head.see("readiness")
    head.do("readiness/unseal", KEEPER, seal="440601-0009", reason="贴封时记错一位，照片核对无误")
    at.challenge(head)


def test_the_head_alone_may_not_open(site):
    head = ready(site, 2)
    asked = at.challenge(head)
    head.refused(409, "密钥分持还没有录入", "opening/token", token_text=at.token(site, asked, sitting=SITTINGS[2]).decode())
    head.do("opening/share", digits=at.share_a(site, SITTINGS[2]), cache_pin=at.CACHE_PIN)
    right = at.token(site, asked, sitting=SITTINGS[2])
    head.refused(403, "两个不同的人", "opening/token", token_text=right.decode())
    keeper = another(site, KEEPER, 2)
    keeper.refused(403, "不能做这一步", "opening/share", digits=at.share_a(site, SITTINGS[2]), cache_pin=at.CACHE_PIN)
    head.refused(400, "太简单", "opening/share", digits=at.share_a(site, SITTINGS[2]), cache_pin="111111")
    assert site.rows(f"SELECT state, token FROM sitting WHERE sitting_id = '{SITTINGS[2]}'") == [("imported", None)]


def test_a_wrong_share_costs_a_pause_and_is_noted_but_never_locks(site):
    head, sitting = ready(site, 3), SITTINGS[3]
    at.challenge(head)
    good = at.share_a(site, sitting)
    misheard = ("1" if good[0] != "1" else "2") + good[1:]
    head.refused(400, "第 1 组数字", "opening/share", digits=misheard, cache_pin=at.CACHE_PIN)
    head.refused(400, "应有 10 组数字", "opening/share", digits=good[:30], cache_pin=at.CACHE_PIN)
    foreign = site.packs[SITTINGS[4]].sealed.shares["A"]
    head.refused(403, "另一个密封包", "opening/share", files={"share": ("A.json", foreign)}, cache_pin=at.CACHE_PIN)
    head.refused(429, "暂停几秒", "opening/share", digits=good, cache_pin=at.CACHE_PIN)
    assert site.rows(f"SELECT code FROM irregularity WHERE sitting_id = '{sitting}'") == [("paper.share_wrong",)]
    time.sleep(5.1)
    head.do("opening/share", files={"share": ("A.json", site.packs[sitting].sealed.shares["A"])}, cache_pin=at.CACHE_PIN)
    # Last: the deputy brings a token for another challenge, then one that was issued too early.
    asked = head.see("opening").split('id="challenge">')[1].split("<")[0]
    deputy = another(site, DEPUTY, 3)
    deputy.refused(409, "还没有到本场可以启封的时间", "opening/token", token_text=at.token(site, asked, sitting=sitting).decode())
    other = at.token(site, at.challenge(another(site, HEAD, 2)), sitting=sitting)
    deputy.refused(403, "考点口令", "opening/token", token_text=other.decode())


def test_a_kill_before_the_opening_asks_for_a_new_token_and_after_it_for_nobody(site):
    head, sitting = ready(site, 4), SITTINGS[4]
    old = at.challenge(head)
    head.do("opening/share", digits=at.share_a(site, sitting), cache_pin=at.CACHE_PIN)
    site.kill()
    site.serve()
    head, keeper = another(site, HEAD, 4), another(site, KEEPER, 4)
    keeper.refused(409, "密钥分持还没有录入", "opening/token", token_text=at.token(site, old, sitting=sitting).decode())
    fresh = at.challenge(head)
    assert fresh != old
    head.do("opening/share", digits=at.share_a(site, sitting), cache_pin=at.CACHE_PIN)
    keeper.refused(403, "考点口令", "opening/token", token_text=at.token(site, old, sitting=sitting).decode())
    time.sleep(5.1)
    good = at.token(site, fresh, sitting=sitting).decode()
    keeper.do("opening/token", token_text=good)
    keeper.refused(409, "已经启封", "opening/token", token_text=good)
    terminals = at.seat_all(site, head, site.packs[sitting].rows)
    at.ring(site, head)
    assert terminals[0].begin().status_code == 200
    assert terminals[0].answer(1, "A").status_code == 200
    site.kill()
    site.serve()
    answer = terminals[0].client.get("/api/item/1")
    assert (answer.status_code, answer.json()["answer"]) == (200, "A")
    assert site.rows('SELECT count(*) FROM entry WHERE CAST(leaf AS TEXT) LIKE \'%"how":"keeper"%\'') == [(1,)]
    after_a_stop(site, terminals[0])


def after_a_stop(site, terminal):
    """Stopped on purpose, the key is gone from memory: PIN and two log-ins, and nobody lost time."""
    # The standstill of the kill before this is credited with the next tick.
    time.sleep(1.2)
    before = terminal.client.get("/api/pulse").json()["remaining"]
    site.quit()
    time.sleep(2)
    site.serve()
    waiting = terminal.client.get("/api/item/1")
    assert (waiting.status_code, waiting.json()["error"]) == (503, "paper_closed")
    assert terminal.answer(2, "A").status_code == 503
    head = another(site, HEAD, 4)
    assert "服务器重启后恢复试卷" in head.see("opening")
    head.refused(403, "第二人不能是您自己", "opening/resume", HEAD, cache_pin=at.CACHE_PIN)
    head.refused(403, "恢复 PIN 不对", "opening/resume", INVIGILATOR, cache_pin="802915")
    time.sleep(5.1)
    head.do("opening/resume", INVIGILATOR, cache_pin=at.CACHE_PIN)
    terminal.state()
    assert terminal.client.get("/api/item/1").json()["answer"] == "A"
    lost = before - terminal.client.get("/api/pulse").json()["remaining"]
    assert -1 <= lost <= 3, f"{lost} s were charged while the server stood still"
