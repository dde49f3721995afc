"""One table of an instance: read from CSV bytes, put into canonical form."""

import csv
import re
import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from operator import lt
from typing import Any, NamedTuple


class BadInstance(ValueError):
    """The files cannot be drawn; the text says file, line, column and what to do."""

    exit_status = 2


# Reads one cell: canonical text and value; raises ValueError with what is wrong and what to do.
Reader = Callable[[str], tuple[str, Any]]


class Column(NamedTuple):
    """One column: its name, how a cell is read, whether the file may lack it."""

    name: str
    read: Reader
    optional: bool = False


class Table(NamedTuple):
    """Values by column, rows in canonical order, and the canonical bytes."""

    columns: dict[str, list[Any]]
    canonical: bytes

    def rows(self, *names: str) -> "zip[tuple[Any, ...]]":
        """The rows of these columns."""
        return zip(*(self.columns[name] for name in names), strict=True)


class _Grid(NamedTuple):
    """Cells by column in the order of the file, and where each row stood."""

    header: list[str]
    columns: list[list[str]]
    line: Callable[[int], int]


# ── cells ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def identity(text: str) -> tuple[str, str]:
    """An id: not empty, no list separator, no control character, no blank at either end."""
    if not text:
        raise ValueError("不能为空，请填写编号")
    if ";" in text or text != text.strip() or not text.isprintable():
        raise ValueError(f"编号“{text}”含有分号、首尾空格或不可见字符，请改正")
    return text, text


def free(text: str) -> tuple[str, str]:
    """Any text."""
    return text, text


def whole(text: str) -> tuple[str, int]:
    """A decimal integer; written without leading zeros."""
    if re.fullmatch(r"-?[0-9]{1,18}", text) is None:
        raise ValueError(f"“{text}”不是整数，请填写整数（不带小数点、空格）" if text else "不能为空，请填写整数")
    value = int(text)
    return str(value), value


def count(text: str) -> tuple[str, int]:
    """An integer from 0."""
    canonical, value = whole(text)
    if value < 0:
        raise ValueError(f"“{text}”小于 0，请填写 0 或正整数")
    return canonical, value


def whole_or_none(text: str) -> tuple[str, int | None]:
    """An integer, or nothing."""
    return whole(text) if text else ("", None)


def flag(text: str) -> tuple[str, int]:
    """0 or 1."""
    canonical, value = whole(text)
    if value not in (0, 1):
        raise ValueError(f"“{text}”不是 0 或 1，请改正")
    return canonical, value


def names(text: str) -> tuple[str, tuple[str, ...]]:
    """A list joined by `;`: sorted, without duplicates."""
    listed = tuple(sorted({name for name in text.split(";") if name}))
    return ";".join(listed), listed


def choice(*allowed: str) -> Reader:
    """One of these words."""

    def read(text: str) -> tuple[str, str]:
        if text not in allowed:
            raise ValueError(f"“{text}”不在 {'、'.join(allowed)} 之中，请改正")
        return text, text

    return read


def member(known: Collection[str], where: str, *, empty: bool = False) -> Reader:
    """An id that another file has; `empty` allows none."""

    def read(text: str) -> tuple[str, str]:
        if text not in known and not (empty and not text):
            missing = f"“{text}”在 {where} 里没有，请改正或补上"
            raise ValueError(missing if text else f"不能为空，请填写 {where} 里的编号")
        return text, text

    return read


def members(known: Collection[str], where: str) -> Reader:
    """A list of ids that another file has."""

    def read(text: str) -> tuple[str, tuple[str, ...]]:
        canonical, listed = names(text)
        for name in listed:
            if name not in known:
                raise ValueError(f"“{name}”在 {where} 里没有，请改正或补上")
        return canonical, listed

    return read


