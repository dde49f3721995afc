"""The English page: what Python and the law say in Chinese, by one book, piece of text by piece of text (ADR 16).

Templates carry both languages side by side (ADR 4). Verdicts, states, options of forms, messages and our own words of the law are
Chinese where they are made; here the finished page is read once and every piece that the book knows is said in English. What the book
does not know is data (names, what people typed, titles of texts) and is marked as Chinese for whoever has the page read aloud.
"""

import re
import tomllib
from functools import cache
from html import escape, unescape
from pathlib import Path

from kaopei.office.accounts import roles

BOOKS = Path(__file__).parent
HAN = re.compile(r"[\u4e00-\u9fff]")
TAGS = re.compile(r"(<[^>]*>)")
NAME = re.compile(r"</?([a-zA-Z0-9]+)")
SAID = re.compile(r'\b(aria-label|title|placeholder|alt)="([^"]*[\u4e00-\u9fff][^"]*)"')
# What people have typed, what they sign word for word, and what is no text.
LEFT = frozenset({"textarea", "script", "style", "pre", "code"})
# No element may stand in these.
BARE = frozenset({"option", "title", "text", "tspan", "optgroup"})
# Between pieces of a line. Neither digits nor strokes: 第01考试点 is one name.
BETWEEN = re.compile(r"([，。；：、！？（）()·|—…“”→←:,;\s]+)")
PUNCTUATION = str.maketrans({"，": ", ", "。": ". ", "；": "; ", "：": ": ", "、": ", ", "（": " (", "）": ")", "！": "! ", "？": "? "})


@cache
def book() -> dict[str, str]:
    """Chinese → English, all files together; a piece with `{}` is a shape."""
    found: dict[str, str] = {}
    for path in sorted(BOOKS.glob("*.toml")):
        for zh, en in tomllib.loads(path.read_text(encoding="utf-8")).items():
            if zh in found and found[zh] != en:
                raise ValueError(f"{path.name}：“{zh}”有两种英文")
            found[zh] = en
    return {**{role.zh: role.en for role in roles.catalogue().roles.values()}, **found}


@cache
def _shapes() -> list[tuple[re.Pattern[str], str]]:
    """Sentences with values, the longest first."""
    keys = sorted((key for key in book() if "{}" in key), key=len, reverse=True)
    return [(re.compile(re.escape(key).replace(r"\{\}", "(.+?)"), re.DOTALL), book()[key]) for key in keys]


def say(text: str) -> str:
    """A piece in English as far as the book knows it; the rest stays."""
    plain = " ".join(text.split())
    if plain in book():
        return book()[plain]
    return _shaped(plain) or _pieces(plain)


@cache
def _shaped(plain: str) -> str:
    for shape, english in _shapes():
        if match := shape.fullmatch(plain):
            return english.format(*(say(part) if HAN.search(part) else part for part in match.groups()))
    return ""


def _pieces(plain: str) -> str:
    """Word by word between its signs. Only if something is known: a name keeps its own signs."""
    parts = BETWEEN.split(plain)
    said = [book().get(part) or (_shaped(part) if HAN.search(part) and len(parts) > 1 else "") or part for part in parts]
    if said == parts:
        return plain
    if HAN.search("".join(said)):
        return "".join(said)  # what is left is data and keeps its signs
    return re.sub(r" {2,}", " ", "".join(said).translate(PUNCTUATION)).strip()


def page(html: str) -> str:
    """The whole page, or a part of one, with its texts in English."""
    if not HAN.search(html):
        return html
    out: list[str] = []
    inside: list[str] = []
    for piece in TAGS.split(html):
        if piece.startswith("<"):
            _enter(inside, piece)
            out.append(SAID.sub(_attribute, piece) if HAN.search(piece) else piece)
        elif HAN.search(piece) and not (inside and inside[-1] in LEFT):
            out.append(_text(piece, is_bare=bool(inside) and inside[-1] in BARE))
        else:
            out.append(piece)
    return "".join(out)


def _enter(inside: list[str], tag: str) -> None:
    """Which of the elements that are treated apart we are in."""
    found = NAME.match(tag)
    name = found[1].lower() if found else ""
    if name in LEFT or name in BARE:
        if tag.startswith("</"):
            inside[:] = inside[:-1]
        elif not tag.endswith("/>"):
            inside.append(name)


def _attribute(match: re.Match[str]) -> str:
    return f'{match[1]}="{escape(say(unescape(match[2])))}"'


def _text(piece: str, *, is_bare: bool) -> str:
    text = unescape(piece)
    before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
    said = escape(say(text), quote=False)
    if HAN.search(said) and not is_bare:
        said = f'<span lang="zh-CN">{said}</span>'
    return f"{before}{said}{after}"
