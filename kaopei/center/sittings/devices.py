"""设备清单 of a site: what the city accepted, row by row, and what an exam day needs of it.

二（四） N2.4.16/17, 三（二） N3.2.5b: only accepted machines are on the exam network, each at its address and seat, and none of it
changes without an order. A row is one term of one machine; a change ends the old row and begins a new one that names its order.
The sheet is 设备基线.xlsx; the public keys come from `devices.json` of the site's certificate authority, or from its last column.
"""

import datetime as dt
import ipaddress
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from kaopei.center.registry import workbook
from kaopei.center.registry.reading import Line, code
from kaopei.center.registry.unusable import Unusable
from kaopei.center.sittings.site_day.files import mac
from kaopei.law import cells
from kaopei.parcel.rejected import Rejected

COLUMNS = ("考试点编号", "考场", "类别", "序列号", "MAC", "IP", "座位号", "验收日期", "停用日期", "变更批准单")
FINGERPRINT = "证书指纹"
KINDS = {
    "终端": "terminal", "考试机": "terminal", "备用机": "spare", "考务机": "console", "监考机": "console", "平板": "tablet", "考评平板": "tablet",
    "演练机": "drill", "服务器": "server", "交换机": "switch", "摄像头": "camera", "录像机": "recorder",
}  # fmt: skip
TITLES = {
    "terminal": "考试机", "spare": "备用机", "console": "考务机", "tablet": "考评平板", "drill": "演练机", "server": "服务器", "switch": "交换机",
    "camera": "摄像头", "recorder": "录像机",
}  # fmt: skip
AT_SEATS = ("terminal", "spare")
# Two servers share one address beside their own: the one that the terminals call.
SHARED = ("server",)
NAMES = {"function": "类别", "ip": "IP", "mac": "MAC", "room": "考场", "seat": "座位号", "tls_spki": "证书指纹"}
TELL = 8


@dataclass(frozen=True, slots=True)
class Device:
    """One term of a machine. Days as YYYY-MM-DD, `retired_on` empty while it serves (it is the first day without it)."""

    serial: str
    function: str
    tls_spki: str
    ip: str
    mac: str
    room: str
    seat: str
    accepted_on: str
    retired_on: str
    order: str

    def serves(self, day: str) -> bool:
        """Accepted on or before the day, and not retired on or before it."""
        return self.accepted_on <= day and not (self.retired_on and self.retired_on <= day)

    def overlaps(self, other: "Device") -> bool:
        """Whether both serve on some day."""
        ends = self.retired_on or "9999-12-31", other.retired_on or "9999-12-31"
        return self.accepted_on < ends[1] and other.accepted_on < ends[0]


def read(files: Sequence[tuple[str, bytes]], day: dt.date) -> tuple[dict[str, list[Device]], list[dict[str, Any]]]:
    """(devices by site from the sheets, rows of the authorities' inventories). Rejected names files, rows and columns."""
    by_site: dict[str, list[Device]] = defaultdict(list)
    keys: list[dict[str, Any]] = []
    for name, data in files:
        if data.lstrip()[:1] == b"{":
            keys += _inventory(name, data)
            continue
        problems: list[str] = []
        for line in _sheet(name, data):
            site, device, wrong = _row(line)
            problems += wrong
            if not wrong:
                by_site[site].append(device)
        _refuse(problems)
    return dict(by_site), keys


def _refuse(problems: Sequence[str]) -> None:
    if problems:
        more = f"；另有 {len(problems) - TELL} 处" if len(problems) > TELL else ""
        raise Rejected("devices", f"设备清单有 {len(problems)} 处不能收入，整份没有收：{'；'.join(problems[:TELL])}{more}。请改正后重新上传。")


def _sheet(name: str, data: bytes) -> tuple[Line, ...]:
    try:
        return workbook.read(data, name, (*COLUMNS, FINGERPRINT)).lines
    except Unusable:
        pass
    try:
        return workbook.read(data, name, COLUMNS).lines
    except Unusable as problem:
        raise Rejected("sheet", str(problem)) from None


