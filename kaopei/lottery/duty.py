"""Staff duties by lot: as many filled as anybody could fill, then an even load; who goes where is decided by the seed.

People and duties are numbers (places in the caller's lists). A duty needs one person and takes up a turn (duties
whose hours overlap); a person serves at most once a turn. Within a turn people come in the order of their load so far,
then of their hash: the matroid of matchable people makes this greedy choice exactly maximal and, among the maximal ones, the one
that the order prefers. Afterwards duties move along chains from the loaded to the idle until no move evens the load.
"""

import hashlib
from collections import deque
from collections.abc import Collection, Hashable, Mapping, Sequence

from kaopei.lottery.seed import begun

Turn = Hashable


def order_key(seed: str, role: str, person: str) -> bytes:
    """The hash by which people of the same load are ordered: H(`duty`, role, person)."""
    return hashlib.sha256(begun(seed, "duty", role, person)).digest()


class Duties:
    """One role's duties. `turns[d]` is the turn of duty d, `able[d]` the people who may serve in it."""

    def __init__(self, turns: Sequence[Turn], able: Sequence[Collection[int]], keys: Sequence[bytes]) -> None:
        self.turns, self.able, self.keys = turns, able, keys
        self.person: list[int] = [-1] * len(turns)
        self.load = [0] * len(keys)
        self._at: dict[tuple[int, Turn], int] = {}
        self._held: list[set[int]] = [set() for _ in keys]
        self._open: dict[int, list[int]] = {}
        for duty, people in enumerate(able):
            for person in people:
                self._open.setdefault(person, []).append(duty)

    def draw(self) -> list[int]:
        """The person of each duty, -1 where nobody is left who may serve."""
        turns: dict[Turn, list[int]] = {}
        for duty, turn in enumerate(self.turns):
            turns.setdefault(turn, []).append(duty)
        for duties in turns.values():
            self._fill(duties)
        self._even()
        return self.person

    def _fill(self, duties: Sequence[int]) -> None:
        """Augment from each person in turn; a person whose search fails stays out whatever comes after him."""
        people = sorted({p for duty in duties for p in self.able[duty]}, key=lambda p: (self.load[p], self.keys[p]))
        mine: dict[int, list[int]] = {p: [] for p in people}
        for duty in duties:
            for p in self.able[duty]:
                mine[p].append(duty)
        missing = len(duties)
        for p in people:
            if not missing:
                break
            missing -= self._augment(p, mine)

    def _augment(self, person: int, mine: Mapping[int, Sequence[int]]) -> bool:
        via: dict[int, int] = {}
        queue = deque([person])
        while queue:
            here = queue.popleft()
            for duty in mine[here]:
                if duty in via:
                    continue
                via[duty] = here
                holder = self.person[duty]
                if holder < 0:
                    self._take_over(duty, via, person)
                    return True
                queue.append(holder)
        return False

    def _take_over(self, duty: int, via: Mapping[int, int], source: int) -> None:
        """Back along the path: everybody takes the duty through which he was reached and leaves the one he had."""
        while True:
            taker = via[duty]
            left = self._at.get((taker, self.turns[duty]), -1)
            if left >= 0:
                self._drop(left)
            self._put(duty, taker)
            if taker == source:
                return
            duty = left

    def _put(self, duty: int, person: int) -> None:
        self.person[duty] = person
        self.load[person] += 1
        self._held[person].add(duty)
        self._at[person, self.turns[duty]] = duty

    def _drop(self, duty: int) -> None:
        person = self.person[duty]
        self.person[duty] = -1
        self.load[person] -= 1
        self._held[person].discard(duty)
        del self._at[person, self.turns[duty]]

    def _even(self) -> None:
        """Move duties from the loaded to those with two fewer at least, the most loaded first, until nothing moves."""
        moved = True
        while moved:
            order = sorted((p for p in range(len(self.keys)) if self.load[p] > 1), key=lambda p: (-self.load[p], self.keys[p]))
            moved = any(self._relieve(p) for p in order)

    def _relieve(self, giver: int) -> bool:
        """Take one duty off the giver along the shortest chain that ends at somebody with two fewer."""
        via: dict[int, tuple[int, int]] = {}
        seen = {giver}
        queue: deque[int] = deque()
        for duty in sorted(self._held[giver]):
            via[duty] = (-1, giver)
            queue.append(duty)
        while queue:
            duty = queue.popleft()
            for taker in sorted(self.able[duty], key=lambda p: (self.load[p], self.keys[p])):
                if taker == self.person[duty]:
                    continue
                same = self._at.get((taker, self.turns[duty]), -1)
                if same >= 0:
                    # He serves in this turn already: he may swap, and his duty looks for somebody else.
                    if same not in via:
                        via[same] = (duty, taker)
                        queue.append(same)
                    continue
                if self.load[taker] <= self.load[giver] - 2:
                    self._pass_on(duty, taker, via)
                    return True
                if taker not in seen:
                    seen.add(taker)
                    for other in sorted(self._held[taker]):
                        if other not in via:
                            via[other] = (duty, taker)
                            queue.append(other)
        return False

    def _pass_on(self, duty: int, taker: int, via: Mapping[int, tuple[int, int]]) -> None:
        moves = [(duty, taker)]
        while via[duty][0] >= 0:
            duty, taker = via[duty]
            moves.append((duty, taker))
        for moving, _ in moves:
            self._drop(moving)
        for moving, to in moves:
            self._put(moving, to)
