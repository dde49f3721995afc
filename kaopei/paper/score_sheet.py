"""Taking score sheets of the practical exam (实操评分标准) in, row by row: the rules first, then the steps of every task.

A row is judged by itself, then with the rows of its task: a task of which one row is refused is not taken at all, because the
examiners would else mark with a hole in it. A subject whose parts lack tasks is not taken.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from kaopei.paper.bank import ACCEPT, NORMALISE, REFUSE, Cell, Row
from kaopei.paper.item import half_width, trim
from kaopei.paper.practical import Part, ScoreSheet, Step, Task

RULES = ("操作项目", "科目", "科目名称", "科目满分", "抽题数", "题库任务数", "合格分", "满分", "总时长（分钟）", "否决项规则", "否决后总评")
STEPS = (
    "操作项目", "科目", "科目名称", "任务编号", "任务名称", "任务满分", "建议用时（分钟）", "步骤序号", "考核步骤", "配分", "扣分细则", "是否否决项",
)  # fmt: skip
# What 否决后总评 may say. A word that is not here is refused: nobody guesses whether a veto fails a candidate.
VETO_OUTCOMES = {"实操不合格": True, "不合格": True, "按总分评定": False, "按得分评定": False}
ZERO = "记0分"
TEXT_LIMIT, MOST_MARKS, MOST_MINUTES = 2000, 1000, 600
_YES, _NO = frozenset({"是", "√", "Y", "YES"}), frozenset({"否", "", "×", "N", "NO"})


@dataclass(frozen=True, slots=True)
class SheetVerdict:
    """What became of a row; `number` is the task's, or the part's in the rules. `code` is empty for a row taken as it stands."""

    sheet: str
    row: int
    subject: str
    number: str
    decision: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """A sheet of the workbook: its name and the rows under its header."""

    name: str
    rows: Sequence[Row]


class _Refused(Exception):
    """Carries the code out of the reading of one row."""


class _Reader:
    """The cells of one row, with what had to be put in order."""

    def __init__(self, row: Row) -> None:
        self._row, self.mended = row, ""

    def text(self, column: str, code: str) -> str:
        """A text that must be there."""
        found = self.maybe(column)
        if not found:
            raise _Refused(code)
        return found

    def maybe(self, column: str) -> str:
        cell: Cell = self._row.cell(column)
        if cell.formula:
            raise _Refused("formula_cell")
        if cell.merged:
            raise _Refused("merged_cell")
        if cell.kind not in ("text", "number"):
            raise _Refused("cell_kind")
        found = trim(cell.text)
        if len(found) > TEXT_LIMIT:
            raise _Refused("text_too_long")
        if found != cell.text:
            self.mended = self.mended or "outer_space"
        return found

    def number(self, column: str, code: str, most: int = MOST_MARKS) -> int:
        """A whole number from 1."""
        written = self.maybe(column)
        found = half_width(written)
        if not (found.isascii() and found.isdigit() and len(found) <= 4 and 1 <= int(found) <= most):
            raise _Refused(code)
        if found != written:
            self.mended = self.mended or "fullwidth_number"
        elif self._row.cell(column).kind == "text":
            self.mended = self.mended or "number_as_text"
        return int(found)


# ---- the whole workbook
def judge(rules: Page, pages: Iterable[Page]) -> tuple[list[SheetVerdict], list[ScoreSheet]]:
    """Verdicts of all rows that are not blank, in their order, and the score sheets that can be used."""
    heads, verdicts = _heads(rules)
    tasks: dict[str, list[Task]] = {}
    for page in pages:
        told, found = _tasks(page, heads)
        verdicts += told
        for subject, task in found:
            tasks.setdefault(subject, []).append(task)
    sheets = []
    for subject, head in heads.items():
        mine = tasks.get(subject, [])
        short = {part.part for part in head.parts if sum(one.part == part.part for one in mine) < part.draw}
        if short:
            verdicts = [_short(one, rules.name, subject, short) for one in verdicts]
        else:
            sheets.append(ScoreSheet(subject, head.parts, tuple(mine), head.minutes, head.pass_mark, head.veto_fails))
    return verdicts, sheets


def _short(one: SheetVerdict, rules: str, subject: str, parts: set[str]) -> SheetVerdict:
    """A part without enough tasks is told at its row of the rules."""
    if (one.sheet, one.subject) != (rules, subject) or one.number not in parts:
        return one
    return SheetVerdict(one.sheet, one.row, one.subject, one.number, REFUSE, "too_few_tasks")


# ---- the rules
@dataclass(frozen=True, slots=True)
class _Head:
    parts: tuple[Part, ...]
    pass_mark: int
    minutes: int
    veto_fails: bool


def _heads(page: Page) -> tuple[dict[str, _Head], list[SheetVerdict]]:
    verdicts: list[SheetVerdict] = []
    said: dict[str, list[tuple[Part, tuple[int, int, int, bool]]]] = {}
    broken: set[str] = set()
    for row in _filled(page.rows):
        subject, part = trim(row.cell("操作项目").text), trim(row.cell("科目").text)
        try:
            reader = _Reader(row)
            one = _rule(reader, {found.part for found, _ in said.get(subject, [])})
            if subject in said and said[subject][0][1] != one[1]:
                raise _Refused("rules_differ")
            said.setdefault(subject, []).append(one)
            verdicts.append(_taken(page.name, row, subject, part, reader.mended))
        except _Refused as refused:
            broken.add(subject)
            verdicts.append(SheetVerdict(page.name, row.number, subject, part, REFUSE, str(refused)))
    heads = {}
    for subject, rows in said.items():
        parts = tuple(part for part, _ in rows)
        pass_mark, full, minutes, veto_fails = rows[0][1]
        if subject in broken or sum(one.full_marks for one in parts) != full or pass_mark > full:
            code = "rules_incomplete" if subject in broken else "sum_full"
            verdicts = [_refused_if(one, one.subject == subject, code) for one in verdicts]
        else:
            heads[subject] = _Head(parts, pass_mark, minutes, veto_fails)
    return heads, verdicts


def _rule(reader: _Reader, known: set[str]) -> tuple[Part, tuple[int, int, int, bool]]:
    reader.text("操作项目", "subject_missing")
    part = reader.text("科目", "part_missing")
    if part in known:
        raise _Refused("dup_part")
    name = reader.text("科目名称", "part_missing")
    found = Part(part, name, reader.number("科目满分", "marks"), reader.number("抽题数", "draw"))
    frame = (reader.number("合格分", "marks"), reader.number("满分", "marks"), reader.number("总时长（分钟）", "minutes", MOST_MINUTES))
    if ZERO not in "".join(half_width(reader.maybe("否决项规则")).split()):
        raise _Refused("veto_rule_unknown")
    outcome = VETO_OUTCOMES.get(reader.maybe("否决后总评"))
    if outcome is None:
        raise _Refused("veto_outcome_unknown")
    return found, (*frame, outcome)


# ---- the tasks
@dataclass(slots=True)
class _Line:
    """One step as it was read: of which task, with what all rows of the task must have in common."""

    row: Row
    subject: str
    number: str
    common: tuple[str, str, int, int]
    place: int
    step: Step
    mended: str


def _tasks(page: Page, heads: Mapping[str, _Head]) -> tuple[list[SheetVerdict], list[tuple[str, Task]]]:
    verdicts: dict[int, SheetVerdict] = {}
    lines: dict[tuple[str, str], list[_Line]] = {}
    broken: set[tuple[str, str]] = set()
    for row in _filled(page.rows):
        subject, number = trim(row.cell("操作项目").text), trim(row.cell("任务编号").text)
        try:
            line = _line(row, heads)
            lines.setdefault((subject, number), []).append(line)
            verdicts[row.number] = _taken(page.name, row, subject, number, line.mended)
        except _Refused as refused:
            broken.add((subject, number))
            verdicts[row.number] = SheetVerdict(page.name, row.number, subject, number, REFUSE, str(refused))
    found = []
    for key, mine in lines.items():
        code = "task_incomplete" if key in broken else _fault(mine, heads[key[0]])
        if code:
            for line in mine:
                verdicts[line.row.number] = SheetVerdict(page.name, line.row.number, *key, REFUSE, code)
            continue
        part, title, _, minutes = mine[0].common
        steps = tuple(line.step for line in sorted(mine, key=lambda one: one.place))
        found.append((key[0], Task(key[1], part, title, minutes, steps)))
    return list(verdicts.values()), found


def _line(row: Row, heads: Mapping[str, _Head]) -> _Line:
    reader = _Reader(row)
    subject, number = reader.text("操作项目", "subject_missing"), reader.text("任务编号", "task_missing")
    if subject not in heads:
        raise _Refused("subject_unknown")
    names = {one.part: one.name for one in heads[subject].parts}
    part, name = reader.text("科目", "part_missing"), reader.text("科目名称", "part_missing")
    if names.get(part) != name:
        raise _Refused("part_unknown")
    minutes = reader.number("建议用时（分钟）", "minutes", MOST_MINUTES)
    common = (part, reader.text("任务名称", "title_missing"), reader.number("任务满分", "marks"), minutes)
    place, text = reader.number("步骤序号", "step_number"), reader.text("考核步骤", "step_missing")
    step = Step(text, reader.number("配分", "points"), reader.text("扣分细则", "faults_missing"), _veto(reader.maybe("是否否决项")))
    return _Line(row, subject, number, common, place, step, reader.mended)


def _veto(word: str) -> bool:
    word = half_width(word).upper()
    if word not in _YES | _NO:
        raise _Refused("veto_word")
    return word in _YES


def _fault(lines: Sequence[_Line], head: _Head) -> str:
    """What keeps the rows of one task from being a task; empty if nothing does."""
    if len({line.common for line in lines}) > 1:
        return "task_differs"
    if Counter(line.place for line in lines) != Counter(range(1, len(lines) + 1)):
        return "step_number"
    part, _, full, _ = lines[0].common
    if sum(line.step.points for line in lines) != full:
        return "task_full"
    wanted = next(one for one in head.parts if one.part == part)
    # Whatever tasks are drawn, the part must be worth its marks.
    return "" if full * wanted.draw == wanted.full_marks else "part_full"


def _filled(rows: Iterable[Row]) -> list[Row]:
    return [row for row in rows if any(not cell.blank for cell in row.cells.values())]


def _taken(sheet: str, row: Row, subject: str, number: str, mended: str) -> SheetVerdict:
    return SheetVerdict(sheet, row.number, subject, number, NORMALISE if mended else ACCEPT, mended)


def _refused_if(one: SheetVerdict, mine: bool, code: str) -> SheetVerdict:
    """A refused row keeps its own code."""
    return one if not mine or one.decision == REFUSE else SheetVerdict(one.sheet, one.row, one.subject, one.number, REFUSE, code)
