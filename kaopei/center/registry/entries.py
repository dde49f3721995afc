"""What 培训机构, 考试点, 机构关联 and 考务人员 say, as frozen values; nothing here knows the database."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from kaopei.center.registry.reading import Line, Message, Read, code, count
from kaopei.law import cells, identity, operations, reading
from kaopei.law.facts import InstitutionFacts

COLUMNS = {
    "培训机构": ("机构名称", "统一社会信用代码", "所在区县", "地址", "业务范围", "登记日期", "状态", "联系电话"),
    "考试点": (
        "考试点编号", "名称", "类型", "依托单位信用代码", "所在区县", "经度", "纬度", "理论机位", "可考操作项目", "状态",
    ),
    "机构关联": ("主体甲代码", "主体甲名称", "关联类型", "主体乙代码", "主体乙名称", "比例%", "起", "止", "来源"),
    "考务人员": ("姓名", "身份证号码", "岗位", "专职", "关联培训机构信用代码", "最近培训日期", "年度考核", "责任书", "保密协议"),
    "考务人员关系": ("姓名", "身份证号码", "关系类型", "机构或考试点代码", "比例%", "起", "止", "本人申报"),
}  # fmt: skip
CODE_LENGTH = 18
MOST_SEATS = 5000
DEGREES, PERCENT = Decimal("0.000001"), Decimal("0.001")
KINDS = {"公共": "public", "依托": "attached", "附设": "attached", "校内": "campus", "学校": "campus", "院校": "campus"}


@dataclass(frozen=True, slots=True)
class InstitutionEntry:
    """One row of 培训机构: the facts that rules ask for, and where to find the body."""

    facts: InstitutionFacts
    address: str
    phone: str
    row: int


@dataclass(frozen=True, slots=True)
class SiteEntry:
    """One row of 考试点."""

    number: str
    name: str
    kind: str
    host_code: str
    district: str
    longitude: Decimal | None
    latitude: Decimal | None
    theory_seats: int
    operations: tuple[str, ...]
    standing: cells.Standing
    row: int


@dataclass(frozen=True, slots=True)
class TieEntry:
    """One row of 机构关联; `share` in percent."""

    one_code: str
    one_name: str
    kind: str
    other_code: str
    other_name: str
    share: Decimal | None
    from_day: dt.date | None
    to_day: dt.date | None
    source: str


@dataclass(frozen=True, slots=True)
class StaffEntry:
    """One row of 考务人员."""

    id_number: str
    name: str
    post: str
    full_time: bool
    institution_code: str
    trained_on: dt.date | None
    appraisal: str
    has_pledge: bool
    has_agreement: bool
    # Last days, where somebody has entered them; the city's list does not tell.
    pledge_until: dt.date | None = None
    agreement_until: dt.date | None = None


@dataclass(frozen=True, slots=True)
class RelationEntry:
    """One row of 考务人员关系; `share` in percent, days empty where open."""

    id_number: str
    kind: str
    body: str
    share: Decimal | None
    from_day: dt.date | None
    to_day: dt.date | None
    declared: bool
    row: int = 0


def institutions(lines: Iterable[Line], known: Iterable[str]) -> Read[InstitutionEntry]:
    """一（一）: bodies that reported; a row without a usable code cannot be found by any application and is only named."""
    read: Read[InstitutionEntry] = Read()
    names = frozenset(known)
    seen: dict[str, int] = {}
    for line in lines:
        facts = reading.institution(line.cells, names)
        if len(facts.code) != CODE_LENGTH:
            text = "信用代码缺失或残缺，该机构没有登记，其学员按“机构不在登记名单”处理"
            read.messages.append(_say(line, "统一社会信用代码", text, "N1.2.1", loud=True))
            continue
        if facts.code in seen:
            text = f"与第{seen[facts.code]}行代码相同，只用第{seen[facts.code]}行"
            read.messages.append(_say(line, "统一社会信用代码", text, "N1.2.1", loud=True))
            continue
        seen[facts.code] = line.row
        if facts.standing.state == "pending":
            text = f"状态“{line.text('状态')}”看不出已核实登记，按未登记处理"
            read.messages.append(_say(line, "状态", text, "N1.2.1"))
        read.entries.append(InstitutionEntry(facts, line.text("地址"), line.text("联系电话"), line.row))
    return read


def sites(lines: Iterable[Line], known: Iterable[str]) -> Read[SiteEntry]:
    """二（二）: exam sites with what they are accepted for."""
    read: Read[SiteEntry] = Read()
    seen: dict[str, int] = {}
    for line in lines:
        number = code(line.text("考试点编号"))
        if not number or number in seen:
            text = f"与第{seen[number]}行编号相同，只用第一行" if number else "考试点编号缺失，该行不用"
            read.messages.append(_say(line, "考试点编号", text, "N2.2.4", loud=True))
            continue
        seen[number] = line.row
        read.entries.append(_site(line, number, known, read.messages))
    return read


def _site(line: Line, number: str, known: Iterable[str], messages: list[Message]) -> SiteEntry:
    kind = next((kind for word, kind in KINDS.items() if word in line.text("类型")), "other")
    seats = count(line.text("理论机位"))
    if seats is None or seats > MOST_SEATS:
        seats = None
        messages.append(_say(line, "理论机位", f"“{line.text('理论机位')}”不是机位数，按 0 个机位处理", "N2.3.4", loud=True))
    longitude, latitude = cells.read_number(line.text("经度")), cells.read_number(line.text("纬度"))
    # Guangdong lies between 109 and 118 east, 20 and 26 north: swapped columns are the usual slip.
    if longitude is None or latitude is None or not (100 <= longitude <= 130 and 15 <= latitude <= 35):
        messages.append(_say(line, "经度", "经纬度缺失或不在本省范围，不用于计算路程", "", loud=False))
        longitude = latitude = None
    standing = cells.read_standing(line.text("状态"))
    if standing.state == "pending":
        messages.append(_say(line, "状态", f"状态“{line.text('状态')}”看不出可以考试，按暂停处理", "N2.3.4", loud=True))
    host = code(line.text("依托单位信用代码"))
    if kind == "attached" and not host:
        messages.append(_say(line, "依托单位信用代码", "依托培训机构的考试点没有写依托单位，交叉考试无法排除其本机构学员", "N2.3.2", loud=True))
    if standing.first and standing.last and standing.last < standing.first:
        messages.append(_say(line, "状态", f"“{line.text('状态')}”止日早于起日，按止日不限处理", "N3.2.0b", loud=True))
        standing = replace(standing, last=None)
    return SiteEntry(
        number=number,
        name=line.text("名称"),
        kind=kind,
        host_code=host,
        district=line.text("所在区县"),
        longitude=longitude and longitude.quantize(DEGREES),
        latitude=latitude and latitude.quantize(DEGREES),
        theory_seats=seats or 0,
        operations=operations.split(line.text("可考操作项目"), known),
        standing=standing,
        row=line.row,
    )


def ties(lines: Iterable[Line]) -> Read[TieEntry]:
    """二（二）、二（三）: ties between bodies. A day that cannot be read leaves that side open, which keeps people apart rather than together."""
    read: Read[TieEntry] = Read()
    for line in lines:
        one, other = code(line.text("主体甲代码")), code(line.text("主体乙代码"))
        if not one or not other:
            read.messages.append(_say(line, "主体甲代码", "关联的一方没有代码，该行不用", "N2.2.5", loud=True))
            continue
        first, last = _days(line, read.messages)
        read.entries.append(
            TieEntry(
                one_code=one,
                one_name=line.text("主体甲名称"),
                kind=line.text("关联类型"),
                other_code=other,
                other_name=line.text("主体乙名称"),
                share=_share(line, read.messages),
                from_day=first,
                to_day=last,
                source=line.text("来源"),
            )
        )
    return read


def _share(line: Line, messages: list[Message]) -> Decimal | None:
    """Percent. What cannot be one is left out, and the tie counts in full."""
    written = line.text("比例%").rstrip("%％")
    share = cells.read_number(written)
    if written and (share is None or share > 100):
        messages.append(_say(line, "比例%", f"“{written}”不是百分比，该关联按全额计", "N2.2.5", loud=True))
        return None
    return share and share.quantize(PERCENT)


def staff(lines: Iterable[Line]) -> Read[StaffEntry]:
    """二（五） N2.5.2: basic data of exam staff; a row without a right identity number cannot be kept apart from others."""
    read: Read[StaffEntry] = Read()
    seen: set[str] = set()
    for line in lines:
        cell = line.cell("身份证号码")
        number = identity.read_id_number(cell.text, stored_as_number=cell.kind == "number")
        if number.fault or number.value in seen:
            text = "身份证号码残缺或校验不符，该人员没有登记" if number.fault else "身份证号码与前面一行相同，只用第一行"
            read.messages.append(_say(line, "身份证号码", text, "N2.5.2", loud=True))
            continue
        seen.add(number.value)
        read.entries.append(
            StaffEntry(
                id_number=number.value,
                name=identity.read_name(line.text("姓名")).value,
                post=line.text("岗位"),
                full_time=cells.read_yes(line.text("专职")) is True,
                institution_code=code(line.text("关联培训机构信用代码")),
                trained_on=cells.read_date(line.text("最近培训日期")),
                appraisal=line.text("年度考核"),
                has_pledge=cells.read_yes(line.text("责任书")) is True,
                has_agreement=cells.read_yes(line.text("保密协议")) is True,
            )
        )
    return read


def relations(lines: Iterable[Line]) -> Read[RelationEntry]:
    """二（二）、二（五） A day or share that cannot be read leaves that side open: it keeps people apart rather than together."""
    read: Read[RelationEntry] = Read()
    for line in lines:
        cell = line.cell("身份证号码")
        number = identity.read_id_number(cell.text, stored_as_number=cell.kind == "number")
        body = code(line.text("机构或考试点代码"))
        if number.fault or not body:
            read.messages.append(_say(line, "身份证号码", "身份证号码或对方代码读不出，该行不用", "N2.5.2", loud=True))
            continue
        first, last = _days(line, read.messages)
        declared = cells.read_yes(line.text("本人申报")) is True
        share = _share(line, read.messages)
        read.entries.append(RelationEntry(number.value, line.text("关系类型"), body, share, first, last, declared, line.row))
    return read


def _days(line: Line, messages: list[Message]) -> tuple[dt.date | None, dt.date | None]:
    """First and last day of a tie. One that cannot be read leaves that side open, which keeps people apart rather than together."""
    days = {}
    for column in ("起", "止"):
        days[column] = cells.read_date(line.text(column))
        if line.text(column) and days[column] is None:
            messages.append(_say(line, column, f"“{line.text(column)}”不是日期，按不限处理", "N2.2.5", loud=True))
    if days["起"] and days["止"] and days["止"] < days["起"]:
        messages.append(_say(line, "止", "止日早于起日，按止日不限处理", "N2.2.5", loud=True))
        days["止"] = None
    return days["起"], days["止"]


def _say(line: Line, column: str, text: str, clause: str, *, loud: bool = False) -> Message:
    return Message(line.file, text, line.row, column, clause, loud)
