"""Scoring in one pass: letters as shown → options → points. The exam site and the vault run this same code.

A response is the string of letters that the candidate chose as he saw them ("A", "BD"; the first option shown is A);
no response is an empty string or a missing ordinal. A wrong or unreadable response is worth nothing, never an error.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kaopei.paper.item import LETTERS
from kaopei.paper.paper import HALF_FOR_PART


@dataclass(frozen=True, slots=True)
class Outcome:
    """A scored attempt. `points` stand in the order shown."""

    attempt: str
    subject: str
    score: int
    full_marks: int
    answered: int
    points: tuple[int, ...]


def score(
    form: Mapping[str, Any],
    keys: Mapping[str, Sequence[str]],
    responses: Mapping[int, str],
    *,
    multiple: str,
    withdrawn: frozenset[str] = frozenset(),
) -> Outcome:
    """Score one form (shape of `codec`) by `keys` (item blob id → option ids) and responses by ordinal from 1.

    An item withdrawn after the exam gives its points to everybody. KeyError if the key lacks an item of the form.
    """
    points = []
    for ordinal, place in enumerate(form["items"], 1):
        chosen = chosen_options(place["options"], responses.get(ordinal, ""))
        full = place["item"] in withdrawn
        points.append(place["points"] if full else _worth(chosen, frozenset(keys[place["item"]]), place["points"], multiple))
    return Outcome(
        attempt=form["attempt"],
        subject=form["subject"],
        score=sum(points),
        full_marks=sum(place["points"] for place in form["items"]),
        answered=sum(1 for ordinal in range(1, len(points) + 1) if responses.get(ordinal)),
        points=tuple(points),
    )


def chosen_options(shown: Sequence[str], letters: str) -> frozenset[str]:
    """The options that letters stand for in this form; empty if a letter stands for none or stands twice."""
    places = [LETTERS.find(letter) for letter in letters]
    if len(set(places)) < len(places) or not all(0 <= place < len(shown) for place in places):
        return frozenset()
    return frozenset(shown[place] for place in places)


def _worth(chosen: frozenset[str], key: frozenset[str], points: int, multiple: str) -> int:
    if chosen == key:
        return points
    # Only a several-option key can be met in part; whole points only, rounded down.
    if multiple == HALF_FOR_PART and chosen and chosen < key:
        return points // 2
    return 0
