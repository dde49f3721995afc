"""Every page of the staff before axe; on the long run in both languages, at 1024×768 and at 200 % zoom, with pictures.

`KAOPEI_PICTURES=DIR` keeps the pictures there.
"""

import os
from pathlib import Path

import pytest

from tests import axe
from tests.edge import chromium
from tests.edge import room as stage
from tests.edge.room import HEAD, INVIGILATOR, NOW, PIN, SITTING, WINDOW, Terminal, key

pytestmark = chromium.MARKS
PLAIN, ZOOMED = {"width": 1024, "height": 768}, {"width": 512, "height": 384}
PAGES = [
    "login",
    "home",
    "sitting",
    "readiness",
    "opening",
    "desk",
    "desk-code",
    "desk-refused",
    "board-bell",
    "board-running",
    "seat-calling",
    "seat-paused",
    "irregularities",
    "closing",
    "hand-back",
]


@pytest.fixture(scope="module")
def browser():
    with chromium.started() as found:
        yield found


def walk(browser, folder, look):
    """Call `look(name, page)` on each page of a sitting, before the bell and while it runs."""
    rows = [stage.candidate(n, photo=stage.PNG, photo_source="chip") for n in range(1, 9)] + [stage.candidate(31)]
    with stage.serving(folder, rows=rows, window=WINDOW | {"start_latest": NOW + 9000}) as (room, _):
        page = browser.new_context(viewport=PLAIN).new_page()
        page.goto(f"{room.base}/login")
        look("login", page)
        page.select_option("[name=name]", HEAD)
        page.fill("[name=pin]", PIN)
        page.click("main button")
        page.wait_for_url(f"{room.base}/")
        look("home", page)
        for name, part in (("sitting", ""), ("readiness", "readiness"), ("opening", "opening"), ("desk", "desk")):
            page.goto(f"{room.base}/s/{SITTING}/{part}")
            look(name, page)
        terminals = _before(room, rows, page, look)
        _running(room, rows, terminals, page, look)
        page.context.close()


def _before(room, rows, page, look):
    staff = room.log_in(INVIGILATOR)
    answers = [staff.sign_in(row).json() for row in rows[:6]]
    page.goto(f"{room.base}/s/{SITTING}/desk?shown={rows[0]['attempt']}")
    look("desk-code", page)
    assert staff.post("desk/refuse", HEAD, attempt=rows[6]["attempt"], kind="no_document", reason="没有带身份证").status_code == 200
    page.goto(f"{room.base}/s/{SITTING}/desk?shown={rows[6]['attempt']}")
    look("desk-refused", page)
    room.clock(NOW + 930)
    page.goto(f"{room.base}/s/{SITTING}/board")
    look("board-bell", page)
    terminals = [Terminal(room, found["seat"], key(n)) for n, found in enumerate(answers)]
    for terminal, found in zip(terminals[:5], answers, strict=False):
        assert terminal.start(found["code"]).status_code == 200
    return terminals


def _running(room, rows, terminals, page, look):
    staff, head = room.log_in(INVIGILATOR), room.log_in(HEAD)
    assert head.ring().status_code == 200
    for terminal in terminals[:5]:
        assert terminal.begin().status_code == 200
        assert terminal.answer(1, "A").status_code == 200
    assert terminals[0].client.post("/api/help", json={"on": True}).json() == {"help": "asked"}
    assert staff.post(f"a/{terminals[1].attempt}/pause", reason="核查身份证件").status_code == 200
    assert terminals[2].hand_in().status_code == 200
    cause = {"cause": "candidate.copying", "reason": "夹带小抄，已收存"}
    assert staff.post(f"a/{terminals[3].attempt}/void", HEAD, **cause).status_code == 200
    page.goto(f"{room.base}/s/{SITTING}/board")
    page.wait_for_selector("#attention li")
    look("board-running", page)
    page.goto(f"{room.base}/s/{SITTING}/board/{terminals[0].attempt}")
    for summary in page.locator("details > summary").all():
        summary.click()
    look("seat-calling", page)
    page.goto(f"{room.base}/s/{SITTING}/board/{terminals[1].attempt}")
    look("seat-paused", page)
    for name in ("irregularities", "closing", "hand-back"):
        page.goto(f"{room.base}/s/{SITTING}/{name}")
        look(name, page)


def test_axe_finds_nothing_on_any_page(tmp_path, browser):
    found = {}
    walk(browser, tmp_path, lambda name, page: found.update({name: axe.findings(page)}))
    assert list(found) == PAGES
    assert [f"{name}: {one}" for name, findings in found.items() for one in findings] == []


@pytest.mark.long
def test_both_languages_and_double_zoom(tmp_path, browser):
    folder = Path(os.environ.get("KAOPEI_PICTURES", tmp_path / "pictures"))
    folder.mkdir(parents=True, exist_ok=True)
    found, wide = {}, []

    def look(name, page):
        where = page.url
        for language in ("en", "zh"):
            page.context.add_cookies([{"name": "kaopei_language", "value": language, "url": where}])
            page.goto(where)
            if name == "board-running":
                page.wait_for_selector("#attention li")
            for size, word in ((ZOOMED, "200"), (PLAIN, "100")):
                page.set_viewport_size(size)
                page.screenshot(path=folder / f"term-site-{name}-{language}-{word}.png", full_page=True)
                found[name, language, word] = axe.findings(page)
                if page.evaluate("document.documentElement.scrollWidth") > size["width"]:
                    wide.append((name, language, word))

    walk(browser, tmp_path / "room", look)
    assert {where: findings for where, findings in found.items() if findings} == {} and wide == []
    assert len(list(folder.glob("term-site-*.png"))) == 4 * len(PAGES)
