"""Facts of one exam day at the sites. Times are seconds since 1970 as the clock on the wall shows them (no zone)."""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Settings:
    """What a city sets; samples of its rules, shown as assumptions. Seconds and minutes as named."""

    lead_minutes: int = 15
    frozen_seconds: int = 60
    offset_seconds: int = 30
    beat_gap_seconds: int = 60
    missing_seconds: int = 5
    unseal_minutes: int = 60
    core_room: str = "机房"
    core_tail: str = ".254"


SAMPLE = Settings()
CHECKS = ("网络", "服务器", "监控", "终端")


@dataclass(frozen=True, slots=True)
class Device:
    """A device in the baseline that is in force on the day."""

    room: str
    kind: str
    mac: str
    address: str
    label: str


@dataclass(frozen=True, slots=True)
class Seen:
    """One thing that was heard on the exam LAN."""

    at: int
    kind: str
    mac: str
    address: str
    content: str


@dataclass(frozen=True, slots=True)
class CameraEvent:
    """A camera's state from a moment on, or a check of its clock (`offset`, with the seconds)."""

    at: int
    state: str
    offset: float | None


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the preparation of a room."""

    room: str
    item: str
    result: str
    person: str
    begin: int | None
    end: int | None
    sealed: int | None
    unsealed: int | None


@dataclass
class SiteDay:
    """Everything of one site; `sittings` are (start, end) of the day's theory sittings."""

    site: str
    host: str
    day: dt.date
    sittings: list[Span] = field(default_factory=list)
    devices: list[Device] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    cameras: dict[str, list[CameraEvent]] = field(default_factory=dict)
    beats: dict[str, list[int]] = field(default_factory=dict)
    recordings: dict[str, list[Span]] = field(default_factory=dict)
    checks: list[Check] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Finding:
    """A lead for a person to look into, with what it rests on."""

    kind: str
    object: str
    begin: int | None
    end: int | None
    clause: str
    note: str = ""


def merged(spans: Iterable[Span]) -> Iterator[Span]:
    """The spans without overlaps, in order."""
    held: Span | None = None
    for begin, end in sorted(spans):
        if held and begin <= held[1]:
            held = (held[0], max(held[1], end))
            continue
        if held:
            yield held
        held = (begin, end)
    if held:
        yield held


def without(spans: Iterable[Span], holes: Iterable[Span]) -> Iterator[Span]:
    """What is left of the spans outside the holes."""
    gaps = list(merged(holes))
    for begin, end in spans:
        for first, last in gaps:
            if last <= begin or first >= end:
                continue
            if begin < first:
                yield begin, first
            begin = max(begin, last)
        if begin < end:
            yield begin, end
