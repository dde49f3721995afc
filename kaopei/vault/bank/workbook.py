"""Reading a workbook cell by cell, with what the usual readers leave out: which cells are formulas, which are merged.

Office Open XML is read with the standard library; document type definitions are refused, and sizes are limited before
anything is unpacked.
"""

import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree as ET

PART_LIMIT = 48 << 20
PARTS_LIMIT = 2000
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PASSWORD = "EncryptedPackage".encode("utf-16-le")
_REFERENCE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_DATE_FORMATS = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})
_KINDS = {"n": "number", "b": "truth", "e": "error", "d": "date"}


class BadWorkbook(ValueError):
    """The file as a whole cannot be read; the text says what and what to do."""

    exit_status = 2


@dataclass(frozen=True, slots=True)
class SheetCell:
    """A cell as written. kind: text, number, truth, date or error."""

    text: str
    kind: str
    formula: bool


@dataclass(slots=True)
class Sheet:
    """A sheet: cells by (row, column) from 1, and the merged ranges (top, left, bottom, right)."""

    name: str
    cells: dict[tuple[int, int], SheetCell] = field(default_factory=dict)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)

    def rows(self) -> dict[int, dict[int, SheetCell]]:
        """Row number → column → cell, rows in order."""
        found: dict[int, dict[int, SheetCell]] = {}
        for (row, column), cell in sorted(self.cells.items()):
            found.setdefault(row, {})[column] = cell
        return found


def read(data: bytes, name: str) -> list[Sheet]:
    """All sheets of a workbook; BadWorkbook names the file and the remedy."""
    if data.startswith(_COMPOUND):
        what = "有打开密码" if _PASSWORD in data else "是旧版 .xls 或有密码"
        raise BadWorkbook(f"{name}：{what}，无法读取。请去掉密码，另存为 .xlsx 工作簿。")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _Reader(archive, name).sheets()
    except BadWorkbook:
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, OSError, ValueError):
        raise BadWorkbook(f"{name}：不是完整的 .xlsx 工作簿（可能没有传完）。请重新取得原文件。") from None


class _Reader:
    def __init__(self, archive: zipfile.ZipFile, name: str) -> None:
        self._archive, self._name = archive, name
        parts = archive.infolist()
        self._parts = {part.filename.lstrip("/").lower(): part for part in parts}
        if len(parts) > PARTS_LIMIT:
            raise BadWorkbook(f"{name}：工作簿内部件超过 {PARTS_LIMIT} 个，拒绝读取。")

    def sheets(self) -> list[Sheet]:
        book = self._target("_rels/.rels", "officeDocument") or "xl/workbook.xml"
        root = self._xml(book)
        if root is None:
            raise BadWorkbook(f"{self._name}：不是工作簿（缺少 {book}）。请另存为 .xlsx。")
        links = self._links(book)
        strings = self._strings(links)
        dates = self._date_styles(links)
        found = []
        for entry in _children(root, "sheets", "sheet"):
            link = next((value for key, value in entry.attrib.items() if _local(key) == "id"), "")
            part = self._xml(links.get(link, ("", ""))[1])
            if part is not None:
                found.append(_sheet(entry.get("name", ""), part, strings, dates, self._name))
        if not found:
            raise BadWorkbook(f"{self._name}：工作簿没有工作表。")
        return found

    def _xml(self, part: str) -> ET.Element | None:
        info = self._parts.get(part.lower())
        if info is None:
            return None
        if info.file_size > PART_LIMIT:
            raise BadWorkbook(f"{self._name}：部件 {part} 展开后超过 {PART_LIMIT >> 20} MiB，拒绝读取。")
        with self._archive.open(info) as stream:
            text = stream.read(PART_LIMIT + 1)
        try:
            return ET.fromstring(text, ET.XMLParser(target=_NoDefinitions(self._name)))  # noqa: S314
        except (ET.ParseError, LookupError):
            raise BadWorkbook(f"{self._name}：部件 {part} 已损坏。请重新取得原文件。") from None

    def _links(self, part: str) -> dict[str, tuple[str, str]]:
        """Relation id → (kind, part)."""
        folder, file = posixpath.split(part)
        root = self._xml(posixpath.join(folder, "_rels", f"{file}.rels"))
        found = {}
        for link in [] if root is None else root:
            target = link.get("Target", "")
            path = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
            found[link.get("Id", "")] = (posixpath.basename(link.get("Type", "")), path)
        return found

    def _target(self, rels: str, kind: str) -> str:
        root = self._xml(rels)
        links = [] if root is None else [link for link in root if posixpath.basename(link.get("Type", "")) == kind]
        return links[0].get("Target", "").lstrip("/") if links else ""

    def _part(self, links: dict[str, tuple[str, str]], kind: str) -> ET.Element | None:
        return next((self._xml(path) for found, path in links.values() if found == kind), None)

    def _strings(self, links: dict[str, tuple[str, str]]) -> list[str]:
        root = self._part(links, "sharedStrings")
        return [] if root is None else [_text(entry) for entry in root if _local(entry.tag) == "si"]

    def _date_styles(self, links: dict[str, tuple[str, str]]) -> frozenset[int]:
        """Places of the cell styles that show a number as a date or time."""
        root = self._part(links, "styles")
        if root is None:
            return frozenset()
        own = {int(entry.get("numFmtId", "0")): _shows_date(entry.get("formatCode", "")) for entry in _children(root, "numFmts", "numFmt")}
        styles = [int(entry.get("numFmtId", "0")) for entry in _children(root, "cellXfs", "xf")]
        return frozenset(place for place, form in enumerate(styles) if own.get(form, form in _DATE_FORMATS))


