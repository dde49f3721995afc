"""The frozen pool of a draw: the files of `xalloc/1`, parsed, canonical, with their digest."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from kaopei.lottery import late, table
from kaopei.lottery.rules import Rules, read_meta
from kaopei.lottery.table import BadInstance, Column, Table

REQUIRED = (
    "meta.json",
    "cities.csv",
    "districts.csv",
    "subjects.csv",
    "institutions.csv",
    "points.csv",
    "suspensions.csv",
    "sessions.csv",
    "candidates.csv",
)
FILES = (*REQUIRED, "crossings.csv")
# What a command reads: changes.csv belongs to an incremental draw only.
READ = (*FILES, late.CHANGES)
Place = tuple[int, int] | None


class City(NamedTuple):
    """What a city allows."""

    own_school: int
    accepts_cross: int


class Subject(NamedTuple):
    """Whether a subject has a practical part and may cross cities."""

    has_practical: int
    cross_city: int


class Site(NamedTuple):
    """An exam site; `subjects` by part."""

    id: str
    city: str
    kind: str
    inst: str
    controller: str
    place: Place
    subjects: dict[str, frozenset[str]]


class Session(NamedTuple):
    """One sitting with seats; `subjects` None means all that the site is qualified for; `time` is its rank."""

    id: str
    site: int
    day: int
    slot: int
    part: str
    subjects: frozenset[str] | None
    seats: int
    suspended: bool
    time: int


@dataclass(frozen=True, slots=True)
class Candidates:
    """Candidates by column, sorted by id."""

    id: list[str]
    city: list[str]
    inst: list[str]
    subject: list[str]
    parts: list[str]
    district: list[str]
    earliest: list[int]
    student: list[int]
    avoid: list[tuple[str, ...]]
    cross: list[int]
    asks_own_school: list[int]


@dataclass(frozen=True, slots=True)
class Pool:
    """Everything that may influence a draw, and nothing else."""

    rules: Rules
    cities: dict[str, City]
    districts: dict[str, Place]
    subjects: dict[str, Subject]
    controllers: dict[str, str]
    sites: list[Site]
    sessions: list[Session]
    # The distinct (day, slot) of all sessions, ascending; a session's `time` is its place here.
    times: list[tuple[int, int]]
    candidates: Candidates
    crossings: frozenset[tuple[str, str, str]] | None
    files: dict[str, bytes]
    input_digest: str
    # Of an incremental draw: kind, id and reason of each change, and the result that is changed.
    changes: tuple[tuple[str, str, str], ...] = ()
    previous: late.Previous | None = None

    def canonical(self) -> dict[str, bytes]:
        """The canonical files, by name."""
        return dict(self.files)

    def file_digests(self) -> dict[str, str]:
        """SHA-256 of each canonical file, by name; the previous result counts as one."""
        return _digests(self.files, self.previous)


def parse(files: Mapping[str, bytes], previous: Mapping[str, bytes] | None = None) -> Pool:
    """A pool from files by name; names that the format does not know are not looked at. Raises BadInstance.

    `previous` are the files of an earlier result, of which an incremental draw keeps every seat that still holds.
    """
    for name in REQUIRED:
        if name not in files:
            raise BadInstance(f"{name} 缺失：请把该文件放进抽签文件夹。")
    if (late.CHANGES in files) != (previous is not None):
        raise BadInstance(f"{late.CHANGES} 与上一次结果（--previous）只属于增量抽签：请两样都给，或都不给。")
    rules, meta = read_meta(files["meta.json"])
    tables = _tables(files)
    cities = tables["cities.csv"].rows("city_id", "own_school_allowed", "accepts_cross")
    subjects = tables["subjects.csv"].rows("subject", "has_practical", "cross_city")
    canonical = {"meta.json": meta} | {name: each.canonical for name, each in tables.items()}
    points = tables["points.csv"]
    sites = _sites(points)
    changes = tuple(tables[late.CHANGES].rows("kind", "id", "reason_code")) if late.CHANGES in tables else ()
    sessions, times = _sessions(tables, {site.id: place for place, site in enumerate(sites)}, late.closed(changes))
    earlier = None if previous is None else late.read_previous(previous)
    return Pool(
        rules=rules,
        cities={city: City(*facts) for city, *facts in cities},
        districts=_places("districts.csv", tables["districts.csv"], "district_id"),
        subjects={subject: Subject(*facts) for subject, *facts in subjects},
        controllers=dict(tables["institutions.csv"].rows("inst_id", "controller")),
        sites=sites,
        sessions=sessions,
        times=times,
        candidates=_candidates(tables["candidates.csv"]),
        crossings=frozenset(tables["crossings.csv"].rows(*_CROSSING)) if "crossings.csv" in tables else None,
        files=canonical,
        input_digest=digest_of(_digests(canonical, earlier)),
        changes=changes,
        previous=earlier,
    )


def digest_of(digests: Mapping[str, str]) -> str:
    """`input_digest` of the digests of the canonical files."""
    lines = "".join(f"{name}\t{digests[name]}\n" for name in sorted(digests))
    return hashlib.sha256(f"xexam/1\nsha256\n{lines}".encode()).hexdigest()


def _digests(files: Mapping[str, bytes], previous: late.Previous | None = None) -> dict[str, str]:
    found = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    return found if previous is None else found | {late.PREVIOUS: previous.digest}


class _Ref(NamedTuple):
    """A column that names rows of an earlier file: exactly one, none or one (`empty`), a list (`many`)."""

    file: str
    empty: bool = False
    many: bool = False


_CROSSING = ("home_city", "receiving_city", "subject")
_CITY = _Ref("cities.csv")
_SPOT: dict[str, table.Reader] = {"x_m": table.whole_or_none, "y_m": table.whole_or_none}
# Each file: its id column and all its columns in canonical order. Files stand so that references point back.
_FILES: dict[str, tuple[str | None, dict[str, table.Reader | _Ref]]] = {
    "cities.csv": (
        "city_id",
        {"city_id": table.identity, "name": table.free, "own_school_allowed": table.flag, "accepts_cross": table.flag},
    ),
    "districts.csv": ("district_id", {"district_id": table.identity, "city_id": _CITY, "name": table.free, **_SPOT}),
    "subjects.csv": (
        "subject",
        {"subject": table.identity, "category": table.free, "has_practical": table.flag, "cross_city": table.flag},
    ),
    "institutions.csv": (
        "inst_id",
        {
            "inst_id": table.identity,
            "city_id": _CITY,
            "controller": table.free,
            "kind": table.choice("training", "school", "online"),
            **_SPOT,
        },
    ),
    # A site's host may have left the register, and its lists may name subjects that are not drawn this time.
    "points.csv": (
        "point_id",
        {
            "point_id": table.identity,
            "city_id": _CITY,
            "kind": table.choice("public", "attached", "school"),
            "inst_id": table.free,
            "controller": table.free,
            **_SPOT,
            "theory_subjects": table.names,
            "practical_subjects": table.names,
        },
    ),
    "suspensions.csv": (None, {"point_id": _Ref("points.csv"), "from_day": table.whole, "to_day": table.whole}),
    "sessions.csv": (
        "session_id",
        {
            "session_id": table.identity,
            "point_id": _Ref("points.csv"),
            "day": table.whole,
            "slot": table.count,
            "part": table.choice("T", "P"),
            "subjects": table.names,
            "seats": table.count,
        },
    ),
    "candidates.csv": (
        "cand_id",
        {
            "cand_id": table.identity,
            "city_id": _CITY,
            "inst_id": _Ref("institutions.csv", empty=True),
            "subject": _Ref("subjects.csv"),
            "parts": table.choice("T", "P", "TP"),
            "district_id": _Ref("districts.csv", empty=True),
            "earliest_day": table.whole,
            "student": table.flag,
            "avoid": _Ref("points.csv", many=True),
            "cross": table.flag,
            "asks_own_school": table.flag,
        },
    ),
    "crossings.csv": (None, dict(zip(_CROSSING, (_CITY, _CITY, _Ref("subjects.csv")), strict=True))),
    late.CHANGES: (
        None,
        {"kind": table.choice(*late.KINDS), "id": table.identity, "reason_code": table.identity},
    ),
}
_OPTIONAL_COLUMNS = ("cross", "asks_own_school")


def _tables(files: Mapping[str, bytes]) -> dict[str, Table]:
    """All tables that are there; each may refer to those before it."""
    done: dict[str, Table] = {}
    known: dict[str, frozenset[str]] = {}
    for name, (key, readers) in _FILES.items():
        if name in files:
            columns = [Column(each, _reader(read, known), each in _OPTIONAL_COLUMNS) for each, read in readers.items()]
            done[name] = table.read(name, files[name], columns, key)
            if key:
                known[name] = frozenset(done[name].columns[key])
    return done


def _reader(read: table.Reader | _Ref, known: Mapping[str, frozenset[str]]) -> table.Reader:
    if not isinstance(read, _Ref):
        return read
    if read.many:
        return table.members(known[read.file], read.file)
    return table.member(known[read.file], read.file, empty=read.empty)


def _places(name: str, rows: Table, key: str) -> dict[str, Place]:
    places: dict[str, Place] = {}
    for each, x, y in rows.rows(key, "x_m", "y_m"):
        if (x is None) != (y is None):
            raise BadInstance(f"{name} 编号“{each}”的 x_m、y_m 只填了一个：请都填或都不填。")
        places[each] = None if x is None else (x, y)
    return places


def _sites(points: Table) -> list[Site]:
    places = _places("points.csv", points, "point_id")
    return [
        Site(each, city, kind, inst, controller, places[each], {"T": frozenset(theory), "P": frozenset(practical)})
        for each, city, kind, inst, controller, theory, practical in points.rows(
            "point_id", "city_id", "kind", "inst_id", "controller", "theory_subjects", "practical_subjects"
        )
    ]


def _sessions(tables: Mapping[str, Table], index: Mapping[str, int], gone: frozenset[str]) -> tuple[list[Session], list[tuple[int, int]]]:
    closed: dict[str, list[tuple[int, int]]] = {}
    for point, first, last in tables["suspensions.csv"].rows("point_id", "from_day", "to_day"):
        if first > last:
            raise BadInstance(f"suspensions.csv 考试点“{point}”的 from_day {first} 晚于 to_day {last}：请改正。")
        closed.setdefault(point, []).append((first, last))
    rows = tables["sessions.csv"]
    times = sorted(set(rows.rows("day", "slot")))
    rank = {time: place for place, time in enumerate(times)}
    lists = {listed: None if "*" in listed else frozenset(listed) for listed in set(rows.columns["subjects"])}
    sessions = [
        Session(
            each, index[point], day, slot, part, lists[listed], seats,
            each in gone or any(first <= day <= last for first, last in closed.get(point, ())), rank[day, slot],
        )
        for each, point, day, slot, part, listed, seats in rows.rows(
            "session_id", "point_id", "day", "slot", "part", "subjects", "seats"
        )
    ]  # fmt: skip
    return sessions, times


def _candidates(rows: Table) -> Candidates:
    found = rows.columns
    size = len(found["cand_id"])
    return Candidates(
        id=found["cand_id"],
        city=found["city_id"],
        inst=found["inst_id"],
        subject=found["subject"],
        parts=found["parts"],
        district=found["district_id"],
        earliest=found["earliest_day"],
        student=found["student"],
        avoid=found["avoid"],
        cross=found.get("cross", [1] * size),
        asks_own_school=found.get("asks_own_school", [0] * size),
    )
