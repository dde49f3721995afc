"""Spreadsheets in: the table is found by its column names, wherever it stands, and every cell knows its place.

    sheet = read(path, required=["序号", "姓名"], identity=["身份证号码"])
    for row in sheet.rows: row.number, row["姓名"].text, row["姓名"].place

A fault of the file as a whole is BadSheet (exit status 2) that says file, sheet, cell and remedy; a fault of a row is the caller's.
"""

import csv
import io
import unicodedata
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Literal

import python_calamine as calamine

from kaopei.office import sheet_formulas

Kind = Literal["text", "number", "date", "bool", "blank"]
HEADER_WITHIN = 30  # rows in which the header is looked for
LARGEST = 400 * 1024 * 1024  # bytes that a workbook may unpack to
ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"


class BadSheet(ValueError):
    """The file as a whole cannot be used."""

    exit_status = 2


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: its text, how the workbook stores it, and where it stands."""

    text: str
    row: int
    column: int
    kind: Kind = "text"

    @property
    def place(self) -> str:
        """D17"""
        return f"{letters(self.column)}{self.row}"


@dataclass(frozen=True, slots=True)
class Row:
    """One row that is not blank; `number` counts from 1 as the spreadsheet shows it."""

    number: int
    cells: Mapping[str, Cell]

    def __getitem__(self, column: str) -> Cell:
        """The cell under this column; blank if the sheet has no such column."""
        return self.cells.get(column) or Cell("", self.number, 0, "blank")

    def text(self, column: str) -> str:
        return self[column].text


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table: the file's name, the sheet's name, the title above, the columns in the file's order, the rows."""

    file: str
    name: str
    title: str
    header: Mapping[str, int]
    rows: Sequence[Row] = field(repr=False)


def read(
    source: Path | str | bytes,
    filename: str = "",
    *,
    required: Sequence[str],
    identity: Sequence[str] = (),
    aliases: Mapping[str, Sequence[str]] | None = None,
    may_be_empty: bool = False,
) -> Sheet:
    """Find the table that has all `required` columns, in any sheet, row and order; `identity` columns must not be formulas.

    `aliases`: other spellings of a column, by the name that the caller uses.
    """
    name = filename or (Path(source).name if not isinstance(source, bytes) else "文件")
    data = source if isinstance(source, bytes) else _load(Path(source), name)
    spelled = {tidy(word): column for column, words in (aliases or {}).items() for word in words}
    nearest: tuple[int, str, list[str]] = (-1, "", list(required))
    for sheet, grid in _grids(data, name):
        place, header, missing = _header(grid, required, spelled)
        if not missing:
            _refuse_formulas(data, name, sheet, {column: header[column] for column in identity if column in header})
            rows = list(_rows(grid, place, header))
            if not rows and not may_be_empty:
                raise BadSheet(f"{name}：工作表“{sheet}”只有表头，没有数据。请填写后再提交。")
            return Sheet(name, sheet, _title(grid, place), header, rows)
        if len(required) - len(missing) > nearest[0]:
            nearest = (len(required) - len(missing), sheet, missing)
    if nearest[0] < 0:
        raise BadSheet(f"{name}：文件是空的，没有任何表格内容。请重新导出后再提交。")
    raise BadSheet(f"{name}：工作表“{nearest[1]}”缺少列：{'、'.join(nearest[2])}。请补上该列（表头文字须一致）后再提交。")


def tidy(text: str) -> str:
    """A column's name as it is compared: full width and blanks do not matter, nor a star or colon at the end."""
    return "".join(unicodedata.normalize("NFKC", text).split()).rstrip("*:")


def letters(column: int) -> str:
    """1 → A, 27 → AA"""
    found = ""
    while column:
        column, rest = divmod(column - 1, 26)
        found = chr(65 + rest) + found
    return found


def _load(path: Path, name: str) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise BadSheet(f"{path}：没有这个文件。请检查文件夹和文件名。") from None
    except OSError as problem:
        raise BadSheet(f"{path}：读不出来（{problem.strerror}）。") from None


def _grids(data: bytes, name: str) -> Iterator[tuple[str, list[list[Any]]]]:
    if not data:
        raise BadSheet(f"{name}：文件是空的（0 字节）。请重新导出后再提交。")
    if data[:4] not in (ZIP, OLE):
        yield from _text(data, name)
        return
    if data[:4] == ZIP:
        _check_archive(data, name)
    try:
        book = calamine.load_workbook(io.BytesIO(data))
        for sheet in book.sheet_names:
            yield sheet, book.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
    except calamine.PasswordError:
        raise BadSheet(f"{name}：工作簿设有密码。请取消密码后重新保存再提交。") from None
    except calamine.CalamineError as problem:
        if b"E\x00n\x00c\x00r\x00y\x00p\x00t\x00e\x00d\x00P\x00a\x00c\x00k\x00a\x00g\x00e" in data:
            raise BadSheet(f"{name}：工作簿设有密码。请取消密码后重新保存再提交。") from None
        raise BadSheet(f"{name}：不是完整的工作簿，可能传输中断或已损坏（{problem}）。请重新导出后再提交。") from None


