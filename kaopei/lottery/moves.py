"""The change list of an incremental draw: whose seat is another one now, and why."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from kaopei.lottery import late
from kaopei.lottery.pool import Pool
from kaopei.lottery.table import BadInstance, quoted

HEADER = "cand_id,part,from_session,to_session,kind,id,reason_code"


class Move(NamedTuple):
    """One row of moves.csv; empty sittings are none."""

    cand: str
    part: str
    old: str
    new: str
    kind: str
    id: str
    reason: str


def asked(pool: Pool) -> Iterable[tuple[int, str]]:
    """Each candidate's parts in this draw, by candidate, theory first."""
    people = pool.candidates
    for number, parts in enumerate(people.parts):
        whole = parts == "TP" and not pool.subjects[people.subject[number]].has_practical
        for part in "T" if whole else parts:
            yield number, part


def check(pool: Pool) -> None:
    """Every change names something that there is, and whoever came or went is told. Raises BadInstance."""
    assert pool.previous is not None
    before = {cand for cand, _ in pool.previous.seats}
    held = {seat for seat in pool.previous.seats.values() if seat}
    listed = {session.id for session in pool.sessions}
    sittings, now, sites = listed | held, set(pool.candidates.id), {site.id for site in pool.sites}
    known = {
        "candidate_withdrawn": before - now,
        "late_approval": now - before,
        "site_suspended": sites,
        "sitting_added": listed - held,
        "error": (before & now) | sittings | sites,
    } | dict.fromkeys(late.CLOSING, sittings)
    told: dict[str, set[str]] = {kind: set() for kind in late.KINDS}
    for kind, each, _ in pool.changes:
        if each not in known[kind]:
            raise BadInstance(f"{late.CHANGES} 的 {kind}“{each}”与文件不符：{_MEANT[kind]}，请核对。")
        if each in told[kind]:
            raise BadInstance(f"{late.CHANGES} 的 {kind}“{each}”写了两次：请只留一行。")
        told[kind].add(each)
    for kind, word in (("candidate_withdrawn", "不在 candidates.csv 里了"), ("late_approval", "是新增的")):
        if missing := known[kind] - told[kind]:
            raise BadInstance(f"考生“{min(missing)}”{word}，{late.CHANGES} 没有说明：请补一行 {kind}。")


_MEANT = {
    "candidate_withdrawn": "应为上一次有、本次 candidates.csv 没有的考生",
    "late_approval": "应为本次新增的考生",
    "site_suspended": "应为 points.csv 里的考试点",
    "sitting_added": "应为 sessions.csv 里、上一次结果没有排人的场次",
    "error": "应为两次都有的考生，或场次、考试点",
} | dict.fromkeys(late.CLOSING, "应为 sessions.csv 或上一次结果里的场次")


class Reasons:
    """Why a seat is another one now."""

    def __init__(self, pool: Pool) -> None:
        assert pool.previous is not None
        self._pool = pool
        self._before = pool.previous.seats
        self._told = {(kind, each): (kind, each, reason) for kind, each, reason in pool.changes}
        self._sessions = {session.id: session for session in pool.sessions}

    def moves(self, given: Mapping[tuple[str, str], str]) -> list[Move]:
        """Everybody whose sitting differs, by candidate, theory first. BadInstance: a seat is lost without a reason."""
        people = self._pool.candidates
        now = {(people.id[number], part): "" for number, part in asked(self._pool)} | dict(given)
        rows = sorted(now.keys() | self._before.keys(), key=lambda row: (row[0], "TP".index(row[1])))
        theory: set[str] = set()
        found = []
        for cand, part in rows:
            old, new = self._before.get((cand, part)) or "", now.get((cand, part), "")
            if old != new:
                found.append(Move(cand, part, old, new, *self._why(cand, part, old, cand in theory)))
                theory.add(cand)
        return found

    def _why(self, cand: str, part: str, old: str, theory_moved: bool) -> tuple[str, str, str]:
        told = self._told
        if not old:
            return next((told[kind, cand] for kind in ("late_approval", "error") if (kind, cand) in told), ("left_over", cand, ""))
        session = self._sessions.get(old)
        keys = [("candidate_withdrawn", cand), *((kind, old) for kind in late.CLOSING)]
        site = "" if session is None else self._pool.sites[session.site].id
        if session is not None and session.suspended:
            keys.append(("site_suspended", site))
        keys += [("error", cand), ("error", old), ("error", site)]
        for key in keys:
            if key in told:
                return told[key]
        if part == "P" and theory_moved:
            return "theory_moved", cand, ""
        raise BadInstance(f"考生“{cand}”不能再坐 {old}，{late.CHANGES} 没有说明原因：请补上相应的变更。")


def moves_csv(moves: Iterable[Move]) -> bytes:
    """The change list as it is published."""
    return "".join(line + "\n" for line in [HEADER, *(",".join(map(quoted, move)) for move in moves)]).encode()


def summary(pool: Pool, moves: list[Move], kept: Mapping[str, Mapping[str, int]]) -> dict[str, Any]:
    """What the transcript of an incremental draw says more than another."""
    previous = pool.previous
    if previous is None:
        return {}
    kinds = [kind for kind, _, _ in pool.changes]
    return {
        "changes": {kind: kinds.count(kind) for kind in late.KINDS if kind in kinds},
        "kept": kept,
        "moves": len(moves),
        "moves_digest": hashlib.sha256(moves_csv(moves)).hexdigest(),
        "previous": {"draw_id": previous.draw_id, "transcript_digest": previous.digest},
    }
