"""The bell, pauses, moves, more time, collecting, irregularities and the board, over HTTP against a running server."""

import threading
import time
from types import SimpleNamespace

import pytest

from kaopei.edge import tiles
from kaopei.edge.sitting import Attempt, Sitting, SittingClock, chained
from tests.edge import room as stage
from tests.edge.room import HEAD, INVIGILATOR, KEEPER, NOW, PATROLLER, SECOND, SITTING, WINDOW, Terminal, candidate, key

SPARE = "第1考场-B1"
WIDE = WINDOW | {"start_latest": NOW + 6000}


@pytest.fixture(scope="module")
def quiet(tmp_path_factory):
    """Opened, nobody signed in, the bell not rung."""
    with stage.serving(tmp_path_factory.mktemp("quiet"), 2) as (room, _):
        yield room


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """Sixteen candidates answering, two who never came, two spare machines."""
    devices = [{"room": "第1考场", "seat": seat} for seat in ("B1", "B2")]
    with stage.serving(tmp_path_factory.mktemp("running"), 18, items=9, devices=devices, window=WIDE) as (room, parcels):
        invigilator, head = room.log_in(INVIGILATOR), room.log_in(HEAD)
        room.clock(NOW + 930)
        assert head.ring().status_code == 200
        terminals = []
        for number, row in enumerate(parcels.rows[:16]):
            answer = invigilator.sign_in(row).json()
            terminal = Terminal(room, answer["seat"], key(number))
            assert terminal.start(answer["code"]).status_code == 200
            assert terminal.begin().status_code == 200
            terminals.append(terminal)
        yield room, terminals, invigilator


def at(terminal, act):
    return f"a/{terminal.attempt}/{act}"


def codes_noted(room, attempt=""):
    return [code for (code,) in room.rows("SELECT code FROM irregularity WHERE attempt = ? ORDER BY no", attempt)]


# ---- the bell
def test_the_bell_waits_for_its_time(quiet):
    answer = quiet.log_in(HEAD).ring()
    assert answer.status_code == 409 and "09:08:20" in answer.json()["text"] and answer.json()["clause"] == "N3.2.6"


def test_one_person_cannot_ring(quiet):
    quiet.clock(NOW + 930)
    head = quiet.log_in(HEAD)
    assert head.post("bell").status_code == 400
    assert head.ring(HEAD).status_code == 403
    assert head.ring(SECOND, pin="111111").status_code == 403


def test_neither_keeper_nor_invigilator_may_lead_the_bell(quiet):
    for name in (KEEPER, INVIGILATOR, PATROLLER):
        staff = quiet.log_in(name)
        staff.csrf = stage.csrf_in(staff.page("board").text) or stage.csrf_in(staff.page("irregularities").text)
        answer = staff.ring(HEAD)
        assert answer.status_code == 403 and "考点负责人" in answer.json()["todo"]


def test_a_bell_after_its_window_needs_a_reason_and_is_noted_and_rings_once(quiet):
    quiet.clock(NOW + 1900)
    head = quiet.log_in(HEAD)
    answer = head.ring()
    assert answer.status_code == 400 and "原因" in answer.json()["todo"]
    assert head.ring(reason="停电，九点三十恢复供电").status_code == 200
    assert codes_noted(quiet) == ["time.late_start"]
    assert head.ring().status_code == 409
    (entry,) = quiet.entries("sitting.started")
    assert entry["body"]["second"] == "duty:invigilator" and abs(entry["body"]["token_time"] - NOW - 1900) < 60


# ---- pauses
def test_a_paused_candidate_loses_no_time(running):
    room, terminals, staff = running
    mine, other = terminals[0], terminals[1]
    assert staff.post(at(mine, "pause"), reason="设备故障处理").status_code == 200
    before, others = mine.state()["remaining"], other.state()["remaining"]
    room.jump(300)
    assert mine.state()["phase"] == "paused"
    assert abs(mine.state()["remaining"] - before) < 0.2
    assert others - other.state()["remaining"] >= 299
    assert mine.client.get("/api/item/1").status_code == 423
    assert staff.post(at(mine, "pause"), reason="设备故障处理").status_code == 409
    assert staff.post(at(mine, "resume")).status_code == 200
    assert before - 10 < mine.state()["remaining"] <= before
    assert staff.post(at(mine, "resume")).status_code == 409
    assert codes_noted(room, mine.attempt) == ["measure.pause"]


