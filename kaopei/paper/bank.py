"""Taking a bank (题库) in row by row: each row is accepted, put in order, or refused with one code.

The codes are those of the bank's README; a row that stands in none of its cases but cannot be used has one of
`id_missing`, `option_missing`, `judge_option`, `status_unknown`, `cell_kind` (a date or an error where a text belongs).
A row is first judged by itself, then against the
rows before it: an earlier accepted row keeps its number and its stem, a later one is refused.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from kaopei.paper.item import (
    FALSE,
    JUDGE,
    JUDGE_TEXTS,
    KIND_NAMES,
    LETTERS,
    MULTIPLE,
    SINGLE,
    TRUE,
    Item,
    half_width,
    stem_key,
    trim,
)

ACCEPT, NORMALISE, REFUSE = "accept", "normalise", "refuse"
COLUMNS = (
    "题号", "题型", "知识点编码", "知识点", "认知层次", "难度", "题干", "选项A", "选项B", "选项C", "选项D",
    "答案", "解析", "命题人", "状态", "互斥组",
)  # fmt: skip
MORE_COLUMNS = tuple(f"选项{letter}" for letter in LETTERS[4:])
# In this order the first that applies is the row's code.
NORMALISED = (
    "fullwidth_answer", "answer_separators", "answer_order", "judge_synonym", "type_synonym", "lowercase_answer",
    "number_as_text", "outer_space", "status_blank",
)  # fmt: skip
STEM_LIMIT = 2000
LOWEST, HIGHEST = Decimal("0.1"), Decimal("0.9")
# A sheet stores 0.9 as 0.90000000000000002.
_SHEET_ERROR = Decimal("1e-9")

_TYPES = {name: kind for kind, name in KIND_NAMES.items()}
_TYPE_SYNONYMS = {
    "判断": JUDGE, "是非题": JUDGE, "是非": JUDGE, "对错题": JUDGE, "正误题": JUDGE, "单选": SINGLE,
    "单项选择题": SINGLE, "单项选择": SINGLE, "单选择题": SINGLE, "多选": MULTIPLE, "多项选择题": MULTIPLE,
    "多项选择": MULTIPLE, "多选择题": MULTIPLE,
}  # fmt: skip
_TRUE_WORDS = frozenset({"√", "✓", "✔", "☑", "对", "是", "T", "TRUE", "Y", "YES", "正", "对的", "正确的"})
_FALSE_WORDS = frozenset({"×", "✗", "✘", "☒", "╳", "X", "错", "否", "F", "FALSE", "N", "NO", "误", "不对", "错的", "错误的"})
_SEPARATORS = re.compile(r"[\s、,，.。．;；:：/／\\|｜+＋&＆·•\-_和与及]+")
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,9}(?:\.[0-9]{0,30})?|\.[0-9]{1,30})(?:[eE][+-]?[0-9]{1,2})?")


@dataclass(frozen=True, slots=True)
class Cell:
    """A prepared cell: its text as written, and what the sheet says (`kind`: text, number, truth, date or error)."""

    text: str = ""
    kind: str = "text"
    formula: bool = False
    merged: bool = False

    @property
    def blank(self) -> bool:
        return not self.formula and not trim(self.text)


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the sheet: its number there and its cells by column name."""

    number: int
    cells: Mapping[str, Cell]

    def cell(self, column: str) -> Cell:
        return self.cells.get(column, _EMPTY)


_EMPTY = Cell()


@dataclass(frozen=True, slots=True)
class RowVerdict:
    """What became of a row. `code` is empty for a row accepted as it stands; `item` is None for a refused one."""

    number: str
    row: int
    decision: str
    code: str
    item: Item | None = None


class _Refused(Exception):
    """Carries the code out of the reading of one row."""


def judge_rows(rows: Iterable[Row], points: Collection[str], held: Iterable[Item] = ()) -> list[RowVerdict]:
    """Verdicts of all rows that are not blank; `points` are the blueprint's codes, `held` what the bank already has."""
    numbers = {item.number: item for item in held}
    stems = {stem_key(item.stem): item.number for item in numbers.values()}
    seen: set[str] = set()
    verdicts = []
    for row in rows:
        if all(cell.blank for cell in row.cells.values()):
            continue
        verdict = judge_row(row, points)
        item = verdict.item
        if item is not None:
            code = _duplicate(item, numbers, stems, seen)
            if code:
                verdict = RowVerdict(verdict.number, verdict.row, REFUSE, code)
            else:
                seen.add(item.number)
                numbers[item.number] = item
                stems[stem_key(item.stem)] = item.number
        verdicts.append(verdict)
    return verdicts


def _duplicate(item: Item, numbers: Mapping[str, Item], stems: Mapping[str, str], seen: Collection[str]) -> str:
    """The same row of an earlier import is not a duplicate of itself, even if only its status has changed since."""
    before = numbers.get(item.number, item)
    if item.number in seen or replace(before, retired=item.retired) != item:
        return "dup_id"
    return "dup_stem" if stems.get(stem_key(item.stem), item.number) != item.number else ""


def judge_row(row: Row, points: Collection[str]) -> RowVerdict:
    """The verdict of one row by itself."""
    number = trim(row.cell("题号").text)
    try:
        item, notes = _read(row, points)
    except _Refused as refused:
        return RowVerdict(number, row.number, REFUSE, str(refused))
    code = next((code for code in NORMALISED if code in notes), "")
    return RowVerdict(number, row.number, NORMALISE if code else ACCEPT, code, item)


