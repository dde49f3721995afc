"""The record of a draw: a row for each candidate's part, and a transcript for the whole."""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from kaopei.lottery import merkle, moves
from kaopei.lottery import seed as seeds
from kaopei.lottery.component import Component
from kaopei.lottery.eligibility import Eligibility
from kaopei.lottery.pool import Pool
from kaopei.lottery.repair import Flow
from kaopei.lottery.table import quoted as cell


class Stage(NamedTuple):
    """Where each candidate took part: his component and his position in it, by number of the candidate."""

    component: list[Component | None]
    position: list[int]

    @classmethod
    def empty(cls, size: int) -> "Stage":
        """Nobody took part yet."""
        return cls([None] * size, [-1] * size)

    def enter(self, component: Component) -> None:
        """Note the positions of a component."""
        for position, cand in enumerate(component.cands):
            self.component[cand] = component
            self.position[cand] = position

    def seat(self, cand: int) -> int:
        """The sitting a candidate got in this stage, or -1."""
        component = self.component[cand]
        return -1 if component is None else component.seat[self.position[cand]]


class Market(NamedTuple):
    """A component with what its two phases of repair proved."""

    component: Component
    public: Flow
    every: Flow


class Part(NamedTuple):
    """One part of the exam: the stage at home and the cross-city stage."""

    home: Stage
    cross: Stage
    eligibility: Eligibility
    # Of an incremental draw: the seats that stay from the result before, by number of the candidate.
    kept: dict[int, int]

    def seat(self, cand: int) -> int:
        """The sitting a candidate got at home or in another city, or -1."""
        if cand in self.kept:
            return self.kept[cand]
        seat = self.home.seat(cand)
        return seat if seat >= 0 else self.cross.seat(cand)


