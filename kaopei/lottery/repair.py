"""Canonical repair: shortest augmenting paths in lottery order, until no allocation could seat more."""

from bisect import insort
from collections import Counter
from typing import NamedTuple

from kaopei.lottery.component import Component
from kaopei.lottery.eligibility import Eligibility, Kind


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


# Positions by kind, ascending, of those in one sitting.
_Group = dict[Kind, list[int]]


class Repair:
    """The two phases over one component share who sits where."""

    def __init__(self, component: Component, eligibility: Eligibility) -> None:
        self._component = component
        self._eligibility = eligibility
        self._there: dict[int, _Group] = {}
        for position, (session, kind) in enumerate(zip(component.seat, component.kinds, strict=True)):
            if session >= 0 and position not in component.fixed:
                self._there.setdefault(session, {}).setdefault(kind, []).append(position)

    def phase(self, sources: list[int], order: list[int]) -> Flow:
        """Seat the sources, first in the lottery first, through the sites of `order`."""
        search = _Search(self._component, self._eligibility, self._there, order)
        augmented = moved = 0
        for source in sources:
            end = search.run(source)
            if end >= 0:
                augmented += 1
                moved += self._augment(source, end, search)
        component, free = self._component, self._component.seats.free
        capacity, dead = component.capacity, search.dead()
        alike = Counter(map(component.kinds.__getitem__, component.movable()))
        cut = Cut(
            demand_outside=sum(count for kind, count in alike.items() if kind not in search.dead_kinds),
            seats_inside=sum(capacity[session] for session in dead),
            sessions=dead,
        )
        return Flow(sum(capacity[session] - free[session] for session in search.sessions), cut, augmented, moved)

    def _augment(self, source: int, end: int, search: "_Search") -> int:
        """Everybody on the path moves one sitting on; returns how many moved."""
        component = self._component
        component.seats.take(end)
        search.note(end)
        moved = 0
        while True:
            kind = search.reached[end]
            before = search.via[kind]
            if before < 0:
                break
            # Of this kind the last in the lottery moves: he had the weakest claim to this sitting.
            mover = self._there[before][kind][-1]
            self._leave(mover, kind, before)
            self._sit(mover, kind, end)
            search.note(before)
            moved += 1
            end = before
        left = component.seat[source]
        if left >= 0:
            self._leave(source, kind, left)
            component.seats.give_back(left)
            search.note(left)
        self._sit(source, kind, end)
        return moved

    def _leave(self, position: int, kind: Kind, session: int) -> None:
        group = self._there[session]
        group[kind].remove(position)
        if not group[kind]:
            del group[kind]

    def _sit(self, position: int, kind: Kind, session: int) -> None:
        insort(self._there.setdefault(session, {}).setdefault(kind, []), position)
        self._component.seat[position] = session


class _Search:
    """Breadth-first search over kinds; what a failed search visited is dead for the rest of the phase.

    All sittings of the phase are bits of one number, site after site in their order and within a site in theirs: what
    a kind may use, what was not reached yet and where there are free seats are met with one operation.
    """

    def __init__(self, component: Component, eligibility: Eligibility, there: dict[int, _Group], order: list[int]) -> None:
        self._component = component
        self._there = there
        self.sessions: list[int] = []
        self._begins: list[int] = []
        self._vacant = 0
        for site in order:
            self._begins.append(len(self.sessions))
            self._vacant |= component.seats.vacant[site] << len(self.sessions)
            self.sessions += eligibility.sessions_at[site]
        self._begin = dict(zip(order, self._begins, strict=True))
        self._bit = {session: 1 << place for place, session in enumerate(self.sessions)}
        # Sittings that no failed search reached, and of these the ones that the search under way did not.
        self._alive = self._open = (1 << len(self.sessions)) - 1
        self._masks: dict[Kind, int] = {}
        self._lines: dict[int, tuple[int, list[tuple[int, Kind]]]] = {}
        self.dead_kinds: set[Kind] = set()
        # Of the last search: from which kind a sitting was reached, and from which sitting a kind.
        self.reached: dict[int, Kind] = {}
        self.via: dict[Kind, int] = {}

    def dead(self) -> list[int]:
        """The sittings that a failed search reached, ascending."""
        return sorted(session for session, bit in self._bit.items() if not bit & self._alive)

    def note(self, session: int) -> None:
        """Somebody came or went here; a sitting of another phase's sites is none of ours."""
        self._lines.pop(session, None)
        bit = self._bit.get(session, 0)
        self._vacant = self._vacant | bit if self._component.seats.free[session] else self._vacant & ~bit

    def run(self, source: int) -> int:
        """The first sitting with a free seat that a chain of moves can reach, or -1."""
        first = self._component.kinds[source]
        if first in self.dead_kinds:
            return -1
        self.via, self.reached = {first: -1}, {}
        turn = self._begins[self._component.digests[source][31] % len(self._begins)] if self._begins else 0
        self._open = self._alive
        queue: list[int] = []
        end = self._expand(first, self._mask(first), turn, queue)
        for session in queue:
            if end >= 0:
                return end
            end = self._move_on(session, turn, queue)
        if end < 0:
            self._alive = self._open
            self.dead_kinds.update([first], *(self._there.get(session, ()) for session in queue))
        return end

    def _move_on(self, session: int, turn: int, queue: list[int]) -> int:
        """Expand the kinds of those who sit in a full sitting; as `_expand`."""
        every, line = self._lines.get(session) or self._line(session)
        if every & self._open:
            for mask, kind in line:
                if mask & self._open:
                    self.via[kind] = session
                    end = self._expand(kind, mask, turn, queue)
                    if end >= 0:
                        return end
        return -1

    def _expand(self, kind: Kind, mask: int, turn: int, queue: list[int]) -> int:
        """Reach what the kind may use and nobody reached before; gives the first sitting with a free seat, or -1."""
        fresh = mask & self._open
        hit = fresh & self._vacant
        if hit:
            hit = hit >> turn << turn or hit
            end = self.sessions[(hit & -hit).bit_length() - 1]
            self.reached[end] = kind
            return end
        self._open ^= fresh
        later = fresh >> turn << turn
        for some in (later, fresh ^ later):
            while some:
                bit = some & -some
                some ^= bit
                session = self.sessions[bit.bit_length() - 1]
                self.reached[session] = kind
                queue.append(session)
        return -1

    def _line(self, session: int) -> tuple[int, list[tuple[int, Kind]]]:
        """All that those in a sitting may use, and their kinds, by the first of each, as far as they add to that."""
        line, every = [], 0
        # Nobody has two positions, so the kinds themselves are never compared.
        for _, kind in sorted((positions[0], kind) for kind, positions in self._there.get(session, {}).items()):
            mask = self._mask(kind)
            if mask & ~every:
                line.append((mask, kind))
                every |= mask
        self._lines[session] = every, line
        return every, line

    def _mask(self, kind: Kind) -> int:
        """The kind's sittings of this phase."""
        mask = self._masks.get(kind)
        if mask is None:
            begin = self._begin
            places = [(mask, begin[site]) for site, mask in zip(kind.sites, kind.masks, strict=True) if site in begin]
            mask = self._masks[kind] = sum(mask << place for mask, place in places)
        return mask
