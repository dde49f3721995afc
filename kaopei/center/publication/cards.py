"""What the page of today says about publications."""

from datetime import datetime
from typing import Any

from kaopei.center.publication import queries
from kaopei.center.publication.difference import difference
from kaopei.center.publication.drafts import GROUPS
from kaopei.law.rules.c1_2_reports import register_is_current
from kaopei.office.clock import CHINA
from kaopei.office.scope import PROVINCE
from kaopei.office.ui.cards import Card, Line

# Groups whose drafts are cheap enough to be compared at every opening of the page.
WATCHED = ("register", "calendar")


def cards(user: Any, at: datetime) -> list[Card]:
    """For people who publish: what has changed since it was published, and the register that has grown old."""
    city = user.city
    if not user.may("publication.publish") or city == PROVINCE:
        return []
    lines = [line for key in WATCHED for line in _lines(key, city, at)]
    empty = "" if lines else "没有等待公布的变动。"
    return [Card("公布", "Publication", lines=lines, count=len(lines), url="/publication/", weight=60, empty=empty)]


def _lines(key: str, city: str, at: datetime) -> list[Line]:
    found = difference(key, city, at)
    if not found.changes and not found.unchanged:
        return []
    url, today = f"/publication/{key}/", at.astimezone(CHINA).date()
    if found.changes:
        counted = "，".join(f"{word} {found.count(what)}" for what, word in WORDS.items() if found.count(what))
        return [Line(f"{GROUPS[key].zh}有变动未公布", url, counted)]
    newest = queries.newest_round(key, at, city)
    published_on = newest.at.astimezone(CHINA).date() if newest else today
    verdict = register_is_current(published_on, published_on, today)
    # Where next year's holidays are not entered yet the last day cannot be told; nobody is hurried then.
    overdue = key == "register" and verdict.code == "publication_overdue"
    return [Line("登记名单该再公布一次", url, verdict.text)] if overdue else []


WORDS = {"new": "新增", "changed": "变更", "gone": "不再列出"}
