"""The board in a browser: alive without a reload, honest when the server is away."""

import pytest

from tests.edge import chromium
from tests.edge import room as stage
from tests.edge.room import HEAD, INVIGILATOR, NOW, PIN, SITTING, Terminal, key

pytestmark = chromium.MARKS


@pytest.fixture(scope="module")
def browser():
    with chromium.started() as found:
        yield found


def staff_page(browser, room, name):
    page = browser.new_context(viewport={"width": 1366, "height": 768}).new_page()
    page.goto(f"{room.base}/login")
    page.select_option("[name=name]", name)
    page.fill("[name=pin]", PIN)
    page.click("main button")
    page.wait_for_url(f"{room.base}/")
    return page


def test_the_board_is_alive_and_says_when_it_is_not(tmp_path, browser):
    with stage.serving(tmp_path, 6) as (room, parcels):
        invigilator, problems = room.log_in(INVIGILATOR), []
        room.clock(NOW + 930)
        page = staff_page(browser, room, HEAD)
        page.on("pageerror", lambda problem: problems.append(str(problem)))
        page.on("console", lambda said: problems.append(said.text) if "Content Security Policy" in said.text else None)
        page.goto(f"{room.base}/s/{SITTING}/board")
        first = page.locator(f'.tile[data-attempt="{parcels.rows[0]["attempt"]}"]')
        assert "未到" in first.inner_text()
        answer = invigilator.sign_in(parcels.rows[0]).json()
        first.locator("text=已签到").wait_for()
        terminal = Terminal(room, answer["seat"], key(1))
        terminal.start(answer["code"])
        first.locator("text=已就座").wait_for()
        # The bell is rung on the page itself, by two persons.
        page.select_option("[name=second]", INVIGILATOR)
        page.fill("[name=second_pin]", PIN)
        page.click("button:has-text('打铃开考')")
        page.wait_for_selector("#board-state:has-text('考试进行中')")
        terminal.begin()
        terminal.answer(1, "A")
        first.locator("text=1/6").wait_for()
        assert "答题中" in first.inner_text() and ":" in first.locator(".left").inner_text()
        terminal.hand_in()
        first.locator("text=已交卷").wait_for()
        assert page.locator("#board-stale").is_hidden()
        room.kill()
        page.wait_for_selector("#board-stale:visible")
        room.serve()
        # Log-ins live in memory: the page asks for one again.
        page.wait_for_url("**/login**")
        assert problems == []
        page.context.close()


def _focused(page, name):
    """A person sees the cursor before he types; a program must wait for it."""
    page.wait_for_function("name => document.hasFocus() && document.activeElement.name === name", arg=name)


def test_the_desk_is_quick_with_a_scanner_and_the_keyboard(tmp_path, browser):
    rows = [stage.candidate(n, photo=stage.PNG, photo_source="chip") for n in range(1, 4)]
    with stage.serving(tmp_path, rows=rows) as (room, _):
        page = staff_page(browser, room, INVIGILATOR)
        page.goto(f"{room.base}/s/{SITTING}/desk")
        for row in rows[:2]:
            # The scanner types into the field that has the focus and ends with Enter.
            _focused(page, "q")
            page.keyboard.type(f"KAOPEI/T/{row['ticket_no']}")
            page.keyboard.press("Enter")
            page.wait_for_selector(f".person .name:has-text('{row['name']}')")
            page.wait_for_function("document.querySelector('.identity img').naturalWidth > 0")
            _focused(page, "id_last4")
            page.keyboard.type(row["id_last4"])
            page.keyboard.press("Tab")
            page.keyboard.press("Space")
            page.keyboard.press("Tab")
            page.keyboard.press("Enter")
            page.wait_for_selector(".code-box output")
            code = page.inner_text(".code-box output").replace(" ", "")
            assert Terminal(room, f"{row['room']}-{row['seat']}", key(int(row["seat"]))).start(code).status_code == 200
        page.click(f"tr:has-text('{rows[2]['name']}') button:has-text('人证相符')")
        page.wait_for_selector(".code-box output")
        page.context.close()
