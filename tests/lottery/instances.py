"""Instances for tests: a town built by hand, and provinces that are the same on every machine."""

import json
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

HEADERS = {
    "cities.csv": "city_id,name,own_school_allowed,accepts_cross",
    "districts.csv": "district_id,city_id,name,x_m,y_m",
    "subjects.csv": "subject,category,has_practical,cross_city",
    "institutions.csv": "inst_id,city_id,controller,kind,x_m,y_m",
    "points.csv": "point_id,city_id,kind,inst_id,controller,x_m,y_m,theory_subjects,practical_subjects",
    "suspensions.csv": "point_id,from_day,to_day",
    "sessions.csv": "session_id,point_id,day,slot,part,subjects,seats",
    "candidates.csv": "cand_id,city_id,inst_id,subject,parts,district_id,earliest_day,student,avoid",
}
SEEDS = [sha256(f"seed {number}".encode()).hexdigest() for number in range(100)]


class Town:
    """One city C with subject S, institution I and district D, to which a test adds what it is about."""

    def __init__(self, **rules: Any) -> None:
        self.rules = rules
        self.rows: dict[str, list[str]] = {name: [] for name in HEADERS}
        self.columns = HEADERS["candidates.csv"]
        self.crossings: list[str] | None = None
        self.city("C").subject("S").inst("I").district("D")

    def _add(self, name: str, *cells: object) -> "Town":
        self.rows[name].append(",".join(map(str, cells)))
        return self

    def city(self, name: str, own_school: int = 1, accepts: int = 0) -> "Town":
        return self._add("cities.csv", name, name, own_school, accepts)

    def district(self, name: str, x: object = 0, y: object = 0) -> "Town":
        return self._add("districts.csv", name, "C", name, x, y)

    def subject(self, name: str, practical: int = 1, cross: int = 0) -> "Town":
        return self._add("subjects.csv", name, "X", practical, cross)

    def inst(self, name: str, controller: str = "", kind: str = "training") -> "Town":
        return self._add("institutions.csv", name, "C", controller, kind, "", "")

    def site(
        self, name: str, kind: str = "public", inst: str = "", controller: str = "", city: str = "C",
        at: tuple[object, object] = (0, 0), theory: str = "S", practical: str = "S",
    ) -> "Town":  # fmt: skip
        return self._add("points.csv", name, city, kind, inst, controller, *at, theory, practical)

    def suspend(self, site: str, first: int, last: int) -> "Town":
        return self._add("suspensions.csv", site, first, last)

    def session(self, name: str, site: str, day: int = 5, slot: int = 0, part: str = "T", subjects: str = "*", seats: int = 1) -> "Town":
        return self._add("sessions.csv", name, site, day, slot, part, subjects, seats)

    def cand(
        self, name: str, parts: str = "T", inst: str = "I", subject: str = "S", city: str = "C", district: str = "D",
        earliest: int = 0, student: int = 0, avoid: str = "", *more: object,
    ) -> "Town":  # fmt: skip
        return self._add("candidates.csv", name, city, inst, subject, parts, district, earliest, student, avoid, *more)

    def files(self) -> dict[str, bytes]:
        """The instance as files."""
        rows = self.rows | ({"crossings.csv": self.crossings} if self.crossings is not None else {})
        heads = HEADERS | {"candidates.csv": self.columns, "crossings.csv": "home_city,receiving_city,subject"}
        files = {name: "".join(f"{line}\n" for line in [heads[name], *lines]).encode() for name, lines in rows.items()}
        return files | {"meta.json": json.dumps({"format": "xalloc/1", "rules": self.rules}).encode()}


