"""One market of one stage drawn again: lottery order, draws, then the repair."""

import hashlib
from bisect import insort
from collections.abc import Callable, Iterator

from .market import Market, Moment, Option, Scale, weigh
from .reading import Person

When = Callable[[Person], tuple[Moment, Moment | None]]
Kind = int


def hashed(*fields: str) -> bytes:
    """SHA-256 over fields, each after its length in four bytes."""
    raws = [field.encode() for field in fields]
    return hashlib.sha256(b"".join([len(raw).to_bytes(4, "big") + raw for raw in raws])).digest()


class Ticket:
    """One candidate in the round."""

    __slots__ = ("digest", "drawn", "first", "fixed", "kind", "person", "seat")

    def __init__(self, person: Person, digest: bytes) -> None:
        self.person = person
        self.digest = digest
        self.kind: Kind = -1
        self.drawn: list[str] = []
        self.first: str | None = None
        self.seat: str | None = None
        self.fixed = False


class Round:
    """The candidates of a city's part, or of the province's cross-city stage (`city` empty)."""

    def __init__(self, seed: str, market: Market, scale: Scale, city: str, free: dict[str, int]) -> None:
        self.seed = seed
        self.market = market
        self.scale = scale
        self.city = city
        self.label = market.part if city else market.part + "x"
        self.free = free
        self.tickets: list[Ticket] = []
        self.capacity: dict[str, int] = {}
        sites = market.instance.sites
        cities = [city] if city else [each for each, facts in market.instance.cities.items() if facts["accepts"]]
        self.sites = [site for site in sites if sites[site].city in cities and market.rows[site]]
        # By kind: allowed sites, the number of these with the subject, and the usable sittings at each site.
        self.allowed: list[tuple[str, ...]] = []
        self.menu: list[int] = []
        self.usable: list[dict[str, list[str]]] = []
        self._kinds: dict[object, Kind] = {}
        self._menus: dict[tuple[tuple[str, ...], str], int] = {}

    def enter(self, people: list[Person], when: When, ahead: frozenset[str] = frozenset()) -> None:
        """Lottery numbers, order, and what is open to each; those ahead come before the others."""
        start = hashlib.sha256(b"".join(len(raw).to_bytes(4, "big") + raw for raw in self._prefix()))
        for person in people:
            raw = person.id.encode()
            state = start.copy()
            state.update(len(raw).to_bytes(4, "big") + raw)
            self.tickets.append(Ticket(person, state.digest()))
        self.tickets.sort(key=lambda ticket: (ticket.person.id not in ahead, ticket.digest[:8], ticket.person.id.encode()))
        for ticket in self.tickets:
            ticket.kind = self._kind(ticket.person, *when(ticket.person))

    def _prefix(self) -> list[bytes]:
        return [b"xexam/1", self.seed.encode(), self.label.encode()]

    def _kind(self, person: Person, release: Moment, barred: Moment | None) -> Kind:
        subject = person.subject
        profile = (person.city, subject, person.inst, person.student, person.avoid, release, barred)
        if profile not in self._kinds:
            listed = self.market.home(person) if self.city else self.market.away(person)
            usable = {site: self.market.usable(site, subject, release, barred) for site in listed}
            allowed = tuple(site for site in listed if usable[site])
            meaning = (allowed, subject, release, barred)
            if meaning not in self._kinds:
                self._kinds[meaning] = len(self.allowed)
                self.allowed.append(allowed)
                self.menu.append(self._menus.setdefault((allowed, subject), len(self._menus)))
                self.usable.append({site: [sitting.id for sitting in usable[site]] for site in allowed})
            self._kinds[profile] = self._kinds[meaning]
        return self._kinds[profile]

    def play(self) -> None:
        """Own schools first if the rules say so, then public sites, then the others."""
        market = self.market
        if self.city and market.instance.rules["own_school_first"]:
            for ticket in self.tickets:
                person = ticket.person
                own = [site for site in self.allowed[ticket.kind] if market.school(person, site)]
                if own and person.asks_own_school:
                    self._take(ticket, self._vacancy(ticket.kind, own[0]))
                    ticket.fixed = ticket.seat is not None
        self.capacity = {sitting.id: self.free[sitting.id] for site in self.sites for sitting in market.rows[site]}
        for tier in (0, 1):
            known: dict[tuple[int, str], list[Option]] = {}
            for ticket in self.tickets:
                if ticket.seat is None:
                    key = (self.menu[ticket.kind], ticket.person.district)
                    options = known.get(key)
                    if options is None:
                        allowed, subject = self.allowed[ticket.kind], ticket.person.subject
                        every = self.scale.options(allowed, subject, key[1])
                        options = known[key] = [each for each in every if self.is_public(each[0]) == (tier == 0)]
                    self._spin(ticket, tier, options.copy())

    def is_public(self, site: str) -> bool:
        """A public base."""
        return self.market.instance.sites[site].kind == "public"

    def _spin(self, ticket: Ticket, tier: int, left: list[Option]) -> None:
        numbers = self._numbers(ticket, tier, left)
        while left and ticket.seat is None:
            weights = weigh(left)
            rest = next(numbers) * sum(weights) >> 40
            place = 0
            while rest >= weights[place]:
                rest -= weights[place]
                place += 1
            site = left[place][0]
            ticket.drawn.append(site)
            ticket.first = self._vacancy(ticket.kind, site)
            self._take(ticket, ticket.first)
            left.pop(place)

    def _numbers(self, ticket: Ticket, tier: int, left: list[Option]) -> Iterator[int]:
        """The draws of one tier: four out of one digest, then one out of each."""
        start = ("xexam/1", self.seed, self.label, ticket.person.id)
        digest = hashed(*start, "t1") if tier else ticket.digest
        value = int.from_bytes(digest[8:32], "big")
        for turn in range(4):
            yield (value >> 40 * turn) % 2**40
        while True:
            yield int.from_bytes(hashed(*start, "r", str(tier), str(len(left)))[27:], "big")

    def _vacancy(self, kind: Kind, site: str) -> str | None:
        """The earliest usable sitting with a free seat; seats only fill up during the draw."""
        for sitting in self.usable[kind][site]:
            if self.free[sitting]:
                return sitting
        return None

    def _take(self, ticket: Ticket, sitting: str | None) -> None:
        ticket.seat = sitting
        if sitting is not None:
            self.free[sitting] -= 1


