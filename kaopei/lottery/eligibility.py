"""二（三）: who may sit where, in a form that a draw can re-run for a million candidates."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable

from kaopei.lottery.pool import Pool

Release = tuple[int, int]


class Offer:
    """The sittings of one site for one subject that are usable if release is ignored, by (day, slot, id)."""

    __slots__ = ("follow", "seats", "sessions", "site", "size", "times")

    def __init__(self, site: int, sessions: list[int], times: list[int], seats: int) -> None:
        self.site = site
        self.sessions = sessions
        self.times = times
        self.size = len(sessions)
        self.seats = seats
        # Union-find over the sittings: a full one points behind itself; the end points to itself.
        self.follow: list[int] = []
        self.rebuild()

    def rebuild(self) -> None:
        """Forget which sittings were full: seats may have been given back."""
        self.follow = list(range(self.size + 1))


class Kind:
    """Candidates alike for the repair: same allowed sites, subject, release and barred time."""

    __slots__ = ("_at", "barred", "begin", "offers", "options", "starts")

    def __init__(self, options: int, barred: int, offers: list[Offer], begin: int) -> None:
        # Number of the pair (allowed sites, subject): all kinds that share it share their weights.
        self.options = options
        self.barred = barred
        self.offers = offers
        # Rank of the first time after release, and where it comes in each offer.
        self.begin = begin
        self.starts = [bisect_left(offer.times, begin) for offer in offers]
        self._at = {offer.site: (offer, start) for offer, start in zip(offers, self.starts, strict=True)}

    def allows(self, site: int, session: int) -> bool:
        """Whether this sitting at this site is one that he may use, full or not."""
        offer, start = self._at.get(site, (None, 0))
        if offer is None or session not in offer.sessions:
            return False
        at = offer.sessions.index(session)
        return at >= start and offer.times[at] != self.barred

    def seat(self, site: int, free: list[int]) -> int:
        """The earliest usable sitting with a free seat at an allowed site, or -1."""
        offer, start = self._at[site]
        at = _first_free(offer, start, free)
        while at < offer.size:
            if offer.times[at] != self.barred:
                return offer.sessions[at]
            at = _first_free(offer, at + 1, free)
        return -1


def _first_free(offer: Offer, start: int, free: list[int]) -> int:
    """Place of the first sitting from `start` with a free seat; one past the last if none."""
    follow, root = offer.follow, start
    while True:
        after = follow[root]
        while after != root:
            root, after = after, follow[after]
        if root == offer.size or free[offer.sessions[root]]:
            break
        follow[root] = root + 1
    while start != root:
        follow[start], start = root, follow[start]
    return root


class Eligibility:
    """The rules of one part (T or P): which sites, which sittings."""

    def __init__(self, pool: Pool, part: str) -> None:
        self.pool = pool
        self.part = part
        self.sites_of: dict[str, list[int]] = defaultdict(list)
        for place, site in enumerate(pool.sites):
            self.sites_of[site.city].append(place)
        self.sessions_at: dict[int, list[int]] = defaultdict(list)
        for number, session in enumerate(pool.sessions):
            if session.part == part:
                self.sessions_at[session.site].append(number)
        for sessions in self.sessions_at.values():
            # Sessions are numbered by id, so a stable sort by time leaves ids in order.
            sessions.sort(key=lambda number: pool.sessions[number].time)
        self._offers: dict[tuple[int, str], Offer | None] = {}
        self._markets: dict[tuple[str, str], list[int]] = {}
        self._sole: dict[tuple[str, str], int] = {}
        self._numbers: dict[tuple[tuple[int, ...], str], int] = {}
        self._kinds: dict[tuple[int, Release, int], Kind] = {}

    def rebuild(self) -> None:
        """Before a stage: all sittings may have free seats again."""
        for offer in self._offers.values():
            if offer is not None:
                offer.rebuild()

    def offer(self, site: int, subject: str) -> Offer | None:
        """What a site offers for a subject; None if nothing."""
        key = (site, subject)
        if key not in self._offers:
            self._offers[key] = self._make_offer(site, subject)
        return self._offers[key]

    def _make_offer(self, site: int, subject: str) -> Offer | None:
        if subject not in self.pool.sites[site].subjects[self.part]:
            return None
        numbers = [
            number
            for number in self.sessions_at[site]
            if (session := self.pool.sessions[number]).seats and not session.suspended and (session.subjects is None or subject in session.subjects)
        ]
        sessions = [self.pool.sessions[number] for number in numbers]
        seats = sum(session.seats for session in sessions)
        return Offer(site, numbers, [session.time for session in sessions], seats) if numbers else None

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
        offers = [
            offer
            for site in sites
            if (offer := self.offer(site, subject)) is not None
            and offer.times[-1] >= begin
            and (barred < 0 or any(time >= begin and time != barred for time in offer.times))
        ]
        allowed = tuple(offer.site for offer in offers)
        options = self._numbers.setdefault((allowed, subject), len(self._numbers))
        key = (options, release, barred)
        if key not in self._kinds:
            self._kinds[key] = Kind(options, barred, offers, begin)
        return self._kinds[key]
