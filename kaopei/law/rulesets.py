"""Which rules held on a day: the sets of texts by name, and one digest over everything that a verdict of that day rests on."""

import json
from dataclasses import asdict, dataclass
from datetime import date
from functools import cache
from hashlib import sha256
from importlib.resources import files

from kaopei.law import numbers, sources
from kaopei.law.tables import table


@dataclass(frozen=True, slots=True)
class TextSet:
    """The text that rules one family of questions from `first` to `last` (inclusive, None = open)."""

    name: str
    family: str
    title: str
    source: str
    first: date | None
    last: date | None
    text: bool

    def holds_on(self, day: date) -> bool:
        """Whether it is this one's day."""
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Everything that ruled on a day. `name` reads so-19+ti-2023+gd-none+notice-2023; `digest` is of rules and dated values."""

    name: str
    sets: tuple[TextSet, ...]
    digest: str

    @property
    def title(self) -> str:
        """The texts, for people."""
        return "；".join(one.title for one in self.sets)


@cache
def all_sets() -> tuple[TextSet, ...]:
    """Every set of texts, in the order of the table."""
    return tuple(
        TextSet(row["name"], row["family"], row["title"], row["source"], row.get("from"), row.get("to"), row.get("text", True))
        for row in table("rulesets")["set"]
    )


@cache
def name_on(day: date) -> str:
    """The name of the rule set of a day; cheap, because every verdict carries it."""
    return "+".join(one.name for one in all_sets() if one.holds_on(day))


@cache
def on(day: date) -> RuleSet:
    """The rule set of a day, whatever day it is today: a past date gives the rules of that date."""
    return RuleSet(name_on(day), tuple(one for one in all_sets() if one.holds_on(day)), digest_on(day))


def digest_on(day: date) -> str:
    """SHA-256, hex, over the code of the law, the values that hold on the day and the state of every source.

    Values of other days do not count: entering next year's leaves the digest of today alone.
    """
    held = [asdict(number) for values in numbers.all_numbers().values() for number in values if number.holds_on(day)]
    states = {source.id: source.on(day) for source in sources.all_sources().values()}
    content = {"code": code_digest(), "sets": name_on(day), "numbers": held, "sources": states}
    return sha256(json.dumps(content, ensure_ascii=False, sort_keys=True, default=str).encode()).hexdigest()


# Tables that decide; words and places for people to read do not.
DECIDING = ("ambiguous", "calendar", "catalogue", "places")


@cache
def code_digest() -> str:
    """SHA-256, hex, over the rules and what they call, file by file in the order of their names."""
    home = files(__package__)
    folders = {"": home, "rules/": home.joinpath("rules")}
    code = {
        f"{where}{path.name}": path.read_bytes()
        for where, folder in folders.items()
        for path in folder.iterdir()
        if path.name.endswith(".py")
    }
    code |= {f"{name}.toml": home.joinpath(f"{name}.toml").read_bytes() for name in DECIDING}
    return sha256(b"".join(sha256(name.encode() + b"\0" + code[name]).digest() for name in sorted(code))).hexdigest()
