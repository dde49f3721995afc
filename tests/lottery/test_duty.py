"""The staff duty draw: nobody twice in a turn, as many filled as a maximum flow fills, and no move left that evens the load."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import maximum_bipartite_matching

from kaopei.lottery.duty import Duties, order_key

SEED = "5e" * 32


def keys(people, seed=SEED):
    return [order_key(seed, "监考", f"P{place:03d}") for place in range(people)]


def most(turns, able, people):
    """Maximum matching of (person, turn) with duties, by another algorithm."""
    columns = {pair: place for place, pair in enumerate({(p, turn) for turn, group in zip(turns, able, strict=True) for p in group})}
    pairs = [(duty, columns[p, turn]) for duty, (turn, group) in enumerate(zip(turns, able, strict=True)) for p in group]
    if not pairs:
        return 0
    rows, cols = zip(*pairs, strict=True)
    graph = csr_matrix(([1] * len(pairs), (rows, cols)), shape=(len(turns), len(columns)))
    return int((maximum_bipartite_matching(graph, perm_type="column") >= 0).sum())


def least_square_load(turns, able, people, filled):
    """The smallest sum of squared loads at that coverage: a flow with rising costs as a linear programme (integral by nature)."""
    serves = [(duty, p) for duty, group in enumerate(able) for p in group]
    nths = [(p, nth) for p in range(people) for nth in range(len(turns))]
    cost = [0] * len(serves) + [2 * nth + 1 for _, nth in nths]
    pairs = sorted({(p, turns[duty]) for duty, p in serves})
    at_most = [[int(duty == d) for d, _ in serves] + [0] * len(nths) for duty in range(len(turns))]
    at_most += [[int((p, turns[d]) == pair) for d, p in serves] + [0] * len(nths) for pair in pairs]
    equal = [[int(q == p) for _, q in serves] + [-int(q == p) for q, _ in nths] for p in range(people)]
    equal.append([1] * len(serves) + [0] * len(nths))
    found = linprog(cost, A_ub=at_most, b_ub=[1] * len(at_most), A_eq=equal, b_eq=[0] * people + [filled], bounds=(0, 1))
    assert found.status == 0
    return round(found.fun)


@st.composite
def rosters(draw):
    people = draw(st.integers(1, 7))
    count = draw(st.integers(0, 14))
    turns = draw(st.lists(st.integers(0, 4), min_size=count, max_size=count))
    able = draw(st.lists(st.sets(st.integers(0, people - 1)), min_size=count, max_size=count))
    return turns, [sorted(group) for group in able], people


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(rosters())
def test_fills_as_many_as_anybody_could(instance):
    turns, able, people = instance
    found = Duties(turns, able, keys(people))
    persons = found.draw()
    assert sum(p >= 0 for p in persons) == most(turns, able, people)
    taken = [(p, turn) for p, turn in zip(persons, turns, strict=True) if p >= 0]
    assert len(set(taken)) == len(taken), "one duty a turn"
    assert all(p < 0 or p in group for p, group in zip(persons, able, strict=True)), "only who may"
    assert found.load == [persons.count(p) for p in range(people)]


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(rosters())
def test_load_is_as_even_as_that_coverage_allows(instance):
    turns, able, people = instance
    found = Duties(turns, able, keys(people))
    filled = sum(p >= 0 for p in found.draw())
    if filled:
        assert sum(load * load for load in found.load) == least_square_load(turns, able, people, filled)


def big(seed):
    chance = random.Random(seed)
    turns = [place // 8 for place in range(400)]
    able = [sorted(chance.sample(range(30), chance.randint(3, 12))) for _ in turns]
    return turns, able


@pytest.mark.parametrize("seed", range(5))
def test_a_month_is_even_within_three(seed):
    turns, able = big(seed)
    found = Duties(turns, able, keys(30))
    persons = found.draw()
    assert sum(p >= 0 for p in persons) == most(turns, able, 30)
    assert max(found.load) - min(found.load) <= 3


def test_same_seed_same_roster_and_another_seed_another():
    turns, able = big(1)
    first = Duties(turns, able, keys(30)).draw()
    assert Duties(turns, able, keys(30)).draw() == first
    assert Duties(turns, able, keys(30, "00" * 32)).draw() != first