def test_an_answer_after_the_grace_of_a_pause_waits(running):
    _, terminals, staff = running
    mine = terminals[2]
    staff.post(at(mine, "pause"), reason="核查身份证件")
    time.sleep(5.2)
    event = mine.event(1, "A")
    assert mine.send(event).status_code == 423
    staff.post(at(mine, "resume"))
    assert mine.send(event).json()["saved"] == 1


def test_a_lost_terminal_that_is_paused_is_credited_once(running):
    """Silence before the pause is given back, silence in the pause is the pause's own."""
    room, terminals, staff = running
    mine = terminals[15]

    def left():
        seats = {one["attempt"]: one for one in staff.client.get(f"/s/{SITTING}/board.json").json()["seats"]}
        return seats[mine.attempt]["left"]

    mine.state()
    time.sleep(11)
    before = left()
    assert staff.post(at(mine, "pause"), reason="考试机死机，正在重启").status_code == 200
    time.sleep(11)
    assert abs(left() - before) <= 2
    assert staff.post(at(mine, "resume")).status_code == 200
    assert abs(left() - before) <= 2
    assert abs(mine.state()["remaining"] - before) <= 3
    credits = [one for one in room.entries("attempt.time_credited") if one["obj"] == f"attempt:{mine.attempt}"]
    assert [6 <= one["body"]["seconds"] <= 12 for one in credits] == [True]


def test_a_pause_says_why(running):
    _, terminals, staff = running
    assert staff.post(at(terminals[1], "pause"), reason="无").status_code == 400
    assert terminals[1].state()["phase"] == "open"


def test_pausing_everybody_takes_two_and_is_an_irregularity(running):
    room, terminals, staff = running
    assert staff.post("pause", reason="局域网中断").status_code == 400
    before = [one.state()["remaining"] for one in terminals[:4]]
    assert staff.post("pause", HEAD, reason="局域网中断").status_code == 200
    room.jump(600)
    held = [one.state() for one in terminals[:4]]
    assert {one["phase"] for one in held} == {"paused"}
    assert all(then - 5 < now["remaining"] <= then for then, now in zip(before, held, strict=True))
    assert staff.post("pause", HEAD, reason="局域网中断").status_code == 409
    assert staff.post("resume").status_code == 400
    assert staff.post("resume", SECOND).status_code == 200
    assert staff.post("resume", SECOND).status_code == 409
    assert terminals[0].state()["phase"] == "open"
    assert codes_noted(room).count("time.group_pause") == 1
    assert room.entries("sitting.resumed")[-1]["body"]["milliseconds"] > 0


# ---- moves
def recomputed(room, attempt, salted):
    """The chain over what is on the disk, lease after lease."""
    head = salted
    rows = room.rows(
        "SELECT lease, seq, kind, item, value, chain FROM answer_event WHERE attempt_no = (SELECT no FROM attempt WHERE attempt = ?)"
        " ORDER BY lease, seq",
        attempt,
    )
    for lease, seq, kind, item, value, chain in rows:
        head = chained(head, attempt, lease, seq, kind, item, value)
        assert head == bytes(chain)
    return head, len(rows)


def test_a_moved_candidate_goes_on_with_all_saved_answers(running):
    room, terminals, staff = running
    old = terminals[3]
    for n, letters in ((1, "A"), (2, "AB" if old.client.get("/api/item/2").json()["kind"] == "multiple" else "B"), (3, "A")):
        assert old.answer(n, letters).status_code == 200
    saved, left = old.state()["answers"], old.state()["remaining"]
    unsaved = old.event(4, "A")
    answer = staff.post(at(old, "move"), HEAD, to=SPARE, reason="考试机死机").json()
    assert answer["seat"] == SPARE
    # The old machine is dead from the moment of the move: its unsaved event is lost by design.
    assert old.send(unsaved).json()["error"] == "moved" and old.client.get("/api/item/1").status_code == 409
    fresh = Terminal(room, SPARE, key(203))
    assert fresh.start(answer["code"], seat=old.seat).status_code == 403
    assert fresh.start(answer["code"]).json()["lease"] == 2
    state = fresh.state()
    assert state["answers"] == saved and state["seq"] == 0 and state["count"] == 3 and state["phase"] == "open"
    assert left - 10 < state["remaining"] <= left
    assert fresh.answer(4, "B").json()["saved"] == 1
    receipt = fresh.hand_in().json()
    assert receipt["count"] == 4 and receipt["seat"] == SPARE
    (entry,) = [one for one in room.entries("attempt.moved") if one["obj"] == f"attempt:{old.attempt}"]
    assert entry["body"]["from_seat"] == old.seat and entry["body"]["lease"] == 2 and entry["body"]["second"] == "duty:head"


