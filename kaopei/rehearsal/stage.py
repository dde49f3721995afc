"""What every step of a rehearsal needs: the data folder, the programs that run, the people at their browsers, the clock, the report."""

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kaopei.rehearsal.cast import Cast
from kaopei.rehearsal.clock import Clock
from kaopei.rehearsal.month import Month
from kaopei.rehearsal.page import Page
from kaopei.rehearsal.person import Person, Stuck
from kaopei.rehearsal.programs import PATIENCE, Program, command, free_port
from kaopei.rehearsal.report import Report

DONE, NOT_DONE, CANCELLED = "已完成", "未完成", "已取消"


@dataclass
class Stage:
    """One rehearsal. `secret(words)` is the only chance in it: everything that must come again is derived from the seed."""

    data: Path
    out: Path
    seed: str
    month: Month
    cast: Cast
    clock: Clock
    report: Report
    programs: dict[str, Program] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)
    browsers: dict[str, tuple[int, Person]] = field(default_factory=dict)
    leaving: list[Callable[[], None]] = field(default_factory=list)

    def secret(self, *words: object) -> bytes:
        """32 bytes out of the seed."""
        return hmac.digest(self.seed.encode(), "\n".join(map(str, words)).encode(), hashlib.sha256)

    def chance(self, *words: object) -> float:
        """A number in [0, 1) out of the seed."""
        return int.from_bytes(self.secret(*words)[:6]) / 2**48

    # ── programs ──────────────────────────────────────────────────────────────────────────────────────────────────────────

    def start(self, name: str, words: list[str]) -> str:
        """Start a program that takes `--port`, wait until it answers; its address."""
        port = self.ports.get(name) or free_port()
        address = f"http://127.0.0.1:{port}"
        self.programs[name] = Program(name, [*words, "--port", str(port), "--data", str(self.data)], self.data / "logs" / f"{name}.log")
        self.programs[name].wait_ready(f"{address}/healthz")
        self.addresses[name] = address
        return address

    def command(self, *words: str, data: bool = True, expect: int | None = 0, given: str = "") -> str:
        """Run `./run words`; what it printed. Stuck if it ends otherwise than expected."""
        words = (*words, "--data", str(self.data)) if data else words
        done = command(*words, given=given)
        if expect is not None and done.returncode != expect:
            raise Stuck(f"./run {' '.join(words)} ended with {done.returncode}: {(done.stderr or done.stdout).strip()[-1500:]}")
        return done.stdout

    def stop(self) -> None:
        """All programs: every one is told, then each is waited for."""
        for leave in self.leaving:
            leave()
        for _moves, browser in self.browsers.values():
            browser.close()
        self.browsers.clear()
        for program in self.programs.values():
            program.tell()
        for name in reversed(list(self.programs)):
            self.programs.pop(name).stop()

    # ── people ────────────────────────────────────────────────────────────────────────────────────────────────────────────

    def person(self, who: str) -> Person:
        """Somebody at his browser, logged in to the center; after the clock has moved he logs in again."""
        moves, known = self.browsers.get(who, (-1, None))
        if known is not None and moves == self.clock.moves:
            return known
        if known is not None:
            known.close()
        browser = Person(f"{self.cast.players[who].name}（{who}）", self.addresses["center"])
        browser.log_in(who, self.cast.password)
        self.browsers[who] = (self.clock.moves, browser)
        return browser

    def sign(self, who: str, about: str, *, seconds: float = 0) -> int:
        """Open what waits for this person's signature and whose title contains `about`, and sign it; how many."""
        browser, signed = self.person(who), 0
        end = time.monotonic() + seconds
        while True:
            waiting = {url for text, url in browser.get("/approvals/").links if "/approvals/0" in url and about in text}
            for url in sorted(waiting):
                page = browser.get(url)
                if any(form.action.endswith("/approve") for form in page.forms):
                    browser.submit(page, {"pin": self.cast.pin}, ends="/approve")
                    signed += 1
            if signed or time.monotonic() >= end:
                return signed
            time.sleep(0.2)

    def must_sign(self, who: str, about: str) -> int:
        """Like sign; Stuck if nothing waited."""
        signed = self.sign(who, about, seconds=30)
        if not signed:
            raise Stuck(f"{who}: nothing about {about} waits for a signature")
        return signed

    def job(self, who: str, page: Page, *, seconds: float = PATIENCE) -> Page:
        """Watch the job that a form led to until it is done; Stuck with its words when it was not."""
        return self.watch(who, page.url, seconds=seconds)

    def watch(self, who: str, url: str, *, seconds: float = PATIENCE) -> Page:
        """Reload a job's page until it says that it is done."""
        end = time.monotonic() + seconds
        while True:
            page = self.person(who).get(url)
            if DONE in page.text:
                return page
            if NOT_DONE in page.text or CANCELLED in page.text or time.monotonic() > end:
                raise Stuck(f"{who}: {url}: {page.text[:600]}")
            time.sleep(0.3)

    def until(self, look: Callable[[], Any], what: str, *, seconds: float = PATIENCE) -> Any:
        """Look again until there is something; Stuck when time is over."""
        end = time.monotonic() + seconds
        while not (found := look()):
            if time.monotonic() > end:
                raise Stuck(f"{what}: still not so after {seconds:.0f} s")
            time.sleep(0.3)
        return found


def lay_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write whole or not at all."""
    beside = path.with_suffix(".part")
    beside.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    beside.replace(path)
