"""The serial draw and the repair of one stage (draw.md §4 and §5)."""

from collections import deque
from dataclasses import dataclass, field

from outside_input import Refused
from outside_rules import digest

ALGORITHM = "xexam/1"


@dataclass
class Entry:
    """One candidate in one stage."""

    candidate: object
    release: tuple
    allowed: dict
    first: bool = False
    lottery: int = 0
    spin: int = 0
    position: int = 0
    drawn: list = field(default_factory=list)
    won: object = None
    session: object = None
    fixed: bool = False

    @property
    def type(self):
        """What decides where he can sit."""
        return (tuple(self.allowed), self.candidate.subject, self.release)

    @property
    def how(self):
        """How the candidate came by his session; moved away and back again counts as drawn."""
        if self.fixed:
            return "own_school"
        return "draw" if self.session is self.won else "repair"

    def outcomes(self):
        """The sites that he drew, each with its outcome."""
        last = "seat" if self.session is self.won else "moved"
        return [[site, last if self.won and site == self.won.site else "full"] for site in self.drawn]


class Stage:
    """A component (a city, or the province across cities) in one part."""

    def __init__(self, rules, seed, part, label, entries, cities, free):
        self.rules, self.seed, self.part, self.label, self.free = rules, seed, part, label, free
        self.sites = rules.instance.sites
        self.entries = entries
        for entry in entries:
            d = self.hash(label, entry.candidate.id)
            entry.lottery, entry.spin = int.from_bytes(d[:8], "big"), d[31]
        entries.sort(key=lambda entry: (not entry.first, entry.lottery, entry.candidate.id))
        for position, entry in enumerate(entries):
            entry.position = position
        self.occupants = {}
        names = {session.site for session in rules.instance.sessions.values() if session.part == part}
        names = [name for name in names if self.sites[name].city in cities]
        self.site_order = sorted(names, key=lambda name: (self.hash("pt", name), name))
        self.sessions = [session for session in rules.instance.sessions.values()
                         if session.part == part and session.site in names]
        self.seats = {}
        self.flows = {}

    def hash(self, *fields):
        """H of the document."""
        return digest(ALGORITHM, self.seed, *fields)

    def is_public(self, site):
        """Whether the site is a public base."""
        return self.sites[site].kind == "public"

    def run(self):
        """Draw and repair."""
        if self.label == self.part and self.rules.table["own_school_first"] == 1:
            self.own_school_first()
        self.seats = {session.id: self.free[session.id] for session in self.sessions}
        for tier in (0, 1):
            for entry in self.entries:
                if entry.session is None:
                    self.draw(entry, tier)
        for name, public_only in (("public", True), ("every", False)):
            self.flows[name] = Flow(self, public_only).run()

    def own_school_first(self):
        """Place the students who asked for the site of their own school."""
        for entry in self.entries:
            own = [name for name in entry.allowed if self.rules.is_own_school(entry.candidate, self.sites[name])]
            if own and entry.candidate.asks_own_school:
                session = self.first_free(min(own), entry)
                if session:
                    self.place(entry, session)
                    entry.fixed = True

    def first_free(self, site, entry):
        """The first usable session of a site with a free seat."""
        sessions = self.rules.usable(site, entry.candidate.subject, self.part, entry.release)
        return next((session for session in sessions if self.free[session.id] > 0), None)

    def place(self, entry, session):
        """Give a seat."""
        self.free[session.id] -= 1
        self.occupants.setdefault(session.id, set()).add(entry.position)
        entry.session = session

    def leave(self, entry):
        """Take the seat back."""
        self.free[entry.session.id] += 1
        self.occupants[entry.session.id].discard(entry.position)
        entry.session = None

    def draw(self, entry, tier):
        """Draw sites of a tier until one has a seat."""
        subject = entry.candidate.subject
        options = [name for name in entry.allowed if self.is_public(name) == (tier == 0)]
        factors = self.rules.factors(entry.candidate, entry.allowed)
        tried = 0
        while options:
            weights = self.rules.weights(subject, self.part, options, factors)
            value = self.random(entry, tier, tried, len(options))
            site = pick(weights, value)
            session = self.first_free(site, entry)
            entry.drawn.append(site)
            if session:
                self.place(entry, session)
                entry.won = session
                return
            options.remove(site)
            tried += 1

    def random(self, entry, tier, tried, left):
        """The next 40 bits of a candidate in a tier."""
        name = entry.candidate.id
        if tried >= 4:
            return int.from_bytes(self.hash(self.label, name, "r", tier, left)[-5:], "big")
        source = self.hash(self.label, name) if tier == 0 else self.hash(self.label, name, "t1")
        return int.from_bytes(source[8:], "big") >> 40 * tried & (1 << 40) - 1


