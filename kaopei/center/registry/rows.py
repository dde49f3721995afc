"""Rows of a folder's files by column name, CSV or workbook, one at a time: a file of millions of rows needs no memory."""

import csv
import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from kaopei.center.registry import workbook
from kaopei.center.registry.reading import Line, Message
from kaopei.center.registry.unusable import Unusable
from kaopei.law import identity

ENDINGS = (".csv", ".xlsx", ".xlsm", ".xls", ".ods")
TELL = 5
_MOMENT = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})[ T](\d{1,2}):(\d{2})(?::(\d{2}))?")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?")
Row = dict[str, str]


class Folder:
    """The files of one folder; `messages` gather what could not be read."""

    def __init__(self, path: Path, columns: Mapping[str, Sequence[str]], needed: Sequence[str] = ()) -> None:
        if not path.is_dir():
            raise Unusable(f"没有文件夹 {path}。请核对路径。")
        self.path, self._columns = path, columns
        self.messages: list[Message] = []
        for name in needed:
            if self.find(name) is None:
                raise Unusable(f"缺少文件《{name}》。请放在 {path} 后再试。")

    def find(self, name: str) -> Path | None:
        """The file of this name, whatever its ending."""
        return next((self.path / f"{name}{end}" for end in ENDINGS if (self.path / f"{name}{end}").is_file()), None)

    def rows(self, name: str) -> Iterator[tuple[int, Row]]:
        """(row number, cells by column); nothing, and a loud message, where the file is missing."""
        path, columns = self.find(name), self._columns[name]
        if path is None:
            self.messages.append(Message(name, "没有这份文件，与它有关的内容没有计算", is_loud=True))
        elif path.suffix == ".csv":
            yield from _csv_rows(path, columns)
        else:
            table = workbook.read(path.read_bytes(), path.name, columns, may_be_empty=True)
            self.messages.extend(table.messages)
            yield from ((line.row, _texts(line, columns)) for line in table.lines)

    def complain(self, name: str, row: int, text: str) -> None:
        """Name a row that is left out."""
        self.messages.append(Message(name, f"{text}，该行没有计算", row, is_loud=True))


def _texts(line: Line, columns: Sequence[str]) -> Row:
    return {column: line.text(column) for column in columns}


def _csv_rows(path: Path, columns: Sequence[str]) -> Iterator[tuple[int, Row]]:
    """UTF-8, with or without BOM."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            header = [workbook.heading(cell) for cell in next(reader, [])]
            missing = [column for column in columns if column not in header]
            if missing:
                raise Unusable(f"{path.name} 缺少列{''.join(f'《{column}》' for column in missing)}。请补上后再试。")
            places = [(column, header.index(column)) for column in columns]
            for cells in reader:
                if any(cells):
                    padded = cells + [""] * (len(header) - len(cells))
                    yield reader.line_num, {column: padded[place].strip() for column, place in places}
    except UnicodeDecodeError:
        raise Unusable(f"{path.name} 不是 UTF-8 编码的 CSV。请另存为 UTF-8 后再试。") from None
    except csv.Error as problem:
        raise Unusable(f"{path.name} 的 CSV 格式有误（{problem}）。请重新导出后再试。") from None


def person(text: str) -> str:
    """An identity number as it is compared: half-width, no blanks, capital X."""
    return identity.read_id_number(text).value


def moment(text: str) -> int | None:
    """2026-10-20 08:15:22 as seconds since 1970 on the wall clock; None if it is no time."""
    found = _MOMENT.fullmatch(text)
    if not found:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups())
    try:
        return int(dt.datetime(year, month, day, hour, minute, second, tzinfo=dt.UTC).timestamp())
    except ValueError:
        return None


def seconds(text: str) -> int | None:
    """18:25:22 as seconds of the day; None if it is no time of day."""
    found = _CLOCK.fullmatch(text)
    if not found:
        return None
    hour, minute, second = (int(part or 0) for part in found.groups())
    return hour * 3600 + minute * 60 + second if hour < 24 and minute < 60 and second < 60 else None


def midnight(day: dt.date) -> int:
    """The first second of a day, on the same scale as `moment`."""
    return int(dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC).timestamp())


def text_of(at: int | None) -> str:
    """2026-10-20 08:15:22, empty for None."""
    return "" if at is None else dt.datetime.fromtimestamp(at, dt.UTC).strftime("%Y-%m-%d %H:%M:%S")


def number(text: str) -> float | None:
    """A decimal number that may be negative; None if it is none."""
    try:
        return float(text)
    except ValueError:
        return None


def told(messages: Iterable[Message]) -> list[tuple[str, bool]]:
    """(text, loud) for the screen; the same complaint about many rows is told a few times and then counted."""
    times: dict[tuple[str, str], int] = {}
    found = []
    for message in messages:
        key = (message.file, message.text)
        times[key] = times.get(key, 0) + 1
        if times[key] <= TELL:
            found.append((str(message), message.is_loud))
    return found + [(f"{file}：{text}，另有 {count - TELL} 行", True) for (file, text), count in times.items() if count > TELL]
