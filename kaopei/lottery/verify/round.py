"""One market of one stage drawn again: lottery order, draws, then the repair."""

import hashlib
from bisect import bisect_right, insort
from collections.abc import Callable
from operator import attrgetter

from .market import Market, Moment, Option, Scale, weigh
from .reading import Person

# When he sits his theory, as far as it matters; from it, after what and not when he may be seated.
Theory = Callable[[Person], Moment | None]
When = Callable[[Person], tuple[Moment, Moment | None]]
Kind = int
# City, subject, institution, student flag, avoid list, earliest day and when he sits his theory.
Profile = tuple[str, str, str, int, tuple[str, ...], int, Moment | None]


def prefixed(text: str) -> bytes:
    """A field as it is hashed: after its length in four bytes."""
    raw = text.encode()
    return len(raw).to_bytes(4, "big") + raw


def hashed(*fields: str) -> bytes:
    """SHA-256 over fields."""
    return hashlib.sha256(b"".join(map(prefixed, fields))).digest()


# The second tier's own draws, and those of a tier after the fourth.
_SECOND = prefixed("t1")
_AGAIN = [prefixed("r") + prefixed(tier) for tier in "01"]


class Ticket:
    """One candidate in the round."""

    __slots__ = ("digest", "drawn", "first", "fixed", "kind", "person", "seat", "somewhere")

    def __init__(self, person: Person, begun: bytes) -> None:
        self.person = person
        self.digest = hashlib.sha256(begun + prefixed(person.id)).digest()
        self.kind: Kind = -1
        # Whether any site is open to him.
        self.somewhere = False
        self.drawn: tuple[str, ...] = ()
        self.first: str | None = None
        self.seat: str | None = None
        self.fixed = False


