"""A verdict for every row of a pack. Pure: the same pack gives the same verdicts, whatever is stored."""

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from kaopei.center.applications import plan, verdicts
from kaopei.center.applications.pack import APPLICATIONS, Pack, Unusable
from kaopei.center.registry import entries as register
from kaopei.center.registry.reading import Line, Message
from kaopei.center.training import entries as training
from kaopei.law import reading
from kaopei.law.cells import Standing
from kaopei.law.facts import ApplicationFacts, IntakeContext, SyllabusFacts
from kaopei.law.places import City, find_city
from kaopei.law.rules import c2_6_intake
from kaopei.law.verdict import Verdict

# The cells that a reason is about, for highlighting; the first is named in the verdict file.
CELLS = {
    "name_missing": ("姓名",),
    "id_mangled": ("身份证号码",),
    "id_checksum": ("身份证号码",),
    "duplicate": ("身份证号码", "操作项目"),
    "age_min": ("身份证号码",),
    "age_max": ("身份证号码",),
    "education": ("学历",),
    "place": ("从业地", "户籍地", "常住地"),
    "institution_unknown": ("培训机构信用代码",),
    "institution_not_registered": ("培训机构信用代码",),
    "institution_scope": ("操作项目",),
    "hours": ("已完成学时",),
    "sex_mismatch": ("性别", "身份证号码"),
    "normalised": ("身份证号码", "姓名"),
}
# 序号 identifies an application in its batch; a blank or repeated one gets a mark of its own.
REPEATED = "#"


@dataclass(frozen=True, slots=True)
class Judged:
    """One row with its facts and verdict. `key` is the identity in the batch: 序号, marked where it is blank or repeated."""

    line: Line
    serial: str
    key: str
    facts: ApplicationFacts
    verdict: Verdict

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the cells that the reasons are about, in their order."""
        return tuple(dict.fromkeys(column for reason in self.verdict.reasons for column in CELLS.get(reason.code, ())))

    def as_row(self) -> tuple[str, ...]:
        """One line of the verdict file."""
        cells = [f"{self.line.address(column)}《{column}》" for column in self.columns]
        reasons = [(reason.clause, reason.text) for reason in self.verdict.reasons]
        return (self.serial, self.verdict.decision, self.verdict.code, *verdicts.joined(reasons, cells))


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a pack says as a whole: rows in the order of the sheet, lists for the register, the plan, and messages."""

    city: City
    context: IntakeContext
    rows: tuple[Judged, ...]
    institutions: tuple[register.InstitutionEntry, ...]
    sites: tuple[register.SiteEntry, ...]
    practical: dict[str, tuple[str, ...]] | None
    ties: tuple[register.TieEntry, ...] | None
    staff: tuple[register.StaffEntry, ...] | None
    syllabus: tuple[SyllabusFacts, ...]
    plan: tuple[plan.PlanRow, ...]
    messages: tuple[Message, ...]

    def counts(self) -> dict[str, int]:
        """Rows by decision and by deciding code."""
        found = Counter(row.verdict.decision for row in self.rows)
        codes = Counter(f"{row.verdict.decision}:{row.verdict.code}" for row in self.rows if row.verdict.code)
        return {"rows": len(self.rows), "accept": found["accept"], "hold": found["hold"], "refuse": found["refuse"], **dict(sorted(codes.items()))}


