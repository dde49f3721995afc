"""How often each item is used, so that the papers overlap as little as the bank allows: a minimum-cost flow.

Source → enemy group (at most once a paper) → item → blueprint cell. The k-th use of an item costs k: summed up, that
is the number of items that two papers share, over all pairs. Integers only; the result is exactly optimal.
"""

import heapq
from collections.abc import Mapping, Sequence

from kaopei.paper.item import Item

Cell = tuple[str, str]
_SOURCE = ("source",)
_FAR = 1 << 200
# Room below each criterion for the sums of the next one.
_STEP = 1 << 48


class Flow:
    """Uses of items in `papers` papers; `counts` per cell, `shared[number]` earlier papers to keep away from."""

    def __init__(
        self,
        items: Sequence[Item],
        counts: Mapping[Cell, int],
        papers: int,
        shared: Mapping[str, int],
        exposed: Mapping[str, int],
    ) -> None:
        self.papers = papers
        self.open = {cell: count * papers for cell, count in counts.items()}
        self.uses = {item.number: 0 for item in items}
        rank = {item.number: place for place, item in enumerate(items)}
        self._base = {number: (shared.get(number, 0) * _STEP + exposed.get(number, 0)) * _STEP + rank[number] for number in self.uses}
        self._load: dict[str, int] = {}
        self._heaps: dict[Cell, list[tuple[int, str]]] = {cell: [] for cell in counts}
        self._arcs: list[tuple[str, str, Cell]] = []
        for item in items:
            if item.cell not in counts:
                continue
            if item.enemy:
                self._load[item.enemy] = 0
                self._arcs.append((item.number, item.enemy, item.cell))
            else:
                self._heaps[item.cell].append((self._cost(item.number), item.number))
        for heap in self._heaps.values():
            heapq.heapify(heap)

    def fill(self) -> dict[Cell, int]:
        """Fill the cells as far as possible; what is still missing in each, nothing if the papers can be made."""
        while path := self._cheapest_path():
            for number, change in path:
                self.uses[number] += change
        return {cell: missing for cell, missing in self.open.items() if missing}

    def _cost(self, number: str, use: int | None = None) -> int:
        """Cost of the next use of an item, or of its use number `use` (from 0)."""
        use = self.uses[number] if use is None else use
        return use * _STEP * _STEP + self._base[number]

    def _cheapest_path(self) -> list[tuple[str, int]]:
        """The items whose use changes along the cheapest way to a cell that still misses some; [] if there is none."""
        far: dict[object, int] = dict.fromkeys(self._heaps, _FAR)
        back: dict[object, tuple[object, str, int]] = {}
        for cell, heap in self._heaps.items():
            if heap:
                far[cell], back[cell] = heap[0][0], (_SOURCE, heap[0][1], 1)
        for enemy, load in self._load.items():
            far[enemy] = 0 if load < self.papers else _FAR
        self._relax(far, back)
        goals = [cell for cell, missing in self.open.items() if missing and far[cell] < _FAR // 2]
        if not goals:
            return []
        return self._take(min(goals, key=lambda cell: (far[cell], cell)), back)

    def _relax(self, far: dict[object, int], back: dict[object, tuple[object, str, int]]) -> None:
        """Bellman and Ford over the arcs of enemy groups, forward and backward; there is no negative circle."""
        changed = True
        while changed:
            changed = False
            for number, enemy, cell in self._arcs:
                used = self.uses[number]
                if used < self.papers and far[enemy] + self._cost(number) < far[cell]:
                    far[cell], back[cell] = far[enemy] + self._cost(number), (enemy, number, 1)
                    changed = True
                if used and far[cell] - self._cost(number, used - 1) < far[enemy]:
                    far[enemy], back[enemy] = far[cell] - self._cost(number, used - 1), (cell, number, -1)
                    changed = True

    def _take(self, goal: Cell, back: Mapping[object, tuple[object, str, int]]) -> list[tuple[str, int]]:
        self.open[goal] -= 1
        path: list[tuple[str, int]] = []
        node: object = goal
        while node in back:
            before, number, change = back[node]
            path.append((number, change))
            if before is _SOURCE:
                self._next_single(node, number)
                return path
            node = before
        # The way ended in an enemy group that was not full: it now carries one use more.
        self._load[str(node)] += 1
        return path

    def _next_single(self, cell: object, number: str) -> None:
        heap = self._heaps[cell]  # type: ignore[index]
        heapq.heappop(heap)
        if self.uses[number] + 1 < self.papers:
            heapq.heappush(heap, (self._cost(number, self.uses[number] + 1), number))