def _row(line: Line) -> tuple[str, Device, list[str]]:
    wrong: list[str] = []

    def bad(column: str, text: str) -> None:
        wrong.append(f"{line.file} {line.address(column)}《{column}》{text}")

    site, kind, seat = code(line.text("考试点编号")), line.text("类别"), line.text("座位号")
    function = KINDS.get(kind, "")
    if function == "terminal" and seat.startswith("备"):
        function = "spare"
    if not site:
        bad("考试点编号", "是空的")
    if not function:
        bad("类别", f"“{kind}”不认识，应是 {'、'.join(KINDS)}")
    serial = line.text("序列号").upper()
    if not serial or len(serial) > 80:
        bad("序列号", "应填写，最长 80 个字符")
    address, card = line.text("IP"), mac(line.text("MAC"))
    if not _is_address(address):
        bad("IP", f"“{address}”不是地址")
    if len(card) != 17:
        bad("MAC", f"“{line.text('MAC')}”不是网卡地址（12 位十六进制）")
    if function in AT_SEATS and not (seat and line.text("考场")):
        bad("座位号", "考试机和备用机要写考场和座位号")
    spki = line.text(FINGERPRINT).lower().replace(":", "")
    if spki and not _is_digest(spki):
        bad(FINGERPRINT, "不是 64 位十六进制的公钥指纹")
    first, last = cells.read_date(line.text("验收日期")), cells.read_date(line.text("停用日期"))
    if first is None:
        bad("验收日期", f"“{line.text('验收日期')}”读不出")
    if (line.text("停用日期") and last is None) or (first and last and last < first):
        bad("停用日期", f"“{line.text('停用日期')}”读不出，或早于验收日期")
    days = (first.isoformat() if first else "", last.isoformat() if last else "")
    made = Device(serial, function, spki, address, card, line.text("考场"), _seat(seat), *days, line.text("变更批准单"))
    return site, made, wrong


def _seat(text: str) -> str:
    """As seats are numbered everywhere: 21, 021 and 21.0 are 021; 备1 and R1 stay."""
    plain = text.removesuffix(".0")
    return plain.zfill(3) if plain.isascii() and plain.isdigit() else plain


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_digest(text: object) -> bool:
    return isinstance(text, str) and len(text) == 64 and all(letter in "0123456789abcdef" for letter in text)


def _inventory(name: str, data: bytes) -> list[dict[str, Any]]:
    """`devices.json` of a site's authority."""
    try:
        rows = json.loads(data)["devices"]
        for row in rows:
            if not _is_digest(row["tls_spki"]) or not _is_address(row["ip"]) or not all(isinstance(row[part], str) for part in NAMES):
                raise ValueError(row.get("serial"))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as problem:
        text = f"{name} 不是考点证书机构的设备清单 devices.json，或已损坏（{str(problem)[:60]}）。请从证书机构文件夹重新取得。"
        raise Rejected("inventory", text) from None
    return [{**row, "serial": str(row["serial"]).upper(), "mac": mac(row["mac"]) if row["mac"] else "", "seat": _seat(row["seat"])} for row in rows]


def keyed(rows: Sequence[Device], keys: Iterable[dict[str, Any]], day: dt.date) -> tuple[list[Device], set[str]]:
    """The rows with the public keys of the inventory, and the serials that it gave; Rejected where both say different things."""
    today, problems, given = day.isoformat(), [], {}
    serving = {one.serial: one for one in rows if one.serves(today) and one.function not in SHARED}
    for row in keys:
        one = serving.get(row["serial"])
        if one is None:
            continue
        for part in ("function", "ip", "mac", "room", "seat"):
            if part in ("room", "seat") and one.function not in AT_SEATS:
                continue
            if row[part] and row[part] != getattr(one, part):
                problems.append(f"{one.serial} 的{NAMES[part]}：清单 {getattr(one, part) or '空'}，证书 {row[part]}")
        given[one.serial] = row["tls_spki"]
    _refuse(problems)
    return [replace(one, tls_spki=given.get(one.serial, "") or one.tls_spki) for one in rows], set(given)


def remembered(rows: Sequence[Device], known: Iterable[Device]) -> list[Device]:
    """What is known of a machine's key stays known where the sheet gives none."""
    keys = {one.serial: one.tls_spki for one in known if one.tls_spki}
    return [one if one.tls_spki else replace(one, tls_spki=keys.get(one.serial, "")) for one in rows]


