"""The record of a draw: a row for each candidate's part, and a transcript for the whole."""

import hashlib
import json
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from kaopei.lottery import merkle, moves
from kaopei.lottery import seed as seeds
from kaopei.lottery.component import Component
from kaopei.lottery.eligibility import Eligibility
from kaopei.lottery.pool import Pool
from kaopei.lottery.repair import Flow
from kaopei.lottery.table import quoted as cell

CHUNK = 4096


class Stage(NamedTuple):
    """Where each candidate took part: his component and his position in it, by number of the candidate."""

    component: list[Component | None]
    position: "array[int]"

    @classmethod
    def empty(cls, size: int) -> "Stage":
        """Nobody took part yet."""
        return cls([None] * size, array("l", [-1]) * size)

    def enter(self, component: Component) -> None:
        """Note the positions of a component."""
        for position, cand in enumerate(component.cands):
            self.component[cand] = component
            self.position[cand] = position


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
    # The sitting each candidate has, kept, at home or in another city, or -1.
    seat: list[int]
    # Of an incremental draw: the seats that stay from the result before, by number of the candidate.
    kept: dict[int, int]


def canonical(value: object) -> bytes:
    """RFC 8785, for text, integers and ASCII keys."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


class Record:
    """Rows, seats and exemptions, candidate by candidate, theory first."""

    def __init__(self, pool: Pool, parts: dict[str, Part]) -> None:
        self._pool = pool
        sites = [json.dumps(site.id, ensure_ascii=False) for site in pool.sites]
        # What a row says of a drawn site, by site: that it was full, that it had the seat, that he was moved from it.
        self._full, self._got, self._moved = ([f'[{site},"{what}"]' for site in sites] for what in ("full", "seat", "moved"))
        self._sessions = [json.dumps(session.id, ensure_ascii=False) for session in pool.sessions]
        # A site of nobody is nobody's own.
        self._hosted = [bool(site.inst or site.controller) for site in pool.sites]
        # How many sit at an own site, by part, city and exemption.
        self.exempt: Counter[tuple[str, str, str]] = Counter()
        # Of the kept: how many by part, and how many of these by exemption.
        self.kept: dict[str, Counter[str]] = {part: Counter() for part in parts}
        self.rows: list[bytes] = []
        self.allocation: list[tuple[str, str, str]] = []
        self._write(parts)
        # allocation.csv.
        self.seats = _allocation_csv(self.allocation)
        self.moves: list[moves.Move] = []
        if pool.previous:
            self.moves = moves.Reasons(pool).moves({(cand, part): session for cand, part, session in self.allocation})

    def _write(self, parts: dict[str, Part]) -> None:
        people, subjects, sessions = self._pool.candidates, self._pool.subjects, self._pool.sessions
        quote = json.encoder.encode_basestring
        for cand, name in enumerate(people.id):
            asked, quoted = people.parts[cand], quote(name)
            # Both parts of a subject without practical are theory.
            if asked == "TP" and not subjects[people.subject[cand]].has_practical:
                asked = "T"
            for part in asked:
                stages = parts[part]
                seat, home = stages.seat[cand], stages.home.component[cand]
                if cand in stages.kept:
                    body = self._kept(cand, seat, part, stages.eligibility)
                elif home is None:
                    body = f'"how":"no_theory_seat","part":"{part}"'
                else:
                    body = self._taken(cand, home, stages, part)
                self.rows.append(f'{{"cand":{quoted},{body},"session":{self._sessions[seat] if seat >= 0 else "null"}}}'.encode())
                if seat >= 0:
                    self.allocation.append((name, part, sessions[seat].id))

    def _kept(self, cand: int, seat: int, part: str, eligibility: Eligibility) -> str:
        """What the row of a seat that stays says."""
        exemption = self._exemption(cand, seat, eligibility)
        self.kept[part].update(["seats", exemption] if exemption else ["seats"])
        return f'{_ground(exemption)}"how":"kept","part":"{part}"'

    def _taken(self, cand: int, home: Component, stages: Part, part: str) -> str:
        """What the row of somebody who was drawn says."""
        at, cross = stages.home.position[cand], stages.cross.component[cand]
        seat, first, drawn = home.seat[at], home.first[at], home.drawn[at]
        away = ground = ""
        if cross is not None:
            there = stages.cross.position[cand]
            how = _how(home, at) if _how(cross, there) == "no_site" else _how(cross, there)
            away = f'"cross":{{"drawn":[{self._draws(cross, there)}],"lottery":"{cross.digests[there].hex()}"}},'
        elif seat >= 0:
            how = "draw" if seat == first else _how(home, at)
            exemption = self._exemption(cand, seat, stages.eligibility)
            if exemption:
                self.exempt[part, home.city, exemption] += 1
                ground = _ground(exemption)
        else:
            how = _how(home, at)
        # Most draw once.
        draws = self._got[drawn[0]] if seat == first >= 0 and len(drawn) == 1 else self._draws(home, at)
        return f'{away}"drawn":[{draws}],{ground}"how":"{how}","lottery":"{home.digests[at].hex()}","part":"{part}"'

    def _exemption(self, cand: int, seat: int, eligibility: Eligibility) -> str:
        """By which exemption of 二（三） a candidate sits where he does; empty if by none."""
        site = self._pool.sessions[seat].site
        if not self._hosted[site]:
            return ""
        people = self._pool.candidates
        return eligibility.exemption(site, people.inst[cand], people.student[cand])

    def _draws(self, component: Component, position: int) -> str:
        """The sites drawn with what came of each: full, seat, or moved by the repair."""
        drawn, first = component.drawn[position], component.first[position]
        if first < 0:
            return ",".join([self._full[site] for site in drawn])
        last = (self._got if component.seat[position] == first else self._moved)[drawn[-1]]
        return ",".join([*[self._full[site] for site in drawn[:-1]], last]) if len(drawn) > 1 else last


def _ground(exemption: str) -> str:
    return f'"exempt":"{exemption}",' if exemption else ""


def _how(component: Component, position: int) -> str:
    """By what a candidate has his seat in this stage, or why he has none."""
    seat = component.seat[position]
    if seat < 0:
        return "no_seat" if component.kinds[position].sites else "no_site"
    if position in component.fixed:
        return "own_school"
    return "draw" if seat == component.first[position] else "repair"


def describe(pool: Pool, seed: str, draw_id: str, markets: Sequence[Market], record: Record) -> dict[str, Any]:
    """The transcript: only what the input, the seed and the name of the draw determine."""
    digests, rows = pool.file_digests(), record.rows
    return {
        "algorithm": seeds.VERSION,
        "allocation_digest": hashlib.sha256(record.seats).hexdigest(),
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
        "rows_digest": _digest(rows),
        "rules": pool.rules._asdict(),
        "seed": seed,
    } | moves.summary(
        pool,
        record.moves,
        {part: {key: kept[key] for key in ("own_school", "seats", "sole_site")} for part, kept in record.kept.items()},
    )


def _allocation_csv(given: Sequence[tuple[str, str, str]]) -> bytes:
    """`cand_id,part,session_id`, one row a seat; some rows at a time, as `jsonl`."""
    written = [b"cand_id,part,session_id\n"]
    for begin in range(0, len(given), CHUNK):
        some = given[begin : begin + CHUNK]
        text = "\n".join([*map(",".join, some), ""])
        if '"' in text or text.count(",") != 2 * len(some) or text.count("\n") != len(some):
            text = "\n".join([*(",".join(map(cell, row)) for row in some), ""])
        written.append(text.encode())
    return b"".join(written)


def _digest(rows: Sequence[bytes]) -> str:
    """Of rows.jsonl."""
    digest = hashlib.sha256()
    for piece in jsonl(rows):
        digest.update(piece)
    return digest.hexdigest()


def jsonl(rows: Sequence[bytes]) -> Iterator[bytes]:
    """The rows, one a line, some at a time."""
    for begin in range(0, len(rows), CHUNK):
        yield b"\n".join([*rows[begin : begin + CHUNK], b""])


def _component(pool: Pool, market: Market, record: Record) -> dict[str, Any]:
    component, sites = market.component, pool.sites
    part = component.lot.label[0]
    options = [len(kind.sites) for kind in component.kinds]
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
