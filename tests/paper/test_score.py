"""Scoring: letters as shown → options → points."""

import pytest

from kaopei.paper import codec
from kaopei.paper.item import LETTERS
from kaopei.paper.paper import ALL_OR_NOTHING, HALF_FOR_PART, form, shared_blobs
from kaopei.paper.score import chosen_options, score
from tests.paper.test_forms import SECRET, a_paper

IDS = [f"{place:032x}" for place in range(4)]
FORM = {
    "attempt": "A1", "subject": "焊接", "policy": IDS[0], "duration_minutes": 90,
    "items": [
        {"item": IDS[0], "options": ["t", "f"], "points": 1},
        {"item": IDS[1], "options": ["d", "b", "a", "c"], "points": 1},
        {"item": IDS[2], "options": ["c", "d", "b", "a"], "points": 2},
        {"item": IDS[3], "options": ["a", "b", "c", "d"], "points": 3},
    ],
}  # fmt: skip
KEYS = {IDS[0]: ["f"], IDS[1]: ["a"], IDS[2]: ["a", "c"], IDS[3]: ["a", "b", "d"]}


@pytest.mark.parametrize(
    ("responses", "points"),
    [
        ({1: "B", 2: "C", 3: "AD", 4: "ABD"}, (1, 1, 2, 3)),
        ({1: "B", 2: "C", 3: "DA", 4: "DBA"}, (1, 1, 2, 3)),
        ({1: "A", 2: "A", 3: "A", 4: "AB"}, (0, 0, 0, 0)),
        ({3: "ABD", 4: "ABCD"}, (0, 0, 0, 0)),
        ({}, (0, 0, 0, 0)),
        ({1: "", 2: "CC", 3: "AE", 4: "错", 9: "A"}, (0, 0, 0, 0)),
    ],
)
def test_give_all_points_or_none(responses: dict[int, str], points: tuple[int, ...]) -> None:
    outcome = score(FORM, KEYS, responses, multiple=ALL_OR_NOTHING)
    assert outcome.points == points
    assert (outcome.score, outcome.full_marks) == (sum(points), 7)
    assert outcome.answered == len([letters for ordinal, letters in responses.items() if letters and ordinal <= 4])
    assert (outcome.attempt, outcome.subject) == ("A1", "焊接")


def test_give_half_for_a_part_where_the_policy_says_so() -> None:
    outcome = score(FORM, KEYS, {1: "A", 2: "", 3: "A", 4: "AB"}, multiple=HALF_FOR_PART)
    assert outcome.points == (0, 0, 1, 1)
    assert score(FORM, KEYS, {3: "AB", 4: "C"}, multiple=HALF_FOR_PART).score == 0


def test_give_everybody_the_points_of_a_withdrawn_item() -> None:
    assert score(FORM, KEYS, {4: "A"}, multiple=ALL_OR_NOTHING, withdrawn=frozenset({IDS[3]})).points == (0, 0, 0, 3)


def test_fail_loudly_without_the_key_of_an_item() -> None:
    with pytest.raises(KeyError):
        score(FORM, {IDS[0]: ["t"]}, {}, multiple=ALL_OR_NOTHING)


def test_read_no_option_into_nonsense() -> None:
    assert chosen_options(["b", "a"], "B") == {"a"}
    assert chosen_options(["b", "a"], "C") == frozenset()
    assert chosen_options(["b", "a"], "AA") == frozenset()
    assert chosen_options(["b", "a"], "") == frozenset()


def test_give_full_marks_to_who_knows_everything() -> None:
    paper = a_paper()
    blobs = {(kind, name): data for kind, name, data in shared_blobs(paper, SECRET)}
    for attempt in ("A1", "A2"):
        shown = codec.read_form(codec.canonical(form(paper, attempt, SECRET)))
        policy = codec.read_policy(blobs["policy", shown["policy"]])
        keys = codec.read_key(blobs["key", policy["key"]])["keys"]
        responses = {
            ordinal: "".join(sorted(LETTERS[place["options"].index(option)] for option in keys[place["item"]]))
            for ordinal, place in enumerate(shown["items"], 1)
        }
        outcome = score(shown, keys, responses, multiple=policy["multiple"])
        assert outcome.score == outcome.full_marks == policy["full_marks"] == 28
        assert outcome.answered == 24
