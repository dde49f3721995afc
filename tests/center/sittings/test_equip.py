"""The machines of a site: read from the city's sheet, accepted by two, changed only by order, carried by the seating, believed at the site."""

import io
import json
from dataclasses import replace
from datetime import date

import pytest
import xlsxwriter
from django.db import DatabaseError, transaction

from kaopei.center.sittings import actions, devices, queries
from kaopei.center.sittings.devices import Device
from kaopei.center.sittings.models import Baseline
from kaopei.edge import devices as at_site
from kaopei.office import keys, scope
from kaopei.office.refused import Refused
from kaopei.parcel import seating
from kaopei.parcel.rejected import Rejected
from tests.center.allocation.city import BASE
from tests.center.sittings.conftest import carried, taken_back

DAY = date(2026, 12, 7)
HEADER = ",".join(devices.COLUMNS)


def terminal(number, **more):
    facts = {
        "serial": f"T{number}", "function": "terminal", "tls_spki": f"{number:064x}", "ip": f"10.6.1.{number}", "mac": f"02:00:00:00:00:{number:02X}",
        "room": "第1考场", "seat": f"{number:03d}", "accepted_on": "2026-01-05", "retired_on": "", "order": "",
    }  # fmt: skip
    return Device(**facts | more)


def room(count=5):
    desk = terminal(200, serial="D1", function="console", room="", seat="")
    return [*(terminal(number) for number in range(1, count + 1)), desk]


def sheet(*lines, header=HEADER):
    return [("设备基线.csv", "\n".join([header, *lines]).encode())]


def line(**more):
    said = dict(zip(devices.COLUMNS, (BASE, "第1考场", "终端", "t1", "0200-0000-0001", "10.6.1.1", "1", "2026/1/5", "", ""), strict=True)) | more
    return ",".join(said[column] for column in devices.COLUMNS)


def test_sheet_is_read_as_offices_write_it():
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        page = book.add_worksheet("基线")
        page.write_row(0, 0, ["考试点设备验收基线"])
        page.write_row(1, 0, devices.COLUMNS)
        page.write_row(2, 0, [BASE, "第1考场", "终端", "3cab", "3c52.828f.1f44", "10.6.1.21", 11, "2025-03-03", "2026-11-18", "BG-1"])
        page.write_row(3, 0, [BASE, "第1考场", "终端", "3CFF", "3C:52:82:87:1F:45", "10.6.1.71", "备1", "2025-03-03", "", ""])
    found, _ = devices.read([("设备基线.xlsx", out.getvalue())], DAY)
    first, second = found[BASE]
    assert (first.serial, first.mac, first.seat, first.serves("2026-11-17"), first.serves("2026-11-18")) == (
        "3CAB", "3C:52:82:8F:1F:44", "011", True, False,
    )  # fmt: skip
    assert (second.function, second.seat) == ("spare", "备1")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"考试点编号": ""}, "《考试点编号》是空的"),
        ({"类别": "冰箱"}, "冰箱"),
        ({"序列号": ""}, "《序列号》"),
        ({"IP": "10.6.1.999"}, "F2《IP》"),
        ({"MAC": "3C:52"}, "《MAC》"),
        ({"座位号": ""}, "《座位号》"),
        ({"验收日期": "不详"}, "《验收日期》"),
        ({"停用日期": "2025-01-01"}, "早于验收日期"),
    ],
)
def test_bad_rows_are_named_and_nothing_is_taken(change, words):
    with pytest.raises(Rejected, match=words):
        devices.read(sheet(line(), line(**change), header=HEADER) if change != {"IP": "10.6.1.999"} else sheet(line(**change)), DAY)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "空"),
        (b"PK\x03\x04xx", "工作簿"),
        ("序号,姓名\n1,a\n".encode(), "表头"),
        (b'{"devices": [{"serial": 1}]}', "devices.json"),
        (b"{", "devices.json"),
    ],
)
def test_files_that_are_no_lists_say_so(data, words):
    with pytest.raises(Rejected, match=words):
        devices.read([("f.xlsx", data)], DAY)


