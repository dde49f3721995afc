"""One person at one browser: logs in, fills in the forms that the pages offer, downloads what they link."""

import time
from pathlib import Path
from typing import Any

import httpx

from kaopei.rehearsal.page import Form, Page, read
from kaopei.rehearsal.programs import PLAIN


class Stuck(RuntimeError):
    """A page did not offer, or did not accept, what the person came for."""


class Person:
    """A browser session of its own. `name` is shown in every complaint."""

    def __init__(self, name: str, base: str) -> None:
        self.name, self.base = name, base.rstrip("/")
        self.web = httpx.Client(base_url=self.base, follow_redirects=True, timeout=300, trust_env=False, verify=PLAIN)

    def close(self) -> None:
        """Leave the browser."""
        self.web.close()

    def get(self, path: str, *, expect: int = 200) -> Page:
        """Open a page; Stuck if the status is another."""
        return self._page(self.ask("GET", path), f"GET {path}", expect)

    def log_in(self, username: str, password: str, path: str = "/login/") -> Page:
        """By the log-in form, as everybody does."""
        page = self.submit(self.get(path), {"username": username, "password": password}, having="password")
        if any("password" in form.fields for form in page.forms):
            raise Stuck(f"{self.name}: log-in refused: {page.text[:200]}")
        return page

    def submit(self, page: Page | str, fields: dict[str, Any] | None = None, *, ends: str = "", having: str = "",
               files: list[tuple[str, Path]] | None = None, button: str = "", expect: int = 200) -> Page:
        """Fill in the form found on the page and send it; fields not named keep what stands in them.

        button: name or text of the button pressed. files: (field, path). Stuck when a field given is not in the form.
        """
        page = self.get(page) if isinstance(page, str) else page
        try:
            form = page.form(ends, having)
        except ValueError as problem:
            raise Stuck(f"{self.name}: {problem}") from None
        data = self._filled(page, form, fields or {}, button)
        if form.method == "get":
            return self._page(self.ask("GET", form.action, params=data), f"GET {form.action}", expect)
        opened = [(field, (path.name, path.read_bytes())) for field, path in files or []]
        missing = {field for field, _ in opened} - form.files
        if missing:
            raise Stuck(f"{self.name}: {page.url} takes no file {missing}")
        answer = self.ask("POST", form.action, data=data, files=opened or None, headers={"Referer": page.url})
        return self._page(answer, f"POST {form.action}", expect)

    def _filled(self, page: Page, form: Form, fields: dict[str, Any], button: str) -> dict[str, Any]:
        data: dict[str, Any] = dict(form.fields)
        for name, value in fields.items():
            if f'name="{name}"' not in page.html:
                raise Stuck(f"{self.name}: {page.url} has no field {name}; it has {sorted(form.fields)}")
            data[name] = [str(v) for v in value] if isinstance(value, list | tuple) else str(value)
        pressed = [b for b in form.buttons if button in (b[0], b[2], b[1])] if button else form.buttons[:1]
        if button and not pressed:
            raise Stuck(f"{self.name}: {page.url} has no button {button}; it has {form.buttons}")
        for name, value, _text in pressed[:1]:
            if name:
                data[name] = value
        return data

    def download(self, path: str) -> bytes:
        """The bytes behind a link."""
        answer = self.ask("GET", path)
        if answer.status_code != 200:
            raise Stuck(f"{self.name}: {path} answered {answer.status_code}: {read(0, path, answer.text).text[:300]}")
        return answer.content

    def wait(self, path: str, done: str, *, seconds: float = 240, failed: str = "") -> Page:
        """Reload a page until it shows `done`; Stuck when it shows `failed` or time is over."""
        end = time.monotonic() + seconds
        while True:
            page = self.get(path)
            if done in page.html:
                return page
            if failed and failed in page.html:
                raise Stuck(f"{self.name}: {path} says: {page.text[:400]}")
            if time.monotonic() > end:
                raise Stuck(f"{self.name}: {path} never showed {done!r}; it says: {page.text[:400]}")
            time.sleep(0.3)

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """One request; a server that does not answer is a complaint like any other."""
        try:
            return self.web.request(method, path, **more)
        except httpx.HTTPError as problem:
            raise Stuck(f"{self.name}: {method} {path} was not answered: {problem!r}") from problem

    def _page(self, answer: httpx.Response, what: str, expect: int) -> Page:
        kind = answer.headers.get("content-type", "")
        page = read(answer.status_code, str(answer.url), answer.text if "html" in kind or "text" in kind else "")
        if answer.status_code != expect:
            raise Stuck(f"{self.name}: {what} answered {answer.status_code}, not {expect}: {page.text[:500]}")
        return page
