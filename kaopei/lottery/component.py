"""One market of one stage: a city's part of the draw, or the province's in the cross-city stage."""

from collections.abc import Callable, Collection, Iterable, Sequence

from kaopei.lottery.eligibility import Eligibility, Kind
from kaopei.lottery.odds import Odds, Wheel
from kaopei.lottery.pool import Pool
from kaopei.lottery.seed import OTHER_TIER, Lot

# The kind with these open sites and this subject, earliest day and rank of the theory sitting (-1: none).
KindOf = Callable[[tuple[int, ...], str, int, int], Kind]
# Open sites by city, subject, institution, student flag and avoid list.
SitesOf = Callable[[str, str, str, int, tuple[str, ...]], tuple[int, ...]]


class Component:
    """Candidates by their position in the lottery, and where each has been seated so far."""

    def __init__(self, pool: Pool, lot: Lot, names: list[bytes], city: str, sites: list[int], free: list[int]) -> None:
        self.pool = pool
        self.lot = lot
        # Candidates' ids as they are hashed, by number of the candidate.
        self.names = names
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
        people, digest, names = self.pool.candidates, self.lot.digest, self.names
        # The first 64 bits are the number; ties by id, bytewise.
        lots = [(drawn[:8], people.id[cand], drawn, cand) for cand in cands if (drawn := digest(names[cand]))]
        lots.sort()
        if ahead:
            lots.sort(key=lambda lot: lot[3] not in ahead)
        self.digests = [lot[2] for lot in lots]
        self.cands = [lot[3] for lot in lots]
        city, subject, inst, student, avoid = people.city, people.subject, people.inst, people.student, people.avoid
        earliest = people.earliest
        kinds: dict[object, Kind] = {}
        open_sites: dict[object, tuple[int, ...]] = {}
        for cand in self.cands:
            key = (city[cand], subject[cand], inst[cand], student[cand], avoid[cand], earliest[cand], theory[cand])
            kind = kinds.get(key)
            if kind is None:
                who = key[:5]
                if who not in open_sites:
                    open_sites[who] = sites_of(*who)
                kind = kinds[key] = kind_of(open_sites[who], key[1], key[5], key[6])
            self.kinds.append(kind)
        self.seat = [-1] * len(lots)
        self.first = [-1] * len(lots)
        self.drawn = [()] * len(lots)

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
                wheel = odds.wheel(kind, people.district[cand], tier)
                if wheel is not None:
                    self._spin(position, self.names[cand], wheel, tier)

    def _spin(self, position: int, name: bytes, wheel: Wheel, tier: int) -> None:
        digest = self.lot.digest(name + OTHER_TIER) if tier else self.digests[position]
        draws = int.from_bytes(digest[8:], "big")
        kind, left, free = self.kinds[position], list(range(len(wheel.sites))), self.free
        drawn: list[int] = []
        most, weights, total = wheel.first
        session = -1
        while session < 0:
            number = self.lot.number(name, draws, tier, len(drawn), len(left))
            place = wheel.pick(number, left, weights, total)
            site = wheel.sites[place]
            drawn.append(site)
            session = kind.seat(site, free)
            if session < 0:
                left.remove(place)
                if not left:
                    break
                total -= weights[place]
                if wheel.seats[place] == most:
                    most, weights, total = wheel.left(left)
        self.drawn[position] += tuple(drawn)
        if session >= 0:
            free[session] -= 1
            self.seat[position] = self.first[position] = session

    def note_capacity(self, eligibility: Eligibility) -> None:
        """The seats of this stage: what is free once the fixed are placed."""
        self.capacity = {number: self.free[number] for site in self.sites for number in eligibility.sessions_at[site]}

    def movable(self) -> Iterable[int]:
        """Positions that the draw and the repair decide about."""
        return (position for position in range(len(self.cands)) if position not in self.fixed)