@pytest.mark.parametrize(
    ("more", "words"),
    [({"serial": "T1"}, "序列号 T1"), ({"ip": "10.6.1.1"}, "IP 10.6.1.1"), ({"mac": terminal(1).mac}, "MAC"), ({"seat": "001"}, "机位"),
     ({"tls_spki": terminal(1).tls_spki}, "证书指纹")],
)  # fmt: skip
def test_nothing_stands_twice_on_one_day(more, words):
    with pytest.raises(Rejected, match=words):
        devices.check([terminal(1), terminal(2, **more)])
    devices.check([terminal(1, retired_on="2026-11-18"), terminal(2, accepted_on="2026-11-18", **more)])


def test_servers_share_the_address_that_terminals_call():
    servers = [terminal(one, function="server", ip="10.6.1.4", seat="虚", tls_spki="") for one in (2, 3)]
    devices.check(servers)


def test_keys_come_from_the_authority_and_must_agree():
    row = {"serial": "T1", "function": "terminal", "tls_spki": "ab" * 32, "ip": "10.6.1.1", "mac": "", "room": "第1考场", "seat": "001"}
    _, inventory = devices.read([("devices.json", json.dumps({"devices": [row]}).encode())], DAY)
    filled, given = devices.keyed([terminal(1, tls_spki=""), terminal(2)], inventory, DAY)
    assert (filled[0].tls_spki, given) == ("ab" * 32, {"T1"})
    with pytest.raises(Rejected, match=r"T1 的IP：清单 10\.6\.1\.1，证书 10\.6\.1\.9"):
        devices.keyed([terminal(1)], [{**inventory[0], "ip": "10.6.1.9"}], DAY)


# ---- two persons, and orders for changes
def ask(desk, rows, by="clerk", site=BASE):
    return actions.ask_baseline(site, rows=rows, by=desk.people[by], at=desk.at)


def accepted(desk, rows):
    desk.sign(ask(desk, rows))
    return queries.baseline(BASE)


def test_two_others_accept_and_only_then_is_it_in_force(desk):
    request = ask(desk, room())
    assert queries.baseline(BASE) is None
    for who in ("clerk", "key1"):
        with pytest.raises(Refused):
            desk.sign(request, who)
    desk.sign(request, "approver")
    assert queries.baseline(BASE) is None
    desk.sign(request, "approver2")
    row = queries.baseline(BASE)
    assert (row.rev, row.digest, len(row.approvals), len(queries.accepted(BASE))) == (1, request.digest, 2, 6)


def test_the_same_list_again_changes_nothing(desk):
    accepted(desk, room())
    with pytest.raises(Refused, match="不必再验收"):
        ask(desk, list(reversed(room())))


@pytest.mark.parametrize("part", ["ip", "mac", "seat", "tls_spki", "function"])
def test_a_change_needs_its_order(desk, part):
    accepted(desk, room())
    value = {"ip": "10.6.1.99", "mac": "02:00:00:00:00:99", "seat": "099", "tls_spki": "99" * 32, "function": "spare"}[part]
    quiet = [replace(one, **{part: value}) if one.serial == "T1" else one for one in room()]
    with pytest.raises(Refused, match="没有变更批准单.*T1"):
        ask(desk, quiet)
    ordered = [replace(one, order="BG-7") if one.serial == "T1" else one for one in quiet]
    assert accepted(desk, ordered).rev == 2


def test_a_machine_neither_comes_nor_goes_in_silence(desk):
    accepted(desk, room())
    with pytest.raises(Refused, match="T6 新增"):
        ask(desk, room(6))
    with pytest.raises(Refused, match="T5 停用"):
        ask(desk, [one for one in room() if one.serial != "T5"])
    ended = [replace(one, retired_on=desk.at.date().isoformat(), order="BG-8") if one.serial == "T5" else one for one in room()]
    assert accepted(desk, ended).rev == 2


def test_first_keys_need_no_order(desk):
    accepted(desk, [replace(one, tls_spki="") for one in room()])
    assert accepted(desk, room()).rev == 2


