"""Section 3 of the design, rule by rule: each holds for any small instance, and each is seen to fail when it is broken.

A rule is broken by drawing other files than those it is held against: with the avoid lists erased, with one seat more a
sitting, and so on. What the draw then gives must be told apart from what the true files allow.
"""

import csv
import io
import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

from kaopei.lottery import pool
from kaopei.lottery.draw import Outcome, draw
from tests.lottery.instances import Town
from tests.lottery.plain import Plain, Row
from tests.lottery.test_properties import flags, seeds, towns

pytestmark = pytest.mark.no_cover

Files = dict[str, bytes]


class Seat(NamedTuple):
    """A seat that was given: who, where, for which part, what the row says, and the session of his theory."""

    cand: Row
    session: Row
    part: str
    told: dict[str, Any]
    theory: Row | None


class Drawn(NamedTuple):
    """A result next to the plain reading of the files that it is held against."""

    plain: Plain
    rows: list[dict[str, Any]]
    seats: list[Seat]
    outcome: Outcome

    def site(self, session: Row) -> Row:
        return self.plain.sites[session["point_id"]]


def drawn(files: Files, which: str, shown: Files) -> Drawn:
    """The result of `shown`, held against `files`."""
    plain, outcome = Plain(files), draw(pool.parse(shown), which)
    rows = [json.loads(row) for row in outcome.rows]
    theory = {row["cand"]: plain.sessions[row["session"]] for row in rows if row["part"] == "T" and row["session"]}
    seats = []
    for row in rows:
        if row["session"]:
            cand = plain.cands[row["cand"]]
            before = theory.get(row["cand"]) if row["part"] == "P" and cand["parts"] == "TP" else None
            seats.append(Seat(cand, plain.sessions[row["session"]], row["part"], row, before))
    return Drawn(plain, rows, seats, outcome)


def time(session: Row) -> tuple[int, int]:
    return int(session["day"]), int(session["slot"])


# ── the rules: each gives what breaks it ─────────────────────────────────────────────────────────────────────────────


def his_city(of: Drawn) -> Iterator[Any]:
    yield from (seat for seat in of.seats if of.site(seat.session)["city_id"] != seat.cand["city_id"] and "cross" not in seat.told)


def no_own_institution(of: Drawn) -> Iterator[Any]:
    for seat in of.seats:
        if seat.cand["inst_id"] and of.site(seat.session)["inst_id"] == seat.cand["inst_id"] and "exempt" not in seat.told:
            yield seat


def no_own_controller(of: Drawn) -> Iterator[Any]:
    for seat in of.seats:
        if of.plain.own(seat.cand, of.site(seat.session)) and "exempt" not in seat.told:
            yield seat


def controllers_count_by_setting(of: Drawn) -> Iterator[Any]:
    """Where control does not count, nobody needs an exemption for it."""
    for seat in of.seats:
        if not of.plain.rules["same_controller_own"] and of.site(seat.session)["inst_id"] != seat.cand["inst_id"] and "exempt" in seat.told:
            yield seat


def only_the_sole_site(of: Drawn) -> Iterator[Any]:
    for seat in of.seats:
        if seat.told.get("exempt") == "sole_site" and not of.plain.is_sole(of.site(seat.session), seat.cand["subject"], seat.part):
            yield seat


def sole_site_is_open(of: Drawn) -> Iterator[Any]:
    """Whoever has no site has none even with the exemptions."""
    for row in of.rows:
        cand = of.plain.cands[row["cand"]]
        theory = theory_of(of, row)
        for session in of.plain.sessions.values() if row["how"] == "no_site" else ():
            if of.plain.may_sit(cand, session, row["part"], theory) and of.plain.own(cand, of.site(session)):
                yield row


def only_students_at_their_school(of: Drawn) -> Iterator[Any]:
    for seat in of.seats:
        if seat.told.get("exempt") == "own_school" and not of.plain.own_school(seat.cand, of.site(seat.session)):
            yield seat


def avoid_list_beats_all(of: Drawn) -> Iterator[Any]:
    yield from (seat for seat in of.seats if seat.session["point_id"] in seat.cand["avoid"].split(";"))


def site_lists_the_subject(of: Drawn) -> Iterator[Any]:
    for seat in of.seats:
        column = "theory_subjects" if seat.part == "T" else "practical_subjects"
        if seat.cand["subject"] not in of.site(seat.session)[column].split(";"):
            yield seat


def session_lists_the_subject(of: Drawn) -> Iterator[Any]:
    for seat in of.seats:
        if seat.session["subjects"] != "*" and seat.cand["subject"] not in seat.session["subjects"].split(";"):
            yield seat


def session_of_the_part(of: Drawn) -> Iterator[Any]:
    yield from (seat for seat in of.seats if seat.session["part"] != seat.part)


