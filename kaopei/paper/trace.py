"""Leading a photographed screen back to the forms that could have shown it.

Two photographed items with four options each, with their ordinals, single out one of ten thousand candidates; one item
alone leaves a few. The result opens a review and proves nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Sighting:
    """What a photo shows: the item's blob id, the option ids from top to bottom, and the ordinal if it can be read."""

    item: str
    options: tuple[str, ...] = ()
    ordinal: int | None = None


def candidates(forms: Iterable[Mapping[str, Any]], seen: Sequence[Sighting]) -> list[str]:
    """The attempts whose forms fit every sighting, sorted; all of them if nothing was seen."""
    return sorted(form["attempt"] for form in forms if all(_fits(form, one) for one in seen))


def _fits(form: Mapping[str, Any], seen: Sighting) -> bool:
    for ordinal, place in enumerate(form["items"], 1):
        if place["item"] == seen.item:
            same_order = not seen.options or _in_order(place["options"], seen.options)
            return same_order and seen.ordinal in (None, ordinal)
    return False


def _in_order(shown: Sequence[str], seen: Sequence[str]) -> bool:
    """A photo may cut options off, but never changes their order."""
    places = [shown.index(option) if option in shown else -1 for option in seen]
    return -1 not in places and places == sorted(set(places))
