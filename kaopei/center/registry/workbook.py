"""One file, a workbook or a CSV, read into rows by column names: whatever the sheet is called and wherever its header stands."""

import csv
import datetime as dt
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from python_calamine import CalamineWorkbook

from kaopei.center.registry import formulas
from kaopei.center.registry.reading import Line, Message
from kaopei.center.registry.unusable import Unusable
from kaopei.law import identity
from kaopei.law.cells import Written

# Titles, blank rows and notes may stand above the header, but not more of them than this.
HEADER_WITHIN = 40
MOST_CELLS = 20_000_000
MOST_BYTES = 400 * 1024 * 1024
# Cells that identify somebody or something: a formula there is not what somebody wrote down.
IDENTITY = {
    "序号", "身份证号码", "统一社会信用代码", "培训机构信用代码", "考试点编号", "依托单位信用代码", "场次编号", "主体甲代码", "主体乙代码",
    "关联培训机构信用代码",
}  # fmt: skip
# Stored as numbers these have lost digits.
IDENTITY_NUMBERS = ("身份证号码",)
FOOTERS = ("合计", "总计", "小计", "共计", "填表", "制表", "审核", "备注", "说明", "注:", "注：", "以上", "以下")
COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of a workbook under the columns asked for, the words above the header, and messages for the clerk."""

    title: str
    lines: tuple[Line, ...]
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class _Grid:
    """A sheet as rows of raw values with the numbers of their first row and column (from 0)."""

    name: str
    top: int
    left: int
    rows: Sequence[Sequence[Any]]


def read(content: bytes, filename: str, columns: Sequence[str], *, may_be_empty: bool = False) -> Table:
    """Rows under `columns`; Unusable names the file, what is wrong and what to do."""
    grids = list(_grids(content, filename))
    if not any(_blank_less(grid.rows) for grid in grids):
        raise Unusable(f"{filename} 是空表，没有任何内容。请检查是否选错文件或没有保存。")
    found = [(grid, header) for grid in grids if (header := _header(grid, columns)) is not None]
    if not found:
        raise Unusable(_missing(filename, grids, columns))
    filled = [pair for pair in found if _blank_less(pair[0].rows[pair[1] + 1 :])]
    if not filled and not may_be_empty:
        raise Unusable(f"{filename}《{found[0][0].name}》只有表头，没有数据行。请补上数据后再提交。")
    grid, header = (filled or found)[0]
    messages = [Message(filename, f"还有工作表《{other.name}》也是这种表，没有读取；只读了《{grid.name}》", is_loud=True) for other, _ in filled[1:]]
    places = _places(grid, header, columns, filename)
    _refuse_formulas(content, filename, grid, header, places)
    lines, left_out = _lines(grid, header, places, filename)
    title = " ".join(str(value) for row in grid.rows[:header] for value in row if isinstance(value, str) and value.strip())
    return Table(title, tuple(lines), tuple(messages + left_out))


def _grids(content: bytes, filename: str) -> Iterator[_Grid]:
    if content[:2] == b"PK" or content.startswith(COMPOUND):
        yield from _sheets(content, filename)
    else:
        yield _Grid(filename, 0, 0, _csv(content, filename))


def _sheets(content: bytes, filename: str) -> Iterator[_Grid]:
    if content.startswith(COMPOUND) and "EncryptedPackage".encode("utf-16-le") in content:
        raise Unusable(f"{filename} 设有打开密码，无法读取。请去掉密码另存后再提交。")
    try:
        if content[:2] == b"PK":
            _whole(content, filename)
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        for name in book.sheet_names:
            sheet = book.get_sheet_by_name(name)
            if sheet.height * sheet.width > MOST_CELLS:
                raise Unusable(f"{filename}《{name}》范围有 {sheet.height} 行 {sheet.width} 列，过大。请删除多余的行列后另存。")
            top, left = sheet.start or (0, 0)
            yield _Grid(name, top, left, sheet.to_python(skip_empty_area=True))
    except Unusable:
        raise
    except BaseException as problem:  # the reader's own faults and panics are not Exceptions of one family
        if isinstance(problem, KeyboardInterrupt | SystemExit | GeneratorExit | MemoryError):
            raise
        raise Unusable(f"{filename} 不是完整的工作簿（可能没有传完、已损坏或有密码）。请用表格软件打开另存为 .xlsx 后再提交。") from None


def _whole(content: bytes, filename: str) -> None:
    """A workbook is a ZIP: its parts must be whole and of a sane size before anything unpacks them."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if sum(part.file_size for part in archive.infolist()) > MOST_BYTES:
            raise Unusable(f"{filename} 展开后过大，拒绝读取。请删除图片等无关内容后另存。")
        if archive.testzip() is not None:
            raise Unusable(f"{filename} 已损坏（校验不符）。请重新取得原文件。")


def _csv(content: bytes, filename: str) -> list[list[str]]:
    if not content.strip():
        raise Unusable(f"{filename} 是空文件。请检查是否选错文件或没有传完。")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise Unusable(f"{filename} 既不是工作簿，也不是 UTF-8 或 GB18030 编码的 CSV。请另存为 .xlsx 后再提交。")
    if "\0" in text:
        raise Unusable(f"{filename} 不是工作簿，也不是文本表格。请另存为 .xlsx 后再提交。")
    try:
        return list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as problem:
        raise Unusable(f"{filename} 的 CSV 格式有误（{problem}）。请另存为 .xlsx 后再提交。") from None


