"""The input of an incremental draw: the frozen files of the draw before, with what has changed since."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Q

from kaopei.center.allocation import pool
from kaopei.center.allocation.models import Draw, LateChange, Placement, Sitting
from kaopei.center.allocation.queries import draws
from kaopei.center.registry import queries as registry
from kaopei.lottery.late import CHANGES, CLOSING, KINDS
from kaopei.office.clock import CHINA

Rows = list[dict[str, str]]
# The reason code in changes.csv of what follows from register and applications; people's own words stay in LateChange.
AUTOMATIC = {"site_suspended": "register", "late_approval": "accepted", "sitting_added": "planned"}
# A placement counts if its draw is an ordinary one or countersigned, and no countersigned draw took the seat back.
COUNTS = (Q(draw__follows="") | Q(draw__status=Draw.Status.VERIFIED)) & Q(vacated=None)


def standing(batch: str, part: str, *, except_draw: str = "") -> list[Placement]:
    """Everybody's seat as it is now, after all countersigned draws."""
    rows = Placement.objects.filter(COUNTS, sitting__batch=batch, part=part).exclude(draw__number=except_draw)
    return list(rows.select_related("sitting").order_by("sitting", "seat"))


def previous(draw: Draw) -> Draw | None:
    """The draw that this one changes."""
    return Draw.objects.get(number=draw.follows) if draw.follows else None


def previous_result(draw: Draw) -> dict[str, bytes] | None:
    """The result on which an incremental draw stands; None for an ordinary draw."""
    before = previous(draw)
    return None if before is None else draws.files(before, "result")


@dataclass(frozen=True, slots=True)
class Moves:
    """The change list of an incremental draw: rows of moves.csv, and how many for each reason."""

    rows: Rows
    reasons: tuple[tuple[str, int], ...]
    kept: int
    moved: int
    unseated: int


def moves(draw: Draw) -> Moves | None:
    """Who moved and why; None for an ordinary draw and before the result."""
    content = draws.file(draw, "result/moves.csv")
    if content is None:
        return None
    rows = read(content)
    words = dict(LateChange.Kind.choices) | {"left_over": "上一次没有座位", "theory_moved": "理论场次变动"}
    for row in rows:
        row["why"] = words.get(row["kind"], row["kind"])
    reasons = Counter(row["why"] for row in rows)
    seated = sum(1 for row in rows if row["to_session"])
    stay_away = sum(row["kind"] == LateChange.Kind.CANDIDATE for row in rows)
    return Moves(rows, tuple(sorted(reasons.items())), draw.counts.get("kept", 0), seated, len(rows) - seated - stay_away)


def unknown_change(draw: Draw, kind: str, about: str) -> str:
    """Why a change cannot be about this, or nothing."""
    before = previous(draw)
    assert before is not None
    files = draws.files(before, "instance")
    if kind in CLOSING:
        found = any(row["session_id"] == about for row in read(files["sessions.csv"]))
        return "" if found else f"抽签 {before.number} 里没有场次 {about}：请核对场次编号。"
    known = {row["cand_id"] for row in read(files["candidates.csv"])}
    if kind == LateChange.Kind.ERROR:
        known |= {row["session_id"] for row in read(files["sessions.csv"])} | {row["point_id"] for row in read(files["points.csv"])}
    return "" if about in known else f"抽签 {before.number} 里没有 {about}：请核对抽签代号。"


@dataclass(frozen=True, slots=True)
class Added:
    """What an incremental draw has beyond the input of the draw before."""

    sittings: tuple[Sitting, ...]
    candidates: tuple[pool.CandidateFacts, ...]
    subjects: tuple[pool.SubjectFacts, ...]


def first_day(draw: Draw) -> date:
    """The first day to which a change may bring somebody: the day after the draw."""
    return draw.public_at.astimezone(CHINA).date() + timedelta(days=1)


def sites(draw: Draw) -> set[str]:
    """The sites of the draw before."""
    return {row["point_id"] for row in read(_before(draw, "instance/points.csv"))}


