"""The board as a stream: everything once, then only what changed; one computation for all who look."""

import asyncio
import json
from types import SimpleNamespace

import pytest

from kaopei.edge import live
from kaopei.edge.sitting import Attempt, Sitting, SittingClock


class Site:
    """A sitting in memory with some seats that answer, and a clock that the test moves."""

    def __init__(self, seats=3):
        self.at = 1000.0
        self.sitting = Sitting("S", "running", clock=SittingClock("boot", 0.0, 0.0, 0.0, running=True))
        self.sitting.manifest = {"policy": {"duration_minutes": 120}}
        for n in range(seats):
            name = f"K{n}"
            one = Attempt(n, name, "S", "第1考场", f"{n:02d}", state="open", lease_hash=b"1", seen=1000.0, acted=1000.0)
            self.sitting.attempts[name], self.sitting.people[name] = one, {"name": name}
        self.edge = SimpleNamespace(now=lambda: self.at, wall=lambda: 1_796_000_000, helps={}, voided=set(), views={}, advance=lambda sitting: None)

    def passed(self, seconds):
        """Time of the sitting, with a sign of life from everybody."""
        self.at += seconds
        self.sitting.clock.ran += seconds
        for one in self.sitting.attempts.values():
            one.seen = self.at


def read(data):
    name, _, body = data.decode().partition("\n")
    return name.removeprefix("event: "), json.loads(body.removeprefix("data: "))


@pytest.fixture
def site():
    return Site()


@pytest.fixture
def view(site):
    found = live.View(site.edge, site.sitting, "")
    found._step()
    return found


def test_everything_comes_first(site):
    name, facts = read(live.View(site.edge, site.sitting, "").whole())
    assert name == "board" and len(facts["seats"]) == 3 and facts["counts"]["answering"] == 3


def test_time_that_only_passes_is_not_sent(site, view):
    for _ in range(30):
        site.passed(1.0)
        assert read(view._step())[1]["seats"] == []


def test_an_answer_sends_its_seat_alone(site, view):
    site.passed(1.0)
    site.sitting.attempts["K1"].take("answer", 1, "A")
    name, facts = read(view._step())
    assert name == "change" and [seat["attempt"] for seat in facts["seats"]] == ["K1"]
    assert facts["seats"][0]["answered"] == 1
    assert read(view._step())[1]["seats"] == []


def test_time_that_is_given_back_is_sent(site, view):
    site.passed(1.0)
    site.sitting.attempts["K2"].extra = 60.0
    (seat,) = read(view._step())[1]["seats"]
    assert seat["attempt"] == "K2" and seat["left"] == 7200 - 1 + 60


def test_a_pause_stops_the_count_of_its_seat(site, view):
    site.sitting.attempts["K0"].paused_at = 0.0
    site.sitting.attempts["K0"].pause_cause = "staff"
    site.passed(1.0)
    (seat,) = read(view._step())[1]["seats"]
    assert not seat["ticks"] and seat["state"] == "paused" and seat["left"] == 7200
    site.passed(60.0)
    assert read(view._step())[1]["seats"] == []


def test_a_lost_seat_is_sent(site, view):
    one = site.sitting.attempts["K0"]
    site.passed(11.0)
    one.seen = site.at - 11.0
    assert "lost" in {seat["state"] for seat in read(view._step())[1]["seats"]}


def test_all_boards_of_a_room_share_one_computation(site, monkeypatch):
    monkeypatch.setattr(live, "PERIOD", 0.01)
    asked = []
    whole = live.View._step
    monkeypatch.setattr(live.View, "_step", lambda self: asked.append(1) or whole(self))

    async def one(view, most):
        got = []
        async for data in view.listen():
            got.append(read(data)[0])
            if len(got) == most:
                return got
        return got

    async def work():
        views = [live.view(site.edge, site.sitting, "") for _ in range(4)]
        assert len({id(view) for view in views}) == 1
        got = await asyncio.gather(*(one(view, 5) for view in views))
        assert got == [["board", "change", "change", "change", "change"]] * 4
        await asyncio.sleep(0.05)
        assert views[0]._task is None, "nobody looks, nothing is computed"
        return len(asked)

    assert asyncio.run(work()) <= 7


def test_a_reader_that_missed_a_step_gets_everything(site, monkeypatch):
    monkeypatch.setattr(live, "PERIOD", 0.005)

    async def work():
        view = live.view(site.edge, site.sitting, "")
        reading = view.listen()
        assert read(await anext(reading))[0] == "board"
        await asyncio.sleep(0.05)
        assert read(await anext(reading))[0] == "board"
        await reading.aclose()
        view.close()

    asyncio.run(work())


def test_a_stop_ends_every_reader(site, monkeypatch):
    monkeypatch.setattr(live, "PERIOD", 5.0)

    async def work():
        view = live.view(site.edge, site.sitting, "")
        reading = asyncio.create_task(_all(view))
        await asyncio.sleep(0.02)
        live.close_all(site.edge)
        assert len(await asyncio.wait_for(reading, 1)) <= 2
        assert live.view(site.edge, site.sitting, "") is not view
        view._task.cancel()

    async def _all(view):
        return [data async for data in view.listen()]

    asyncio.run(work())


def test_three_hundred_seats_and_four_boards_fit_a_second(site):
    """What is sent when everybody answers once: whole tiles, in one small piece for all boards."""
    many = Site(300)
    view = live.View(many.edge, many.sitting, "")
    view._step()
    many.passed(1.0)
    for one in many.sitting.attempts.values():
        one.take("answer", 1, "A")
    assert len(view._step()) < 150_000
    many.passed(1.0)
    assert len(view._step()) < 600
