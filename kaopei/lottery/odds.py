"""How likely each site is in one draw: published integer weights, no floats, no modulo."""

from collections.abc import Iterable
from itertools import accumulate
from math import isqrt

from kaopei.lottery.eligibility import Kind
from kaopei.lottery.pool import Place, Pool
from kaopei.lottery.seed import DRAW_BITS
from kaopei.lottery.table import BadInstance

LIMIT = 1 << 22


class Wheel:
    """The options of one tier, by site id, with what their weights depend on."""

    __slots__ = ("_scaled", "bands", "first", "seats", "sites")

    def __init__(self, sites: list[int], seats: list[int], bands: list[int]) -> None:
        self.sites = sites
        self.seats = seats
        self.bands = bands
        self._scaled: dict[int, list[int]] = {}
        # Most seats, weights and their sum while nothing is removed.
        self.first = self.left(range(len(sites)))

    def left(self, places: Iterable[int]) -> tuple[int, list[int], int]:
        """Most seats among the options left, the weights of all options at that scale, the sum over those left."""
        most = max(self.seats[place] for place in places) or 1
        weights = self._scaled.get(most)
        if weights is None:
            weights = self._scaled[most] = [band * (seats * 255 // most or 1) for band, seats in zip(self.bands, self.seats, strict=True)]
        total = sum(weights[place] for place in places)
        if total >= LIMIT:
            problem = f"一次抽取的权重之和 {total} 不小于 {LIMIT}"
            raise BadInstance(f"meta.json「rules」的 bands：{problem}，请减小系数。")
        return most, weights, total

    @staticmethod
    def pick(number: int, left: list[int], weights: list[int], total: int) -> int:
        """Which of the options left a draw of 40 bits means."""
        rest = number * total >> DRAW_BITS
        # Below the sum of the weights, since a draw is below 2⁴⁰: the walk never runs out of options.
        for place in left:  # pragma: no branch
            if rest < weights[place]:
                break
            rest -= weights[place]
        return place

    def shares(self) -> list[int]:
        """Of the 2⁴⁰ possible first draws, how many mean each option."""
        _, weights, total = self.first
        ends = [-(-(end << DRAW_BITS) // total) for end in accumulate(weights)]
        return [end - begin for begin, end in zip([0, *ends], ends, strict=False)]


class Odds:
    """Wheels by what they depend on: allowed sites, subject, district, tier."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._wheels: dict[tuple[int, str, int], Wheel | None] = {}
        self._bands: dict[tuple[str, int], int] = {}

    def wheel(self, kind: Kind, district: str, tier: int) -> Wheel | None:
        """The first wheel of a tier (0 public sites, 1 others); None if he has no site there."""
        key = (kind.options, district, tier)
        if key not in self._wheels:
            self._wheels[key] = self._make(kind, district, tier)
        return self._wheels[key]

    def _make(self, kind: Kind, district: str, tier: int) -> Wheel | None:
        sites = self._pool.sites
        offers = [offer for offer in kind.offers if (sites[offer.site].kind != "public") == tier]
        if not offers:
            return None
        centre = self._pool.districts.get(district)
        # One site without coordinates, of whichever tier, makes all factors 1.
        known = centre is not None and all(sites[offer.site].place for offer in kind.offers)
        bands = [self._band(district, centre, offer.site) if known else 1 for offer in offers]
        return Wheel([offer.site for offer in offers], [offer.seats for offer in offers], bands)

    def _band(self, district: str, centre: Place, site: int) -> int:
        key = (district, site)
        if key not in self._bands:
            place = self._pool.sites[site].place
            assert centre is not None and place is not None
            metres = isqrt((centre[0] - place[0]) ** 2 + (centre[1] - place[1]) ** 2)
            self._bands[key] = self._pool.rules.band(metres)
        return self._bands[key]