def judge(
    pack: Pack,
    *,
    received_on: dt.date | None,
    today: dt.date,
    taken: Mapping[tuple[str, str], str] | None = None,
    city: str = "",
    decided: Mapping[str, Standing] | None = None,
    stopped: Collection[str] = (),
) -> Judgement:
    """二（六） N0.2: every row gets a verdict. `received_on` is the day of the batch's first delivery, None if this is the first.

    `taken`: who already has an application of the batch that this sheet does not repeat, (identity number, operation) → 序号.
    `city`: the code the clerk works for; else the pack's own. `decided`: institutions whose standing a measure or a report of their
    own has settled, whatever the pack says. `stopped`: sites that a list may not add (二（二） N2.2.7).
    """
    lists = _lists(pack, stopped)
    settled = decided or {}
    home = _city(pack, lists, city)
    first, last = _days(pack, lists.plan)
    context = IntakeContext(
        city=home.code,
        city_name=home.name,
        first_day=first,
        last_day=last,
        # An application was made before its exam: a pack of the past is judged by the rules of its time.
        received_on=min(received_on or today, first),
        institutions={
            entry.facts.code: replace(entry.facts, standing=settled.get(entry.facts.code, entry.facts.standing)) for entry in lists.institutions
        },
        syllabus={facts.operation: facts for facts in lists.syllabus},
        taken=taken or {},
    )
    lines = pack.lines(APPLICATIONS)
    facts = [reading.application(line.cells) for line in lines]
    verdicts = c2_6_intake.judge_all(facts, context)
    keys = _keys([one.serial for one in facts])
    rows = tuple(Judged(line, one.serial, key, one, verdict) for line, one, key, verdict in zip(lines, facts, keys, verdicts, strict=True))
    messages = [*pack.messages, *lists.messages, *_repeated(rows), *_unclear(rows, context.syllabus)]
    return Judgement(
        home, context, rows, lists.institutions, lists.sites, lists.practical, lists.ties, lists.staff, lists.syllabus, lists.plan, tuple(messages)
    )


@dataclass(frozen=True, slots=True)
class _Lists:
    institutions: tuple[register.InstitutionEntry, ...]
    sites: tuple[register.SiteEntry, ...]
    practical: dict[str, tuple[str, ...]] | None
    ties: tuple[register.TieEntry, ...] | None
    staff: tuple[register.StaffEntry, ...] | None
    syllabus: tuple[SyllabusFacts, ...]
    plan: tuple[plan.PlanRow, ...]
    messages: tuple[Message, ...]


def _lists(pack: Pack, stopped: Collection[str] = ()) -> _Lists:
    """All workbooks but the applications. Names of operations in the syllabus help to read lists of them elsewhere."""
    hours = training.syllabus(pack.lines("大纲学时"))
    known = [facts.operation for facts in hours.entries]
    bodies = register.institutions(pack.lines("培训机构"), known)
    sites = register.sites(pack.lines("考试点"), known)
    sites.messages += _stopped(sites.entries, stopped, pack.filename("考试点"))
    sites.entries = [site for site in sites.entries if site.number not in stopped]
    by_number = {site.number: site for site in sites.entries}
    theory = plan.read(pack.lines("考试计划"), "T", by_number, known)
    practice = plan.read(pack.lines("考试计划_实操"), "P", by_number, known) if pack.has("考试计划_实操") else None
    ties = register.ties(pack.lines("机构关联")) if pack.has("机构关联") else None
    staff = register.staff(pack.lines("考务人员")) if pack.has("考务人员") else None
    parts = [hours, bodies, sites, theory, *(part for part in (practice, ties, staff) if part)]
    return _Lists(
        tuple(bodies.entries),
        tuple(sites.entries),
        _practical(practice.entries) if practice else None,
        tuple(ties.entries) if ties else None,
        tuple(staff.entries) if staff else None,
        tuple(hours.entries),
        tuple(theory.entries) + tuple(practice.entries if practice else ()),
        (
            *(message for part in parts for message in part.messages),
            *_hosts(sites.entries, bodies.entries, pack.filename("考试点")),
            *_same_premises(bodies.entries, ties.entries if ties else (), pack.filename("培训机构")),
        ),
    )


def _stopped(sites: Iterable[register.SiteEntry], stopped: Collection[str], filename: str) -> Iterable[Message]:
    """二（二） N2.2.7: a site on an institution comes into the register by two persons, not by a list."""
    for site in sites:
        if site.number in stopped:
            text = f"原则上不再依托培训机构新增考试点，{site.number} 没有登记。确需设置的，请在“考试点”页申请，附例外理由和证明，由第二人批准"
            yield Message(filename, text, site.row, "依托单位信用代码", "N2.2.7", is_loud=True)


def _hosts(sites: Iterable[register.SiteEntry], bodies: Iterable[register.InstitutionEntry], filename: str) -> Iterable[Message]:
    """二（二） N2.2.5: a site on the premises of a body that is not registered any more needs a decision before the draw."""
    good = {body.facts.code for body in bodies if body.facts.standing.state == "good"}
    for site in sites:
        if site.kind == "attached" and site.host_code and site.host_code not in good:
            text = f"考试点 {site.number} 的依托单位 {site.host_code} 不在登记或已注销，抽签前须由两人决定是否继续使用"
            yield Message(filename, text, site.row, "依托单位信用代码", "N2.2.5", is_loud=True)


