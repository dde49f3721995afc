"""Who counts as one, and who is tied to whom along which way: the graph of ties on a given day. Pure."""

import datetime as dt
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Protocol

# 二（二）: a holding under this share is left out. A sample setting of the city's rules, shown as an assumption.
SHARE_FLOOR = Decimal(5)
HOLDING = "参股"


class TieFacts(Protocol):
    """A tie, stored or as read."""

    @property
    def one_code(self) -> str: ...
    @property
    def other_code(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def share(self) -> Decimal | None: ...
    @property
    def from_day(self) -> dt.date | None: ...
    @property
    def to_day(self) -> dt.date | None: ...


def in_force(tie: TieFacts, day: dt.date) -> bool:
    """Whether the tie holds on that day (both ends included) and is more than a small holding."""
    if (tie.from_day and day < tie.from_day) or (tie.to_day and day > tie.to_day):
        return False
    return not (HOLDING in tie.kind and tie.share is not None and tie.share < SHARE_FLOOR)


def components(ties: Iterable[TieFacts], hosts: Mapping[str, str], codes: Iterable[str], day: dt.date) -> dict[str, str]:
    """二（三） N2.3.2: each code with the smallest code of its component.

    `hosts` maps a site to the body it stands on ("" for none): a tie to such a site is a tie to its host. Sites without a host
    and all further `codes` are members of their own. Codes compare as text.
    """
    above: dict[str, str] = {code: code for code in codes}
    above |= {site: site for site, host in hosts.items() if not host}
    above |= {host: host for host in hosts.values() if host}

    def top(code: str) -> str:
        while above.setdefault(code, code) != code:
            above[code] = above[above[code]]
            code = above[code]
        return code

    for tie in ties:
        if in_force(tie, day):
            one, other = (top(hosts.get(code) or code) for code in (tie.one_code, tie.other_code))
            above[max(one, other)] = min(one, other)
    found = {code: top(code) for code in list(above)}
    return found | {site: found[host] for site, host in hosts.items() if host}


class Web:
    """The ties in force on one day, as a graph without direction."""

    def __init__(self, rows: Iterable[TieFacts], day: dt.date) -> None:
        self._beside: dict[str, list[str]] = {}
        self._between: dict[tuple[str, str], list[TieFacts]] = {}
        for row in rows:
            if in_force(row, day):
                for one, other in ((row.one_code, row.other_code), (row.other_code, row.one_code)):
                    self._beside.setdefault(one, []).append(other)
                    self._between.setdefault((one, other), []).append(row)

    def within(self, start: str, hops: int) -> dict[str, tuple[str, ...]]:
        """Every body that is at most so many ties away from `start`, with the shortest way to it (`start` first)."""
        ways: dict[str, tuple[str, ...]] = {start: (start,)}
        queue = deque([start])
        while queue:
            here = queue.popleft()
            if len(ways[here]) > hops:
                continue
            for body in sorted(self._beside.get(here, ())):
                if body not in ways:
                    ways[body] = (*ways[here], body)
                    queue.append(body)
        return ways

    def steps(self, way: Sequence[str]) -> list[list[TieFacts]]:
        """The ties (evidence) that make each step of a way; two bodies may be tied in several ways."""
        return [self._between[one, other] for one, other in zip(way, way[1:], strict=False)]
