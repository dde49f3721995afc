"""Seats given are lawful, and no allocation could give more: held against SciPy's maximum flow and the plain rules."""

import csv
from collections import Counter
from collections.abc import Callable

import pytest
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_flow

from kaopei.lottery import pool
from kaopei.lottery.draw import Outcome, draw
from tests.lottery.instances import SEEDS, province
from tests.lottery.plain import Plain, Row

pytestmark = pytest.mark.no_cover

Pairs = list[tuple[Row, str | None]]
May = Callable[[Row, Row, str, str | None], bool]


def most(plain: Plain, wanting: Pairs, seats: dict[str, int], part: str, may: May) -> int:
    """How many of these could be seated at once in these seats."""
    sessions = [name for name, free in seats.items() if free]
    size = len(wanting) + len(sessions) + 2
    edges = {(0, 1 + at): 1 for at in range(len(wanting))}
    edges |= {(1 + len(wanting) + at, size - 1): seats[name] for at, name in enumerate(sessions)}
    for at, (cand, theory) in enumerate(wanting):
        for to, name in enumerate(sessions):
            if may(cand, plain.sessions[name], part, theory):
                edges[1 + at, 1 + len(wanting) + to] = 1
    if not wanting or not sessions:
        return 0
    rows, columns = zip(*edges, strict=True)
    graph = csr_array((list(edges.values()), (rows, columns)), shape=(size, size), dtype="int32")
    return int(maximum_flow(graph, 0, size - 1).flow_value)


def seats_of(outcome: Outcome) -> dict[tuple[str, str], str]:
    return {(cand, part): session for cand, part, session in outcome.allocation}


# Eighty in ./test, two hundred more in ./test long; provinces from 300 on are of other sizes and loads.
NUMBERS = [*range(80), *(pytest.param(number, marks=pytest.mark.long) for number in range(300, 500))]


@pytest.mark.parametrize("number", NUMBERS)
def test_as_many_as_possible_are_seated_and_all_lawfully(number: int) -> None:
    files = province(number, 60 if number < 300 else 20 + number % 7 * 30)
    plain, outcome = Plain(files), draw(pool.parse(files), SEEDS[number % 100])
    given = seats_of(outcome)
    free = {name: int(row["seats"]) for name, row in plain.sessions.items()}
    by_how = {(row["cand"], row["part"]): row["how"] for row in rows_of(outcome)}
    for part in "TP":
        wanting = list(plain.wanting(part, given))
        theory = {cand["cand_id"]: seat for cand, seat in wanting}
        at_home, away = [], []
        for (name, its), session in given.items():
            if its == part:
                cand, row = plain.cands[name], plain.sessions[session]
                here = plain.sites[row["point_id"]]["city_id"] == cand["city_id"]
                assert (plain.may_sit if here else plain.may_cross)(cand, row, part, theory[name])
                (at_home if here else away).append((name, session))
        fixed = [(name, session) for name, session in at_home if by_how[name, part] == "own_school"]
        for _, session in fixed:
            free[session] -= 1
        drawn = [pair for pair in wanting if by_how[pair[0]["cand_id"], part] != "own_school"]
        public = {name: seats for name, seats in free.items() if is_public(plain, name)}
        at_public = [session for _, session in at_home if session in public]
        assert len(at_home) - len(fixed) == most(plain, drawn, free, part, plain.may_sit)
        assert len(at_public) == most(plain, drawn, public, part, plain.may_sit)
        for _, session in set(at_home) - set(fixed):
            free[session] -= 1
        home = {name for name, _ in at_home}
        left = [pair for pair in wanting if pair[0]["cand_id"] not in home]
        public = {name: seats for name, seats in free.items() if is_public(plain, name)}
        assert len(away) == most(plain, left, free, part, plain.may_cross)
        assert sum(session in public for _, session in away) == most(plain, left, public, part, plain.may_cross)
        for _, session in away:
            free[session] -= 1
    assert min(free.values()) >= 0


def is_public(plain: Plain, session: str) -> bool:
    return plain.sites[plain.sessions[session]["point_id"]]["kind"] == "public"


def rows_of(outcome: Outcome) -> list[dict[str, str]]:
    import json

    return [json.loads(row) for row in outcome.rows]


@pytest.mark.parametrize("number", range(80, 100))
def test_the_cut_proves_the_optimum(number: int) -> None:
    files = province(number)
    plain, outcome = Plain(files), draw(pool.parse(files), SEEDS[number])
    for component in outcome.transcript["components"]:
        for phase in ("public", "every"):
            cut = component[phase]["cut"]
            assert component[phase]["seated"] == cut["demand_outside"] + cut["seats_inside"]
            seats = Counter(session for _, _, session in outcome.allocation)
            for session in cut["sessions"]:
                assert seats[session] == int(plain.sessions[session]["seats"])


def test_allocation_lists_candidates_bytewise_theory_first() -> None:
    outcome = draw(pool.parse(province(3)), SEEDS[0])
    lines = outcome.files()["allocation.csv"].decode().splitlines()
    assert lines[0] == "cand_id,part,session_id"
    rows = list(csv.reader(lines[1:]))
    assert rows == sorted(rows, key=lambda row: (row[0].encode(), "TP".index(row[1])))
    assert len(rows) > 10
