"""Seats in a room: everybody one, neighbours of one institution apart where seats allow, the same for the same seed."""

import random

import pytest

from kaopei.center.allocation.seats import Room, assumed, neighbours, place, together


def people(*sizes):
    return {f"p{body}-{number}": f"I{body}" for body, size in enumerate(sizes) for number in range(size)}


@pytest.mark.parametrize(
    ("seats", "sizes"),
    [(60, (30, 20, 10)), (60, (24, 18, 18)), (30, (15, 15)), (50, (25, 25)), (30, (10, 10, 5)), (30, (14,)), (31, (16, 15)), (100, (34, 33, 33))],
)
def test_neighbours_are_apart_where_seats_allow(seats, sizes):
    for seed in ("a", "b", "c"):
        seating = place(seed, "440601-1207-09", assumed(seats), people(*sizes))
        assert together(seating, people(*sizes), assumed(seats)) == []
        assert len({seat.number for seat in seating.values()}) == sum(sizes)


def test_with_one_institution_only_the_fewest_pairs_remain():
    """20 people on 30 seats: 15 can sit apart, each of the other 5 has at most 4 neighbours."""
    seating = place("a", "x", assumed(30), people(20))
    assert 0 < len(together(seating, people(20), assumed(30))) <= 20


def test_the_seating_follows_from_the_seed_alone():
    group = people(9, 8, 3)
    backwards = dict(reversed(group.items()))
    assert place("a", "x", assumed(30), group) == place("a", "x", assumed(30), backwards)
    assert place("a", "x", assumed(30), group) != place("b", "x", assumed(30), group)
    assert place("a", "x", assumed(30), group) != place("a", "y", assumed(30), group)


def test_more_people_than_seats_is_a_fault():
    with pytest.raises(ValueError, match="11 people, 10 seats"):
        place("a", "x", assumed(10), people(11))


def test_numbers_run_on_through_rooms_of_at_most_fifty():
    assert assumed(120) == (Room("第1考场", 1, 50), Room("第2考场", 51, 100), Room("第3考场", 101, 120))
    around = neighbours(assumed(60))
    assert around[50] == (45, 49)
    assert around[51] == (52, 56)
    assert around[7] == (2, 6, 8, 12)


def test_an_empty_sitting_seats_nobody():
    assert place("a", "x", assumed(30), {}) == {}


def test_no_pair_in_hundreds_of_mixtures_of_which_none_fills_more_than_half():
    chance = random.Random(7)
    for number in range(300):
        seats = chance.choice([20, 24, 30, 40, 50, 60, 100])
        left, sizes = chance.randint(1, seats), []
        while left:
            sizes.append(min(left, chance.randint(1, seats // 2)))
            left -= sizes[-1]
        assert together(place(str(number), "x", assumed(seats), people(*sizes)), people(*sizes), assumed(seats)) == [], sizes
