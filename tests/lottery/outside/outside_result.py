"""All stages of a draw, and the files that it leaves (draw.md §5 and §6)."""

import hashlib

from outside_draw import ALGORITHM, Entry, Stage
from outside_input import jcs, sha256
from outside_rules import Rules, digest


class Draw:
    """Recompute a draw from an instance, a seed and, for late changes, the previous result."""

    def __init__(self, instance, seed, changes=None):
        self.instance, self.seed, self.changes = instance, seed, changes
        self.rules = Rules(instance)
        self.free = {session.id: session.seats for session in instance.sessions.values()}
        self.entries = {}
        self.components = []
        self.kept = {}

    def run(self):
        """Home theory, cross-city theory, home practical, cross-city practical."""
        for part in "TP":
            drawn = [candidate for candidate in self.instance.candidates.values() if part in self.rules.parts(candidate)]
            drawn = [candidate for candidate in drawn if self.has_theory(candidate, part)]
            if self.changes:
                self.kept |= self.changes.keep(self, part, drawn)
                drawn = [candidate for candidate in drawn if (candidate.id, part) not in self.kept]
            for city in sorted(self.instance.cities):
                home = [candidate for candidate in drawn if candidate.city == city]
                self.stage("home", part, city, [city], home, self.rules.allowed_home)
            left = [candidate for candidate in drawn if self.session(candidate.id, part) is None]
            left = [candidate for candidate in left if self.rules.may_cross(candidate)]
            self.stage("cross", part, "", self.rules.accepting(), left, self.rules.allowed_across)
        return self

    def has_theory(self, candidate, part):
        """Whether a practical can be drawn: only after a theory seat."""
        needs = part == "P" and self.rules.parts(candidate) == "TP" and self.rules.after_theory
        return not needs or self.session(candidate.id, "T") is not None

    def release(self, candidate, part):
        """The release of a candidate for a part."""
        theory = self.session(candidate.id, "T") if part == "P" else None
        return self.rules.release(candidate, theory)

    def session(self, name, part):
        """The session that a candidate has now."""
        if (name, part) in self.kept:
            return self.kept[name, part][0]
        found = [self.entries[key].session for key in ((name, part, "home"), (name, part, "cross")) if key in self.entries]
        return next((session for session in found if session), None)

    def stage(self, kind, part, city, cities, candidates, allowed_of):
        """Run one stage and describe its component."""
        if not candidates:
            return
        entries = []
        for candidate in candidates:
            release = self.release(candidate, part)
            waited = bool(self.changes) and self.changes.was_left_over(candidate.id, part)
            entry = Entry(candidate, release, allowed_of(candidate, part, release), waited)
            self.entries[candidate.id, part, kind] = entry
            entries.append(entry)
        label = part + "x" if kind == "cross" else part
        stage = Stage(self.rules, self.seed, part, label, entries, cities, self.free)
        stage.run()
        self.components.append(self.describe(stage, kind, city))

    def describe(self, stage, kind, city):
        """What the transcript says of a component."""
        entries = stage.entries
        public = [session.id for session in stage.sessions if stage.is_public(session.site)]
        exempt = [exemption(entry) for entry in entries]
        return {
            "city": city, "stage": kind, "part": stage.part, "demand": len(entries),
            "seats": sum(stage.seats.values()), "seats_public": sum(stage.seats[name] for name in public),
            "thin": sum(len(entry.allowed) < self.rules.table["k"] for entry in entries),
            "no_site": sum(not entry.allowed for entry in entries),
            "fixed": sum(entry.fixed for entry in entries),
            "exempt": {name: exempt.count(name) for name in ("own_school", "sole_site")},
            **stage.flows,
        }

    def rows(self):
        """One row for each candidate and part, as bytes without the line end."""
        for name, candidate in self.instance.candidates.items():
            for part in self.rules.parts(candidate):
                yield jcs(self.row(name, part))

    def row(self, name, part):
        """What is published of one sitting."""
        row = {"cand": name, "part": part, "session": None}
        if (name, part) in self.kept:
            session, exempt = self.kept[name, part]
            return row | {"how": "kept", "session": session.id} | ({"exempt": exempt} if exempt else {})
        home, cross = (self.entries.get((name, part, kind)) for kind in ("home", "cross"))
        if home is None:
            return row | {"how": "no_theory_seat"}
        row |= {"lottery": f"{home.lottery:016x}", "drawn": home.outcomes()}
        if cross:
            row["cross"] = {"lottery": f"{cross.lottery:016x}", "drawn": cross.outcomes()}
        last = cross if cross else home
        if last.session:
            row |= {"how": last.how, "session": last.session.id}
            if exemption(last):
                row["exempt"] = exemption(last)
        else:
            row["how"] = "no_seat" if home.allowed or cross and cross.allowed else "no_site"
        return row

    def allocation(self):
        """The bytes of allocation.csv."""
        lines = ["cand_id,part,session_id"]
        for name, candidate in self.instance.candidates.items():
            for part in self.rules.parts(candidate):
                if session := self.session(name, part):
                    lines.append(f"{name},{part},{session.id}")
        return "".join(line + "\n" for line in lines).encode()

    def files(self):
        """The files of the result: name to bytes."""
        rows, name = list(self.rows()), self.draw_id()
        files = {"allocation.csv": self.allocation(), "rows.jsonl": b"".join(row + b"\n" for row in rows)}
        transcript = {
            "algorithm": ALGORITHM, "seed": self.seed, "rules": self.rules.table,
            "draw_id": name, "input_digest": self.instance.input_digest,
            "binding": digest(ALGORITHM, "draw", name, self.instance.input_digest, self.seed).hex(),
            "files": [{"name": file, "digest": value} for file, value in sorted(self.instance.digests.items())],
            "counts": {"candidates": len(self.instance.candidates), "rows": len(rows),
                       "seated": files["allocation.csv"].count(b"\n") - 1,
                       "sessions": len(self.instance.sessions), "sites": len(self.instance.sites)},
            "components": self.components, "merkle_root": merkle_root(rows).hex(),
            "rows_digest": sha256(files["rows.jsonl"]), "allocation_digest": sha256(files["allocation.csv"]),
        }
        if self.changes:
            files["moves.csv"] = self.changes.moves_file(self)
            transcript |= self.changes.describe(self, files["moves.csv"])
        files["transcript.json"] = jcs(transcript)
        return files

    def draw_id(self):
        """The name of the draw on the command line."""
        return self.changes.draw_id if self.changes else "local-" + self.instance.input_digest[:16]



def exemption(entry):
    """The exemption by which a candidate sits where he sits."""
    return entry.allowed.get(entry.session.site, "") if entry.session else ""


def merkle_root(leaves):
    """The tree hash of RFC 6962."""
    level = [hashlib.sha256(b"\0" + leaf).digest() for leaf in leaves]
    if not level:
        return hashlib.sha256(b"").digest()
    while len(level) > 1:
        pairs = [hashlib.sha256(b"\1" + level[i] + level[i + 1]).digest() for i in range(0, len(level) - 1, 2)]
        level = pairs + level[len(pairs) * 2:]
    return level[0]
