"""A site's exam day: every kind of finding on both sides of its limit, and a quiet day without any."""

import datetime as dt

import pytest

from kaopei.center.registry.rows import midnight
from kaopei.center.sittings.site_day import findings
from kaopei.center.sittings.site_day.facts import CHECKS, CameraEvent, Check, Device, Seen, SiteDay
from kaopei.center.sittings.site_day.files import mac

DAY = dt.date(2026, 12, 7)
BASE = midnight(DAY)
CORE, SERVER, SPARE, DESK = "48:00:00:00:00:01", "94:00:00:00:00:02", "94:00:00:00:00:03", "3C:00:00:00:00:21"
STRANGE = "7A:00:00:00:00:99"


def at(text: str, day: int = 0) -> int:
    hour, minute, *rest = text.split(":")
    return BASE + 86400 * day + int(hour) * 3600 + int(minute) * 60 + (int(rest[0]) if rest else 0)


def check(item="网络", *, result="正常", person="P", sealed=("16:00", -1), unsealed=("08:30", 0)):
    return Check("第1考场", item, result, person, at("15:00", -1), at("15:10", -1), at(*sealed), at(*unsealed))


def quiet() -> SiteDay:
    """One sitting 09:00 to 11:00 on which everything is as it should be."""
    return SiteDay(
        "440601", "HOST", DAY, sittings=[(at("09:00"), at("11:00"))],
        devices=[
            Device("机房", "交换机", CORE, "10.6.1.254", ""), Device("机房", "服务器", SERVER, "10.6.1.2", "主"),
            Device("机房", "服务器", SERVER, "10.6.1.4", "虚拟地址"), Device("机房", "服务器", SPARE, "10.6.1.4", "虚拟地址"),
            Device("第1考场", "终端", DESK, "10.6.1.21", "011"),
        ],
        seen=[
            Seen(at("08:40"), "arp", CORE, "10.6.1.254", "is-at"), Seen(at("08:41"), "arp", SERVER, "10.6.1.4", "is-at"),
            Seen(at("08:42"), "arp", SPARE, "10.6.1.4", "is-at"), Seen(at("08:43"), "arp", DESK, "10.6.1.21", "is-at"),
            Seen(at("08:44"), "dhcp", DESK, "", "discover"), Seen(at("08:45"), "link", DESK, "", "up"),
        ],
        cameras={"C01": [CameraEvent(at("08:40"), "on", None), CameraEvent(at("08:41"), "offset", 30.0), CameraEvent(at("11:05"), "off", None)]},
        beats={"R1": list(range(BASE, BASE + 86400, 30))},
        recordings={"C01": [(at("08:40"), at("10:00")), (at("10:00:05"), at("11:05"))]},
        checks=[check(item) for item in CHECKS],
    )  # fmt: skip


def found(day, tied=lambda person, moment: False):
    return [(one.kind, one.object.removeprefix("440601/"), one.begin, one.end, one.clause) for one in findings([day], {"440601": tied})]


def test_a_quiet_day_has_no_findings():
    assert found(quiet()) == []


def heard(*rows):
    day = quiet()
    day.seen += [Seen(at(when), kind, source, address, content) for when, kind, source, address, content in rows]
    return found(day)


def test_stranger_is_anything_outside_the_baseline():
    assert heard(("09:10", "mdns", STRANGE, "", "_http._tcp"), ("09:40", "link", STRANGE, "", "down")) == [
        ("stranger_device", STRANGE, at("09:10"), at("09:40"), "N3.2.5a")
    ]


def test_accepted_device_under_another_address():
    assert heard(("09:10", "arp", DESK, "10.6.1.99", "is-at")) == [("ip_changed", DESK, at("09:10"), at("09:10"), "N3.2.5b")]


def test_two_devices_claim_one_address():
    rows = heard(("09:10", "arp", DESK, "10.6.1.2", "is-at"), ("09:00", "arp", SERVER, "10.6.1.2", "is-at"))
    assert rows == [
        ("duplicate_ip", "10.6.1.2", at("09:10"), at("09:10"), "N3.2.5b"), ("ip_changed", DESK, at("09:10"), at("09:10"), "N3.2.5b"),
    ]  # fmt: skip


@pytest.mark.parametrize("address", ["10.6.1.254", "192.168.1.7"])
def test_second_gateway(address):
    assert heard(("10:10", "arp", DESK, address, "is-at")) == [("second_gateway", DESK, at("10:10"), at("10:10"), "N2.4.16")]


@pytest.mark.parametrize(("content", "is_found"), [("offer", True), ("ack", True), ("request", False), ("discover", False)])
def test_address_server(content, is_found):
    rows = [("dhcp_server", SERVER, at("10:10"), at("10:10"), "N2.4.15")] if is_found else []
    assert heard(("10:10", "dhcp", SERVER, "10.6.1.2", content)) == rows


