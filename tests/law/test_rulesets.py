"""Rule sets by date: a verdict names the set that it was given by, and a past date gives the answer of that date."""

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from random import Random

import pytest

from kaopei.law import numbers, reading, rulesets
from kaopei.law.facts import ApplicationFacts
from kaopei.law.rules.c1_1_conditions import conditions_are_met
from kaopei.law.rules.c2_1_exam_bodies import implementing_rules_on
from kaopei.law.rules.c2_6_intake import judge
from kaopei.law.verdict import Verdict
from tests.law.applicants import applicants, context

DAYS = (date(2024, 3, 1), date(2026, 5, 31), date(2026, 6, 1))
NAMES = (
    "so-30+ti-2016+gd-2020+notice-2023",
    "so-30+ti-2023+gd-none+notice-2023",
    "so-19+ti-2023+gd-none+notice-2023",
)


@pytest.fixture(scope="module")
def thousand() -> list[ApplicationFacts]:
    return [reading.application(row) for row in applicants(Random(2026), 1000)]


def judged(facts: list[ApplicationFacts], day: date) -> list[Verdict]:
    """By the rules of a day, for a plan that begins a fortnight later."""
    place = context(day, day + timedelta(days=14))
    return [judge(one, place) for one in facts]


def test_thousand_applications_name_the_rule_set_of_each_date(thousand: list[ApplicationFacts]) -> None:
    for day, name in zip(DAYS, NAMES, strict=True):
        verdicts = judged(thousand, day)
        assert {verdict.rules for verdict in verdicts} == {name}
        assert min(Counter(verdict.decision for verdict in verdicts).values()) >= 10
    assert len({rulesets.on(day).digest for day in DAYS}) == 3


def test_new_order_is_named_where_it_refuses_and_the_old_one_is_not(thousand: list[ApplicationFacts]) -> None:
    texts = ["；".join(verdict.text for verdict in judged(thousand, day)) for day in DAYS]
    assert ["沿用原规定的数值" in text for text in texts] == [False, False, True]


def test_past_date_gives_the_same_answer_whenever_it_is_asked(thousand: list[ApplicationFacts]) -> None:
    first = [judged(thousand, day) for day in DAYS]
    for day in (date(2030, 1, 1), date(2028, 8, 11), date(2023, 9, 1)):
        judged(thousand, day)
    assert [judged(thousand, day) for day in reversed(DAYS)][::-1] == first


def test_todays_clock_changes_nothing(thousand: list[ApplicationFacts], monkeypatch: pytest.MonkeyPatch) -> None:
    before = [judged(thousand, day) for day in DAYS]
    digests = [rulesets.on(day).digest for day in DAYS]
    for name in ("time", "monotonic", "localtime", "gmtime"):
        monkeypatch.setattr(time, name, _no_clock)
    rulesets.on.cache_clear()
    rulesets.name_on.cache_clear()
    numbers.of.cache_clear()
    assert [judged(thousand, day) for day in DAYS] == before
    assert [rulesets.on(day).digest for day in DAYS] == digests


def _no_clock(*_: object) -> float:
    raise AssertionError("the law asked for the time")


@pytest.mark.parametrize("family", sorted({one.family for one in rulesets.all_sets()}))
def test_sets_of_a_family_follow_each_other_without_a_gap(family: str) -> None:
    mine = [one for one in rulesets.all_sets() if one.family == family]
    for earlier, later in zip(mine, mine[1:], strict=False):
        assert earlier.last is not None
        assert later.first == earlier.last + timedelta(days=1)
    assert mine[-1].last is None


def days_around() -> Iterator[date]:
    for one in rulesets.all_sets():
        yield from (day for day in (one.first, one.last) if day)


@pytest.mark.parametrize("day", sorted(set(days_around())))
def test_every_edge_changes_the_name(day: date) -> None:
    names = {rulesets.name_on(day + timedelta(days=shift)) for shift in (-1, 0, 1)}
    assert len(names) == 2


def test_digest_covers_values_and_code_but_not_other_days(monkeypatch: pytest.MonkeyPatch) -> None:
    day = date(2026, 5, 31)
    before = rulesets.digest_on(day)
    real = numbers.all_numbers()
    changed = dict(real)
    changed["so.age_min"] = (real["so.age_min"][0], replace(real["so.age_min"][1], value=19))
    monkeypatch.setattr(numbers, "all_numbers", lambda: changed)
    assert rulesets.digest_on(day) == before, "a value of 2026-06-01 is no value of the day before"
    assert rulesets.digest_on(date(2026, 6, 1)) != rulesets.on(date(2026, 6, 1)).digest
    monkeypatch.setattr(rulesets, "code_digest", lambda: "other")
    assert rulesets.digest_on(day) != before


def test_title_says_what_is_not_at_hand() -> None:
    held = rulesets.on(date(2026, 6, 1))
    assert "文本尚未录入" in held.title
    assert [one.name for one in held.sets if not one.text] == ["so-19", "ti-2023", "gd-none"]


def test_standard_for_institutions_changes_with_its_edition() -> None:
    small = {"ti.managers": 2, "ti.capacity": 60}
    assert conditions_are_met(small, {}, date(2024, 3, 1)).code == "condition_unmet"
    assert conditions_are_met(small, {}, date(2026, 5, 31)).allowed
    assert implementing_rules_on(date(2024, 3, 1)).notes == ()
    assert [note.code for note in implementing_rules_on(date(2026, 5, 31)).notes] == ["lapsed", "lapsed"]
