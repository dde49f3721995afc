"""How likely each site is in one draw: published integer weights, no floats, no modulo."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from math import isqrt
from operator import mul

from kaopei.lottery.eligibility import Eligibility, Kind
from kaopei.lottery.pool import Place, Pool
from kaopei.lottery.rules import factor, read_bands
from kaopei.lottery.seed import DRAW_BITS
from kaopei.lottery.table import BadInstance

LIMIT = 1 << 22


def added_up(weights: Sequence[int]) -> list[int]:
    """The weights of the options left, added up one after another. BadInstance: they are too large."""
    ends = list(accumulate(weights))
    if ends[-1] >= LIMIT:
        problem = f"一次抽取的权重之和 {ends[-1]} 不小于 {LIMIT}"
        raise BadInstance(f"meta.json「rules」的 bands：{problem}，请减小系数。")
    return ends


def pick(number: int, ends: list[int]) -> int:
    """Which option a draw of 40 bits means; `ends` are the weights of those left, added up."""
    return bisect_right(ends, number * ends[-1] >> DRAW_BITS)


class Options:
    """The sites of one tier that some kinds share, by site id: what their weights depend on, whatever the district."""

    __slots__ = ("known", "most", "places", "scaled", "seats", "sites")

    def __init__(self, sites: list[int], seats: list[int], places: list[int], *, known: bool) -> None:
        self.sites = sites
        self.seats = seats
        # Where each stands among all sites of the kind.
        self.places = places
        # One site without coordinates, of whichever tier, makes all factors 1.
        self.known = known
        # Most seats, and the weights before the factors, while nothing is removed.
        self.most = max(seats, default=0) or 1
        self.scaled = [each * 255 // self.most or 1 for each in seats]


class Wheel:
    """The options of one tier for those of one district."""

    __slots__ = ("bands", "ends", "options", "weights")

    def __init__(self, options: Options, bands: list[int]) -> None:
        self.options = options
        self.bands = bands
        # The weights while nothing is removed, and these added up.
        self.weights = list(map(mul, bands, options.scaled))
        self.ends = added_up(self.weights)

    def left(self, places: Sequence[int]) -> tuple[int, list[int]]:
        """Most seats among the options left, and their weights at that scale."""
        seats, bands = self.options.seats, self.bands
        most = max([seats[place] for place in places]) or 1
        return most, [bands[place] * (seats[place] * 255 // most or 1) for place in places]

    def shares(self) -> list[int]:
        """Of the 2⁴⁰ possible first draws, how many mean each option."""
        total = self.ends[-1]
        ends = [-(-(end << DRAW_BITS) // total) for end in self.ends]
        return [end - begin for begin, end in zip([0, *ends], ends, strict=False)]


class _Factors(dict[int, int]):
    """The factor of each site for one district, worked out when asked for."""

    def __init__(self, pool: Pool, centre: tuple[int, int]) -> None:
        self._sites = pool.sites
        self._centre = centre
        self._bands = read_bands(pool.rules.bands)

    def __missing__(self, site: int) -> int:
        place: Place = self._sites[site].place
        assert place is not None
        metres = isqrt((self._centre[0] - place[0]) ** 2 + (self._centre[1] - place[1]) ** 2)
        self[site] = factor(self._bands, metres)
        return self[site]


class Odds:
    """Wheels by what they depend on: allowed sites, subject, district, tier."""

    def __init__(self, pool: Pool, eligibility: Eligibility) -> None:
        self._pool = pool
        self._eligibility = eligibility
        # By tier: the wheels made so far, by number of the kind's options and district.
        self.known: tuple[dict[tuple[int, str], Wheel | None], ...] = ({}, {})
        self._options: tuple[dict[int, Options], ...] = ({}, {})
        self._factors = {district: _Factors(pool, centre) for district, centre in pool.districts.items() if centre is not None}

    def wheel(self, kind: Kind, district: str, tier: int) -> Wheel | None:
        """The first wheel of a tier (0 public sites, 1 others); None if he has no site there."""
        wheels, key = self.known[tier], (kind.options, district)
        if key in wheels:
            return wheels[key]
        options = self._options[tier].get(kind.options)
        if options is None:
            options = self._options[tier][kind.options] = self._sites(kind, tier)
        wheel = None
        if options.sites:
            factors = self._factors.get(district) if options.known else None
            wheel = Wheel(options, [1] * len(options.sites) if factors is None else list(map(factors.__getitem__, options.sites)))
        wheels[key] = wheel
        return wheel

    def _sites(self, kind: Kind, tier: int) -> Options:
        sites, seats = self._pool.sites, self._eligibility.seats
        places = [place for place, site in enumerate(kind.sites) if (sites[site].kind != "public") == tier]
        mine = [kind.sites[place] for place in places]
        known = all(sites[site].place for site in kind.sites)
        return Options(mine, [seats(site, kind.subject) for site in mine], places, known=known)