@pytest.mark.parametrize("written", ["3C:52:82:87:1F:44", "3c-52-82-87-1f-44", "3c5282871f44", "3C52.8287.1F44"])
def test_addresses_of_cards_in_any_spelling(written):
    assert mac(written) == "3C:52:82:87:1F:44"


def camera(*events, recordings=None):
    day = quiet()
    day.cameras = {"C01": [CameraEvent(at(when), state, offset) for when, state, offset in events]}
    day.recordings = {} if recordings is None else {"C01": [(at(a), at(b)) for a, b in recordings]}
    return found(day)


@pytest.mark.parametrize(("opened", "is_found"), [("08:45", False), ("08:45:01", True)])
def test_camera_on_a_quarter_of_an_hour_before(opened, is_found):
    rows = [("camera_late", "C01", at("08:45"), at(opened), "N2.4.9")] if is_found else []
    assert camera((opened, "on", None)) == rows


def test_camera_off_in_the_sitting():
    assert camera(("08:40", "on", None), ("09:30", "off", None), ("09:40", "on", None)) == [
        ("camera_off_mid", "C01", at("09:30"), at("09:40"), "N3.2.5c")
    ]
    assert camera(("08:40", "on", None), ("10:30", "off", None)) == [("camera_off_mid", "C01", at("10:30"), at("11:00"), "N3.2.5c")]
    assert camera(("08:40", "on", None), ("11:00", "off", None)) == []


@pytest.mark.parametrize(("until", "is_found"), [("09:30:59", False), ("09:31", True)])
def test_frozen_picture_from_a_minute(until, is_found):
    rows = [("camera_frozen", "C01", at("09:30"), at(until), "N2.4.11")] if is_found else []
    assert camera(("08:40", "on", None), ("09:30", "frozen", None), (until, "on", None)) == rows


@pytest.mark.parametrize(("seconds", "is_found"), [(30.0, False), (-30.5, True)])
def test_clock_of_a_camera(seconds, is_found):
    rows = [("clock_offset", "C01", at("08:58"), at("13:58"), "N2.4.11")] if is_found else []
    assert camera(("08:40", "on", None), ("08:58", "offset", seconds), ("13:58", "offset", seconds)) == rows


@pytest.mark.parametrize(("gap", "is_found"), [(60, False), (61, True)])
def test_recorder_without_a_beat(gap, is_found):
    day = quiet()
    day.beats = {"R1": [at("03:00"), at("03:00") + gap]}
    day.recordings = {}
    assert found(day) == ([("recorder_gap", "R1", at("03:00"), at("03:00") + gap, "N2.4.8")] if is_found else [])


@pytest.mark.parametrize(("begin", "is_found"), [("10:00:05", False), ("10:00:06", True)])
def test_recording_missing_while_all_ran(begin, is_found):
    rows = [("recording_missing", "C01", at("10:00"), at(begin), "N3.2.2c")] if is_found else []
    assert camera(("08:40", "on", None), recordings=[("08:40", "10:00"), (begin, "11:05")]) == rows


def test_what_recorder_or_camera_missed_is_told_there_only():
    day = quiet()
    day.beats = {"R1": [beat for beat in range(BASE, BASE + 86400, 30) if not at("10:00") < beat < at("10:05")]}
    day.recordings = {"C01": [(at("08:40"), at("10:00")), (at("10:05"), at("11:05"))]}
    assert [row[0] for row in found(day)] == ["recorder_gap"]


def rooms(*checks, tied=lambda person, moment: False):
    day = quiet()
    day.checks = list(checks)
    return found(day, tied)


@pytest.mark.parametrize(("sealed", "is_found"), [(("00:00", 0), False), (("00:00:01", 0), True)])
def test_everything_by_midnight(sealed, is_found):
    rows = [("prep_same_day", "第1考场", at("15:00", -1), at("15:10", -1), "N2.4.4")] if is_found else []
    assert rooms(*(check(item, sealed=sealed) for item in CHECKS)) == rows


def test_missing_and_empty_checks():
    rows = rooms(check("网络"), check("服务器", result=""), check("监控"))
    assert [row[1] for row in rows] == ["第1考场/服务器", "第1考场/终端"] and {row[0] for row in rows} == {"prep_missing_item"}


@pytest.mark.parametrize(("unsealed", "is_found"), [(("08:00", 0), False), (("07:59:59", 0), True)])
def test_unsealed_an_hour_before_the_first_sitting(unsealed, is_found):
    rows = [("unsealed_early", "第1考场", at(*unsealed), at("08:00"), "N2.4.6")] if is_found else []
    assert rooms(*(check(item, unsealed=unsealed) for item in CHECKS)) == rows


def test_checked_by_somebody_tied_to_the_site():
    rows = rooms(*(check(item, person="Q" if item == "终端" else "P") for item in CHECKS), tied=lambda person, moment: person == "Q")
    assert rows == [("prep_tied_person", "Q", at("15:00", -1), at("15:10", -1), "N2.4.7")]