class Phase:
    """Shortest augmenting paths over some sites, source by source, until none is left."""

    def __init__(self, played: Round, public: bool) -> None:
        self._round = played
        self._sites = [site for site in played.sites if played.is_public(site)] if public else played.sites
        self._inside = {sitting.id for site in self._sites for sitting in played.market.rows[site]}
        self._sites = sorted(self._sites, key=lambda site: (hashed("xexam/1", played.seed, "pt", site), site))
        self.dead_kinds: set[Kind] = set()
        self.dead: set[str] = set()
        self.augmented = self.moved = 0
        self._ordered: dict[Kind, list[tuple[int, list[str]]]] = {}
        # Lottery positions in each sitting of these sites, ascending.
        self._there: dict[str, list[int]] = {sitting: [] for sitting in self._inside}
        tickets = played.tickets
        for position, ticket in enumerate(tickets):
            if ticket.seat in self._inside and not ticket.fixed:
                self._there[ticket.seat].append(position)
        for position, ticket in enumerate(tickets):
            if ticket.seat not in self._inside and not ticket.fixed:
                self._seek(position)
        self.seated = sum(1 for ticket in tickets if ticket.seat in self._inside and not ticket.fixed)
        self.outside = sum(1 for ticket in tickets if ticket.kind not in self.dead_kinds and not ticket.fixed)
        self.seats = sum(played.capacity[sitting] for sitting in self.dead)

    def _seek(self, source: int) -> None:
        tickets, free = self._round.tickets, self._round.free
        ticket = tickets[source]
        if ticket.kind in self.dead_kinds:
            return
        turn = ticket.digest[31] % len(self._sites) if self._sites else 0
        # How each sitting and each kind was reached; both keep the order of the search.
        by_kind: dict[str, Kind] = {}
        by_sitting: dict[Kind, str | None] = {ticket.kind: None}
        queue = [ticket.kind]
        for kind in queue:
            for sittings in self._turned(kind, turn):
                for sitting in sittings:
                    if sitting in by_kind or sitting in self.dead:
                        continue
                    by_kind[sitting] = kind
                    if free[sitting]:
                        self._shift(source, sitting, by_kind, by_sitting)
                        return
                    for position in self._there[sitting]:
                        other = tickets[position].kind
                        if other not in by_sitting and other not in self.dead_kinds:
                            by_sitting[other] = sitting
                            queue.append(other)
        self.dead.update(by_kind)
        self.dead_kinds.update(by_sitting)

    def _turned(self, kind: Kind, turn: int) -> list[list[str]]:
        """The kind's sittings by site, in the order of these sites begun at `turn`."""
        if kind not in self._ordered:
            usable = self._round.usable[kind]
            self._ordered[kind] = [(place, usable[site]) for place, site in enumerate(self._sites) if site in usable]
        found = self._ordered[kind]
        begin = sum(1 for place, _ in found if place < turn)
        return [sittings for _, sittings in found[begin:] + found[:begin]]

    def _shift(self, source: int, end: str, by_kind: dict[str, Kind], by_sitting: dict[Kind, str | None]) -> None:
        tickets, free = self._round.tickets, self._round.free
        free[end] -= 1
        self.augmented += 1
        while (before := by_sitting[by_kind[end]]) is not None:
            mover = max(position for position in self._there[before] if tickets[position].kind == by_kind[end])
            self._there[before].remove(mover)
            insort(self._there[end], mover)
            tickets[mover].seat = end
            self.moved += 1
            end = before
        left = tickets[source].seat
        if left is not None:
            free[left] += 1
        insort(self._there[end], source)
        tickets[source].seat = end