class Dice:
    """Numbers from a name, the same on every machine and version."""

    def __init__(self, name: str) -> None:
        self._numbers = self._stream(name)

    @staticmethod
    def _stream(name: str) -> Iterator[int]:
        turn = 0
        while True:
            block = sha256(f"{name}/{turn}".encode()).digest()
            yield from (int.from_bytes(block[at : at + 4], "big") for at in range(0, 32, 4))
            turn += 1

    def below(self, bound: int) -> int:
        return next(self._numbers) % bound

    def one(self, *options: Any) -> Any:
        return options[self.below(len(options))]

    def some(self, options: list[str], share: int) -> list[str]:
        return [each for each in options if self.below(100) < share]


def province(number: int, candidates: int = 60) -> dict[str, bytes]:
    """A small province that uses every column and every rule; scarce, plentiful or without public sites by turns."""
    dice = Dice(f"province {number}")
    town = Town(
        sole_point=dice.one("registered", "active_in_horizon"),
        practical_after_theory=int(dice.below(4) > 0),
        same_controller_own=int(dice.below(4) > 0),
        own_school_first=dice.below(2),
        bands=dice.one("10000:8;20000:6;40000:4;80000:2;:1", "500:3;:1", ":1"),
        k=dice.one(2, 3, 4),
    )
    town.columns += ",cross,asks_own_school"
    cities = ["C", *[f"C{each}" for each in range(dice.below(3))]]
    subjects = ["S", *[f"S{each}" for each in range(1 + dice.below(3))]]
    controllers = ["", "", "G1", "G2"]
    for city in cities[1:]:
        town.city(city, dice.below(2), int(dice.below(3) > 0))
    for subject in subjects[1:]:
        town.subject(subject, int(dice.below(4) > 0), dice.below(2))
    insts = ["I", *[f"I{each}" for each in range(4)]]
    for inst in insts[1:]:
        town.inst(inst, dice.one(*controllers), dice.one("training", "school", "online"))
    for each in range(3):
        town.district(f"D{each}", *dice.one((dice.below(90000), dice.below(90000)), (dice.below(9000), 0), ("", "")))
    sites = _sites(town, dice, cities, subjects, insts, controllers)
    _sessions(town, dice, sites, subjects, candidates)
    for each in range(candidates):
        avoid = ";".join(dice.some(sites, 5))
        town.cand(
            f"K{each:03}", dice.one("T", "P", "TP", "TP"), dice.one("", *insts), dice.one(*subjects), dice.one(*cities),
            dice.one("", "D", "D0", "D1", "D2"), dice.below(5), dice.below(2), avoid, int(dice.below(5) > 0),
            dice.below(2),
        )  # fmt: skip
    if dice.below(2):
        pairs = [f"{home},{there},{subject}" for home in cities for there in cities for subject in subjects]
        town.crossings = dice.some(pairs, 60)
    return town.files()


def _sites(town: Town, dice: Dice, cities: list[str], subjects: list[str], insts: list[str], controllers: list[str]) -> list[str]:
    sites = []
    kinds = dice.one(["public"], ["attached", "school"], ["public", "attached", "school"])
    for city in cities:
        for each in range(2 + dice.below(5)):
            kind = dice.one(*kinds)
            place = dice.one((dice.below(90000), dice.below(90000)), (dice.below(500), 7))
            lists = [";".join(dice.some(subjects, 75)) for _ in "TP"]
            inst = "" if kind == "public" else dice.one(*insts)
            sites.append(f"P{city}{each}")
            if dice.below(40) == 0:
                place = ("", "")
            town.site(sites[-1], kind, inst, dice.one(*controllers), city, place, *lists)
            if dice.below(6) == 0:
                first = dice.below(6)
                town.suspend(sites[-1], first, first + dice.below(4))
    return sites


def _sessions(town: Town, dice: Dice, sites: list[str], subjects: list[str], candidates: int) -> None:
    scale = dice.one(1, 3, 8)
    for each in range(len(sites) * 4):
        listed = dice.one("*", ";".join(dice.some(subjects, 60)))
        seats = dice.below(1 + scale * candidates // 60)
        town.session(f"X{each:03}", dice.one(*sites), dice.below(8), dice.below(3), dice.one("T", "P"), listed, seats)
