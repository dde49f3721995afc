"""Silence is the network's, not the page's: a page that stood still asks once more before it covers the item."""

import pytest

from tests.edge import chromium
from tests.edge import room as stage
from tests.edge.room import HEAD, INVIGILATOR, NOW, WINDOW
from tests.terminal.pages import PLAIN

pytestmark = chromium.MARKS


@pytest.fixture
def page(tmp_path):
    """At the first item; the page's clock stands still and moves only when told to."""
    wide = WINDOW | {"start_latest": NOW + 9000}
    with chromium.started() as browser, stage.serving(tmp_path, 1, window=wide) as (room, parcels):
        room.clock(NOW + 930)
        assert room.log_in(HEAD).ring().status_code == 200
        page = browser.new_context(viewport=PLAIN).new_page()
        page.clock.install()
        page.goto(f"{room.base}/exam/?seat=第1考场-01")
        page.fill("#code", room.log_in(INVIGILATOR).sign_in(parcels.rows[0]).json()["code"])
        page.keyboard.press("Enter")
        page.get_by_role("button", name="信息无误").click()
        page.get_by_role("button", name="准备好了").click()
        page.wait_for_selector(".stem")
        with page.expect_response("**/api/pulse"):
            page.clock.pause_at(page.evaluate("Date.now()") / 1000 + 1)
            page.clock.run_for(2000)
        page.evaluate(
            "window.covered = []; new MutationObserver(() => covered.push(document.getElementById('cover').hidden))"
            ".observe(document.getElementById('cover'), { attributes: true })"
        )
        yield page
        page.context.close()


def covers(page) -> int:
    """How often the item was covered or uncovered so far."""
    return page.evaluate("covered.length")


def test_a_page_that_stood_still_asks_before_it_covers(page):
    with page.expect_response("**/api/pulse") as asked:
        page.clock.fast_forward(20_000)
    assert asked.value.ok
    page.clock.run_for(1000)
    assert covers(page) == 0 and page.locator(".stem").is_visible()


def test_a_cut_is_no_excuse_twice(page):
    """No answer comes: covered three seconds after the standstill, and a second standstill gives no further time."""
    page.route("**/api/**", lambda route: route.abort())
    page.clock.fast_forward(20_000)
    page.clock.run_for(1000)
    assert covers(page) == 0
    page.clock.fast_forward(20_000)
    page.wait_for_selector("#cover-title:has-text('网络中断')")
    assert page.locator(".stem").count() == 0
    page.unroute("**/api/**")
    page.clock.run_for(4000)
    page.wait_for_selector("#cover", state="hidden")
    page.wait_for_selector(".stem")


def test_a_cut_of_a_page_that_runs_covers_after_three_seconds(page):
    page.route("**/api/**", lambda route: route.abort())
    page.clock.run_for(1500)
    assert covers(page) == 0
    page.clock.run_for(3000)
    page.wait_for_selector("#cover-title:has-text('网络中断')")
