"""A real Chromium for tests that need one; without it they are skipped loudly."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

playwright = pytest.importorskip("playwright.sync_api")
PATH = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 120_000  # milliseconds after which something is stuck, however slow the machine; never a measure of speed
MARKS = [pytest.mark.browser, pytest.mark.skipif(not PATH, reason="no Chromium on this machine")]


@contextmanager
def started() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=PATH, args=SWITCHES)
        yield Patient(found)
        found.close()


class Patient:
    """The browser; whatever opens in it waits with patience."""

    def __init__(self, browser: Any) -> None:
        self.browser = browser

    def __getattr__(self, name: str) -> Any:
        return getattr(self.browser, name)

    def new_context(self, **more: Any) -> Any:
        context = self.browser.new_context(**more)
        context.set_default_timeout(PATIENCE)
        return context

    def new_page(self, **more: Any) -> Any:
        page = self.browser.new_page(**more)
        page.set_default_timeout(PATIENCE)
        return page
