"""The facts that hours are counted from. Times are seconds since 1970 as the clock on the wall shows them (no zone)."""

import datetime as dt
from dataclasses import dataclass, field

DAY = 86400


@dataclass(frozen=True, slots=True)
class StudyClass:
    """A class as reported before it began."""

    number: str
    institution: str
    room: str
    longitude: float | None
    latitude: float | None


@dataclass(frozen=True, slots=True)
class Lesson:
    """One lesson of the timetable. Lessons with the same `merged` number are one lesson of several classes."""

    place: int
    study_class: str
    day: dt.date
    start: int
    end: int
    unit: str
    teacher: str
    room: str
    capacity: int | None
    merged: str

    @property
    def same(self) -> tuple[object, ...]:
        """What makes lessons of several classes one."""
        return (self.merged, self.start) if self.merged else (self.study_class, self.place)


@dataclass(slots=True)
class SignIn:
    """One record of presence. `code` is why it does not count (empty: it counts), `lesson` the lesson that it belongs to."""

    number: str
    study_class: str
    learner: str
    day: dt.date
    unit: str
    begin: int
    end: int | None
    evidence: frozenset[str]
    device: str
    room: str
    longitude: float | None
    latitude: float | None
    recorded: int | None
    supplement: str
    lesson: Lesson | None = None
    code: str = ""
    minutes: int = 0


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A certificate of training somewhere else; online courses clash with nothing."""

    learner: str
    first: dt.date
    last: dt.date
    classroom: bool


@dataclass(frozen=True, slots=True)
class Teacher:
    """A teacher as reported by an institution (None = never), and until when the report holds."""

    institution: str
    person: str
    reported: dt.date | None
    until: dt.date | None


@dataclass(frozen=True, slots=True)
class OnlineEvent:
    """One event of an online lesson; `position` in seconds of the film, `result` of a check or quiz."""

    study_class: str
    learner: str
    unit: str
    at: int
    kind: str
    position: int
    result: str
    device: str


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A learner of a class, with the hours claimed for him (None: no application of this month)."""

    study_class: str
    serial: str
    learner: str
    claimed: int | None


@dataclass
class Study:
    """Everything of a city's month."""

    classes: dict[str, StudyClass] = field(default_factory=dict)
    lessons: list[Lesson] = field(default_factory=list)
    fixed_devices: frozenset[str] = frozenset()
    enrolled: list[Enrolled] = field(default_factory=list)
    sign_ins: list[SignIn] = field(default_factory=list)
    events: list[OnlineEvent] = field(default_factory=list)
    elsewhere: list[Elsewhere] = field(default_factory=list)
    teachers: list[Teacher] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Finding:
    """A lead for a person to look into: never a verdict. `rows` are the records behind it."""

    kind: str
    object: str
    begin: int | None
    end: int | None
    clause: str
    study_class: str = ""
    rows: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    note: str = ""
