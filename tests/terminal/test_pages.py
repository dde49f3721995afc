"""Every screen of the terminal before axe; on the long run in both languages, at 1024×768 and at 200 % zoom, with pictures.

`KAOPEI_PICTURES=DIR` keeps the pictures there.
"""

import os
from pathlib import Path

import pytest

from tests import axe
from tests.edge import chromium
from tests.terminal import pages
from tests.terminal.pages import PLAIN, ZOOMED

pytestmark = chromium.MARKS
SCREENS = [
    "seat", "code", "identity", "not-me", "rules", "waiting", "item-single", "item-multiple", "item-judge", "item-contrast-help", "item-unsaved",
    "paused", "break", "lost", "summary", "receipt", "second-window", "moved",
]


@pytest.fixture(scope="module")
def browser():
    with chromium.started() as found:
        yield found


def test_axe_finds_nothing_on_any_screen(tmp_path, browser):
    found, seen = {}, []

    def look(name, page):
        seen.append(name)
        found[name] = axe.findings(page)

    pages.walk(browser, tmp_path, look)
    assert seen == SCREENS
    assert [f"{name}: {one}" for name, findings in found.items() for one in findings] == []


@pytest.mark.long
def test_both_languages_and_double_zoom(tmp_path, browser):
    folder = Path(os.environ.get("KAOPEI_PICTURES", tmp_path / "pictures"))
    folder.mkdir(parents=True, exist_ok=True)
    found, wide = {}, []

    def look(name, page):
        for language in ("en", "zh"):
            pages.in_language(page, language)
            for size, word in ((ZOOMED, "200"), (PLAIN, "100")):
                page.set_viewport_size(size)
                page.screenshot(path=folder / f"term-{name}-{language}-{word}.png", full_page=word == "200")
                found[name, language, word] = axe.findings(page)
                if page.evaluate("document.documentElement.scrollWidth") > size["width"]:
                    wide.append((name, language, word))

    pages.walk(browser, tmp_path / "room", look)
    assert {where: findings for where, findings in found.items() if findings} == {} and wide == []
    assert len(list(folder.glob("term-*.png"))) == 4 * len(SCREENS)
