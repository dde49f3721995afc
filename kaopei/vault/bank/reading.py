"""From workbooks to what `paper` judges: the rows of a bank, the tables of a blueprint."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kaopei.paper import blueprint
from kaopei.paper.bank import COLUMNS, MORE_COLUMNS, Cell, Row
from kaopei.paper.blueprint import Blueprint, Table
from kaopei.paper.item import half_width, trim
from kaopei.vault.bank import workbook
from kaopei.vault.bank.workbook import BadWorkbook, Sheet, SheetCell

SHEET = "题库"
BLUEPRINT_FILE = "蓝图.xlsx"
_HEADER_WITHIN = 30


@dataclass(frozen=True)
class BankFile:
    """A bank's file, read: subject, blueprint and rows; `digest` is over the canonical rows, not the file's bytes."""

    name: str
    digest: str
    blueprint: Blueprint
    rows: tuple[Row, ...]


def read_bank(path: Path) -> BankFile:
    """A bank and the blueprint beside it; BadWorkbook or BadBlueprint if either cannot be used as a whole."""
    beside = path.parent / BLUEPRINT_FILE
    if not path.is_file():
        raise BadWorkbook(f"没有文件 {path.name}。请核对路径。")
    if not beside.is_file():
        raise BadWorkbook(f"{path.name}：旁边没有 {BLUEPRINT_FILE}，无法核对知识点编码。请把 {BLUEPRINT_FILE} 放在同一目录。")
    return read_bank_bytes(path.read_bytes(), path.name, read_tables(beside.read_bytes(), BLUEPRINT_FILE))


def read_bank_bytes(data: bytes, name: str, tables: list[Table]) -> BankFile:
    """The same for bytes, as they come by a page."""
    sheet, header, columns = _find(workbook.read(data, name), name)
    rows = tuple(rows_under(sheet, header, columns))
    _refuse_formulas_for_numbers(rows, sheet, name)
    if not any(not cell.blank for row in rows for cell in row.cells.values()):
        raise BadWorkbook(f"{name}“{sheet.name}”：列名下面没有试题。")
    subject = blueprint.subject_of(_title(sheet, header), blueprint.subjects(tables))
    subject = subject or blueprint.subject_of(Path(name).stem, blueprint.subjects(tables))
    if subject is None:
        have = "、".join(blueprint.subjects(tables))
        raise BadWorkbook(f"{name}“{sheet.name}”第1行：标题中没有蓝图里的科目名称（{have}）。请改标题或补充蓝图。")
    return BankFile(name, _digest(rows), blueprint.read(tables, subject), rows)


def read_blueprint(path: Path, subject: str) -> Blueprint:
    """The blueprint of one subject."""
    if not path.is_file():
        raise BadWorkbook(f"没有文件 {path.name}。请核对路径。")
    return blueprint.read(read_tables(path.read_bytes(), path.name), subject)


def read_tables(data: bytes, name: str) -> list[Table]:
    """All sheets as rows of trimmed texts."""
    return [_table(sheet) for sheet in workbook.read(data, name)]


def _table(sheet: Sheet) -> Table:
    rows: list[list[str]] = []
    for number, cells in sheet.rows().items():
        rows += [[] for _ in range(number - 1 - len(rows))]
        rows.append([trim(cells[at].text) if at in cells else "" for at in range(1, max(cells) + 1)])
    return Table(sheet.name, rows)


def _find(sheets: list[Sheet], name: str) -> tuple[Sheet, int, dict[str, int]]:
    """The sheet with the items, its header row and the places of its columns; the sheet 题库 comes first."""
    nearest: tuple[int, str] = (0, f"{name}：没有含列名“{COLUMNS[0]}”“{COLUMNS[6]}”的工作表“{SHEET}”。")
    for sheet in sorted(sheets, key=lambda one: one.name != SHEET):
        for number, cells in list(sheet.rows().items())[:_HEADER_WITHIN]:
            names = {at: "".join(half_width(cell.text).split()) for at, cell in cells.items()}
            found = Counter(text for text in names.values() if text in COLUMNS or text in MORE_COLUMNS)
            missing = [column for column in COLUMNS if column not in found]
            twice = [column for column, times in found.items() if times > 1]
            if not missing and not twice:
                return sheet, number, {text: at for at, text in names.items() if text in found}
            if len(found) > max(nearest[0], len(COLUMNS) // 3):
                what = f"缺少列“{'”“'.join(missing)}”" if missing else f"列“{twice[0]}”出现两次"
                nearest = (len(found), f"{name}“{sheet.name}”第{number}行：{what}。请按模板补齐列名。")
    raise BadWorkbook(nearest[1])


def rows_under(sheet: Sheet, header: int, columns: Mapping[str, int]) -> list[Row]:
    merged = [area for area in sheet.merged if area[2] > header and (area[0], area[1]) != (area[2], area[3])]
    rows = []
    for number, cells in sheet.rows().items():
        if number > header:
            areas = [area for area in merged if area[0] <= number <= area[2]]
            rows.append(Row(number, {name: _cell(cells.get(at), at, areas) for name, at in columns.items()}))
    return rows


def _cell(cell: SheetCell | None, at: int, areas: list[tuple[int, int, int, int]]) -> Cell:
    merged = any(area[1] <= at <= area[3] for area in areas)
    if cell is None:
        return Cell(merged=merged)
    return Cell(cell.text, cell.kind, cell.formula, merged)


def _refuse_formulas_for_numbers(rows: tuple[Row, ...], sheet: Sheet, name: str) -> None:
    numbers = [row.cell("题号") for row in rows if not row.cell("题号").blank]
    formulas = sum(1 for cell in numbers if cell.formula)
    if formulas > 1 and 2 * formulas > len(numbers):
        raise BadWorkbook(f"{name}“{sheet.name}”：“题号”列是公式。题号是试题的身份，请粘贴为数值（文本）后再导入。")


def _title(sheet: Sheet, header: int) -> str:
    texts = [trim(cell.text) for (row, _), cell in sorted(sheet.cells.items()) if row < header]
    return next((text for text in texts if text), "")


def _digest(rows: tuple[Row, ...]) -> str:
    """Of what is judged, so that the same rows in a newly saved file are the same import."""
    state = hashlib.sha256()
    for row in rows:
        for column, cell in sorted(row.cells.items()):
            if not cell.blank or cell.merged:
                state.update(repr((row.number, column, cell.text, cell.kind, cell.formula, cell.merged)).encode())
    return state.hexdigest()
