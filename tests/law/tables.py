"""Turns a line of a case table into the arguments of a rule, by the types that the rule declares.

Applications, institutions and syllabus rows are written as the columns of the city's own sheets; an identity number may be
left out and is then made for the birth date and sex of the line.
"""

import tomllib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from importlib import import_module
from inspect import signature
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from kaopei.law import cells, identity, reading
from kaopei.law.cells import Standing, Written
from kaopei.law.facts import ApplicationFacts, InstitutionFacts, IntakeContext, SyllabusFacts

FOLDER = Path(__file__).parent / "cases"
# Words of a case that are not arguments.
ANSWERS = ("case", "expect", "code", "clause", "codes", "gives", "says")


@dataclass(frozen=True)
class Case:
    """One line: the rule (`c2_3_cross_exam.may_sit_at`), its arguments and the answer expected."""

    rule: str
    title: str
    given: dict[str, Any]
    answer: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.rule}: {self.title}"

    def function(self) -> Callable[..., Any]:
        """The rule itself."""
        module, name = self.rule.split(".")
        function: Callable[..., Any] = getattr(import_module(f"kaopei.law.rules.{module}"), name)
        return function

    def arguments(self) -> dict[str, Any]:
        """The arguments in the types of the rule."""
        hints = get_type_hints(self.function())
        named = signature(self.function()).parameters.values()
        asked = {part.name for part in named if part.default is part.empty}
        return {name: made(hints[name], self.given.get(name)) for name in hints if name in asked | set(self.given)}


@cache
def tables() -> tuple[tuple[str, dict[str, Any]], ...]:
    """Every table: (module.function, its content). Read once; nobody changes it."""
    files = ((path.stem, tomllib.loads(path.read_text(encoding="utf-8"))) for path in sorted(FOLDER.glob("*.toml")))
    return tuple((f"{stem}.{name}", table) for stem, content in files for name, table in content.items())


def cases() -> Iterator[Case]:
    """Every case of every table; what the table says under `base` counts for all its cases."""
    for rule, table in tables():
        for line in table["cases"]:
            given = merged(table.get("base", {}), {key: value for key, value in line.items() if key not in ANSWERS})
            yield Case(rule, line["case"], given, {key: line[key] for key in ANSWERS if key in line})


def merged(base: Any, change: Any) -> Any:
    """A table changed in places; a value `"none"` takes an entry out."""
    if not (isinstance(base, dict) and isinstance(change, dict)):
        return change
    both = base | {key: merged(base.get(key, {}), value) for key, value in change.items()}
    return {key: value for key, value in both.items() if value != "none"}


def made(kind: Any, value: Any) -> Any:
    """A value of the kind that a rule declares."""
    if kind is Any:
        return value
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return None if value is None else made(next(part for part in inner if part is not type(None)), value)
    assert value is not None, f"the table gives no {kind}"
    if kind in SPECIAL:
        return SPECIAL[kind](value)
    if isinstance(kind, type) and is_dataclass(kind):
        hints = get_type_hints(kind)
        asked = {part.name for part in fields(kind) if part.default is MISSING and part.default_factory is MISSING}
        return kind(**{name: made(hints[name], value.get(name)) for name in hints if name in asked | set(value)})
    if origin is frozenset:
        return frozenset(value)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {key: made(inner[1], part) for key, part in value.items()}
    if isinstance(origin, type) and issubclass(origin, Collection):
        return [made(inner[0], part) for part in value]
    return value


def application(row: Mapping[str, Any]) -> ApplicationFacts:
    """A row of 学员报名 by its columns; `出生` makes a number."""
    row = dict(row)
    born = row.pop("出生", None)
    if born is not None:
        row["身份证号码"] = number_for(born, row.get("性别", "男"))
    return reading.application(written(row))


def number_for(born: date, sex: str, region: str = "440605") -> str:
    """A synthetic identity number with the right check digit."""
    body = f"{region}{born:%Y%m%d}00{1 if sex == '男' else 2}"
    return body + identity.id_check_digit(body)


def written(row: Mapping[str, Any]) -> dict[str, Written]:
    """Cells by column: figures are stored as numbers, everything else as text."""
    return {
        column: Written(str(value), "number" if isinstance(value, int | float) else "text") for column, value in row.items()
    }


def institution(row: Mapping[str, Any]) -> InstitutionFacts:
    """A row of 培训机构 by its columns."""
    return reading.institution(written(row))


def syllabus(row: Mapping[str, Any]) -> SyllabusFacts:
    """A row of 大纲学时 by its columns."""
    return reading.syllabus(written(row))


def context(table: Mapping[str, Any]) -> IntakeContext:
    """The intake of a city: days, and its two sheets."""
    bodies = [institution(row) for row in table.get("培训机构", ())]
    hours = [syllabus(row) for row in table.get("大纲学时", ())]
    first = table["first_day"]
    return IntakeContext(
        city=table["city"],
        city_name=table["city_name"],
        first_day=first,
        last_day=table.get("last_day", first + timedelta(days=20)),
        received_on=table.get("received_on", first),
        institutions={body.code: body for body in bodies},
        syllabus={row.operation: row for row in hours},
    )


SPECIAL: dict[Any, Callable[[Any], Any]] = {
    ApplicationFacts: application,
    InstitutionFacts: institution,
    SyllabusFacts: syllabus,
    IntakeContext: context,
    Standing: cells.read_standing,
    Decimal: lambda value: Decimal(str(value)),
    timedelta: lambda minutes: timedelta(minutes=minutes),
}
