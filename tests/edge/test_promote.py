"""The primary dies with its disk; two persons let the standby take over, and nothing that was acknowledged is lost."""

import random
import shutil
import time

import pytest

from tests.edge import pair as two
from tests.edge.room import HEAD, INVIGILATOR, PATROLLER, SECOND


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    return two.lay(tmp_path_factory.mktemp("pair") / "template")


def death(pair, folder, seed: int) -> dict[str, float]:
    """One round; what was lost, and how long nobody could answer."""
    it = pair.round(folder)
    try:
        it.start()
        it.answer_until_dead(random.Random(seed).uniform(0.05, 0.5))
        began = time.monotonic()
        answer = it.promote()
        assert answer.status_code == 200, answer.text
        it.until(it.serving, 60)
        lost = 0
        for one in it.terminals(it.b):
            found = one.state()
            lost += max(0, it.acked.get(one.attempt, 0) - found["seq"])
            assert one.answer(2, "A").status_code == 200
            served = time.monotonic() - began
        return {"lost": lost, "acked": sum(it.acked.values()), "seconds": served}
    finally:
        it.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.parametrize("count", [2, pytest.param(200, marks=pytest.mark.long)])
def test_nothing_acknowledged_is_lost_when_the_primary_dies_with_its_disk(pair, tmp_path, count):
    found = [death(pair, tmp_path / f"round-{at}", at) for at in range(count)]
    acked, slowest = sum(one["acked"] for one in found), max(one["seconds"] for one in found)
    print(f"{count} deaths, {acked} acknowledged, {sum(one['lost'] for one in found)} lost, serving again after at most {slowest:.1f} s")
    assert sum(one["lost"] for one in found) == 0
    assert acked > 0
    assert slowest <= 60
