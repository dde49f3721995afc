"""One market of one stage: a city's part of the draw, or the province's in the cross-city stage."""

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import accumulate

from kaopei.lottery.eligibility import Eligibility, Kind, Seats
from kaopei.lottery.odds import Odds, Wheel, added_up
from kaopei.lottery.pool import Candidates, Pool
from kaopei.lottery.seed import DRAW_BITS, DRAW_BYTES, DRAW_MASK, DRAWS_IN_DIGEST, OTHER_TIER, Lot, field

# The kind with these open sites and this subject, earliest day and rank of the theory sitting (-1: none).
KindOf = Callable[[tuple[int, ...], str, int, int], Kind]
# Open sites by city, subject, institution, student flag and avoid list.
SitesOf = Callable[[str, str, str, int, tuple[str, ...]], tuple[int, ...]]


class Roll:
    """The candidates of an instance as all stages need them: ids as they are hashed, and who is like whom."""

    def __init__(self, people: Candidates) -> None:
        self.people = people
        self.names = list(map(field, people.id))
        # All that decides what is open to a candidate, as a number: most are like many others.
        numbers: dict[object, int] = {}
        rows = zip(people.city, people.subject, people.inst, people.student, people.avoid, people.earliest, strict=True)
        self.profile = [numbers.setdefault(row, len(numbers)) for row in rows]


