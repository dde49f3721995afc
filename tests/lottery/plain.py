"""Section 3 of the design said once more, cell by cell and without any cache: what the draw is held against."""

import csv
import json
from collections.abc import Iterator, Mapping

Row = dict[str, str]
DEFAULTS = {"sole_point": "registered", "practical_after_theory": 1, "same_controller_own": 1, "own_school_first": 0}


class Plain:
    """An instance as rows of text."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.rules = DEFAULTS | json.loads(files["meta.json"]).get("rules", {})
        tables = {
            name.removesuffix(".csv"): list(csv.DictReader(data.decode().splitlines())) for name, data in files.items() if name.endswith(".csv")
        }
        self.cities = {row["city_id"]: row for row in tables["cities"]}
        self.subjects = {row["subject"]: row for row in tables["subjects"]}
        self.insts = {row["inst_id"]: row for row in tables["institutions"]}
        self.sites = {row["point_id"]: row for row in tables["points"]}
        self.sessions = {row["session_id"]: row for row in tables["sessions"]}
        self.cands = {row["cand_id"]: row for row in tables["candidates"]}
        self.suspensions = tables["suspensions"]
        self.crossings = tables.get("crossings")

    def parts(self, cand: Row) -> str:
        whole = cand["parts"]
        return "T" if whole == "TP" and self.subjects[cand["subject"]]["has_practical"] == "0" else whole

    def usable(self, session: Row, subject: str, part: str) -> bool:
        """Usable, release ignored."""
        site, day = self.sites[session["point_id"]], int(session["day"])
        listed = site["theory_subjects" if part == "T" else "practical_subjects"].split(";")
        shut = any(row["point_id"] == site["point_id"] and int(row["from_day"]) <= day <= int(row["to_day"]) for row in self.suspensions)
        return (
            session["part"] == part
            and subject in listed
            and (session["subjects"] == "*" or subject in session["subjects"].split(";"))
            and int(session["seats"]) >= 1
            and not shut
        )

    def after(self, session: Row, cand: Row, theory: str | None) -> bool:
        """Late enough for him; `theory` is the session of his theory, for the practical of both parts."""
        when = int(session["day"]), int(session["slot"])
        release = (int(cand["earliest_day"]), -1)
        if theory is not None:
            other = int(self.sessions[theory]["day"]), int(self.sessions[theory]["slot"])
            if self.rules["practical_after_theory"]:
                release = max(release, other)
            elif when == other:
                return False
        return when > release

    def own(self, cand: Row, site: Row) -> bool:
        if cand["inst_id"] and cand["inst_id"] == site["inst_id"]:
            return True
        controller = self.insts[cand["inst_id"]]["controller"] if cand["inst_id"] else ""
        return bool(self.rules["same_controller_own"]) and controller != "" and controller == site["controller"]

    def own_school(self, cand: Row, site: Row) -> bool:
        return (
            cand["student"] == "1"
            and site["kind"] == "school"
            and cand["inst_id"] != ""
            and cand["inst_id"] == site["inst_id"]
            and self.cities[cand["city_id"]]["own_school_allowed"] == "1"
        )

    def is_sole(self, site: Row, subject: str, part: str) -> bool:
        column = "theory_subjects" if part == "T" else "practical_subjects"
        rivals = [row for row in self.sites.values() if row["city_id"] == site["city_id"]]
        if self.rules["sole_point"] == "registered":
            able = [row["point_id"] for row in rivals if subject in row[column].split(";")]
        else:
            able = [
                row["point_id"]
                for row in rivals
                if any(s["point_id"] == row["point_id"] and self.usable(s, subject, part) for s in self.sessions.values())
            ]
        return able == [site["point_id"]]

    def may_sit(self, cand: Row, session: Row, part: str, theory: str | None) -> bool:
        """At home."""
        site, subject = self.sites[session["point_id"]], cand["subject"]
        return (
            site["city_id"] == cand["city_id"]
            and self.usable(session, subject, part)
            and self.after(session, cand, theory)
            and (not self.own(cand, site) or self.is_sole(site, subject, part) or self.own_school(cand, site))
            and site["point_id"] not in cand["avoid"].split(";")
        )

    def may_cross(self, cand: Row, session: Row, part: str, theory: str | None) -> bool:
        """In another city."""
        site, subject = self.sites[session["point_id"]], cand["subject"]
        ordered = {"home_city": cand["city_id"], "receiving_city": site["city_id"], "subject": subject}
        return (
            site["city_id"] != cand["city_id"]
            and cand.get("cross", "1") == "1"
            and self.subjects[subject]["cross_city"] == "1"
            and self.cities[site["city_id"]]["accepts_cross"] == "1"
            and (self.crossings is None or ordered in self.crossings)
            and self.usable(session, subject, part)
            and self.after(session, cand, theory)
            and not self.own(cand, site)
            and site["point_id"] not in cand["avoid"].split(";")
        )

    def wanting(self, part: str, seats: Mapping[tuple[str, str], str]) -> Iterator[tuple[Row, str | None]]:
        """Who is drawn for a part, each with the session of his theory if that counts."""
        for cand in self.cands.values():
            if part in self.parts(cand):
                theory = seats.get((cand["cand_id"], "T")) if part == "P" and cand["parts"] == "TP" else None
                waits = part == "P" and cand["parts"] == "TP" and self.rules["practical_after_theory"]
                if theory is not None or not waits:
                    yield cand, theory