def check(rows: Sequence[Device]) -> None:
    """Nothing twice on one day: machine, address, card, seat, key. Rejected names the pairs."""
    problems = []
    for part, title in (("serial", "序列号"), ("ip", "IP"), ("mac", "MAC"), ("place", "机位"), ("tls_spki", "证书指纹")):
        groups: dict[str, list[Device]] = defaultdict(list)
        for one in rows:
            value = (f"{one.room}-{one.seat}" if one.function in AT_SEATS else "") if part == "place" else getattr(one, part)
            if value and one.function not in SHARED:
                groups[value].append(one)
        for value, same in groups.items():
            ordered = sorted(same, key=lambda one: one.accepted_on)
            if any(first.overlaps(second) for first, second in zip(ordered, ordered[1:], strict=False)):
                problems.append(f"{title} {value} 的有效期重叠：{'、'.join(sorted({one.serial for one in same}))}")
    _refuse(problems)


@dataclass(frozen=True, slots=True)
class Change:
    """What differs from the list in force: a machine, what of it, from, to, and the order that allows it (empty: none)."""

    serial: str
    what: str
    before: str
    after: str
    order: str


def changes(old: Sequence[Device], new: Sequence[Device], day: dt.date) -> list[Change]:
    """Differences on a day between two lists; a machine's first public key is none."""
    today = day.isoformat()
    before, after = ({one.serial: one for one in rows if one.serves(today)} for rows in (old, new))
    ended = {one.serial: one for one in new if not one.serves(today)}
    return [*_altered(before, after), *_come_and_gone(before, after, ended)]


def _altered(before: dict[str, Device], after: dict[str, Device]) -> Iterator[Change]:
    for serial in sorted(set(before) & set(after)):
        one, other = before[serial], after[serial]
        for part, title in NAMES.items():
            was, now = getattr(one, part), getattr(other, part)
            if was != now and not (part == "tls_spki" and not was):
                yield Change(serial, title, was, now, other.order if other.order != one.order else "")


def _come_and_gone(before: dict[str, Device], after: dict[str, Device], ended: dict[str, Device]) -> Iterator[Change]:
    for serial in sorted(set(after) - set(before)):
        yield Change(serial, "新增", "", _described(after[serial]), after[serial].order)
    for serial in sorted(set(before) - set(after)):
        yield Change(serial, "停用", _described(before[serial]), "", ended[serial].order if serial in ended else "")


def _described(one: Device) -> str:
    place = f" {one.room}-{one.seat}" if one.seat else ""
    return f"{TITLES.get(one.function, one.function)} {one.ip}{place}"


def counted(rows: Iterable[Device], day: dt.date) -> list[tuple[str, int, int]]:
    """(kind in Chinese, machines that serve on the day, of these with a public key)."""
    serving = [one for one in rows if one.serves(day.isoformat())]
    found, known = Counter(one.function for one in serving), Counter(one.function for one in serving if one.tls_spki)
    return [(title, found[name], known[name]) for name, title in TITLES.items() if found[name]]


def uncovered(rows: Iterable[Device], seats: Iterable[tuple[str, str]], day: dt.date) -> list[str]:
    """Seats (room, seat) at which no machine with a public key was accepted: nobody could answer there."""
    held = {(one.room, one.seat) for one in rows if one.function in AT_SEATS and one.tls_spki and one.serves(day.isoformat())}
    return sorted(f"{room}-{seat}" for room, seat in seats if (room, _seat(seat)) not in held)


def travelling(rows: Iterable[Device], day: dt.date) -> list[dict[str, Any]]:
    """What goes into a seating: the machines that serve on the day, as the exam server reads them."""
    parts = ("serial", "function", "tls_spki", "ip", "mac", "room", "seat")
    serving = sorted((one for one in rows if one.serves(day.isoformat())), key=lambda one: (one.function, one.serial, one.ip))
    return [{part: getattr(one, part) for part in parts} for one in serving]


def plain(rows: Iterable[Device]) -> list[dict[str, str]]:
    """For the bytes that two persons sign; always in the same order."""
    return [asdict(one) for one in sorted(rows, key=lambda one: (one.serial, one.accepted_on, one.ip))]


def devices_of(content: dict[str, Any]) -> list[Device]:
    """The rows of such bytes."""
    return [Device(**row) for row in content["devices"]]
