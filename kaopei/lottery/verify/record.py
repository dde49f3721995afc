"""The three files that a draw must have written, written again."""

import hashlib
import json
from functools import partial
from typing import Any

from .earlier import Earlier, change_list, stays, told_more
from .market import Market, Moment, Scale
from .reading import Instance, Person
from .round import Phase, Round, Ticket, hashed

_told = json.encoder.encode_basestring
_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


class Redraw:
    """All stages of an instance under a seed."""

    def __init__(self, instance: Instance, seed: str, earlier: Earlier | None = None) -> None:
        self._instance = instance
        self._earlier = earlier
        # Sittings that stay from the result before, by part and candidate.
        self.kept: dict[str, dict[str, str]] = {"T": {}, "P": {}}
        self._seed = seed
        self._free = {sitting.id: sitting.seats for sitting in instance.sittings.values()}
        # The parts that each candidate is drawn for, by place.
        self._parts = [self._asked(person) for person in instance.people]
        self.markets = {part: Market(instance, part) for part in "TP"}
        # The tickets of each stage, by part and the candidate's place.
        self.home: dict[str, list[Ticket | None]] = {part: [None] * len(instance.people) for part in "TP"}
        self.away: dict[str, list[Ticket | None]] = {part: [None] * len(instance.people) for part in "TP"}
        self.components: list[dict[str, Any]] = []
        for part in "TP":
            self._part(part)

    def parts(self, person: Person) -> str:
        """The parts that a candidate is drawn for."""
        return self._parts[person.place]

    def _asked(self, person: Person) -> str:
        if person.parts == "TP" and not self._instance.subjects[person.subject]["practical"]:
            return "T"
        return person.parts

    def seat(self, person: Person, part: str) -> str | None:
        """The sitting kept, or given at home or elsewhere."""
        home = self.home[part][person.place]
        if home is None:
            return self.kept[part].get(person.id)
        away = self.away[part][person.place]
        return home.seat if away is None else away.seat

    def _part(self, part: str) -> None:
        instance, scale = self._instance, Scale(self.markets[part])
        groups: dict[str, list[Person]] = {}
        wanting = [person for person in instance.people if part in self.parts(person) and self._ready(person, part)]
        if self._earlier is not None:
            self._hold(self._earlier, part, wanting)
        for person in wanting:
            if person.id not in self.kept[part]:
                groups.setdefault(person.city, []).append(person)
        for city in sorted(groups):
            self._settle(Round(self._seed, self.markets[part], scale, city, self._free), groups[city], self.home[part])
        left = [
            person
            for group in groups.values()
            for person in group
            if person.cross and instance.subjects[person.subject]["cross"] and self.seat(person, part) is None
        ]
        if left:
            self._settle(Round(self._seed, self.markets[part], scale, "", self._free), left, self.away[part])

    def _hold(self, earlier: Earlier, part: str, wanting: list[Person]) -> None:
        """Whose sitting of the result before is still one that he may use."""
        market, instance = self.markets[part], self._instance
        holders: dict[str, list[tuple[bytes, Person]]] = {}
        for person in wanting:
            was = earlier.sat.get((person.id, part))
            if was is None or was not in instance.sittings:
                continue
            site = instance.sittings[was].site
            if instance.sites[site].city == person.city:
                may = site in market.home(person)
            else:
                may = bool(person.cross and instance.subjects[person.subject]["cross"]) and site in market.away(person)
            release, barred = self._when(part, person)
            if may and any(each.id == was for each in market.usable(site, person.subject, release, barred)):
                number = hashed("xexam/1", self._seed, part, person.id)[:8]
                holders.setdefault(was, []).append((number, person))
        self.kept[part] = stays(self._free, holders)

    def _ahead(self, part: str) -> frozenset[str]:
        """Those who got no seat in the result before."""
        sat = {} if self._earlier is None else self._earlier.sat
        return frozenset(cand for (cand, which), was in sat.items() if which == part and was is None)

    def _ready(self, person: Person, part: str) -> bool:
        """A practical of both parts needs its theory seat, where theory comes first."""
        if part == "T" or person.parts == "P" or not self._instance.rules["practical_after_theory"]:
            return True
        return self.seat(person, "T") is not None

    def _theory(self, person: Person) -> Moment | None:
        """When he sits his theory, if he does and wants both parts."""
        theory = self.seat(person, "T") if person.parts == "TP" else None
        return None if theory is None else self._instance.sittings[theory][:2]

    def _when(self, part: str, person: Person) -> tuple[Moment, Moment | None]:
        earliest = (person.earliest, -1)
        moment = self._theory(person) if part == "P" else None
        if moment is None:
            return earliest, None
        if self._instance.rules["practical_after_theory"]:
            return max(earliest, moment), None
        return earliest, moment

    def _settle(self, played: Round, people: list[Person], stage: list[Ticket | None]) -> None:
        part = played.market.part
        theory = self._theory if part == "P" else None
        played.enter(people, theory, partial(self._when, part), self._ahead(part))
        played.play()
        public, every = Phase(played, True), Phase(played, False)
        for ticket in played.tickets:
            stage[ticket.person.place] = ticket
        self.components.append(_component(played, public, every))