def seats_are_enough(of: Drawn) -> Iterator[Any]:
    for name, session in of.plain.sessions.items():
        if sum(seat.session["session_id"] == name for seat in of.seats) > int(session["seats"]):
            yield session


def not_while_suspended(of: Drawn) -> Iterator[Any]:
    for seat in of.seats:
        for shut in of.plain.suspensions:
            if shut["point_id"] == seat.session["point_id"] and int(shut["from_day"]) <= int(seat.session["day"]) <= int(shut["to_day"]):
                yield seat


def not_before_the_earliest_day(of: Drawn) -> Iterator[Any]:
    yield from (seat for seat in of.seats if int(seat.session["day"]) < int(seat.cand["earliest_day"]))


def practical_after_theory(of: Drawn) -> Iterator[Any]:
    if of.plain.rules["practical_after_theory"]:
        yield from (seat for seat in of.seats if seat.theory is not None and time(seat.session) <= time(seat.theory))


def never_both_at_once(of: Drawn) -> Iterator[Any]:
    yield from (seat for seat in of.seats if seat.theory is not None and time(seat.session) == time(seat.theory))


def no_practical_without_theory(of: Drawn) -> Iterator[Any]:
    if of.plain.rules["practical_after_theory"]:
        yield from (seat for seat in of.seats if seat.part == "P" and seat.cand["parts"] == "TP" and seat.theory is None)


def practical_without_theory_by_setting(of: Drawn) -> Iterator[Any]:
    """Where theory does not come first, nobody waits for it."""
    if not of.plain.rules["practical_after_theory"]:
        yield from (row for row in of.rows if row["how"] == "no_theory_seat")


def no_practical_where_the_subject_has_none(of: Drawn) -> Iterator[Any]:
    asked = {(cand["cand_id"], part) for cand in of.plain.cands.values() for part in of.plain.parts(cand)}
    yield from asked ^ {(row["cand"], row["part"]) for row in of.rows}


def practical_alone_is_drawn(of: Drawn) -> Iterator[Any]:
    """P alone is drawn if a site lists it, whatever the subject says."""
    for row in of.rows:
        cand = of.plain.cands[row["cand"]]
        if cand["parts"] == "P" and row["how"] == "no_site":
            yield from (row for session in of.plain.sessions.values() if of.plain.may_sit(cand, session, "P", None))


def nobody_with_a_site_has_none(of: Drawn) -> Iterator[Any]:
    for row in of.rows:
        if row["how"] not in ("no_theory_seat", "kept"):
            cand, theory = of.plain.cands[row["cand"]], theory_of(of, row)
            may = [of.plain.may_sit(cand, session, row["part"], theory) for session in of.plain.sessions.values()]
            may += [of.plain.may_cross(cand, session, row["part"], theory) for session in of.plain.sessions.values()]
            if (row["how"] == "no_site") == any(may):
                yield row


def exemptions_are_counted(of: Drawn) -> Iterator[Any]:
    """Every use of an exemption stands in its row and in the counts of its city and part."""
    told = [(of.plain.cands[row["cand"]]["city_id"], row["part"], row.get("exempt")) for row in of.rows]
    for component in of.outcome.transcript["components"]:
        for name, count in component["exempt"].items():
            if component["stage"] == "home" and told.count((component["city"], component["part"], name)) != count:
                yield component
    needing = [seat for seat in of.seats if of.plain.own(seat.cand, of.site(seat.session))]
    yield from (seat for seat in needing if "exempt" not in seat.told)


def theory_of(of: Drawn, row: dict[str, Any]) -> str | None:
    if row["part"] == "T" or of.plain.cands[row["cand"]]["parts"] != "TP":
        return None
    return next((seat.session["session_id"] for seat in of.seats if seat.part == "T" and seat.cand["cand_id"] == row["cand"]), None)


# ── how each is broken ───────────────────────────────────────────────────────────────────────────────────────────────


