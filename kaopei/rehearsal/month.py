"""What a clerk knows before he opens a browser: which city's month lies in the folder, when its first exam is, who takes part."""

import csv
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from python_calamine import CalamineError, load_workbook

LOOKED_AT = 40  # rows at the head of a sheet among which the names of the columns are looked for


class NoMonth(ValueError):
    """The folder is not a month's pack."""

    exit_status = 2


@dataclass(frozen=True)
class Month:
    """City code of six digits, its exam sites, first and last day of the plan, one registered institution to play its clerk."""

    city: str
    sites: tuple[str, ...]
    first_day: date
    last_day: date
    institution: str


def look(folder: Path) -> Month:
    """Read as much of the pack as names its city and days; everything else is the intake's business."""
    if not folder.is_dir():
        raise NoMonth(f"{folder}：没有这个文件夹。请给出放有报名表格的文件夹。")
    sites = {row["考试点编号"] for row in _rows(folder, "考试点", "考试点编号") if row["考试点编号"]}
    days = sorted(filter(None, (_day(row["日期"]) for row in _rows(folder, "考试计划", "日期"))))
    bodies = [row for row in _rows(folder, "培训机构", "统一社会信用代码") if row.get("状态", "") == "已登记"]
    cities = {site[:4] for site in sites if site[:4].isdigit()}
    if not days or len(cities) != 1 or not bodies:
        text = "考试计划中没有日期、考试点不属于同一个城市，或没有已登记的培训机构"
        raise NoMonth(f"{folder}：{text}。请先用 ./run intake {folder} --out 结论.csv --dry-run 核对表格。")
    return Month(f"{cities.pop()}00", tuple(sorted(sites)), days[0], days[-1], bodies[0]["统一社会信用代码"])


def _rows(folder: Path, name: str, column: str) -> list[dict[str, str]]:
    """Rows of the workbook of this name as text, by the names of its columns."""
    path = next((folder / f"{name}{kind}" for kind in (".xlsx", ".xls", ".ods", ".csv") if (folder / f"{name}{kind}").is_file()), None)
    if path is None:
        raise NoMonth(f"{folder}：没有 {name} 表格。请把当月全部表格放进这个文件夹。")
    try:
        table = _csv(path) if path.suffix == ".csv" else _workbook(path)
    except (CalamineError, OSError, UnicodeDecodeError) as problem:
        raise NoMonth(f"{path}：打不开（{problem}）。请确认文件完整、没有密码。") from problem
    for place, row in enumerate(table[:LOOKED_AT]):
        if column in row:
            return [dict(zip(row, values, strict=False)) for values in table[place + 1 :] if any(values)]
    raise NoMonth(f"{path}：没有“{column}”列。请核对表头。")


def _workbook(path: Path) -> list[list[str]]:
    book = load_workbook(path)
    return [[_text(cell) for cell in row] for name in book.sheet_names for row in book.get_sheet_by_name(name).to_python()]


def _csv(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [[cell.strip() for cell in row] for row in csv.reader(file)]


def _text(cell: object) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10].replace("/", "-"))
    except ValueError:
        return None
