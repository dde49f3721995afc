"""Every page of the office as each role that may see it, in both languages: it opens, the English one is English, axe finds nothing,
and a page that reads a dated number of the law names it in its 依据.

Pictures of all pages go to the folder that KAOPEI_PICTURES names.
"""

import json
import os
from collections import Counter
from pathlib import Path

import pytest

from kaopei.law import numbers
from tests.axe import findings
from tests.center.scope import walking
from tests.edge.chromium import MARKS, started

SHARE = 40
# The ordinary run looks at the registry's pages only: a new Chinese word elsewhere is the long run's to find.
SAMPLE = "registry:"
# A page that reads a number only to pass it on, or that only lists what others decide.
PASSES_ON = {"today", "results:csv"}


def used(matrix, monkeypatch, share):
    """(pages seen, those that read a number of the law without naming it)."""
    read: set[str] = set()
    real = numbers.of

    def of(key, day):
        found = real(key, day)  # one that does not exist is not read
        read.add(key)
        return found

    monkeypatch.setattr(numbers, "of", of)
    from kaopei.office.ui import figures

    monkeypatch.setattr(figures.numbers, "of", of)
    count, silent = 0, {}
    for one, path in matrix.addresses:
        if one.name in walking.NO_PAGES or one.name.startswith("api:"):
            continue
        for role, place in matrix.people:
            if place != "own" or hash_of(one.name, role) % share:
                continue
            read.clear()
            with monkeypatch.context() as patch:
                patch.setattr(figures, "of_law", lambda key, day: named(key))
                seen = walking.look(matrix, one.name, path, role, "zh")
            if seen is None or seen.status != 200:
                continue
            count += 1
            missing = {key for key in read if f'data-number="{key}"' not in seen.body}
            if missing and one.name not in PASSES_ON:
                silent[one.name] = sorted(missing)
    return count, silent


def named(key):
    """A figure that reads nothing, so that only what the page itself reads is counted."""
    from kaopei.office.ui.figures import Figure

    return Figure(key, key, "", "", "", "", "", True)


def hash_of(*words):
    import zlib

    return zlib.crc32("|".join(words).encode())


def english(matrix, share, app=""):
    """(pages, {piece of Chinese text: pages}) of the English pages; pages that do not open are told apart."""
    known, count = walking.data(), 0
    left, broken, done = {}, [], {}
    for seen in walking.walk(matrix, ("en",), share, app):
        count += 1
        if seen.status >= 500:
            broken.append(f"{seen.path} {seen.role}: {seen.status}")
        if seen.main in done:
            continue
        done[seen.main] = True
        for text in walking.leftover(seen.body, known):
            left.setdefault(text, []).append(seen.name)
    return count, left, broken


def kept(name, content):
    if folder := walking.folder():
        Path(folder).mkdir(parents=True, exist_ok=True)
        (Path(folder) / name).write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")


def test_sample_of_english_pages_is_english(month):
    count, left, broken = english(month.matrix, 4, SAMPLE)
    assert count >= 10 and not broken
    assert not left, "\n".join(f"{text}: {set(names)}" for text, names in left.items())


@pytest.mark.long
def test_every_english_page_is_english(month):
    count, left, broken = english(month.matrix, 1)
    kept("leftover.json", {text: sorted(set(names)) for text, names in left.items()})
    print(f"{count} English pages, {len(left)} pieces of Chinese left")
    assert count >= 300 and not broken, broken
    assert not left, "\n".join(f"{text}: {sorted(set(names))}" for text, names in left.items())


def test_sample_of_pages_names_the_numbers_it_reads(month, monkeypatch):
    count, silent = used(month.matrix, monkeypatch, SHARE)
    assert count >= 5 and not silent, silent


@pytest.mark.long
def test_every_page_names_the_numbers_it_reads(month, monkeypatch):
    count, silent = used(month.matrix, monkeypatch, 1)
    kept("numbers.json", silent)
    print(f"{count} pages")
    assert count >= 300 and not silent, silent


def pictured(matrix, share, langs):
    """(pages looked at in the browser, findings of axe by page). Pages that look the same for another role are looked at once."""
    chosen = {}
    for seen in walking.walk(matrix, langs, share):
        # What a page fetches into itself is seen there: it is no page.
        if seen.status in (200, 403, 422) and "<html" in seen.body:
            chosen.setdefault((seen.name, seen.lang, seen.main), seen)
    found: dict[str, list[str]] = {}
    count: Counter[str] = Counter()
    with started() as browser:
        page = browser.new_page(viewport={"width": 1366, "height": 768})
        for seen in chosen.values():
            show(page, seen)
            if wrong := findings(page):
                found[f"{seen.path} {seen.role} {seen.lang}"] = wrong
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                found.setdefault(f"{seen.path} {seen.role} {seen.lang}", []).append("wider than the screen")
            count[seen.lang] += 1
            if folder := walking.folder():
                name = f"{seen.name}-{seen.role}-{seen.lang}".replace(":", "_")
                page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=False)
    return count, found


def show(page, seen):
    """The page as the program gave it; only files of ours are served, from the disk."""
    from django.contrib.staticfiles import finders

    def answer(route):
        path = route.request.url.split("?")[0].split("/", 3)[3]
        file = finders.find(path.removeprefix("static/")) if path.startswith("static/") else None
        if route.request.resource_type == "document":
            route.fulfill(status=200, content_type="text/html; charset=utf-8", body=seen.body)
        elif file:
            route.fulfill(path=file)
        else:
            route.fulfill(status=404, body="")

    page.unroute_all()
    page.route("**/*", answer)
    page.goto(f"http://office.test{seen.path}", wait_until="load")


@pytest.mark.long
@pytest.mark.parametrize("mark", [pytest.param(None, marks=MARKS)])
def test_every_page_is_clean_in_a_browser(month, mark):
    share = int(os.environ.get("KAOPEI_PAGES_SHARE", "1"))
    count, found = pictured(month.matrix, share, ("zh", "en"))
    kept("axe.json", found)
    print(f"{dict(count)} pages looked at, {len(found)} with findings")
    assert not found, json.dumps(found, ensure_ascii=False, indent=1)[:6000]


def test_planted_chinese_is_found():
    """Without a database: a word that nobody translated is left, data and citations are not."""
    page = '<p title="没有译">佛山甲</p><p>二（三） N2.3.2</p><p>又一句：佛山甲</p><textarea>他写的</textarea>'
    page += '<code lang="zh-CN">容量</code><code lang="zh-CN">不是列名</code>'
    assert [text.split(" ⟨")[0] for text in walking.leftover(page, ["佛山甲"])] == ["没有译", "又一句：佛山甲", "不是列名"]