def _read(row: Row, points: Collection[str]) -> tuple[Item, set[str]]:
    _refuse_cells(row)
    notes = {"outer_space" for cell in row.cells.values() if _outer_space(cell)}
    texts = {column: trim(cell.text) for column, cell in row.cells.items()}
    if not texts.get("题号"):
        raise _Refused("id_missing")
    kind = _kind(texts.get("题型", ""), notes)
    if texts.get("知识点编码", "") not in points:
        raise _Refused("kp_unknown")
    difficulty = _difficulty(row.cell("难度"), notes)
    stem = _stem(texts.get("题干", ""))
    options = _options(texts, kind)
    key = _key(texts.get("答案", ""), kind, options, notes)
    item = Item(
        number=texts["题号"],
        kind=kind,
        point=texts["知识点编码"],
        point_name=texts.get("知识点", ""),
        level=texts.get("认知层次", ""),
        difficulty=difficulty,
        stem=stem,
        options=options,
        key=key,
        explanation=texts.get("解析", ""),
        author=texts.get("命题人", ""),
        retired=_retired(texts.get("状态", ""), notes),
        enemy=texts.get("互斥组", ""),
    )
    return item, notes


def _refuse_cells(row: Row) -> None:
    cells = list(row.cells.values())
    if any(cell.formula or trim(cell.text).startswith("=") for cell in cells):
        raise _Refused("formula_cell")
    if any(cell.merged for cell in cells):
        raise _Refused("merged_cell")
    # A sheet that turned the option 3-5 into the 5th of March shows neither any more.
    if any(cell.kind in ("date", "error") for column, cell in row.cells.items() if column != "难度"):
        raise _Refused("cell_kind")


def _outer_space(cell: Cell) -> bool:
    text = trim(cell.text)
    return bool(text) and text != cell.text


def _kind(text: str, notes: set[str]) -> str:
    if text in _TYPES:
        return _TYPES[text]
    if text in _TYPE_SYNONYMS:
        notes.add("type_synonym")
        return _TYPE_SYNONYMS[text]
    raise _Refused("type_unknown")


def _difficulty(cell: Cell, notes: set[str]) -> int:
    text = half_width(trim(cell.text))
    if cell.kind not in ("text", "number") or not _NUMBER.fullmatch(text):
        raise _Refused("difficulty_not_number")
    value = Decimal(text)
    if not LOWEST - _SHEET_ERROR <= value <= HIGHEST + _SHEET_ERROR:
        raise _Refused("difficulty_range")
    if cell.kind != "number":
        notes.add("number_as_text")
    return int(round(value * 1000))


def _stem(stem: str) -> str:
    if not stem:
        raise _Refused("stem_missing")
    if len(stem) > STEM_LIMIT:
        raise _Refused("stem_too_long")
    return stem


def _options(texts: Mapping[str, str], kind: str) -> tuple[tuple[str, str], ...]:
    written = [(letter.lower(), texts.get(f"选项{letter}", "")) for letter in LETTERS]
    options = tuple((letter, text) for letter, text in written if text)
    if kind == JUDGE:
        if options:
            raise _Refused("judge_option")
        return tuple(JUDGE_TEXTS.items())
    if len({half_width(text) for _, text in options}) < len(options):
        raise _Refused("option_duplicate")
    return options


def _key(text: str, kind: str, options: tuple[tuple[str, str], ...], notes: set[str]) -> tuple[str, ...]:
    if not text:
        raise _Refused("answer_missing")
    if kind == JUDGE:
        return (_judge_key(text, notes),)
    letters = _letters(text, notes)
    allowed = {letter for letter, _ in options}
    if kind == SINGLE and len(letters) > 1 and set(letters) <= set(LETTERS.lower()):
        raise _Refused("single_multi_answer")
    if not letters or not set(letters) <= allowed:
        raise _Refused("answer_no_option")
    if len(options) < 2:
        raise _Refused("option_missing")
    chosen = "".join(sorted(set(letters)))
    if kind == MULTIPLE and len(chosen) < 2:
        raise _Refused("multi_single_answer")
    if chosen != letters:
        notes.add("answer_order")
    return tuple(chosen)


def _letters(text: str, notes: set[str]) -> str:
    """The answer as lower-case letters without separators, in the order as written."""
    half = half_width(text)
    bare = _SEPARATORS.sub("", half)
    if any(narrow.isalnum() and narrow != char for char, narrow in zip(text, half, strict=True)):
        notes.add("fullwidth_answer")
    if bare != half:
        notes.add("answer_separators")
    if bare != bare.upper():
        notes.add("lowercase_answer")
    return bare.lower()


def _judge_key(text: str, notes: set[str]) -> str:
    for option, word in JUDGE_TEXTS.items():
        if text == word:
            return option
    word = half_width(text).upper()
    if word not in _TRUE_WORDS | _FALSE_WORDS:
        raise _Refused("judge_answer")
    notes.add("judge_synonym")
    return TRUE if word in _TRUE_WORDS else FALSE


def _retired(text: str, notes: set[str]) -> bool:
    if text not in ("启用", "停用", ""):
        raise _Refused("status_unknown")
    if not text:
        notes.add("status_blank")
    return text == "停用"
