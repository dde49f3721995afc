"""What a practical exam must survive: kill -9 of the server, a cut LAN, a foreign machine."""

import itertools
import json
import threading
import time

import httpx
import pytest

from tests import axe
from tests.edge import chromium, front
from tests.edge import room as stage
from tests.edge.examination import EMPTY, EXAMINERS, FIRST, SECOND, Examiner, contents, examining, staff
from tests.edge.front import needs_nginx
from tests.edge.room import HEAD, INVIGILATOR, NOW, PIN, SITTING, WINDOW, candidate, csrf_in

SAMPLE, ALL = 3, 200


# ---- kill -9
class Marking(threading.Thread):
    """An examiner who presses without a break; after each break he logs in again and sends what was not acknowledged."""

    def __init__(self, room, name, row, stop):
        super().__init__(daemon=True)
        self.room, self.name_of, self.row, self.stop = room, name, row, stop
        self.acked = self.resumed = 0
        self.wrong = []

    def run(self):
        examiner, numbers = None, itertools.count(1)
        waiting = []
        while not self.stop.is_set():
            try:
                if examiner is None:
                    examiner = Examiner(self.room, self.name_of)
                    assert examiner.begin(self.row).status_code == 200
                    held = examiner.state(self.row)["saved"]
                    if held < self.acked:
                        self.wrong.append((self.acked, held))
                    self.resumed += 1
                if not waiting:
                    number = next(numbers)
                    waiting = [[number, "deduct", 1 + number % 2, 1 + number % 3, number % 5]]
                answer = examiner.send(self.row, *waiting)
                if answer.status_code == 429:
                    return
                self.acked, waiting = answer.json()["saved"], []
            except (httpx.HTTPError, ValueError, KeyError, AssertionError):
                examiner = None
                time.sleep(0.03)


def ordeal(folder, rounds):
    """So many kills while two examiners press; the seconds until the server answered again."""
    ready = []
    with examining(folder, 1) as (room, parcels):
        row = parcels.rows[0]
        stop = threading.Event()
        pair = [Marking(room, name, row, stop) for name in (FIRST, SECOND)]
        for one in pair:
            one.start()
        for number in range(rounds):
            time.sleep(0.4 + 0.017 * (number % 10))
            room.kill()
            before, since = [one.acked for one in pair], time.monotonic()
            room.serve()
            ready.append(time.monotonic() - since)
            counts = dict(room.rows("SELECT examiner, max(seq) FROM mark_event GROUP BY examiner"))
            assert all(counts.get(f"staff-{7 + at}", 0) >= acked for at, acked in enumerate(before))
        deadline = time.monotonic() + 120
        while any(one.resumed <= rounds / 2 for one in pair) and time.monotonic() < deadline:
            time.sleep(0.05)
        stop.set()
        for one in pair:
            one.join()
            assert one.wrong == [] and one.acked > 0
        rows = room.rows("SELECT examiner, count(*), max(seq), min(seq) FROM mark_event GROUP BY examiner")
        assert len(rows) == 2 and all((count, low) == (high, 1) for _, count, high, low in rows)
        batches = sum(one["body"]["events"] for one in room.entries("practical.marked"))
        assert batches == sum(count for _, count, _, _ in rows)
    print(f"{rounds} kills, {batches} marks, ready again after at most {max(ready):.2f} s")
    return ready


def test_kills_while_examiners_mark_lose_no_acknowledged_mark(tmp_path):
    assert len(ordeal(tmp_path, SAMPLE)) == SAMPLE


