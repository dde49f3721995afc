"""Rows of the spreadsheets that describe registered bodies; what a single cell means is asked of `law.cells`."""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from kaopei.law import cells, identity
from kaopei.law.cells import Written

_EMPTY = Written("", "empty")
_TIME = re.compile(r"^(\d{1,2})[:时点h](\d{1,2})?分?(?::\d{1,2}(?:\.\d+)?)?$")
_DAY_BEFORE = re.compile(r"^\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?T?(?=\d{1,2}[:时点h])")


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a workbook: its number as the spreadsheet shows it, its cells by column name, the letters of the columns."""

    file: str
    row: int
    cells: Mapping[str, Written]
    letters: Mapping[str, str] = field(default_factory=dict)

    def cell(self, column: str) -> Written:
        """The cell, an empty one where the sheet has no such column."""
        return self.cells.get(column, _EMPTY)

    def text(self, column: str) -> str:
        """The text without outer blanks."""
        return self.cell(column).text.strip()

    def address(self, column: str) -> str:
        """D5, as the spreadsheet calls the cell."""
        return f"{self.letters.get(column, '')}{self.row}"


@dataclass(frozen=True, slots=True)
class Message:
    """Something about a row (or, without row, a file) that a person should know. `is_loud` ones are shown before all else."""

    file: str
    text: str
    row: int = 0
    column: str = ""
    clause: str = ""
    is_loud: bool = False

    def __str__(self) -> str:
        place = self.file + (f" 第{self.row}行" if self.row else "") + (f"《{self.column}》" if self.column else "")
        return f"{place}：{self.text}" + (f"（{self.clause}）" if self.clause else "")


@dataclass
class Read[Entry]:
    """What a workbook gave: entries that can be used, and messages about the rest."""

    entries: list[Entry] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)


def code(text: str) -> str:
    """A credit code, site or sitting number: half-width, no blanks, upper case; a number cell may end in .0."""
    return identity.tidy(text).upper().removesuffix(".0")


def clock(text: str) -> dt.time | None:
    """A time of day: 09:00, 9：00, 9时30分, with a day before it, or a fraction of a day; else None."""
    plain = identity.tidy(text)
    found = _TIME.match(_DAY_BEFORE.sub("", plain))
    if found:
        hour, minute = int(found[1]), int(found[2] or 0)
        return dt.time(hour, minute) if hour < 24 and minute < 60 else None
    share = cells.read_number(plain)
    if share is None or share >= 1:
        return None
    minutes = round(share * 1440)
    return dt.time(minutes // 60 % 24, minutes % 60)


def count(text: str) -> int | None:
    """A whole number that is not negative; else None."""
    value = cells.read_number(text)
    return int(value) if value is not None and value == int(value) else None
