"""The workbooks of a month's duties, read into facts: staff, their relations, ties, sites, sittings, institutions, posts to fill.

File to file, for `./run recusal` and `./run roster`: nothing is kept, and what is written names people (mode 0600).
"""

import csv
import datetime as dt
import io
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kaopei.center.allocation.recusal import Ground, Recusal, Relation, Sitting
from kaopei.center.registry import entries, gates, workbook
from kaopei.center.registry.reading import Line, Message, clock, code, count
from kaopei.center.registry.unusable import Unusable
from kaopei.law import cells

PLAN = ("场次编号", "考试点编号", "日期")
BODIES = ("场次编号", "培训机构信用代码")
POSTS = ("场次编号", "考试点编号", "日期", "开始", "结束", "岗位", "人数")
# Must be there; relations and ties may be missing, loudly.
NEEDED = {"考务人员": entries.COLUMNS["考务人员"], "考试点": entries.COLUMNS["考试点"], "考试计划": PLAN, "场次考生机构": BODIES}
OPTIONAL = {"考务人员关系": entries.COLUMNS["考务人员关系"], "机构关联": entries.COLUMNS["机构关联"], "考试计划_实操": PLAN}
MOST_POSTS = 200


@dataclass(frozen=True, slots=True)
class Post:
    """Duties to fill: so many people of one role at a sitting. A duty of a whole day is judged against all its sittings."""

    sitting: str
    site: str
    day: dt.date
    start: dt.time
    end: dt.time
    role: str
    people: int


@dataclass
class DutyFiles:
    """What the folder says."""

    staff: list[entries.StaffEntry]
    relations: list[Relation]
    ties: list[entries.TieEntry]
    sittings: list[Sitting]
    hosts: dict[str, str]
    posts: list[Post] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)

    def recusal(self) -> Recusal:
        """Who may not serve where."""
        return Recusal(self.staff, self.relations, self.ties)


def read(folder: Path, *, with_posts: bool = False) -> DutyFiles:
    """Everything in the folder; Unusable in one line when a file is missing, cut off or lacks a column."""
    if not folder.is_dir():
        raise Unusable(f"没有文件夹 {folder}。请核对路径。")
    messages: list[Message] = []
    needed = {**NEEDED, "值班需求": POSTS} if with_posts else NEEDED
    lines = {name: _table(folder, name, columns, messages) for name, columns in {**needed, **OPTIONAL}.items()}
    for name in OPTIONAL:
        if lines[name] is None and name != "考试计划_实操":
            text = "没有这份文件，其中的关系无从排除，回避结论不完整"
            messages.append(Message(f"{name}.xlsx", text, clause="N2.2.5", is_loud=True))
    staff = entries.staff(lines["考务人员"] or ())
    links = entries.ties(lines["机构关联"] or ())
    sites = entries.sites(lines["考试点"] or (), ())
    messages += [*staff.messages, *links.messages]
    hosts = {site.number: site.host_code for site in sites.entries}
    bodies = _bodies(lines["场次考生机构"] or ())
    plan = [*(lines["考试计划"] or ()), *(lines["考试计划_实操"] or ())]
    sittings = _sittings(plan, hosts, bodies, messages)
    relations = _relations(lines["考务人员关系"] or (), messages)
    posts = _posts(lines.get("值班需求") or (), {one.sitting for one in sittings}, messages)
    return DutyFiles(staff.entries, relations, links.entries, sittings, hosts, posts, messages)


def _table(folder: Path, name: str, columns: Sequence[str], messages: list[Message]) -> tuple[Line, ...] | None:
    for suffix in (".xlsx", ".xlsm", ".xls", ".ods", ".csv"):
        path = folder / f"{name}{suffix}"
        if path.is_file():
            found = workbook.read(path.read_bytes(), path.name, columns, may_be_empty=name in OPTIONAL)
            messages.extend(found.messages)
            return found.lines
    if name in OPTIONAL:
        return None
    raise Unusable(f"缺少文件《{name}》。请把 {name}.xlsx（或 .csv）放在 {folder} 后再试。")


