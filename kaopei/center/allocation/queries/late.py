"""The input of an incremental draw: the frozen files of the draw before, with what has changed since."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Q

from kaopei.center.allocation import pool
from kaopei.center.allocation.models import Draw, LateChange, Placement, Sitting
from kaopei.center.allocation.queries import draws
from kaopei.center.applications import queries as applications
from kaopei.center.registry import queries as registry
from kaopei.lottery.late import CHANGES, CLOSING

Rows = list[dict[str, str]]
# The reason code in changes.csv of what follows from register and applications; people's own words stay in LateChange.
AUTOMATIC = {"site_suspended": "register", "late_approval": "accepted"}
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
    return Moves(rows, tuple(sorted(reasons.items())), draw.counts.get("kept", 0))


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


def instance(draw: Draw) -> dict[str, bytes]:
    """The files of the draw before, brought up to today: suspensions, ties, who withdrew, who was accepted late."""
    before = previous(draw)
    assert before is not None
    files = draws.files(before, "instance")
    files.pop(CHANGES, None)
    told = {(change.kind, change.object): f"told-{place}" for place, change in enumerate(draw.changes.all(), 1)}
    sittings = Sitting.objects.filter(frozen_in=draw.base)
    first, last = (sittings.order_by(order).values_list("day", flat=True)[0] for order in ("day", "-day"))
    shut, suspensions = _suspensions(draw.city, files, first, last)
    late, candidates = _candidates(draw, files["candidates.csv"], {about for kind, about in told if kind == "candidate_withdrawn"})
    told |= {("site_suspended", site): AUTOMATIC["site_suspended"] for site in shut}
    told |= {("late_approval", cand): AUTOMATIC["late_approval"] for cand in late}
    told |= _carried(before, told, files)
    behind = registry.controllers(draw.city, first)
    return files | {
        "suspensions.csv": suspensions,
        "candidates.csv": candidates,
        "institutions.csv": _behind(files["institutions.csv"], behind, ("inst_id",)),
        "points.csv": _behind(files["points.csv"], behind, ("inst_id", "point_id")),
        CHANGES: pool.table(("kind", "id", "reason_code"), [(kind, about, code) for (kind, about), code in told.items()]),
    }


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


def _candidates(draw: Draw, content: bytes, gone: set[str]) -> tuple[list[str], bytes]:
    rows = read(content)
    header = list(rows[0]) if rows else []
    kept = [[row[name] for name in header] for row in rows if row["cand_id"] not in gone]
    late = [one for one in applications.accepted(draw.batch) if not one.frozen_in] if draw.part == "T" else []
    districts = {row["district_id"] for row in read(draws.file(_must(draw), "instance/districts.csv") or b"")}
    bodies = {row["inst_id"] for row in read(draws.file(_must(draw), "instance/institutions.csv") or b"")}
    late = [one for one in late if one.institution_code in bodies and one.training_end is not None]
    for one in late:
        earliest = pool.day_number(one.training_end + timedelta(days=1)) if one.training_end else 0
        facts = (one.pseudonym, draw.city, one.institution_code, one.operation, draw.part, one.district, earliest, 0, "")
        told = dict(zip(pool.CANDIDATE_COLUMNS, map(str, facts), strict=True))
        told["district_id"] = told["district_id"] if told["district_id"] in districts else ""
        kept.append([told[name] for name in header])
    return [one.pseudonym for one in late], pool.table(header, kept)


def _must(draw: Draw) -> Draw:
    before = previous(draw)
    assert before is not None
    return before


def _behind(content: bytes, behind: Mapping[str, str], keys: Iterable[str]) -> bytes:
    """Who stands behind each body, as the register has it today."""
    rows = read(content)
    header = list(rows[0]) if rows else []
    for row in rows:
        body = next((row[key] for key in keys if row[key]), "")
        row["controller"] = behind.get(body, "")
    return pool.table(header, [[row[name] for name in header] for row in rows])


def read(content: bytes) -> Rows:
    """A file of an instance as rows."""
    return list(csv.DictReader(io.StringIO(content.decode())))