def _component(played: Round, public: Phase, every: Phase) -> dict[str, Any]:
    market, tickets = played.market, played.tickets
    options = [len(played.allowed[ticket.kind]) for ticket in tickets]
    grounds = [ground(market, ticket) for ticket in tickets] if played.city else []
    return {
        "city": played.city,
        "demand": len(tickets),
        "every": _phase(every),
        "exempt": {name: grounds.count(name) for name in ("own_school", "sole_site")},
        "fixed": sum(ticket.fixed for ticket in tickets),
        "no_site": options.count(0),
        "part": market.part,
        "public": _phase(public),
        "seats": sum(played.capacity.values()),
        "seats_public": sum(seats for sitting, seats in played.capacity.items() if played.is_public(market.instance.sittings[sitting].site)),
        "stage": "home" if played.city else "cross",
        "thin": len([each for each in options if each < market.instance.rules["k"]]),
    }


def _phase(phase: Phase) -> dict[str, Any]:
    cut = {"demand_outside": phase.outside, "seats_inside": phase.seats, "sessions": sorted(phase.dead)}
    return {"augmented": phase.augmented, "cut": cut, "moved": phase.moved, "seated": phase.seated}


def ground(market: Market, ticket: Ticket) -> str:
    """By which exemption somebody sits at an own site of his city."""
    return "" if ticket.seat is None else exemption(market, ticket.person, ticket.seat)


def exemption(market: Market, person: Person, sitting: str) -> str:
    """By which exemption this sitting is open to him; empty if he needs none."""
    site = market.instance.sittings[sitting].site
    if site in market.nobodys or not market.own(person, site):
        return ""
    return "own_school" if market.school(person, site) else "sole_site"


def rewrite(instance: Instance, seed: str, draw_id: str, earlier: Earlier | None = None) -> dict[str, bytes]:
    """allocation.csv, rows.jsonl and transcript.json as they must be; moves.csv of an incremental draw."""
    redraw = Redraw(instance, seed, earlier)
    rows, seats = [], ["cand_id,part,session_id\n"]
    for person in instance.people:
        for part in redraw.parts(person):
            sitting = redraw.seat(person, part)
            rows.append(_row(redraw, person, part, sitting))
            if sitting is not None:
                seats.append(f"{_in_csv(person.id)},{part},{_in_csv(sitting)}\n")
    allocation, lines = "".join(seats).encode(), b"\n".join([*rows, b""])
    counts = {
        "candidates": len(instance.people),
        "rows": len(rows),
        "seated": len(seats) - 1,
        "sessions": len(instance.sittings),
        "sites": len(instance.sites),
    }
    transcript = {
        "algorithm": "xexam/1",
        "allocation_digest": hashlib.sha256(allocation).hexdigest(),
        "binding": binding(draw_id, instance.input_digest, seed),
        "components": redraw.components,
        "counts": counts,
        "draw_id": draw_id,
        "files": [{"digest": digest, "name": name} for name, digest in sorted(instance.digests.items())],
        "input_digest": instance.input_digest,
        "merkle_root": tree(rows),
        "rows_digest": hashlib.sha256(lines).hexdigest(),
        "rules": instance.rules,
        "seed": seed,
    }
    files = {"allocation.csv": allocation, "rows.jsonl": lines}
    if earlier is not None:
        files["moves.csv"] = _moves(redraw, instance, earlier)
        kept = {part: _kept(redraw, instance, part) for part in "TP"}
        transcript |= told_more(instance, earlier, files["moves.csv"], kept)
    return files | {"transcript.json": _json(transcript)}


