"""One market of one stage: a city's part of the draw, or the province's in the cross-city stage."""

from collections.abc import Callable, Iterable

from kaopei.lottery.eligibility import Eligibility, Kind, Release
from kaopei.lottery.odds import Odds, Wheel
from kaopei.lottery.pool import Pool
from kaopei.lottery.seed import DRAW_BITS, DRAW_MASK, DRAWS_IN_DIGEST, Lot

# What must be over before a candidate may sit, and the rank of the time at which he sits elsewhere (-1: none).
ReleaseOf = Callable[[int], tuple[Release, int]]
SitesOf = Callable[[str, str, str, int, tuple[str, ...]], tuple[int, ...]]


class Component:
    """Candidates by their position in the lottery, and where each has been seated so far."""

    def __init__(self, pool: Pool, lot: Lot, city: str, sites: list[int], free: list[int]) -> None:
        self.pool = pool
        self.lot = lot
        # Empty in the cross-city stage.
        self.city = city
        # The sites whose order the repair uses: those with any session row of this part.
        self.sites = sites
        # Free seats of every sitting of the instance, shared by all stages.
        self.free = free
        self.cands: list[int] = []
        self.digests: list[bytes] = []
        self.kinds: list[Kind] = []
        self.seat: list[int] = []
        # The sites drawn, in order, and the sitting that the last of them gave (-1: it was full too).
        self.drawn: list[list[int]] = []
        self.first: list[int] = []
        # Positions placed before the draw, which the repair leaves alone.
        self.fixed: set[int] = set()
        self.capacity: dict[int, int] = {}

    def enter(self, cands: Iterable[int], sites_of: SitesOf, release_of: ReleaseOf, eligibility: Eligibility) -> None:
        """Put the candidates in lottery order and find out what is open to each."""
        people, digest = self.pool.candidates, self.lot.digest
        lots = [(digest(people.id[cand]), people.id[cand], cand) for cand in cands]
        # The first 64 bits are the number; ties by id, bytewise.
        lots.sort(key=lambda lot: (lot[0][:8], lot[1]))
        self.digests = [lot[0] for lot in lots]
        self.cands = [lot[2] for lot in lots]
        known: dict[object, Kind] = {}
        open_sites: dict[object, tuple[int, ...]] = {}
        for cand in self.cands:
            who = (people.city[cand], people.subject[cand], people.inst[cand], people.student[cand], people.avoid[cand])
            release = release_of(cand)
            key = (who, release)
            kind = known.get(key)
            if kind is None:
                if who not in open_sites:
                    open_sites[who] = sites_of(*who)
                kind = known[key] = eligibility.kind(open_sites[who], who[1], *release)
            self.kinds.append(kind)
        self.seat = [-1] * len(lots)
        self.first = [-1] * len(lots)
        self.drawn = [[] for _ in lots]

    def place_own_school(self, eligibility: Eligibility) -> None:
        """二（三） N2.3.6: a student who asks for it sits at his own school, before anybody draws."""
        people = self.pool.candidates
        for position, cand in enumerate(self.cands):
            if not (people.student[cand] and people.asks_own_school[cand]):
                continue
            kind, inst = self.kinds[position], people.inst[cand]
            own = next((offer.site for offer in kind.offers if eligibility.is_own_school(offer.site, inst, 1)), -1)
            session = kind.seat(own, self.free) if own >= 0 else -1
            if session >= 0:
                self.seat[position] = session
                self.free[session] -= 1
                self.fixed.add(position)

    def draw(self, odds: Odds, tier: int) -> None:
        """Everybody not placed yet draws among his sites of this tier (0 public, 1 other) until one has a seat."""
        people = self.pool.candidates
        for position, kind in enumerate(self.kinds):
            if self.seat[position] < 0:
                cand = self.cands[position]
                wheel = odds.wheels(kind, people.district[cand])[tier]
                if wheel is not None:
                    self._spin(position, people.id[cand], wheel, tier)

    def _spin(self, position: int, candidate: str, wheel: Wheel, tier: int) -> None:
        digest = self.lot.digest(candidate, "t1") if tier else self.digests[position]
        numbers = int.from_bytes(digest[8:], "big")
        kind, drawn = self.kinds[position], self.drawn[position]
        left: Wheel | None = wheel
        turn = 0
        while left is not None:
            if turn < DRAWS_IN_DIGEST:
                number = numbers >> DRAW_BITS * turn & DRAW_MASK
            else:
                number = self.lot.again(candidate, tier, len(left.sites))
            place = left.pick(number)
            site = left.sites[place]
            drawn.append(site)
            session = kind.seat(site, self.free)
            if session >= 0:
                self.free[session] -= 1
                self.seat[position] = self.first[position] = session
                return
            left = left.without(place)
            turn += 1

    def note_capacity(self, eligibility: Eligibility) -> None:
        """The seats of this stage: what is free once the fixed are placed."""
        self.capacity = {number: self.free[number] for site in self.sites for number in eligibility.sessions_at[site]}

    def movable(self) -> Iterable[int]:
        """Positions that the draw and the repair decide about."""
        return (position for position in range(len(self.cands)) if position not in self.fixed)
