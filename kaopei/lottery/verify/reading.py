"""Reads an instance by rules of its own and finds its canonical form and digest again."""

import csv
import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping
from typing import Any, NamedTuple

# Columns in canonical order; `#` an integer, `?` an integer or nothing, `;` a list, `~` may be missing from the header.
# A first column marked `!` is an id.
SHAPES = {
    "cities.csv": "city_id! name own_school_allowed# accepts_cross#",
    "districts.csv": "district_id! city_id name x_m? y_m?",
    "subjects.csv": "subject! category has_practical# cross_city#",
    "institutions.csv": "inst_id! city_id controller kind x_m? y_m?",
    "points.csv": "point_id! city_id kind inst_id controller x_m? y_m? theory_subjects; practical_subjects;",
    "suspensions.csv": "point_id from_day# to_day#",
    "sessions.csv": "session_id! point_id day# slot# part subjects; seats#",
    "candidates.csv": ("cand_id! city_id inst_id subject parts district_id earliest_day# student# avoid; cross#~ asks_own_school#~"),
    "crossings.csv": "home_city receiving_city subject",
    "changes.csv": "kind id reason_code",
}
DEFAULTS: dict[str, Any] = {
    "sole_point": "registered",
    "practical_after_theory": 1,
    "same_controller_own": 1,
    "own_school_first": 0,
    "bands": "10000:8;20000:6;40000:4;80000:2;:1",
    "k": 3,
}
MARKS = "!#?;~"


class Unreadable(ValueError):
    """The input itself cannot be read, so nothing can be said about a result."""

    exit_status = 2


class Site(NamedTuple):
    """One exam site."""

    id: str
    city: str
    kind: str
    inst: str
    controller: str
    x: int | None
    y: int | None
    theory: frozenset[str]
    practical: frozenset[str]


class Sitting(NamedTuple):
    """One session; ordered as it is used within a site."""

    day: int
    slot: int
    id: str
    site: str
    part: str
    subjects: frozenset[str]
    seats: int
    closed: bool


class Person(NamedTuple):
    """One candidate; `place` is his number among all, by id."""

    place: int
    id: str
    city: str
    inst: str
    subject: str
    parts: str
    district: str
    earliest: int
    student: int
    avoid: tuple[str, ...]
    cross: int = 1
    asks_own_school: int = 0


class Instance(NamedTuple):
    """What the draw may depend on."""

    rules: dict[str, Any]
    cities: dict[str, dict[str, int]]
    districts: dict[str, tuple[int | None, int | None]]
    subjects: dict[str, dict[str, int]]
    controllers: dict[str, str]
    sites: dict[str, Site]
    sittings: dict[str, Sitting]
    people: list[Person]
    crossings: set[tuple[str, str, str]] | None
    digests: dict[str, str]
    input_digest: str
    changes: list[tuple[str, str, str]]


def overall(digests: Mapping[str, str]) -> str:
    """The input digest of the digests of all files."""
    text = "xexam/1\nsha256\n" + "".join(f"{name}\t{digests[name]}\n" for name in sorted(digests))
    return hashlib.sha256(text.encode()).hexdigest()


def read(files: Mapping[str, bytes], previous: str = "") -> Instance:
    """An instance from files by name; of an incremental draw with the digest of the transcript before it."""
    if bool(previous) != ("changes.csv" in files):
        raise Unreadable("changes.csv 与上一次结果只属于增量抽签：请两样都给，或都不给。")
    rules, meta = _meta(_text("meta.json", _file(files, "meta.json")))
    digests = {"meta.json": hashlib.sha256(meta).hexdigest()}
    tables: dict[str, list[tuple[Any, ...]]] = {}
    for name, shape in SHAPES.items():
        if name not in ("crossings.csv", "changes.csv") or name in files:
            tables[name], canonical = _table(name, shape, _text(name, _file(files, name)))
            digests[name] = hashlib.sha256(canonical).hexdigest()
    if previous:
        digests["previous/transcript.json"] = previous
    crossings = tables.get("crossings.csv")
    return Instance(
        rules=rules,
        cities={row[0]: {"own_school": row[2], "accepts": row[3]} for row in tables["cities.csv"]},
        districts={row[0]: (row[3], row[4]) for row in tables["districts.csv"]},
        subjects={row[0]: {"practical": row[2], "cross": row[3]} for row in tables["subjects.csv"]},
        controllers={row[0]: row[2] for row in tables["institutions.csv"]},
        sites={row[0]: Site._make((*row[:7], frozenset(row[7]), frozenset(row[8]))) for row in tables["points.csv"]},
        sittings=_sittings(tables),
        people=[Person(place, *row) for place, row in enumerate(tables["candidates.csv"])],
        crossings=None if crossings is None else {(home, there, subject) for home, there, subject in crossings},
        digests=digests,
        input_digest=overall(digests),
        changes=[(str(kind), str(about), str(reason)) for kind, about, reason in tables.get("changes.csv", [])],
    )


