"""Every screen of the terminal, one after another, for whoever wants to look at them: axe, pictures."""

import time
from contextlib import suppress

from playwright.sync_api import TimeoutError

from tests.edge import room as stage
from tests.edge.room import HEAD, INVIGILATOR, NOW, WINDOW

PLAIN, ZOOMED = {"width": 1024, "height": 768}, {"width": 512, "height": 384}
ITEMS = 100
WIDE = WINDOW | {"start_latest": NOW + 9000}


def in_language(page, wanted):
    """The candidate's own switch, also while the item is covered."""
    if page.evaluate("document.documentElement.lang").startswith(wanted):
        return
    if not page.locator("button[lang]").count():
        # The second window has no switch; it follows the first one.
        page.evaluate("wanted => localStorage.setItem('language', wanted)", wanted)
        page.reload()
        page.wait_for_selector(".calm h1")
        return
    page.evaluate("[...document.querySelectorAll('button[lang]')].find((one) => one.offsetParent || one.closest('[inert]')).click()")
    page.wait_for_function("wanted => document.documentElement.lang.startsWith(wanted)", arg=wanted)


def walk(browser, folder, look):
    """Call `look(name, page)` on each screen; the page is in Chinese at 1024×768 each time."""
    rows = [
        stage.candidate(n, photo=stage.PNG, photo_source="chip", accommodations={"breaks": 2, "break_minutes": 10, "font": 1}) for n in (1, 2)
    ]
    with stage.serving(folder, rows=rows, items=ITEMS, window=WIDE) as (room, _):
        context = browser.new_context(viewport=PLAIN)
        page = context.new_page()
        _before(page, room, rows, look)
        _paper(page, room, rows, look)
        _covered(page, room, rows, look)
        _end(page, room, rows, look)
        context.close()


def _before(page, room, rows, look):
    staff = room.log_in(INVIGILATOR)
    page.goto(f"{room.base}/exam/")
    page.wait_for_selector("#seat")
    look("seat", page)
    page.select_option("#seat", "第1考场-01")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("#code")
    page.keyboard.type("000000")
    page.keyboard.press("Enter")
    page.wait_for_selector("#code-problem:not(:empty)")
    look("code", page)
    code = staff.sign_in(rows[0]).json()["code"]
    page.fill("#code", code)
    page.keyboard.press("Enter")
    page.wait_for_selector(".identity img")
    look("identity", page)
    page.click(".identity ~ .actions button:not(.primary)")
    look("not-me", page)
    page.click(".actions button")
    page.keyboard.press("Enter")
    page.wait_for_selector(".rules")
    look("rules", page)
    page.click(".card > .actions .primary")
    page.wait_for_selector(".calm .exam-title")
    look("waiting", page)


def _paper(page, room, rows, look):
    room.clock(NOW + 930)
    assert room.log_in(HEAD).ring().status_code == 200
    for number, kind in ((1, "single"), (2, "multiple"), (3, "judge")):
        page.wait_for_selector(f".where strong:has-text('第 {number} 题')")
        page.keyboard.press("1")
        if number == 2:
            page.keyboard.press("3")
            page.keyboard.press("m")
        page.wait_for_selector(".status.saved")
        look(f"item-{kind}", page)
        page.keyboard.press("ArrowRight")
    page.wait_for_selector(".where strong:has-text('第 4 题')")
    page.evaluate("document.querySelector('.bar .tools button:nth-child(3)').click()")
    page.keyboard.press("h")
    page.wait_for_selector(".asking .help-button.asked")
    page.wait_for_selector("#notice:not([hidden])")
    look("item-contrast-help", page)
    page.evaluate("document.querySelector('.bar .tools button:nth-child(3)').click()")
    page.route("**/api/events", lambda route: route.abort())
    _unsaved(page)
    look("item-unsaved", page)
    page.unroute("**/api/events")
    page.wait_for_selector(".status.saved")


def _unsaved(page):
    """Answer until an answer cannot leave: on a slow machine the looks before take so long that the item is covered for a moment."""
    for turn in range(60):
        page.keyboard.press("21"[turn % 2])
        with suppress(TimeoutError):
            page.wait_for_selector(".status.unsaved", timeout=1000)
            return
    raise AssertionError("an answer that cannot leave is never shown as unsaved")


def _covered(page, room, rows, look):
    staff, attempt = room.log_in(INVIGILATOR), rows[0]["attempt"]
    assert staff.post(f"a/{attempt}/help").json()["help"] == "coming"
    page.wait_for_selector(".asking .help-button.coming")
    assert staff.post(f"a/{attempt}/pause", reason="核查身份证件").status_code == 200
    page.wait_for_selector("#cover:visible")
    look("paused", page)
    assert staff.post(f"a/{attempt}/resume").status_code == 200
    page.wait_for_selector("#cover", state="hidden")
    page.click(".asking button:not(.help-button)")
    page.wait_for_selector("#cover button")
    look("break", page)
    page.click("#cover button")
    page.wait_for_selector("#cover", state="hidden")
    page.route("**/api/**", lambda route: route.abort())
    page.wait_for_selector("#cover-title:has-text('网络中断')")
    look("lost", page)
    page.unroute("**/api/**")
    page.wait_for_selector("#cover", state="hidden")


def _end(page, room, rows, look):
    page.keyboard.press("j")
    page.wait_for_selector("#summary")
    look("summary", page)
    page.click("#hand-in-now")
    page.wait_for_selector(".qr path")
    look("receipt", page)
    other = page.context.new_page()
    other.set_viewport_size(PLAIN)
    other.goto(page.url)
    other.wait_for_selector(".calm h1")
    look("second-window", other)
    other.close()
    staff = room.log_in(INVIGILATOR)
    code = staff.sign_in(rows[1]).json()["code"]
    page.click(".actions button")
    page.wait_for_selector("#code")
    # The machine of seat 1 plays that of seat 2, then the candidate gets a new code elsewhere.
    page.goto(f"{room.base}/exam/?seat=第1考场-02")
    page.fill("#code", code)
    page.keyboard.press("Enter")
    page.wait_for_selector(".identity")
    page.keyboard.press("Enter")
    page.wait_for_selector(".rules")
    page.click(".card > .actions .primary")
    page.wait_for_selector(".stem")
    assert staff.post("desk/code", attempt=rows[1]["attempt"]).status_code == 200
    page.wait_for_selector("main [role=alert] h1")
    look("moved", page)
    time.sleep(0.1)
