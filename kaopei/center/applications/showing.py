"""Rows as pages show them: personal data masked, the cells that a reason is about marked."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from kaopei.center.applications.models import Application, Intake, Row
from kaopei.office.personal import mask_id, mask_name, mask_phone

MASKS = {"姓名": mask_name, "身份证号码": mask_id, "手机号": mask_phone}
# Columns that every row shows; others appear only where a reason is about them.
INSTITUTION = "培训机构信用代码"
SHOWN = ("姓名", "性别", "身份证号码", "操作项目", "申请类型", "已完成学时")


@dataclass(frozen=True)
class Cell:
    """One cell as shown."""

    column: str
    text: str
    mark: str = ""
    address: str = ""

    @property
    def is_short(self) -> bool:
        """Short values stay on one line."""
        return len(self.text) <= 3 or self.column in ("身份证号码", "申请类型", "性别")


@dataclass(frozen=True)
class Shown:
    """A row with its fixed cells, the further cells that reasons are about, and the reasons."""

    row: Row
    cells: list[Cell]
    others: list[Cell]
    institution: Cell


@dataclass(frozen=True)
class Difference:
    """What a delivered row changes: (column, before, now), all masked."""

    row: Row
    before: Row | None
    cells: list[tuple[str, str, str]]


def masked(column: str, text: str) -> str:
    """The text as anybody at the desk may see it."""
    return MASKS[column](text) if column in MASKS and text else text


def rows(found: Iterable[Row], intake: Intake) -> list[Shown]:
    """For the verdict table."""
    return [_row(row, intake.letters, intake.names) for row in found]


def _row(row: Row, letters: Mapping[str, str], names: Mapping[str, str]) -> Shown:
    said = json.loads(row.cells)
    wrong = dict.fromkeys(column for reason in row.reasons for column in reason["columns"])
    mark = {"refuse": "marked-bad", "hold": "marked", "accept": "marked"}[row.decision]

    def cell(column: str) -> Cell:
        return Cell(column, masked(column, said.get(column, "")), mark if column in wrong else "", f"{letters.get(column, '')}{row.sheet_row}")

    others = [cell(column) for column in wrong if column not in (*SHOWN, INSTITUTION)]
    named = replace(cell(INSTITUTION), text=names.get(row.institution_code) or said.get(INSTITUTION, ""))
    return Shown(row, [cell(column) for column in SHOWN], others, named)


def differences(found: Iterable[Row], earlier: Mapping[str, Row]) -> list[Difference]:
    """For the page of a correction round."""
    out = []
    for row in found:
        before = earlier.get(row.serial)
        now, was = json.loads(row.cells), json.loads(before.cells) if before else {}
        pairs = [(column, _pair(column, was.get(column, ""), now.get(column, ""))) for column in row.changed_columns]
        out.append(Difference(row, before, [(column, *pair) for column, pair in pairs]))
    return out


def _pair(column: str, was: str, now: str) -> tuple[str, str]:
    """Two masked values that look alike say that they differ in what is hidden."""
    first, second = masked(column, was), masked(column, now)
    return (first, f"{second}（隐去部分有变化）") if first == second else (first, second)


def facts(application: Application, *, whole: bool = False) -> list[tuple[str, str]]:
    """All cells of an application's row; `whole` after somebody has given a reason to see them."""
    said = json.loads(application.row.cells)
    return [(column, text if whole else masked(column, text)) for column, text in said.items()]