class Component:
    """Candidates by their position in the lottery, and where each has been seated so far."""

    def __init__(self, pool: Pool, lot: Lot, roll: Roll, city: str, sites: list[int], seats: Seats) -> None:
        self.pool = pool
        self.lot = lot
        self.roll = roll
        # Empty in the cross-city stage.
        self.city = city
        # The sites whose order the repair uses: those with any session row of this part.
        self.sites = sites
        # Shared by all stages of the part.
        self.seats = seats
        self.cands: list[int] = []
        self.digests: list[bytes] = []
        self.kinds: list[Kind] = []
        self.seat: list[int] = []
        # The sites drawn, in order, and the sitting that the last of them gave (-1: it was full too).
        self.drawn: list[tuple[int, ...]] = []
        self.first: list[int] = []
        # Positions placed before the draw, which the repair leaves alone.
        self.fixed: set[int] = set()
        self.capacity: dict[int, int] = {}

    def enter(
        self,
        cands: Iterable[int],
        sites_of: SitesOf,
        kind_of: KindOf,
        theory: Sequence[int],
        ahead: Collection[int] = (),
    ) -> None:
        """Put the candidates in lottery order and find out what is open to each.

        `theory` has the rank of the time at which each candidate of the instance sits his theory, -1 if he does not.
        Those in `ahead` come before all others.
        """
        # Candidates are numbered by id, and the sort is stable: ties come by id, bytewise.
        cands, names = sorted(cands), self.roll.names
        digests = self.lot.digests([names[cand] for cand in cands])
        # The first 64 bits are the number.
        numbers = [digest[:8] for digest in digests]
        order = sorted(range(len(cands)), key=numbers.__getitem__)
        if ahead:
            order.sort(key=lambda at: cands[at] not in ahead)
        self.digests = [digests[at] for at in order]
        self.cands = [cands[at] for at in order]
        self.kinds = self._kinds(sites_of, kind_of, theory)
        self.seat = [-1] * len(order)
        self.first = [-1] * len(order)
        self.drawn = [()] * len(order)

    def _kinds(self, sites_of: SitesOf, kind_of: KindOf, theory: Sequence[int]) -> list[Kind]:
        people, profile = self.pool.candidates, self.roll.profile
        known: dict[tuple[int, int], Kind] = {}
        open_sites: dict[object, tuple[int, ...]] = {}
        kinds = []
        for cand in self.cands:
            key = profile[cand], theory[cand]
            kind = known.get(key)
            if kind is None:
                subject = people.subject[cand]
                who = (people.city[cand], subject, people.inst[cand], people.student[cand], people.avoid[cand])
                if who not in open_sites:
                    open_sites[who] = sites_of(*who)
                kind = known[key] = kind_of(open_sites[who], subject, people.earliest[cand], theory[cand])
            kinds.append(kind)
        return kinds

    def place_own_school(self, eligibility: Eligibility) -> None:
        """二（三） N2.3.6: a student who asks for it sits at his own school, before anybody draws."""
        people = self.pool.candidates
        for position, cand in enumerate(self.cands):
            if not (people.student[cand] and people.asks_own_school[cand]):
                continue
            kind, inst = self.kinds[position], people.inst[cand]
            own = next((place for place, site in enumerate(kind.sites) if eligibility.is_own_school(site, inst, 1)), -1)
            if own >= 0:
                session = self._vacancy(eligibility.sessions_at, kind.sites[own], kind.masks[own])
                if session >= 0:
                    self.seat[position] = session
                    self.seats.take(session)
                    self.fixed.add(position)

    def _vacancy(self, sessions_at: list[list[int]], site: int, mask: int) -> int:
        """The earliest of these sittings with a free seat, or -1."""
        hit = mask & self.seats.vacant[site]
        return sessions_at[site][(hit & -hit).bit_length() - 1] if hit else -1

    def draw(self, eligibility: Eligibility, odds: Odds, tier: int) -> None:
        """Everybody not placed yet draws among his sites of this tier (0 public, 1 other) until one has a seat."""
        district, names, digest, seats = self.pool.candidates.district, self.roll.names, self.lot.digest, self.seats
        at, vacant, free, bits, seat = eligibility.sessions_at, seats.vacant, seats.free, eligibility.bit, self.seat
        known = odds.known[tier]
        for position, (cand, kind) in enumerate(zip(self.cands, self.kinds, strict=True)):
            if seat[position] >= 0:
                continue
            key = kind.options, district[cand]
            wheel = known[key] if key in known else odds.wheel(kind, key[1], tier)
            if wheel is None:
                continue
            lot = digest(names[cand] + OTHER_TIER) if tier else self.digests[position]
            ends, options = wheel.ends, wheel.options
            # `odds.pick` and, below, `Seats.take` written out: everybody passes here.
            place = bisect_right(ends, int.from_bytes(lot[-DRAW_BYTES:], "big") * ends[-1] >> DRAW_BITS)
            site = options.sites[place]
            hit = kind.masks[options.places[place]] & vacant[site]
            if hit or len(options.sites) == 1:
                self.drawn[position] += (site,)
            else:
                site, hit = self._again(position, wheel, tier, lot, place)
            if hit:
                session = at[site][(hit & -hit).bit_length() - 1]
                free[session] -= 1
                if not free[session]:
                    vacant[site] ^= bits[session]
                seat[position] = self.first[position] = session

    def _again(self, position: int, wheel: Wheel, tier: int, lot: bytes, at: int) -> tuple[int, int]:
        """The draws after the first, option `at`, turned out full: the last site drawn and his sittings with a seat."""
        options, masks, vacant = wheel.options, self.kinds[position].masks, self.seats.vacant
        sites, seats, places = options.sites, options.seats, options.places
        most, ends, left = options.most, wheel.ends, list(range(len(sites)))
        weights, drawn, hit = wheel.weights.copy(), [sites[at]], 0
        # The first draw took the last 40 of these bits.
        bits = int.from_bytes(lot[-DRAW_BYTES * DRAWS_IN_DIGEST :], "big") >> DRAW_BITS
        for turn in range(1, len(sites)):
            gone = left.pop(at)
            if len(left) == 1:
                # One option alone is drawn whatever the number.
                at = 0
            else:
                if seats[gone] == most:
                    most, weights = wheel.left(left)
                    ends = added_up(weights)
                else:
                    del weights[at]
                    ends = list(accumulate(weights))
                if turn >= DRAWS_IN_DIGEST:
                    bits = self.lot.later(self.roll.names[self.cands[position]], tier, len(left))
                at = bisect_right(ends, (bits & DRAW_MASK) * ends[-1] >> DRAW_BITS)
                bits >>= DRAW_BITS
            place = left[at]
            site = sites[place]
            drawn.append(site)
            hit = masks[places[place]] & vacant[site]
            if hit:
                break
        self.drawn[position] += tuple(drawn)
        return drawn[-1], hit

    def note_capacity(self, eligibility: Eligibility) -> None:
        """The seats of this stage: what is free once the fixed are placed."""
        self.capacity = {number: self.seats.free[number] for site in self.sites for number in eligibility.sessions_at[site]}

    def movable(self) -> list[int]:
        """Positions that draw and may be moved: all but those fixed."""
        return [position for position in range(len(self.cands)) if position not in self.fixed]

    def condense(self) -> None:
        """Keep of the digests what the rows tell, the number, and one object for all who drew the same sites."""
        self.digests = [digest[:8] for digest in self.digests]
        alike: dict[tuple[int, ...], tuple[int, ...]] = {}
        self.drawn = [alike.setdefault(drawn, drawn) for drawn in self.drawn]

    def forget(self) -> None:
        """Let go of what only the rows tell."""
        self.digests, self.drawn, self.first = [], [], []