def new_sittings(draw: Draw) -> list[Sitting]:
    """Sittings of the plan that the draw before did not have and that are late enough for whoever is drawn again."""
    listed = {row["session_id"] for row in read(_before(draw, "instance/sessions.csv"))}
    rows = Sitting.objects.filter(batch=draw.batch, part=draw.part, frozen_in__in=("", draw.base), day__gte=first_day(draw))
    return [row for row in rows if row.number not in listed]


def instance(draw: Draw, added: Added) -> dict[str, bytes]:
    """The files of the draw before, brought up to today: suspensions, ties, who withdrew, who was accepted late, new sittings."""
    before = _must(draw)
    files = draws.files(before, "instance")
    files.pop(CHANGES, None)
    told = {(change.kind, change.object): f"told-{place}" for place, change in enumerate(draw.changes.all(), 1)}
    chain = Sitting.objects.filter(frozen_in=draw.base)
    first, last = (chain.order_by(order).values_list("day", flat=True)[0] for order in ("day", "-day"))
    shut, suspensions = _suspensions(draw.city, files, first, max([last, *(one.day for one in added.sittings)]))
    told |= {("site_suspended", site): AUTOMATIC["site_suspended"] for site in shut}
    told |= {("late_approval", one.pseudonym): AUTOMATIC["late_approval"] for one in added.candidates}
    told |= {("sitting_added", one.number): AUTOMATIC["sitting_added"] for one in added.sittings if "sitting_added" in KINDS}
    told |= _carried(before, told, files)
    behind = registry.controllers(draw.city, first)
    return files | {
        "suspensions.csv": suspensions,
        "candidates.csv": _candidates(draw, files, added, {about for kind, about in told if kind == "candidate_withdrawn"}),
        "institutions.csv": _behind(_institutions(draw, files, added), behind, ("inst_id",)),
        "points.csv": _behind(files["points.csv"], behind, ("inst_id", "point_id")),
        "subjects.csv": _subjects(files, added),
        "sessions.csv": _sessions(files, chain, added),
        CHANGES: pool.table(("kind", "id", "reason_code"), [(kind, about, code) for (kind, about), code in told.items()]),
    }


def not_before(candidates: bytes, kept: set[str], day: date) -> bytes:
    """Whoever does not keep his seat may sit from this day on, if his own earliest day is not later."""
    rows, least = read(candidates), pool.day_number(day)
    for row in rows:
        if row["cand_id"] not in kept:
            row["earliest_day"] = str(max(int(row["earliest_day"]), least))
    return _table(rows)


def remaining(files: Mapping[str, bytes], kept: Mapping[str, str]) -> dict[str, bytes]:
    """The same as an ordinary input: only those who do not keep a seat, and the seats that nobody keeps."""
    taken = Counter(kept.values())
    closed = {row["id"] for row in read(files[CHANGES]) if row["kind"] in CLOSING}
    sessions = read(files["sessions.csv"])
    for row in sessions:
        row["seats"] = "0" if row["session_id"] in closed else str(int(row["seats"]) - taken[row["session_id"]])
    people = read(files["candidates.csv"])
    left = {name: content for name, content in files.items() if name != CHANGES}
    header = list(people[0]) if people else []
    rows = [[row[name] for name in header] for row in people if row["cand_id"] not in kept]
    return left | {"sessions.csv": _table(sessions), "candidates.csv": pool.table(header, rows)}


def _carried(before: Draw, told: Mapping[tuple[str, str], str], files: Mapping[str, bytes]) -> dict[tuple[str, str], str]:
    """A sitting that was closed by an earlier incremental draw stays closed."""
    old = draws.file(before, f"instance/{CHANGES}")
    listed = {row["session_id"] for row in read(files["sessions.csv"])}
    rows = read(old) if old else []
    return {
        (row["kind"], row["id"]): row["reason_code"]
        for row in rows
        if row["kind"] in CLOSING and row["id"] in listed and (row["kind"], row["id"]) not in told
    }


