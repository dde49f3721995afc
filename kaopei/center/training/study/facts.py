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
    # Reasons that a person has decided not to hold against it.
    lifted: frozenset[str] = frozenset()
    # A counter-entry without times, or an upheld lead, took it out: T01.
    struck: bool = False


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


@dataclass(slots=True)
class Stream:
    """Events of one learner, unit and device, packed: a line each, `at TAB kind TAB position TAB result`. Ten million need 250 MB."""

    study_class: str
    learner: str
    unit: str
    device: str
    lines: bytearray

    def add(self, at: int, kind: str, position: int, result: str) -> None:
        """One more event, in whatever order they come."""
        self.lines += line(at, kind, position, result).encode()

    def events(self) -> list[tuple[int, str, int, str]]:
        """(at, kind, position, result) by time; those of one second in the order in which they came."""
        rows = [text.split("\t") for text in self.lines.decode().splitlines()]
        found = [(int(at), kind, int(position), result) for at, kind, position, result in rows]
        found.sort(key=_moment)
        return found


def line(at: int, kind: str, position: int, result: str) -> str:
    """An event as streams and StudyRecord keep it; a tab or a line end inside a field would be another event and becomes a blank."""
    if result and not result.isalnum():
        result = " ".join(result.split())
    return f"{at}\t{kind if kind.isalnum() else ' '.join(kind.split())}\t{position}\t{result}\n"


def _moment(event: tuple[int, str, int, str]) -> int:
    return event[0]


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
    streams: list[Stream] = field(default_factory=list)
    # (class, learner, unit) → reasons that a person has decided not to hold against it
    lifted: dict[tuple[str, str, str], frozenset[str]] = field(default_factory=dict)
    # (class, learner, unit) that an upheld lead took out: T01
    struck: set[tuple[str, str, str]] = field(default_factory=set)
    elsewhere: list[Elsewhere] = field(default_factory=list)
    teachers: list[Teacher] = field(default_factory=list)


@dataclass
class Crowd:
    """What only many people together show: records that came and went in the same seconds, or from one device."""

    identical: set[str] = field(default_factory=set)
    shared: set[str] = field(default_factory=set)
    # (device, day since 1970) of online study that too many learners used
    devices: set[tuple[str, int]] = field(default_factory=set)


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
