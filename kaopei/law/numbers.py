"""Numbers of the law with their dates: `at("ep.camera_lead", day)`. No rule writes a number itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import Any

from kaopei.law import sources
from kaopei.law.tables import table

# Only a value that somebody has seen may refuse (law.md, point 5).
MAY_REFUSE = frozenset({"verified-in-text", "verified-secondary"})


class NoNumber(LookupError):
    """There is no such number, or none on that day."""


class NotVerified(LookupError):
    """Nobody has verified or entered the value: it may be shown with its standing (`number_at`), not used as if it were law."""


@dataclass(frozen=True, slots=True)
class Number:
    """One value and its standing. `value` is None where the text is not at hand."""

    key: str
    title: str
    value: Any
    unit: str
    stricter: str
    first: date | None
    last: date | None
    source: str
    article: str
    confidence: str
    carried_from: str = ""
    assumption: bool = False
    city: str = ""
    note: str = ""
    lapsed: bool = False

    @property
    def is_verified(self) -> bool:
        """Whether somebody has seen it in a text, and it is no assumption of ours."""
        return self.value is not None and self.confidence in MAY_REFUSE and not self.assumption

    @property
    def may_refuse(self) -> bool:
        """Whether somebody may be refused by it: seen in a text that has not lapsed, or the one allowed assumption."""
        return self.value is not None and not self.lapsed and (self.is_verified or self.assumption)

    @property
    def remark(self) -> str:
        """What a verdict must say about the standing of this value, in brackets; empty for a plain one."""
        if self.value is None:
            return "（尚未录入）"
        if self.lapsed:
            return "（依据已失效）"
        if self.assumption:
            return "（假定值，市里尚未录入）"
        if not self.is_verified:
            return "（未核实，不据此判定）"
        if self.carried_from:
            return "（沿用原规定的数值，新规定文本尚未录入）"
        if self.standing == "unknown":
            return "（依据现在是否有效未核实）"
        return ""

    @property
    def standing(self) -> str:
        """Standing of the source itself, as its table says."""
        return sources.get(self.source).standing

    def holds_on(self, day: date) -> bool:
        """Whether the value counts on that day."""
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)


@cache
def all_numbers() -> Mapping[str, tuple[Number, ...]]:
    """Every number by key, its values in the order of their dates."""
    found: dict[str, list[Number]] = {}
    for row in table("numbers")["number"]:
        for values in row["values"]:
            number = Number(
                key=row["key"],
                title=row["title"],
                value=values.get("value"),
                unit=row["unit"],
                stricter=row["stricter"],
                first=values.get("from"),
                last=values.get("to"),
                source=values["source"],
                article=values.get("article", ""),
                confidence=values["confidence"],
                carried_from=values.get("carried_from", ""),
                assumption=values.get("assumption", False),
                note=row.get("note", ""),
            )
            found.setdefault(number.key, []).append(number)
    return {key: tuple(values) for key, values in found.items()}


@cache
def of(key: str, day: date) -> Number:
    """The province's number on a day. Of a lapsed source the last value comes back, marked: shown, never refusing."""
    values = all_numbers().get(key, ())
    for number in values:
        if number.holds_on(day):
            return number
    if values and values[-1].last and day > values[-1].last:
        return replace(values[-1], lapsed=True)
    raise NoNumber(f"没有数值 {key}（{day}）")


def at(key: str, day: date, city: str | None = None, overlays: Sequence[Number] = ()) -> Any:
    """The value on a day. `overlays` are what cities have entered (stricter, cited, by two persons), kept elsewhere.

    Raises NotVerified, saying how far the value is known, where nobody has verified or entered it; NoNumber where there is none.
    """
    number = number_at(key, day, city, overlays)
    if not number.is_verified:
        source = f"{sources.get(number.source).title}{number.article}"
        raise NotVerified(f"数值 {key}（{number.title}，{day}）{number.remark}，来源《{source}》，核实程度 {number.confidence}")
    return number.value


def number_at(key: str, day: date, city: str | None = None, overlays: Sequence[Number] = ()) -> Number:
    """Like `at`, with source and standing.

    What the province has entered (no city) fills a value that is not entered, carried over or assumed, and nothing else.
    A city's value counts only where it is stricter than the province's.
    """
    base = of(key, day)
    if not overlays:
        return base
    entered = [number for number in overlays if number.key == key and number.holds_on(day)]
    if base.value is None or base.carried_from or base.assumption:
        base = next((number for number in entered if not number.city), base)
    ours = (number for number in entered if city and number.city == city)
    return next((number for number in ours if is_stricter(base, number.value)), base)


def is_stricter(base: Number, value: Any) -> bool:
    """Whether a city's value is at least as strict: numbers by direction, lists only narrower, texts never."""
    if base.value is None or base.stricter == "fixed":
        return False
    if base.stricter == "narrower":
        return set(value) <= set(base.value)
    return bool(value >= base.value if base.stricter == "up" else value <= base.value)
