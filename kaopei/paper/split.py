"""Dealing chosen uses out to papers: an edge colouring of a bipartite multigraph, which always exists (Kőnig).

Left stands what may be in a paper only once (an enemy group, or an item alone), right a place in a blueprint cell;
each use of an item is an edge, each paper a colour. No node has more edges than there are papers.
"""

from collections.abc import Mapping, Sequence

from kaopei.paper.item import Item

Node = tuple[str, ...]


def deal(items: Sequence[Item], uses: Mapping[str, int], papers: int) -> list[list[Item]]:
    """The papers, each with one item a place and never two of one enemy group; the order of `items` decides ties."""
    colouring = _Colouring(papers)
    filled: dict[tuple[str, str], int] = {}
    for item in items:
        left: Node = ("group", item.enemy) if item.enemy else ("item", item.number)
        for _ in range(uses[item.number]):
            place = filled.get(item.cell, 0)
            filled[item.cell] = place + 1
            colouring.add(item, left, ("place", *item.cell, str(place // papers)))
    return colouring.papers()


class _Colouring:
    def __init__(self, colours: int) -> None:
        self._colours = range(colours)
        # node → colour → (item, the node at the other end)
        self._at: dict[Node, dict[int, tuple[Item, Node]]] = {}

    def add(self, item: Item, left: Node, right: Node) -> None:
        for node in (left, right):
            self._at.setdefault(node, {})
        free, wanted = self._free(left), self._free(right)
        if free not in self._at[right]:
            wanted = free
        self._swap(right, free, wanted)
        self._put(item, left, right, free)

    def papers(self) -> list[list[Item]]:
        found: list[list[Item]] = [[] for _ in self._colours]
        for node, edges in self._at.items():
            if node[0] == "place":
                for colour, (item, _) in edges.items():
                    found[colour].append(item)
        return found

    def _free(self, node: Node) -> int:
        return next(colour for colour in self._colours if colour not in self._at[node])

    def _put(self, item: Item, left: Node, right: Node, colour: int) -> None:
        self._at[left][colour] = (item, right)
        self._at[right][colour] = (item, left)

    def _swap(self, start: Node, busy: int, other: int) -> None:
        """Exchange two colours along the path that leaves `start` by `busy`, so that `busy` becomes free there."""
        path = []
        node, colour = start, busy
        while busy != other and colour in self._at[node]:
            item, far = self._at[node].pop(colour)
            del self._at[far][colour]
            path.append((item, node, far, colour))
            # The edge of the other colour at the far end has to make room in its turn.
            node, colour = far, busy + other - colour
        for item, near, far, colour in path:
            self._put(item, near, far, busy + other - colour)
