"""Reads about sittings and the seats in them."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, time

from django.db.models import Count, Q, QuerySet

from kaopei.center.allocation.models import Draw, Placement, Sitting, Vacated
from kaopei.center.allocation.queries.late import COUNTS
from kaopei.center.allocation.seats import Room, assumed
from kaopei.center.applications import queries as applications
from kaopei.center.registry import queries as registry

# The same as COUNTS, seen from a sitting
PLACED = (Q(placements__draw__follows="") | Q(placements__draw__status=Draw.Status.VERIFIED)) & Q(placements__vacated=None)


@dataclass(frozen=True, slots=True)
class SittingFacts:
    """A sitting for other apps. Times are China's; `draw` is the draw that filled it, empty before."""

    number: str
    city: str
    batch: str
    site: str
    day: date
    start: time
    end: time
    part: str
    subjects: tuple[str, ...]
    seats: int
    placed: int
    draw: str


@dataclass(frozen=True, slots=True)
class Seated:
    """A candidate on his seat, with what the order, the seating and the results need of him."""

    pseudonym: str
    ticket: str
    subject: str
    institution: str
    room: str
    seat: str
    exemption: str
    name: str
    id_number: str
    person: str
    kind: str


def affected(city: str, code: str, first: date, last: date | None) -> list[tuple[str, str, int, str]]:
    """What a measure in those days meets: sittings at a site with their candidates, seats of an institution's candidates."""
    days = Q(day__gte=first) & (Q(day__lte=last) if last else Q())
    here = list(sittings(city=city).filter(days, site=code))
    seats = Placement.objects.filter(COUNTS, city=city, institution=code, sitting__day__gte=first)
    seats = seats.filter(sitting__day__lte=last) if last else seats
    return [
        ("期间在该考试点的场次", "sittings at the site in that time", len(here), "/allocation/sittings/"),
        ("这些场次已排座的考生", "candidates seated in them", sum(row.placed for row in here), "/allocation/sittings/"),
        ("该机构期间已排座的考生（须另行处理）", "its candidates seated in that time (to be dealt with)", seats.count(), "/allocation/sittings/"),
    ]


def sittings(*, city: str = "", batch: str = "", part: str = "") -> QuerySet[Sitting]:
    """Sittings in sight by day, start and number; `placed` counts the candidates."""
    rows = Sitting.objects.annotate(placed=Count("placements", filter=PLACED)).order_by("day", "start", "number")
    for field, value in (("city", city), ("batch", batch), ("part", part)):
        rows = rows.filter(**{field: value}) if value else rows
    return rows


def sitting(number: str) -> Sitting | None:
    """One sitting in sight."""
    return sittings().filter(number=number).first()


def facts(number: str) -> SittingFacts | None:
    """One sitting for other apps."""
    row = sitting(number)
    return _facts(row) if row else None


def with_candidates(*, city: str = "", verified: bool = True) -> list[SittingFacts]:
    """Sittings that have candidates, by (day, start, number); by default only of draws that the province has
    countersigned.
    """
    rows = sittings(city=city).filter(placed__gt=0)
    if verified:
        rows = rows.filter(frozen_in__in=Draw.objects.filter(status=Draw.Status.VERIFIED).values("number"))
    return [_facts(row) for row in rows]


def changed_by(numbers: Iterable[str]) -> dict[str, str]:
    """The newest countersigned incremental draw that gave somebody a seat in a sitting or took one back, by sitting."""
    asked, verified = list(numbers), Draw.objects.filter(status=Draw.Status.VERIFIED).exclude(follows="")
    given = Placement.objects.filter(sitting__number__in=asked, draw__in=verified).values_list("sitting__number", "draw__serial", "draw__number")
    taken = Vacated.objects.filter(placement__sitting__number__in=asked, draw__in=verified)
    taken_back = taken.values_list("placement__sitting__number", "draw__serial", "draw__number")
    rows = sorted({*given.order_by().distinct(), *taken_back.order_by().distinct()}, key=lambda row: row[1])
    return {sitting: draw for sitting, _, draw in rows}


def without_tickets(number: str) -> list[str]:
    """The draws that gave the seats of a sitting and whose tickets were not made."""
    draws = Draw.objects.filter(placements__in=Placement.objects.filter(COUNTS, sitting__number=number), ticket_bundles=None)
    return sorted(set(draws.values_list("number", flat=True)))


def _facts(row: Sitting) -> SittingFacts:
    return SittingFacts(
        row.number,
        row.city,
        row.batch,
        row.site,
        row.day,
        row.start,
        row.end,
        row.part,
        tuple(row.subjects),
        row.seats,
        row.placed,
        row.frozen_in,
    )


def seated(number: str) -> list[Seated]:
    """Everybody who sits in a sitting, by seat: with name and identity number, so callers seal it or print it
    for its owner.
    """
    rows = list(Placement.objects.filter(COUNTS, sitting__number=number).select_related("sitting").order_by("seat"))
    return with_people(rows)


def with_people(rows: Iterable[Placement]) -> list[Seated]:
    """Placements of one batch with the people behind them."""
    rows = list(rows)
    if not rows:
        return []
    people = applications.people(rows[0].sitting.batch, {row.pseudonym for row in rows})
    found = []
    for row in rows:
        one = people[row.pseudonym]
        found.append(
            Seated(
                row.pseudonym,
                row.ticket,
                row.subject,
                row.institution,
                row.room,
                row.seat,
                row.exemption,
                one.name,
                one.id_number,
                one.person,
                one.kind,
            )
        )
    return found


def seats_of(pseudonyms: Collection[str]) -> dict[str, Placement]:
    """The seat that stands now of each of these, with its sitting."""
    rows = Placement.objects.filter(COUNTS, pseudonym__in=set(pseudonyms)).select_related("sitting")
    return {row.pseudonym: row for row in rows}


def over(draw: str, today: date) -> bool:
    """Whether the last sitting of a draw, and of all that changed it, lies before today."""
    base = draw.partition(".")[0]
    return not Sitting.objects.filter(frozen_in=base, day__gte=today).exists()


def rooms(site: registry.SiteOn, seats: int) -> tuple[Room, ...]:
    """二（四）: the rooms of a site as far as a sitting's seats go; numbers of seats run on through the site."""
    found: list[Room] = []
    first = 1
    for name, size in site.rooms:
        last = min(first + size - 1, seats)
        if first <= last:
            found.append(Room(name, first, last))
            first = last + 1
    if first <= seats:  # more seats than the rooms that were reported
        found += [Room(f"加第{i}考场", one.first + first - 1, one.last + first - 1) for i, one in enumerate(assumed(seats - first + 1), 1)]
    return tuple(found)
