"""One candidate in a real Chromium: he reads the screen, presses keys, hands in and keeps the code of his receipt.

Chromium is spoken to over its own pipe (`--remote-debugging-pipe`), so that nothing else has to be installed.
"""

import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

from kaopei.rehearsal.booklet import Booklet
from kaopei.rehearsal.candidates import Candidate, Sitter
from kaopei.rehearsal.person import Stuck
from kaopei.rehearsal.stage import Stage

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SWITCHES = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--window-size=1024,768", "--remote-debugging-pipe",
)  # fmt: skip
# Chromium reads commands from its file 3 and answers on 4, whatever numbers they had here.
AS_3_AND_4 = """
import fcntl, os, sys
ends = [fcntl.fcntl(int(one), fcntl.F_DUPFD, 10) for one in sys.argv[1:3]]
os.dup2(ends[0], 3)
os.dup2(ends[1], 4)
os.execv(sys.argv[3], sys.argv[3:])
"""
PATIENCE = 120.0
POLL = 0.03


class NoBrowser(ValueError):
    """There is no Chromium here."""

    exit_status = 2


def find() -> str:
    """Path of a Chromium: the variable CHROMIUM, the machine's own, or one that Playwright has laid down."""
    named = os.environ.get("CHROMIUM")
    if named and (found := shutil.which(named)):
        return found
    for name in NAMES:
        if found := shutil.which(name):
            return found
    cache = Path.home() / ".cache" / "ms-playwright"
    laid = sorted([*cache.glob("chromium-*/chrome-linux*/chrome"), *cache.glob("chromium-*/chrome-mac*/Chromium.app/Contents/MacOS/Chromium")])
    if laid:
        return str(laid[-1])
    raise NoBrowser("--browser：本机没有 Chromium。请安装 chromium（或用环境变量 CHROMIUM 指明），或去掉 --browser 再运行。")


class Browser:
    """A headless Chromium with one page."""

    def __init__(self) -> None:
        self.profile = tempfile.mkdtemp(prefix="kaopei-chromium-")
        read, self.write = os.pipe()
        self.read, write = os.pipe()
        words = [find(), *SWITCHES, f"--user-data-dir={self.profile}", "about:blank"]
        self.process = subprocess.Popen(
            [sys.executable, "-c", AS_3_AND_4, str(read), str(write), *words], pass_fds=(read, write), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        os.close(read)
        os.close(write)
        self.number, self.rest, self.session = 0, b"", ""
        targets = self.call("Target.getTargets")["targetInfos"]
        page = next(one["targetId"] for one in targets if one["type"] == "page")
        self.session = self.call("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]
        size = {"width": 1024, "height": 768, "deviceScaleFactor": 1, "mobile": False}
        self.call("Emulation.setDeviceMetricsOverride", **size)

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """One command and its answer; what the browser says unasked is not listened to."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        try:
            os.write(self.write, json.dumps(message).encode() + b"\0")
        except BrokenPipeError:
            raise Stuck("Chromium ended") from None
        end = time.monotonic() + PATIENCE
        while True:
            line, found, self.rest = self.rest.partition(b"\0")
            if found:
                answer = json.loads(line)
                if answer.get("id") == self.number:
                    if "error" in answer:
                        raise Stuck(f"Chromium: {method}: {answer['error']['message']}")
                    return dict(answer["result"])
                continue
            self.rest = line
            if not select.select([self.read], [], [], max(0.0, end - time.monotonic()))[0]:
                raise Stuck(f"Chromium did not answer {method} within {PATIENCE:.0f} s")
            if not (more := os.read(self.read, 1 << 20)):
                raise Stuck("Chromium ended")
            self.rest += more

    def look(self, expression: str) -> Any:
        """What an expression about the page is now."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise Stuck(f"Chromium: {expression[:80]}: {answer['exceptionDetails'].get('text', '')}")
        return answer["result"].get("value")

    def wait(self, expression: str, what: str, seconds: float = PATIENCE) -> Any:
        """Look again until there is something to see."""
        end = time.monotonic() + seconds
        while not (found := self.look(expression)):
            if time.monotonic() > end:
                raise Stuck(f"Chromium never showed {what}; it shows: {self.look('document.body.innerText')!r:.500}")
            time.sleep(POLL)
        return found

    def go(self, address: str) -> None:
        """Open an address."""
        self.call("Page.navigate", url=address)

    def press(self, key: str) -> None:
        """A key, down and up, as from a keyboard."""
        text = {"Enter": "\r"}.get(key, key if len(key) == 1 else "")
        code = {"Enter": 13, "ArrowRight": 39}.get(key, ord(key.upper()) if len(key) == 1 else 0)
        said = {"key": key, "windowsVirtualKeyCode": code, **({"text": text} if text else {})}
        self.call("Input.dispatchKeyEvent", type="keyDown", **said)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)

    def type(self, words: str) -> None:
        """Into the field that has the focus."""
        self.call("Input.insertText", text=words)

    def click(self, text: str) -> None:
        """A button by its words."""
        find = f"[...document.querySelectorAll('button')].find((one) => one.innerText.includes({json.dumps(text)}) && !one.disabled)"
        self.wait(f"Boolean({find})", f"the button {text}")
        self.look(f"{find}.click()")

    def picture(self, path: Path) -> None:
        """What the page looks like, as PNG."""
        import base64

        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))

    def close(self) -> None:
        """End the browser and forget its profile."""
        try:
            os.killpg(self.process.pid, 9)
        except ProcessLookupError:
            pass
        self.process.wait()
        os.close(self.read)
        os.close(self.write)
        shutil.rmtree(self.profile, ignore_errors=True)


