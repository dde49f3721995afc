"""二（五） The staff duty draw: which person serves in which post, by a seed of its own, after the candidates' draw.

A duty of the day (patrol, maintenance) is judged against every sitting of its site on that day. Duties of one role whose hours
overlap are one turn: a person serves in one of them at most.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from kaopei.center.allocation.duty_files import Post
from kaopei.center.allocation.recusal import Recusal, Sitting
from kaopei.center.registry.entries import StaffEntry
from kaopei.lottery import duty
from kaopei.lottery import seed as lots

# One person a site and day, whatever sittings it has: the city's rules for duties (a sample setting).
DAY_ROLES = ("巡考", "系统维护")
# More than this between the most and the least loaded is reported.
EVEN = 3
Turn = tuple[dt.date, int]


@dataclass(frozen=True, slots=True)
class Month:
    """What a duty draw is about: people, posts to fill, sittings, and who may not serve where."""

    staff: Sequence[StaffEntry]
    posts: Sequence[Post]
    sittings: Sequence[Sitting]
    recusal: Recusal


@dataclass(frozen=True, slots=True)
class Roster:
    """The filled places (person empty = not filled) in the order of the posts, and what people should know about it."""

    rows: tuple[tuple[str, str, str], ...]
    unfilled: int
    notes: tuple[str, ...]


def draw(month: Month, seed: str) -> Roster:
    """Every role by itself; among people of the same load the seed decides."""
    lots.check(seed)
    places = [post for post in month.posts for _ in range(post.people)]
    filled: list[str] = [""] * len(places)
    notes: list[str] = []
    for role in sorted({post.role for post in places}):
        wanted = [at for at, post in enumerate(places) if post.role == role]
        notes += _fill_role(month, role, wanted, places, seed, filled)
    rows = tuple((post.sitting, post.role, person) for post, person in zip(places, filled, strict=True))
    return Roster(rows, filled.count(""), tuple(notes))


def turns(posts: Iterable[Post]) -> dict[Post, Turn]:
    """Each post with its day and the number of its turn: posts whose hours overlap, also by way of a third, are one turn."""
    found: dict[Post, Turn] = {}
    days: dict[dt.date, list[Post]] = {}
    for post in posts:
        days.setdefault(post.day, []).append(post)
    for day, mine in days.items():
        number, end = 0, dt.time()
        for post in sorted(mine, key=lambda one: (one.start, one.end)):
            number += post.start >= end
            end = max(end, post.end)
            found[post] = (day, number)
    return found


def able(month: Month, people: Sequence[StaffEntry], posts: Iterable[Post]) -> dict[Post, Collection[int]]:
    """Who may serve in each post, as places in the list of people; worked out once for each site, day and set of sittings."""
    by_day: dict[tuple[str, dt.date], list[Sitting]] = {}
    for sitting in month.sittings:
        by_day.setdefault((sitting.site, sitting.day), []).append(sitting)
    known: dict[tuple[str, ...], Collection[int]] = {}
    found: dict[Post, Collection[int]] = {}
    for post in posts:
        sittings = by_day.get((post.site, post.day), [])
        if post.role not in DAY_ROLES:
            sittings = [one for one in sittings if one.sitting == post.sitting]
        key = tuple(one.sitting for one in sittings)
        if key not in known:
            fit = [at for at, one in enumerate(people) if sittings and not any(month.recusal.grounds(one, sitting) for sitting in sittings)]
            known[key] = fit
        found[post] = known[key]
    return found


def of_role(staff: Iterable[StaffEntry], role: str) -> list[StaffEntry]:
    """The people of a post, by number."""
    return sorted((one for one in staff if one.post == role), key=lambda one: one.id_number)


def _fill_role(month: Month, role: str, wanted: Sequence[int], places: Sequence[Post], seed: str, filled: list[str]) -> list[str]:
    people = of_role(month.staff, role)
    mine = [places[at] for at in wanted]
    when, may = turns(mine), able(month, people, mine)
    ordered = sorted(wanted, key=lambda at: (when[places[at]], at))
    keys = [duty.order_key(seed, role, one.id_number) for one in people]
    found = duty.Duties([when[places[at]] for at in ordered], [may[places[at]] for at in ordered], keys)
    for at, person in zip(ordered, found.draw(), strict=True):
        filled[at] = people[person].id_number if person >= 0 else ""
    return _uneven(role, found, may)


def _uneven(role: str, found: duty.Duties, may: Mapping[Post, Collection[int]]) -> list[str]:
    loads = [load for person, load in enumerate(found.load) if any(person in group for group in may.values())]
    if not loads or max(loads) - min(loads) <= EVEN:
        return []
    return [f"{role}：最多 {max(loads)} 次，最少 {min(loads)} 次，相差超过 {EVEN} 次；在不减少到岗的前提下已不能更均匀"]
