"""Assembling parallel papers: exact, disjoint where possible, even, the same everywhere."""

from collections import Counter
from collections.abc import Sequence
from itertools import combinations

import pytest

from kaopei.paper.assemble import CannotAssemble, assemble, mean_difficulty, overlap
from kaopei.paper.blueprint import Blueprint
from kaopei.paper.item import JUDGE, KINDS, MULTIPLE, SINGLE, Item
from tests.paper.banks import bank, blueprint, item, layout, number_from

LAYOUTS = {
    "60+30+5": layout(13, judges=60, singles=30, multiples=5),
    "70+30": layout(8, judges=70, singles=30),
    "40+40+20": layout(5, judges=40, singles=40, multiples=20),
}


def assert_good(papers: Sequence[Sequence[Item]], plan: Blueprint) -> None:
    for paper in papers:
        assert Counter(one.cell for one in paper) == Counter(plan.counts)
        assert len({one.number for one in paper}) == len(paper)
        enemies = [one.enemy for one in paper if one.enemy]
        assert len(enemies) == len(set(enemies))
        assert not any(one.retired for one in paper)
        assert [one.kind for one in paper] == sorted((one.kind for one in paper), key=KINDS.index)


def shared(papers: Sequence[Sequence[Item]]) -> int:
    return sum(overlap(one, two) for one, two in combinations(papers, 2))


@pytest.mark.slow
@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("forms", [1, 2, 3, 7])
def test_fill_every_cell_and_keep_enemies_apart(name: str, forms: int) -> None:
    plan = blueprint(LAYOUTS[name], target=480)
    items = bank(LAYOUTS[name], times=2.2, enemies=25, salt=name)
    papers = assemble(items, plan, forms, "00ff")
    assert_good(papers, plan)
    means = [mean_difficulty(paper) for paper in papers]
    assert max(means) - min(means) <= 2


def test_make_disjoint_papers_where_the_bank_suffices() -> None:
    plan = blueprint(LAYOUTS["60+30+5"])
    items = bank(plan.counts, times=3)
    papers = assemble(items, plan, 3, "7")
    assert_good(papers, plan)
    assert shared(papers) == 0


def test_share_no_more_than_the_bank_forces() -> None:
    plan = blueprint({("P1", JUDGE): 5, ("P2", JUDGE): 4})
    items = bank({("P1", JUDGE): 7, ("P2", JUDGE): 9}, times=1)
    assert shared(assemble(items, plan, 2, "1")) == 2 * 5 - 7
    # Fifteen uses of seven items: six twice (one pair each), one three times (three); twelve of nine: three twice.
    assert shared(assemble(items, plan, 3, "1")) == 6 + 3 + 3


def test_use_an_enemy_group_across_kinds_and_points_once() -> None:
    items = [
        item("A1", JUDGE, "P1", "E1"), item("A2", JUDGE, "P1", "E2"), item("A3", JUDGE, "P1"),
        item("B1", SINGLE, "P2", "E1"), item("B2", SINGLE, "P2", "E2"),
        item("C1", MULTIPLE, "P1", "E2"), item("C2", MULTIPLE, "P1"),
    ]  # fmt: skip
    plan = blueprint({("P1", JUDGE): 2, ("P2", SINGLE): 1, ("P1", MULTIPLE): 1})
    for seed in range(20):
        papers = assemble(items, plan, 4, f"{seed}")
        assert_good(papers, plan)
        assert all({one.number for one in paper} >= {"A3", "C2"} for paper in papers)


def test_find_the_only_way_through_chained_groups() -> None:
    """Each choice but one blocks the next cell: a greedy choice fails for most seeds."""
    items, counts = [], {}
    for place in range(8):
        counts[f"P{place}", SINGLE] = 1
        items.append(item(f"N{place}-left", SINGLE, f"P{place}", f"E{place}"))
        items.append(item(f"N{place}-right", SINGLE, f"P{place}", f"E{place + 1}"))
    items = [one for one in items if one.number != "N7-right"]
    for seed in range(12):
        papers = assemble(items, blueprint(counts), 3, f"{seed}")
        assert all({one.number for one in paper} == {f"N{place}-left" for place in range(8)} for paper in papers)


def test_leave_retired_items_out() -> None:
    items = [item(f"A{place}", retired=place % 2 == 0) for place in range(8)] + [item("B1", point="不在蓝图中")]
    assert {one.number for one in assemble(items, blueprint({("P1", SINGLE): 4}), 1, "5")[0]} == {
        "A1",
        "A3",
        "A5",
        "A7",
    }


