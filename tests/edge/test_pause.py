"""Time that is given back by itself: the LAN, one seat, the server; never in silence, and never against a candidate."""

import asyncio
import json

import pytest

from kaopei.edge import timekeeping
from kaopei.edge.sitting import COVER_SECONDS, LOST_SECONDS
from tests.edge import inside
from tests.edge import room as stage
from tests.edge.room import NOW, key

SEATS = 10


@pytest.fixture(scope="module")
def laid(tmp_path_factory):
    room, parcels = stage.prepared(tmp_path_factory.mktemp("pause"), SEATS, numbers={"pause_cap_minutes": 1})
    room.clock(NOW + 930)
    hall = asyncio.Runner()
    edge, application, sitting = hall.run(inside.begun(room, parcels))
    sitting.clock.ran += 600.0
    yield hall, edge, application, sitting
    edge.store.close()
    hall.close()
    room.stop()


@pytest.fixture
def hall(laid):
    """The runner, the edge and the sitting, as if everybody had just been heard."""
    runner, edge, application, sitting = laid
    for number, one in enumerate(sitting.attempts.values()):
        one.contact = one.seen = edge.now()
        one.lost_credit, one.paused_at, one.pause_cause, one.pulsed = 0.0, None, "", False
        status, _ = runner.run(inside.ask(application, "GET", "/api/pulse", key(number)))
        assert status == 200 and one.pulsed
    edge.paused.clear()
    runner.run(timekeeping.tick(edge))
    assert not sitting.clock.paused
    return runner, edge, sitting


def silence(edge, attempts, seconds):
    for one in attempts:
        one.contact = one.seen = edge.now() - seconds


async def heard(edge, sitting, one):
    """A request of this terminal; what it writes is waited for."""
    edge.touch(sitting, one)
    await asyncio.sleep(0.05)


def told(edge, code):
    leaves = [json.loads(bytes(leaf)) for (leaf,) in edge.store.read("SELECT leaf FROM entry ORDER BY seq")]
    return [one for one in leaves if one["type"] == code]


def cases(edge, code):
    return edge.store.read("SELECT attempt, note FROM irregularity WHERE code = ? ORDER BY no", (code,))


def test_a_fifth_of_the_seats_lost_pauses_everybody_until_they_are_back(hall):
    runner, edge, sitting = hall
    lost = list(sitting.attempts.values())[:2]
    other = list(sitting.attempts.values())[5]
    extra = [one.extra for one in lost]
    silence(edge, lost, LOST_SECONDS + 2)
    runner.run(timekeeping.tick(edge))
    assert sitting.clock.paused and sitting.pause_cause == "lan_lost" and sitting.phase(other) == "paused"
    assert [one.extra - before for one, before in zip(lost, extra, strict=True)] == [pytest.approx(LOST_SECONDS + 2 - COVER_SECONDS, abs=1)] * 2
    assert all(one.lost_credit == 0 for one in lost), "the LAN's fault is not the seat's one loss"
    assert told(edge, "sitting.paused")[-1]["body"]["cause"] == "lan_lost"
    assert "2 个机位失联" in cases(edge, "time.group_pause")[-1][1]
    ran = sitting.clock.ran
    runner.run(asyncio.sleep(0.6))
    runner.run(timekeeping.tick(edge))
    assert sitting.clock.paused and sitting.clock.ran == ran
    for one in lost:
        runner.run(heard(edge, sitting, one))
    runner.run(timekeeping.tick(edge))
    assert not sitting.clock.paused and sitting.pause_cause == ""
    back = told(edge, "sitting.resumed")[-1]["body"]
    assert back["cause"] == "lan_lost" and back["milliseconds"] >= 500


def test_one_seat_is_no_lan(hall):
    runner, edge, sitting = hall
    silence(edge, list(sitting.attempts.values())[:1], 60)
    runner.run(timekeeping.tick(edge))
    assert not sitting.clock.paused


def test_machines_that_never_pulsed_promise_nothing(hall):
    runner, edge, sitting = hall
    for one in sitting.attempts.values():
        one.pulsed = False
    silence(edge, sitting.attempts.values(), 60)
    runner.run(timekeeping.tick(edge))
    assert not sitting.clock.paused


