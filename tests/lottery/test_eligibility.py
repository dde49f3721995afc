"""Who may sit where: each rule in a town that is about nothing else."""

from typing import Any

import pytest

from kaopei.lottery import pool
from kaopei.lottery.draw import draw
from tests.lottery.instances import SEEDS, Town


def seats(town: Town, number: int = 0) -> dict[str, str]:
    """`K1/T` → session."""
    outcome = draw(pool.parse(town.files()), SEEDS[number])
    return {f"{cand}/{part}": session for cand, part, session in outcome.allocation}


def exempt(town: Town) -> dict[str, int]:
    component = draw(pool.parse(town.files()), SEEDS[0]).transcript["components"][0]
    return {name: times for name, times in component["exempt"].items() if times}


def rival(town: Town) -> Town:
    """A second site that is able but has no sittings, so that no site is the sole one."""
    return town.site("P9")


def own_town(**rules: Any) -> Town:
    """His institution's site is the only one with a seat."""
    return rival(Town(**rules)).site("P1", "attached", "I").session("X1", "P1")


def test_nobody_sits_at_his_own_institution() -> None:
    assert seats(own_town().cand("K1")) == {}


def test_others_do() -> None:
    assert seats(own_town().inst("J").cand("K1", inst="J")) == {"K1/T": "X1"}


def test_without_an_institution_nothing_is_own() -> None:
    assert seats(rival(Town()).site("P1", "attached").session("X1", "P1").cand("K1", inst="")) == {"K1/T": "X1"}


def controlled(rules: dict[str, int]) -> Town:
    town = rival(Town(**rules)).site("P1", "attached", "J", "G").session("X1", "P1")
    return town.inst("J", "G").inst("K", "G").cand("K1", inst="K")


def test_a_site_under_the_same_controller_is_own() -> None:
    assert seats(controlled({})) == {}
    assert seats(controlled({"same_controller_own": 0})) == {"K1/T": "X1"}


def test_empty_controllers_are_not_equal() -> None:
    assert seats(rival(Town()).site("P1", "attached", "J").inst("J").session("X1", "P1").cand("K1")) == {"K1/T": "X1"}


def test_the_sole_site_of_a_subject_is_exempt_and_counted() -> None:
    town = Town().site("P1", "attached", "I").session("X1", "P1").cand("K1")
    assert seats(town) == {"K1/T": "X1"}
    assert exempt(town) == {"sole_site": 1}


def test_a_rival_without_the_subject_or_in_another_city_leaves_it_sole() -> None:
    town = Town().city("E").subject("U").site("P1", "attached", "I").session("X1", "P1")
    town.site("P2", theory="U").site("P3", city="E").cand("K1")
    assert seats(town) == {"K1/T": "X1"}


def test_a_suspended_rival_does_not_open_the_exemption() -> None:
    def town(**rules: str) -> Town:
        made = Town(**rules).site("P1", "attached", "I").session("X1", "P1").site("P2").session("X2", "P2")
        return made.suspend("P2", 0, 99).cand("K1")

    assert seats(town()) == {}
    assert seats(town(sole_point="registered")) == {}
    assert seats(town(sole_point="active_in_horizon")) == {"K1/T": "X1"}


def test_sole_is_asked_for_each_part() -> None:
    town = Town().site("P1", "attached", "I").site("P2", practical="").session("X1", "P1", part="P").session("X2", "P1")
    assert seats(town.cand("K1", "P").cand("K2", "T")) == {"K1/P": "X1"}


def school_town(own_school: int = 1, kind: str = "school", **rules: int) -> Town:
    town = rival(Town(**rules)).city("E", own_school).inst("J", kind="school")
    return town.site("P1", kind, "J", city="E").site("P2", city="E").session("X1", "P1")


def test_a_student_may_sit_at_his_own_school_if_the_city_allows() -> None:
    who: dict[str, Any] = {"inst": "J", "city": "E"}
    town = school_town().cand("K1", student=1, **who)
    assert seats(town) == {"K1/T": "X1"}
    assert exempt(town) == {"own_school": 1}
    assert seats(school_town().cand("K1", student=0, **who)) == {}
    assert seats(school_town(own_school=0).cand("K1", student=1, **who)) == {}
    assert seats(school_town(kind="attached").cand("K1", student=1, **who)) == {}


def test_the_school_must_be_his_institution_not_only_its_controller() -> None:
    town = rival(Town()).inst("J", "G", "school").inst("K", "G", "school").site("P1", "school", "J", "G")
    assert seats(town.session("X1", "P1").cand("K1", inst="K", student=1)) == {}


