"""The blueprint (双向细目表): how many items of each kind each knowledge point gives, and what each is worth.

A workbook has one sheet a subject and a sheet 组卷参数 with totals, duration and pass mark. The layout is data: any
number of knowledge points, any counts, a kind may be absent. Cells arrive as trimmed texts.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from kaopei.paper.item import KIND_NAMES, KINDS, half_width

PARAMETERS_SHEET = "组卷参数"
SUBJECT_COLUMN = "操作项目"
POINT_COLUMN = "知识点编码"
TOTAL_WORDS = ("合计", "总计", "小计")
_COUNT = {kind: f"{name}数" for kind, name in KIND_NAMES.items()}
_WORTH = {kind: f"{name}每题分" for kind, name in KIND_NAMES.items()}
_INTEGER = re.compile(r"\d{1,6}(?:\.0*)?")
_DECIMAL = re.compile(r"\d{1,6}(?:\.\d{1,20})?")


class BadBlueprint(ValueError):
    """The workbook cannot be used as a blueprint; the text says where and what to do."""

    exit_status = 2


@dataclass(frozen=True, slots=True)
class Table:
    """A prepared sheet: its name and its rows of trimmed texts, the first row being row 1 of the sheet."""

    name: str
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Blueprint:
    """What a paper of one subject must be. Difficulties in thousandths; None where the workbook does not say."""

    subject: str
    names: Mapping[str, str]
    counts: Mapping[tuple[str, str], int]
    worth: Mapping[tuple[str, str], int]
    full_marks: int | None = None
    pass_mark: int | None = None
    duration_minutes: int | None = None
    target: int | None = None
    spread: int | None = None
    contradictions: tuple[str, ...] = field(default=())

    @property
    def points(self) -> frozenset[str]:
        return frozenset(self.names)

    @property
    def size(self) -> int:
        """Items in a paper."""
        return sum(self.counts.values())

    @property
    def marks(self) -> int:
        """Marks of a paper, from the counts themselves."""
        return sum(count * self.worth[cell] for cell, count in self.counts.items())


def plain(name: str) -> str:
    """A subject's name without punctuation and blanks: 安装、维护作业 is also written 安装维护作业."""
    return "".join(char for char in half_width(name) if char.isalnum())


def subjects(tables: Sequence[Table]) -> list[str]:
    """The subjects a workbook has sheets for, by the full name in 组卷参数 where it stands there."""
    listed = {plain(name): name for name in _parameters(tables)}
    return [_sheet_subject(table, listed) for table in tables if _counts_items(table)]


def subject_of(title: str, known: Sequence[str]) -> str | None:
    """The subject that a bank's title or file name begins with or, failing that, contains; the longest wins."""
    text = plain(title)
    for fits in (str.startswith, str.__contains__):
        found = [name for name in known if plain(name) and fits(text, plain(name))]
        if found:
            return max(found, key=lambda name: len(plain(name)))
    return None


def read(tables: Sequence[Table], subject: str) -> Blueprint:
    """The blueprint of a subject; BadBlueprint if there is none or it cannot be read."""
    listed = _parameters(tables)
    names = {plain(name): name for name in listed}
    for table in tables:
        if not _header(table, POINT_COLUMN):
            continue
        name = _sheet_subject(table, names)
        if name and plain(name) == plain(subject):
            return _read_sheet(table, name, listed.get(name, {}))
    have = "、".join(subjects(tables)) or "（无）"
    raise BadBlueprint(f"蓝图中没有科目“{subject}”的双向细目表。已有：{have}。请补充该科目的工作表。")


def _sheet_subject(table: Table, listed: Mapping[str, str]) -> str:
    """A sheet's own name may be cut at 31 characters, so its title and the list of parameters help."""
    title = table.rows[0][0] if table.rows and table.rows[0] else ""
    return listed.get(plain(table.name)) or subject_of(title, list(listed.values())) or table.name


def _counts_items(table: Table) -> bool:
    """A bank's own sheet has knowledge points too, but no counts."""
    found = _header(table, POINT_COLUMN)
    return found is not None and any(column in found[1] for column in _COUNT.values())


def _header(table: Table, column: str) -> tuple[int, dict[str, int]] | None:
    """Index of the header row and the places of its columns."""
    for place, row in enumerate(table.rows[:20]):
        if column in row:
            return place, {name: at for at, name in reversed(list(enumerate(row))) if name}
    return None


def _parameters(tables: Sequence[Table]) -> dict[str, dict[str, str]]:
    for table in tables:
        found = _header(table, SUBJECT_COLUMN) if table.name == PARAMETERS_SHEET else None
        if found:
            place, columns = found
            rows = [dict(_pick(row, columns)) for row in table.rows[place + 1 :]]
            return {row[SUBJECT_COLUMN]: row for row in rows if row[SUBJECT_COLUMN]}
    return {}


