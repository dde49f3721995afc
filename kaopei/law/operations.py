"""The catalogue of special operations, and lists of them as people write them.

One name holds the separator of the lists (高处安装、维护、拆除作业), so a list is read by known names, longest first.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache

from kaopei.law.identity import tidy
from kaopei.law.tables import table

SEPARATORS = "、，,；;/／|\n"
HAZARDOUS_CHEMICALS = "9"
COAL_MINES = "5"
_SPACED = re.compile(r"(?<=作业)\s+|\n")
_MARKS = re.compile(r"[、，,；;/／|()（）·\-—_\s]")


@dataclass(frozen=True, slots=True)
class Operation:
    """A work type of the catalogue: `code` 3.2, `name`, number and name of its category."""

    code: str
    name: str
    category_no: str
    category: str


def key(name: str) -> str:
    """What two spellings of one name have in common: no marks, no brackets, half-width."""
    return _MARKS.sub("", tidy(name))


@cache
def catalogue() -> dict[str, Operation]:
    """All work types by the key of their name."""
    return {
        key(row["name"]): Operation(row["code"], row["name"], category["no"], category["name"])
        for category in table("catalogue")["category"]
        for row in category["types"]
    }


def find(name: str) -> Operation | None:
    """The work type of this name, the ending 作业 may be missing."""
    known = catalogue()
    plain = key(name)
    return known.get(plain) or known.get(plain + "作业")


@lru_cache(maxsize=4096)
def canonical(name: str) -> str:
    """The name as the catalogue writes it; unknown names come back tidied."""
    operation = find(name)
    return operation.name if operation else tidy(name)


@lru_cache(maxsize=4096)
def category_no(name: str) -> str:
    """Number of the category, empty if unknown. Later processes (…工艺作业) belong to the chemical category."""
    operation = find(name)
    if operation:
        return operation.category_no
    return HAZARDOUS_CHEMICALS if key(name).removesuffix("作业").endswith("工艺") else ""


def split(text: str, known: Iterable[str] = ()) -> tuple[str, ...]:
    """The operations in a list, canonical, in order, each once. `known` adds names beyond the catalogue."""
    pattern = _pattern(frozenset(known))
    rest = tidy(_SPACED.sub("、", text))
    found: dict[str, None] = {}
    while rest := rest.lstrip(SEPARATORS):
        match = pattern.match(rest)
        end = match.end() if match else _next_separator(rest)
        found[canonical(rest[:end])] = None
        rest = rest[end:]
    return tuple(found)


@lru_cache(maxsize=4096)
def _pattern(known: frozenset[str]) -> re.Pattern[str]:
    """One alternation of all names, longest first, marks inside a name optional, ended by a separator."""
    names = {operation.name for operation in catalogue().values()} | {tidy(name) for name in known if key(name)}
    mark = f"[{re.escape(SEPARATORS)}()·]?"
    pieces = []
    for name in sorted(names, key=lambda name: (-len(name), name)):
        stem = name.removesuffix("作业")
        pieces.append("".join(mark if _MARKS.match(char) else re.escape(char) for char in stem) + "(?:作业)?")
    return re.compile(f"(?:{'|'.join(pieces)})(?=[{re.escape(SEPARATORS)}]|$)")


def _next_separator(text: str) -> int:
    return next((place for place, char in enumerate(text) if char in SEPARATORS), len(text))