def test_the_avoid_list_beats_the_exemptions() -> None:
    assert seats(Town().site("P1", "attached", "I").session("X1", "P1").cand("K1", avoid="P1")) == {}
    assert seats(school_town().cand("K1", inst="J", city="E", student=1, avoid="P1")) == {}
    town = Town().site("P1").site("P2").session("X1", "P1").session("X2", "P2")
    assert seats(town.cand("K1", avoid="P1")) == {"K1/T": "X2"}


def test_a_site_of_another_city_is_not_home() -> None:
    assert seats(Town().city("E", accepts=1).site("P1", city="E").session("X1", "P1").cand("K1")) == {}


@pytest.mark.parametrize(
    "session",
    [{"subjects": "U"}, {"subjects": ""}, {"seats": 0}, {"part": "P"}, {"day": 3}, {"day": 7}, {"day": 9}],
    ids=str,
)
def test_sessions_that_are_not_usable(session: dict[str, Any]) -> None:
    town = Town().subject("U").site("P1").session("X1", "P1", **session).suspend("P1", 7, 9)
    assert seats(town.cand("K1", earliest=4)) == {}


@pytest.mark.parametrize("session", [{"day": 4}, {"day": 6}, {"day": 10}, {"subjects": "S;U"}, {"subjects": "S"}], ids=str)
def test_sessions_that_are(session: dict[str, Any]) -> None:
    town = Town().subject("U").site("P1").session("X1", "P1", **session).suspend("P1", 7, 9)
    assert seats(town.cand("K1", earliest=4)) == {"K1/T": "X1"}


def test_a_listed_subject_needs_a_qualified_site() -> None:
    assert seats(Town().site("P1", theory="").session("X1", "P1", subjects="S").cand("K1")) == {}


def test_a_site_may_list_subjects_that_are_not_drawn_this_time() -> None:
    assert seats(Town().site("P1", theory="OLD;S").session("X1", "P1", subjects="OLD;S").cand("K1")) == {"K1/T": "X1"}


def both(**rules: int) -> Town:
    """Theory on day 5 slot 1; practical sittings around it."""
    return Town(**rules).site("P1").session("T1", "P1", day=5, slot=1).cand("K1", "TP", earliest=2)


def practical(town: Town, day: int, slot: int) -> Town:
    return town.session(f"P{day}{slot}", "P1", day=day, slot=slot, part="P")


def test_a_practical_comes_after_its_theory() -> None:
    for day, slot in ((4, 2), (5, 0), (5, 1)):
        assert seats(practical(both(), day, slot)) == {"K1/T": "T1"}
    for day, slot in ((5, 2), (6, 0)):
        assert seats(practical(both(), day, slot)) == {"K1/T": "T1", "K1/P": f"P{day}{slot}"}


def test_where_it_need_not_only_the_same_time_is_barred() -> None:
    for day, slot in ((2, 0), (4, 2), (5, 0), (5, 2)):
        assert "K1/P" in seats(practical(both(practical_after_theory=0), day, slot))
    for day, slot in ((1, 9), (5, 1)):
        assert "K1/P" not in seats(practical(both(practical_after_theory=0), day, slot))
    later = practical(practical(both(practical_after_theory=0), 5, 1), 6, 0)
    assert seats(later)["K1/P"] == "P60"


def test_no_theory_seat_no_practical_unless_the_rule_is_off() -> None:
    def town(**rules: int) -> Town:
        return Town(**rules).site("P1").session("X1", "P1", part="P").cand("K1", "TP")

    assert seats(town()) == {}
    assert seats(town(practical_after_theory=0)) == {"K1/P": "X1"}
    rows = draw(pool.parse(town().files()), SEEDS[0]).rows
    assert rows[1] == b'{"cand":"K1","how":"no_theory_seat","part":"P","session":null}'


def test_both_parts_of_a_subject_without_practical_are_theory_but_practical_alone_is_drawn() -> None:
    town = Town().subject("U", practical=0).site("P1", theory="U", practical="U")
    town.session("X1", "P1", seats=2).session("X2", "P1", day=6, part="P", seats=2)
    town.cand("K1", "TP", subject="U").cand("K2", "P", subject="U")
    assert seats(town) == {"K1/T": "X1", "K2/P": "X2"}


def crossing(subject: int = 1, accepts: int = 1, cross: str = "", **site: Any) -> Town:
    town = Town().city("E", accepts=accepts).city("F", accepts=1).subject("U", cross=subject)
    town.site("P1", city="E", theory="U", **site).session("X1", "P1", seats=9)
    town.columns += ",cross" if cross else ""
    return town.cand("K1", "T", "I", "U", "C", "D", 0, 0, "", *([cross] if cross else []))


