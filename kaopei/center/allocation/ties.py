"""二（三） N2.3.2: who stands behind whom. Ties make institutions, enterprises and sites one controller."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

MINORITY_SHARE = "参股"


@dataclass(frozen=True, slots=True)
class Tie:
    """One row of the ties register: an undirected line between two bodies, by credit code or site code."""

    a: str
    b: str
    kind: str
    percent: Decimal | None
    start: date | None
    end: date | None

    def holds(self, day: date, least_share: Decimal) -> bool:
        """In force on the day. A minority share under the limit does not count; a share of unknown size does."""
        if (self.start and day < self.start) or (self.end and day > self.end):
            return False
        return not (self.kind == MINORITY_SHARE and self.percent is not None and self.percent < least_share)


def controllers(ties: Iterable[Tie], *, day: date, least_share: Decimal, hosts: Mapping[str, str]) -> dict[str, str]:
    """The smallest id of each body's connected component. A body without any tie in force is not in the answer.

    `hosts` gives the institution behind an attached site: a tie to such a site is a tie to its host.
    A site without an institution is a body of its own.
    """
    parent: dict[str, str] = {}

    def root(body: str) -> str:
        parent.setdefault(body, body)
        while parent[body] != body:
            parent[body] = parent[parent[body]]
            body = parent[body]
        return body

    for tie in ties:
        if tie.holds(day, least_share):
            one, two = sorted((root(hosts.get(tie.a, tie.a)), root(hosts.get(tie.b, tie.b))))
            parent[two] = one  # the smaller id stays the root
    return {body: root(body) for body in sorted(parent)}
