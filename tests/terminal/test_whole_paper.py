"""One candidate, one paper, the keyboard alone; in the middle a reload, a cut of the network, a killed browser, a move to
another seat and a clock that is set a day ahead. The long run takes a full paper."""

import contextlib
import os
import signal
import time
from pathlib import Path

import pytest

from tests.edge import chromium
from tests.edge import room as stage
from tests.edge.room import HEAD, INVIGILATOR, NOW, WINDOW

SCREEN = {"width": 1024, "height": 768}
SPARE = "第1考场-B1"
pytestmark = chromium.MARKS


@pytest.fixture(scope="module")
def driver():
    with chromium.playwright.sync_playwright() as found:
        yield found


class Machine:
    """An exam machine: a browser with a folder of its own, that can be killed and started again."""

    def __init__(self, driver, folder, address):
        self.driver, self.folder, self.address = driver, folder, address

    def start(self):
        self.context = self.driver.chromium.launch_persistent_context(
            str(self.folder), executable_path=chromium.PATH, args=chromium.SWITCHES, viewport=SCREEN
        )
        self.page = self.context.pages[0]
        self.page.set_default_timeout(chromium.PATIENCE)
        self.page.goto(self.address)
        return self.page

    def kill(self):
        """kill -9 for every process of this browser: no page is told."""
        mine = f"--user-data-dir={self.folder}".encode()
        for entry in Path("/proc").iterdir():
            # Others' processes come and go while this looks.
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                if entry.name.isdigit() and mine in (entry / "cmdline").read_bytes().split(b"\0"):
                    os.kill(int(entry.name), signal.SIGKILL)
        time.sleep(0.5)
        # The driver notices by itself; its own handle is of no use any more.
        try:
            self.context.close()
        except Exception as gone:
            assert "closed" in str(gone).lower()
        for name in ("SingletonLock", "SingletonSocket", "SingletonCookie"):
            (self.folder / name).unlink(missing_ok=True)


def at_item(page, number):
    page.wait_for_selector(f".where strong:has-text('第 {number} 题')")
    return page


def answer(page, number, answers):
    """One item by keys: its second option, or its first and third where several are asked for."""
    at_item(page, number)
    several = "多选题" in page.inner_text(".kind")
    for key in ("1", "3") if several else ("2",):
        page.keyboard.press(key)
    answers[str(number)] = "AC" if several else "B"


def enter(page, code):
    page.wait_for_selector("#code")
    page.keyboard.type(code)
    page.keyboard.press("Enter")


def reload(page, machine, room):
    page.wait_for_selector(".status.saved")
    page.reload()
    return page


def network_cut(page, machine, room):
    """Covered after three seconds by the page's own timer; nothing of the item stays in it."""
    stem = page.inner_text(".stem")
    page.context.set_offline(True)
    page.wait_for_selector("#cover-title:has-text('网络中断')")
    assert stem not in page.content()
    time.sleep(1)
    page.context.set_offline(False)
    page.wait_for_selector("#cover", state="hidden")
    return page


def crash(page, machine, room):
    """The browser is gone between two answers; what it had on its way is another test (test_sit.py)."""
    page.wait_for_selector(".status.saved")
    machine.kill()
    return machine.start()


def a_day_ahead(page, machine, room):
    """The wall clock of the machine jumps; the time left does not."""
    before = page.inner_text(".time")
    page.evaluate("(() => { const then = Date.now; Date.now = () => then() + 86400000; })()")
    time.sleep(2)
    clock = [sum(int(part) * 60**place for place, part in enumerate(reversed(text.split(":")))) for text in (before, page.inner_text(".time"))]
    assert 0 <= clock[0] - clock[1] < 60
    return page


def sit(driver, tmp_path, items):
    """The whole sitting; returns what the server has in the end, and what was typed."""
    rows = [stage.candidate(n, photo=stage.PNG, photo_source="chip") for n in (1, 2, 3)]
    devices = [{"room": "第1考场", "seat": "B1"}]
    window = WINDOW | {"start_latest": NOW + 9000}
    happenings = dict(zip((items // 6 * n for n in range(1, 5)), (reload, network_cut, crash, a_day_ahead), strict=True))
    with stage.serving(tmp_path / "room", rows=rows, items=items, devices=devices, window=window) as (room, _):
        staff, answers = room.log_in(INVIGILATOR), {}
        machine = Machine(driver, tmp_path / "seat1", f"{room.base}/exam/?seat=第1考场-01")
        page = machine.start()
        enter(page, staff.sign_in(rows[0]).json()["code"])
        page.wait_for_selector(".identity img")
        page.keyboard.press("Enter")
        page.wait_for_selector(".rules")
        page.keyboard.press("1")
        for _ in range(9):
            if page.evaluate("document.activeElement.textContent").startswith("我已阅读"):
                break
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_selector("text=请等待开考")
        room.clock(NOW + 930)
        assert room.log_in(HEAD).ring().status_code == 200
        for number in range(1, items // 6 * 5 + 1):
            answer(page, number, answers)
            if number in happenings:
                page = at_item(happenings[number](page, machine, room), number)
            page.keyboard.press("ArrowRight")
        page.wait_for_selector(".status.saved")
        page = _moved(driver, tmp_path, room, staff, rows[0], page)
        for number in range(items // 6 * 5 + 1, items + 1):
            answer(page, number, answers)
            if number < items:
                page.keyboard.press("ArrowRight")
        page.wait_for_selector(".status.saved")
        found = _handed_in(page, room, items)
        page.context.close()
        return found, answers


def _moved(driver, tmp_path, room, staff, row, page):
    """Two persons move the candidate; the old machine is covered, the new one stands where he was."""
    code = staff.post(f"a/{row['attempt']}/move", HEAD, to=SPARE, reason="考试机屏幕闪烁").json()["code"]
    page.wait_for_selector("text=本机已停用")
    page.context.close()
    fresh = Machine(driver, tmp_path / "spare", f"{room.base}/exam/?seat={SPARE}").start()
    enter(fresh, code)
    return fresh


def _handed_in(page, room, items):
    page.keyboard.press("j")
    page.wait_for_selector("#summary")
    assert f"已答 {items} 题" in page.inner_text("#summary")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "hand-in-now"
    page.keyboard.press("Enter")
    page.wait_for_selector(".qr path")
    secret = page.evaluate("localStorage.getItem('secret')")
    return room.client().get("/api/state", headers={"Authorization": f"Bearer {secret}"}).json()


def test_a_paper_by_keyboard_through_everything(driver, tmp_path):
    found, answers = sit(driver, tmp_path, 12)
    assert found["phase"] == "handed_in" and found["answers"] == answers and len(answers) == 12


@pytest.mark.long
def test_a_full_paper_by_keyboard_through_everything(driver, tmp_path):
    found, answers = sit(driver, tmp_path, 100)
    assert found["phase"] == "handed_in" and found["answers"] == answers and len(answers) == 100