def test_those_left_over_cross_to_accepting_cities_for_listed_subjects() -> None:
    assert seats(crossing()) == {"K1/T": "X1"}
    assert seats(crossing(subject=0)) == {}
    assert seats(crossing(accepts=0)) == {}
    assert seats(crossing(cross="1")) == {"K1/T": "X1"}
    assert seats(crossing(cross="0")) == {}


def test_own_sites_and_avoid_lists_hold_elsewhere_too_and_no_exemption_does() -> None:
    assert seats(crossing(kind="attached", inst="I")) == {}
    assert seats(crossing(kind="attached", inst="I", controller="G")) == {}
    town = Town().city("E", accepts=1).subject("U", cross=1).inst("J", kind="school")
    town.site("P1", "school", "J", city="E", theory="U").session("X1", "P1")
    assert seats(town.cand("K1", inst="J", subject="U", student=1)) == {}
    town = Town().city("E", accepts=1).subject("U", cross=1).site("P1", city="E", theory="U").session("X1", "P1")
    assert seats(town.cand("K1", subject="U", avoid="P1")) == {}


@pytest.mark.parametrize(
    ("orders", "crosses"),
    [([], False), (["C,E,U"], True), (["C,F,U", "C,E,S", "E,C,U"], False), (["C,E,U", "C,E,U"], True)],
)
def test_crossing_orders_narrow_where_one_may_go(orders: list[str], crosses: bool) -> None:
    town = crossing()
    town.crossings = orders
    assert ("K1/T" in seats(town)) is crosses


def test_an_order_does_not_replace_accepting_or_listing() -> None:
    for town in (crossing(accepts=0), crossing(subject=0)):
        town.crossings = ["C,E,U"]
        assert seats(town) == {}


def test_crossing_takes_only_seats_left_at_home() -> None:
    town = Town().city("E", accepts=1).subject("U", cross=1).site("P1", city="E", theory="U").session("X1", "P1", seats=3)
    for name in ("K1", "K2", "K3"):
        town.cand(name, subject="U")
    for name in ("L1", "L2"):
        town.cand(name, subject="U", city="E", inst="")
    found = seats(town)
    assert {"L1/T", "L2/T"} < found.keys()
    assert len(found) == 3


def test_a_practical_in_another_city_waits_for_the_theory_in_a_third() -> None:
    town = Town().city("E", accepts=1).subject("U", cross=1).site("P1", city="E", theory="U", practical="U")
    town.session("X1", "P1", day=5).session("X2", "P1", day=5, part="P").session("X3", "P1", day=6, part="P")
    assert seats(town.cand("K1", "TP", subject="U")) == {"K1/T": "X1", "K1/P": "X3"}


def test_a_student_who_asks_is_placed_at_his_own_school_before_anybody_draws() -> None:
    def town(first: int, asks: int, **more: Any) -> Town:
        made = Town(own_school_first=first).inst("J", kind="school")
        made.site("P1").session("X1", "P1", seats=9).site("P3", "school", "J").session("X3", "P3", **more)
        made.site("P2", "school", "J").session("X2", "P2", **more).session("X4", "P2", day=4, **more)
        made.columns += ",cross,asks_own_school"
        return made.cand("K1", "T", "J", "S", "C", "D", 0, 1, "", 1, asks)

    assert seats(town(1, 1)) == {"K1/T": "X4"}
    assert seats(town(0, 1)) == seats(town(1, 0)) == {"K1/T": "X1"}
    assert seats(town(1, 1, seats=0)) == {"K1/T": "X1"}
    outcome = draw(pool.parse(town(1, 1).files()), SEEDS[0])
    assert b'"drawn":[],"exempt":"own_school","how":"own_school"' in outcome.rows[0]
    assert outcome.transcript["components"][0]["fixed"] == 1


def test_own_school_first_goes_by_lottery_and_is_not_moved_by_the_repair() -> None:
    town = Town(own_school_first=1).inst("J", kind="school").site("P1").session("X1", "P1")
    town.site("P2", "school", "J").session("X2", "P2")
    town.columns += ",cross,asks_own_school"
    for name in ("K1", "K2"):
        town.cand(name, "T", "J", "S", "C", "D", 0, 1, "", 1, 1)
    # Only the school is open to K3; moving the student to the public site would seat all three.
    town.cand("K3", "T", "I", "S", "C", "D", 0, 0, "P1", 1, 0)
    for number in range(5):
        found = seats(town, number)
        assert set(found.values()) == {"X1", "X2"}
        assert "K3/T" not in found