def _bodies(lines: Iterable[Line]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for line in lines:
        found.setdefault(code(line.text("场次编号")), set()).add(code(line.text("培训机构信用代码")))
    return found


def _sittings(plan: Iterable[Line], hosts: dict[str, str], bodies: dict[str, set[str]], messages: list[Message]) -> list[Sitting]:
    found: dict[str, Sitting] = {}
    for line in plan:
        number, site, day = code(line.text("场次编号")), code(line.text("考试点编号")), cells.read_date(line.text("日期"))
        if not number or number in found:
            continue
        if day is None or site not in hosts:
            text = f"场次 {number} 的日期或考试点读不出，不判断回避"
            messages.append(Message(line.file, text, line.row, "日期" if day is None else "考试点编号", "N2.2.5", is_loud=True))
            continue
        found[number] = Sitting(number, site, hosts[site], day, frozenset(bodies.get(number, ())))
    return list(found.values())


def _relations(lines: Iterable[Line], messages: list[Message]) -> list[Relation]:
    read = entries.relations(lines)
    messages += read.messages
    return [Relation(one.id_number, one.kind, one.body, one.share, one.from_day, one.to_day, one.declared) for one in read.entries]


def _posts(lines: Iterable[Line], sittings: set[str], messages: list[Message]) -> list[Post]:
    found = []
    for line in lines:
        number, day = code(line.text("场次编号")), cells.read_date(line.text("日期"))
        start, end, people = clock(line.text("开始")), clock(line.text("结束")), count(line.text("人数"))
        usable = number in sittings and day and start and end and start < end and people is not None and people <= MOST_POSTS
        if not usable:
            text = f"场次 {number or '（无编号）'} 的值班需求读不出（场次、日期、时间或人数），没有排班"
            messages.append(Message(line.file, text, line.row, "", "N2.5.1", is_loud=True))
            continue
        assert day and start and end and people is not None
        found.append(Post(number, code(line.text("考试点编号")), day, start, end, line.text("岗位"), people))
    return found


def staff_findings(files: DutyFiles) -> list[tuple[str, str, str]]:
    """二（五） (kind, object, clause): gates that are shut on the first sitting day, and ties that were not declared."""
    day = min((sitting.day for sitting in files.sittings), default=None)
    found = []
    for person in files.staff:
        found += [(reason.code, person.id_number, reason.clause) for reason in (gates.of(person, day).reasons if day else ())]
    found += [("undeclared_tie", f"{one.person}/{one.body}", "N2.5.2") for one in files.relations if not one.declared]
    return sorted(set(found))


RECUSAL_COLUMNS = ("person", "sitting", "allowed", "reason", "clause", "path")


def recusal_rows(files: DutyFiles) -> Iterable[tuple[str, ...]]:
    """`person,sitting,allowed,reason,clause,path` for everybody at every sitting."""
    recusal = files.recusal()
    for person in files.staff:
        for sitting in files.sittings:
            yield (person.id_number, sitting.sitting, *row_of(recusal.grounds(person, sitting)))


def row_of(grounds: Sequence[Ground]) -> tuple[str, str, str, str]:
    """`allowed,reason,clause,path`."""
    paths = "|".join(sorted({path for ground in grounds for path in ground.paths}))
    codes, clauses = (";".join(getattr(ground, name) for ground in grounds) for name in ("code", "clause"))
    return ("0" if grounds else "1", codes, clauses, paths)


def tied_to(files: DutyFiles) -> dict[str, Callable[[str, int], bool]]:
    """二（四） N2.4.7: for each site, whether a person (by identity number) is tied to it at a moment (seconds since 1970)."""
    recusal, people = files.recusal(), {one.id_number: one for one in files.staff}

    def at_site(site: str, host: str) -> Callable[[str, int], bool]:
        def tied(person: str, moment: int) -> bool:
            day = dt.date(1970, 1, 1) + dt.timedelta(seconds=moment)
            return person in people and bool(recusal.of_site(people[person], site, host, day))

        return tied

    return {site: at_site(site, host) for site, host in files.hosts.items()}


def write(out: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Beside first, then renamed: never half a file, and only its owner reads it."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    out = out.absolute()
    out.parent.mkdir(parents=True, exist_ok=True)
    beside = out.with_name(f".{out.name}.{os.getpid()}")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(text.getvalue().encode())
    beside.replace(out)
