"""Read an instance in format xalloc/1, bring it to canonical form and digest it (draw.md §2 and §7)."""

import csv
import hashlib
import io
import json
import re
import unicodedata
from dataclasses import dataclass, field

REQUIRED = {
    "cities.csv": "city_id,name,own_school_allowed,accepts_cross",
    "districts.csv": "district_id,city_id,name,x_m,y_m",
    "subjects.csv": "subject,category,has_practical,cross_city",
    "institutions.csv": "inst_id,city_id,controller,kind,x_m,y_m",
    "points.csv": "point_id,city_id,kind,inst_id,controller,x_m,y_m,theory_subjects,practical_subjects",
    "suspensions.csv": "point_id,from_day,to_day",
    "sessions.csv": "session_id,point_id,day,slot,part,subjects,seats",
    "candidates.csv": "cand_id,city_id,inst_id,subject,parts,district_id,earliest_day,student,avoid",
}
OPTIONAL = {"crossings.csv": "home_city,receiving_city,subject", "changes.csv": "kind,id,reason_code"}
LAST_COLUMNS = {"candidates.csv": ("cross", "asks_own_school")}
BY_ID = ("cities.csv", "districts.csv", "subjects.csv", "institutions.csv", "points.csv", "sessions.csv", "candidates.csv")
INTEGERS = {"x_m", "y_m", "own_school_allowed", "accepts_cross", "has_practical", "cross_city", "from_day", "to_day",
            "day", "slot", "seats", "earliest_day", "student", "cross", "asks_own_school"}
LISTS = {"theory_subjects", "practical_subjects", "subjects", "avoid"}
MAY_BE_EMPTY = {"x_m", "y_m", "inst_id", "district_id"}
REFERENCES = [(name, column, target) for column, target, names in (
    ("city_id", "cities.csv", ("districts.csv", "institutions.csv", "points.csv", "candidates.csv")),
    ("inst_id", "institutions.csv", ("points.csv", "candidates.csv")),
    ("point_id", "points.csv", ("suspensions.csv", "sessions.csv")),
    ("subject", "subjects.csv", ("candidates.csv",)),
    ("district_id", "districts.csv", ("candidates.csv",))) for name in names]
DEFAULT_RULES = {"bands": "10000:8;20000:6;40000:4;80000:2;:1", "k": 3, "own_school_first": 0,
                 "practical_after_theory": 1, "same_controller_own": 1, "sole_point": "registered"}


class Refused(Exception):
    """The input is not an instance of xalloc/1."""


@dataclass
class Site:
    """A row of points.csv with its suspensions."""

    id: str
    city: str
    kind: str
    institution: str
    controller: str
    at: tuple | None
    subjects: dict
    suspended: list = field(default_factory=list)


@dataclass
class Session:
    """A row of sessions.csv; `subjects` is None for `*`."""

    id: str
    site: str
    day: int
    slot: int
    part: str
    subjects: frozenset | None
    seats: int
    closed: bool = False

    @property
    def order(self):
        """The order in which the sessions of a site are tried."""
        return (self.day, self.slot, self.id)


@dataclass
class Candidate:
    """A row of candidates.csv."""

    id: str
    city: str
    institution: str
    subject: str
    parts: str
    district: str
    earliest: int
    student: bool
    avoid: frozenset
    cross: bool
    asks_own_school: bool


@dataclass
class Instance:
    """Everything that may influence the draw, besides the seed."""

    digests: dict
    rules: dict
    cities: dict
    districts: dict
    subjects: dict
    controllers: dict
    sites: dict
    sessions: dict
    candidates: dict
    crossings: set | None
    changes: list | None

    @property
    def input_digest(self):
        """The digest over the named digests of all canonical files."""
        lines = "".join(f"{name}\t{digest}\n" for name, digest in sorted(self.digests.items()))
        return sha256(b"xexam/1\nsha256\n" + lines.encode())


def sha256(data):
    """The hexadecimal SHA-256 of bytes."""
    return hashlib.sha256(data).hexdigest()


