"""Late changes: what an incremental draw keeps and why a sitting differs (draw.md §6, ADR 8)."""

import json

from outside_input import Refused, csv_line, sha256
from outside_rules import digest

CLOSING = ("sitting_unsealed", "sitting_withdrawn")
KINDS = ("candidate_withdrawn", "late_approval", "site_suspended", *CLOSING, "error")


class Changes:
    """The previous result and changes.csv."""

    def __init__(self, instance, folder):
        if instance.changes is None:
            raise Refused("an incremental draw needs changes.csv")
        data = (folder / "transcript.json").read_bytes()
        rows = (folder / "rows.jsonl").read_bytes()
        self.previous = json.loads(data)
        if sha256(rows) != self.previous["rows_digest"]:
            raise Refused("previous rows.jsonl is not the file that its transcript names")
        self.instance, self.digest = instance, sha256(data)
        instance.digests["previous/transcript.json"] = self.digest
        parsed = [json.loads(line) for line in rows.splitlines()]
        self.before = {(row["cand"], row["part"]): row["session"] for row in parsed}
        self.told = {(kind, name): code for kind, name, code in instance.changes}
        if len(self.told) != len(instance.changes) or {kind for kind, _ in self.told} - set(KINDS):
            raise Refused("changes.csv: a kind unknown or told twice")
        for kind, name in self.told:
            if kind in CLOSING and name in instance.sessions:
                instance.sessions[name].closed = True
        stem, _, number = self.previous["draw_id"].rpartition(".")
        self.draw_id = f"{stem}.{int(number) + 1}" if stem else self.previous["draw_id"] + ".1"

    def was_left_over(self, name, part):
        """Whether the previous draw had a row for him without a sitting."""
        return self.before.get((name, part), "") is None

    def keep(self, draw, part, candidates):
        """The seats that stay: (candidate, part) to session and exemption."""
        holders = {}
        for candidate in candidates:
            session = self.instance.sessions.get(self.before.get((candidate.id, part)))
            if session is None:
                continue
            exempt = self.holds(draw, candidate, part, session)
            if exempt is not None:
                order = (digest("xexam/1", draw.seed, part, candidate.id), candidate.id)
                holders.setdefault(session.id, []).append((order, exempt))
        kept = {}
        for name, held in holders.items():
            session = self.instance.sessions[name]
            for (_, candidate), exempt in sorted(held)[: session.seats]:
                kept[candidate, part] = session, exempt
                draw.free[name] -= 1
        return kept

    def holds(self, draw, candidate, part, session):
        """The exemption (or an empty text) under which the session is usable for him now; None if it is not."""
        release = draw.release(candidate, part)
        usable = draw.rules.usable(session.site, candidate.subject, part, release)
        if session not in usable:
            return None
        home = draw.rules.allowed_home(candidate, part, release)
        across = draw.rules.allowed_across(candidate, part, release)
        return (home | across).get(session.site)

    def moves(self, draw):
        """Each candidate and part whose sitting differs, with its reason."""
        now = {(name, part): session.id for name, candidate in self.instance.candidates.items()
               for part in draw.rules.parts(candidate) if (session := draw.session(name, part))}
        before = {key: session for key, session in self.before.items() if session}
        for name, part in sorted(now.keys() | before.keys(), key=lambda key: (key[0], key[1] == "P")):
            old, new = before.get((name, part)), now.get((name, part))
            if old != new:
                reason = self.lost(name, part, old, now, before) if old else self.gained(name, new)
                yield [name, part, old or "", new or "", *reason]

    def lost(self, name, part, old, now, before):
        """The first reason told for a seat that he no longer has."""
        session = self.instance.sessions.get(old)
        site = self.instance.sites[session.site] if session else None
        suspended = site and any(first <= session.day <= last for first, last in site.suspended)
        asked = [("candidate_withdrawn", name), ("sitting_unsealed", old), ("sitting_withdrawn", old)]
        asked += [("site_suspended", site.id)] if suspended else []
        asked += [("error", name), ("error", old)] + ([("error", site.id)] if site else [])
        for key in asked:
            if key in self.told:
                return [*key, self.told[key]]
        if part == "P" and before.get((name, "T")) != now.get((name, "T")):
            return ["theory_moved", name, ""]
        raise Refused(f"{name} {part} lost {old} without a reason")

    def gained(self, name, new):
        """The reason of a seat gained."""
        for kind in ("late_approval", "error"):
            if (kind, name) in self.told:
                return [kind, name, self.told[kind, name]]
        return ["left_over", name, ""]

    def moves_file(self, draw):
        """The bytes of moves.csv."""
        head = ["cand_id", "part", "from_session", "to_session", "kind", "id", "reason_code"]
        return "".join(csv_line(row) + "\n" for row in [head, *self.moves(draw)]).encode()

    def describe(self, draw, moves):
        """What the transcript of an incremental draw has more."""
        kept = {}
        for part in "TP":
            exempt = [value[1] for key, value in draw.kept.items() if key[1] == part]
            kept[part] = {"seats": len(exempt), **{kind: exempt.count(kind) for kind in ("own_school", "sole_site")}}
        kinds = [kind for kind, _ in self.told]
        return {
            "changes": {kind: kinds.count(kind) for kind in sorted(set(kinds))}, "kept": kept,
            "moves": moves.count(b"\n") - 1, "moves_digest": sha256(moves),
            "previous": {"draw_id": self.previous["draw_id"], "transcript_digest": self.digest},
        }