def test_moving_during_answers_loses_nothing_that_was_acknowledged(running):
    """A candidate answers without a break while staff move him to and fro."""
    room, terminals, staff = running
    terminal, there, here = terminals[4], "第1考场-B2", terminals[4].seat
    salted = terminal.head
    acked, stop = [0], threading.Event()

    def answers(machine):
        n = 0
        while not stop.is_set():
            n += 1
            answer = machine.answer(n % 9 + 1, "A")
            if answer.status_code != 200:
                assert answer.json()["error"] == "moved"
                return
            acked[0] += 1

    for round_ in range(8):
        stop.clear()
        worker = threading.Thread(target=answers, args=(terminal,))
        worker.start()
        time.sleep(0.05 * (round_ % 3))
        to = there if round_ % 2 == 0 else here
        code = staff.post(f"a/{terminal.attempt}/move", HEAD, to=to, reason="来回换机测试").json()["code"]
        worker.join()
        fresh = Terminal(room, to, key(300 + round_))
        assert fresh.start(code).status_code == 200
        assert fresh.state()["count"] == acked[0]
        terminal = fresh
    head, count = recomputed(room, terminal.attempt, salted)
    assert count == acked[0] > 0 and head == terminal.head
    assert terminal.hand_in().json()["count"] == acked[0]


def test_a_move_goes_to_a_free_seat_only(running):
    _, terminals, staff = running
    mine = terminals[5]
    for to, status in ((terminals[6].seat, 409), ("第1考场-17", 409), ("第8考场-01", 400), (mine.seat, 409)):
        answer = staff.post(at(mine, "move"), HEAD, to=to, reason="考试机死机")
        assert answer.status_code == status, to
    assert mine.state()["phase"] == "open"


def test_a_move_takes_two_persons(running):
    _, terminals, staff = running
    assert staff.post(at(terminals[5], "move"), to="第1考场-B2", reason="考试机死机").status_code == 400
    assert staff.post(at(terminals[5], "move"), INVIGILATOR, to="第1考场-B2", reason="考试机死机").status_code == 403
    assert terminals[5].client.get("/api/state").status_code == 200


def test_who_has_not_come_yet_may_get_another_seat(running):
    room, _, staff = running
    row = candidate(18)
    answer = staff.post(f"a/{row['attempt']}/move", HEAD, to="第1考场-B2", reason="原机位电源故障")
    assert answer.status_code == 200 and answer.json()["code"] is None
    signed = staff.sign_in(row)
    assert signed.json()["seat"] == "第1考场-B2"
    assert Terminal(room, "第1考场-B2", key(250)).start(signed.json()["code"]).status_code == 200


# ---- time and end
def test_more_time_takes_two_persons_and_a_number(running):
    room, terminals, staff = running
    mine = terminals[7]
    before = mine.state()["remaining"]
    assert staff.post(at(mine, "extend"), minutes="10", reason="设备故障耽误").status_code == 400
    for minutes in ("0", "-5", "999", "abc", "1.5", ""):
        assert staff.post(at(mine, "extend"), HEAD, minutes=minutes, reason="设备故障耽误").status_code == 400
    assert abs(mine.state()["remaining"] - before) < 10
    assert staff.post(at(mine, "extend"), HEAD, minutes="10", reason="设备故障耽误").status_code == 200
    assert 590 < mine.state()["remaining"] - before <= 600
    assert codes_noted(room, mine.attempt) == ["measure.extend"]


def test_more_time_past_the_sealed_end_is_an_irregularity_of_the_sitting(running):
    room, terminals, staff = running
    mine = terminals[8]
    assert staff.post(at(mine, "extend"), HEAD, minutes="120", reason="停电耽误很久").status_code == 200
    assert "time.late_end" in codes_noted(room)


