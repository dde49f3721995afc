"""The draw: home and cross-city stages of theory, then of practical."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from kaopei.lottery import late
from kaopei.lottery import seed as seeds
from kaopei.lottery.chance import chance as chance
from kaopei.lottery.component import Component, Roll
from kaopei.lottery.eligibility import Eligibility, Kind, Seats
from kaopei.lottery.holding import Holder
from kaopei.lottery.moves import Move, check, moves_csv
from kaopei.lottery.odds import Odds
from kaopei.lottery.pool import Pool
from kaopei.lottery.repair import Repair
from kaopei.lottery.transcript import Market, Part, Record, Stage, canonical, describe, jsonl

# Called with the stage's label, how many candidates are decided and how many this part has; it may raise to stop.
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a draw gives: seats, the transcript, a row for each candidate's part; an incremental one also who moved."""

    allocation: list[tuple[str, str, str]]
    transcript: dict[str, Any]
    rows: list[bytes]
    # allocation.csv.
    seats: bytes
    moves: list[Move] = field(default_factory=list)

    def files(self) -> dict[str, bytes]:
        """The files of a result, by name: three, and moves.csv of an incremental draw."""
        return {name: b"".join(pieces) for name, pieces in self.pieces().items()}

    def pieces(self) -> dict[str, Iterable[bytes]]:
        """These files piece by piece: of a million candidates the rows are a third of a gigabyte."""
        files: dict[str, Iterable[bytes]] = {
            "allocation.csv": [self.seats],
            "rows.jsonl": jsonl(self.rows),
            "transcript.json": [canonical(self.transcript)],
        }
        return files | {"moves.csv": [moves_csv(self.moves)]} if "previous" in self.transcript else files


def local_id(pool: Pool) -> str:
    """The name of a draw made on the command line; an incremental draw counts on from the one before."""
    return late.next_id(pool.previous.draw_id) if pool.previous else f"local-{pool.input_digest[:16]}"


def draw(pool: Pool, seed: str, draw_id: str | None = None, progress: Progress | None = None) -> Outcome:
    """Draw a pool; the same pool and seed give the same bytes everywhere. Raises BadSeed or BadInstance."""
    seeds.check(seed)
    if pool.previous:
        if pool.previous.seed == seed:
            raise seeds.BadSeed("种子不对：增量抽签须有自己的种子，不能沿用上一次的。请公布新的种子后重试。")
        check(pool)
    tell = progress or (lambda label, done, total: None)
    roll = Roll(pool.candidates)
    theory = _PartRun(pool, seed, "T", roll, None, tell)
    practical = _PartRun(pool, seed, "P", roll, theory.run(), tell)
    record = Record(pool, {"T": theory.done, "P": practical.run()})
    markets = theory.markets + practical.markets
    for market in markets:
        market.component.forget()
    transcript = describe(pool, seed, draw_id or local_id(pool), markets, record)
    return Outcome(record.allocation, transcript, record.rows, record.seats, record.moves)


