"""An incremental draw leaves every seat that still holds: who keeps his, under the rules as they are now."""

from collections.abc import Callable, Iterable, Sequence

from kaopei.lottery.component import KindOf
from kaopei.lottery.eligibility import Eligibility, Kind
from kaopei.lottery.pool import Pool
from kaopei.lottery.seed import Lot, field


class Holder:
    """The seats of the previous result in one part."""

    def __init__(self, pool: Pool, eligibility: Eligibility, kind_of: KindOf, may_cross: Callable[[int], bool]) -> None:
        assert pool.previous is not None
        self._pool = pool
        self._part = eligibility.part
        self._eligibility = eligibility
        self._kind_of = kind_of
        self._may_cross = may_cross
        self._before = pool.previous.seats
        self._kinds: dict[object, Kind] = {}

    def held(self, cands: Iterable[int], lot: Lot, theory: Sequence[int]) -> dict[int, int]:
        """Sittings by candidate. Where a sitting has fewer seats than before, the first in the new lottery stay."""
        people, sessions = self._pool.candidates, self._pool.sessions
        numbers = {session.id: number for number, session in enumerate(sessions)}
        found: dict[int, list[int]] = {}
        for cand in cands:
            number = numbers.get(self._before.get((people.id[cand], self._part)) or "", -1)
            if number >= 0 and self._holds(cand, number, theory[cand]):
                found.setdefault(number, []).append(cand)
        for number, holders in found.items():
            if len(holders) > sessions[number].seats:
                holders.sort(key=lambda cand: (lot.digest(field(people.id[cand]))[:8], people.id[cand]))
        return {cand: number for number, holders in found.items() for cand in holders[: sessions[number].seats]}

    def left_over(self, cands: Iterable[int]) -> list[int]:
        """Those who were drawn before and got no seat."""
        people = self._pool.candidates
        rows = ((cand, (people.id[cand], self._part)) for cand in cands)
        return [cand for cand, row in rows if row in self._before and self._before[row] is None]

    def _holds(self, cand: int, number: int, theory: int) -> bool:
        people, site = self._pool.candidates, self._pool.sessions[number].site
        city = people.city[cand]
        home = self._pool.sites[site].city == city
        if not home and not self._may_cross(cand):
            return False
        who = (city, people.subject[cand], people.inst[cand], people.student[cand], people.avoid[cand])
        key = (who, people.earliest[cand], theory, home)
        if key not in self._kinds:
            sites = (self._eligibility.home_sites if home else self._eligibility.cross_sites)(*who)
            self._kinds[key] = self._kind_of(sites, who[1], people.earliest[cand], theory)
        return self._kinds[key].allows(site, self._eligibility.bit[number])