def _blank_less(rows: Iterable[Sequence[Any]]) -> bool:
    return any(value not in ("", None) and str(value).strip() for row in rows for value in row)


def heading(value: Any) -> str:
    """A column's name without blanks, width, and the marks of required columns."""
    return identity.tidy(str(value)).replace("*", "").removesuffix("(必填)").strip(":") if isinstance(value, str) else ""


def _header(grid: _Grid, columns: Sequence[str]) -> int | None:
    """Row (of the grid) that holds all columns; the first such row."""
    wanted = {heading(column) for column in columns}
    for place, row in enumerate(grid.rows[:HEADER_WITHIN]):
        if wanted <= {heading(value) for value in row}:
            return place
    return None


def _missing(filename: str, grids: Sequence[_Grid], columns: Sequence[str]) -> str:
    """Which columns the most similar row lacks."""
    wanted = {heading(column): column for column in columns}
    best: tuple[int, str, set[str]] = (-1, "", set())
    for grid in grids:
        for row in grid.rows[:HEADER_WITHIN]:
            has = {heading(value) for value in row} & set(wanted)
            if len(has) > best[0]:
                best = (len(has), grid.name, has)
    if best[0] == 0:
        return f"{filename} 找不到表头。应有这些列：{''.join(f'《{column}》' for column in columns)}。请按模板填写。"
    lacking = "".join(f"《{column}》" for name, column in wanted.items() if name not in best[2])
    return f"{filename} 工作表“{best[1]}”缺少列{lacking}。请按模板补上这些列后再提交。"


def _places(grid: _Grid, header: int, columns: Sequence[str], filename: str) -> dict[str, int]:
    """Column name → place in the grid."""
    places: dict[str, int] = {}
    wanted = {heading(column): column for column in columns}
    for place, value in enumerate(grid.rows[header]):
        column = wanted.get(heading(value))
        if column is None:
            continue
        if column in places:
            where = f"{letter(grid.left + places[column])} 列和 {letter(grid.left + place)} 列"
            raise Unusable(f"{filename} 工作表“{grid.name}”有两个《{column}》列（{where}），不知道用哪个。请删去一个。")
        places[column] = place
    return places


def _refuse_formulas(content: bytes, filename: str, grid: _Grid, header: int, places: dict[str, int]) -> None:
    """A formula in a column that identifies, or one without a computed value, is a fault of the file."""
    if content[:2] != b"PK":
        return
    names = {letter(grid.left + place): column for column, place in places.items()}
    for cell in formulas.cells(content, grid.name, filename):
        column = names.get(cell.column, "")
        if cell.row <= grid.top + header + 1 or not column:
            continue
        where = f"{filename} 工作表“{grid.name}”{cell.column}{cell.row}《{column}》"
        if column in IDENTITY:
            raise Unusable(f"{where}是公式，不能作为识别依据。请把该列复制后“选择性粘贴为数值（文本）”再提交。")
        if not cell.has_value:
            raise Unusable(f"{where}是没有计算结果的公式。请用表格软件打开、计算并另存后再提交。")


def _lines(grid: _Grid, header: int, places: dict[str, int], filename: str) -> tuple[list[Line], list[Message]]:
    letters = {column: letter(grid.left + place) for column, place in places.items()}
    titles = [heading(value) for value in grid.rows[header]]
    lines, messages = [], []
    for offset, values in enumerate(grid.rows[header + 1 :], start=header + 1):
        number = grid.top + offset + 1
        cells = {column: written(values[place]) if place < len(values) else _EMPTY for column, place in places.items()}
        filled = [cell.text for cell in cells.values() if cell.text.strip()]
        if not filled or [heading(value) for value in values] == titles:
            continue
        if len(filled) <= 2 and filled[0].strip().startswith(FOOTERS):
            messages.append(Message(filename, f"“{filled[0].strip()[:20]}”是表尾说明，不作为数据", number))
            continue
        lines.append(Line(filename, number, cells, letters))
    return lines, messages


_EMPTY = Written("", "empty")


def written(value: Any) -> Written:
    """A raw value as text and the way it was stored."""
    if isinstance(value, str):
        return Written(value.replace("\0", ""), "text") if value else _EMPTY
    if value is None:
        return _EMPTY
    if isinstance(value, bool):
        return Written("TRUE" if value else "FALSE", "bool")
    if isinstance(value, int | float):
        # Fifteen digits are what a spreadsheet keeps; 12.0 is shown as 12.
        return Written(format(value, ".15g"), "number")
    if isinstance(value, dt.datetime):
        return Written(f"{value:%Y-%m-%d}" if value.time() == dt.time() else f"{value:%Y-%m-%d %H:%M}", "date")
    if isinstance(value, dt.date):
        return Written(value.isoformat(), "date")
    if isinstance(value, dt.time):
        return Written(f"{value:%H:%M}", "date")
    if isinstance(value, dt.timedelta):
        minutes = round(value.total_seconds() / 60)
        return Written(f"{minutes // 60:02d}:{minutes % 60:02d}", "date")
    return Written(str(value), "text")


def letter(place: int) -> str:
    """0 → A, 26 → AA."""
    name = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        name = chr(65 + rest) + name
    return name
