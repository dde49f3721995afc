"""一（一） N1.1.1: the conditions of institutions, clause by clause of the standard in force on a day; what is not at hand stays open."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from kaopei.law import numbers, sources
from kaopei.law.numbers import NoNumber, Number

# Which number stands in which clause; of the edition of 2023 the text is not at hand, so most clauses are known by number only.
KEYS = {
    "AQT16": {"3.1.1": "ti.managers", "3.1.2": "ti.ledger", "3.1.3": "ti.teacher_years", "3.1.5": "ti.capacity"},
    "AQ23": {"4.2": "ti.capacity", "4.3.2": "ti.managers", "4.7": "ti.archive_keep", "5.2": "ti.teacher_years"},
}
TOPICS = "ti.std_2023_topics"
OPEN, MET, UNMET = "open", "met", "unmet"
STATES = {OPEN: "待定", MET: "符合", UNMET: "不符合"}
UNITS = {"person": "人", "year": "年", "rule": "", "list": ""}


@dataclass(frozen=True, slots=True)
class Condition:
    """One clause on a day. `value` is a whole number (at least), words that a person compares, or None: not at hand."""

    clause: str
    title: str
    value: int | str | None
    unit: str
    source: str

    @property
    def wanted(self) -> str:
        """The requirement in words."""
        if self.value is None:
            return "条文未录入"
        return f"至少 {self.value} {self.unit}".rstrip() if isinstance(self.value, int) else self.value

    def state(self, figure: int | None, met: bool | None) -> tuple[str, str]:
        """(open, met or unmet, why) of a figure that was counted, or of what a person found. A value that is not at hand fails nobody."""
        if self.value is None:
            return OPEN, f"标准第 {self.clause} 条的内容未录入，不据此判定"
        if isinstance(self.value, str):
            return (OPEN, "还没有人核查") if met is None else (MET, "经人核查符合") if met else (UNMET, "经人核查不符合")
        if figure is None:
            return OPEN, "还没有填报"
        said = f"现有 {figure}，标准至少 {self.value}"
        return (MET, said) if figure >= self.value else (UNMET, said)


def edition(day: date) -> str:
    """Id of the source in force on a day; empty before the first."""
    return next((one for one in KEYS if sources.get(one).on(day) == "in-force"), "")


def conditions(day: date) -> tuple[Condition, ...]:
    """The clauses of the edition in force, in their order; none on a day of which no edition is known."""
    known = edition(day)
    if not known:
        return ()
    keys = KEYS[known]
    topics = _number(TOPICS, day)
    clauses = set(keys) | set(topics.value if topics is not None and topics.value is not None else ())
    return tuple(_condition(clause, keys.get(clause, ""), known, day) for clause in sorted(clauses, key=_order))


def _condition(clause: str, key: str, known: str, day: date) -> Condition:
    number = _number(key, day)
    if number is None:
        return Condition(clause, f"第 {clause} 条", None, "", known)
    value: Any = number.value if number.may_refuse else None
    return Condition(clause, number.title, value, UNITS.get(number.unit, number.unit), known)


def _number(key: str, day: date) -> Number | None:
    try:
        return numbers.of(key, day)
    except NoNumber:
        return None


def _order(clause: str) -> list[int]:
    return [int(part) for part in clause.split(".")]
