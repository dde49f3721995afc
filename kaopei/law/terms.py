"""The words of the house and of the notice: Chinese, identifier, and how a clause is cited."""

import re
from dataclasses import dataclass
from functools import cache

from kaopei.law.tables import table


@dataclass(frozen=True, slots=True)
class Term:
    """One word. `identifier` is as the glossary prints it, with its backticks; `names` are the bare identifiers."""

    section: str
    zh: str
    identifier: str
    note: str

    @property
    def names(self) -> tuple[str, ...]:
        """ExamParcel, ReturnParcel …"""
        return tuple(re.findall(r"`([^`]+)`", self.identifier))


@cache
def glossary() -> tuple[Term, ...]:
    """All words in their order."""
    return tuple(
        Term(section["title"], word["zh"], word["identifier"], word.get("note", ""))
        for section in table("terms")["section"]
        for word in section["words"]
    )


@cache
def identifiers() -> frozenset[str]:
    """Every identifier of the glossary."""
    return frozenset(name for term in glossary() for name in term.names)


@cache
def clauses() -> dict[str, tuple[str, str]]:
    """Clauses of the notice by our number: place and title, `N2.3` → (二（三）, 考试安排与交叉考试)."""
    return {key: (row["place"], row["title"]) for key, row in table("terms")["clauses"].items()}


def actors() -> dict[str, str]:
    """Who has duties: `EP` → 考试点."""
    return dict(table("terms")["actors"])


@cache
def clause_of(number: str) -> str:
    """The clause that a duty belongs to: N2.3.2 → N2.3, N3.2.0b → N3.2; empty if there is none."""
    number = number.upper() if number[:1] in "nN" else f"N{number}"
    parts = number.split(".")
    for length in (2, 1):
        key = ".".join(parts[:length])
        if key in clauses():
            return key
    return ""


@cache
def place(number: str) -> str:
    """Where it stands in the notice: N2.3.2 → 二（三）."""
    return clauses()[clause_of(number)][0] if clause_of(number) else ""


def cite(number: str) -> str:
    """Both names of a duty: 二（三） N2.3.2."""
    return f"{place(number)} {number}".strip()
