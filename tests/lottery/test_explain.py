"""What one candidate is told before and after: chances that add up, draws that he can compute again."""

import json
from collections import defaultdict

import pytest

from kaopei.lottery import pool
from kaopei.lottery.draw import chance, draw
from kaopei.lottery.explain import explain
from tests.lottery.instances import SEEDS, Town, province


def by_candidate(rows: list[bytes]) -> dict[str, list[bytes]]:
    found = defaultdict(list)
    for row in rows:
        found[json.loads(row)["cand"]].append(row)
    return found


@pytest.mark.slow
def test_every_row_is_explained_by_its_seed() -> None:
    stages = 0
    for number in range(30):
        parsed = pool.parse(province(number))
        for rows in by_candidate(draw(parsed, SEEDS[number]).rows).values():
            told = explain(parsed, SEEDS[number], rows)
            assert json.loads(json.dumps(told)) == told
            for part, row in zip(told["parts"], map(json.loads, rows), strict=True):
                assert all(stage["agrees"] for stage in part["stages"])
                drawn = [[draw["site"], draw["result"]] for stage in part["stages"] for draw in stage["draws"]]
                assert drawn == row.get("drawn", []) + row.get("cross", {"drawn": []})["drawn"]
                stages += len(part["stages"])
    assert stages > 1000


def test_a_page_can_pick_again_from_what_it_is_told() -> None:
    parsed = pool.parse(province(4))
    for rows in by_candidate(draw(parsed, SEEDS[4]).rows).values():
        for part in explain(parsed, SEEDS[4], rows)["parts"]:
            for step in [step for stage in part["stages"] for step in stage["draws"]]:
                assert step["sum"] == sum(option["weight"] for option in step["options"])
                at = step["number"] * step["sum"] >> 40
                for option in step["options"]:
                    if at < option["weight"]:
                        break
                    at -= option["weight"]
                assert option["site"] == step["site"]


def test_a_row_of_another_seed_does_not_agree() -> None:
    parsed = pool.parse(province(4))
    rows = by_candidate(draw(parsed, SEEDS[5]).rows)
    told = [stage for each in rows.values() for part in explain(parsed, SEEDS[4], each)["parts"] for stage in part["stages"]]
    assert not any(stage["agrees"] for stage in told)


def test_a_row_with_more_draws_than_options_does_not_agree() -> None:
    town = Town().site("P1").session("X1", "P1").cand("K1")
    parsed = pool.parse(town.files())
    row = json.loads(draw(parsed, SEEDS[0]).rows[0])
    row["drawn"] = [["P1", "full"], ["P1", "seat"]]
    stage = explain(parsed, SEEDS[0], [json.dumps(row).encode()])["parts"][0]["stages"][0]
    assert not stage["agrees"]
    assert len(stage["draws"]) == 1


def test_chances_add_up_to_one_in_each_tier() -> None:
    for number in range(20):
        parsed = pool.parse(province(number))
        for cand in parsed.candidates.id[:10]:
            told = chance(parsed, cand)
            assert told.pop("cand") == cand
            for tiers in told.values():
                assert isinstance(tiers, dict)
                assert list(tiers) == ["public", "other"]
                for sites in tiers.values():
                    shares = [share.split("/") for share in sites.values()]
                    assert {bottom for _, bottom in shares} <= {"2^40"}
                    assert not shares or sum(int(top) for top, _ in shares) == 2**40


def test_chances_follow_the_weights() -> None:
    town = Town(bands="10:3;:1").site("A").site("B", at=(11, 0)).site("E", "attached")
    town.session("XA", "A", seats=5).session("XB", "B", seats=5).session("XE", "E").session("YE", "E", part="P")
    parsed = pool.parse(town.cand("K1", "TP").cand("K2", "P").files())
    assert chance(parsed, "K1") == {
        "cand": "K1",
        "T": {"public": {"A": f"{3 * 2**38}/2^40", "B": f"{2**38}/2^40"}, "other": {"E": f"{2**40}/2^40"}},
        "P": {"public": {}, "other": {"E": f"{2**40}/2^40"}},
    }
    assert list(chance(parsed, "K2")) == ["cand", "P"]


def test_both_parts_of_a_subject_without_practical_have_one_chance() -> None:
    parsed = pool.parse(Town().subject("U", practical=0).cand("K1", "TP", subject="U").files())
    assert chance(parsed, "K1") == {"cand": "K1", "T": {"public": {}, "other": {}}}


def test_an_unknown_candidate_is_named() -> None:
    with pytest.raises(pool.BadInstance, match="没有考生“K9”"):
        chance(pool.parse(Town().files()), "K9")
