"""Evening papers out by exchanges within a blueprint cell: the overlap keeps its sum, difficulty becomes equal."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from kaopei.paper.item import Item

# Up to this many papers the overlap is also spread evenly over the pairs; beyond it its sum alone counts.
PAIRS_UP_TO = 12
# Thousandths of mean difficulty within which rested items are worth more than the exact target.
TOLERANCE = 5


@dataclass(frozen=True, slots=True)
class _Move:
    """Item `old` leaves paper `paper` for `new`; with a partner the two papers swap them."""

    paper: int
    old: Item
    new: Item
    partner: int | None = None


class Balance:
    """Papers under exchange; `shared` and `exposed` as in `assemble`, `target` the wished sum of difficulties."""

    def __init__(
        self,
        papers: Sequence[Sequence[Item]],
        items: Sequence[Item],
        target: int,
        shared: Mapping[str, int],
        exposed: Mapping[str, int],
    ) -> None:
        self.papers: list[dict[str, Item]] = [{item.number: item for item in paper} for paper in papers]
        self._target = target
        self._shared = shared
        self._exposed = exposed
        self._enemies = [{item.enemy for item in paper if item.enemy} for paper in papers]
        self._sums = [sum(item.difficulty for item in paper) for paper in papers]
        self._mates: dict[tuple[str, str], list[Item]] = {}
        for item in items:
            self._mates.setdefault(item.cell, []).append(item)
        # Bit p of an item's mask: paper p holds it.
        self._masks = dict.fromkeys((item.number for item in items), 0)
        for place, paper in enumerate(self.papers):
            for number in paper:
                self._masks[number] |= 1 << place
        self._pairs = 2 < len(papers) <= PAIRS_UP_TO
        self._overlap = [[len(one.keys() & two.keys()) for two in self.papers] for one in self.papers]

    def even_out(self) -> None:
        """First the overlaps of the pairs, then the difficulties without making the pairs worse."""
        # Each step lowers a sum of squares of whole numbers, so both loops end.
        while self._pairs and self._even_pairs():
            continue
        while self._even_difficulty():
            continue

    def _even_pairs(self) -> bool:
        """One sweep over all pairs of papers; False if nothing could be gained."""
        gained = False
        for one in range(len(self.papers)):
            for two in range(one + 1, len(self.papers)):
                for move in list(self._swaps(one, two)):
                    if self._legal(move) and self._pair_change(move) < 0:
                        self._apply(move)
                        gained = True
        return gained

    def _even_difficulty(self) -> bool:
        """One exchange that brings sums nearer to the target, of the papers farthest off that have one."""
        order = sorted(range(len(self.papers)), key=lambda paper: (-abs(self._sums[paper] - self._target), paper))
        for one in order:
            if self._best(self._replacements(one)):
                return True
            for two in sorted(order, key=lambda paper: (-abs(self._sums[paper] - self._sums[one]), paper)):
                if self._best(self._swaps(one, two)):
                    return True
        return False

    def _best(self, moves: Iterator[_Move]) -> bool:
        gains = [(gain, move) for move in moves if (gain := self._gain(move)) > 0]
        # A stable sort keeps the seeded order among equal gains.
        for _, move in sorted(gains, key=lambda pair: -pair[0]):
            if not self._pairs or self._pair_change(move) <= 0:
                self._apply(move)
                return True
        return False

    def _gain(self, move: _Move) -> int:
        step = move.new.difficulty - move.old.difficulty
        gain = _square_drop(self._sums[move.paper] - self._target, step)
        if move.partner is not None:
            gain += _square_drop(self._sums[move.partner] - self._target, -step)
        return gain

    def _swaps(self, one: int, two: int) -> Iterator[_Move]:
        ours, theirs = self.papers[one], self.papers[two]
        offered: dict[tuple[str, str], list[Item]] = {}
        for new in theirs.values():
            if new.number not in ours:
                offered.setdefault(new.cell, []).append(new)
        for old in ours.values():
            if old.number not in theirs:
                for new in offered.get(old.cell, ()):
                    move = _Move(one, old, new, two)
                    if self._legal(move):
                        yield move

    def _replacements(self, paper: int) -> Iterator[_Move]:
        """Exchanges with an item outside the paper that cost no overlap: it is used less than the one it replaces."""
        distance = self._sums[paper] - self._target
        for old in self.papers[paper].values() if distance else ():
            limit = self._uses(old) - 1
            for new in self._mates[old.cell]:
                if _square_drop(distance, new.difficulty - old.difficulty) > 0 and self._uses(new) <= limit:
                    move = _Move(paper, old, new)
                    if self._rested(move) and self._legal(move):
                        yield move

    def _uses(self, item: Item) -> int:
        return self._masks[item.number].bit_count() + self._shared.get(item.number, 0)

    def _rested(self, move: _Move) -> bool:
        """A more exposed item may only come in while the paper is clearly too hard or too easy."""
        far = abs(self._sums[move.paper] - self._target) > TOLERANCE * len(self.papers[move.paper])
        return far or self._exposed.get(move.new.number, 0) <= self._exposed.get(move.old.number, 0)

    def _legal(self, move: _Move) -> bool:
        """Still possible, and no second item of an enemy group in either paper."""
        ours = self.papers[move.paper]
        if move.old.number not in ours or move.new.number in ours or not self._fits(move.new, move.old, move.paper):
            return False
        if move.partner is None:
            return True
        theirs = self.papers[move.partner]
        return move.new.number in theirs and move.old.number not in theirs and self._fits(move.old, move.new, move.partner)

    def _fits(self, new: Item, old: Item, paper: int) -> bool:
        return not new.enemy or new.enemy == old.enemy or new.enemy not in self._enemies[paper]

    def _pair_change(self, move: _Move) -> int:
        """Change of the sum of squared overlaps over all pairs of papers."""
        change = 0
        for other, step in self._steps(move):
            change += 2 * step * self._overlap[move.paper][other] + 1
            if move.partner is not None:
                change += 1 - 2 * step * self._overlap[move.partner][other]
        return change

    def _steps(self, move: _Move) -> Iterator[tuple[int, int]]:
        """Papers besides those of the move whose overlap changes, and by how much with the first of them."""
        new, old = self._masks[move.new.number], self._masks[move.old.number]
        for other in range(len(self.papers)):
            step = (new >> other & 1) - (old >> other & 1)
            if step and other not in (move.paper, move.partner):
                yield other, step

    def _apply(self, move: _Move) -> None:
        for other, step in list(self._steps(move)):
            self._shift(move.paper, other, step)
            if move.partner is not None:
                self._shift(move.partner, other, -step)
        self._change(move.paper, move.old, move.new)
        if move.partner is not None:
            self._change(move.partner, move.new, move.old)

    def _shift(self, one: int, two: int, step: int) -> None:
        self._overlap[one][two] += step
        self._overlap[two][one] += step

    def _change(self, paper: int, old: Item, new: Item) -> None:
        del self.papers[paper][old.number]
        self.papers[paper][new.number] = new
        self._masks[old.number] ^= 1 << paper
        self._masks[new.number] ^= 1 << paper
        self._enemies[paper] = {item.enemy for item in self.papers[paper].values() if item.enemy}
        self._sums[paper] += new.difficulty - old.difficulty


def _square_drop(distance: int, step: int) -> int:
    """How much the square of a distance falls when the distance changes by `step`."""
    return distance * distance - (distance + step) * (distance + step)