def test_collected_answers_count_and_no_more_are_taken(running):
    _, terminals, staff = running
    mine = terminals[9]
    mine.answer(1, "A")
    assert staff.post(at(mine, "collect"), reason="作弊被查处").status_code == 400
    assert staff.post(at(mine, "collect"), HEAD, reason="作弊被查处").status_code == 200
    assert mine.answer(2, "A").json()["error"] == "closed"
    receipt = mine.client.get("/api/receipt").json()
    assert receipt["ended_by"] == "staff" and receipt["answered"] == 1
    assert staff.post(at(mine, "collect"), HEAD, reason="作弊被查处").status_code == 409


# ---- irregularities
def test_an_irregularity_is_noted_with_its_duties_and_only_its_digest_is_in_the_ledger(running):
    room, terminals, staff = running
    answer = staff.post("irregularities", code="candidate.unwell", attempt=terminals[10].attempt, note="考生头晕，休息两分钟后继续")
    assert answer.status_code == 200
    assert "考生头晕" in staff.page("irregularities").text and "N2.4.3" in staff.page("irregularities").text
    entry = room.entries("irregularity.noted")[-1]
    assert entry["body"]["code"] == "candidate.unwell" and "头晕" not in str(entry)


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"code": "nonsense.code", "attempt": "", "note": "说明经过"}, 400),
        ({"code": "", "attempt": "", "note": "说明经过"}, 400),
        ({"code": "candidate.unwell", "attempt": "", "note": "说明经过"}, 400),
        ({"code": "device.power_failed", "attempt": "K00001", "note": "说明经过"}, 400),
        ({"code": "other.other", "attempt": "K99999", "note": "说明经过"}, 404),
        ({"code": "other.other", "attempt": "", "note": "短"}, 400),
        ({"code": "candidate.copying", "attempt": "K00002", "note": "两人交谈三次"}, 400),
    ],
)
def test_what_cannot_be_noted(running, fields, status):
    room, _, staff = running
    before = room.rows("SELECT count(*) FROM irregularity")
    assert staff.post("irregularities", **fields).status_code == status
    assert room.rows("SELECT count(*) FROM irregularity") == before


def test_misconduct_takes_two_persons(running):
    room, _, staff = running
    fields = {"code": "candidate.copying", "attempt": "K00002", "note": "两人交谈三次，已警告"}
    assert staff.post("irregularities", INVIGILATOR, **fields).status_code == 403
    assert staff.post("irregularities", SECOND, **fields).status_code == 200
    assert "candidate.copying" in codes_noted(room, "K00002")


# ---- looking
def test_a_patroller_looks_and_does_not_act(running):
    room, terminals, _ = running
    patrol = room.log_in(PATROLLER)
    assert patrol.client.get(f"/s/{SITTING}/board.json").status_code == 200
    page = patrol.page("board").text
    assert "全场暂停（" not in page
    patrol.csrf = stage.csrf_in(patrol.page("irregularities").text)
    assert patrol.post(at(terminals[11], "pause"), reason="巡考发现问题").status_code == 403
    assert terminals[11].state()["phase"] == "open"


def test_the_board_shows_every_seat_with_its_state(running):
    _, terminals, staff = running
    facts = staff.client.get(f"/s/{SITTING}/board.json").json()
    seats = {one["attempt"]: one for one in facts["seats"]}
    assert len(seats) == 18 and sum(facts["counts"].values()) == 18
    terminals[12].answer(1, "A")
    facts = {one["attempt"]: one for one in staff.client.get(f"/s/{SITTING}/board.json").json()["seats"]}
    mine = facts[terminals[12].attempt]
    assert mine["state"] == "answering" and mine["answered"] == 1 and mine["total"] == 9 and mine["left"] > 0
    assert seats["K00017"]["state"] == "free"
    assert len(staff.client.get(f"/s/{SITTING}/board.json?room=第1考场").json()["seats"]) == 18


