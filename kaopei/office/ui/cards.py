"""What an app puts on the page of today: `AppConfig.cards(user, at) -> list[Card]`."""

from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True)
class Line:
    """One thing to do or to look at, with the day it is due."""

    text: str
    url: str = ""
    note: str = ""
    due: date | None = None


@dataclass(frozen=True)
class Day:
    """One day of a calendar strip: how many, and where they are."""

    day: date
    count: int
    url: str = ""
    note: str = ""


@dataclass(frozen=True)
class Card:
    """A group of lines; lower weight stands higher. `empty` says what to do first when there is no line.

    `strip`: seven days side by side (the sittings to come), over the whole width.
    """

    zh: str
    en: str
    lines: list[Line] = field(default_factory=list)
    count: int | None = None
    url: str = ""
    weight: int = 50
    empty: str = ""
    strip: list[Day] = field(default_factory=list)


@dataclass(frozen=True)
class NavItem:
    """One place of an app in the left column; shown to people who may do `act`."""

    zh: str
    en: str
    url: str
    act: str
