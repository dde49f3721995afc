"""Who sits on which seat of a sitting: neighbours from one institution are kept apart where seats allow.

Deterministic: the order of everything follows from the seed. A room is counted row by row with an odd number of
seats in a row, so that a seat's neighbours (left, right, in front, behind, and the next number round the corner)
are exactly seats of the other parity. The biggest institutions fill the odd seats first, the rest and the free
seats follow on the even ones; then seats are exchanged by lot as long as no new pair of neighbours arises.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

ROOM_SEATS = 50  # at most so many seats in a room, as in the acceptance baseline of the sites
ROW_SEATS = 5
ATTEMPTS = 24  # charts tried where the first leaves neighbours from one institution together


@dataclass(frozen=True, slots=True)
class Room:
    """A room of a site with the first and the last number of its seats; numbers run on through the site."""

    name: str
    first: int
    last: int
    row: int = ROW_SEATS


@dataclass(frozen=True, slots=True)
class Seat:
    room: str
    number: int

    @property
    def label(self) -> str:
        return f"{self.number:03d}"


def assumed(seats: int, *, room_seats: int = ROOM_SEATS) -> tuple[Room, ...]:
    """Rooms of a site of which only the number of seats is known."""
    starts = range(1, seats + 1, room_seats)
    return tuple(Room(f"第{i}考场", first, min(first + room_seats - 1, seats)) for i, first in enumerate(starts, 1))


def lot(seed: str, *parts: str) -> bytes:
    text = [seed, "seat", *parts]
    return hashlib.sha256(b"".join(len(p.encode()).to_bytes(4, "big") + p.encode() for p in text)).digest()


def neighbours(plan: Sequence[Room]) -> dict[int, tuple[int, ...]]:
    """For each seat number the numbers beside, before and behind it in the same room."""
    found = {}
    for room in plan:
        for number in range(room.first, room.last + 1):
            around = {number - 1, number + 1, number - room.row, number + room.row}
            found[number] = tuple(n for n in sorted(around) if room.first <= n <= room.last)
    return found


def place(seed: str, sitting: str, plan: Sequence[Room], people: Mapping[str, str]) -> dict[str, Seat]:
    """A seat for each of `people` (candidate → institution). More people than seats is a fault of the caller."""
    around = neighbours(plan)
    if len(people) > len(around):
        raise ValueError(f"{sitting}: {len(people)} people, {len(around)} seats")
    chart = _best_chart(seed, sitting, plan, people, around)
    _shuffle(seed, sitting, chart, around)
    room_of = {n: room.name for room in plan for n in range(room.first, room.last + 1)}
    queues: dict[str, list[str]] = {}
    for person in sorted(people, key=lambda p: lot(seed, sitting, p)):
        queues.setdefault(people[person], []).append(person)
    return {queues[body].pop(): Seat(room_of[n], n) for n, body in sorted(chart.items()) if body}


def add(seed: str, sitting: str, plan: Sequence[Room], taken: Mapping[int, str], people: Mapping[str, str]) -> dict[str, Seat]:
    """Seats for `people` among those that are not `taken` (number → institution), by lot beside the fewest of their own."""
    around = neighbours(plan)
    room_of = {number: room.name for room in plan for number in range(room.first, room.last + 1)}
    held = dict(taken)
    if len(held) + len(people) > len(around):
        raise ValueError(f"{sitting}: {len(held) + len(people)} people, {len(around)} seats")
    seating = {}
    for person in sorted(people, key=lambda one: lot(seed, sitting, one)):
        body = people[person]
        free = [number for number in around if number not in held]
        number = min(free, key=lambda one: (sum(held.get(n) == body for n in around[one]), lot(seed, sitting, person, str(one))))
        held[number] = body
        seating[person] = Seat(room_of[number], number)
    return seating


def together(seating: Mapping[str, Seat], people: Mapping[str, str], plan: Sequence[Room]) -> list[tuple[str, str]]:
    """Pairs of neighbours from one institution: what could not be avoided."""
    at = {seat.number: person for person, seat in seating.items()}
    pairs = []
    for number, others in neighbours(plan).items():
        for other in others:
            if number < other and number in at and other in at and people[at[number]] == people[at[other]]:
                pairs.append((at[number], at[other]))
    return pairs


def _best_chart(seed: str, sitting: str, plan: Sequence[Room], people: Mapping[str, str], around: Mapping[int, tuple[int, ...]]) -> dict[int, str]:
    """The first of a few charts without a pair of neighbours from one institution, else the one with the fewest."""
    best: tuple[int, dict[int, str]] | None = None
    for attempt in range(ATTEMPTS):
        lots = seed if not attempt else lot(seed, sitting, "attempt", str(attempt)).hex()
        chart = _first_chart(lots, sitting, plan, people)
        _untangle(lots, sitting, chart, around)
        clashes = sum(_clashes(chart, around, number, body) for number, body in chart.items())
        if best is None or clashes < best[0]:
            best = (clashes, chart)
        if not clashes:
            break
    assert best is not None
    return best[1]


def _first_chart(seed: str, sitting: str, plan: Sequence[Room], people: Mapping[str, str]) -> dict[int, str]:
    """Odd places of all rooms, then even places: taken by institutions from the biggest to the smallest, then free."""
    sizes = Counter(people.values())
    order = sorted(sizes, key=lambda body: (-sizes[body], lot(seed, sitting, "body", body)))
    run = [body for body in order for _ in range(sizes[body])]
    numbers: list[int] = []
    for parity in (0, 1):
        for room in plan:
            flip = lot(seed, sitting, room.name)[0] % 2
            places = range(room.first, room.last + 1)
            # the shorter half of an odd-sized room must not get the biggest institution
            even_sized = len(places) % 2 == 0
            wanted = parity ^ flip if even_sized else parity
            numbers += [n for n in places if (n - room.first) % 2 == wanted]
    return dict(zip(numbers, run + [""] * (len(numbers) - len(run)), strict=True))


def _clashes(chart: Mapping[int, str], around: Mapping[int, tuple[int, ...]], number: int, body: str) -> int:
    return sum(chart[n] == body for n in around[number]) if body else 0


def _exchange_gain(chart: dict[int, str], around: Mapping[int, tuple[int, ...]], a: int, b: int) -> int:
    """How many pairs of neighbours of one institution fewer there are when two seats change their people."""
    one, two = chart[a], chart[b]
    before = _clashes(chart, around, a, one) + _clashes(chart, around, b, two)
    chart[a], chart[b] = two, one
    after = _clashes(chart, around, a, two) + _clashes(chart, around, b, one)
    chart[a], chart[b] = one, two
    return before - after


def _untangle(seed: str, sitting: str, chart: dict[int, str], around: Mapping[int, tuple[int, ...]]) -> None:
    """Exchange seats while that lowers the number of pairs; each exchange lowers it, so this ends."""
    order = sorted(chart, key=lambda n: lot(seed, sitting, "untangle", str(n)))
    improved = True
    while improved:
        improved = False
        for a in order:
            if not _clashes(chart, around, a, chart[a]):
                continue
            for b in order:
                if chart[a] != chart[b] and _exchange_gain(chart, around, a, b) > 0:
                    chart[a], chart[b] = chart[b], chart[a]
                    improved = True
                    break


def _shuffle(seed: str, sitting: str, chart: dict[int, str], around: Mapping[int, tuple[int, ...]]) -> None:
    """Three rounds of exchanges by lot that make nothing worse, so that the chart is not the same every day."""
    numbers = sorted(chart)
    for turn in range(3):
        for a in numbers:
            b = numbers[int.from_bytes(lot(seed, sitting, f"shuffle{turn}", str(a))[:8], "big") % len(numbers)]
            if chart[a] != chart[b] and _exchange_gain(chart, around, a, b) >= 0:
                chart[a], chart[b] = chart[b], chart[a]