class Sittings:
    """What some candidates may use at a site: all, and those that were not full yet in this round, the first last."""

    __slots__ = ("all", "waiting")

    def __init__(self, ids: list[str]) -> None:
        self.all = ids
        self.waiting = ids[::-1]


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
        self._begun = b"".join(map(prefixed, ("xexam/1", seed, self.label)))
        sites = market.instance.sites
        cities = [city] if city else [each for each, facts in market.instance.cities.items() if facts["accepts"]]
        self.sites = [site for site in sites if sites[site].city in cities and market.rows[site]]
        # By kind: allowed sites, the number of these with the subject, and the usable sittings at each site.
        self.allowed: list[tuple[str, ...]] = []
        self.menu: list[int] = []
        self.usable: list[dict[str, Sittings]] = []
        self._alike: dict[object, Sittings] = {}
        self._kinds: dict[Profile, Kind] = {}
        self._meanings: dict[object, Kind] = {}
        self._menus: dict[tuple[tuple[str, ...], str], int] = {}

    def enter(self, people: list[Person], theory: Theory | None, when: When, ahead: frozenset[str] = frozenset()) -> None:
        """Lottery numbers, order, and what is open to each; those ahead come before the others."""
        self.tickets = [Ticket(person, self._begun) for person in sorted(people, key=attrgetter("id"))]
        # Each sort keeps the order of those that it does not tell apart.
        self.tickets.sort(key=lambda ticket: ticket.digest[:8])
        if ahead:
            self.tickets.sort(key=lambda ticket: ticket.person.id not in ahead)
        known = self._kinds
        for ticket in self.tickets:
            person = ticket.person
            _, _, city, inst, subject, _, _, earliest, student, avoid, _, _ = person
            profile = (city, subject, inst, student, avoid, earliest, theory(person) if theory else None)
            kind = known.get(profile)
            if kind is None:
                kind = known[profile] = self._kind(person, *when(person))
            ticket.kind = kind
            ticket.somewhere = bool(self.allowed[kind])

    def _hash(self, ticket: Ticket, more: bytes) -> bytes:
        """The hash of the stage, a candidate and what else there is."""
        return hashlib.sha256(self._begun + prefixed(ticket.person.id) + more).digest()

    def _kind(self, person: Person, release: Moment, barred: Moment | None) -> Kind:
        subject = person.subject
        listed = self.market.home(person) if self.city else self.market.away(person)
        usable = {site: found for site in listed if (found := self._sittings(site, subject, release, barred)).all}
        allowed = tuple(usable)
        meaning = (allowed, subject, release, barred)
        if meaning not in self._meanings:
            self._meanings[meaning] = len(self.allowed)
            self.allowed.append(allowed)
            self.menu.append(self._menus.setdefault((allowed, subject), len(self._menus)))
            self.usable.append(usable)
        return self._meanings[meaning]

    def _sittings(self, site: str, subject: str, release: Moment, barred: Moment | None) -> "Sittings":
        key = (site, subject, release, barred)
        if key not in self._alike:
            self._alike[key] = Sittings([each.id for each in self.market.usable(site, subject, release, barred)])
        return self._alike[key]

    def play(self) -> None:
        """Own schools first if the rules say so, then public sites, then the others."""
        market = self.market
        if self.city and market.instance.rules["own_school_first"]:
            for ticket in self.tickets:
                person = ticket.person
                own = [site for site in self.allowed[ticket.kind] if market.school(person, site)]
                if own and person.asks_own_school:
                    ticket.seat = self._vacancy(self.usable[ticket.kind][own[0]].waiting)
                    ticket.fixed = ticket.seat is not None
        self.capacity = {sitting.id: self.free[sitting.id] for site in self.sites for sitting in market.rows[site]}
        for tier in (0, 1):
            known: dict[tuple[int, str], tuple[list[Option], list[int]]] = {}
            for ticket in self.tickets:
                if ticket.seat is None:
                    key = (self.menu[ticket.kind], ticket.person.district)
                    if key not in known:
                        known[key] = self._options(ticket, tier)
                    options, ends = known[key]
                    if options:
                        self._spin(ticket, tier, options, ends)

    def _options(self, ticket: Ticket, tier: int) -> tuple[list[Option], list[int]]:
        """His sites of a tier, with their weights added up."""
        options = self.scale.options(self.allowed[ticket.kind], ticket.person.subject, ticket.person.district, public=not tier)
        return options, weigh(options) if options else []

    def is_public(self, site: str) -> bool:
        """A public base."""
        return self.market.instance.sites[site].kind == "public"

    def _spin(self, ticket: Ticket, tier: int, options: list[Option], ends: list[int]) -> None:
        digest = self._hash(ticket, _SECOND) if tier else ticket.digest
        usable, free, number, turn = self.usable[ticket.kind], self.free, 0, 0
        drawn = []
        while True:
            if turn < 4:
                number = int.from_bytes(digest[27 - 5 * turn : 32 - 5 * turn], "big")
            elif len(options) > 1:  # one option alone is drawn whatever the number
                number = int.from_bytes(self._hash(ticket, _AGAIN[tier] + prefixed(str(len(options))))[27:], "big")
            place = bisect_right(ends, number * ends[-1] >> 40)
            site, seats, _ = options[place]
            drawn.append(site)
            # `_vacancy` written out: everybody passes here.
            waiting = usable[site].waiting
            while waiting and not free[waiting[-1]]:
                waiting.pop()
            if waiting:
                free[waiting[-1]] -= 1
                ticket.first = ticket.seat = waiting[-1]
                break
            if len(options) == 1:
                break
            options = options[:place] + options[place + 1 :]
            ends = weigh(options)
            turn += 1
        ticket.drawn += tuple(drawn)

    def _vacancy(self, waiting: list[str]) -> str | None:
        """The earliest of these sittings with a free seat, which is taken; seats only fill up during the draw."""
        free = self.free
        while waiting:
            if free[waiting[-1]]:
                free[waiting[-1]] -= 1
                return waiting[-1]
            waiting.pop()
        return None


