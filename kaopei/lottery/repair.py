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
        for position, session in enumerate(component.seat):
            if session >= 0 and position not in component.fixed:
                kinds = self._crowd.setdefault(session, {})
                kinds.setdefault(component.kinds[position], []).append(position)

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


class _Search:
    """Breadth-first search over kinds; what a failed search visited is dead for the rest of the phase."""

    def __init__(self, component: Component, crowd: dict[int, dict[Kind, list[int]]], order: list[int]) -> None:
        self._component = component
        self._crowd = crowd
        self._length = len(order)
        self._place = {site: place for place, site in enumerate(order)}
        self._spots: dict[Kind, tuple[list[int], list[tuple[Offer, int]]]] = {}
        self.dead_kinds: set[Kind] = set()
        self.dead_sessions: set[int] = set()
        self._dead_from: dict[Offer, int] = {}
        # Of the last search: from which kind a sitting was reached, and from which sitting a kind.
        self.reached: dict[int, Kind] = {}
        self.via: dict[Kind, int] = {}

    def run(self, source: int) -> int:
        """The first sitting with a free seat that a chain of moves can reach, or -1."""
        first = self._component.kinds[source]
        if first in self.dead_kinds:
            return -1
        self.via, self.reached = {first: -1}, {}
        scanned: dict[Offer, int] = {}
        turn = self._component.digests[source][31] % self._length if self._length else 0
        queue = [first]
        for kind in queue:
            end = self._expand(kind, turn, scanned, queue)
            if end >= 0:
                return end
        self.dead_kinds.update(self.via)
        self.dead_sessions.update(self.reached)
        for offer, start in scanned.items():
            self._dead_from[offer] = min(start, self._dead_from.get(offer, start))
        return -1

    def _expand(self, kind: Kind, turn: int, scanned: dict[Offer, int], queue: list[Kind]) -> int:
        free, reached, dead, barred = self._component.free, self.reached, self.dead_sessions, kind.barred
        for offer, start in self._turned(kind, turn):
            # The sittings of an offer are scanned from a start to the end: what lies behind an earlier start is known.
            stop = min(scanned.get(offer, len(offer.sessions)), self._dead_from.get(offer, len(offer.sessions)))
            for at in range(start, stop):
                session = offer.sessions[at]
                if session in reached or session in dead or offer.times[at] == barred:
                    continue
                reached[session] = kind
                if free[session]:
                    return session
                self._enqueue(session, queue)
            if barred < 0 and start < stop:
                scanned[offer] = start
        return -1

    def _enqueue(self, session: int, queue: list[Kind]) -> None:
        crowd = self._crowd.get(session, {})
        fresh = [kind for kind in crowd if kind not in self.via and kind not in self.dead_kinds]
        fresh.sort(key=lambda kind: crowd[kind][0])
        for kind in fresh:
            self.via[kind] = session
        queue += fresh

    def _turned(self, kind: Kind, turn: int) -> list[tuple[Offer, int]]:
        """The kind's offers in the source's site order: the common order, begun at `turn`."""
        if kind not in self._spots:
            placed = sorted(
                (self._place[offer.site], place) for place, offer in enumerate(kind.offers) if offer.site in self._place
            )
            offers = [(kind.offers[place], kind.starts[place]) for _, place in placed]
            self._spots[kind] = [spot for spot, _ in placed], offers
        spots, offers = self._spots[kind]
        cut = bisect_left(spots, turn)
        return offers[cut:] + offers[:cut]