class _NoDefinitions(ET.TreeBuilder):
    """A workbook needs no document type; entities in one could blow up or reach out."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name

    def doctype(self, *_: Any) -> None:
        raise BadWorkbook(f"{self._name}：工作簿里有文档类型定义，拒绝读取。请用办公软件重新另存为 .xlsx。")


def _sheet(name: str, root: ET.Element, strings: list[str], dates: frozenset[int], file: str) -> Sheet:
    sheet = Sheet(name)
    row_number = 0
    for row in _children(root, "sheetData", "row"):
        row_number = int(row.get("r", row_number + 1))
        column = 0
        for cell in row:
            place = _REFERENCE.fullmatch(cell.get("r", ""))
            column = _column(place[1]) if place else column + 1
            found = _cell(cell, strings, dates, f"{file}“{name}”第{row_number}行")
            if found is not None:
                sheet.cells[row_number, column] = found
    for entry in _children(root, "mergeCells", "mergeCell"):
        ends = [_REFERENCE.fullmatch(part) for part in entry.get("ref", "").split(":")]
        if len(ends) == 2 and ends[0] and ends[1]:
            (top, left), (bottom, right) = ((int(end[2]), _column(end[1])) for end in ends if end)
            sheet.merged.append((top, left, bottom, right))
    return sheet


def _cell(cell: ET.Element, strings: list[str], dates: frozenset[int], where: str) -> SheetCell | None:
    formula = any(_local(part.tag) == "f" for part in cell)
    value = next((part.text or "" for part in cell if _local(part.tag) == "v"), "")
    kind = cell.get("t", "n")
    if kind == "inlineStr":
        text = "".join(_text(part) for part in cell if _local(part.tag) == "is")
        return SheetCell(text, "text", formula) if text or formula else None
    if not value and not formula:
        return None
    if kind == "s" and value:
        place = int(value) if value.isascii() and value.isdigit() else len(strings)
        if place >= len(strings):
            raise BadWorkbook(f"{where}：引用了不存在的文字，文件已损坏。请重新取得原文件。")
        return SheetCell(strings[place], "text", formula)
    if kind == "n" and value:
        shown = "date" if int(cell.get("s", "0") or 0) in dates else "number"
        return SheetCell(_number(value, where), shown, formula)
    if kind == "b":
        value = "TRUE" if value == "1" else "FALSE"
    return SheetCell(_unescape(value), _KINDS.get(kind, "text"), formula)


def _number(value: str, where: str) -> str:
    """A number as a spreadsheet shows it: fifteen digits, no trailing zeros."""
    try:
        return format(float(value), ".15g")
    except ValueError:
        raise BadWorkbook(f"{where}：数字单元格的内容不是数，文件已损坏。请重新取得原文件。") from None


def _children(root: ET.Element, group: str, name: str) -> Iterator[ET.Element]:
    for part in root:
        if _local(part.tag) == group:
            yield from (entry for entry in part if _local(entry.tag) == name)


def _text(entry: ET.Element) -> str:
    """The text of a string with or without runs; phonetic guides are no part of it."""
    parts = []
    for part in entry:
        if _local(part.tag) == "t":
            parts.append(part.text or "")
        elif _local(part.tag) == "r":
            parts += [run.text or "" for run in part if _local(run.tag) == "t"]
    return _unescape("".join(parts))


def _unescape(text: str) -> str:
    """Signs that XML cannot hold stand as _x000D_; halves of surrogate pairs are no signs."""
    return _ESCAPED.sub(lambda found: found[0] if 0xD800 <= int(found[1], 16) < 0xE000 else chr(int(found[1], 16)), text)


def _shows_date(code: str) -> bool:
    bare = re.sub(r'"[^"]*"|\\.|\[[^\]]*\]', "", code)
    return bool(re.search(r"[ymdhs年月日]", bare, re.IGNORECASE))


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _column(letters: str) -> int:
    place = 0
    for letter in letters:
        place = place * 26 + ord(letter) - 64
    return place