def test_a_server_that_is_killed_comes_back_where_it_was(running):
    """kill -9 in the middle: acknowledged answers, leases, codes, pauses and time are all still there."""
    room, terminals, staff = running
    mine, paused, moved = terminals[13], terminals[14], terminals[15]
    mine.answer(1, "A")
    staff.post(at(paused, "pause"), reason="设备故障处理")
    left, held = mine.state()["remaining"], paused.state()["remaining"]
    room.kill()
    room.serve()
    state = mine.state()
    assert state["answers"] == {"1": "A"} and state["seq"] == 1 and state["phase"] == "open"
    # The clock is written down each second: a crash may give a second, never take one.
    assert left - 5 < state["remaining"] <= left + 1.5
    assert mine.answer(2, "A").json()["saved"] == 2
    assert paused.state()["phase"] == "paused" and abs(paused.state()["remaining"] - held) < 1.5
    fresh = room.log_in(INVIGILATOR)
    assert fresh.post(at(paused, "resume")).status_code == 200
    code = fresh.post("desk/code", attempt=moved.attempt).json()["code"]
    room.kill()
    time.sleep(2.1)
    room.serve()
    again = Terminal(room, moved.seat, key(400))
    assert again.start(code).json()["lease"] == 2
    time.sleep(0.8)
    assert "server_restart" in str(room.entries("sitting.time_credited"))


def test_the_closing_list_shows_receipts_and_who_is_still_open(running):
    room, terminals, _ = running
    staff = room.log_in(INVIGILATOR)
    terminals[11].state()
    code = terminals[11].hand_in().json()["code"]
    page = staff.page("closing").text
    assert f"{code[:4]} {code[4:8]} {code[8:12]} {code[12:]}" in page and "还不能收场" in page


def test_time_over_hands_everybody_in(running):
    room, terminals, _ = running
    room.jump(3 * 7200)
    deadline = time.monotonic() + 120
    while terminals[0].state()["phase"] != "handed_in" and time.monotonic() < deadline:
        time.sleep(0.3)
    assert terminals[0].client.get("/api/receipt").json()["ended_by"] == "time"
    assert terminals[0].answer(1, "A").json()["error"] == "closed"
    assert room.rows("SELECT count(*) FROM late_event")[0][0] >= 1


# ---- one word a tile
@pytest.mark.parametrize(
    ("facts", "word"),
    [
        ({"state": "expected"}, "free"),
        ({"state": "signed_in"}, "signed_in"),
        ({"state": "seated"}, "seated"),
        ({"state": "handed_in"}, "handed_in"),
        ({"state": "absent"}, "absent"),
        ({"state": "refused"}, "refused"),
        ({}, "answering"),
        ({"acted": 1000.0 - 181}, "idle"),
        ({"seen": 1000.0 - 11}, "lost"),
        ({"lease_hash": None}, "lost"),
        ({"paused_at": 5.0}, "paused"),
        ({"paused_at": 5.0, "seen": 1000.0 - 11}, "lost"),
    ],
)
def test_the_word_on_a_tile(facts, word):
    attempt = Attempt(1, "K1", "S", "R", "1", **({"state": "open", "seen": 999.0, "acted": 990.0, "lease_hash": b"1"} | facts))
    sitting = Sitting("S", "running", clock=SittingClock("boot", 0.0, 0.0, 0.0, running=True))
    edge = SimpleNamespace(now=lambda: 1000.0)
    assert tiles.seat_state(edge, sitting, attempt) == word


# ---- fifty seats
def test_fifty_seats_on_one_board(tmp_path):
    with stage.serving(tmp_path, 50) as (room, parcels):
        staff, head = room.log_in(INVIGILATOR), room.log_in(HEAD)
        room.clock(NOW + 930)
        answers = [staff.sign_in(row).json() for row in parcels.rows]
        terminals = [Terminal(room, answer["seat"], key(n)) for n, answer in enumerate(answers)]
        assert all(one.start(answer["code"]).status_code == 200 for one, answer in zip(terminals, answers, strict=True))
        assert head.ring().status_code == 200
        assert all(one.begin().status_code == 200 for one in terminals)
        answer = staff.client.get(f"/s/{SITTING}/board.json")
        assert answer.json()["counts"]["answering"] == 50 and len(answer.content) < 20_000
        assert len({tuple(one.client.get("/api/item/1").json()["stem"]) for one in terminals}) > 1
        page = staff.page("board").text
        assert page.count('class="tile answering"') == 50