def test_seats_without_which_two_persons_went_on_do_not_pause_it_again(hall):
    runner, edge, sitting = hall
    lost = list(sitting.attempts.values())[:3]
    silence(edge, lost, 30)
    runner.run(timekeeping.tick(edge))
    assert sitting.clock.paused
    sitting.clock.paused = False
    for one in lost:
        one.contact = edge.now() - 30
    runner.run(timekeeping.tick(edge))
    runner.run(timekeeping.tick(edge))
    assert not sitting.clock.paused and not any(one.pulsed for one in lost)


def test_the_first_loss_of_a_seat_is_credited_and_a_second_one_waits_for_people(hall):
    runner, edge, sitting = hall
    one = next(iter(sitting.attempts.values()))
    before, left = one.extra, sitting.remaining(one, edge.now())
    silence(edge, [one], 20)
    runner.run(heard(edge, sitting, one))
    assert one.extra - before == pytest.approx(20 - COVER_SECONDS, abs=1) and one.pause_cause == ""
    silence(edge, [one], 15)
    runner.run(timekeeping.tick(edge))
    assert one.pause_cause == "held" and sitting.phase(one) == "paused"
    assert sitting.remaining(one, edge.now()) == pytest.approx(left + 17 + 12, abs=1.5), "covered time is not his"
    assert told(edge, "attempt.paused")[-1]["body"]["cause"] == "held"
    assert cases(edge, "device.terminal_failed")[-1][0] == one.attempt
    assert edge.store.read("SELECT pause_cause FROM attempt WHERE no = ?", (one.no,)) == [("held",)]
    # It is still lost: nothing more happens, and coming back does not end the pause.
    runner.run(timekeeping.tick(edge))
    runner.run(heard(edge, sitting, one))
    assert one.pause_cause == "held"


def test_a_loss_longer_than_the_cap_is_credited_up_to_it_and_then_waits(hall):
    runner, edge, sitting = hall
    one = list(sitting.attempts.values())[1]
    left = sitting.remaining(one, edge.now())
    silence(edge, [one], 100)
    runner.run(timekeeping.tick(edge))
    assert one.lost_credit == 60.0 and one.pause_cause == "held"
    assert sitting.remaining(one, edge.now()) == pytest.approx(left + 97, abs=1.5)


def test_a_standstill_of_the_server_is_credited_with_its_cause_and_is_no_loss_of_a_terminal(hall):
    runner, edge, sitting = hall
    ran, number = sitting.clock.ran, len(told(edge, "sitting.time_credited"))
    sitting.clock.boottime -= 30
    silence(edge, sitting.attempts.values(), 30)
    runner.run(timekeeping.tick(edge))
    assert sitting.clock.ran - ran < 0.5 and not sitting.clock.paused
    credit = told(edge, "sitting.time_credited")[number]["body"]
    assert credit["cause"] == "server_standstill" and 30_000 <= credit["milliseconds"] < 31_000
    assert "停顿 30" in cases(edge, "device.server_failed")[-1][1]
    assert all(one.lost_credit == 0 and edge.now() - one.contact < 2 for one in sitting.attempts.values())


def test_past_the_sealed_end_nobody_is_stopped_and_it_is_said_once(hall):
    runner, edge, sitting = hall
    before = sitting.clock.token_time
    sitting.clock.token_time = sitting.manifest["window"]["end_latest"] + 1.0
    for _ in range(2):
        runner.run(timekeeping.tick(edge))
    sitting.clock.token_time = before
    assert len(cases(edge, "time.late_end")) == 1
    assert {one.state for one in sitting.attempts.values()} == {"open"}


def test_time_that_is_over_hands_in_by_itself(hall):
    runner, edge, sitting = hall
    one = list(sitting.attempts.values())[-1]
    one.extra -= sitting.remaining(one, edge.now()) + 6
    runner.run(timekeeping.tick(edge))
    assert (one.state, one.ended_by) == ("handed_in", "time")
    assert told(edge, "attempt.handed_in")[-1]["body"]["ended_by"] == "time"


def test_what_the_tick_writes_is_where_a_restart_begins(hall):
    runner, edge, sitting = hall
    sitting.clock.paused, sitting.pause_cause = True, "lan_lost"
    runner.run(written(edge, sitting))
    ran = sitting.clock.ran
    timekeeping.restore_clock(edge, sitting)
    assert sitting.pause_cause == "lan_lost" and sitting.clock.paused and sitting.clock.ran == pytest.approx(ran, abs=0.01)
    sitting.clock.paused, sitting.pause_cause = False, ""


async def written(edge, sitting):
    await edge.store.write(lambda connection: timekeeping.persist_clock(connection, sitting, edge.wall()))
