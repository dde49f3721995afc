"""Canonical repair: shortest augmenting paths in lottery order, until no allocation could seat more."""

from bisect import bisect_left, insort
from typing import NamedTuple

from kaopei.lottery.component import Component
from kaopei.lottery.eligibility import Kind, Offer


class Cut(NamedTuple):
    """All that the sources left can reach: seated ≤ demand outside + seats inside, equal at the optimum."""

    demand_outside: int
    seats_inside: int
    sessions: list[int]


class Flow(NamedTuple):
    """One phase: how many are seated at its end, the cut that proves it, and what the repair did."""

    seated: int
    cut: Cut
    augmented: int
    moved: int


class Repair:
    """The two phases over one component share who sits where."""

    def __init__(self, component: Component) -> None:
        self._component = component
        self._crowd: dict[int, dict[Kind, list[int]]] = {}
        crowd, fixed = self._crowd, component.fixed
        for position, (session, kind) in enumerate(zip(component.seat, component.kinds, strict=True)):
            if session >= 0 and position not in fixed:
                kinds = crowd.get(session)
                if kinds is None:
                    crowd[session] = {kind: [position]}
                elif kind in kinds:
                    kinds[kind].append(position)
                else:
                    kinds[kind] = [position]

    def phase(self, sources: list[int], order: list[int]) -> Flow:
        """Seat the sources, first in the lottery first, through the sites of `order`."""
        search = _Search(self._component, self._crowd, order)
        augmented = moved = 0
        for source in sources:
            end = search.run(source)
            if end >= 0:
                augmented += 1
                moved += self._augment(source, end, search)
        component = self._component
        sites = set(order)
        sessions = component.pool.sessions
        seats = [component.seat[position] for position in component.movable()]
        cut = Cut(
            demand_outside=sum(1 for at in component.movable() if component.kinds[at] not in search.dead_kinds),
            seats_inside=sum(component.capacity[session] for session in search.dead_sessions),
            sessions=sorted(search.dead_sessions),
        )
        return Flow(sum(1 for seat in seats if seat >= 0 and sessions[seat].site in sites), cut, augmented, moved)

    def _augment(self, source: int, end: int, search: "_Search") -> int:
        """Everybody on the path moves one sitting on; returns how many moved."""
        component, crowd = self._component, self._crowd
        component.free[end] -= 1
        moved = 0
        while True:
            kind = search.reached[end]
            before = search.via[kind]
            if before < 0:
                break
            # Of this kind the last in the lottery moves: he had the weakest claim to this sitting.
            mover = crowd[before][kind].pop()
            if not crowd[before][kind]:
                del crowd[before][kind]
            self._sit(mover, kind, end)
            moved += 1
            end = before
        left = component.seat[source]
        if left >= 0:
            crowd[left][kind].remove(source)
            if not crowd[left][kind]:
                del crowd[left][kind]
            component.free[left] += 1
        self._sit(source, kind, end)
        return moved

    def _sit(self, position: int, kind: Kind, session: int) -> None:
        insort(self._crowd.setdefault(session, {}).setdefault(kind, []), position)
        self._component.seat[position] = session


class _Spot(NamedTuple):
    """What a kind may use at one site: an offer (by number in this phase) from a start."""

    place: int
    number: int
    start: int
    offer: Offer


class _Search:
    """Breadth-first search over kinds; what a failed search visited is dead for the rest of the phase."""

    def __init__(self, component: Component, crowd: dict[int, dict[Kind, list[int]]], order: list[int]) -> None:
        self._component = component
        self._crowd = crowd
        self._length = len(order)
        self._place = {site: place for place, site in enumerate(order)}
        self._spots: dict[Kind, tuple[list[int], list[_Spot]]] = {}
        self._numbers: dict[Offer, int] = {}
        # Sittings of an offer are scanned from a start to the end, so what lies behind an earlier start is known:
        # for the rest of the phase what is dead, and while one search runs what it has scanned.
        self._dead_from: list[int] = []
        self._low: list[int] = []
        self._touched: list[int] = []
        self.dead_kinds: set[Kind] = set()
        self.dead_sessions: set[int] = set()
        # Of the last search: from which kind a sitting was reached, and from which sitting a kind.
        self.reached: dict[int, Kind] = {}
        self.via: dict[Kind, int] = {}

    def run(self, source: int) -> int:
        """The first sitting with a free seat that a chain of moves can reach, or -1."""
        first = self._component.kinds[source]
        if first in self.dead_kinds:
            return -1
        self.via, self.reached = {first: -1}, {}
        turn = self._component.digests[source][31] % self._length if self._length else 0
        end = self._walk([first], turn)
        if end < 0:
            self.dead_kinds.update(self.via)
            self.dead_sessions.update(self.reached)
        for number in self._touched:
            if end < 0:
                self._dead_from[number] = self._low[number]
            else:
                self._low[number] = self._dead_from[number]
        self._touched.clear()
        return end

    def _walk(self, queue: list[Kind], turn: int) -> int:
        # By allowed sites and subject, the earliest release expanded: a later one reaches nothing new.
        covered: dict[int, int] = {}
        for kind in queue:
            if kind.begin < covered.get(kind.options, kind.begin + 1):
                end = self._expand(kind, turn, queue)
                if end >= 0:
                    return end
                if kind.barred < 0:
                    covered[kind.options] = kind.begin
        return -1

    def _expand(self, kind: Kind, turn: int, queue: list[Kind]) -> int:
        free, reached, dead, low = self._component.free, self.reached, self.dead_sessions, self._low
        barred = kind.barred
        for _, number, start, offer in self._turned(kind, turn):
            stop = low[number]
            for at in range(start, stop):
                session = offer.sessions[at]
                if session in reached or session in dead or offer.times[at] == barred:
                    continue
                reached[session] = kind
                if free[session]:
                    return session
                self._enqueue(session, queue)
            if barred < 0 and start < stop:
                low[number] = start
                self._touched.append(number)
        return -1

    def _enqueue(self, session: int, queue: list[Kind]) -> None:
        crowd, via, dead = self._crowd.get(session, {}), self.via, self.dead_kinds
        fresh = [(positions[0], kind) for kind, positions in crowd.items() if kind not in via and kind not in dead]
        if len(fresh) > 1:
            # Nobody has two positions, so the kinds themselves are never compared.
            fresh.sort()
        for _, kind in fresh:
            via[kind] = session
            queue.append(kind)

    def _turned(self, kind: Kind, turn: int) -> list[_Spot]:
        """The kind's offers in the source's site order: the common order, begun at `turn`."""
        if kind not in self._spots:
            placed = [
                _Spot(self._place[offer.site], self._number(offer), start, offer)
                for offer, start in zip(kind.offers, kind.starts, strict=True)
                if offer.site in self._place
            ]
            placed.sort(key=lambda spot: spot.place)
            self._spots[kind] = [spot.place for spot in placed], placed
        places, spots = self._spots[kind]
        cut = bisect_left(places, turn)
        return spots[cut:] + spots[:cut] if cut else spots

    def _number(self, offer: Offer) -> int:
        if offer not in self._numbers:
            self._numbers[offer] = len(self._low)
            self._low.append(len(offer.sessions))
            self._dead_from.append(len(offer.sessions))
        return self._numbers[offer]
