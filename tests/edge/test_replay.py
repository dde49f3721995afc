"""A hostile network in front of the real application: duplicated, reordered, replayed and forged requests by the ten thousand.

Honest streams go on in between. Each honest event takes effect exactly once; no forged request changes anything.
"""

import asyncio
import contextlib
import hashlib
import json
import random
from collections import Counter
from typing import Any

import pytest

from kaopei.edge import admission, wire
from kaopei.edge.sitting import Attempt, chained
from tests.edge import inside
from tests.edge import room as stage
from tests.edge.inside import ask
from tests.edge.room import HEAD, NOW, WINDOW, key, person

SAMPLE, ALL = 3_000, 50_000
SEATS, ITEMS = 12, 9


def facts(attempt: Attempt) -> tuple[Any, ...]:
    """All of an attempt that a request could change."""
    return (
        attempt.state,
        attempt.lease,
        attempt.lease_hash,
        attempt.head,
        attempt.count,
        len(attempt.chains),
        dict(attempt.answers),
        set(attempt.marked),
        attempt.extra,
        attempt.paused_at,
        attempt.ended_at,
    )


class Seat:
    """An honest candidate and everything that was ever seen of him on the wire."""

    def __init__(self, attempt: Attempt, secret: str) -> None:
        self.attempt, self.secret = attempt, secret
        self.lease, self.seq, self.count, self.head = attempt.lease, 0, attempt.count, attempt.head
        self.sent: list[tuple[str, bytes]] = []
        self.model: list[tuple[int, int, int, str]] = []

    def event(self, item: int, value: str) -> dict[str, Any]:
        self.seq, self.count = self.seq + 1, self.count + 1
        self.head = chained(self.head, self.attempt.attempt, self.lease, self.seq, "answer", item, value)
        self.model.append((self.lease, self.seq, item, value))
        return {"seq": self.seq, "kind": "answer", "item": item, "value": value, "chain": self.head.hex()}


class Network:
    """Does to requests what it likes."""

    def __init__(self, edge: Any, application: Any, seats: list[Seat], chance: random.Random) -> None:
        self.edge, self.application, self.seats, self.chance = edge, application, seats, chance
        self.old: list[tuple[str, bytes]] = []
        self.done: Counter[str] = Counter()

    async def honest(self, seat: Seat) -> None:
        events = [seat.event(self.chance.randrange(1, ITEMS + 1), self.chance.choice(["A", "B", ""])) for _ in range(self.chance.randrange(1, 4))]
        body = json.dumps({"lease": seat.lease, "events": events}).encode()
        status, answer = await ask(self.application, "POST", "/api/events", seat.secret, body)
        assert (status, answer["saved"]) == (200, seat.seq), answer
        seat.sent.append((seat.secret, body))

    async def duplicate(self, seat: Seat) -> None:
        """Word for word again, of now or of a lease that is over."""
        if not seat.sent:
            return
        secret, body = self.chance.choice(seat.sent)
        before = facts(seat.attempt)
        status, answer = await ask(self.application, "POST", "/api/events", secret, body)
        over = secret != seat.secret
        assert (status, answer.get("error")) == ((409, "moved") if over else (200, None)), answer
        assert facts(seat.attempt) == before

    async def reorder(self, seat: Seat) -> None:
        """Events that were sent, in another order, some left out: nothing new comes of it."""
        if len(seat.sent) < 2:
            return
        events = [event for _, body in seat.sent[-4:] for event in json.loads(body)["events"]]
        self.chance.shuffle(events)
        body = json.dumps({"lease": seat.lease, "events": events[: self.chance.randrange(1, len(events) + 1)]}).encode()
        await self.refused_or_idle(seat, "POST", "/api/events", seat.secret, body)

    async def forge(self, seat: Seat) -> None:
        """Something that this candidate's terminal never made."""
        other = self.chance.choice([one for one in self.seats if one is not seat])
        draft = {"seq": seat.seq + 1, "kind": "answer", "item": 1, "value": "A", "chain": "0" * 64}
        good = chained(seat.head, seat.attempt.attempt, seat.lease, seat.seq + 1, "answer", 1, "A").hex()
        kind = self.chance.randrange(10)
        secret, path, body = seat.secret, "/api/events", {"lease": seat.lease, "events": [draft]}
        if kind == 0:
            secret = hashlib.sha256(self.chance.randbytes(8)).hexdigest()[:43]
        elif kind == 1:
            secret, body["events"] = other.secret, [draft | {"chain": good}]
        elif kind == 2:
            body["events"] = [draft | {"seq": self.chance.randrange(1, seat.seq + 1) if seat.seq else 1, "value": "B"}]
        elif kind == 3:
            body["events"] = [draft | {"seq": seat.seq + self.chance.randrange(2, 50), "chain": good}]
        elif kind == 4:
            body = {"lease": seat.lease + self.chance.choice([-1, 1, 7]), "events": [draft | {"chain": good}]}
        elif kind == 5:
            path, body = "/api/hand-in", {"count": seat.count, "head": other.head.hex() if other.head != seat.head else "0" * 64}
        elif kind == 6:
            path, body = "/api/hand-in", {"count": seat.count + self.chance.choice([-1, 1]), "head": seat.head.hex()}
        elif kind == 7:
            body["events"] = [draft | {"chain": good, "item": self.chance.choice([0, -1, ITEMS + 1, 10**9])}]
        elif kind == 8:
            body["events"] = [draft | {"chain": good, "value": self.chance.choice(["Z", "BA", "AA", "a", " ", "A" * 400])}]
        else:
            code = f"{self.chance.randrange(10**6):06d}"
            path, body = "/api/start", {"seat": seat.attempt.label, "code": code, "key": key(self.chance.randrange(10**6))}
        await self.refused_or_idle(seat, "POST", path, secret, json.dumps(body).encode(), must=kind not in (2,))

    async def garble(self, seat: Seat) -> None:
        """A request with bytes changed, cut off, or under another method or path."""
        _, body = self.chance.choice(seat.sent) if seat.sent else ("", b"{}")
        data = bytearray(body)
        for _ in range(self.chance.randrange(1, 4)):
            data[self.chance.randrange(len(data))] = self.chance.randrange(256)
        if self.chance.random() < 0.3:
            data = data[: self.chance.randrange(len(data))]
        method, path = self.chance.choice(
            [("POST", "/api/events"), ("POST", "/api/hand-in"), ("GET", "/api/events"), ("PUT", "/api/events"), ("POST", "/api/item/1")]
        )
        await self.refused_or_idle(seat, method, path, seat.secret, bytes(data))

    async def refused_or_idle(self, seat: Seat, method: str, path: str, secret: str, body: bytes, must: bool = False) -> None:
        before = facts(seat.attempt)
        status, answer = await ask(self.application, method, path, secret, body)
        assert status == 200 or 400 <= status < 500, answer
        assert not must or status != 200, answer
        assert facts(seat.attempt) == before, (method, path, body, answer)

    async def move(self, seat: Seat) -> None:
        """A new code at the same seat: the old terminal's key and lease are over."""
        code = await admission.issue_code(self.edge, self.edge.sittings[seat.attempt.sitting_id], seat.attempt, by=person(HEAD))
        self.edge.seat_pauses.clear()
        seat.secret = key(self.chance.randrange(10**9))
        body = json.dumps({"seat": seat.attempt.label, "code": code, "key": seat.secret}).encode()
        status, answer = await ask(self.application, "POST", "/api/start", "", body)
        assert status == 200, answer
        seat.lease, seat.seq = answer["lease"], 0

    async def trouble(self, seat: Seat, steps: int) -> None:
        """One candidate's share of all steps."""
        acts = {"honest": 15, "duplicate": 25, "reorder": 15, "forge": 30, "garble": 15}
        for number in range(steps):
            if number % 600 == 599:
                await self.move(seat)
            act = self.chance.choices(list(acts), list(acts.values()))[0]
            self.done[act] += 1
            await getattr(self, act)(seat)