# ── files ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def decode(name: str, data: bytes) -> str:
    """Bytes of a file as NFC text with LF; a byte-order mark is dropped."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        raise BadInstance(f"{name} 第{line}行不是 UTF-8 文字：请另存为 UTF-8 编码后重试。") from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise BadInstance(f"{name} 第{line}行含有空字符：文件可能损坏，请重新导出。")
    return unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")


def read(name: str, data: bytes, columns: Sequence[Column], key: str | None) -> Table:
    """A file by its columns; `key` is the id column, by which rows are sorted and which may not repeat."""
    grid = _grid(name, decode(name, data), columns)
    found = dict(zip(grid.header, grid.columns, strict=True))
    present = [column for column in columns if column.name in found]
    values: dict[str, list[Any]] = {}
    canonical: dict[str, list[str]] = {}
    for column in present:
        cells = found[column.name]
        texts, meant = _read_column(name, column, cells, grid.line)
        canonical[column.name] = list(map(texts.__getitem__, cells))
        values[column.name] = list(map(meant.__getitem__, cells))
    size = len(grid.columns[0])
    lines = _lines([canonical[column.name] for column in present], size)
    order = _order(name, canonical[key], key, grid.line) if key else sorted(range(size), key=lines.__getitem__)
    if order is not None:
        lines = [lines[row] for row in order]
        values = {each: [cells[row] for row in order] for each, cells in values.items()}
    written = "\n".join([",".join(column.name for column in present), *lines, ""]).encode()
    # A file that is canonical already is kept once.
    return Table(values, data if data == written else written)


def _grid(name: str, text: str, columns: Sequence[Column]) -> _Grid:
    quoted = '"' in text
    if quoted:
        rows, numbers = _quoted_rows(name, text)
    else:
        lines = text.split("\n")
        kept = [line for line in lines if line and not line.isspace()]
        rows = [kept[0].split(",")] if kept else []
    if not rows:
        raise BadInstance(f"{name} 是空文件：请放入带表头的表格。")
    header, width = rows[0], len(rows[0])
    _check_header(name, header, columns)

    def line_of(row: int) -> int:
        if quoted:
            return numbers[row + 1]
        return [number for number, line in enumerate(lines, 1) if line and not line.isspace()][row + 1]

    widths = list(map(len, rows[1:])) if quoted else [line.count(",") + 1 for line in kept[1:]]
    if widths.count(width) != len(widths):
        row = next(row for row, cells in enumerate(widths) if cells != width)
        raise BadInstance(f"{name} 第{line_of(row)}行有 {widths[row]} 列，表头有 {width} 列：请补齐或删去多余的逗号。")
    if not widths:
        return _Grid(header, [[] for _ in header], line_of)
    # One split and strides: several times cheaper than a split for each line.
    cells = [cell for row in rows[1:] for cell in row] if quoted else ",".join(kept[1:]).split(",")
    return _Grid(header, [cells[place::width] for place in range(width)], line_of)


def _quoted_rows(name: str, text: str) -> tuple[list[list[str]], list[int]]:
    rows, numbers, begun = [], [], 1
    reader = csv.reader((line + "\n" for line in text.split("\n")), strict=True)
    try:
        for row in reader:
            if len(row) > 1 or (row and not (row[0].isspace() or not row[0])):
                rows.append(row)
                numbers.append(begun)
            begun = reader.line_num + 1
    except csv.Error:
        raise BadInstance(f"{name} 第{begun}行的引号不成对：请检查该行的双引号。") from None
    return rows, numbers


def _check_header(name: str, header: list[str], columns: Sequence[Column]) -> None:
    known = [column.name for column in columns]
    for title in header:
        if title not in known:
            raise BadInstance(f"{name} 第1行有不认识的列「{title}」：应为 {','.join(known)}，请删去或改名。")
        if header.count(title) > 1:
            raise BadInstance(f"{name} 第1行「{title}」列出现两次：请只留一列。")
    for column in columns:
        if column.name not in header and not column.optional:
            raise BadInstance(f"{name} 第1行缺少「{column.name}」列：请补上。")


def _read_column(name: str, column: Column, cells: list[str], line: Callable[[int], int]) -> tuple[Mapping[str, str], Mapping[str, Any]]:
    texts, meant = {}, {}
    for cell in dict.fromkeys(cells):
        try:
            texts[cell], meant[cell] = column.read(cell)
        except ValueError as problem:
            where = f"{name} 第{line(cells.index(cell))}行「{column.name}」列"
            raise BadInstance(f"{where}：{problem}。") from None
    return texts, meant


def _lines(columns: list[list[str]], size: int) -> list[str]:
    """Canonical lines without their LF, quoted only where a cell needs it."""
    lines = list(map(",".join, zip(*columns, strict=True)))
    wide = len(columns) - 1
    for row in range(size):
        line = lines[row]
        if '"' in line or "\n" in line or line.count(",") != wide:
            lines[row] = ",".join(quoted(cells[row]) for cells in columns)
    return lines


def quoted(cell: str) -> str:
    """A cell as RFC 4180 writes it, in quotes only where it must be."""
    if "," in cell or '"' in cell or "\n" in cell:
        return '"' + cell.replace('"', '""') + '"'
    return cell


def _order(name: str, ids: list[str], key: str, line: Callable[[int], int]) -> list[int] | None:
    """The rows by id, or None if they stand so already; text compares by code point, that is bytewise in UTF-8."""
    if all(map(lt, ids, ids[1:])):
        return None
    if len(set(ids)) != len(ids):
        seen: set[str] = set()
        row = next(row for row, each in enumerate(ids) if each in seen or seen.add(each))  # type: ignore[func-returns-value]
        raise BadInstance(f"{name} 第{line(row)}行「{key}」列：编号“{ids[row]}”重复，请只留一行。")
    return sorted(range(len(ids)), key=ids.__getitem__)
