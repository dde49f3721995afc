"""From a drawn allocation to rooms, seats and ticket numbers: everything follows from the seed."""

import csv
import hashlib
import io
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from kaopei.center.allocation import pool, seats
from kaopei.center.allocation.models import Draw, DrawFile, Placement, Sitting
from kaopei.lottery.draw import Outcome
from kaopei.lottery.pool import Pool

EXEMPT = {"own_school": Placement.Exemption.OWN_SCHOOL, "sole_site": Placement.Exemption.SOLE_SITE}
PART_DIGIT = {"T": "1", "P": "2"}


@dataclass(frozen=True, slots=True)
class Placed:
    """Rows to be stored, the seat list as a file, and the counts of the whole."""

    rows: list[Placement]
    table: bytes
    counts: dict[str, int]


def place_all(draw: Draw, instance: Pool, seed: str, outcome: Outcome) -> Placed:
    """二（三）, 二（四）: a seat for everybody who was drawn to a sitting; neighbours from one institution
    apart where seats allow.
    """
    people = instance.candidates
    bodies = dict(zip(people.id, people.inst, strict=True))
    subjects = dict(zip(people.id, people.subject, strict=True))
    exempt = exemptions(outcome)
    tickets = ticket_numbers(draw, seed, people.id)
    plans = room_plans(draw)
    sitting_of = {row.number: row for row in Sitting.objects.filter(frozen_in=draw.number)}
    by_sitting: dict[str, dict[str, str]] = {}
    for candidate, _, sitting in outcome.allocation:
        by_sitting.setdefault(sitting, {})[candidate] = bodies[candidate]
    rows, beside = [], 0
    for number, group in sorted(by_sitting.items()):
        seating = seats.place(seed, number, plans[number], group)
        beside += len(seats.together(seating, group, plans[number]))
        for candidate, seat in sorted(seating.items(), key=lambda item: item[1].number):
            rows.append(
                Placement(
                    city=draw.city,
                    draw=draw,
                    sitting=sitting_of[number],
                    pseudonym=candidate,
                    part=draw.part,
                    institution=bodies[candidate],
                    subject=subjects[candidate],
                    room=seat.room,
                    seat=seat.label,
                    ticket=tickets[candidate],
                    exemption=exempt.get(candidate, ""),
                )
            )
    return Placed(rows, seat_list(rows), counts(instance, rows, beside))


def exemptions(outcome: Outcome) -> dict[str, str]:
    """二（三） N2.3.5, N2.3.6: who sits at a site of his own institution, and by which exemption, from the rows
    of the draw.
    """
    found = {}
    for line in outcome.rows:
        if b'"exempt"' in line:
            row = json.loads(line)
            found[row["cand"]] = EXEMPT[row["exempt"]].value
    return found


def ticket_numbers(draw: Draw, seed: str, candidates: list[str]) -> dict[str, str]:
    """City, year and month, part, serial of the draw, a number by lot, two check digits (mod 97)."""
    _, year, month = draw.batch.split("-")
    prefix = f"{draw.city[:4]}{year[2:]}{month}{PART_DIGIT[draw.part]}{draw.serial:02d}"
    by_lot = sorted(candidates, key=lambda one: hashlib.sha256(f"{seed}|ticket|{one}".encode()).digest())
    numbers = {}
    for rank, candidate in enumerate(by_lot, 1):
        plain = f"{prefix}{rank:06d}"
        numbers[candidate] = f"{plain}{98 - int(plain) * 100 % 97:02d}"
    return numbers


def room_plans(draw: Draw) -> Mapping[str, tuple[seats.Room, ...]]:
    """The rooms as they were frozen."""
    text = bytes(DrawFile.objects.get(draw=draw, name="seating/rooms.csv").content).decode()
    plans: dict[str, list[seats.Room]] = {}
    for row in csv.DictReader(io.StringIO(text)):
        plans.setdefault(row["session_id"], []).append(seats.Room(row["room"], int(row["first"]), int(row["last"])))
    return {number: tuple(sorted(plan, key=lambda room: room.first)) for number, plan in plans.items()}


def seat_list(rows: list[Placement]) -> bytes:
    """`session_id,room,seat,cand_id,ticket`: byte for byte the same for the same input and seed."""
    cells = [(row.sitting.number, row.room, row.seat, row.pseudonym, row.ticket) for row in rows]
    return pool.table(("session_id", "room", "seat", "cand_id", "ticket"), cells)


def counts(instance: Pool, rows: list[Placement], beside: int) -> dict[str, int]:
    """What report and pages show of a draw."""
    public = {site.id for site in instance.sites if site.kind == "public"}
    exempt = Counter(row.exemption for row in rows if row.exemption)
    return {
        "candidates": len(instance.candidates.id),
        "seats": sum(session.seats for session in instance.sessions if not session.suspended),
        "seated": len(rows),
        "public": sum(row.sitting.site in public for row in rows),
        "exempt": sum(exempt.values()),
        "exempt_sole_site": exempt[Placement.Exemption.SOLE_SITE.value],
        "exempt_own_school": exempt[Placement.Exemption.OWN_SCHOOL.value],
        "without_seat": len(instance.candidates.id) - len(rows),
        "neighbours_together": beside,
    }
