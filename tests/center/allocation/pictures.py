"""Pages as pictures: Django's test client asks in the test's own transaction, a browser in another thread shows the answer.

The browser's driver keeps an event loop in its thread, under which Django would open a connection of its own.
"""

import mimetypes
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from django.contrib.staticfiles import finders
from django.test import Client

from tests.edge import chromium
from tests.people import PEOPLE, log_in

HOST = "http://center.test"
FOLDER = os.environ.get("KAOPEI_PICTURES", "")


class Camera:
    """Looks at pages as one person after another and keeps what it sees, if KAOPEI_PICTURES names a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.thread = ThreadPoolExecutor(1)
        self.browser = None

    def look(self, who: str, path: str, name: str, *, part: str = "", whole: bool = False) -> str:
        """The text of a page; `part` scrolls to what this selector finds, `whole` takes the page in its full length."""
        answer = log_in(Client(), PEOPLE[who]).get(path)
        assert answer.status_code == 200, (path, answer.status_code)
        return self.thread.submit(self._take, path, answer.content, name, part, whole).result()

    def open(self) -> None:
        self.started = chromium.started()
        self.browser = self.started.__enter__()

    def close(self) -> None:
        self.started.__exit__(None, None, None)

    def _take(self, path: str, content: bytes, name: str, part: str, whole: bool) -> str:
        page = self.browser.new_page(viewport={"width": 1366, "height": 768})
        faults: list[str] = []
        page.on("pageerror", lambda fault: faults.append(str(fault)))
        page.route("**/*", lambda route: _answer(route, path, content))
        page.goto(HOST + path)
        if part:
            page.evaluate("(one) => document.querySelector(one).scrollIntoView({block: 'start'})", part)
        page.screenshot(path=self.folder / f"draw-{name}.png", full_page=whole)
        wide = page.evaluate("document.documentElement.scrollWidth")
        text = page.inner_text("body")
        page.close()
        assert not faults, faults
        assert wide <= 1366, f"{path} is {wide} px wide"
        return text


def _answer(route, path: str, content: bytes) -> None:
    asked = route.request.url.removeprefix(HOST)
    if asked == path:
        route.fulfill(body=content, content_type="text/html; charset=utf-8")
        return
    asked = asked.partition("?")[0]
    found = finders.find(asked.removeprefix("/static/")) if asked.startswith("/static/") else None
    kind = mimetypes.guess_type(asked)[0] or "application/octet-stream"
    route.fulfill(path=found, content_type=kind) if found else route.fulfill(status=404, body="")


@contextmanager
def camera(folder: Path) -> Iterator[Camera]:
    """A camera whose pictures lie in KAOPEI_PICTURES, else in `folder`."""
    wanted = Path(FOLDER) if FOLDER else folder
    wanted.mkdir(parents=True, exist_ok=True)
    made = Camera(wanted)
    made.thread.submit(made.open).result()
    try:
        yield made
    finally:
        made.thread.submit(made.close).result()
        made.thread.shutdown()
