"""Sitting time in virtual time: crashes, reboots, suspended hosts, wall clocks that jump. Nobody is charged for what was not his."""

import json
import random
import time
from dataclasses import dataclass

import pytest

from kaopei.edge.clock import Clock
from kaopei.edge.sitting import STANDSTILL_SECONDS, Attempt, Sitting, SittingClock
from kaopei.edge.timekeeping import TICK_SECONDS

SAMPLE, ALL = 2_000, 100_000
A_CRASH = 1.0
EPSILON = 0.01


@dataclass
class World:
    """True time, and what the two clocks of the machine make of it."""

    at: float = 0.0
    booted: float = -1000.0
    boot: int = 0
    shift: float = 0.0

    @property
    def boottime(self) -> float:
        return self.at - self.booted

    @property
    def wall(self) -> float:
        return 1_796_000_000.0 + self.at + self.shift


class Server:
    """The clock of one sitting as the tick moves it and writes it down; everything else of the server is left out."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.clock = SittingClock(str(world.boot), world.boottime, 0.0, world.wall, running=True)
        self.written, self.wall = self.clock.row(), world.wall
        self.credited = 0.0

    def tick(self) -> None:
        self.clock.advance(self.world.boottime, 0.0)
        self.credited, self.clock.standstill = self.credited + self.clock.standstill, 0.0
        self.written, self.wall = self.clock.row(), self.world.wall

    def start_again(self) -> None:
        self.clock = SittingClock.restored(
            self.written,
            running=True,
            boot_id=str(self.world.boot),
            boottime=self.world.boottime,
            jump=0.0,
            wall_gap=self.world.wall - self.wall,
        )
        self.tick()


def run(chance: random.Random) -> tuple[float, float, int, bool, Server]:
    """One sitting of about a minute: seconds of service, of pauses, number of faults, whether the wall clock jumped over a reboot."""
    world = World()
    server = Server(world)
    service = paused = 0.0
    faults, jumped = 0, False
    for _ in range(chance.randrange(1, 5)):
        for _ in range(chance.randrange(1, 25)):
            step = TICK_SECONDS + chance.choice([0.0, 0.001, 0.01, 0.2, 1.2]) * chance.random()
            world.at += step
            if server.clock.paused:
                paused += step
            else:
                service += step
            server.tick()
        # The moment of the fault lies somewhere after the last tick.
        rest = TICK_SECONDS * chance.random()
        world.at += rest
        fault = chance.choice(["crash", "reboot", "suspend", "wall", "pause"])
        if fault == "pause":
            service, paused = (service, paused + rest) if server.clock.paused else (service + rest, paused)
            server.tick()
            server.clock.paused = not server.clock.paused
            continue
        if not server.clock.paused:
            service += rest
        else:
            paused += rest
        if fault == "wall":
            world.shift += chance.choice([-86_400.0, 86_400.0, 3600.0, -0.5, chance.uniform(-1e6, 1e6)])
            server.tick()
            continue
        faults += 1
        down = chance.choice([0.05, 0.7, 1.9, 5.0, 60.0, 600.0]) + chance.random()
        was_paused = server.clock.paused
        world.at += down
        if fault == "suspend":
            if down + rest <= STANDSTILL_SECONDS:
                service, paused = (service, paused + down) if was_paused else (service + down, paused)
                server.tick()
                continue
            server.tick()
        else:
            if fault == "reboot":
                world.boot, world.booted = world.boot + 1, world.at - chance.uniform(1, 30)
                if chance.random() < 0.3:
                    world.shift, jumped = world.shift + chance.uniform(-5000, 5000), True
            server.start_again()
        if was_paused:
            paused += down
    world.at += TICK_SECONDS
    if server.clock.paused:
        paused += TICK_SECONDS
    else:
        service += TICK_SECONDS
    server.tick()
    return service, paused, faults, jumped, server


def hold(runs: int, seed: int) -> None:
    chance, began, worst = random.Random(seed), time.process_time(), 0.0
    for number in range(runs):
        service, paused, faults, jumped, server = run(chance)
        lacking = service - server.clock.ran
        assert lacking >= -EPSILON, f"run {number}: charged {-lacking:.3f} s more than the server served"
        assert lacking <= A_CRASH * faults + EPSILON, f"run {number}: {lacking:.3f} s after {faults} faults"
        worst = max(worst, lacking / max(1, faults))
        if not jumped:
            # Every second is somebody's: charged, credited with its cause, or a pause; so windows may be judged by the sum.
            explained = server.clock.ran + server.credited + paused
            assert abs(server.world.at - explained) <= A_CRASH * faults + EPSILON, f"run {number}"
            if server.world.shift == 0:
                assert abs(server.clock.token_time - server.world.wall) <= EPSILON, f"run {number}"
    print(f"{runs} runs, at worst {worst:.3f} s a fault, none against the candidate, {time.process_time() - began:.1f} s")


def test_no_fault_costs_a_candidate_time():
    hold(SAMPLE, 20261207)


@pytest.mark.long
def test_no_fault_of_very_many_costs_a_candidate_time():
    hold(ALL, 1)


def test_a_wall_clock_that_jumps_changes_nothing_while_the_server_runs():
    world = World()
    server = Server(world)
    for number in range(100):
        world.at += TICK_SECONDS
        world.shift = (-1) ** number * 86_400 * number
        server.tick()
    assert server.clock.ran == pytest.approx(50) and server.clock.token_time == pytest.approx(1_796_000_050)


def test_a_rounded_clock_never_takes_a_moment_away():
    clock = SittingClock("b", 10.0, 0.0, 0.0, ran=59.9999, running=True)
    again = SittingClock.restored(clock.row(), running=True, boot_id="b", boottime=10.0, jump=0.0, wall_gap=0.0)
    assert 59.998 < again.ran <= 59.9999


@pytest.mark.parametrize(("paused", "running"), [(True, True), (False, False)])
def test_a_death_while_no_time_runs_is_no_credit(paused, running):
    clock = SittingClock("b", 10.0, 0.0, 0.0, running=running, paused=paused)
    again = SittingClock.restored(clock.row(), running=running, boot_id="b", boottime=99.0, jump=0.0, wall_gap=0.0)
    assert (again.ran, again.standstill, again.token_time) == (0.0, 0.0, 89.0)


def test_a_credit_that_was_not_written_down_yet_survives_a_death():
    clock = SittingClock("b", 10.0, 0.0, 0.0, running=True)
    clock.advance(40.0, 0.0)
    again = SittingClock.restored(clock.row(), running=True, boot_id="other", boottime=5.0, jump=0.0, wall_gap=7.0)
    assert (again.standstill, again.cause, again.ran) == (37.0, "server_reboot", 0.0)


def test_real_time_takes_no_orders_from_a_file(tmp_path):
    file = tmp_path / "clock.json"
    file.write_text(json.dumps({"offset_seconds": 3600}))
    assert Clock(None).offset() == 0.0 and Clock(file).offset() == 3600.0
    moving = Clock(file)
    assert moving.offset() == 3600.0
    file.write_text("{")
    assert moving.offset() == 3600.0, "a half-written file leaves the last good offset in force"
    file.unlink()
    assert moving.offset() == 0.0


@pytest.mark.parametrize(
    ("granted", "minutes"), [({}, 120), ({"extra_minutes": 30}, 150), ({"extra_minutes": "30"}, 120), ({"extra_minutes": 0}, 120)]
)
def test_extra_time_of_the_parcel_acts(granted, minutes):
    sitting = Sitting("S", manifest={"policy": {"duration_minutes": 120}}, people={"K1": {"accommodations": granted}})
    assert sitting.allowed(Attempt(1, "K1", "S", "R", "1")) == 60 * minutes
