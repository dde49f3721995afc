"""From the workbook 实操评分标准.xlsx to what `paper.score_sheet` judges."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kaopei.paper import score_sheet
from kaopei.paper.item import half_width
from kaopei.paper.score_sheet import RULES, STEPS, Page
from kaopei.vault.bank import workbook
from kaopei.vault.bank.reading import rows_under
from kaopei.vault.bank.workbook import BadWorkbook, Sheet

_HEADER_WITHIN = 30


@dataclass(frozen=True)
class SheetFile:
    """A workbook, read: the rules and the pages with tasks; `digest` is over the canonical rows, not the file's bytes."""

    name: str
    digest: str
    rules: Page
    pages: tuple[Page, ...]

    def judge(self) -> tuple[list[score_sheet.SheetVerdict], list[score_sheet.ScoreSheet]]:
        """The verdict of every row and the sheets that can be used; nothing is written."""
        return score_sheet.judge(self.rules, self.pages)


def read(path: Path) -> SheetFile:
    """A file; BadWorkbook if it cannot be used as a whole."""
    if not path.is_file():
        raise BadWorkbook(f"没有文件 {path.name}。请核对路径。")
    return read_bytes(path.read_bytes(), path.name)


def read_bytes(data: bytes, name: str) -> SheetFile:
    """The same for bytes, as they come by a page."""
    rules: list[Page] = []
    pages: list[Page] = []
    near: list[str] = []
    for sheet in workbook.read(data, name):
        if page := _page(sheet, RULES, near, name):
            rules.append(page)
        elif page := _page(sheet, STEPS, near, name):
            pages.append(page)
    if len(rules) != 1 or not pages:
        told = near[0] if near else f"{name}：{_lacks(len(rules))}"
        raise BadWorkbook(f"{told}。请按模板整理后再导入。")
    if not any(page.rows for page in pages):
        raise BadWorkbook(f"{name}：评分表的列名下面没有步骤。请核对是否选错文件。")
    return SheetFile(name, _digest([*rules, *pages]), rules[0], tuple(pages))


def _lacks(rules: int) -> str:
    if rules == 1:
        return f"没有评分表（列：{'、'.join(STEPS[:5])}…）"
    return f"{'不止一张' if rules else '没有'}“考核规则”表（列：{'、'.join(RULES[:4])}…）"


def _page(sheet: Sheet, columns: tuple[str, ...], near: list[str], name: str) -> Page | None:
    """The rows under a header that has all these columns once; a header that nearly fits is told in `near`."""
    for number, cells in list(sheet.rows().items())[:_HEADER_WITHIN]:
        names = {at: "".join(half_width(cell.text).split()) for at, cell in cells.items()}
        places = {half_width(column): column for column in columns}
        found = Counter(text for text in names.values() if text in places)
        missing = [column for column in columns if half_width(column) not in found]
        twice = [text for text, times in found.items() if times > 1]
        if not missing and not twice:
            where: Mapping[str, int] = {places[text]: at for at, text in names.items() if text in places}
            return Page(sheet.name, rows_under(sheet, number, where))
        if len(found) > len(columns) - 3 and len(found) > 6:
            what = f"缺少列“{'”“'.join(missing)}”" if missing else f"列“{twice[0]}”出现两次"
            near.append(f"{name}“{sheet.name}”第{number}行：{what}")
    return None


def _digest(pages: list[Page]) -> str:
    state = hashlib.sha256()
    for page in pages:
        for row in page.rows:
            for column, cell in sorted(row.cells.items()):
                if not cell.blank or cell.merged:
                    state.update(repr((page.name, row.number, column, cell.text, cell.kind, cell.formula, cell.merged)).encode())
    return state.hexdigest()
