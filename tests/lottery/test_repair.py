"""The canonical repair: which paths, in which order, and what stays."""

import json

from kaopei.lottery import pool
from kaopei.lottery.draw import draw
from tests.lottery.instances import SEEDS, Town
from tests.lottery.test_draw import rows
from tests.lottery.test_seed import by_hand


def test_public_seats_are_filled_even_if_nobody_is_left_over() -> None:
    """K2 can only use B1; if K1 drew it, K1 moves to B2 and the attached site stays empty."""
    town = Town().site("A1", "attached").site("B1").site("B2")
    town.session("XA", "A1", seats=5).session("X1", "B1").session("X2", "B2")
    town.cand("K1").cand("K2", avoid="B2")
    moved = 0
    for which in SEEDS[:20]:
        found = rows(town, which)
        assert (found["K1/T"]["session"], found["K2/T"]["session"]) == ("X2", "X1")
        moved += ["B1", "moved"] in found["K1/T"]["drawn"]
    assert moved


def test_an_augmenting_path_never_uncovers_a_public_seat() -> None:
    """K2 can only use the attached seat that K1 has: K1 may not leave a public one, so public seats stay full."""
    town = Town().site("A1", "attached").site("B1").session("XA", "A1").session("X1", "B1")
    town.cand("K1").cand("K2", avoid="B1").cand("K3", avoid="A1")
    for which in SEEDS[:20]:
        found = rows(town, which)
        assert "X1" in {found["K1/T"]["session"], found["K3/T"]["session"]}
        assert sum(row["session"] is not None for row in found.values()) == 2


def test_of_a_kind_the_last_in_the_lottery_moves() -> None:
    town = Town().site("B1").site("B2").session("X1", "B1", seats=3).session("X2", "B2", seats=1)
    names = ["K1", "K2", "K3"]
    for name in names:
        town.cand(name)
    town.cand("L1", avoid="B2")
    checked = 0
    for which in SEEDS:
        found = rows(town, which)
        assert all(row["session"] for row in found.values())
        moved = [name for name in names if found[f"{name}/T"]["drawn"][-1][1] == "moved"]
        if moved:
            at_first = [name for name in names if found[f"{name}/T"]["drawn"][-1][0] == "B1"]
            last = max(at_first, key=lambda name: by_hand("xexam/1", which, "T", name)[:8])
            assert moved == [last]
            checked += 1
    assert checked > 3


def test_the_search_begins_at_a_site_that_the_source_draws() -> None:
    """L1's only site is full; its occupant may go to any of four: the first in L1's rotated site order is taken."""
    town = Town().site("B0").session("X0", "B0")
    names = ["A1", "A2", "A3", "A4"]
    for name in names:
        town.site(name).session(f"X{name}", name, seats=1)
    town.cand("K1", avoid="").cand("L1", avoid=";".join(names))
    checked: set[str] = set()
    for which in SEEDS:
        found = rows(town, which)
        if found["K1/T"]["drawn"] == [["B0", "moved"]]:
            order = sorted(["B0", *names], key=lambda name: (by_hand("xexam/1", which, "pt", name), name))
            turn = by_hand("xexam/1", which, "T", "L1")[31] % 5
            turned = [name for name in order[turn:] + order[:turn] if name != "B0"]
            assert found["K1/T"]["session"] == f"X{turned[0]}"
            checked.add(turned[0])
    assert len(checked) > 1


def test_the_rotation_counts_sites_with_any_row_of_the_part() -> None:
    """A site whose only row is not usable still lengthens the order; one without rows of the part does not."""

    def town(extra: int) -> Town:
        made = Town().site("B0").session("X0", "B0").site("Z0").session("P0", "Z0", part="P")
        for name in ("A1", "A2", "A3"):
            made.site(name).session(f"X{name}", name)
        for each in range(extra):
            made.site(f"Z{each + 1}").session(f"Y{each}", f"Z{each + 1}", seats=0)
        return made.cand("K1").cand("L1", avoid="A1;A2;A3")

    for extra in (0, 1, 2):
        for which in SEEDS[:50]:
            found = rows(town(extra), which)
            if found["K1/T"]["drawn"] == [["B0", "moved"]]:
                sites = ["B0", "A1", "A2", "A3", *[f"Z{each + 1}" for each in range(extra)]]
                order = sorted(sites, key=lambda name: (by_hand("xexam/1", which, "pt", name), name))
                turn = by_hand("xexam/1", which, "T", "L1")[31] % len(order)
                turned = [name for name in order[turn:] + order[:turn] if name in ("A1", "A2", "A3")]
                assert found["K1/T"]["session"] == f"X{turned[0]}"


def test_sources_go_in_lottery_order() -> None:
    """Two are left over for one seat that can be freed: the first in the lottery gets it."""
    town = Town().site("B0").site("B1").session("X0", "B0").session("X1", "B1")
    town.cand("K1").cand("L1", avoid="B1").cand("L2", avoid="B1")
    for which in SEEDS[:30]:
        found = rows(town, which)
        winner = min(("L1", "L2"), key=lambda name: by_hand("xexam/1", which, "T", name)[:8])
        seated = {name for name in ("L1", "L2") if found[f"{name}/T"]["session"]}
        assert seated == {winner}


def test_a_component_without_sites_of_the_part_is_recorded() -> None:
    town = Town().site("P1").session("X1", "P1", part="P").cand("K1")
    component = json.loads(draw(pool.parse(town.files()), SEEDS[0]).files()["transcript.json"])["components"][0]
    assert component["every"]["cut"] == {"demand_outside": 0, "seats_inside": 0, "sessions": []}
    assert (component["seats"], component["demand"], component["no_site"]) == (0, 1, 1)


def test_what_the_repair_did_is_counted() -> None:
    town = Town().site("B1").site("B2").session("X1", "B1").session("X2", "B2").cand("K1").cand("K2", avoid="B2")
    kinds = set()
    for which in SEEDS[:20]:
        public = draw(pool.parse(town.files()), which).transcript["components"][0]["public"]
        assert public["seated"] == 2
        kinds.add((public["augmented"], public["moved"]))
    assert kinds == {(0, 0), (1, 1)}
