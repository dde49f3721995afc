"""kill -9 of the running server under load, again and again: nothing acknowledged is lost, and it is ready again at once."""

import statistics
import threading
import time

import httpx
import pytest

from kaopei.edge.sitting import chained
from tests.edge import room as stage
from tests.edge.room import HEAD, INVIGILATOR, NOW, WINDOW, Terminal, key

SAMPLE, ALL = 3, 500
SEATS, ITEMS = 8, 9


class Candidate(threading.Thread):
    """Answers without a break; after each break he asks the server where he stands and goes on from there."""

    def __init__(self, terminal: Terminal, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self.terminal, self.stop = terminal, stop
        self.acked = self.resumed = 0
        self.wrong: list[str] = []

    def run(self) -> None:
        while not self.stop.is_set():
            try:
                answer = self.terminal.answer(1, "A" if self.terminal.seq % 2 else "")
                if answer.status_code == 200:
                    self.acked = answer.json()["saved"]
                    continue
                if answer.status_code == 429:
                    # 5,000 records are the most of one attempt.
                    return
            except (httpx.HTTPError, ValueError):
                pass
            self._resume()

    def _resume(self) -> None:
        while not self.stop.is_set():
            try:
                state = self.terminal.state()
                if state["seq"] < self.acked:
                    self.wrong.append(f"{self.acked} acknowledged, {state['seq']} there")
                self.resumed += 1
                return
            except (httpx.HTTPError, ValueError, KeyError):
                time.sleep(0.02)


def begun(room, parcels) -> list[Terminal]:
    room.clock(NOW + 930)
    staff, terminals = room.log_in(INVIGILATOR), []
    for number, row in enumerate(parcels.rows):
        answer = staff.sign_in(row).json()
        terminals.append(Terminal(room, answer["seat"], key(number)))
        terminals[-1].start(answer["code"])
    room.log_in(HEAD).ring()
    for one in terminals:
        assert one.begin().status_code == 200
    return terminals


def chains(room, seeds: dict[str, bytes]) -> dict[str, int]:
    """How many records of each attempt are on the disk; their chain is computed anew."""
    found = {}
    for attempt, seed in seeds.items():
        head, last = seed, 0
        sql = "SELECT e.lease, seq, kind, item, value, chain FROM answer_event e JOIN attempt ON no = attempt_no WHERE attempt = ? ORDER BY 1, 2"
        for lease, seq, kind, item, value, chain in room.rows(sql, attempt):
            head = chained(head, attempt, lease, seq, kind, item, value)
            assert (seq, bytes(chain)) == (last + 1, head)
            last = seq
        found[attempt] = last
    return found


def ordeal(folder, rounds: int) -> list[float]:
    """So many kills; the seconds until the server answered again each time."""
    ready = []
    with stage.serving(folder, SEATS, items=ITEMS, window=WINDOW | {"start_latest": NOW + 9000}) as (room, parcels):
        terminals = begun(room, parcels)
        seeds = {one.attempt: one.head for one in terminals}
        for number in range(rounds):
            stop = threading.Event()
            candidates = [Candidate(one, stop) for one in terminals]
            for one in candidates:
                one.start()
            # Another moment of the commit each time.
            time.sleep(0.15 + 0.013 * (number % 10))
            room.kill()
            before = {one.terminal.attempt: one.acked for one in candidates}
            since = time.monotonic()
            room.serve()
            with httpx.Client(trust_env=False) as client:
                assert client.get(f"{room.base}/healthz").json()["ok"]
            ready.append(time.monotonic() - since)
            deadline = time.monotonic() + 10
            while any(one.is_alive() and not one.resumed for one in candidates) and time.monotonic() < deadline:
                time.sleep(0.02)
            stop.set()
            for one in candidates:
                one.join()
                assert one.wrong == []
            there = chains(room, seeds)
            assert all(there[attempt] >= count for attempt, count in before.items())
            for one in terminals:
                one.state()
    after = f"{statistics.median(ready):.2f} s (median), {max(ready):.2f} s (worst)"
    print(f"{rounds} kills, {sum(there.values())} records, ready again after {after}", flush=True)
    return ready


def test_kills_under_load_lose_nothing(tmp_path):
    assert len(ordeal(tmp_path, SAMPLE)) == SAMPLE


@pytest.mark.long
def test_very_many_kills_under_load_lose_nothing(tmp_path):
    """In portions: an attempt has 5,000 records at most. How long it takes to be ready is printed; the bar (5 s) is for a quiet machine."""
    ready = []
    for portion in range(ALL // 50):
        folder = tmp_path / str(portion)
        folder.mkdir()
        ready += ordeal(folder, 50)
    print(f"{len(ready)} kills: ready again after {statistics.median(ready):.2f} s (median), {max(ready):.2f} s (worst)")
    assert len(ready) == ALL