def column(name: str, title: str, value: Callable[[Row], str]) -> Callable[[Files], Files]:
    """The files with another value in a column."""

    def change(files: Files) -> Files:
        rows = list(csv.DictReader(io.StringIO(files[name].decode())))
        if not rows:
            return files
        text = io.StringIO()
        writer = csv.DictWriter(text, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(row | {title: value(row)} for row in rows)
        return files | {name: text.getvalue().encode()}

    return change


def rule(name: str, value: Any) -> Callable[[Files], Files]:
    """The files with another setting."""

    def change(files: Files) -> Files:
        meta = json.loads(files["meta.json"])
        return files | {"meta.json": json.dumps(meta | {"rules": meta["rules"] | {name: value}}).encode()}

    return change


def other_sole_point(files: Files) -> Files:
    now = json.loads(files["meta.json"])["rules"]["sole_point"]
    return rule("sole_point", "active_in_horizon" if now == "registered" else "registered")(files)


def no_suspensions(files: Files) -> Files:
    return files | {"suspensions.csv": files["suspensions.csv"].split(b"\n")[0] + b"\n"}


BROKEN: dict[Callable[[Drawn], Iterator[Any]], Callable[[Files], Files]] = {
    his_city: column("points.csv", "city_id", lambda row: "C"),
    no_own_institution: column("points.csv", "inst_id", lambda row: ""),
    no_own_controller: column("points.csv", "controller", lambda row: ""),
    controllers_count_by_setting: rule("same_controller_own", 1),
    only_the_sole_site: other_sole_point,
    sole_site_is_open: column("points.csv", "theory_subjects", lambda row: ""),
    only_students_at_their_school: column("candidates.csv", "student", lambda row: "1"),
    avoid_list_beats_all: column("candidates.csv", "avoid", lambda row: ""),
    site_lists_the_subject: column("points.csv", "theory_subjects", lambda row: "S;U"),
    session_lists_the_subject: column("sessions.csv", "subjects", lambda row: "*"),
    session_of_the_part: column("sessions.csv", "part", lambda row: "T"),
    seats_are_enough: column("sessions.csv", "seats", lambda row: str(int(row["seats"]) + 1)),
    not_while_suspended: no_suspensions,
    not_before_the_earliest_day: column("candidates.csv", "earliest_day", lambda row: "0"),
    practical_after_theory: rule("practical_after_theory", 0),
    never_both_at_once: column("sessions.csv", "slot", lambda row: str(int(row["slot"]) + 9 * (row["part"] == "P"))),
    no_practical_without_theory: rule("practical_after_theory", 0),
    practical_without_theory_by_setting: rule("practical_after_theory", 1),
    no_practical_where_the_subject_has_none: column("subjects.csv", "has_practical", lambda row: "1"),
    practical_alone_is_drawn: column("points.csv", "practical_subjects", lambda row: ""),
    nobody_with_a_site_has_none: column("candidates.csv", "avoid", lambda row: "P1;P2"),
    exemptions_are_counted: column("candidates.csv", "inst_id", lambda row: ""),
}


def at_one_time(files: Files) -> Files:
    return column("sessions.csv", "day", lambda row: "1")(column("sessions.csv", "slot", lambda row: "0")(files))


# What the true files are made into first where chance alone would seldom break the rule.
MADE = {never_both_at_once: at_one_time}


@st.composite
def cases(pick: st.DrawFn) -> Town:
    """A town where sites are suspended and control may not count."""
    town = pick(towns())
    town.rules["same_controller_own"] = pick(flags)
    for line in town.rows["points.csv"]:
        if pick(st.integers(0, 3)) == 0:
            first = pick(st.integers(0, 3))
            town.suspend(line.split(",")[0], first, first + pick(flags))
    return town


def hold(rule: Callable[[Drawn], Iterator[Any]], examples: int) -> None:
    """The rule holds for so many instances."""

    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
    @given(cases(), seeds)
    def held(town: Town, which: str) -> None:
        files = town.files()
        assert list(rule(drawn(files, which, files))) == []

    held()


def broken(rule: Callable[[Drawn], Iterator[Any]], change: Callable[[Files], Files], examples: int) -> bool:
    """Whether an instance shows that the rule is broken; NoSuchExample if none of so many does."""

    def shows(case: tuple[Town, str]) -> bool:
        files = MADE.get(rule, dict)(case[0].files())
        shown = change(files)
        known = {line.split(b",")[0] for line in files["points.csv"].split(b"\n")}
        return {b"P1", b"P2"} <= known and any(rule(drawn(files, case[1], shown)))

    quick = settings(
        max_examples=examples, phases=[Phase.generate], deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
    )
    return find(st.tuples(cases(), seeds), shows, settings=quick) is not None


@pytest.mark.slow
@pytest.mark.parametrize("rule", BROKEN, ids=lambda rule: rule.__name__)
def test_rule_holds(rule: Callable[[Drawn], Iterator[Any]]) -> None:
    hold(rule, 12)


@pytest.mark.long
@pytest.mark.parametrize("rule", BROKEN, ids=lambda rule: rule.__name__)
def test_rule_holds_for_many(rule: Callable[[Drawn], Iterator[Any]]) -> None:
    hold(rule, 400)


@pytest.mark.long
@pytest.mark.parametrize(("rule", "change"), BROKEN.items(), ids=lambda each: each.__name__)
def test_rule_is_seen_to_be_broken(rule: Callable[[Drawn], Iterator[Any]], change: Callable[[Files], Files]) -> None:
    assert broken(rule, change, 3000)
