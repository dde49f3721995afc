"""What the kernel tells of the LAN: strange cards and moved addresses are incidents, and nothing else is."""

import time

import pytest

from kaopei.edge import lan
from kaopei.edge.devices import Device
from tests.edge import front as at

TABLE = """IP address       HW type     Flags       HW address            Mask     Device
10.6.1.1         0x1         0x2         02:00:00:00:00:01     *        eth0
10.6.1.2         0x1         0x0         00:00:00:00:00:00     *        eth0
10.6.1.9         0x1         0x2         aa:bb:cc:dd:ee:ff     *        eth0
"""
ROOM = [Device(f"T{n}", "terminal", "", f"10.6.1.{n}", f"02:00:00:00:00:0{n}", f"A-{n}") for n in (1, 2)]


def test_table_is_read_and_unfinished_entries_say_nothing():
    assert lan.neighbours(TABLE) == {"10.6.1.1": "02:00:00:00:00:01", "10.6.1.9": "AA:BB:CC:DD:EE:FF"}


def test_machine_without_a_table_judges_no_card(tmp_path):
    assert lan.Neighbours(tmp_path / "none").mac_of("10.6.1.1") == ""
    (tmp_path / "arp").write_bytes(b"head\n10.6.1.1 0x1 zz 02:00:00:00:00:01\n")
    assert lan.Neighbours(tmp_path / "arp").all() == {}


@pytest.mark.parametrize(
    ("seen", "kinds"),
    [
        ({"10.6.1.1": "02:00:00:00:00:01", "10.6.1.2": "02:00:00:00:00:02"}, []),
        ({"10.6.1.7": "AA:BB:CC:DD:EE:FF"}, ["stranger"]),
        ({"10.6.1.7": "02:00:00:00:00:01"}, ["address"]),
        ({"10.6.1.2": "02:00:00:00:00:01"}, ["address"]),
        ({"10.6.1.2": "AA:BB:CC:DD:EE:FF"}, ["mac"]),
        ({"10.6.1.8": "AA:BB:CC:DD:EE:FF"}, []),
    ],
)
def test_only_what_differs_is_named(seen, kinds):
    found = lan.strangers(seen, ROOM, ["10.6.1.8"])
    assert [mismatch.kind for _, mismatch in found] == kinds


@at.needs_nginx
@pytest.mark.slow
def test_a_strange_card_on_the_lan_is_an_incident_by_itself(tmp_path):
    table = tmp_path / "arp"
    table.write_text(TABLE.splitlines()[0] + "\n")
    with at.fronted(tmp_path / "front", 1, settings=f'arp_table = "{table}"\n') as front:
        desk = front.client("DESK-1")
        assert desk.get("/login", headers={"Accept": "text/html"}).status_code == 200
        table.write_text(TABLE)
        began = time.monotonic()
        while time.monotonic() < began + 120:
            rows = front.room.rows("SELECT note FROM irregularity WHERE code = 'device.baseline_mismatch'")
            if rows:
                break
            time.sleep(0.2)
        print(f"\nknown after {time.monotonic() - began:.1f} s")
        assert any("AA:BB:CC:DD:EE:FF" in note for (note,) in rows), rows
        # The staff machine itself: its card is not the accepted one any more.
        table.write_text(TABLE + "127.0.2.1        0x1         0x2         aa:bb:cc:dd:ee:01     *        eth0\n")
        while (answer := desk.get("/login", headers={"Accept": "text/html"})).status_code == 200 and time.monotonic() < began + 240:
            time.sleep(0.2)
        assert (answer.status_code, "网卡" in answer.text) == (403, True)
