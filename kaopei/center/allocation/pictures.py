"""Geometry of the draw's two pictures, as plain numbers for the SVG templates. No markup is made here."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

Flow = Mapping[tuple[str, str], int]  # (institution, site) → candidates


@dataclass(frozen=True, slots=True)
class Node:
    key: str
    label: str
    kind: str
    total: int
    x: float
    y: float
    height: float

    @property
    def middle(self) -> float:
        return round(self.y + self.height / 2, 1)


@dataclass(frozen=True, slots=True)
class Ribbon:
    path: str
    kind: str
    source: str
    target: str
    count: int


@dataclass(frozen=True, slots=True)
class FlowPicture:
    width: int
    height: int
    sources: list[Node]
    targets: list[Node]
    ribbons: list[Ribbon]


LEFT, RIGHT, BAR = 250, 750, 10  # room for labels on both sides
GAP, LABEL, MARGIN = 4, 14, 10  # between bars; the least height that a label needs; above and below


def _needed(totals: Iterable[int], unit: float) -> float:
    return sum(max(total * unit, LABEL) + GAP for total in totals)


def _unit(sides: Sequence[Iterable[int]], height: int) -> float:
    """Height of one candidate, so that both sides fit with a readable label each."""
    low, high = 0.0, float(height)
    for _ in range(40):
        middle = (low + high) / 2
        fits = all(_needed(side, middle) <= height - 2 * MARGIN for side in sides)
        low, high = (middle, high) if fits else (low, middle)
    return low


def _stack(
    keys: Sequence[str], totals: Mapping[str, int], names: Mapping[str, str], kinds: Mapping[str, str], x: float, unit: float, height: int
) -> list[Node]:
    """Bars of one side, one above the other, centred in the height."""
    y = (height - _needed((totals[k] for k in keys), unit)) / 2
    nodes = []
    for key in keys:
        size = totals[key] * unit
        room = max(size, LABEL)
        nodes.append(Node(key, names.get(key, key), kinds.get(key, ""), totals[key], x, round(y + (room - size) / 2, 1), round(size, 1)))
        y += room + GAP
    return nodes


def sankey(flow: Flow, *, sources: Mapping[str, str], targets: Mapping[str, str], kinds: Mapping[str, str], height: int = 660) -> FlowPicture:
    """Institutions on the left, sites on the right, one ribbon a pair, as thick as the number of candidates."""
    left = {k: sum(n for (a, _), n in flow.items() if a == k) for k in {a for a, _ in flow}}
    right = {k: sum(n for (_, b), n in flow.items() if b == k) for k in {b for _, b in flow}}
    rank = {"public": 0, "attached": 1, "school": 2}
    left_keys = sorted(left, key=lambda k: (-left[k], k))
    right_keys = sorted(right, key=lambda k: (rank.get(kinds.get(k, ""), 3), k))
    unit = _unit((left.values(), right.values()), height)
    ones = _stack(left_keys, left, sources, {}, LEFT, unit, height)
    twos = _stack(right_keys, right, targets, kinds, RIGHT, unit, height)
    start, end = {n.key: n.y for n in ones}, {n.key: n.y for n in twos}
    ribbons = []
    for a in left_keys:
        for b in right_keys:
            count = flow.get((a, b), 0)
            if count:
                ribbons.append(
                    Ribbon(
                        _ribbon(start[a], end[b], count * unit),
                        kinds.get(b, ""),
                        sources.get(a, a),
                        targets.get(b, b),
                        count,
                    )
                )
                start[a] += count * unit
                end[b] += count * unit
    return FlowPicture(RIGHT + BAR + 250, height, ones, twos, ribbons)


def _ribbon(top_left: float, top_right: float, thick: float) -> str:
    x1, x2, bend = LEFT + BAR, RIGHT, (LEFT + BAR + RIGHT) // 2
    low_left, low_right = top_left + thick, top_right + thick
    there = f"M{x1},{top_left:.1f}C{bend},{top_left:.1f} {bend},{top_right:.1f} {x2},{top_right:.1f}"
    return f"{there}V{low_right:.1f}C{bend},{low_right:.1f} {bend},{low_left:.1f} {x1},{low_left:.1f}Z"


@dataclass(frozen=True, slots=True)
class HeatCell:
    x: int
    y: int
    used: int
    seats: int
    step: int  # 0 no sitting, 1…5 how full
    row: str
    column: str


@dataclass(frozen=True, slots=True)
class HeatPicture:
    width: int
    height: int
    columns: list[tuple[int, str]]
    rows: list[tuple[int, str]]
    cells: list[HeatCell]
    cell_width: int
    cell_height: int


def heat(
    used: Mapping[tuple[str, str], int],
    seats: Mapping[tuple[str, str], int],
    *,
    rows: Mapping[str, str],
    columns: Mapping[str, str],
) -> HeatPicture:
    """Sites down, days across: seats used of seats offered."""
    wide, high, left, top = 38, 24, 190, 26
    cells = []
    for j, row in enumerate(rows):
        for i, column in enumerate(columns):
            offered, taken = seats.get((row, column), 0), used.get((row, column), 0)
            step = 0 if not offered else 1 + min(4, taken * 4 // offered)
            cells.append(HeatCell(left + i * wide, top + j * high, taken, offered, step, rows[row], columns[column]))
    return HeatPicture(
        left + wide * len(columns),
        top + high * len(rows) + 4,
        [(left + i * wide + wide // 2, name) for i, name in enumerate(columns.values())],
        [(top + j * high + high // 2, name) for j, name in enumerate(rows.values())],
        cells,
        wide - 2,
        high - 2,
    )