def _moves(redraw: Redraw, instance: Instance, earlier: Earlier) -> bytes:
    parts = {person.id: redraw.parts(person) for person in instance.people}
    seats = {
        (person.id, part): sitting for person in instance.people for part in parts[person.id] if (sitting := redraw.seat(person, part)) is not None
    }
    rows = change_list(instance, earlier, parts, seats)
    head = "cand_id,part,from_session,to_session,kind,id,reason_code\n"
    return (head + "".join(",".join(map(_in_csv, row)) + "\n" for row in rows)).encode()


def _kept(redraw: Redraw, instance: Instance, part: str) -> dict[str, int]:
    people = {person.id: person for person in instance.people}
    kept = redraw.kept[part]
    grounds = [exemption(redraw.markets[part], people[cand], sitting) for cand, sitting in kept.items()]
    return {"own_school": grounds.count("own_school"), "seats": len(kept), "sole_site": grounds.count("sole_site")}


def binding(draw_id: str, input_digest: str, seed: str) -> str:
    """What ties draw, input and seed together in the transcript."""
    return hashed("xexam/1", "draw", draw_id, input_digest, seed).hex()


def tree(rows: list[bytes]) -> str:
    """Root of the Merkle tree of RFC 6962, read from its definition: split at the largest power of two below n."""
    hashes = [hashlib.sha256(b"\x00" + row).digest() for row in rows]

    def top(begin: int, end: int) -> bytes:
        if end - begin == 1:
            return hashes[begin]
        middle = begin + (1 << (end - begin - 1).bit_length() - 1)
        return hashlib.sha256(b"\x01" + top(begin, middle) + top(middle, end)).digest()

    return (top(0, len(hashes)) if hashes else hashlib.sha256().digest()).hex()


def _row(redraw: Redraw, person: Person, part: str, sitting: str | None) -> bytes:
    """One row as RFC 8785 writes it: keys in their order, nothing between them."""
    home, away = redraw.home[part][person.place], redraw.away[part][person.place]
    cross = drawn = exempt = lottery = ""
    if person.id in redraw.kept[part] and sitting is not None:
        how, exempt = "kept", exemption(redraw.markets[part], person, sitting)
    elif home is None:
        how = "no_theory_seat"
    else:
        how, exempt = _how(home), ground(redraw.markets[part], home)
        drawn, lottery = f'"drawn":[{_drawn(home)}],', f'"lottery":"{home.digest[:8].hex()}",'
        if away is not None:
            cross = f'"cross":{{"drawn":[{_drawn(away)}],"lottery":"{away.digest[:8].hex()}"}},'
            there = _how(away)
            how = how if there == "no_site" else there
    if exempt:
        exempt = f'"exempt":"{exempt}",'
    session = "null" if sitting is None else _told(sitting)
    return f'{{"cand":{_told(person.id)},{cross}{drawn}{exempt}"how":"{how}",{lottery}"part":"{part}","session":{session}}}'.encode()


def _drawn(ticket: Ticket) -> str:
    """The sites drawn: full, all but the last, whose sitting he has or was moved from, if it gave him one."""
    drawn = ticket.drawn
    if ticket.first is None:
        return ",".join([f'[{_told(site)},"full"]' for site in drawn])
    last = f'[{_told(drawn[-1])},"{"seat" if ticket.seat == ticket.first else "moved"}"]'
    return last if len(drawn) == 1 else ",".join([*[f'[{_told(site)},"full"]' for site in drawn[:-1]], last])


def _how(ticket: Ticket) -> str:
    if ticket.seat is None:
        return "no_seat" if ticket.somewhere else "no_site"
    if ticket.fixed:
        return "own_school"
    return "draw" if ticket.seat == ticket.first else "repair"


def _json(value: object) -> bytes:
    return _ENCODER.encode(value).encode()


def _in_csv(text: str) -> str:
    marked = '"' in text or "," in text or "\n" in text
    return '"' + text.replace('"', '""') + '"' if marked else text
