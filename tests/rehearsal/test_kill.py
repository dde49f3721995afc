"""`kill -9` of the exam server in the middle of a sitting: every acknowledged answer is in the return parcel."""

import asyncio
import json
import os
import signal

import pytest

from kaopei.parcel.return_parcel import Returned
from tests.rehearsal.reading import key_of, listed
from tests.rehearsal.stages import drawn_and_enrolled, office_month, opened_day, sealed_sittings

KILLS = 3


@pytest.fixture
def opened(month, place, monkeypatch):
    """The morning of the first sitting that has a bank: the paper is open, candidates hold their codes."""
    with office_month(month, place / "out", monkeypatch) as (stage, draw, bank):
        papers, learned, wanted = drawn_and_enrolled(stage, draw, bank)
        held = sealed_sittings(stage, papers, wanted)
        day = opened_day(stage, papers, learned, held)
        yield stage, day, held[0]


def answers_of(stage, parcel):
    """What the city reads in the return parcel: attempt → {item: letters}."""
    trust = listed(stage)
    blob = Returned(parcel.read_bytes(), trust).contents(*key_of(stage, trust, "city_import"))["answers"]
    return {row["attempt"]: row["answers"] for row in json.loads(blob)["attempts"]}


def test_nothing_that_was_acknowledged_is_lost(opened):
    stage, day, one = opened
    times = []

    async def strike():
        """The power goes while everybody is answering; the server comes back by itself, without a person."""
        for place in range(1, KILLS + 1):
            while sum(sitter.acknowledged for sitter in one.sitters.values()) < place * 60:
                await asyncio.sleep(0.005)
            program = stage.programs[one.site.program]
            os.kill(program.process.pid, signal.SIGKILL)
            await asyncio.to_thread(program.process.wait)
            one.site.forget_browsers()
            times.append(sum(sitter.acknowledged for sitter in one.sitters.values()))
            await asyncio.to_thread(one.site.serve)

    day.sit(also={one.number: strike})
    assert len(times) == KILLS and times[-1] < sum(sitter.acknowledged for sitter in one.sitters.values()), "killed in the middle"
    day.hand_back()
    carried = answers_of(stage, one.returned)
    sat = [sitter for sitter in one.sitters.values() if sitter.acknowledged]
    assert len(sat) == len(one.sitters) > 0
    for sitter in sat:
        assert carried[sitter.attempt] == {str(item): value for item, value in sitter.sent.items()}
    assert set(carried) == {sitter.attempt for sitter in sat}
