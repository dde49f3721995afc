"""二（二） N2.2.5: along which ways two bodies, or a person and a body, are tied, with the evidence of each step."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from kaopei.center.registry import ties
from kaopei.center.registry.models import Institution, StaffRelation, Tie

# The city's rules say two (a sample setting, shown as an assumption); `./run recusal` counts by the same figure.
HOPS = 2


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a way: from which body to which, and every listed tie between them."""

    one: str
    one_name: str
    other: str
    other_name: str
    ties: tuple[Tie, ...]


@dataclass(frozen=True, slots=True)
class Way:
    """From a body to another; no steps: they are the same body."""

    end: str
    end_name: str
    steps: tuple[Step, ...]


def listed(city: str) -> list[Tie]:
    """All ties of the list in force; whether each counts on a day is `ties.in_force`'s to say."""
    return list(Tie.objects.filter(city=city, ended_at=None))


def ways(city: str, start: str, day: dt.date, names: dict[str, str], hops: int = HOPS) -> list[Way]:
    """Every body within `hops` ties of `start` on that day, the nearest first."""
    web = ties.Web(listed(city), day)
    found = []
    for end, way in web.within(start, hops).items():
        pairs = zip(way, way[1:], web.steps(way), strict=False)
        steps = tuple(Step(one, names.get(one, ""), other, names.get(other, ""), tuple(rows)) for one, other, rows in pairs)
        if steps:
            found.append(Way(end, names.get(end, ""), steps))
    return sorted(found, key=lambda way: (len(way.steps), way.end))


def relations(city: str, person: str = "") -> list[StaffRelation]:
    """Relations of exam staff that are listed now; of one person if named."""
    rows = StaffRelation.objects.filter(city=city, ended_at=None)
    return list(rows.filter(person=person) if person else rows)


@dataclass(frozen=True, slots=True)
class Shared:
    """Bodies with the same telephone number or address that the list of ties does not know: a lead for a person, no tie."""

    what: str
    value: str
    codes: tuple[str, ...]


def leads(city: str, day: dt.date) -> list[Shared]:
    """What the register itself shows and the list of ties does not say."""
    known = {frozenset((tie.one_code, tie.other_code)) for tie in listed(city) if ties.in_force(tie, day)}
    bodies = list(Institution.objects.filter(city=city))
    found = []
    for what, name in (("同一电话", "phone"), ("同一地址", "address")):
        groups: dict[str, list[str]] = {}
        for body in bodies:
            value = "".join(getattr(body, name).split())
            if value:
                groups.setdefault(value, []).append(body.code)
        found += [Shared(what, value, tuple(codes)) for value, codes in sorted(groups.items()) if _open(codes, known)]
    return found


def _open(codes: Iterable[str], known: set[frozenset[str]]) -> bool:
    """Whether two of them are not tied by the list yet."""
    group = list(codes)
    return len(group) > 1 and any(frozenset((one, other)) not in known for one in group for other in group if one < other)