def test_say_which_point_and_kind_lacks_how_many() -> None:
    items = [item("A1"), item("A2", retired=True), item("B1", JUDGE, "P2"), item("B2", JUDGE, "P2")]
    plan = blueprint({("P1", SINGLE): 3, ("P2", JUDGE): 2, ("P3", MULTIPLE): 1})
    with pytest.raises(CannotAssemble) as refused:
        assemble(items, plan, 2, "5")
    assert str(refused.value) == (
        "“起重机作业”题库不足：知识点 P1 知识点P1 的单选题需要 3 题，可用 1 题，缺 2 题；"
        "知识点 P3 知识点P3 的多选题需要 1 题，可用 0 题，缺 1 题。请补充试题或修改蓝图。"
    )
    assert refused.value.exit_status == 2


def test_say_when_enemy_groups_stand_in_the_way() -> None:
    items = [item(f"A{place}", SINGLE, "P1", "E1") for place in range(4)]
    with pytest.raises(CannotAssemble, match="知识点 P1 知识点P1 的单选题需要 3 题，同一互斥组在一份试卷中最多一题，因此缺 2 题"):
        assemble(items, blueprint({("P1", SINGLE): 3}), 5, "5")


@pytest.mark.parametrize("forms", [0, -1, 201])
def test_refuse_numbers_of_papers_that_make_no_sense(forms: int) -> None:
    with pytest.raises(CannotAssemble, match="套数应为 1～200"):
        assemble([item("A1")], blueprint({("P1", SINGLE): 1}), forms, "5")


def test_give_the_same_papers_for_a_seed_in_any_order_of_the_bank() -> None:
    plan = blueprint(LAYOUTS["70+30"], target=500)
    items = bank(plan.counts, times=1.5, enemies=15)
    papers = assemble(items, plan, 4, "abcd")
    assert assemble(sorted(items, key=lambda one: number_from("x", one.number)), plan, 4, "abcd") == papers
    assert assemble(items, plan, 4, "abce") != papers
    numbers = [[one.number for one in paper] for paper in papers]
    # Worked out once; the same on every Python and machine.
    assert number_from(numbers) == 6242697205494964955


def test_avoid_what_papers_of_the_same_day_hold() -> None:
    plan = blueprint({("P1", SINGLE): 4})
    items = bank({("P1", SINGLE): 10}, times=1)
    morning = assemble(items, plan, 1, "1")[0]
    noon = assemble(items, plan, 1, "1", shared={one.number: 1 for one in morning})[0]
    assert overlap(morning, noon) == 0
    evening = assemble(items, plan, 1, "1", shared={one.number: 1 for one in [*morning, *noon]})[0]
    assert overlap(evening, [*morning, *noon]) == 2


def test_prefer_items_that_were_shown_less() -> None:
    items = bank({("P1", SINGLE): 10}, times=1)
    rested = {one.number for one in items[3:7]}
    plan = blueprint({("P1", SINGLE): 4})
    dealt = assemble(items, plan, 1, "9", exposed={one.number: 3 for one in items if one.number not in rested})
    assert {one.number for one in dealt[0]} == rested


def test_come_near_the_target_difficulty() -> None:
    plan = blueprint({("P1", SINGLE): 20}, target=420)
    items = bank({("P1", SINGLE): 60}, times=1)
    papers = assemble(items, plan, 2, "3")
    assert all(abs(mean_difficulty(paper) - 420) <= 2 for paper in papers)


def test_spread_the_overlap_over_the_pairs() -> None:
    plan = blueprint(LAYOUTS["60+30+5"], target=500)
    papers = assemble(bank(plan.counts, times=1.6, enemies=10), plan, 4, "2")
    pairs = [overlap(one, two) for one, two in combinations(papers, 2)]
    assert max(pairs) - min(pairs) <= 2


def test_make_many_papers() -> None:
    plan = blueprint({("P1", JUDGE): 3, ("P2", SINGLE): 2})
    items = bank(plan.counts, times=3, enemies=3, size=4)
    papers = assemble(items, plan, 40, "2")
    assert_good(papers, plan)
    uses = Counter(one.number for paper in papers for one in paper)
    assert max(uses.values()) - min(uses.values()) <= 40
