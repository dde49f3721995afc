"""二（三）: who may sit where, in a form that a draw can re-run for a million candidates."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable

from kaopei.lottery.pool import Pool

Release = tuple[int, int]


class Kind:
    """Candidates alike for the repair: same allowed sites, subject, release and barred time."""

    __slots__ = ("barred", "begin", "masks", "options", "sites", "subject")

    def __init__(self, options: int, subject: str, begin: int, barred: int, sites: tuple[int, ...], masks: list[int]) -> None:
        # Number of the pair (allowed sites, subject): all kinds that share it share their weights.
        self.options = options
        self.subject = subject
        # Rank of the first time after release, and of the time at which he sits his theory (-1: it does not matter).
        self.begin = begin
        self.barred = barred
        self.sites = sites
        # The sittings that he may use at each site, full or not: bits in their order.
        self.masks = masks

    def allows(self, site: int, bit: int) -> bool:
        """Whether this sitting at this site is one that he may use."""
        return site in self.sites and bool(self.masks[self.sites.index(site)] & bit)


class Seats:
    """The free seats of each sitting of a part, and the sittings of each site that have any, as bits in their order."""

    def __init__(self, eligibility: "Eligibility") -> None:
        sessions = eligibility.pool.sessions
        self._site = [session.site for session in sessions]
        self._bit = eligibility.bit
        self.free = [session.seats for session in sessions]
        self.vacant = [sum(self._bit[each] for each in numbers if self.free[each]) for numbers in eligibility.sessions_at]

    def take(self, session: int) -> None:
        """Somebody sits down; there is a seat for him."""
        self.free[session] -= 1
        if not self.free[session]:
            self.vacant[self._site[session]] ^= self._bit[session]

    def give_back(self, session: int) -> None:
        """Somebody leaves."""
        self.free[session] += 1
        self.vacant[self._site[session]] |= self._bit[session]


class Eligibility:
    """The rules of one part (T or P): which sites, which sittings."""

    def __init__(self, pool: Pool, part: str) -> None:
        self.pool = pool
        self.part = part
        self.sites_of: dict[str, list[int]] = defaultdict(list)
        for place, site in enumerate(pool.sites):
            self.sites_of[site.city].append(place)
        # Sittings of a site in the order in which they are used.
        self.sessions_at: list[list[int]] = [[] for _ in pool.sites]
        for number, session in enumerate(pool.sessions):
            if session.part == part:
                self.sessions_at[session.site].append(number)
        # Each sitting as a bit among those of its site; the other part's have none.
        self.bit = [0] * len(pool.sessions)
        for sessions in self.sessions_at:
            # Sessions are numbered by id, so a stable sort by time leaves ids in order.
            sessions.sort(key=lambda number: pool.sessions[number].time)
            for place, number in enumerate(sessions):
                self.bit[number] = 1 << place
        # For each site and rank of a time, the sittings from that time on.
        self._from = [self._later(sessions) for sessions in self.sessions_at]
        self._offers: dict[tuple[int, str], tuple[int, int]] = {}
        self._markets: dict[tuple[str, str], list[int]] = {}
        self._sole: dict[tuple[str, str], int] = {}
        self._numbers: dict[tuple[tuple[int, ...], str], int] = {}
        self._kinds: dict[tuple[int, Release, int], Kind] = {}

    def offer(self, site: int, subject: str) -> int:
        """The sittings of a site that are usable for a subject if release is ignored, as bits."""
        return self._offer(site, subject)[0]

    def seats(self, site: int, subject: str) -> int:
        """All seats of these sittings, taken or not."""
        return self._offer(site, subject)[1]

    def _offer(self, site: int, subject: str) -> tuple[int, int]:
        key = (site, subject)
        if key not in self._offers:
            numbers = self._usable(site, subject)
            seats = sum(self.pool.sessions[number].seats for number in numbers)
            self._offers[key] = sum(self.bit[number] for number in numbers), seats
        return self._offers[key]

    def _usable(self, site: int, subject: str) -> list[int]:
        if subject not in self.pool.sites[site].subjects[self.part]:
            return []
        return [
            number
            for number in self.sessions_at[site]
            if (session := self.pool.sessions[number]).seats and not session.suspended and (session.subjects is None or subject in session.subjects)
        ]

    def offering(self, city: str, subject: str) -> list[int]:
        """Sites of a city with at least one sitting for the subject that is usable, release ignored."""
        key = (city, subject)
        if key not in self._markets:
            self._markets[key] = [site for site in self.sites_of[city] if self.offer(site, subject)]
        return self._markets[key]

    def sole_site(self, city: str, subject: str) -> int:
        """二（三） N2.3.5: the only site of the city for this subject and part, or -1; a suspended rival counts."""
        key = (city, subject)
        if key not in self._sole:
            if self.pool.rules.sole_point == "registered":
                sites = [site for site in self.sites_of[city] if subject in self.pool.sites[site].subjects[self.part]]
            else:
                sites = self.offering(city, subject)
            self._sole[key] = sites[0] if len(sites) == 1 else -1
        return self._sole[key]

    def is_own(self, site: int, inst: str) -> bool:
        """二（三） N2.3.2: the site belongs to the candidate's institution or to one under the same control."""
        place = self.pool.sites[site]
        if inst and place.inst == inst:
            return True
        controller = self.pool.controllers.get(inst, "")
        return bool(self.pool.rules.same_controller_own and controller and controller == place.controller)

    def is_own_school(self, site: int, inst: str, student: int) -> bool:
        """二（三） N2.3.6: a full-time student's own school, where the city allows it."""
        place = self.pool.sites[site]
        return bool(student and inst and place.kind == "school" and place.inst == inst and self.pool.cities[place.city].own_school)

    def exemption(self, site: int, inst: str, student: int) -> str:
        """By which exemption he may sit at this site of his city: `own_school`, `sole_site`, or none is needed."""
        if not self.is_own(site, inst):
            return ""
        return "own_school" if self.is_own_school(site, inst, student) else "sole_site"

    def home_sites(self, city: str, subject: str, inst: str, student: int, avoid: Iterable[str]) -> tuple[int, ...]:
        """Sites of his city that are open to him if release is ignored; the avoid list beats the exemptions."""
        sites, sole, shunned = self.pool.sites, self.sole_site(city, subject), set(avoid)
        return tuple(
            site
            for site in self.offering(city, subject)
            if sites[site].id not in shunned and (not self.is_own(site, inst) or site == sole or self.is_own_school(site, inst, student))
        )

    def cross_sites(self, city: str, subject: str, inst: str, student: int, avoid: Iterable[str]) -> tuple[int, ...]:
        """二（六）: sites of other accepting cities that are open to him, release ignored; no exemption."""
        pool, shunned = self.pool, set(avoid)
        cities = [
            other
            for other, facts in pool.cities.items()
            if other != city and facts.accepts_cross and (pool.crossings is None or (city, other, subject) in pool.crossings)
        ]
        sites = sorted(site for other in cities for site in self.offering(other, subject))
        return tuple(site for site in sites if pool.sites[site].id not in shunned and not self.is_own(site, inst))

    def kind(self, sites: Iterable[int], subject: str, release: Release, barred: int = -1) -> Kind:
        """The kind with these sites: one stays if it has a sitting after release that is not at the barred time."""
        begin = bisect_right(self.pool.times, release)
        later, offers, masks = self._from, self._offers, {}
        for site in sites:
            mask = (offers.get((site, subject)) or self._offer(site, subject))[0] & later[site][begin]
            if barred >= 0:
                mask &= later[site][barred + 1] | ~later[site][barred]
            if mask:
                masks[site] = mask
        allowed = tuple(masks)
        options = self._numbers.setdefault((allowed, subject), len(self._numbers))
        key = (options, release, barred)
        if key not in self._kinds:
            self._kinds[key] = Kind(options, subject, begin, barred, allowed, list(masks.values()))
        return self._kinds[key]

    def _later(self, sessions: list[int]) -> list[int]:
        times = [self.pool.sessions[number].time for number in sessions]
        return [-1 << bisect_left(times, begin) for begin in range(len(self.pool.times) + 1)]
