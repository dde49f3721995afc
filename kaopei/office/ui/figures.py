"""The dated numbers of a page's 依据: value, from when to when, source, how far seen; and settings, named as such."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.apps import apps

from kaopei.law import ambiguous, book, duties, numbers, sources, terms

UNITS = {
    "year": "年", "month": "个月", "day": "日", "working day": "个工作日", "hour": "小时", "minute": "分钟", "person": "人", "percent": "%",
    "yuan": "元", "point": "分", "item": "题", "time": "次", "per year": "次/年", "hour per year": "小时/年",
}  # fmt: skip
# Codes of the tables that people should not have to read.
CODES = {"junior": "初中", "senior": "高中", "household": "户籍地", "work": "从业地", "residence": "常住地"}


@dataclass(frozen=True, slots=True)
class Figure:
    """One number or setting as the panel shows it."""

    key: str
    title: str
    value: str
    days: str
    source: str
    article: str = ""
    standing: str = ""
    is_verified: bool = False


def keys(cited: Iterable[str], more: Iterable[str]) -> list[str]:
    """The numbers that duties rest on, and further ones, each once."""
    known = duties.all_duties()
    return list(dict.fromkeys([*(key for number in cited for key in known[number].numbers), *more]))


def of_law(key: str, day: date) -> Figure:
    """The value on that day, or that it is not entered; only a verified one may refuse somebody."""
    try:
        number = numbers.of(key, day)
    except numbers.NoNumber:
        number = numbers.all_numbers()[key][0]
    said = book.CONFIDENCE[number.confidence]
    return Figure(
        key, number.title, _value(number), book.days_text(number), sources.get(number.source).title, number.article,
        f"{said}{number.remark}", number.is_verified and number.may_refuse,
    )  # fmt: skip


def _value(number: numbers.Number) -> str:
    """As people say it: 3 个月, not 3 month."""
    if number.value is None:
        return "尚未录入"
    parts = number.value if isinstance(number.value, list) else [number.value]
    said = "、".join(CODES.get(str(part), str(part)) for part in parts)
    return f"{said} {UNITS[number.unit]}" if number.unit in UNITS else said


def of_words(cited: Iterable[str]) -> Iterator[Figure]:
    """What the words without a figure are read as: proposals of this system, no values of the law."""
    known = duties.all_duties()
    for word in dict.fromkeys(word for number in cited for word in known[number].ambiguous):
        one = ambiguous.all_ambiguous()[word]
        if one.settings:
            yield Figure(word, f"“{one.term}”", one.default, "", "本系统的建议设置")


def of_cities(cited: Iterable[str], person: Any, day: date) -> Iterator[Figure]:
    """What the person's city has set for itself: `AppConfig.own_figures(city, day)` gives (duty, title, value, days, source)."""
    city = getattr(person, "city", "")
    if city in ("", "*"):
        return
    wanted = set(cited)
    for config in apps.get_app_configs():
        give = getattr(config, "own_figures", None)
        for duty, title, value, days, source in give(city, day) if give else ():
            if duty in wanted:
                yield Figure("", f"{title}（{terms.cite(duty)}）", value, days, source)
