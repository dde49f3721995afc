"""二（五） The staff duty draw: which person serves in which post, by a seed of its own, after the candidates' draw.

A duty of a whole day (patrol, maintenance) is judged against every sitting of its site on that day.
"""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from kaopei.center.allocation.duty_files import DutyFiles, Post
from kaopei.center.allocation.recusal import Recusal, Sitting
from kaopei.center.registry.entries import StaffEntry
from kaopei.lottery import duty
from kaopei.lottery import seed as lots

NOON = dt.time(12)
DAY, MORNING, AFTERNOON = "day", "am", "pm"
# More than this between the most and the least loaded is reported.
EVEN = 3


@dataclass(frozen=True, slots=True)
class Place:
    """One person wanted: the post, and the half-days it takes up."""

    post: Post
    halves: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Roster:
    """The filled places (person empty = not filled) in the order of the posts, and what people should know about it."""

    rows: tuple[tuple[str, str, str], ...]
    unfilled: int
    notes: tuple[str, ...]


def draw(files: DutyFiles, seed: str) -> Roster:
    """Every role by itself; whole-day duties before half-day ones of the same role and day."""
    lots.check(seed)
    places = [place for post in files.posts for place in [Place(post, _halves(post))] * post.people]
    filled: list[str] = [""] * len(places)
    notes: list[str] = []
    for role in sorted({place.post.role for place in places}):
        wanted = [at for at, place in enumerate(places) if place.post.role == role]
        _fill_role(files, role, wanted, places, seed, filled, notes)
    rows = tuple((place.post.sitting, place.post.role, person) for place, person in zip(places, filled, strict=True))
    return Roster(rows, filled.count(""), tuple(notes))


def _halves(post: Post) -> tuple[str, ...]:
    return tuple(half for half, is_in in ((MORNING, post.start < NOON), (AFTERNOON, post.end > NOON)) if is_in)


def _fill_role(files: DutyFiles, role: str, wanted: Sequence[int], places: Sequence[Place], seed: str, filled: list[str], notes: list[str]) -> None:
    people = sorted((one for one in files.staff if one.post == role), key=lambda one: one.id_number)
    recusal = files.recusal()
    by_day: dict[tuple[str, dt.date], list[Sitting]] = {}
    for sitting in files.sittings:
        by_day.setdefault((sitting.site, sitting.day), []).append(sitting)
    may = _Able(recusal, by_day, people)
    keys = [duty.order_key(seed, role, one.id_number) for one in people]
    # A whole day and a half-day are different turns of one person: where a role has both on a day, the day comes first.
    whole = {places[at].post.day for at in wanted if len(places[at].halves) == 2}
    ordered = sorted(wanted, key=lambda at: (places[at].post.day, len(places[at].halves) != 2, places[at].halves, at))
    turns = [(places[at].post.day, DAY if places[at].post.day in whole else places[at].halves[0]) for at in ordered]
    able = [may.people(places[at].post) for at in ordered]
    found = duty.Duties(turns, able, keys)
    for at, person in zip(ordered, found.draw(), strict=True):
        filled[at] = people[person].id_number if person >= 0 else ""
    loads = [load for person, load in enumerate(found.load) if any(person in group for group in able)]
    if loads and max(loads) - min(loads) > EVEN:
        notes.append(f"{role}：最多 {max(loads)} 次，最少 {min(loads)} 次，相差超过 {EVEN} 次；在不减少到岗的前提下已不能更均匀")


class _Able:
    """Who may serve in a post; worked out once for each site, day and set of sittings."""

    def __init__(self, recusal: Recusal, by_day: dict[tuple[str, dt.date], list[Sitting]], people: Sequence[StaffEntry]) -> None:
        self._recusal, self._by_day, self._people = recusal, by_day, people
        self._known: dict[tuple[str, ...], Collection[int]] = {}

    def people(self, post: Post) -> Collection[int]:
        """Places in the list of people."""
        sittings = self._by_day.get((post.site, post.day), [])
        if len(_halves(post)) == 1:
            sittings = [one for one in sittings if one.sitting == post.sitting]
        key = tuple(one.sitting for one in sittings)
        if key not in self._known:
            self._known[key] = [
                place for place, person in enumerate(self._people) if sittings and not any(self._recusal.grounds(person, one) for one in sittings)
            ]
        return self._known[key]