def _suspensions(city: str, files: Mapping[str, bytes], first: object, last: object) -> tuple[list[str], bytes]:
    """Which sites are shut on other days than before, and the whole table as of today."""
    points = {row["point_id"] for row in read(files["points.csv"])}
    now = {
        (site.number, str(pool.day_number(start)), str(pool.day_number(end or max(last, start))))  # type: ignore[type-var]
        for site in registry.sites(city, first)  # type: ignore[arg-type]
        if site.number in points
        for start, end in site.suspensions
    }
    before = {(row["point_id"], row["from_day"], row["to_day"]) for row in read(files["suspensions.csv"])}
    return sorted({site for site, _, _ in now - before}), pool.table(("point_id", "from_day", "to_day"), now)


def _candidates(draw: Draw, files: Mapping[str, bytes], added: Added, gone: set[str]) -> bytes:
    """Those of the draw before without whoever withdrew, and those accepted since."""
    rows = [row for row in read(files["candidates.csv"]) if row["cand_id"] not in gone]
    districts = {row["district_id"] for row in read(files["districts.csv"])}
    header = read(files["candidates.csv"])[0]
    for one in added.candidates:
        told = pool.candidate(one, draw.city, draw.part)
        told["district_id"] = told["district_id"] if told["district_id"] in districts else ""
        rows.append({name: told.get(name, "") for name in header})
    return pool.table(list(header), [list(row.values()) for row in rows])


def _institutions(draw: Draw, files: Mapping[str, bytes], added: Added) -> bytes:
    """Whose candidates were accepted since may be a body that had none before."""
    rows = read(files["institutions.csv"])
    new = {one.institution for one in added.candidates} - {row["inst_id"] for row in rows} - {""}
    rows += [{**dict.fromkeys(rows[0], ""), "inst_id": code, "city_id": draw.city, "kind": "training"} for code in sorted(new)]
    return _table(rows)


def _subjects(files: Mapping[str, bytes], added: Added) -> bytes:
    known = read(files["subjects.csv"])
    new = [one for one in added.subjects if one.name not in {row["subject"] for row in known}]
    return pool.table(list(known[0]), [*(list(row.values()) for row in known), *pool.subject_rows(new)])


def _sessions(files: Mapping[str, bytes], chain: Iterable[Sitting], added: Added) -> bytes:
    """With the new sittings; the slot is the rank of the start among all there are now."""
    if not added.sittings:
        return files["sessions.csv"]
    rows = {row["session_id"]: row for row in read(files["sessions.csv"])}
    starts = {one.number: one.start for one in (*chain, *added.sittings)}
    slot = {start: rank for rank, start in enumerate(sorted(set(starts.values())))}
    for one in added.sittings:
        facts = pool.SittingFacts(one.number, one.site, one.day, one.start, one.part, tuple(one.subjects), one.seats)
        rows[one.number] = dict(zip(pool.SESSION_COLUMNS, map(str, pool.session(facts, slot)), strict=True))
    for number, row in rows.items():
        row["slot"] = str(slot[starts[number]])
    return _table(list(rows.values()))


def _must(draw: Draw) -> Draw:
    before = previous(draw)
    assert before is not None
    return before


def _before(draw: Draw, name: str) -> bytes:
    return draws.file(_must(draw), name) or b""


def _table(rows: Rows) -> bytes:
    """Rows of one header, at least one, as a file again."""
    return pool.table(list(rows[0]), [list(row.values()) for row in rows])


def _behind(content: bytes, behind: Mapping[str, str], keys: Iterable[str]) -> bytes:
    """Who stands behind each body, as the register has it today."""
    rows = read(content)
    for row in rows:
        body = next((row[key] for key in keys if row[key]), "")
        row["controller"] = behind.get(body, "")
    return _table(rows)


def read(content: bytes) -> Rows:
    """A file of an instance as rows."""
    return list(csv.DictReader(io.StringIO(content.decode())))
