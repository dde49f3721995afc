"""一（三） Hours of every learner of every class: lessons and units together, not more than a day holds."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from kaopei.center.training.study import classroom, online
from kaopei.center.training.study.facts import DAY, Crowd, SignIn, Study
from kaopei.center.training.study.online import Unit
from kaopei.center.training.study.settings import SAMPLE, Settings


@dataclass
class Total:
    """One row of the roster: `records` rows or units, minutes before and after exclusion, minutes excluded by code."""

    records: int = 0
    gross: int = 0
    effective: int = 0
    excluded: dict[str, int] = field(default_factory=dict)

    def leave_out(self, code: str, minutes: int) -> None:
        """Count minutes as excluded."""
        self.excluded[code] = self.excluded.get(code, 0) + minutes


@dataclass(frozen=True, slots=True)
class Piece:
    """Minutes that count, as the limit of a day sees them: when they began and ended, of whom, in which class."""

    begin: int
    end: int
    study_class: str
    learner: str
    minutes: int
    rows: tuple[str, ...]


@dataclass
class Counted:
    """What counting gave."""

    study: Study
    units: list[Unit]
    totals: dict[tuple[str, str], Total]
    days: dict[tuple[str, int], list[Piece]]
    settings: Settings

    def hours(self, study_class: str, learner: str) -> int:
        """Whole hours of a learner in a class."""
        total = self.totals.get((study_class, learner))
        return total.effective // self.settings.hour_minutes if total else 0


def count(study: Study, settings: Settings = SAMPLE, crowd: Crowd | None = None) -> Counted:
    """Judge all records and add up. With a `crowd`, `study` may hold some learners only: all of theirs, in whatever class."""
    classroom.judge(study, settings, crowd)
    found = online.units(study.events, settings, study.streams)
    online.judge(study, found, settings, crowd)
    counted = Counted(study, found, {}, {}, settings)
    pieces = [*_lessons(counted), *_films(counted)]
    for piece in pieces:
        counted.days.setdefault((piece.learner, piece.begin // DAY), []).append(piece)
    for day in counted.days.values():
        day.sort(key=lambda piece: (piece.begin, piece.end))
        left = settings.day_minutes
        for piece in day:
            kept = min(left, piece.minutes)
            left -= kept
            total = counted.totals[piece.study_class, piece.learner]
            total.effective += kept
            if kept < piece.minutes:
                total.leave_out("E09", piece.minutes - kept)
    return counted


def _total(counted: Counted, study_class: str, learner: str) -> Total:
    return counted.totals.setdefault((study_class, learner), Total())


def _lessons(counted: Counted) -> Iterator[Piece]:
    """Records of one learner in one lesson count together; those excluded take their own minutes with them."""
    together: dict[tuple[object, ...], list[SignIn]] = {}
    for record in counted.study.sign_ins:
        total = _total(counted, record.study_class, record.learner)
        total.records += 1
        if record.code:
            total.gross += record.minutes
            total.leave_out(record.code, record.minutes)
        else:
            lesson = record.lesson
            assert lesson is not None
            together.setdefault((record.study_class, record.learner, lesson.place), []).append(record)
    for records in together.values():
        minutes = classroom.minutes(records, counted.settings)
        first = records[0]
        _total(counted, first.study_class, first.learner).gross += minutes
        ends = max(record.end or 0 for record in records)
        rows = tuple(record.number for record in records)
        yield Piece(min(record.begin for record in records), ends, first.study_class, first.learner, minutes, rows)


def _films(counted: Counted) -> Iterator[Piece]:
    for unit in counted.units:
        total = _total(counted, unit.study_class, unit.learner)
        total.records += 1
        minutes, lost = unit.minutes(counted.settings), unit.lost_minutes()
        total.gross += minutes + lost
        # What was lost while nobody watched is E12 in any case; a code for the whole unit takes the minutes that would count.
        if lost:
            total.leave_out("E12", lost)
        if unit.code:
            total.leave_out(unit.code, minutes)
            continue
        yield Piece(unit.first, unit.last, unit.study_class, unit.learner, minutes, (unit.unit,))


COLUMNS = ("class", "row_no", "id", "records", "gross_minutes", "effective_minutes", "hours", "claimed", "excluded")


def rows(counted: Counted) -> Iterator[tuple[str, ...]]:
    """`hours.csv`, in the order of the roster."""
    for one in counted.study.enrolled:
        total = counted.totals.get((one.study_class, one.learner), Total())
        excluded = ";".join(f"{code}:{minutes}" for code, minutes in sorted(total.excluded.items()))
        hours = counted.hours(one.study_class, one.learner)
        claimed = "" if one.claimed is None else str(one.claimed)
        yield (
            one.study_class, one.serial, one.learner, str(total.records), str(total.gross), str(total.effective), str(hours), claimed,
            excluded,
        )  # fmt: skip
