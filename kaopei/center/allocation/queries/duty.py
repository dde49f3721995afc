"""Who may serve in the sittings of some days: posts by the city's rules, people of the staff file, recusal, by pseudonym."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from kaopei.center.allocation import roster
from kaopei.center.allocation.duty_files import Post
from kaopei.center.allocation.models import DutyPlace, DutyRoster, Placement, Sitting
from kaopei.center.allocation.queries.late import COUNTS
from kaopei.center.allocation.recusal import Ground, Recusal, Relation
from kaopei.center.allocation.recusal import Sitting as Judged
from kaopei.center.registry import queries as registry
from kaopei.center.registry.entries import StaffEntry
from kaopei.center.registry.queries import tied

DAY_START, DAY_END = dt.time(8), dt.time(18)
PATROL, KEEPER, INVIGILATOR, EXAMINER = "巡考", "系统维护", "监考", "考评"


@dataclass(frozen=True, slots=True)
class Needs:
    """How many people a sitting needs; samples of the city's rules, shown as assumptions."""

    seats_a_group: int = 30
    invigilators_a_group: int = 2
    seats_for_two_examiners: int = 10


def month(city: str, first: dt.date, last: dt.date, needs: Needs | None = None) -> roster.Month:
    """Posts and people of the sittings in sight between two days; identity numbers are pseudonyms of the staff file."""
    rows = list(Sitting.objects.filter(city=city, day__range=(first, last)).order_by("day", "site", "start", "number"))
    hosts = {site.number: site.host_code for site in registry.sites(city, first)}
    bodies: dict[str, set[str]] = {}
    for number, code in Placement.objects.filter(COUNTS, sitting__in=rows).values_list("sitting__number", "institution").distinct():
        bodies.setdefault(number, set()).add(code)
    judged = [Judged(row.number, row.site, hosts.get(row.site, ""), row.day, frozenset(bodies.get(row.number, ()))) for row in rows]
    staff = people(city)
    return roster.Month(staff, list(_posts(rows, needs or Needs())), judged, recusal(city, staff))


def people(city: str) -> list[StaffEntry]:
    """The staff file without names."""
    return [
        StaffEntry(
            row.person, "", row.post, row.full_time, row.institution_code, row.trained_on, row.appraisal, row.has_pledge, row.has_agreement,
            row.pledge_until, row.agreement_until,
        )
        for row in registry.staff(city)
    ]  # fmt: skip


def recusal(city: str, staff: Sequence[StaffEntry]) -> Recusal:
    """The same rules as `./run recusal`, on what the register holds."""
    relations = [Relation(one.person, one.kind, one.body, one.share, one.from_day, one.to_day, one.declared) for one in tied.relations(city)]
    return Recusal(staff, relations, tied.listed(city))  # type: ignore[arg-type]


def _posts(rows: Iterable[Sitting], needs: Needs) -> Iterable[Post]:
    seen: set[tuple[str, dt.date]] = set()
    for row in rows:
        if (row.site, row.day) not in seen:
            seen.add((row.site, row.day))
            for role in (PATROL, KEEPER):
                yield Post(row.number, row.site, row.day, min(DAY_START, row.start), max(DAY_END, row.end), role, 1)
        if row.part == "T":
            groups = -(-row.seats // needs.seats_a_group)
            yield Post(row.number, row.site, row.day, row.start, row.end, INVIGILATOR, groups * needs.invigilators_a_group)
        else:
            yield Post(row.number, row.site, row.day, row.start, row.end, EXAMINER, 2 if row.seats > needs.seats_for_two_examiners else 1)


def frozen(row: DutyRoster) -> dict[str, Any]:
    """What the seed will decide about: people, posts, and who may serve where on what is known now."""
    found = month(row.city, row.first_day, row.last_day)
    if row.kind == DutyRoster.Kind.PATROL:
        campus = {site.number for site in registry.sites(row.city, row.first_day) if site.is_campus}
        visits = [post for post in found.posts if post.role == PATROL and post.site in campus]
        found = roster.Month(found.staff, visits, found.sittings, found.recusal)
    roles = {role: _role(found, role) for role in sorted({post.role for post in found.posts})}
    return {"v": 1, "kind": row.kind, "number": row.number, "choose": row.choose, "roles": roles}


def _role(found: roster.Month, role: str) -> dict[str, Any]:
    mine = [post for post in found.posts if post.role == role for _ in range(post.people)]
    staff = roster.of_role(found.staff, role)
    when, may = roster.turns(mine), roster.able(found, staff, mine)
    return {
        "people": [one.id_number for one in staff],
        "posts": [[post.sitting, post.site, str(post.day), f"{post.start:%H:%M}", f"{post.end:%H:%M}"] for post in mine],
        "turns": [[str(when[post][0]), when[post][1]] for post in mine],
        "able": [list(may[post]) for post in mine],
    }


@dataclass(frozen=True, slots=True)
class Judgement:
    """A person at a sitting: may serve, or every ground with its path."""

    person: StaffEntry
    grounds: tuple[Ground, ...]


def judged(city: str, number: str, role: str) -> list[Judgement]:
    """Everybody of a role at a sitting; a duty of the day is judged against every sitting of its site."""
    sitting = Sitting.objects.filter(city=city, number=number).first()
    return _judged(month(city, sitting.day, sitting.day), number, role) if sitting else []


def _judged(found: roster.Month, number: str, role: str) -> list[Judgement]:
    here = next((one for one in found.sittings if one.sitting == number), None)
    if here is None:
        return []
    whole = [one for one in found.sittings if (one.site, one.day) == (here.site, here.day)]
    mine = whole if role in roster.DAY_ROLES else [here]
    result = []
    for person in roster.of_role(found.staff, role):
        grounds = {ground.code: ground for one in mine for ground in found.recusal.grounds(person, one)}
        result.append(Judgement(person, tuple(grounds.values())))
    return result


def gaps(row: DutyRoster, most: int = 50) -> list[tuple[DutyPlace, str]]:
    """The first places that nobody fills, and why: how many of the role are barred on which ground; the rest serve elsewhere at that hour."""
    places = list(row.places.filter(person="")[:most])
    if not places:
        return []
    found = month(row.city, min(one.day for one in places), max(one.day for one in places))
    words: dict[tuple[str, str], str] = {}
    for place in places:
        key = (place.sitting, place.role)
        if key not in words:
            verdicts = _judged(found, *key)
            barred = Counter(one.grounds[0].code for one in verdicts if one.grounds)
            free = sum(not one.grounds for one in verdicts)
            listed = "、".join(f"{code} {count} 人" for code, count in sorted(barred.items())) or "无人需回避"
            words[key] = f"{place.role} {len(verdicts)} 人：{listed}；其余 {free} 人同一时段已在别处"
    return [(place, words[place.sitting, place.role]) for place in places]


def rosters() -> Any:
    """Duty draws in sight, the latest first."""
    return DutyRoster.objects.all()


def duty_roster(number: str) -> DutyRoster | None:
    """A duty draw in sight."""
    return DutyRoster.objects.filter(number=number).first()
