"""Places as whole metres on a plane, so that no two machines disagree about a distance."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

EARTH_RADIUS_M = 6_371_000  # mean radius; a city is small enough for a plane


@dataclass(frozen=True, slots=True)
class Plane:
    """Equirectangular projection about a centre given in degrees; x to the east, y to the north, in metres."""

    longitude: float
    latitude: float

    def metres(self, longitude: float, latitude: float) -> tuple[int, int]:
        narrowing = math.cos(math.radians(self.latitude))
        x = EARTH_RADIUS_M * math.radians(longitude - self.longitude) * narrowing
        y = EARTH_RADIUS_M * math.radians(latitude - self.latitude)
        return math.floor(x + 0.5), math.floor(y + 0.5)


def centroid(points: Iterable[tuple[int, int]]) -> tuple[int, int] | None:
    """Mean of whole metres, rounded half up with integers only; None where there is no point."""
    found = list(points)
    if not found:
        return None
    count = len(found)
    return tuple((2 * sum(axis) + count) // (2 * count) for axis in zip(*found, strict=True))