def _pick(row: Sequence[str], columns: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    for name, at in columns.items():
        yield name, row[at] if at < len(row) else ""


def _read_sheet(table: Table, subject: str, listed: Mapping[str, str]) -> Blueprint:
    place, columns = _header(table, POINT_COLUMN) or (0, {})
    if not any(column in columns for column in _COUNT.values()):
        raise BadBlueprint(f"蓝图工作表“{table.name}”第{place + 1}行缺少题数列（{'、'.join(_COUNT.values())}）。")
    names: dict[str, str] = {}
    counts: dict[tuple[str, str], int] = {}
    worth: dict[tuple[str, str], int] = {}
    wrong: list[str] = []
    for number, texts in enumerate(table.rows[place + 1 :], place + 2):
        row = dict(_pick(texts, columns))
        point = row[POINT_COLUMN]
        where = f"蓝图工作表“{table.name}”第{number}行"
        if point in TOTAL_WORDS:
            wrong += _compare(row, where, counts, worth)
        elif point:
            if point in names:
                raise BadBlueprint(f"{where}：知识点编码 {point} 重复，请合并为一行。")
            names[point] = row.get("知识点", "")
            one = _read_point(row, point, where, worth)
            wrong += _compare(row, where, one, worth)
            counts.update(one)
    if not counts:
        raise BadBlueprint(f"蓝图工作表“{table.name}”没有题数，请填写各知识点的题数。")
    return _with_parameters(subject, names, counts, worth, wrong, listed)


def _read_point(row: Mapping[str, str], point: str, where: str, worth: dict[tuple[str, str], int]) -> dict[tuple[str, str], int]:
    counts = {}
    for kind in KINDS:
        count = _integer(row.get(_COUNT[kind], "") or "0", f"{where}“{_COUNT[kind]}”列")
        if count:
            counts[point, kind] = count
            worth[point, kind] = _integer(row.get(_WORTH[kind], "") or "1", f"{where}“{_WORTH[kind]}”列")
            if not worth[point, kind]:
                raise BadBlueprint(f"{where}“{_WORTH[kind]}”列：每题分应为正整数。")
    return counts


def _compare(row: Mapping[str, str], where: str, counts: Mapping[tuple[str, str], int], worth: Mapping[tuple[str, str], int]) -> list[str]:
    """Where a line's own sums differ from the counts. Totals decide nothing but are compared."""
    sums = {_COUNT[kind]: sum(n for (_, k), n in counts.items() if k == kind) for kind in KINDS}
    sums["小计题数"] = sum(counts.values())
    sums["小计分值"] = sum(n * worth[cell] for cell, n in counts.items())
    return [
        f"{where}“{column}”写 {row[column]}，按各题数应为 {value}"
        for column, value in sums.items()
        if _DECIMAL.fullmatch(row.get(column, "")) and Decimal(row[column]) != value
    ]


def _with_parameters(
    subject: str,
    names: Mapping[str, str],
    counts: Mapping[tuple[str, str], int],
    worth: Mapping[tuple[str, str], int],
    wrong: list[str],
    listed: Mapping[str, str],
) -> Blueprint:
    where = f"“{PARAMETERS_SHEET}”{subject}"
    full_marks = _optional(listed, "满分", where)
    as_total = dict(listed, **{"小计题数": listed.get("题量", ""), "小计分值": listed.get("满分", "")})
    said = _compare(as_total, where, counts, worth)
    wrong += [line.replace("小计题数", "题量").replace("小计分值", "满分") for line in said]
    pass_mark = _optional(listed, "合格分", where)
    if pass_mark is not None and full_marks is not None and pass_mark > full_marks:
        raise BadBlueprint(f"{where}：合格分 {pass_mark} 高于满分 {full_marks}。")
    minutes = next((name for name in listed if name.startswith("考试时间")), "考试时间（分钟）")
    return Blueprint(
        subject=subject,
        names=names,
        counts=counts,
        worth=worth,
        full_marks=full_marks,
        pass_mark=pass_mark,
        duration_minutes=_optional(listed, minutes, where),
        target=_thousandths(listed, "目标平均难度", where),
        spread=_thousandths(listed, "卷间平均难度极差上限", where),
        contradictions=tuple(wrong),
    )


def _integer(text: str, where: str) -> int:
    if not _INTEGER.fullmatch(text):
        raise BadBlueprint(f"{where}：“{text}”不是非负整数。")
    return int(Decimal(text))


def _optional(listed: Mapping[str, str], column: str, where: str) -> int | None:
    text = listed.get(column, "")
    return _integer(text, f"{where}“{column}”列") if text else None


def _thousandths(listed: Mapping[str, str], column: str, where: str) -> int | None:
    text = listed.get(column, "")
    if not text:
        return None
    if not _DECIMAL.fullmatch(text):
        raise BadBlueprint(f"{where}“{column}”列：“{text}”不是数。")
    return int(round(Decimal(text) * 1000))
