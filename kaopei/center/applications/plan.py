"""What 考试计划 and 考试计划_实操 say. Sittings are made of it by allocation, later; here each row is only read and judged."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from kaopei.center.registry.entries import SiteEntry
from kaopei.center.registry.reading import Line, Message, Read, clock, code, count
from kaopei.law import cells, operations

COLUMNS = ("场次编号", "考试点编号", "日期", "开始", "结束", "科目", "机位", "操作项目")
PARTS = {"T": "理论", "P": "实操"}


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One planned sitting. `part` is T or P; `fault` says why it may not be used, empty if it may; `row` of the sheet."""

    sitting: str
    site: str
    day: dt.date | None
    start: dt.time | None
    end: dt.time | None
    part: str
    seats: int
    operations: tuple[str, ...]
    file: str
    row: int
    fault: str = ""

    @property
    def usable(self) -> bool:
        """Whether allocation may make a sitting of it."""
        return not self.fault

    def as_json(self) -> dict[str, object]:
        """For the intake's record."""
        values = asdict(self)
        for key in ("day", "start", "end"):
            values[key] = values[key].isoformat() if values[key] else None
        values["operations"] = list(self.operations)
        return values


def from_json(values: Mapping[str, object]) -> PlanRow:
    """The row as it was before `as_json`."""
    fields = dict(values)
    fields["day"] = dt.date.fromisoformat(str(fields["day"])) if fields["day"] else None
    for key in ("start", "end"):
        fields[key] = dt.time.fromisoformat(str(fields[key])) if fields[key] else None
    fields["operations"] = tuple(fields["operations"])  # type: ignore[arg-type]
    return PlanRow(**fields)  # type: ignore[arg-type]


def read(lines: Iterable[Line], part: str, sites: Mapping[str, SiteEntry], known: Iterable[str]) -> Read[PlanRow]:
    """二（四）: rows in the order of the sheet; a row that cannot be carried out keeps its fault and is named."""
    found: Read[PlanRow] = Read()
    seen: dict[str, int] = {}
    for line in lines:
        row = _row(line, part, known)
        row = _against_site(row, sites, found.messages, line)
        if not row.fault and row.sitting in seen:
            row = replace(row, fault=f"场次编号与第{seen[row.sitting]}行相同")
        if row.fault:
            text = f"场次 {row.sitting or '（无编号）'} {row.fault}，不安排考试"
            found.messages.append(Message(line.file, text, line.row, "", "N2.1.12", is_loud=True))
        seen.setdefault(row.sitting, line.row)
        found.entries.append(row)
    found.entries = _without_overlaps(found.entries, sites, found.messages)
    return found


def _row(line: Line, part: str, known: Iterable[str]) -> PlanRow:
    row = PlanRow(
        sitting=code(line.text("场次编号")),
        site=code(line.text("考试点编号")),
        day=cells.read_date(line.text("日期")),
        start=clock(line.text("开始")),
        end=clock(line.text("结束")),
        part=part,
        seats=count(line.text("机位")) or 0,
        operations=operations.split(line.text("操作项目"), known),
        file=line.file,
        row=line.row,
    )
    return replace(row, fault=_fault(row, line))


def _fault(row: PlanRow, line: Line) -> str:
    subject = line.text("科目")
    if not row.sitting:
        return "没有场次编号"
    if row.day is None:
        return f"日期“{line.text('日期')}”看不出是哪一天"
    if row.start is None or row.end is None:
        return f"时间“{line.text('开始')}—{line.text('结束')}”看不出"
    if row.end <= row.start:
        return f"结束时间 {row.end:%H:%M} 不晚于开始时间 {row.start:%H:%M}"
    if row.seats <= 0:
        return f"机位“{line.text('机位')}”不是机位数"
    if subject and PARTS["P" if row.part == "T" else "T"] in subject:
        return f"科目“{subject}”与本表（{PARTS[row.part]}）不符"
    return ""


def _against_site(row: PlanRow, sites: Mapping[str, SiteEntry], messages: list[Message], line: Line) -> PlanRow:
    """二（三） N2.3.4: the site exists, has the seats, is accepted for the operations and is not suspended that day."""
    site = sites.get(row.site)
    if site is None:
        return replace(row, fault=row.fault or f"考试点“{row.site}”不在考试点表中")
    if row.part == "T" and row.seats > site.theory_seats:
        text = f"场次 {row.sitting} 机位 {row.seats} 多于考试点 {site.number} 的理论机位 {site.theory_seats}，按 {site.theory_seats} 安排"
        messages.append(Message(line.file, text, line.row, "机位", "N2.3.4", is_loud=True))
        row = replace(row, seats=site.theory_seats, fault=row.fault or ("" if site.theory_seats else "考试点没有理论机位"))
    beyond = [name for name in row.operations if name not in site.operations]
    if beyond:
        text = f"场次 {row.sitting} 的{'、'.join(beyond)}不在考试点 {site.number} 可考操作项目内，该场次不安排这些项目"
        messages.append(Message(line.file, text, line.row, "操作项目", "N2.3.4", is_loud=True))
        row = replace(row, operations=tuple(name for name in row.operations if name in site.operations))
    if not row.operations:
        row = replace(row, fault=row.fault or "没有可考的操作项目")
    if row.day and site.standing.on(row.day) != "good":
        text = f"场次 {row.sitting} 当日考试点 {site.number} 状态为“{site.standing.text}”，抽签时不会安排考生"
        messages.append(Message(line.file, text, line.row, "考试点编号", "N2.3.4", is_loud=True))
    return row


def _without_overlaps(rows: Sequence[PlanRow], sites: Mapping[str, SiteEntry], messages: list[Message]) -> list[PlanRow]:
    """Sittings of one site at one time share its seats; the later row of two that together exceed them is left out."""
    kept: dict[tuple[str, dt.date | None], list[PlanRow]] = {}
    out = []
    for row in rows:
        if row.usable:
            before = [other for other in kept.get((row.site, row.day), []) if other.start < row.end and row.start < other.end]  # type: ignore[operator]
            capacity = sites[row.site].theory_seats if row.part == "T" else 0
            if before and sum(other.seats for other in before) + row.seats > capacity:
                fault = f"与场次 {before[0].sitting}（第{before[0].row}行）时间重叠"
                messages.append(Message(row.file, f"场次 {row.sitting} {fault}，机位不够，不安排考试", row.row, "开始", "N2.1.12", is_loud=True))
                row = replace(row, fault=fault)
            else:
                kept.setdefault((row.site, row.day), []).append(row)
        out.append(row)
    return out


def days(rows: Iterable[PlanRow]) -> tuple[dt.date, dt.date] | None:
    """First and last day of the plan, from rows that may be used, else from any that name a day."""
    rows = list(rows)
    found = [row.day for row in rows if row.usable and row.day] or [row.day for row in rows if row.day]
    return (min(found), max(found)) if found else None
