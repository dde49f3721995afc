"""Everybody's draw slip at once: the same as one by one, each leading to the root."""

import json

import pytest

from kaopei.lottery import merkle, pool
from kaopei.lottery.draw import draw
from kaopei.lottery.explain import slip, slips
from tests.lottery.instances import SEEDS, province


@pytest.fixture(scope="module")
def drawn():
    parsed = pool.parse(province(8, 120))
    return parsed, draw(parsed, SEEDS[1])


def test_all_slips_are_those_of_each(drawn) -> None:
    parsed, outcome = drawn
    name = outcome.transcript["draw_id"]
    made = dict(slips(parsed, SEEDS[1], name, outcome.rows))
    assert sorted(made) == sorted(parsed.candidates.id)
    for cand in parsed.candidates.id:
        assert made[cand] == slip(parsed, SEEDS[1], name, outcome.rows, cand)


def test_each_leads_to_the_root_and_agrees(drawn) -> None:
    parsed, outcome = drawn
    root = outcome.transcript["merkle_root"]
    for cand, told in slips(parsed, SEEDS[1], outcome.transcript["draw_id"], outcome.rows):
        for part in told["parts"]:
            assert json.loads(part["row"])["cand"] == cand
            assert merkle.leads(part["row"].encode(), part["place"], told["size"], part["path"], root)
            assert all(stage["agrees"] for stage in part["stages"])
            for stage in part["stages"]:
                options = {option["site"] for one in stage["draws"] for option in one["options"]}
                assert options <= set(stage["sites"])


def test_a_path_outside_the_tree_is_a_fault(drawn) -> None:
    tree = merkle.Tree(drawn[1].rows)
    for place in (-1, len(drawn[1].rows)):
        with pytest.raises(IndexError):
            tree.path(place)


def test_nobody_has_the_slip_of_somebody_else(drawn) -> None:
    parsed, outcome = drawn
    with pytest.raises(KeyError, match="K9999"):
        slip(parsed, SEEDS[1], outcome.transcript["draw_id"], outcome.rows, "K9999")