def test_a_list_that_was_overtaken_is_not_accepted(desk):
    first = ask(desk, room())
    desk.sign(first, "approver")
    Baseline.objects.create(
        city="440600", site=BASE, rev=1, digest="0" * 64, content=b"{}", approvals=[], asked_by="x", accepted_at=desk.at,
    )  # fmt: skip
    with pytest.raises(Refused, match="请重新提请"):
        desk.sign(first, "approver2")


def test_strange_sites_and_other_cities_are_refused(desk):
    with pytest.raises(Refused, match="考试点名册"):
        ask(desk, room(), site="449999")
    accepted(desk, room())
    with scope.entered("440100"):
        assert queries.baselines() == []
        with pytest.raises(Refused):
            ask(desk, room(), by="clerk_gz")


def test_database_keeps_what_was_accepted(desk):
    row = accepted(desk, room())
    with pytest.raises(DatabaseError, match="append-only|permission denied"), transaction.atomic():
        Baseline.objects.filter(pk=row.pk)._raw_delete("default")


# ---- with the seating to the site
@pytest.fixture(scope="module")
def carried_so_far(month):
    yield from carried(month, "seal")


@pytest.fixture
def sealed(carried_so_far):
    yield from taken_back(carried_so_far.again())


def rows_for(desk):
    """A terminal at every seat that is used, a staff machine, a spare, a machine that is no longer in use."""
    seats = [(one["room"], one["seat"]) for one in queries.roster(desk.row())]
    used = [terminal(number, room=where, seat=seat) for number, (where, seat) in enumerate(seats, 1)]
    gone = terminal(250, serial="OLD", seat="250", retired_on="2026-06-01")
    return [*used, terminal(251, serial="S1", function="spare", seat="备1"), terminal(252, serial="D1", function="console", room="", seat=""), gone]


def test_site_reads_the_accepted_machines_and_turns_every_other_away(sealed):
    rows = rows_for(sealed)
    site = sealed.row().site
    sealed.sign(ask(sealed, rows, site=site))
    sealed.seat()
    (machine,) = sealed.machines.values()
    body = seating.open(bytes(queries.newest(sealed.row(), "seating").data), keys.trust(), machine.kid, machine.decrypt_key)
    assert body["baseline"]["rev"] == 1
    known = at_site.devices_of([body["baseline"]])
    assert set(known) == {one.tls_spki for one in rows if one.serial != "OLD"}
    labels = {f"{one['room']}-{one['seat']}" for one in body["roster"]}
    assert labels <= {one.seat for one in known.values()}
    first = next(one for one in known.values() if one.seat in labels)
    at_site.refuse_seat(first, first.seat)


def test_in_earnest_no_seating_goes_out_while_a_seat_has_no_machine(sealed, monkeypatch):
    listed = keys.trust()
    monkeypatch.setattr(type(listed), "rehearsal", property(lambda _: False), raising=False)
    from kaopei.center.sittings.actions import seating as acting

    with pytest.raises(Refused, match=r"没有验收的、带证书的考试机.*N2\.4\.16"):
        acting._equipped(sealed.row(), queries.roster(sealed.row()))
    sealed.sign(ask(sealed, rows_for(sealed), site=sealed.row().site))
    acting._equipped(sealed.row(), queries.roster(sealed.row()))


def test_every_single_change_of_a_hundred_machines_is_flagged():
    known = {f"{number:064x}": at_site.Device(f"T{number}", "terminal", f"{number:064x}", f"10.6.1.{number}", f"02:{number:02X}", f"A-{number}")
             for number in range(1, 101)}  # fmt: skip
    flagged = 0
    for one in known.values():
        for change in ({"spki": "f" * 64}, {"ip": "10.6.9.9"}, {"mac": "02:FF"}, {"seat": "A-999"}):
            found = replace(one, **change)
            try:
                accepted_one = at_site.matched(known, found.spki, found.ip, found.mac)
                at_site.refuse_seat(accepted_one, found.seat)
            except at_site.Mismatch:
                flagged += 1
        at_site.refuse_seat(at_site.matched(known, one.spki, one.ip, one.mac), one.seat)
    assert flagged == 400