def _practical(rows: Iterable[plan.PlanRow]) -> dict[str, tuple[str, ...]]:
    found: dict[str, set[str]] = {}
    for row in rows:
        if row.usable:
            found.setdefault(row.site, set()).update(row.operations)
    return {site: tuple(sorted(names)) for site, names in sorted(found.items())}


def _same_premises(bodies: Sequence[register.InstitutionEntry], ties: Iterable[register.TieEntry], filename: str) -> Iterable[Message]:
    """二（二） N2.2.5: one telephone or one address without a tie in the list is for a person to look at; it decides nothing."""
    tied = {frozenset((tie.one_code, tie.other_code)) for tie in ties}
    for column, label in (("phone", "联系电话"), ("address", "地址")):
        first: dict[str, register.InstitutionEntry] = {}
        for body in bodies:
            value = getattr(body, column)
            other = first.setdefault(value, body)
            if value and other is not body and frozenset((other.facts.code, body.facts.code)) not in tied:
                text = f"{body.facts.name}与{other.facts.name}{label}相同，但关联表没有登记，请核实"
                yield Message(filename, text, body.row, label, "N2.2.5")


def _city(pack: Pack, lists: _Lists, wanted: str) -> City:
    numbers = [site.number for site in lists.sites]
    districts = [site.district for site in lists.sites] + [entry.facts.district for entry in lists.institutions]
    found = find_city(pack.titles(), numbers, districts) or find_city([], numbers, districts) or find_city([], [], districts)
    if found is None:
        raise Unusable("看不出是哪个城市的表格：标题、考试点编号、所在区县都没有指明。请在《考试点》中填写正确的考试点编号。")
    if wanted and wanted != found.code:
        raise Unusable(f"这是{found.name}的表格，不是您所在城市的。请核对后重新选择文件。")
    return found


def _days(pack: Pack, rows: Sequence[plan.PlanRow]) -> tuple[dt.date, dt.date]:
    """First and last day of the theory plan: whether an optional file is there must not change anybody's age."""
    found = plan.days(row for row in rows if row.part == "T")
    if found is None:
        raise Unusable(f"{pack.filename('考试计划')}《日期》没有一行看得出日期，无法计算年龄。请按 2026-12-07 的格式填写。")
    return found


def _keys(serials: Sequence[str]) -> list[str]:
    seen: Counter[str] = Counter()
    keys = []
    for serial in serials:
        seen[serial] += 1
        again = seen[serial] > 1 or not serial
        keys.append(f"{serial}{REPEATED}{seen[serial]}" if again else serial)
    return keys


def _repeated(rows: Iterable[Judged]) -> Iterable[Message]:
    for row in rows:
        if row.key != row.serial:
            text = f"序号“{row.serial}”重复，按先后另作标记" if row.serial else "没有序号，按先后另作标记"
            yield Message(row.line.file, text, row.line.row, "序号", "N1.3.11", is_loud=True)


def _unclear(rows: Iterable[Judged], syllabus: Mapping[str, SyllabusFacts]) -> Iterable[Message]:
    """What was accepted although a cell did not say enough: no code of the law refuses it, so a person should look."""
    found: dict[tuple[str, str, str], list[Judged]] = {}
    for row in rows:
        if row.verdict.decision == "refuse":
            continue
        if not row.facts.kind:
            said = row.line.text("申请类型") or "空白"
            found.setdefault(("申请类型", f"申请类型“{said}”看不出是初次、复审还是换证", "N2.6.2"), []).append(row)
        if row.facts.operation not in syllabus:
            said = row.facts.operation or "空白"
            found.setdefault(("操作项目", f"“{said}”不在大纲学时表中，没有按大纲学时审核", "N1.3.2"), []).append(row)
    for (column, text, clause), some in found.items():
        first = some[0].line
        more = f"（共 {len(some)} 行，序号 {'、'.join(row.serial for row in some[:5])}{' 等' if len(some) > 5 else ''}）"
        yield Message(first.file, text + more, first.row, column, clause, is_loud=True)