def jcs(value):
    """RFC 8785 for values made of objects with ASCII keys, lists, texts, integers and null."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def read_instance(folder):
    """Read the folder of an instance."""
    tables, digests = {}, {}
    for name, columns in (REQUIRED | OPTIONAL).items():
        path = folder / name
        if not path.exists() and name in OPTIONAL:
            continue
        header, rows = read_table(name, columns.split(","), path)
        canonical = canonical_table(header, rows)
        digests[name] = sha256(canonical)
        tables[name] = [dict(zip(header, row)) for row in rows]
    rules = read_meta(folder / "meta.json", digests)
    for name, column, target in REFERENCES:
        known = {next(iter(row.values())) for row in tables[target]}
        for row in tables[name]:
            if row[column] not in known and not (row[column] == "" and column in MAY_BE_EMPTY):
                raise Refused(f"{name}: {column} {row[column]!r} is not in {target}")
    return build(tables, digests, rules)


def read_text(path):
    """The text of a file in NFC, without a byte order mark."""
    return unicodedata.normalize("NFC", path.read_text("utf-8-sig"))


def read_meta(path, digests):
    """The rule table with its defaults; enters the digest of what the file says."""
    try:
        meta = json.loads(read_text(path))
    except ValueError:
        raise Refused("meta.json: not JSON") from None
    if not isinstance(meta, dict) or meta.get("format") != "xalloc/1" or not isinstance(meta.get("rules", {}), dict):
        raise Refused("meta.json: format or rules")
    given = meta.get("rules", {})
    for key, value in given.items():
        if key not in DEFAULT_RULES or type(value) is not type(DEFAULT_RULES[key]):
            raise Refused(f"meta.json: rule {key}")
    rules = DEFAULT_RULES | given
    if not re.fullmatch(r"(\d+:[1-9]\d*;)*:[1-9]\d*", rules["bands"]):
        raise Refused("meta.json: bands")
    if rules["sole_point"] not in ("registered", "active_in_horizon"):
        raise Refused("meta.json: sole_point")
    digests["meta.json"] = sha256(jcs({key: meta[key] for key in ("format", "rules") if key in meta}))
    return rules


def read_table(name, columns, path):
    """Header and rows of a CSV file, columns and fields in canonical form, rows in canonical order."""
    text = read_text(path).replace("\r\n", "\n")
    lines = [line for line in csv.reader(io.StringIO(text, newline="")) if len(line) > 1 or "".join(line).strip()]
    if not lines:
        raise Refused(f"{name}: no header line")
    found = lines[0]
    header = columns + [column for column in LAST_COLUMNS.get(name, ()) if column in found]
    if sorted(header) != sorted(found):
        raise Refused(f"{name}: columns {found}")
    rows = []
    for number, line in enumerate(lines[1:], 1):
        if len(line) != len(found):
            raise Refused(f"{name}: row {number} has {len(line)} fields")
        row = dict(zip(found, line))
        rows.append([canonical_field(name, column, row[column]) for column in header])
    if name in BY_ID:
        rows.sort(key=lambda row: row[0])
        if len({row[0] for row in rows}) != len(rows):
            raise Refused(f"{name}: an id twice")
    else:
        rows.sort(key=csv_line)
    return header, rows


def canonical_field(name, column, text):
    """One field: integers without leading zeros, lists sorted without duplicates."""
    if column in INTEGERS and not (text == "" and column in MAY_BE_EMPTY):
        if not re.fullmatch("-?[0-9]+", text):
            raise Refused(f"{name}: {column} is {text!r}")
        return str(int(text))
    if column in LISTS:
        return ";".join(sorted({item for item in text.split(";") if item}))
    return text


def csv_line(row):
    """A row with minimal RFC 4180 quoting, without its line end."""
    return ",".join('"' + cell.replace('"', '""') + '"' if set(cell) & set(',"\r\n') else cell for cell in row)


def canonical_table(header, rows):
    """The canonical bytes of a table."""
    return "".join(csv_line(row) + "\n" for row in [header, *rows]).encode()


def build(tables, digests, rules):
    """Make objects of the tables."""
    instance = Instance(
        digests, rules,
        cities={row["city_id"]: row for row in tables["cities.csv"]},
        districts={row["district_id"]: coordinates(row) for row in tables["districts.csv"]},
        subjects={row["subject"]: row for row in tables["subjects.csv"]},
        controllers={row["inst_id"]: row["controller"] for row in tables["institutions.csv"]},
        sites={row["point_id"]: make_site(row) for row in tables["points.csv"]},
        sessions={row["session_id"]: make_session(row) for row in tables["sessions.csv"]},
        candidates={row["cand_id"]: make_candidate(row) for row in tables["candidates.csv"]},
        crossings=None,
        changes=None,
    )
    if "crossings.csv" in tables:
        instance.crossings = {tuple(row.values()) for row in tables["crossings.csv"]}
    if "changes.csv" in tables:
        instance.changes = [tuple(row.values()) for row in tables["changes.csv"]]
    for row in tables["suspensions.csv"]:
        instance.sites[row["point_id"]].suspended.append((int(row["from_day"]), int(row["to_day"])))
    return instance


def coordinates(row):
    """The point of a row, or None."""
    return (int(row["x_m"]), int(row["y_m"])) if row["x_m"] and row["y_m"] else None


def items(text):
    """A list field as a set."""
    return frozenset(text.split(";")) if text else frozenset()


def make_site(row):
    """A site of its row."""
    subjects = {"T": items(row["theory_subjects"]), "P": items(row["practical_subjects"])}
    return Site(row["point_id"], row["city_id"], row["kind"], row["inst_id"], row["controller"], coordinates(row), subjects)


def make_session(row):
    """A session of its row."""
    subjects = items(row["subjects"])
    subjects = None if "*" in subjects else subjects
    return Session(row["session_id"], row["point_id"], int(row["day"]), int(row["slot"]), row["part"], subjects,
                   int(row["seats"]))


def make_candidate(row):
    """A candidate of his row."""
    return Candidate(row["cand_id"], row["city_id"], row["inst_id"], row["subject"], row["parts"], row["district_id"],
                     int(row["earliest_day"]), row["student"] == "1", items(row["avoid"]),
                     row.get("cross", "1") == "1", row.get("asks_own_school", "0") == "1")