def canonical(value: object) -> bytes:
    """RFC 8785, for text, integers and ASCII keys."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


class Record:
    """Rows, seats and exemptions, candidate by candidate, theory first."""

    def __init__(self, pool: Pool, parts: dict[str, Part]) -> None:
        self._pool = pool
        self._parts = parts
        sites = [json.dumps(site.id, ensure_ascii=False) for site in pool.sites]
        self._full, self._got, self._moved = ([f'[{site},"{what}"]' for site in sites] for what in ("full", "seat", "moved"))
        self._sessions = [json.dumps(session.id, ensure_ascii=False) for session in pool.sessions]

        self.rows: list[bytes] = []
        self.allocation: list[tuple[str, str, str]] = []
        # How many sit at an own site, by part, city and exemption.
        self.exempt: Counter[tuple[str, str, str]] = Counter()
        # Of the kept: how many by part, and how many of these by exemption.
        self.kept: dict[str, Counter[str]] = {part: Counter() for part in parts}
        quote = json.encoder.encode_basestring
        for cand, name in enumerate(pool.candidates.id):
            for part in self._asked(cand):
                if cand in parts[part].kept:
                    self._keep(cand, name, quote(name), part)
                else:
                    self._take(cand, name, quote(name), part)
        self.moves: list[moves.Move] = []
        if pool.previous:
            self.moves = moves.Reasons(pool).moves({(cand, part): session for cand, part, session in self.allocation})

    def _asked(self, cand: int) -> str:
        """The parts a candidate is drawn for; both parts of a subject without practical are theory."""
        people = self._pool.candidates
        parts = people.parts[cand]
        return "T" if parts == "TP" and not self._pool.subjects[people.subject[cand]].has_practical else parts

    def _keep(self, cand: int, name: str, quoted: str, part: str) -> None:
        """The row of a seat that stays."""
        people, seat = self._pool.candidates, self._parts[part].kept[cand]
        site = self._pool.sessions[seat].site
        exemption = self._parts[part].eligibility.exemption(site, people.inst[cand], people.student[cand])
        self.kept[part].update(["seats", exemption] if exemption else ["seats"])
        self.allocation.append((name, part, self._pool.sessions[seat].id))
        ground = f'"exempt":"{exemption}",' if exemption else ""
        self.rows.append(f'{{"cand":{quoted},{ground}"how":"kept","part":"{part}","session":{self._sessions[seat]}}}'.encode())

    def _take(self, cand: int, name: str, quoted: str, part: str) -> None:
        """One row, and the seat if there is one."""
        stages = self._parts[part]
        home, cross = stages.home.component[cand], stages.cross.component[cand]
        if home is None:
            self.rows.append(f'{{"cand":{quoted},"how":"no_theory_seat","part":"{part}","session":null}}'.encode())
            return
        at = stages.home.position[cand]
        seat, how, away, ground = home.seat[at], _how(home, at), "", ""
        if cross is not None:
            there = stages.cross.position[cand]
            seat = cross.seat[there]
            how = how if _how(cross, there) == "no_site" else _how(cross, there)
            away = f'"cross":{{"drawn":[{self._draws(cross, there)}],"lottery":"{cross.digests[there][:8].hex()}"}},'
        elif seat >= 0:
            exemption = self._exemption(cand, seat, part)
            ground = f'"exempt":"{exemption}",' if exemption else ""
        if seat >= 0:
            self.allocation.append((name, part, self._pool.sessions[seat].id))
        self.rows.append(
            (
                f'{{"cand":{quoted},{away}"drawn":[{self._draws(home, at)}],{ground}"how":"{how}",'
                f'"lottery":"{home.digests[at][:8].hex()}","part":"{part}",'
                f'"session":{self._sessions[seat] if seat >= 0 else "null"}}}'
            ).encode()
        )

    def _exemption(self, cand: int, seat: int, part: str) -> str:
        """By which exemption of 二（三） a candidate sits where he does; empty if by none."""
        people = self._pool.candidates
        site, inst = self._pool.sessions[seat].site, people.inst[cand]
        exemption = self._parts[part].eligibility.exemption(site, inst, people.student[cand])
        if exemption:
            self.exempt[part, people.city[cand], exemption] += 1
        return exemption

    def _draws(self, component: Component, position: int) -> str:
        """The sites drawn with what came of each: full, seat, or moved by the repair."""
        drawn, first = component.drawn[position], component.first[position]
        texts = [self._full[site] for site in drawn]
        if first >= 0:
            texts[-1] = (self._got if component.seat[position] == first else self._moved)[drawn[-1]]
        return ",".join(texts)


def _how(component: Component, position: int) -> str:
    """By what a candidate has his seat in this stage, or why he has none."""
    seat = component.seat[position]
    if seat < 0:
        return "no_seat" if component.kinds[position].offers else "no_site"
    if position in component.fixed:
        return "own_school"
    return "draw" if seat == component.first[position] else "repair"


def describe(pool: Pool, seed: str, draw_id: str, markets: Sequence[Market], record: Record) -> dict[str, Any]:
    """The transcript: only what the input, the seed and the name of the draw determine."""
    digests, rows = pool.file_digests(), record.rows
    return {
        "algorithm": seeds.VERSION,
        "allocation_digest": hashlib.sha256(allocation_csv(record.allocation)).hexdigest(),
        "binding": seeds.binding(draw_id, pool.input_digest, seed),
        "components": [_component(pool, market, record) for market in markets],
        "counts": {
            "candidates": len(pool.candidates.id),
            "rows": len(rows),
            "seated": len(record.allocation),
            "sessions": len(pool.sessions),
            "sites": len(pool.sites),
        },
        "draw_id": draw_id,
        "files": [{"digest": digests[name], "name": name} for name in sorted(digests)],
        "input_digest": pool.input_digest,
        "merkle_root": merkle.root(rows),
        "rows_digest": hashlib.sha256(b"".join(row + b"\n" for row in rows)).hexdigest(),
        "rules": pool.rules._asdict(),
        "seed": seed,
    } | moves.summary(
        pool,
        record.moves,
        {part: {key: kept[key] for key in ("own_school", "seats", "sole_site")} for part, kept in record.kept.items()},
    )


def allocation_csv(given: Sequence[tuple[str, str, str]]) -> bytes:
    """`cand_id,part,session_id`, one row a seat."""
    lines = [f"{cell(cand)},{part},{cell(session)}" for cand, part, session in given]
    return "".join(line + "\n" for line in ["cand_id,part,session_id", *lines]).encode()


def _component(pool: Pool, market: Market, record: Record) -> dict[str, Any]:
    component, sites = market.component, pool.sites
    part = component.lot.label[0]
    options = [len(kind.offers) for kind in component.kinds]
    home = bool(component.city)
    public = {place for place in component.sites if sites[place].kind == "public"}
    return {
        "city": component.city,
        "demand": len(component.cands),
        "every": _flow(pool, market.every),
        "exempt": {name: record.exempt[part, component.city, name] for name in ("own_school", "sole_site")},
        "fixed": len(component.fixed),
        "no_site": options.count(0),
        "part": part,
        "public": _flow(pool, market.public),
        "seats": sum(component.capacity.values()),
        "seats_public": sum(component.capacity[each] for each in component.capacity if pool.sessions[each].site in public),
        "stage": "home" if home else "cross",
        "thin": sum(1 for each in options if each < pool.rules.k),
    }


def _flow(pool: Pool, flow: Flow) -> dict[str, Any]:
    return {
        "augmented": flow.augmented,
        "cut": {
            "demand_outside": flow.cut.demand_outside,
            "seats_inside": flow.cut.seats_inside,
            "sessions": [pool.sessions[number].id for number in flow.cut.sessions],
        },
        "moved": flow.moved,
        "seated": flow.seated,
    }
