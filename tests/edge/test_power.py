"""The supply fails at any moment: whoever was told that his answer is saved finds it again, and the store opens."""

import time

import pytest

from kaopei.edge import store
from tests.edge import power

SAMPLE, ALL, SLICES = 400, 100_000, 4


def hold(cuts, seed):
    began = time.process_time()
    outcome = power.ordeal(cuts, seed)
    print(f"{outcome.cuts} power cuts, lost {outcome.lost}, corrupt {outcome.corrupt}, {1000 * (time.process_time() - began) / cuts:.2f} ms each")
    assert outcome.cuts == cuts
    assert (sum(outcome.lost.values()), outcome.corrupt) == (0, 0), outcome.examples[:5]


def test_no_power_cut_loses_what_was_acknowledged():
    hold(SAMPLE, 20261207)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(1, SLICES + 1))
def test_no_power_cut_of_very_many_loses_what_was_acknowledged(seed):
    hold(ALL // SLICES, seed)


def test_a_store_that_syncs_less_is_caught(monkeypatch):
    """The control: with synchronous=NORMAL the same ordeal must find lost answers, or it could find nothing at all."""
    monkeypatch.setattr(store, "PRAGMAS", tuple(one.replace("synchronous=FULL", "synchronous=NORMAL") for one in store.PRAGMAS))
    outcome = power.ordeal(SAMPLE // 2, 20261207)
    assert outcome.lost["lost"] > 0
    assert outcome.corrupt == 0, outcome.examples[:5]