class _PartRun:
    """One part: each city for itself, then those left over across cities."""

    def __init__(self, pool: Pool, seed: str, part: str, roll: Roll, theory: Part | None, tell: Progress) -> None:
        self._pool = pool
        self._seed = seed
        self._part = part
        self._roll = roll
        self._theory = theory
        self._tell = tell
        self._eligibility = Eligibility(pool, part)
        self._seats = Seats(self._eligibility)
        size = len(pool.candidates.id)
        self.done = Part(Stage.empty(size), Stage.empty(size), self._eligibility, [-1] * size, {})
        self.markets: list[Market] = []

    def run(self) -> Part:
        """Both stages."""
        pool, seat = self._pool, self.done.seat
        by_city: dict[str, list[int]] = {city: [] for city in sorted(pool.cities)}
        theory, ahead = self._theory_times(), set[int]()
        wanting = self._wanting()
        if pool.previous:
            wanting = self._hold(wanting, theory, ahead)
        for cand in wanting:
            by_city[pool.candidates.city[cand]].append(cand)
        total, decided = len(wanting), 0
        for city, cands in by_city.items():
            if cands:
                home = Component(pool, seeds.Lot(self._seed, self._part), self._roll, city, self._staffed([city]), self._seats)
                home.enter(cands, self._eligibility.home_sites, self._kind, theory, ahead)
                if pool.rules.own_school_first:
                    home.place_own_school(self._eligibility)
                self._settle(home, self.done.home)
                decided += len(cands)
                self._tell(self._part, decided, total)
        left = [cand for cand in wanting if seat[cand] < 0 and self._may_cross(cand)]
        if left:
            accepting = self._staffed(city for city, facts in pool.cities.items() if facts.accepts_cross)
            away = Component(pool, seeds.Lot(self._seed, f"{self._part}x"), self._roll, "", accepting, self._seats)
            away.enter(left, self._eligibility.cross_sites, self._kind, theory, ahead)
            self._settle(away, self.done.cross)
            self._tell(f"{self._part}x", decided, total)
        return self.done

    def _hold(self, wanting: list[int], theory: list[int], ahead: set[int]) -> list[int]:
        """Leave the seats that still hold; gives those to be drawn, and puts those left over before into `ahead`."""
        holder = Holder(self._pool, self._eligibility, self._kind, self._may_cross)
        held = holder.held(wanting, seeds.Lot(self._seed, self._part), theory)
        for cand, session in held.items():
            self._seats.take(session)
            self.done.seat[cand] = session
        self.done.kept.update(held)
        ahead.update(holder.left_over(wanting))
        return [cand for cand in wanting if cand not in held]

    def _settle(self, component: Component, stage: Stage) -> None:
        """Draw and repair one component."""
        component.note_capacity(self._eligibility)
        odds = Odds(self._pool, self._eligibility)
        for tier in (0, 1):
            component.draw(self._eligibility, odds, tier)
        stage.enter(component)
        order = sorted(component.sites, key=self._site_key)
        public = [site for site in order if self._is_public(site)]
        seat, sessions, repair = component.seat, self._pool.sessions, Repair(component, self._eligibility)
        movable = component.movable()
        sources = [at for at in movable if seat[at] < 0 or not self._is_public(sessions[seat[at]].site)]
        first = repair.phase(sources, public)
        every = repair.phase([at for at in movable if seat[at] < 0], order)
        component.condense()
        self.markets.append(Market(component, first, every))
        for cand, given in zip(component.cands, seat, strict=True):
            self.done.seat[cand] = given

    def _is_public(self, site: int) -> bool:
        return self._pool.sites[site].kind == "public"

    def _site_key(self, site: int) -> tuple[bytes, str]:
        name = self._pool.sites[site].id
        return seeds.site_digest(self._seed, name), name

    def _staffed(self, cities: Iterable[str]) -> list[int]:
        """Sites of these cities with any session row of this part, usable or not."""
        found = self._eligibility
        return [site for city in cities for site in found.sites_of[city] if found.sessions_at[site]]

    def _wanting(self) -> list[int]:
        """Who is drawn for this part: for the practical of both parts, where theory comes first, those with a seat in it."""
        people, subjects = self._pool.candidates, self._pool.subjects
        if self._theory is None:
            return [cand for cand, parts in enumerate(people.parts) if parts != "P"]
        ready = self._theory.seat if self._pool.rules.practical_after_theory else [0] * len(people.id)
        return [
            cand
            for cand, parts in enumerate(people.parts)
            if parts == "P" or (parts == "TP" and ready[cand] >= 0 and subjects[people.subject[cand]].has_practical)
        ]

    def _may_cross(self, cand: int) -> bool:
        """二（六）: a listed subject, and he agreed."""
        people = self._pool.candidates
        return bool(people.cross[cand] and self._pool.subjects[people.subject[cand]].cross_city)

    def _theory_times(self) -> list[int]:
        """The rank of the time at which each sits his theory, -1 if that does not matter here."""
        people, sessions = self._pool.candidates, self._pool.sessions
        if self._theory is None:
            return [-1] * len(people.id)
        seats = zip(people.parts, self._theory.seat, strict=True)
        return [sessions[seat].time if seat >= 0 and parts == "TP" else -1 for parts, seat in seats]

    def _kind(self, sites: tuple[int, ...], subject: str, earliest: int, theory: int) -> Kind:
        release = (earliest, -1)
        if theory >= 0 and self._pool.rules.practical_after_theory:
            return self._eligibility.kind(sites, subject, max(release, self._pool.times[theory]))
        return self._eligibility.kind(sites, subject, release, theory)