class Phase:
    """Shortest augmenting paths over some sites, source by source, until none is left."""

    def __init__(self, played: Round, public: bool) -> None:
        self._round = played
        self._sites = [site for site in played.sites if played.is_public(site)] if public else played.sites
        self._sites = sorted(self._sites, key=lambda site: (hashed("xexam/1", played.seed, "pt", site), site))
        # The sittings site by site, each with its place, and where each site begins.
        self._place: dict[str, int] = {}
        self._begins: list[int] = []
        for site in self._sites:
            self._begins.append(len(self._place))
            for sitting in played.market.rows[site]:
                self._place[sitting.id] = len(self._place)
        self._inside = self._place.keys()
        # Those that no failed search reached; while one is under way, without what it reached.
        self._left = set(self._inside)
        self.dead_kinds: set[Kind] = set()
        self.augmented = self.moved = 0
        self._usable: dict[Kind, frozenset[str]] = {}
        # Lottery positions in each sitting of these sites, ascending, and their kinds in that order.
        self._there: dict[str, list[int]] = {sitting: [] for sitting in self._inside}
        self._mix: dict[str, list[Kind]] = {}
        alike: dict[Kind, int] = {}
        elsewhere = []
        for position, ticket in enumerate(played.tickets):
            if ticket.fixed:
                continue
            alike[ticket.kind] = alike.get(ticket.kind, 0) + 1
            if ticket.seat in self._inside:
                self._there[ticket.seat].append(position)
            else:
                elsewhere.append(position)
        for position in elsewhere:
            if played.tickets[position].kind not in self.dead_kinds:
                self._seek(position)
        self.seated = sum(map(len, self._there.values()))
        self.outside = sum(number for kind, number in alike.items() if kind not in self.dead_kinds)
        self.dead = self._inside - self._left
        self.seats = sum(played.capacity[sitting] for sitting in self.dead)

    def _seek(self, source: int) -> None:
        ticket = self._round.tickets[source]
        turn = self._begins[ticket.digest[31] % len(self._sites)] if self._sites else 0
        # How each sitting was reached, in the order of the search, and each kind that was looked into.
        by_kind: dict[str, Kind] = {}
        by_sitting: dict[Kind, str | None] = {ticket.kind: None}
        queue: list[str] = []
        end = self._look(ticket.kind, turn, by_kind, queue)
        # A sitting's people are looked at when its turn comes: nobody between could have come before them.
        waiting = iter(queue)
        while end is None and (sitting := next(waiting, None)) is not None:
            for kind in self._kinds_in(sitting):
                if end is None and kind not in by_sitting:
                    by_sitting[kind] = sitting
                    end = self._look(kind, turn, by_kind, queue)
        if end is None:
            self.dead_kinds.update(by_sitting)
        else:
            self._left.update(by_kind)
            self._shift(source, end, by_kind, by_sitting)

    def _look(self, kind: Kind, turn: int, by_kind: dict[str, Kind], queue: list[str]) -> str | None:
        """Reach what the kind may use and was not reached; the first sitting with a free seat ends the search."""
        free, left, place = self._round.free, self._left, self._place
        fresh = self._all(kind) & left
        if not fresh:
            return None
        for sitting in sorted(fresh, key=lambda each: (place[each] - turn) % len(place)):
            left.discard(sitting)
            by_kind[sitting] = kind
            if free[sitting]:
                return sitting
            queue.append(sitting)
        return None

    def _all(self, kind: Kind) -> frozenset[str]:
        """What a kind may use here."""
        if kind not in self._usable:
            usable = self._round.usable[kind]
            self._usable[kind] = frozenset(sitting for site in self._sites if site in usable for sitting in usable[site].all)
        return self._usable[kind]

    def _kinds_in(self, sitting: str) -> list[Kind]:
        """The kinds of those who sit there, by the first of each."""
        if sitting not in self._mix:
            tickets = self._round.tickets
            self._mix[sitting] = list(dict.fromkeys([tickets[position].kind for position in self._there[sitting]]))
        return self._mix[sitting]

    def _shift(self, source: int, end: str, by_kind: dict[str, Kind], by_sitting: dict[Kind, str | None]) -> None:
        tickets, free = self._round.tickets, self._round.free
        free[end] -= 1
        self.augmented += 1
        while (before := by_sitting[by_kind[end]]) is not None:
            mover = max(position for position in self._there[before] if tickets[position].kind == by_kind[end])
            self._there[before].remove(mover)
            self._sit(mover, end)
            self.moved += 1
            end = before
        left = tickets[source].seat
        if left is not None:
            free[left] += 1
        self._sit(source, end)

    def _sit(self, position: int, sitting: str) -> None:
        insort(self._there[sitting], position)
        self._round.tickets[position].seat = sitting
        self._mix.pop(sitting, None)
