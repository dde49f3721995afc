"""From a city's own files to the draw's input: the files of format xalloc/1, as bytes.

Prepared facts come in, bytes go out: no query, no clock. Days are counted from 1970-01-01.
"""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time, timedelta

from kaopei.center.allocation.geometry import Plane, centroid

FIRST_DAY = date(1970, 1, 1).toordinal()
FORMAT = "xalloc/1"
THEORY, PRACTICAL = "T", "P"


@dataclass(frozen=True, slots=True)
class CityFacts:
    code: str
    name: str
    longitude: float
    latitude: float
    own_school_allowed: bool = True
    accepts_cross: bool = False


@dataclass(frozen=True, slots=True)
class InstitutionFacts:
    code: str
    kind: str = "training"  # training | school | online


@dataclass(frozen=True, slots=True)
class SiteFacts:
    code: str
    kind: str  # public | attached | school
    host: str
    district: str
    place: tuple[float, float] | None  # longitude and latitude in degrees
    theory: tuple[str, ...]
    practical: tuple[str, ...] = ()
    closed: tuple[tuple[date, date], ...] = ()  # inclusive


@dataclass(frozen=True, slots=True)
class SittingFacts:
    code: str
    site: str
    day: date
    start: time
    part: str
    subjects: tuple[str, ...]
    seats: int


@dataclass(frozen=True, slots=True)
class CandidateFacts:
    pseudonym: str
    institution: str
    subject: str
    district: str
    training_end: date
    student: bool = False
    avoid: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SubjectFacts:
    name: str
    category: str
    has_practical: bool
    cross_city: bool


@dataclass(frozen=True, slots=True)
class PoolFacts:
    """Everything that may influence a draw, of one city and one part."""

    city: CityFacts
    part: str
    districts: tuple[str, ...]
    subjects: tuple[SubjectFacts, ...]
    institutions: tuple[InstitutionFacts, ...]
    sites: tuple[SiteFacts, ...]
    sittings: tuple[SittingFacts, ...]
    candidates: tuple[CandidateFacts, ...]
    controllers: Mapping[str, str]  # of institutions and of sites without one, on the first sitting day
    rules: Mapping[str, object] = field(default_factory=dict)


def day_number(day: date) -> int:
    return day.toordinal() - FIRST_DAY


def day_of(number: int) -> date:
    return date.fromordinal(number + FIRST_DAY)


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """CSV with minimal quoting and LF, rows in the order of their first columns."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_MINIMAL)
    writer.writerow(header)
    writer.writerows(sorted([str(cell) for cell in row] for row in rows))
    return out.getvalue().encode()


def listed(values: Iterable[str]) -> str:
    return ";".join(sorted(set(values), key=str.encode))


def files(facts: PoolFacts) -> dict[str, bytes]:
    """The instance. Canonical form and digest are made by the draw's own reader."""
    plane = Plane(facts.city.longitude, facts.city.latitude)
    placed = {site.code: plane.metres(*site.place) for site in facts.sites if site.place}
    return {
        "meta.json": meta(facts),
        "cities.csv": table(
            ("city_id", "name", "own_school_allowed", "accepts_cross"),
            [(facts.city.code, facts.city.name, int(facts.city.own_school_allowed), int(facts.city.accepts_cross))],
        ),
        "districts.csv": districts(facts, placed),
        "subjects.csv": table(("subject", "category", "has_practical", "cross_city"), subject_rows(facts.subjects)),
        **bodies(facts, placed),
        "suspensions.csv": table(
            ("point_id", "from_day", "to_day"),
            [(s.code, day_number(first), day_number(last)) for s in facts.sites for first, last in s.closed],
        ),
        "sessions.csv": sessions(facts),
        "candidates.csv": candidates(facts),
    }


def meta(facts: PoolFacts) -> bytes:
    counts = {"candidates": len(facts.candidates), "points": len(facts.sites), "sessions": len(facts.sittings)}
    counts["seats"] = sum(s.seats for s in facts.sittings)
    value = {"format": FORMAT, "rules": dict(facts.rules), **counts}
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def districts(facts: PoolFacts, placed: Mapping[str, tuple[int, int]]) -> bytes:
    """A district lies at the mean of its sites, suspended ones included: a place does not move when it is closed."""
    rows = []
    for name in facts.districts:
        middle = centroid(placed[s.code] for s in facts.sites if s.district == name and s.code in placed)
        rows.append((name, facts.city.code, name, *(middle or ("", ""))))
    return table(("district_id", "city_id", "name", "x_m", "y_m"), rows)


def bodies(facts: PoolFacts, placed: Mapping[str, tuple[int, int]]) -> dict[str, bytes]:
    """Institutions and sites, each with who stands behind it."""
    behind = facts.controllers
    known = {i.code: i.kind for i in facts.institutions}
    for site in facts.sites:  # the host of a site may be in no register, such as a school; it is still one body
        if site.host:
            known.setdefault(site.host, "school" if site.kind == "school" else "training")
    institutions = [(code, facts.city.code, behind.get(code, ""), kind, "", "") for code, kind in known.items()]
    points = [
        (
            s.code,
            facts.city.code,
            s.kind,
            s.host,
            behind.get(s.host or s.code, ""),
            *placed.get(s.code, ("", "")),
            listed(s.theory),
            listed(s.practical),
        )
        for s in facts.sites
    ]
    return {
        "institutions.csv": table(("inst_id", "city_id", "controller", "kind", "x_m", "y_m"), institutions),
        "points.csv": table(
            (
                "point_id",
                "city_id",
                "kind",
                "inst_id",
                "controller",
                "x_m",
                "y_m",
                "theory_subjects",
                "practical_subjects",
            ),
            points,
        ),
    }


def slots(sittings: Iterable[SittingFacts]) -> dict[time, int]:
    """The slot of a sitting is the rank of its start time among all start times of the plan."""
    return {start: rank for rank, start in enumerate(sorted({s.start for s in sittings}))}


def subject_rows(subjects: Iterable[SubjectFacts]) -> list[tuple[object, ...]]:
    return [(s.name, s.category, int(s.has_practical), int(s.cross_city)) for s in subjects]


SESSION_COLUMNS = ("session_id", "point_id", "day", "slot", "part", "subjects", "seats")


def session(one: SittingFacts, slot: Mapping[time, int]) -> tuple[object, ...]:
    return one.code, one.site, day_number(one.day), slot[one.start], one.part, listed(one.subjects), one.seats


def sessions(facts: PoolFacts) -> bytes:
    slot = slots(facts.sittings)
    return table(SESSION_COLUMNS, [session(one, slot) for one in facts.sittings])


CANDIDATE_COLUMNS = ("cand_id", "city_id", "inst_id", "subject", "parts", "district_id", "earliest_day", "student", "avoid")


def candidate(one: CandidateFacts, city: str, part: str) -> dict[str, str]:
    """A row by column. The earliest day of an exam is the day after the training ended."""
    earliest = day_number(one.training_end + timedelta(days=1))
    cells = (one.pseudonym, city, one.institution, one.subject, part, one.district, earliest, int(one.student), listed(one.avoid))
    return dict(zip(CANDIDATE_COLUMNS, map(str, cells), strict=True))


def candidates(facts: PoolFacts) -> bytes:
    rows = [candidate(one, facts.city.code, facts.part).values() for one in facts.candidates]
    return table(CANDIDATE_COLUMNS, [list(row) for row in rows])