def _check_archive(data: bytes, name: str) -> None:
    """Whole, undamaged, and not a bomb."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > LARGEST:
                raise BadSheet(f"{name}：展开后过大，超过 {LARGEST // 2**20} MB。请拆分后再提交。")
            if damaged := archive.testzip():
                raise BadSheet(f"{name}：文件已损坏（{damaged}）。请重新导出后再提交。")
    except (zipfile.BadZipFile, EOFError, OSError, RuntimeError, NotImplementedError, ValueError) as problem:
        if isinstance(problem, BadSheet):
            raise
        raise BadSheet(f"{name}：不是完整的工作簿，可能传输中断或已损坏。请重新导出后再提交。") from None
    except Exception as problem:
        if type(problem).__module__ != "zlib":
            raise
        raise BadSheet(f"{name}：文件已损坏。请重新导出后再提交。") from None


def _text(data: bytes, name: str) -> Iterator[tuple[str, list[list[Any]]]]:
    """CSV, with or without BOM; spreadsheets in China also write GB 18030."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        text = "\0"
    if "\0" in text:
        raise BadSheet(f"{name}：既不是工作簿（xlsx），也不是文本表格（csv）。请用电子表格软件另存为 xlsx 再提交。")
    try:
        yield Path(name).stem, [list(row) for row in csv.reader(io.StringIO(text, newline=""))]
    except csv.Error as problem:
        raise BadSheet(f"{name}：文本表格格式有误（{problem}）。") from None


def _header(grid: list[list[Any]], required: Sequence[str], spelled: Mapping[str, str]) -> tuple[int, dict[str, int], list[str]]:
    """Row index and columns (from 1) of the best header, and which required columns it lacks."""
    wanted = {tidy(column): column for column in required}
    best: tuple[int, dict[str, int], list[str]] = (0, {}, list(required))
    for place, row in enumerate(grid[:HEADER_WITHIN]):
        header: dict[str, int] = {}
        for number, value in enumerate(row, start=1):
            word = tidy(value) if isinstance(value, str) else ""
            column = wanted.get(word) or spelled.get(word) or (value.strip() if isinstance(value, str) else "")
            if word and column not in header:
                header[column] = number
        missing = [column for column in required if column not in header]
        if len(missing) < len(best[2]):
            best = (place, header, missing)
        if not missing:
            break
    return best


def _title(grid: list[list[Any]], place: int) -> str:
    above = (str(value).strip() for row in grid[:place] for value in row)
    return next((text for text in above if text), "")


def _rows(grid: list[list[Any]], place: int, header: Mapping[str, int]) -> Iterator[Row]:
    for number, row in enumerate(grid[place + 1 :], start=place + 2):
        cells = {column: _cell(row[at - 1] if at <= len(row) else "", number, at) for column, at in header.items()}
        if any(cell.text for cell in cells.values()):
            yield Row(number, cells)


def _cell(value: Any, row: int, column: int) -> Cell:
    # The order matters: a bool is an int, a datetime is a date.
    if isinstance(value, str):
        return Cell(value.strip(" \t\r\n"), row, column, "text") if value.strip() else Cell("", row, column, "blank")
    if isinstance(value, bool):
        return Cell("是" if value else "否", row, column, "bool")
    if isinstance(value, int | float):
        return Cell(number_text(value), row, column, "number")
    if isinstance(value, datetime):
        return Cell(f"{value:%Y-%m-%d}" if value.time() == time() else f"{value:%Y-%m-%d %H:%M:%S}", row, column, "date")
    if isinstance(value, date):
        return Cell(value.isoformat(), row, column, "date")
    return Cell(f"{value:%H:%M:%S}" if isinstance(value, time) else _span(value), row, column, "date")


def number_text(value: float) -> str:
    """As a spreadsheet shows it: 15 digits and no more are known of a number."""
    if float(value).is_integer() and abs(value) < 1e15:
        return str(int(value))
    return f"{value:.15g}"


def _span(value: timedelta) -> str:
    seconds = int(value.total_seconds())
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _refuse_formulas(data: bytes, name: str, sheet: str, columns: Mapping[str, int]) -> None:
    if data[:4] != ZIP or not columns:
        return
    found = sheet_formulas.first(data, sheet, {letters(number) for number in columns.values()})
    if found:
        column = next(word for word, number in columns.items() if found.rstrip("0123456789") == letters(number))
        raise BadSheet(f"{name}：工作表“{sheet}”单元格 {found}（{column}）是公式。请复制后“选择性粘贴为数值”，再提交。")
