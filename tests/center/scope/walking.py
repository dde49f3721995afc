"""Every page of the center as each role that may see it, in both languages, and what of a page is data."""

import html
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.apps import apps
from django.db import transaction

from kaopei.law import operations, places, sources, terms
from kaopei.office import scope
from kaopei.office.accounts import roles
from kaopei.office.personal import mask_id, mask_name
from tests.people import FOSHAN

HAN = re.compile(r"[\u4e00-\u9fff]+")
# Files, fragments that a page loads, and what ends the log-in.
NO_PAGES = {"logout", "own_log_ins_end", "static", "language", "health"}
# The clauses of the notice are cited as they are numbered: 二（三）, 末段.
CITED = re.compile(r"[〇一二三四五六七八九十]+（[一二三四五六七八九十]+）[0-9]*|第?[一二三四五六七八九十]+条|末段|附件[一二三四五六七八九十]?")


@dataclass(frozen=True)
class Seen:
    """A page as somebody got it."""

    name: str
    path: str
    role: str
    lang: str
    status: int
    body: str

    @property
    def main(self) -> str:
        """What differs from page to page: neither frame nor tokens."""
        found = re.search(r"<main.*?</main>|<aside.*?</aside>", self.body, re.DOTALL)
        return re.sub(r'value="[A-Za-z0-9]{64}"', "", found[0] if found else self.body)


def walk(matrix: Any, langs: tuple[str, ...], share: int = 1, app: str = "") -> Iterator[Seen]:
    """Each address by GET as each role of 佛山 that may; `share`: every so many-th pair, the same in every run."""
    place = 0
    for one, path in matrix.addresses:
        if one.name in NO_PAGES or one.name.startswith("api:") or not one.name.startswith(app):
            continue
        may = roles.catalogue().acts[one.act] if one.act else [role for role, where in matrix.people if where == "own"]
        for role in sorted(set(may) - {roles.SYSTEM_ROLE}):
            place += 1
            if place % share == 0:
                yield from (seen for lang in langs if (seen := look(matrix, one.name, path, role, lang)))


def look(matrix: Any, name: str, path: str, role: str, lang: str) -> Seen | None:
    """The page, if it is one; nothing that it does stays."""
    client = matrix.client(role, "own")
    client.cookies["kaopei_lang"] = lang
    with transaction.atomic():
        answer = client.get(path)
        transaction.set_rollback(True)
    is_page = not answer.streaming and answer.headers.get("Content-Type", "").startswith("text/html") and answer.status_code not in (301, 302, 405)
    body = answer.content.decode() if is_page else ""
    for close in answer._resource_closers:
        close()
    return Seen(name, path, role, lang, answer.status_code, body) if is_page else None


def data() -> list[str]:
    """Every value of the database, and the names that everybody uses: cities, operations, titles of texts. Longest first."""
    found: set[str] = set()
    with scope.entered(scope.PROVINCE):
        for model in apps.get_models():
            for row in model.objects.all()[:3000].values_list(*(one.attname for one in model._meta.concrete_fields)):
                for value in row:
                    _take(found, value)
    found |= {masked for value in list(found) if 2 <= len(value) <= 4 for masked in (mask_name(value),)}
    found |= {mask_id(value) for value in list(found) if re.fullmatch(r"\d{17}[\dX]", value)}
    return sorted((value for value in found | _known() if HAN.search(value)), key=len, reverse=True)


def _take(found: set[str], value: Any) -> None:
    if isinstance(value, str):
        found.add(" ".join(value.split()))
        found.update(part.strip() for line in value.splitlines() for part in (line, *line.split(",")))
        if value[:1] in "{[":
            try:
                _take(found, json.loads(value))
            except ValueError:
                return
    elif isinstance(value, bytes | memoryview):
        try:
            _take(found, bytes(value).decode())
        except UnicodeDecodeError:
            return
    elif isinstance(value, dict):
        for inner in value.values():
            _take(found, inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            _take(found, inner)


@cache
def _known() -> frozenset[str]:
    cities = {name for one in places.cities().values() for name in (one.name, one.short)}
    works = {name for one in operations.catalogue().values() for name in (one.name, one.category)}
    texts = {name for one in sources.all_sources().values() for name in (one.title, one.doc_no)}
    return frozenset(cities | works | texts | {"中文", "广东省", "全省", FOSHAN} | {place for place, _title in terms.clauses().values()})


@cache
def _columns() -> frozenset[str]:
    from kaopei.center.registry.sheets import LISTS
    from kaopei.center.training.lesson_sheet import COLUMNS

    return frozenset(COLUMNS).union(*(kind.columns for kind in LISTS.values()))


def shown(body: str) -> Iterator[str]:
    """Every piece of text that a person reads or hears, without what he may type himself and names of columns that a sheet must have."""
    plain = re.sub(r"<(script|style|textarea)\b.*?</\1>", " ", body, flags=re.DOTALL)
    plain = re.sub(r'<code lang="zh-CN">([^<]*)</code>', lambda found: " " if found[1] in _columns() else found[0], plain)
    for said in re.findall(r'\b(?:aria-label|title|placeholder|alt)="([^"]+)"', plain):
        yield html.unescape(said)
    for piece in re.split(r"<[^>]*>", plain):
        if text := " ".join(html.unescape(piece).split()):
            yield text


def leftover(body: str, known: list[str]) -> list[str]:
    """Pieces of text of which, without data and citations, Chinese is left."""
    found = []
    for text in dict.fromkeys(shown(body)):
        if HAN.search(text):
            rest = CITED.sub(" ", text)
            for value in known:
                if value in rest:
                    rest = rest.replace(value, " ")
            if HAN.search(rest):
                found.append(f"{text} ⟨{' '.join(HAN.findall(rest))}⟩")
    return found


def folder() -> str:
    """Where pictures go; nowhere unless KAOPEI_PICTURES says so."""
    return os.environ.get("KAOPEI_PICTURES", "")