def _file(files: Mapping[str, bytes], name: str) -> bytes:
    if name not in files:
        raise Unreadable(f"{name} 缺失：请把抽签时的输入文件放全。")
    return files[name]


def _text(name: str, data: bytes) -> str:
    try:
        text = data.decode()
    except UnicodeDecodeError as problem:
        raise Unreadable(f"{name} 第{data[: problem.start].count(10) + 1}行不是 UTF-8：请核对文件。") from None
    text = unicodedata.normalize("NFC", text.removeprefix("\ufeff"))
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _meta(text: str) -> tuple[dict[str, Any], bytes]:
    try:
        meta = json.loads(text)
        kept = {key: meta[key] for key in ("format", "rules") if key in meta}
        rules = DEFAULTS | kept.get("rules", {})
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise Unreadable("meta.json 不是所需的 JSON 对象：请核对文件。") from None
    if kept.get("format") != "xalloc/1" or rules.keys() != DEFAULTS.keys():
        raise Unreadable("meta.json 的 format 或 rules 不合 xalloc/1：请核对文件。")
    if re.fullmatch(r"([0-9]+:[0-9]+;)*:[0-9]+", str(rules["bands"])) is None:
        raise Unreadable("meta.json 的 bands 写法不对：请核对文件。")
    return rules, json.dumps(kept, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _table(name: str, shape: str, text: str) -> tuple[list[tuple[Any, ...]], bytes]:
    """Rows with values in canonical order, and the canonical bytes."""
    try:
        rows = [row for row in csv.reader(_with_ends(text), strict=True) if len(row) > 1 or "".join(row).strip()]
    except csv.Error as problem:
        raise Unreadable(f"{name} 不是合法的 CSV（{problem}）：请核对文件。") from None
    header = rows.pop(0) if rows else []
    wanted = [column for column in shape.split() if "~" not in column or column.rstrip(MARKS) in header]
    titles = [column.rstrip(MARKS) for column in wanted]
    if sorted(header) != sorted(titles):
        raise Unreadable(f"{name} 的表头不对：应为 {','.join(titles)}。")
    for number, row in enumerate(rows, 2):
        if len(row) != len(header):
            raise Unreadable(f"{name} 第{number}行列数不对：请核对文件。")
    cells = list(zip(*rows, strict=True)) or [()] * len(header)
    texts, values = [], []
    for column, title in zip(wanted, titles, strict=True):
        found = cells[header.index(title)]
        memo = {cell: _cell(name, title, column[len(title) :], cell) for cell in set(found)}
        texts.append([memo[cell][0] for cell in found])
        values.append([memo[cell][1] for cell in found])
    lines = list(map(",".join, zip(*texts, strict=True)))
    keys = values[0] if wanted[0].endswith("!") else lines
    if keys is not lines and len(set(keys)) != len(keys):
        raise Unreadable(f"{name} 有重复的 {titles[0]}：请核对文件。")
    # Text compares by code points, which is the order of its UTF-8 bytes.
    order = sorted(range(len(rows)), key=keys.__getitem__)
    whole = list(zip(*values, strict=True))
    canonical = "\n".join([",".join(titles), *(lines[row] for row in order), ""])
    return [whole[row] for row in order], canonical.encode()


def _with_ends(text: str) -> list[str]:
    return [line + "\n" for line in text.split("\n")]


def _cell(name: str, title: str, marks: str, cell: str) -> tuple[str, Any]:
    """Canonical text, quoted where needed, and value of one cell."""
    if marks.startswith(";"):
        listed = sorted(set(cell.split(";")) - {""})
        return _quoted(";".join(listed)), tuple(listed)
    if marks.startswith(("#", "?")):
        if marks == "?" and not cell:
            return "", None
        if re.fullmatch("-?[0-9]{1,18}", cell) is None:
            raise Unreadable(f"{name}「{title}」列的“{cell}”不是整数：请核对文件。")
        return str(int(cell)), int(cell)
    return _quoted(cell), cell


def _quoted(cell: str) -> str:
    marked = "," in cell or '"' in cell or "\n" in cell
    return f'"{cell.replace(chr(34), chr(34) * 2)}"' if marked else cell


def _sittings(tables: Mapping[str, list[tuple[Any, ...]]]) -> dict[str, Sitting]:
    found = {}
    ended = {about for kind, about, _ in tables.get("changes.csv", []) if kind in ("sitting_unsealed", "sitting_withdrawn")}
    for each, site, day, slot, part, subjects, seats in tables["sessions.csv"]:
        closed = each in ended or any(site == shut and first <= day <= last for shut, first, last in tables["suspensions.csv"])
        found[each] = Sitting(day, slot, each, site, part, frozenset(subjects), seats, closed)
    return found
