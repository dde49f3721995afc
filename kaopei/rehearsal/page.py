"""A web page as a person uses it: its forms with what stands in them, its links, its messages."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin


@dataclass
class Form:
    """One form: where it goes, what it already holds, which files it takes, its buttons as (name, value, text)."""

    action: str
    method: str
    id: str = ""
    fields: dict[str, list[str]] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)
    required: set[str] = field(default_factory=set)
    buttons: list[tuple[str, str, str]] = field(default_factory=list)


@dataclass
class Page:
    """What came back: status, address, text as read, forms, links (text, address), messages of the page frame."""

    status: int
    url: str
    html: str
    forms: list[Form] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)
    text: str = ""

    def form(self, ends: str = "", having: str = "") -> Form:
        """The first form whose address ends so, or that has a field or button of this name; ValueError if none."""
        for form in self.forms:
            names = set(form.fields) | form.files | {b[0] for b in form.buttons}
            if (not ends or form.action.split("?")[0].endswith(ends)) and (not having or having in names):
                return form
        found = ", ".join(f"{f.action}[{' '.join(sorted(f.fields))}]" for f in self.forms) or "none"
        raise ValueError(f"{self.url}: no form {ends or having}; forms here: {found}; page says: {self.text[:300]}")

    def offers(self, ends: str) -> bool:
        """Whether a form with this address stands on the page."""
        return any(form.action.split("?")[0].endswith(ends) for form in self.forms)

    def link(self, part: str) -> str:
        """Address of the first link whose address or text contains this."""
        for text, address in self.links:
            if part in address or part in text:
                return address
        raise ValueError(f"{self.url}: no link {part}; page says: {self.text[:300]}")


class _Reader(HTMLParser):
    def __init__(self, page: Page) -> None:
        super().__init__(convert_charrefs=True)
        self.page, self.skip, self.select = page, 0, ""
        self.open: Form | None = None
        self.words: list[str] = []
        self.area: list[str] | None = None
        self.button: list[str] | None = None
        self.anchor: list[str] | None = None
        self.feed(page.html)
        page.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        a = {k: v or "" for k, v in attrs}
        if tag in ("script", "style"):
            self.skip += 1
        elif tag == "a" and "href" in a:
            self.anchor = [urljoin(self.page.url, a["href"]), ""]
        elif tag == "form":
            target = urljoin(self.page.url, a.get("action") or self.page.url)
            self.open = Form(target, a.get("method", "get").lower(), a.get("id", ""))
            self.page.forms.append(self.open)
        elif self.open is not None:
            self._control(self.open, tag, a)

    def _control(self, form: Form, tag: str, a: dict[str, str]) -> None:
        name, kind = a.get("name", ""), a.get("type", "text").lower()
        if "required" in a and name:
            form.required.add(name)
        if tag == "input" and kind == "file":
            form.files.add(name)
        elif tag == "input" and kind in ("submit", "image"):
            form.buttons.append((name, a.get("value", ""), a.get("value", "")))
        elif tag == "input" and name and (kind not in ("checkbox", "radio") or "checked" in a):
            form.fields.setdefault(name, []).append(a.get("value", "on" if kind in ("checkbox", "radio") else ""))
        elif tag == "button" and a.get("type", "submit") == "submit":
            self.button = [name, a.get("value", ""), ""]
        elif tag == "select":
            self.select = name
        elif tag == "option" and self.select and ("selected" in a or self.select not in form.fields):
            # A browser sends the first option when none is marked.
            form.fields[self.select] = [a.get("value", "")]
        elif tag == "textarea":
            self.area = [name, ""]

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style"):
            self.skip = max(0, self.skip - 1)
        elif tag == "a" and self.anchor:
            self.page.links.append((self.anchor[1].strip(), self.anchor[0]))
            self.anchor = None
        elif tag == "form":
            self.open = None
        elif tag == "select":
            self.select = ""
        elif tag == "textarea" and self.area and self.open is not None:
            self.open.fields[self.area[0]] = [self.area[1].removeprefix("\n")]
            self.area = None
        elif tag == "button" and self.button and self.open is not None:
            self.open.buttons.append((self.button[0], self.button[1], self.button[2].strip()))
            self.button = None

    def handle_data(self, data: str) -> None:
        if self.skip:
            return
        self.words.append(data)
        for keeper in (self.anchor, self.area):
            if keeper:
                keeper[1] += data
        if self.button:
            self.button[2] += data


def read(status: int, url: str, html: str) -> Page:
    """Parse one answer."""
    page = Page(status, url, html)
    _Reader(page)
    return page
