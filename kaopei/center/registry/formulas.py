"""Which cells of an .xlsx are formulas: the spreadsheet reader gives their last values and does not say."""

import io
import posixpath
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree

from kaopei.center.registry.unusable import Unusable

_ANY = re.compile(rb"<(?:\w+:)?f[\s/>]")
_PLACE = re.compile(r"([A-Z]{1,3})([0-9]+)")


@dataclass(frozen=True, slots=True)
class FormulaCell:
    """Column letters and row number (from 1), and whether the file keeps a computed value."""

    column: str
    row: int
    has_value: bool


def cells(content: bytes, sheet: str, filename: str) -> Iterator[FormulaCell]:
    """Formula cells of one sheet, row by row. Other formats than Office Open XML give none."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        part = _part(archive, sheet, filename)
        data = archive.read(part) if part else b""
    if not _ANY.search(data):
        return
    for element in _parse(data, filename).iter():
        if _local(element.tag) != "c":
            continue
        place = _PLACE.fullmatch(element.get("r", ""))
        names = {_local(child.tag): child for child in element}
        if place and "f" in names:
            value = names.get("v")
            yield FormulaCell(place[1], int(place[2]), "is" in names or (value is not None and bool(value.text)))


def _part(archive: zipfile.ZipFile, sheet: str, filename: str) -> str:
    """The part that holds the sheet of this name, by the workbook's own list."""
    names = {name.lstrip("/").lower(): name for name in archive.namelist()}
    book = names.get("xl/workbook.xml")
    links = names.get("xl/_rels/workbook.xml.rels")
    if book is None or links is None:
        return ""
    targets = {
        element.get("Id", ""): element.get("Target", "") for element in _parse(archive.read(links), filename) if _local(element.tag) == "Relationship"
    }
    for element in _parse(archive.read(book), filename).iter():
        if _local(element.tag) == "sheet" and element.get("name") == sheet:
            link = next((value for key, value in element.attrib.items() if _local(key) == "id"), "")
            target = targets.get(link, "")
            path = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join("xl", target))
            return names.get(path.lower(), "")
    return ""


def _parse(data: bytes, filename: str) -> ElementTree.Element:
    # A workbook needs no document type; entities in one could blow up or reach out.
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise Unusable(f"{filename} 含有文档类型定义，拒绝读取。请用表格软件打开另存为 .xlsx 后再提交。")
    try:
        return ElementTree.fromstring(data)  # noqa: S314
    except ElementTree.ParseError:
        raise Unusable(f"{filename} 内部已损坏。请重新取得原文件。") from None


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
