"""From a drawn allocation to rooms, seats and ticket numbers: everything follows from the seed."""

import csv
import hashlib
import io
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from kaopei.center.allocation import pool, queries, seats
from kaopei.center.allocation.models import Draw, DrawFile, Placement, Sitting, Vacated
from kaopei.law.verdict import refuse
from kaopei.lottery.draw import Outcome
from kaopei.lottery.pool import Pool
from kaopei.office.refused import Refused

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
    if draw.follows:
        return _place_late(draw, instance, seed, outcome)
    people = instance.candidates
    bodies = dict(zip(people.id, people.inst, strict=True))
    subjects = dict(zip(people.id, people.subject, strict=True))
    exempt = queries.exemptions(outcome.rows)
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


def _place_late(draw: Draw, instance: Pool, seed: str, outcome: Outcome) -> Placed:
    """Those whose sitting is another one get a seat that nobody keeps, beside the fewest of their institution; all others stay."""
    people = instance.candidates
    bodies, subjects = (dict(zip(people.id, column, strict=True)) for column in (people.inst, people.subject))
    kept = {(cand, session) for cand, _, session in outcome.allocation} - {(move.cand, move.new) for move in outcome.moves}
    stay = [row for row in queries.standing(draw.batch, draw.part) if (row.pseudonym, row.sitting.number) in kept]
    if len(stay) != len(kept):
        raise ValueError(f"{draw.number}: {len(kept)} seats stay, {len(stay)} are known")
    moving: dict[str, list[str]] = {}
    for move in outcome.moves:
        if move.new:
            moving.setdefault(move.new, []).append(move.cand)
    exempt, plans = queries.exemptions(outcome.rows), room_plans(draw)
    for row in stay:  # only for the counts: what was written stays
        row.exemption = exempt.get(row.pseudonym, "")
    tickets = ticket_numbers(draw, seed, sorted(move.cand for move in outcome.moves if move.new))
    sitting_of = {row.number: row for row in Sitting.objects.filter(frozen_in=draw.base)}
    rows, beside = [], 0
    for number, group in sorted(moving.items()):
        taken = {int(row.seat): bodies[row.pseudonym] for row in stay if row.sitting.number == number}
        seating = seats.add(seed, number, plans[number], taken, {cand: bodies[cand] for cand in group})
        around = seats.neighbours(plans[number])
        held = taken | {seat.number: bodies[cand] for cand, seat in seating.items()}
        beside += sum(held.get(other) == bodies[cand] for cand, seat in seating.items() for other in around[seat.number])
        rows += [
            Placement(
                city=draw.city, draw=draw, sitting=sitting_of[number], pseudonym=cand, part=draw.part, institution=bodies[cand],
                subject=subjects[cand], room=seat.room, seat=seat.label, ticket=tickets[cand], exemption=exempt.get(cand, ""),
            )
            for cand, seat in sorted(seating.items(), key=lambda item: item[1].number)
        ]  # fmt: skip
    whole = counts(instance, stay + rows, beside)
    lost = sum(1 for move in outcome.moves if move.old)
    return Placed(rows, seat_list(stay + rows), whole | {"kept": len(stay), "lost": lost, "new_seats": len(rows)})


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


def vacate(draw: Draw) -> int:
    """The seats that this incremental draw took back no longer count. Part of the countersignature."""
    moves = csv.DictReader(io.StringIO((queries.file(draw, "result/moves.csv") or b"").decode()))
    why = {row["cand_id"]: row for row in moves if row["from_session"] and row["part"] == draw.part}
    rows = [
        Vacated(city=draw.city, placement=placed, draw=draw, kind=why[placed.pseudonym]["kind"], object=why[placed.pseudonym]["id"])
        for placed in queries.standing(draw.batch, draw.part, except_draw=draw.number)
        if placed.pseudonym in why
    ]
    if len(rows) != len(why):
        raise Refused(refuse("N2.3.2", "变动清单与现有座位不符，停止会签，请立即报告省考试机构。", "moves"))
    Vacated.objects.bulk_create(rows, batch_size=2000)
    return len(rows)
