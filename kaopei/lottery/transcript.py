"""The record of a draw: a row for each candidate's part, and a transcript for the whole."""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from kaopei.lottery import merkle
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

    def seat(self, cand: int) -> int:
        """The sitting a candidate got at home or in another city, or -1."""
        seat = self.home.seat(cand)
        return seat if seat >= 0 else self.cross.seat(cand)


def canonical(value: object) -> bytes:
    """RFC 8785, for text, integers and ASCII keys."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


class Record:
    """Writes rows and allocation, candidate by candidate."""

    def __init__(self, pool: Pool, parts: dict[str, Part]) -> None:
        self._pool = pool
        self._parts = parts
        self._sites = [json.dumps(site.id, ensure_ascii=False) for site in pool.sites]
        self._sessions = [json.dumps(session.id, ensure_ascii=False) for session in pool.sessions]

    def asked(self, cand: int) -> str:
        """The parts a candidate is drawn for; both parts of a subject without practical are theory."""
        people = self._pool.candidates
        parts = people.parts[cand]
        return "T" if parts == "TP" and not self._pool.subjects[people.subject[cand]].has_practical else parts

    def rows(self) -> list[bytes]:
        """A row for each part a candidate asked for, by candidate, theory first."""
        quote = json.encoder.encode_basestring
        rows = []
        for cand, name in enumerate(self._pool.candidates.id):
            for part in self.asked(cand):
                rows.append(self._row(cand, quote(name), part))
        return rows

    def allocation(self) -> list[tuple[str, str, str]]:
        """Candidate, part, sitting: one for each seat given."""
        given = []
        sessions = self._pool.sessions
        for cand, name in enumerate(self._pool.candidates.id):
            for part in self.asked(cand):
                seat = self._parts[part].seat(cand)
                if seat >= 0:
                    given.append((name, part, sessions[seat].id))
        return given

    def _row(self, cand: int, name: str, part: str) -> bytes:
        stages = self._parts[part]
        home, cross = stages.home.component[cand], stages.cross.component[cand]
        if home is None:
            return f'{{"cand":{name},"how":"no_theory_seat","part":"{part}","session":null}}'.encode()
        at = stages.home.position[cand]
        seat, how, away = home.seat[at], _how(home, at), ""
        lottery = home.digests[at][:8].hex()
        if cross is not None:
            there = stages.cross.position[cand]
            seat = cross.seat[there]
            how = how if _how(cross, there) == "no_site" else _how(cross, there)
            away = f'"cross":{{"drawn":[{self._draws(cross, there)}],"lottery":"{cross.digests[there][:8].hex()}"}},'
        exempt = self.exemption(cand, part)
        ground = f'"exempt":"{exempt}",' if exempt else ""
        session = self._sessions[seat] if seat >= 0 else "null"
        return (
            f'{{"cand":{name},{away}"drawn":[{self._draws(home, at)}],{ground}"how":"{how}",'
            f'"lottery":"{lottery}","part":"{part}","session":{session}}}'
        ).encode()

    def exemption(self, cand: int, part: str) -> str:
        """By which exemption of 二（三） a candidate sits where he does; empty if by none."""
        stages, people = self._parts[part], self._pool.candidates
        seat = stages.home.seat(cand)
        if seat < 0:
            return ""
        return stages.eligibility.exemption(self._pool.sessions[seat].site, people.inst[cand], people.student[cand])

    def _draws(self, component: Component, position: int) -> str:
        """The sites drawn with what came of each: full, seat, or moved by the repair."""
        drawn, first = component.drawn[position], component.first[position]
        if first < 0:
            return ",".join([f'[{self._sites[site]},"full"]' for site in drawn])
        last = "seat" if component.seat[position] == first else "moved"
        texts = [f'[{self._sites[site]},"full"]' for site in drawn[:-1]]
        return ",".join([*texts, f'[{self._sites[drawn[-1]]},"{last}"]'])


def _how(component: Component, position: int) -> str:
    """By what a candidate has his seat in this stage, or why he has none."""
    seat = component.seat[position]
    if seat < 0:
        return "no_seat" if component.kinds[position].offers else "no_site"
    if position in component.fixed:
        return "own_school"
    return "draw" if seat == component.first[position] else "repair"


def describe(
    pool: Pool, seed: str, draw_id: str, markets: Sequence[Market], record: Record, rows: list[bytes]
) -> dict[str, Any]:
    """The transcript: only what the input, the seed and the name of the draw determine."""
    allocation = allocation_csv(record.allocation())
    digests = pool.file_digests()
    return {
        "algorithm": seeds.VERSION,
        "allocation_digest": hashlib.sha256(allocation).hexdigest(),
        "binding": seeds.binding(draw_id, pool.input_digest, seed),
        "components": [_component(pool, market, record) for market in markets],
        "counts": {
            "candidates": len(pool.candidates.id),
            "rows": len(rows),
            "seated": allocation.count(b"\n") - 1,
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
    }


def allocation_csv(given: Sequence[tuple[str, str, str]]) -> bytes:
    """`cand_id,part,session_id`, one row a seat."""
    lines = [",".join(map(cell, row)) for row in given]
    return "".join(line + "\n" for line in ["cand_id,part,session_id", *lines]).encode()


def _component(pool: Pool, market: Market, record: Record) -> dict[str, Any]:
    component, sites = market.component, pool.sites
    part = component.lot.label[0]
    options = [len(kind.offers) for kind in component.kinds]
    home = bool(component.city)
    exempt = Counter(record.exemption(cand, part) for cand in component.cands) if home else Counter()
    public = {place for place in component.sites if sites[place].kind == "public"}
    return {
        "city": component.city,
        "demand": len(component.cands),
        "every": _flow(pool, market.every),
        "exempt": {name: exempt[name] for name in ("own_school", "sole_site")},
        "fixed": len(component.fixed),
        "no_site": options.count(0),
        "part": part,
        "public": _flow(pool, market.public),
        "seats": sum(component.capacity.values()),
        "seats_public": sum(
            component.capacity[each] for each in component.capacity if pool.sessions[each].site in public
        ),
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