async def ordeal(room: Any, parcels: Any, steps: int, seed: int) -> Counter[str]:
    """So many requests; afterwards disk, ledger and candidates agree on exactly the honest ones."""
    edge, application, sitting = await inside.begun(room, parcels)
    seats = [Seat(sitting.attempts[row["attempt"]], key(number)) for number, row in enumerate(parcels.rows)]
    network = Network(edge, application, seats, random.Random(seed))
    await asyncio.gather(*(network.trouble(seat, steps // SEATS + 1) for seat in seats))
    await asyncio.sleep(0.05)
    for seat in seats:
        rows = edge.store.read("SELECT lease, seq, item, value FROM answer_event WHERE attempt_no = ? ORDER BY lease, seq", (seat.attempt.no,))
        assert rows == seat.model
        status, receipt = await ask(
            application, "POST", "/api/hand-in", seat.secret, json.dumps({"count": seat.count, "head": seat.head.hex()}).encode()
        )
        assert (status, receipt["count"]) == (200, len(seat.model))
    told = [json.loads(bytes(leaf)) for (leaf,) in edge.store.read("SELECT leaf FROM entry")]
    assert sum(one["body"]["events"] for one in told if one["type"] == "answers.saved") == sum(len(seat.model) for seat in seats)
    assert sum(one["type"] == "attempt.handed_in" for one in told) == SEATS
    edge.store.close()
    return network.done


def hold(tmp_path: Any, monkeypatch: pytest.MonkeyPatch, steps: int, seed: int) -> None:
    # One process plays all machines as fast as it can: how fast a single one may be is tested for itself.
    monkeypatch.setattr(wire, "BURST", 1e12)
    room, parcels = stage.prepared(tmp_path, SEATS, items=ITEMS, window=WINDOW | {"start_latest": NOW + 9000})
    try:
        room.clock(NOW + 930)
        done = asyncio.run(ordeal(room, parcels, steps, seed))
    finally:
        room.stop()
    print(dict(done))
    assert sum(done.values()) >= steps


def test_no_request_acts_twice_and_no_forged_one_acts(tmp_path, monkeypatch):
    hold(tmp_path, monkeypatch, SAMPLE, 20261207)


@pytest.mark.long
def test_no_request_of_very_many_acts_twice_and_no_forged_one_acts(tmp_path, monkeypatch):
    hold(tmp_path, monkeypatch, ALL, 1)


def test_a_machine_that_asks_too_fast_waits_and_nobody_else_does(monkeypatch):
    pace, slept = wire.Pace(), []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(wire.asyncio, "sleep", sleep)
    assert [pace.owed("hostile", 100.0) for _ in range(int(wire.BURST))] == [0.0] * int(wire.BURST)
    asyncio.run(pace.wait("hostile", 100.0))
    assert slept == [1 / wire.A_SECOND] and pace.owed("honest", 100.0) == 0.0

    async def told() -> int:
        for _ in range(200):
            with contextlib.suppress(wire.delivery.Refusal):
                await pace.wait("hostile", 100.0)
        with pytest.raises(wire.delivery.Refusal) as refusal:
            await pace.wait("hostile", 100.0)
        return refusal.value.status

    assert asyncio.run(told()) == 429 and slept[-1] == wire.WAIT_SECONDS
    assert pace.owed("hostile", 101.0) < 1.0, "it is never locked out"
