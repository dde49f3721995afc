"""Dated numbers and their sources: nothing invented, nothing lapsed refuses, a city only stricter."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from kaopei.law import ambiguous, numbers, sources
from kaopei.law.numbers import NoNumber, Number

DAY = date(2026, 12, 7)
ASSUMED = {"so.age_max_men", "so.age_max_women"}


# Beside the 108 parameters: the two assumed ages, and a figure taken out of ap.publish so that a day can be counted.
BESIDE = ASSUMED | {"ap.publish_withdraw"}


def test_there_are_108_numbers_and_three_beside() -> None:
    assert len(numbers.all_numbers().keys() - BESIDE) == 108
    assert len(numbers.all_numbers()) == 111
    assert {key for key, values in numbers.all_numbers().items() if values[0].assumption} == ASSUMED


def test_there_are_34_sources_and_18_words() -> None:
    assert len(sources.all_sources()) == 34
    assert list(ambiguous.all_ambiguous()) == [f"AMB{number}" for number in range(1, 19)]


@pytest.mark.parametrize("values", numbers.all_numbers().values(), ids=numbers.all_numbers())
def test_number_names_a_known_source_and_its_days_follow_each_other(values: tuple[Number, ...]) -> None:
    for number in values:
        assert number.source in sources.all_sources()
        assert number.stricter in ("up", "down", "fixed", "narrower")
        assert number.confidence in ("verified-in-text", "verified-secondary", "general-knowledge-unverified", "not-found")
        assert number.value is not None or number.confidence == "not-found"
    for earlier, later in zip(values, values[1:], strict=False):
        assert earlier.last is not None
        assert later.first == earlier.last + timedelta(days=1)


@pytest.mark.parametrize("values", numbers.all_numbers().values(), ids=numbers.all_numbers())
def test_only_seen_values_refuse(values: tuple[Number, ...]) -> None:
    for number in values:
        seen = number.confidence in ("verified-in-text", "verified-secondary")
        assert number.may_refuse == (number.value is not None and (seen or number.key in ASSUMED))


def test_value_is_asked_for_by_day() -> None:
    assert numbers.at("ep.camera_lead", DAY) == 15
    assert numbers.at("ti.managers", date(2024, 6, 30)) == 3
    assert numbers.of("ti.managers", date(2024, 7, 1)).value is None
    with pytest.raises(NoNumber, match="ep.camera_lead"):
        numbers.at("ep.camera_lead", date(2023, 8, 9))
    with pytest.raises(NoNumber, match="no.such"):
        numbers.at("no.such", DAY)


@pytest.mark.parametrize(
    ("key", "day", "words"),
    [
        ("ti.managers", date(2024, 7, 1), "尚未录入"),
        ("c.mgr_valid", DAY, "未核实，不据此判定"),
        ("so.age_max_men", DAY, "假定值"),
        ("h.so_initial", DAY, "尚未录入"),
    ],
)
def test_asking_for_a_value_that_is_not_verified_says_so(key: str, day: date, words: str) -> None:
    with pytest.raises(numbers.NotVerified, match=words) as said:
        numbers.at(key, day)
    assert key in str(said.value)
    assert words in numbers.number_at(key, day).remark
    assert not numbers.number_at(key, day).is_verified


@pytest.mark.parametrize("key", numbers.all_numbers())
def test_every_number_is_given_or_says_why_not(key: str) -> None:
    number = numbers.of(key, DAY)
    if number.is_verified:
        assert numbers.at(key, DAY) == number.value
    else:
        assert number.remark
        with pytest.raises(numbers.NotVerified):
            numbers.at(key, DAY)


def test_former_order_is_carried_over_and_says_so() -> None:
    before, after = numbers.of("so.age_min", date(2026, 5, 31)), numbers.of("so.age_min", date(2026, 6, 1))
    assert (before.source, before.carried_from, before.remark) == ("O30", "", "")
    assert (after.source, after.carried_from, after.value) == ("O19", "O30", before.value)
    assert after.may_refuse
    assert "沿用" in after.remark


def test_lapsed_value_is_shown_but_refuses_nobody() -> None:
    last = numbers.of("apply.where", date(2028, 8, 10))
    gone = numbers.of("apply.where", date(2028, 8, 11))
    assert last.may_refuse and not last.lapsed
    assert gone.value == last.value
    assert gone.lapsed and not gone.may_refuse
    assert gone.remark == "（依据已失效）"


def test_basis_of_unknown_standing_may_refuse_and_says_so() -> None:
    mark = numbers.of("ex.pass", DAY)
    assert mark.may_refuse
    assert "未核实" in mark.remark


def test_assumption_is_shown_as_one() -> None:
    assert "假定" in numbers.of("so.age_max_men", DAY).remark


def test_city_may_be_stricter_never_looser() -> None:
    own = replace(numbers.of("ex.pass", DAY), value=85, city="440300", first=date(2026, 1, 1))
    looser = replace(own, value=75)
    assert numbers.at("ex.pass", DAY, "440300", [own]) == 85
    assert numbers.at("ex.pass", DAY, "440600", [own]) == 80
    assert numbers.at("ex.pass", DAY, None, [own]) == 80
    assert numbers.at("ex.pass", DAY, "440300", [looser]) == 80
    assert numbers.at("ex.pass", date(2025, 12, 31), "440300", [own]) == 80


def test_province_fills_what_is_not_entered_or_carried_over_and_nothing_else() -> None:
    day = date(2026, 6, 1)
    fresh = replace(numbers.of("c.so_review", day), value=4, carried_from="", confidence="verified-in-text", article="第20条")
    assert numbers.number_at("c.so_review", day, "440600", [fresh]) == fresh
    assert fresh.remark == ""
    new = replace(numbers.of("ti.managers", day), value=5, confidence="verified-in-text")
    assert numbers.at("ti.managers", day, None, [new]) == 5
    settled = replace(numbers.of("ep.camera_lead", day), value=30)
    assert numbers.at("ep.camera_lead", day, None, [settled]) == 15


@pytest.mark.parametrize(
    ("key", "value", "stricter"),
    [
        ("d.result", 8, True),
        ("d.result", 12, False),
        ("crosscity.worktypes", ["9"], True),
        ("crosscity.worktypes", ["9", "1"], False),
        ("so.edu_min", "senior", False),
        ("h.so_initial", 100, False),
    ],
)
def test_what_is_stricter(key: str, value: object, stricter: bool) -> None:
    assert numbers.is_stricter(numbers.of(key, DAY), value) is stricter


@pytest.mark.parametrize(
    ("source", "day", "state"),
    [
        ("NOTICE", date(2023, 8, 9), "not-yet"),
        ("NOTICE", date(2028, 8, 10), "in-force"),
        ("NOTICE", date(2028, 8, 11), "lapsed"),
        ("O30", date(2026, 6, 1), "replaced"),
        ("Z104", DAY, "unknown"),
        ("GD20", date(2025, 7, 1), "lapsed"),
    ],
)
def test_state_of_a_source_on_a_day(source: str, day: date, state: str) -> None:
    assert sources.get(source).on(day) == state


def test_settings_of_words_are_proposals_with_a_reading() -> None:
    assert ambiguous.setting("AMB2", "gap_seconds") == 60
    assert all(word.reading and word.default and word.duties for word in ambiguous.all_ambiguous().values())