@pytest.mark.long
def test_very_many_kills_while_examiners_mark(tmp_path):
    for portion in range(ALL // 40):
        folder = tmp_path / str(portion)
        folder.mkdir()
        ordeal(folder, 40)


# ---- machines
@needs_nginx
def test_only_the_sites_own_tablets_mark(tmp_path):
    rows = [candidate(1)]
    facts = {"policy": {"practical": EMPTY}, "blobs": contents(rows), "more_staff": staff(), "window": WINDOW | {"start_latest": NOW + 9000}}
    with front.fronted(tmp_path, 1, **facts) as door:
        door.room.clock(NOW + 930)
        head = _in(door, "DESK-1", HEAD)
        head("desk/sign-in", ticket_no=rows[0]["ticket_no"], id_last4=rows[0]["id_last4"], checked="1")
        assert head("bell", second=INVIGILATOR, second_pin=PIN).status_code == 200
        desk, tablet = _in(door, "DESK-1", FIRST), _in(door, "TAB-1", FIRST)
        part = f"practical/{rows[0]['attempt']}/begin"
        refused = desk(part, id_last4=rows[0]["id_last4"], checked="1")
        assert refused.status_code == 403 and "没有登记为考评平板" in refused.json()["text"] and "变更单" in refused.json()["todo"]
        assert tablet(part, id_last4=rows[0]["id_last4"], checked="1").status_code == 200
        assert door.room.rows("SELECT device FROM mark_sheet") == [("TAB-1",)]
        phone = door.client("NEW-1", ip="127.0.3.3")
        answer = phone.get("/login")
        assert answer.status_code == 403 and "不在本场的设备清单里" in answer.text and "备用机" in answer.text
        assert {code for (code,) in door.room.rows("SELECT code FROM irregularity")} == {"device.baseline_mismatch"}


def _in(door, serial, name):
    client = door.client(serial)
    page = client.get("/login", headers={"Accept": "text/html"}).text
    origin = {"Accept": "text/html"}
    assert client.post("/login", data={"csrf": csrf_in(page), "name": name, "pin": PIN}, headers=origin).status_code == 303
    csrf = csrf_in(client.get("/parcels", headers={"Accept": "text/html"}).text)
    return lambda part, **fields: client.post(f"/s/{SITTING}/{part}", data={"csrf": csrf, **fields})


# ---- a cut LAN, in real browsers
def _tablet(browser, room, name):
    context = browser.new_context(viewport={"width": 1024, "height": 768})
    page = context.new_page()
    page.goto(f"{room.base}/login")
    page.select_option("[name=name]", name)
    page.fill("[name=pin]", PIN)
    page.click("main button")
    page.wait_for_url(f"{room.base}/")
    return page


def _take(page, room, row):
    page.goto(f"{room.base}/s/{SITTING}/practical")
    page.click("text=评这名考生")
    page.fill("[name=id_last4]", row["id_last4"])
    page.check("[name=checked]")
    page.click("button:has-text('开始评分')")
    page.wait_for_selector("#sheet[data-ready]")


def _press(page, task, step, value):
    page.select_option(f"select[name=d{task}-{step}]", str(value))


def _saved(page):
    page.wait_for_selector("#saving[data-state=saved]")


@pytest.mark.browser
@pytest.mark.skipif(not chromium.PATH, reason="no Chromium on this machine")
def test_two_examiners_one_of_whom_is_cut_off(tmp_path):
    with chromium.started() as browser, examining(tmp_path, 1) as (room, parcels):
        row = parcels.rows[0]
        first, second = _tablet(browser, room, FIRST), _tablet(browser, room, SECOND)
        _take(first, room, row)
        _take(second, room, row)
        first.click("[data-task='1'] .rest")
        _saved(first)
        # The cable is pulled: presses go on, nothing is lost, nothing can be signed.
        first.context.set_offline(True)
        _press(first, 2, 2, 4)
        first.click("[data-task='2'] .rest")
        first.wait_for_selector("#saving[data-state=cut]:has-text('3')")
        assert first.is_disabled("#sign button")
        assert room.rows("SELECT count(*) FROM mark_event WHERE examiner = 'staff-7'") == [(3,)]
        for at in (1, 2):
            second.click(f"[data-task='{at}'] .rest")
        _press(second, 2, 2, 4)
        _saved(second)
        clean = [axe.findings(second)]
        _sign(second)
        clean.append(axe.findings(second))
        second.goto(f"{room.base}/s/{SITTING}/practical")
        clean.append(axe.findings(second))
        assert clean == [[], [], []]
        second.go_back()
        assert "等另一名考评员签名" in second.inner_text("main")
        # Back again: the outbox empties by itself, each mark once.
        first.context.set_offline(False)
        _saved(first)
        assert first.inner_text("#score") == "96" and FIRST not in second.inner_text("main")
        _sign(first)
        assert axe.findings(first) == [] and "已一致" in first.inner_text("main") and SECOND in first.inner_text("main")
        first.click("text=结束考评")
        first.wait_for_selector("text=考评已结束")
        counts = room.rows("SELECT examiner, count(*), max(seq) FROM mark_event GROUP BY examiner ORDER BY 1")
        assert counts == [("staff-7", 6, 6), ("staff-8", 7, 7)]


def _sign(page):
    page.fill("[name=sign_pin]", PIN)
    page.click("#sign button")
    page.wait_for_selector("text=我的评分已签名")


@pytest.mark.browser
@pytest.mark.skipif(not chromium.PATH, reason="no Chromium on this machine")
def test_unsent_marks_outlive_a_killed_server_and_a_closed_page(tmp_path):
    with chromium.started() as browser, examining(tmp_path, 1) as (room, parcels):
        row = parcels.rows[0]
        page = _tablet(browser, room, FIRST)
        _take(page, room, row)
        page.click("[data-task='1'] .rest")
        _saved(page)
        room.kill()
        page.click("[data-task='2'] .rest")
        page.click("button.veto >> nth=0")
        page.wait_for_selector("#saving[data-state=cut]")
        where = page.url
        page.close(run_before_unload=False)
        room.serve()
        # Log-ins live in the server's memory: he logs in again, and what was not sent is still there.
        again = page.context.new_page()
        again.goto(f"{room.base}/login")
        again.select_option("[name=name]", FIRST)
        again.fill("[name=pin]", PIN)
        again.click("main button")
        again.wait_for_url(f"{room.base}/")
        again.goto(where)
        _saved(again)
        assert again.inner_text("#score") == "40" and again.inner_text("#missing") == "0"
        kinds = room.rows("SELECT seq, kind FROM mark_event ORDER BY seq")
        assert kinds == [*((n, "deduct") for n in range(1, 7)), (7, "veto")]
        assert json.dumps(again.evaluate("indexedDB.databases()")).count("kaopei-practical") == 1
        assert EXAMINERS[0] == FIRST and stage.STAFF[HEAD] == "head"
