"""Laws that hold for any small instance that anybody could write down."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kaopei.lottery import pool, verify
from kaopei.lottery.draw import draw
from tests.lottery.instances import Town
from tests.lottery.plain import Plain

pytestmark = pytest.mark.no_cover

SITES = ["P1", "P2", "P3", "P4"]
SUBJECTS = ["S", "U"]
lists = st.sets(st.sampled_from(SUBJECTS)).map(lambda names: ";".join(sorted(names)))


flags = st.integers(0, 1)


@st.composite
def towns(pick: st.DrawFn) -> Town:
    """A town and a neighbour with up to four sites, eight sittings, eight candidates."""
    town = Town(
        sole_point=pick(st.sampled_from(["registered", "active_in_horizon"])),
        practical_after_theory=pick(flags),
        own_school_first=pick(flags),
    )
    town.columns += ",cross,asks_own_school"
    town.city("E", pick(flags), pick(flags)).subject("U", pick(flags), 1).inst("J", "G")
    sites = SITES[: pick(st.integers(0, 4))]
    for name in sites:
        kind, inst = pick(st.sampled_from(["public", "attached", "school"])), pick(st.sampled_from(["", "I", "J"]))
        city, at = pick(st.sampled_from(["C", "C", "E"])), pick(st.tuples(st.integers(0, 99), st.integers(0, 99)))
        town.site(name, kind, inst, pick(st.sampled_from(["", "G"])), city, at, pick(lists), pick(lists))
    for number in range(pick(st.integers(0, 8)) if sites else 0):
        site, part = pick(st.sampled_from(sites)), pick(st.sampled_from("TP"))
        day, slot, seats = pick(st.integers(0, 3)), pick(flags), pick(st.integers(0, 3))
        town.session(f"X{number}", site, day, slot, part, pick(st.one_of(st.just("*"), lists)), seats)
    for number in range(pick(st.integers(0, 8))):
        parts, inst = pick(st.sampled_from(["T", "P", "TP"])), pick(st.sampled_from(["", "I", "J"]))
        subject, city = pick(st.sampled_from(SUBJECTS)), pick(st.sampled_from(["C", "E"]))
        avoid = ";".join(sorted(pick(st.sets(st.sampled_from(sites))))) if sites else ""
        rest = (pick(st.sampled_from(["", "D"])), pick(st.integers(0, 2)), pick(flags), avoid, pick(flags), pick(flags))
        town.cand(f"K{number}", parts, inst, subject, city, *rest)
    return town


seeds = st.binary(min_size=32, max_size=32).map(bytes.hex)


@pytest.mark.slow
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(towns(), seeds)
def test_lawful_full_use_and_verified(town: Town, which: str) -> None:
    files = town.files()
    plain, outcome = Plain(files), draw(pool.parse(files), which)
    theory = {cand: session for cand, part, session in outcome.allocation if part == "T"}
    taken: dict[str, int] = {}
    for name, part, session in outcome.allocation:
        cand, row = plain.cands[name], plain.sessions[session]
        before = theory.get(name) if part == "P" and cand["parts"] == "TP" else None
        assert part in plain.parts(cand)
        assert plain.may_sit(cand, row, part, before) or plain.may_cross(cand, row, part, before)
        taken[session] = taken.get(session, 0) + 1
    assert all(times <= int(plain.sessions[session]["seats"]) for session, times in taken.items())
    for component in outcome.transcript["components"]:
        for phase in ("public", "every"):
            cut = component[phase]["cut"]
            assert component[phase]["seated"] == cut["demand_outside"] + cut["seats_inside"]
    assert verify.verify(files, outcome.files()) == []


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(towns(), seeds, st.data())
def test_nobody_left_over_could_simply_take_a_free_seat(town: Town, which: str, data: st.DataObject) -> None:
    files = town.files()
    plain, outcome = Plain(files), draw(pool.parse(files), which)
    given_ = {(cand, part): session for cand, part, session in outcome.allocation}
    free = {name: int(row["seats"]) for name, row in plain.sessions.items()}
    for session in given_.values():
        free[session] -= 1
    for row in map(json.loads, outcome.rows):
        if row["session"] is None and row["how"] != "no_theory_seat":
            cand = plain.cands[row["cand"]]
            theory = given_.get((row["cand"], "T")) if row["part"] == "P" and cand["parts"] == "TP" else None
            for name, seats in free.items():
                if seats:
                    assert not plain.may_sit(cand, plain.sessions[name], row["part"], theory)
                    assert not plain.may_cross(cand, plain.sessions[name], row["part"], theory)
