"""Calls for help, and what accommodations give: extra time, breaks, larger letters; over HTTP against a running server."""

import pytest

from tests.edge import room as stage
from tests.edge.room import HEAD, INVIGILATOR, NOW, SITTING, WINDOW, Terminal, candidate, key

GRANTED = {"extra_minutes": 30, "font": 3, "breaks": 2, "break_minutes": 5}


@pytest.fixture(scope="module")
def hall(tmp_path_factory):
    """Four candidates answering; the first has accommodations, the second nonsense in their place."""
    rows = [candidate(1, accommodations=GRANTED), candidate(2, accommodations={"breaks": "many", "font": 99}), candidate(3), candidate(4)]
    with stage.serving(tmp_path_factory.mktemp("hall"), rows=rows, window=WINDOW | {"start_latest": NOW + 9000}) as (room, _):
        staff, terminals = room.log_in(INVIGILATOR), []
        for number, row in enumerate(rows):
            answer = staff.sign_in(row).json()
            terminals.append(Terminal(room, answer["seat"], key(number)))
            assert terminals[-1].start(answer["code"]).status_code == 200
        yield room, terminals, staff


@pytest.fixture(scope="module")
def running(hall):
    room, terminals, _ = hall
    room.clock(NOW + 930)
    assert room.log_in(HEAD).ring().status_code == 200
    assert all(one.begin().status_code == 200 for one in terminals)
    return hall


def call(terminal, on=True):
    return terminal.client.post("/api/help", json={"on": on})


def tile(staff, terminal):
    seats = staff.client.get(f"/s/{SITTING}/board.json").json()["seats"]
    return next(one for one in seats if one["attempt"] == terminal.attempt)


# ---- help
def test_a_call_before_the_bell_reaches_the_board_and_is_answered(hall):
    room, terminals, staff = hall
    mine = terminals[2]
    assert call(mine).json() == {"help": "asked"} and call(mine).json() == {"help": "asked"}
    assert tile(staff, mine)["help"] == "asked"
    assert staff.post(f"a/{mine.attempt}/help").json()["help"] == "coming"
    assert mine.client.get("/api/pulse").json()["help"] == "coming"
    assert staff.post(f"a/{mine.attempt}/help").json()["help"] == ""
    assert mine.client.get("/api/state").json()["help"] == ""
    assert staff.post(f"a/{mine.attempt}/help").status_code == 409
    about = [entry["type"] for entry in room.entries("attempt.help_asked") + room.entries("attempt.help_answered")]
    assert about == ["attempt.help_asked", "attempt.help_answered", "attempt.help_answered"]
    assert [entry["body"]["how"] for entry in room.entries("attempt.help_answered")] == ["coming", "done"]


def test_a_call_can_be_taken_back(hall):
    mine = hall[1][3]
    call(mine)
    assert call(mine, on=False).json() == {"help": ""} and call(mine, on=False).json() == {"help": ""}


def test_a_stranger_cannot_call(hall):
    assert hall[0].client().post("/api/help", json={"on": True}).status_code == 401


def test_a_call_of_another_shape_is_refused(hall):
    assert hall[1][2].client.post("/api/help", json={"on": "yes"}).status_code == 400


# ---- accommodations
def test_the_terminal_is_told_what_is_granted(running):
    first, second, third = (one.state()["accommodations"] for one in running[1][:3])
    assert first == GRANTED | {"breaks_left": 2}
    assert second == {"breaks_left": 0} and third == {"breaks_left": 0}


def test_extra_time_counts(running):
    first, third = running[1][0].state(), running[1][2].state()
    assert abs(first["remaining"] - third["remaining"] - 1800) < 5 and first["exam"]["duration_minutes"] == 150


def test_a_break_covers_the_item_and_gives_its_time_back(running):
    room, terminals, staff = running
    mine = terminals[0]
    before = mine.state()["remaining"]
    assert mine.client.post("/api/break", json={}).json()["pause"] == "break"
    assert mine.client.get("/api/item/1").status_code == 423
    assert tile(staff, mine)["cause"] == "break"
    room.jump(120)
    assert abs(mine.state()["remaining"] - before) < 1
    assert mine.client.post("/api/break/end", json={}).json()["phase"] == "open"
    assert mine.client.post("/api/break/end", json={}).json()["phase"] == "open"
    assert before - 5 < mine.state()["remaining"] <= before and mine.state()["accommodations"]["breaks_left"] == 1
    assert room.entries("attempt.break_ended")[-1]["body"]["seconds"] in range(119, 126)


def test_a_break_ends_by_itself_and_gives_its_length_only(running):
    room, terminals, _ = running
    mine = terminals[0]
    before = mine.state()["remaining"]
    mine.client.post("/api/break", json={})
    room.kill()
    room.serve()
    assert mine.state()["pause"] == "break", "a break outlives the server"
    room.jump(400)
    assert mine.client.get("/api/pulse").json()["phase"] == "open"
    assert abs(before - 100 - mine.state()["remaining"]) < 8
    assert room.entries("attempt.break_ended")[-1]["body"]["seconds"] == 300


def test_no_third_break(running):
    answer = running[1][0].client.post("/api/break", json={})
    assert answer.status_code == 409 and answer.json()["error"] == "break"


def test_nobody_takes_a_break_that_was_not_granted(running):
    mine = running[1][1]
    assert mine.client.post("/api/break", json={}).status_code == 409
    assert mine.state()["phase"] == "open"


def test_a_long_pause_is_ended_by_two(running):
    """One person gives back up to the cap."""
    room, terminals, _ = running
    mine, staff = terminals[2], room.log_in(INVIGILATOR)
    assert staff.post(f"a/{mine.attempt}/pause", reason="核查身份证件").status_code == 200
    room.jump(601)
    refused = staff.post(f"a/{mine.attempt}/resume")
    assert refused.status_code == 400 and "两个人" in refused.json()["text"]
    assert staff.post(f"a/{mine.attempt}/resume", HEAD).status_code == 200
    assert room.entries("attempt.resumed")[-1]["body"]["second"] == "duty:head"
    assert mine.state()["phase"] == "open"
