"""Sites on a plane: a sketch of where they lie, drawn here so that no page needs a map service."""

import math
from typing import Any

WIDTH, HEIGHT, EDGE = 680, 300, 34
# How far apart names must stand, in pixels
APART = 16
COLUMN = 120
SPOT = 11


def draw(rows: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Points with labels for an SVG of WIDTH × HEIGHT; None with fewer than two places."""
    placed = [row for row in rows if row["longitude"] and row["latitude"]]
    if len(placed) < 2:
        return None
    xs, ys = [float(row["longitude"]) for row in placed], [float(row["latitude"]) for row in placed]
    # A degree of longitude is shorter than one of latitude by the cosine.
    shrink = math.cos(math.radians(sum(ys) / len(ys)))
    wide, high = (max(xs) - min(xs)) * shrink or 1e-9, max(ys) - min(ys) or 1e-9
    scale = min((WIDTH - 2 * EDGE - COLUMN) / wide, (HEIGHT - 2 * EDGE) / high)
    left = (WIDTH - COLUMN - wide * scale) / 2
    top = (HEIGHT - high * scale) / 2
    points: list[dict[str, Any]] = []
    spots = [(round(left + (x - min(xs)) * shrink * scale), round(top + (max(ys) - y) * scale)) for x, y in zip(xs, ys, strict=True)]
    for row, x, y in sorted(zip(placed, xs, ys, strict=True), key=lambda item: (-item[2], item[1])):
        at = (round(left + (x - min(xs)) * shrink * scale), round(top + (max(ys) - y) * scale))
        points.append({"row": row, "x": at[0], "y": at[1], "label_x": at[0] + 9, "label_y": _free(points, spots, at)})
    return {"width": WIDTH, "height": HEIGHT, "points": points, "km": _bar(scale)}


def _free(points: list[dict[str, Any]], spots: list[tuple[int, int]], at: tuple[int, int]) -> int:
    """The nearest height at which the label touches no other and covers no spot."""
    for step in range(40):
        for sign in (1, -1):
            height = at[1] + 4 + sign * step * 4
            clash = any(abs(one["label_y"] - height) < APART and abs(one["label_x"] - at[0] - 9) < COLUMN for one in points)
            covers = any(at[0] < x < at[0] + COLUMN and abs(y - height + 4) < SPOT for x, y in spots)
            if not clash and not covers and EDGE / 2 < height < HEIGHT - 4:
                return height
    return at[1] + 4


def _bar(scale: float) -> dict[str, int]:
    """A bar of a round number of kilometres."""
    per_km = scale / 111.2
    km = next(size for size in (1, 2, 5, 10, 20, 50, 100, 200, 500) if size * per_km >= 60 or size == 500)
    return {"km": km, "length": round(km * per_km)}
