"""Parts of pages: `{% load ui %}` … `{% t "中文" "English" %}`, `{% verdict v %}`, `{% pager page %}`, `{{ d|day }}`."""

import hashlib
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from django import template
from django.contrib.staticfiles import finders
from django.utils.html import format_html
from django.utils.safestring import SafeString

from kaopei.law import calendar, duties, sources, terms
from kaopei.law.verdict import Verdict
from kaopei.office.clock import CHINA
from kaopei.office.ui import figures

register = template.Library()
WEEKDAYS = "一二三四五六日"


@register.simple_tag(takes_context=True)
def t(context: template.Context, zh: str, en: str) -> str:
    """The Chinese text, or the English one where the person has switched."""
    return en if context.get("lang") == "en" else zh


@register.simple_tag
def asset(path: str) -> str:
    """Address of a file of ours or of a wheel, with its digest so that browsers may keep it for ever."""
    return f"/static/{path}?v={_digest(path)}"


@lru_cache(maxsize=64)
def _digest(path: str) -> str:
    found = finders.find(path)
    if not found:
        raise ValueError(f"没有静态文件 {path}")
    with open(str(found), "rb") as file:  # noqa: PTH123
        return hashlib.file_digest(file, "sha256").hexdigest()[:12]


@register.filter
def day(value: date | datetime | None) -> str:
    """2026-12-07 周一"""
    if value is None:
        return "—"
    if isinstance(value, datetime):
        value = value.astimezone(CHINA).date()
    return f"{value:%Y-%m-%d} 周{WEEKDAYS[value.weekday()]}"


@register.inclusion_tag("ui/part_due.html", takes_context=True)
def due(context: template.Context, value: date) -> dict[str, Any]:
    """A last day with the working days that are left or lost; only the day where a year's calendar is not entered."""
    today, english = context["now"].date(), context.get("lang") == "en"
    first, last = sorted((today, value))
    try:
        count = sum(calendar.is_working_day(first + timedelta(days=place)) for place in range(1, (last - first).days + 1))
    except calendar.NotEntered:
        return {"day": day(value), "left": "", "late": value < today}
    if value == today:
        left = "today" if english else "今天到期"
    elif value < today:
        left = f"{count} working days overdue" if english else f"已逾期 {count} 个工作日"
    else:
        left = f"{count} working days left" if english else f"还剩 {count} 个工作日"
    return {"day": day(value), "left": left, "late": value < today}


@register.filter
def moment(value: datetime | None) -> str:
    """2026-12-07 周一 09:30"""
    if value is None:
        return "—"
    return f"{day(value)} {value.astimezone(CHINA):%H:%M}"


@register.filter
def short(value: str, length: int = 12) -> SafeString:
    """The beginning of a digest, the whole on hover."""
    return format_html('<code class="digest" title="{}">{}…</code>', value, str(value)[: int(length)])


@register.filter
def cite(number: str) -> str:
    """二（三） N2.3.2"""
    return terms.cite(number)


@register.filter
def grouped(value: str) -> str:
    """A digest in groups of eight, to be compared by eye."""
    text = str(value)
    return " ".join(text[start : start + 8] for start in range(0, len(text), 8))


DECISIONS = {
    "accept": ("通过", "accept", "M4 11l4 4 8-9"),
    "refuse": ("不通过", "refuse", "M5 5l10 10M15 5L5 15"),
    "hold": ("待定", "hold", "M10 4v8M10 15v1"),
}


@register.inclusion_tag("ui/part_chip.html")
def decision(value: str, text: str = "") -> dict[str, Any]:
    """accept, refuse or hold as a chip of shape and word."""
    word, kind, path = DECISIONS[value]
    return {"text": text or word, "kind": kind, "path": path}


CHIPS = {
    "good": DECISIONS["accept"][2],
    "bad": DECISIONS["refuse"][2],
    "wait": DECISIONS["hold"][2],
    "plain": "",
    "run": "M6 4l8 6-8 6z",
}
NAMED = {"good": "accept", "bad": "refuse", "wait": "hold", "plain": "plain", "run": "run"}


@register.inclusion_tag("ui/part_chip.html")
def chip(kind: str, text: str) -> dict[str, Any]:
    """A state as shape and word: good, bad, wait, run or plain."""
    return {"text": text, "kind": NAMED[kind], "path": CHIPS[kind]}


@register.inclusion_tag("ui/part_verdict.html", takes_context=True)
def verdict(context: template.Context, value: Verdict) -> dict[str, Any]:
    """A verdict with all its reasons and clauses."""
    return {"verdict": value, "lang": context.get("lang")}


@register.inclusion_tag("ui/part_pager.html", takes_context=True)
def pager(context: template.Context, page: Any) -> dict[str, Any]:
    """Links of a Django Page that keep the filters of the address."""
    query = context["request"].GET.copy()
    query.pop("page", None)
    rest = query.urlencode()
    return {"page": page, "rest": f"&{rest}" if rest else "", "lang": context.get("lang")}


@register.inclusion_tag("ui/part_basis.html", takes_context=True)
def basis(context: template.Context, *numbers: str) -> dict[str, Any]:
    """The duties that this page carries out, in our own words, since when; the dated numbers and the settings it decides by.

    Arguments are duties (N2.3.2) and keys of further numbers (ep.camera_lead); those of the duties come by themselves.
    """
    cited, day = [number for number in numbers if number[0] == "N"], context["now"].date()
    known = duties.all_duties()
    notice = sources.get("NOTICE")
    return {
        "rows": [{"cite": terms.cite(number), "text": known[number].text} for number in cited],
        "figures": [figures.of_law(key, day) for key in figures.keys(cited, [number for number in numbers if number not in cited])],
        "settings": [*figures.of_words(cited), *figures.of_cities(cited, context.get("person"), day)],
        "notice": notice,
        "state": sources.STATE_NAMES[notice.on(context["now"].date())],
        "lang": context.get("lang"),
    }


@register.inclusion_tag("ui/part_field.html")
def field(bound: Any) -> dict[str, Any]:
    """A form's field with label, help and what is wrong with it."""
    return {"field": bound}


@register.inclusion_tag("ui/part_steps.html")
def steps(rows: Any) -> dict[str, Any]:
    """Steps across the top: rows of (text, state) or (text, state, url); state is done, now, todo or late."""
    return {"rows": [(*row, "")[:3] for row in rows]}
