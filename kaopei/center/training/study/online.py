"""一（一） Online units: which seconds of a film were watched, and which units do not count at all.

A unit that does not count keeps the first reason in the order E11, E14, E13, E07, E15 (no quiz, or too few points).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from kaopei.center.training.study.classroom import united
from kaopei.center.training.study.facts import DAY, Crowd, OnlineEvent, Stream, Study
from kaopei.center.training.study.settings import Settings

Span = tuple[int, int]
# at, kind, position, result
Event = tuple[int, str, int, str]


@dataclass
class Unit:
    """One learner's work on one unit. Spans are (begin, end); `played` and `idle` in time, `watched` in the film."""

    study_class: str
    learner: str
    unit: str
    first: int
    last: int = 0
    watched: list[Span] = field(default_factory=list)
    played: dict[str, list[Span]] = field(default_factory=dict)
    idle: list[Span] = field(default_factory=list)
    lost_seconds: int = 0
    too_fast: bool = False
    checks: set[int] = field(default_factory=set)
    quiz: tuple[int, float] | None = None
    devices: set[tuple[str, int]] = field(default_factory=set)
    code: str = ""
    lifted: frozenset[str] = frozenset()

    @property
    def day(self) -> int:
        """Days since 1970 of its first event."""
        return self.first // DAY

    def minutes(self, settings: Settings) -> int:
        """Whole minutes of the film that were watched, each second once."""
        return min(settings.unit_minutes, sum(end - begin for begin, end in united(self.watched)) // 60)

    def lost_minutes(self) -> int:
        """Whole minutes that ran without a sign of life or behind other windows."""
        return self.lost_seconds // 60


def units(events: Iterable[OnlineEvent], settings: Settings, packed: Iterable[Stream] = ()) -> list[Unit]:
    """All units, in the order of their first row."""
    streams: dict[tuple[str, str, str, str], list[Event]] = {}
    for event in events:
        key = (event.study_class, event.learner, event.unit, event.device)
        streams.setdefault(key, []).append((event.at, event.kind, event.position, event.result))
    found: dict[tuple[str, str, str], Unit] = {}
    for (study_class, learner, unit, device), stream in streams.items():
        stream.sort(key=lambda event: event[0])
        _join(found, (study_class, learner, unit), device, stream, settings)
    for one in packed:
        _join(found, (one.study_class, one.learner, one.unit), one.device, one.events(), settings)
    return list(found.values())


def _join(found: dict[tuple[str, str, str], Unit], key: tuple[str, str, str], device: str, stream: Sequence[Event], settings: Settings) -> None:
    made = found.setdefault(key, Unit(*key, stream[0][0]))
    made.first, made.last = min(made.first, stream[0][0]), max(made.last, stream[-1][0])
    _watch(made, device, stream, settings)


def _watch(unit: Unit, device: str, stream: Sequence[Event], settings: Settings) -> None:
    playing = focused = False
    before: Event | None = None
    idle_from: int | None = None
    for event in stream:
        at, kind = event[0], event[1]
        unit.devices.add((device, at // DAY))
        if before is not None and playing:
            counted = _interval(unit, device, before, event, focused, settings)
            if counted and idle_from is not None:
                unit.idle.append((idle_from, before[0]))
                idle_from = None
            elif not counted and idle_from is None:
                idle_from = before[0]
        if kind == "play":
            playing = focused = True
        elif kind == "pause":
            playing = False
        elif kind in ("blur", "focus"):
            focused = kind == "focus"
        elif kind in ("identity-check", "quiz"):
            _result(unit, event, settings)
        if not playing and idle_from is not None:
            unit.idle.append((idle_from, at))
            idle_from = None
        before = event
    if idle_from is not None and before is not None:
        unit.idle.append((idle_from, before[0]))


def _interval(unit: Unit, device: str, before: Event, event: Event, focused: bool, settings: Settings) -> bool:
    """Whether the time between two events of a playing film counts."""
    seconds, moved = event[0] - before[0], event[2] - before[2]
    unit.played.setdefault(device, []).append((before[0], event[0]))
    if event[1] == "seek":
        # Where the film stood when it was dragged is not known: the last piece before does not count, and is no idling.
        return True
    if seconds > settings.beat_seconds or not focused:
        unit.lost_seconds += max(0, moved)
        # A film that stood still (no line) has nothing to count and nothing to suspect.
        return moved <= 0
    if moved > 0:
        unit.watched.append((before[2], event[2]))
        if 100 * moved > settings.speed_percent * seconds + 100 * settings.speed_slack_seconds:
            unit.too_fast = True
    return True


def _result(unit: Unit, event: Event, settings: Settings) -> None:
    at, kind, position, result = event
    if kind == "identity-check":
        if result == "pass":
            unit.checks.add(position // settings.check_seconds)
        return
    try:
        points = float(result)
    except ValueError:
        points = 0.0
    if unit.quiz is None or at >= unit.quiz[0]:
        unit.quiz = (at, points)


def judge(study: Study, found: list[Unit], settings: Settings, crowd: Crowd | None = None) -> None:
    """Give every unit that does not count its code. `crowd` names the shared devices where `study` holds only some learners."""
    overlapping = {id(unit) for one, other, _ in two_devices(found) for unit in (one, other)}
    if crowd is None:
        shared = {id(unit) for _, group in shared_devices(found, study, settings) for unit in group}
    else:
        shared = {id(unit) for unit in found if unit.devices & crowd.devices}
    for unit in found:
        key = (unit.study_class, unit.learner, unit.unit)
        unit.lifted = study.lifted.get(key, frozenset())
        reasons = (
            ("T01", key in study.struck),
            ("E11", unit.too_fast),
            ("E14", not checked(unit, settings)),
            ("E13", id(unit) in overlapping),
            ("E07", id(unit) in shared),
            ("E15", unit.quiz is None or unit.quiz[1] < settings.quiz_points),
        )
        unit.code = next((code for code, holds in reasons if holds and code not in unit.lifted), "")


def checked(unit: Unit, settings: Settings) -> bool:
    """Whether the learner was recognised in every part of the film."""
    parts = settings.unit_minutes * 60 // settings.check_seconds
    return unit.checks >= set(range(parts))


def two_devices(found: Iterable[Unit]) -> list[tuple[Unit, Unit, Span]]:
    """E13: two units of one learner that played on two devices at once, and when."""
    of: dict[str, list[tuple[int, int, str, Unit]]] = {}
    for unit in found:
        for device, spans in unit.played.items():
            of.setdefault(unit.learner, []).extend((begin, end, device, unit) for begin, end in united(spans))
    pairs: dict[tuple[int, int], tuple[Unit, Unit, Span]] = {}
    for rows in of.values():
        rows.sort(key=lambda row: row[:3])
        for place, (begin, end, device, unit) in enumerate(rows):
            for other_begin, other_end, other_device, other in rows[place + 1 :]:
                if other_begin >= end:
                    break
                if device != other_device and unit is not other:
                    key = (min(id(unit), id(other)), max(id(unit), id(other)))
                    span = (max(begin, other_begin), min(end, other_end))
                    if key in pairs:
                        span = (min(span[0], pairs[key][2][0]), max(span[1], pairs[key][2][1]))
                    pairs[key] = (unit, other, span)
    return list(pairs.values())


def shared_devices(found: Iterable[Unit], study: Study, settings: Settings) -> list[tuple[tuple[str, int], list[Unit]]]:
    """E07: a device that several learners used on one day."""
    groups: dict[tuple[str, int], list[Unit]] = {}
    for unit in found:
        for device, day in unit.devices:
            if device and device not in study.fixed_devices:
                groups.setdefault((device, day), []).append(unit)
    return [(key, group) for key, group in groups.items() if len({unit.learner for unit in group}) >= settings.device_people]