class AtScreen(Candidate):
    """The same knowledge, with eyes and a keyboard."""

    def __init__(self, stage: Stage, booklet: Booklet, sitter: Sitter, base: str) -> None:
        super().__init__(stage, booklet, sitter)
        self.base = base

    def sit_at_screen(self) -> None:
        """From the start code, through the bell, to the receipt."""
        browser = Browser()
        try:
            self._enter(browser)
            total = int(browser.wait("document.querySelectorAll('.number').length", "the first item", 300))
            for number in range(1, total + 1):
                self._answer(browser, number)
                if number == total // 2:
                    # Somebody pulls the plug of the screen: the page comes back exactly where it was.
                    browser.call("Page.reload")
                    browser.wait(f"document.querySelector('.where strong')?.innerText.includes('第 {number} 题')", f"item {number} again")
                if number < total:
                    browser.press("ArrowRight")
            self._hand_in(browser)
        finally:
            browser.close()

    def _enter(self, browser: Browser) -> None:
        browser.go(f"{self.base}/exam/?seat={quote(self.sitter.seat)}")
        browser.wait("Boolean(document.querySelector('#code'))", "the field for the start code")
        browser.look("document.querySelector('#code').focus()")
        browser.type(self.sitter.code)
        browser.press("Enter")
        browser.click("信息无误")
        browser.click("准备好了")

    def _answer(self, browser: Browser, number: int) -> None:
        browser.wait(f"document.querySelector('.where strong')?.innerText.includes('第 {number} 题')", f"item {number}")
        shown = browser.look(
            "({stem: document.querySelector('.stem').innerText, kind: document.querySelector('.options input').type, options:"
            " [...document.querySelectorAll('.option')].map((one) => ({letter: one.querySelector('.letter').innerText,"
            " text: one.querySelector('.text').innerText}))})"
        )
        letters = self.answer({**shown, "kind": "multiple" if shown["kind"] == "checkbox" else "single"})
        for letter in letters:
            browser.press(letter.lower())
        browser.wait("Boolean(document.querySelector('.status.saved'))", f"that item {number} is saved")
        self.sitter.sent[number] = letters
        self.sitter.acknowledged += len(letters)

    def _hand_in(self, browser: Browser) -> None:
        browser.look("document.querySelector('.hand-in').click()")
        browser.wait("Boolean(document.querySelector('#summary'))", "the summary")
        browser.look("document.querySelector('#hand-in-now').click()")
        code = browser.wait("document.querySelector('.receipt-code')?.innerText", "the receipt")
        self.sitter.receipt = {"code": "".join(str(code).split())}
