"""The lists that a city keeps in spreadsheets: how each is read, brought into the register, and written out again with the same columns."""

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction

from kaopei.center.registry import entries, taking, telephone, workbook
from kaopei.center.registry.models import Institution, Room, Site
from kaopei.center.registry.queries import register, tied
from kaopei.center.registry.reading import Line, Message, Read, code, count
from kaopei.law import operations
from kaopei.office.clock import CHINA
from kaopei.office.personal import mask_id, mask_name

ROOM_COLUMNS = ("考试点编号", "考场", "机位")
MOST_ROWS = 20_000
WORDS = {True: "是", False: "否"}
Rows = list[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Source:
    """Whose list, in force from which day, and where it came from."""

    city: str
    day: dt.date
    name: str
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class ListKind:
    """One kind of list. `key` columns name a row; a list that is `whole` strikes out what it no longer names."""

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    read: Callable[[Sequence[Line]], Read[Any]]
    apply: Callable[[Sequence[Any], Source], int]
    rows: Callable[[str, dt.date], Rows]
    whole: bool = False
    personal: bool = False
    # For lists of later apps: the key of what was read, and why a row may have been left out.
    key_of: Callable[[Any], tuple[str, ...]] | None = None
    left_out: str = ""


@dataclass(frozen=True, slots=True)
class RoomEntry:
    """One row of 考场."""

    number: str
    name: str
    seats: int
    row: int


@dataclass(frozen=True, slots=True)
class RowVerdict:
    """What becomes of a row: new, changed, same, refuse, or (without a row number) gone; messages say why."""

    row: int
    decision: str
    cells: tuple[str, ...]
    messages: tuple[str, ...]


def _known(_: Sequence[Line]) -> list[str]:
    return [one.name for one in operations.catalogue().values()]


def _institutions(lines: Sequence[Line]) -> Read[entries.InstitutionEntry]:
    return entries.institutions(lines, _known(lines))


def _sites(lines: Sequence[Line]) -> Read[entries.SiteEntry]:
    return entries.sites(lines, _known(lines))


def _rooms(lines: Sequence[Line]) -> Read[RoomEntry]:
    read: Read[RoomEntry] = Read()
    seen: set[tuple[str, str]] = set()
    for line in lines:
        number, name, seats = code(line.text("考试点编号")), line.text("考场"), count(line.text("机位"))
        if not number or not name or not seats or seats > entries.MOST_SEATS or (number, name) in seen:
            text = "同一考试点有两间同名的考场" if (number, name) in seen else "编号、考场名称或机位数读不出，该行不用"
            read.messages.append(Message(line.file, text, line.row, "机位", "N2.2.5", True))
            continue
        seen.add((number, name))
        read.entries.append(RoomEntry(number, name, seats, line.row))
    return read


def _apply_rooms(rows: Sequence[RoomEntry], source: Source) -> int:
    """Rooms of the sites that the list names, each site's as a whole; a site that the register does not know has none."""
    known = {site.number: site for site in Site.objects.filter(city=source.city)}
    by_site: dict[str, list[tuple[str, int]]] = {}
    for row in rows:
        by_site.setdefault(row.number, []).append((row.name, row.seats))
    return sum(taking.real_rooms(known[number], rooms, source.day) for number, rooms in by_site.items() if number in known)


def _apply_sites(rows: Sequence[entries.SiteEntry], source: Source) -> int:
    """A list does not bring practical exams; new sites on institutions stay out (二（二） N2.2.7)."""
    return taking.sites(rows, None, source.city, source.day, source.name, source.at)


def _institution_rows(city: str, day: dt.date) -> Rows:
    return [
        (
            body.name, body.code, body.district, body.address, "、".join(sorted(body.scope)), _day(body.registered_on), body.status_text, body.phone,
        )
        for body in register.institutions(city, day) if body.is_listed and body.kind == Institution.Kind.INSTITUTION
    ]  # fmt: skip


def _site_rows(city: str, day: dt.date) -> Rows:
    kinds = dict(Site.Kind.choices)
    return [
        (
            site.number, site.name, kinds[site.kind], site.host_code, site.district, _text(site.longitude), _text(site.latitude),
            str(site.theory_seats), "、".join(site.theory), site.standing_text,
        )
        for site in register.sites(city, day) if site.is_listed
    ]  # fmt: skip


def _room_rows(city: str, _: dt.date) -> Rows:
    rooms = Room.objects.filter(city=city, closed_on=None).select_related("site").order_by("site__number", "position")
    return [(room.site.number, room.name, str(room.seats)) for room in rooms]


def _tie_rows(city: str, _: dt.date) -> Rows:
    return [
        (row.one_code, row.one_name, row.kind, row.other_code, row.other_name, _text(row.share), _day(row.from_day), _day(row.to_day), row.source)
        for row in tied.listed(city)
    ]


def _staff_rows(city: str, _: dt.date) -> Rows:
    return [
        (
            row.name, row.id_number, row.post, WORDS[row.full_time], row.institution_code, _day(row.trained_on), row.appraisal,
            WORDS[row.has_pledge], WORDS[row.has_agreement],
        )
        for row in register.staff(city)
    ]  # fmt: skip


def _relation_rows(city: str, _: dt.date) -> Rows:
    people = {row.person: row for row in register.staff(city)}
    return [
        (
            people[row.person].name if row.person in people else "", people[row.person].id_number if row.person in people else row.person,
            row.kind, row.body, _text(row.share), _day(row.from_day), _day(row.to_day), WORDS[row.declared],
        )
        for row in tied.relations(city)
    ]  # fmt: skip


def _day(day: dt.date | None) -> str:
    return day.isoformat() if day else ""


def _text(number: Decimal | None) -> str:
    return "" if number is None else f"{number.normalize():f}"


LISTS = {
    one.name: one
    for one in (
        ListKind(
            "培训机构", entries.COLUMNS["培训机构"], ("统一社会信用代码",), _institutions,
            lambda rows, s: taking.institutions(rows, s.city, s.day, s.name, s.at), _institution_rows,
        ),
        ListKind("考试点", entries.COLUMNS["考试点"], ("考试点编号",), _sites, _apply_sites, _site_rows),
        ListKind("考场", ROOM_COLUMNS, ("考试点编号", "考场"), _rooms, _apply_rooms, _room_rows, whole=True),
        ListKind(
            "机构关联", entries.COLUMNS["机构关联"], entries.COLUMNS["机构关联"], entries.ties,
            lambda rows, s: taking.ties(rows, s.city, s.at), _tie_rows, whole=True,
        ),
        ListKind(
            "考务人员", entries.COLUMNS["考务人员"], ("身份证号码",), entries.staff,
            lambda rows, s: taking.staff(rows, s.city, s.day, s.name, s.at), _staff_rows, personal=True,
        ),
        ListKind(
            "考务人员关系", entries.COLUMNS["考务人员关系"], entries.COLUMNS["考务人员关系"][1:], entries.relations,
            lambda rows, s: taking.relations(rows, s.city, s.name, s.at), _relation_rows, whole=True, personal=True,
        ),
    )
}  # fmt: skip


def offer(*kinds: ListKind) -> None:
    """Lists of later apps (`AppConfig.ready`) stand beside those of the register."""
    LISTS.update({kind.name: kind for kind in kinds})


def dry_run(kind: ListKind, content: bytes, filename: str, source: Source) -> tuple[list[RowVerdict], int]:
    """The verdict on every row, by bringing the list in for real and rolling it back; and how many rows of the register would change."""
    table = workbook.read(content, filename, kind.columns, may_be_empty=kind.whole)
    read = kind.read(table.lines)
    before = _by_key(kind, kind.rows(source.city, source.day))
    with transaction.atomic():
        changed = kind.apply(read.entries, source)
        after = _by_key(kind, kind.rows(source.city, source.day))
        transaction.set_rollback(True)
    told: dict[int, list[str]] = {}
    for message in (*table.messages, *read.messages):
        told.setdefault(message.row, []).append(f"{message.text}（{message.clause}）" if message.clause else message.text)
    return list(_verdicts(kind, table.lines, before, after, told)), changed


def _by_key(kind: ListKind, rows: Rows) -> dict[tuple[str, ...], tuple[str, ...]]:
    places = [kind.columns.index(name) for name in kind.key]
    return {tuple(row[place] for place in places): row for row in rows}


def _verdicts(
    kind: ListKind,
    lines: Iterable[Line],
    before: dict[tuple[str, ...], tuple[str, ...]],
    after: dict[tuple[str, ...], tuple[str, ...]],
    told: dict[int, list[str]],
) -> Iterable[RowVerdict]:
    """Rows in the order of the sheet, then what the list no longer names."""
    taken = set()
    for line in lines:
        key = _row_key(kind, line)
        messages = tuple(told.get(line.row, ()))
        cells = tuple(_shown(name, line.text(name)) for name in kind.columns)
        if key not in after or key in taken:
            why = messages or (_left_out(kind),)
            yield RowVerdict(line.row, "refuse", cells, why)
            continue
        taken.add(key)
        was, now = before.get(key), after[key]
        yield RowVerdict(line.row, "new" if was is None else "same" if was == now else "changed", cells, messages)
    for key in sorted(set(before) - set(after)):
        cells = tuple(_shown(name, cell) for name, cell in zip(kind.columns, before[key], strict=True))
        yield RowVerdict(0, "gone", cells, ("表中不再有这一行，写入后停止使用（原记录保留）",))


def _row_key(kind: ListKind, line: Line) -> tuple[str, ...]:
    """As the register would write the row that this line becomes."""
    read = kind.read([line])
    if not read.entries:
        return ("",)
    entry = read.entries[0]
    if kind.key_of is not None:
        return kind.key_of(entry)
    if isinstance(entry, entries.InstitutionEntry):
        return (entry.facts.code,)
    if isinstance(entry, entries.SiteEntry):
        return (entry.number,)
    if isinstance(entry, RoomEntry):
        return (entry.number, entry.name)
    if isinstance(entry, entries.StaffEntry):
        return (entry.id_number,)
    days = (_text(entry.share), _day(entry.from_day), _day(entry.to_day))
    if isinstance(entry, entries.TieEntry):
        return (entry.one_code, entry.one_name, entry.kind, entry.other_code, entry.other_name, *days, entry.source)
    return (entry.id_number, entry.kind, entry.body, *days, WORDS[entry.declared])


def _left_out(kind: ListKind) -> str:
    if kind.name == "考试点":
        return "原则上不再依托培训机构新增考试点，表格不能新增；请在“考试点”页申请设置，并附例外理由和证明（N2.2.7）"
    if kind.name == "考场":
        return "登记里没有这个考试点，请先登记考试点（N2.2.5）"
    if kind.name == "培训机构":
        return "该机构已书面报告注销，表格不能恢复；重新开展业务请作首次书面报告（N1.2.1）"
    return kind.left_out or "与前面一行相同，只用第一行"


def _shown(column: str, text: str) -> str:
    """Personal data on pages and in verdict files is masked."""
    if column in ("身份证号码", "学员身份证号码"):
        return mask_id(text)
    if column == "联系电话":
        return telephone.shown(text)
    return mask_name(text) if column == "姓名" else text


def masked(kind: ListKind, rows: Rows) -> Rows:
    """An export for everybody who may see the register."""
    return [tuple(_shown(name, cell) for name, cell in zip(kind.columns, row, strict=True)) for row in rows]


def judged(name: str, content: bytes, filename: str, city: str, at: dt.datetime) -> tuple[list[RowVerdict], int]:
    """The dry run of a list on the day of `at`."""
    return dry_run(LISTS[name], content, filename, Source(city, at.astimezone(CHINA).date(), f"《{name}》", at))


def digest(content: bytes, verdicts: Sequence[RowVerdict]) -> str:
    """Of the file and of what would become of its rows: whoever confirms confirms both."""
    said = [[one.row, one.decision, list(one.cells), list(one.messages)] for one in verdicts]
    whole = hashlib.sha256(content).hexdigest() + json.dumps(said, ensure_ascii=False)
    return hashlib.sha256(whole.encode()).hexdigest()