def pick(weights, value):
    """The site in which the drawn value falls."""
    total = sum(weights.values())
    if total >= 1 << 22:
        raise Refused(f"the weights add up to {total}")
    u = value * total >> 40
    for site in sorted(weights):
        if u < weights[site]:
            return site
        u -= weights[site]
    raise AssertionError("unreachable")


class Flow:
    """One phase of the repair: shortest augmenting paths until none is left."""

    def __init__(self, stage, public_only):
        self.stage, self.public_only = stage, public_only
        self.order = [name for name in stage.site_order if not public_only or stage.is_public(name)]
        self.dead_types, self.dead_sessions = set(), set()
        self.augmented = self.moved = 0

    def run(self):
        """Search from each source in lottery order."""
        for entry in self.stage.entries:
            if not entry.fixed and not self.is_served(entry):
                self.serve(entry)
        return self.summary()

    def is_served(self, entry):
        """Whether the candidate has a seat that counts in this phase."""
        return entry.session is not None and (not self.public_only or self.stage.is_public(entry.session.site))

    def serve(self, source):
        """Augment from one source, or mark what was visited dead."""
        if source.type in self.dead_types:
            return
        turn = source.spin % len(self.order) if self.order else 0
        came_by, reached = {source.type: None}, {}
        last = self.search(source.type, self.order[turn:] + self.order[:turn], came_by, reached)
        if last is None:
            self.dead_types.update(came_by)
            self.dead_sessions.update(reached)
        else:
            self.augment(source, last, came_by, reached)

    def search(self, start, order, came_by, reached):
        """The first session with a free seat in breadth-first order, or None."""
        queue = deque([start])
        while queue:
            kind = queue.popleft()
            for session in self.expand(kind, order):
                if session.id in reached or session.id in self.dead_sessions:
                    continue
                reached[session.id] = kind
                if self.stage.free[session.id] > 0:
                    return session
                for other in self.types_in(session):
                    if other not in came_by and other not in self.dead_types:
                        came_by[other] = session
                        queue.append(other)
        return None

    def expand(self, kind, order):
        """The sessions that a type can use, in search order."""
        allowed, subject, release = kind
        for name in order:
            if name in allowed:
                yield from self.stage.rules.usable(name, subject, self.stage.part, release)

    def types_in(self, session):
        """The types in a session in the order of their first occupant."""
        positions = sorted(self.stage.occupants.get(session.id, ()))
        entries = [self.stage.entries[position] for position in positions]
        return dict.fromkeys(entry.type for entry in entries if not entry.fixed)

    def augment(self, source, session, came_by, reached):
        """Move the occupants along the path and seat the source."""
        self.augmented += 1
        while (before := came_by[reached[session.id]]) is not None:
            mover = self.last_of(reached[session.id], before)
            self.stage.leave(mover)
            self.stage.place(mover, session)
            self.moved += 1
            session = before
        if source.session is not None:
            self.stage.leave(source)
        self.stage.place(source, session)

    def last_of(self, kind, session):
        """The occupant of a type with the greatest lottery position."""
        entries = [self.stage.entries[position] for position in self.stage.occupants[session.id]]
        return max((entry for entry in entries if entry.type == kind and not entry.fixed),
                   key=lambda entry: entry.position)

    def summary(self):
        """What the transcript says of this phase; the cut proves that no allocation seats more."""
        entries = [entry for entry in self.stage.entries if not entry.fixed]
        seated = sum(self.is_served(entry) for entry in entries)
        outside = sum(entry.type not in self.dead_types for entry in entries)
        inside = sum(self.stage.seats[name] for name in self.dead_sessions)
        if seated != outside + inside:
            raise AssertionError(f"cut of {outside} + {inside} against {seated} seated")
        cut = {"demand_outside": outside, "seats_inside": inside, "sessions": sorted(self.dead_sessions)}
        return {"augmented": self.augmented, "moved": self.moved, "seated": seated, "cut": cut}
