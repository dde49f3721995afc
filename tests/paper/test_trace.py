"""From a photographed screen back to the candidate."""

import pytest

from kaopei.paper.paper import form, item_ids
from kaopei.paper.trace import Sighting, candidates
from tests.paper.banks import number_from
from tests.paper.test_forms import SECRET, a_paper

FORMS = [form(a_paper(), f"A{number:04}", SECRET) for number in range(400)]
CHOICES = range(12, 24)


def sighting(shown: dict, ordinal: int, *, with_ordinal: bool = True) -> Sighting:  # type: ignore[type-arg]
    place = shown["items"][ordinal - 1]
    return Sighting(place["item"], tuple(place["options"]), ordinal if with_ordinal else None)


def test_single_out_one_candidate_by_two_items() -> None:
    for number, shown in enumerate(FORMS[:60]):
        first = CHOICES[number_from("first", number) % 12] + 1
        second = CHOICES[(first + 3) % 12] + 1
        found = candidates(FORMS, [sighting(shown, first), sighting(shown, second)])
        assert shown["attempt"] in found
        assert len(found) <= 2


@pytest.mark.slow
def test_leave_a_few_by_one_item() -> None:
    found = [len(candidates(FORMS, [sighting(shown, 15)])) for shown in FORMS[:60]]
    assert sum(found) / len(found) < 8
    loose = [len(candidates(FORMS, [sighting(shown, 15, with_ordinal=False)])) for shown in FORMS[:60]]
    assert sum(loose) / len(loose) < 40


def test_read_a_photo_that_cuts_options_off() -> None:
    shown = FORMS[7]
    place = shown["items"][20]
    cut = Sighting(place["item"], tuple(place["options"][1:3]), 21)
    assert shown["attempt"] in candidates(FORMS, [cut])
    wrong = Sighting(place["item"], tuple(reversed(place["options"][1:3])), 21)
    assert shown["attempt"] not in candidates(FORMS, [wrong])


def test_find_nobody_for_what_nobody_saw() -> None:
    ids = sorted(item_ids(a_paper(), SECRET).values())
    assert candidates(FORMS, [Sighting("0" * 32)]) == []
    assert candidates(FORMS, [Sighting(ids[0], ("z",))]) == []
    assert len(candidates(FORMS, [])) == len(candidates(FORMS, [Sighting(ids[0])])) == 400
