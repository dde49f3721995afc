"""The 134 duties of the notice: who, what in our own words, and where each is carried out."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal, TypedDict

from kaopei.law.rules import Bound, index
from kaopei.law.tables import table

Kind = Literal["rule", "record", "organisational", "missing"]
CASES = "tests/law/cases"


class Line(TypedDict):
    """One line of `law coverage --json`."""

    id: str
    kind: Kind
    where: list[str]
    tests: list[str]


@dataclass(frozen=True, slots=True)
class Duty:
    """A duty. `where` and `tests` are what the table says beyond the bound rules; `reason` for organisational ones.

    `awaits`: the app, not there yet, whose pages will ask a rule that is there already.
    """

    id: str
    clause: str
    who: tuple[str, ...]
    force: str
    text: str
    kind: Kind
    where: tuple[str, ...]
    tests: tuple[str, ...]
    reason: str
    numbers: tuple[str, ...]
    ambiguous: tuple[str, ...]
    awaits: tuple[str, ...]


@cache
def all_duties() -> dict[str, Duty]:
    """Every duty by id, in the order of the notice."""
    return {
        row["id"]: Duty(
            id=row["id"],
            clause=row["clause"],
            who=tuple(row["who"]),
            force=row["force"],
            text=row["duty"],
            kind=row["kind"],
            where=tuple(row.get("where", ())),
            tests=tuple(row.get("tests", ())),
            reason=row.get("reason", ""),
            numbers=tuple(row.get("numbers", ())),
            ambiguous=tuple(row.get("ambiguous", ())),
            awaits=tuple(row.get("awaits", ())),
        )
        for row in table("duties")["duty"]
    }


@cache
def rules_of(duty: str) -> tuple[Bound, ...]:
    """The rules bound to a duty."""
    return tuple(bound for bound in index() if duty in bound.duties)


def case_table(bound: Bound) -> str:
    """The table of cases of a rule: tests/law/cases/c2_3_cross_exam.toml::may_sit_at."""
    return f"{CASES}/{bound.module.rsplit('.', 1)[1]}.toml::{bound.name}"


def coverage() -> list[Line]:
    """How each duty is carried out."""
    lines: list[Line] = []
    for duty in all_duties().values():
        rules = rules_of(duty.id)
        where: Sequence[str] = (*(bound.where for bound in rules), *duty.where)
        tests: Sequence[str] = (*(case_table(bound) for bound in rules), *duty.tests)
        if duty.kind == "organisational":
            where = (duty.reason,)
        lines.append(Line(id=duty.id, kind=duty.kind, where=list(where), tests=list(tests)))
    return lines
