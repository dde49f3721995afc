"""Every page of the staff before axe; on the long run in both languages, at 1024×768 and at 200 % zoom, with pictures.

`KAOPEI_PICTURES=DIR` keeps the pictures there.
"""

import os
from pathlib import Path

import pytest

from tests import axe
from tests.edge import chromium, staff_pages
from tests.edge.staff_pages import DAY, PLAIN, PRACTICAL, RUNNING, SERVERS, ZOOMED

pytestmark = chromium.MARKS


@pytest.fixture(scope="module")
def browser():
    with chromium.started() as found:
        yield found


def test_axe_finds_nothing_on_any_page(tmp_path, browser):
    found = {}
    staff_pages.running(browser, tmp_path, lambda name, page: found.update({name: axe.findings(page)}))
    assert list(found) == RUNNING
    assert [f"{name}: {one}" for name, findings in found.items() for one in findings] == []


class Photographer:
    """Looks at a page in both languages and sizes; keeps what axe finds, and what is wider than its window."""

    def __init__(self, folder):
        self.folder = Path(os.environ.get("KAOPEI_PICTURES", folder / "pictures"))
        self.folder.mkdir(parents=True, exist_ok=True)
        self.names, self.found, self.wide = [], {}, []

    def __call__(self, name, page):
        self.names.append(name)
        where = page.url
        for language in ("en", "zh"):
            page.context.add_cookies([{"name": "kaopei_language", "value": language, "domain": "127.0.0.1", "path": "/"}])
            page.goto(where)
            assert page.evaluate("document.documentElement.lang").startswith(language), where
            if name == "board-running":
                page.wait_for_selector("#attention li")
            for size, word in ((ZOOMED, "200"), (PLAIN, "100")):
                page.set_viewport_size(size)
                page.screenshot(path=self.folder / f"site-{name}-{language}-{word}.png", full_page=True)
                if findings := axe.findings(page):
                    self.found[name, language, word] = findings
                if page.evaluate("document.documentElement.scrollWidth") > size["width"]:
                    self.wide.append((name, language, word))


@pytest.mark.long
@pytest.mark.parametrize(("walk", "names"), [("running", RUNNING), ("day", DAY), ("servers", SERVERS), ("practical", PRACTICAL)])
def test_both_languages_and_double_zoom(tmp_path, browser, laid, walk, names):
    look, folder = Photographer(tmp_path), tmp_path / "room"
    folder.mkdir()
    more = [laid] if walk == "day" else []
    getattr(staff_pages, walk)(browser, *more, folder, look)
    assert (look.found, look.wide, look.names) == ({}, [], names)
