"""The result before an incremental draw, read again, and the list of who sits elsewhere now and why."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from .reading import Instance, Person, Unreadable

ENDED = ("sitting_unsealed", "sitting_withdrawn")


class Earlier:
    """Sittings of the result before, by candidate and part."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        try:
            told = json.loads(files["transcript.json"])
            rows = [json.loads(line) for line in files["rows.jsonl"].split(b"\n") if line]
            self.sat: dict[tuple[str, str], str | None] = {(row["cand"], row["part"]): row["session"] for row in rows}
            self.name, self.seed = str(told["draw_id"]), str(told["seed"])
            whole = told["rows_digest"] == hashlib.sha256(files["rows.jsonl"]).hexdigest()
        except (KeyError, TypeError, ValueError, RecursionError):
            raise Unreadable("上一次结果不完整或不是抽签结果：请核对文件。") from None
        if not whole:
            raise Unreadable("上一次结果的 rows.jsonl 与它的 transcript.json 不符：请核对文件。")
        self.digest = hashlib.sha256(files["transcript.json"]).hexdigest()

    def next_name(self) -> str:
        """The name that an incremental draw on this result must have."""
        base, dot, last = self.name.rpartition(".")
        if base and dot and last.isascii() and last.isdigit() and last[0] != "0" and len(last) < 10:
            return f"{base}.{int(last) + 1}"
        return self.name + ".1"


def check_changes(instance: Instance, earlier: Earlier) -> None:
    """Changes name what is there; who came and who went is among them."""
    old, new = {cand for cand, _ in earlier.sat}, {person.id for person in instance.people}
    used = set(filter(None, earlier.sat.values()))
    sittings = used.union(instance.sittings)
    for kind, about, _ in instance.changes:
        fits = {
            "candidate_withdrawn": about in old and about not in new,
            "late_approval": about in new and about not in old,
            "site_suspended": about in instance.sites,
            "error": (about in old and about in new) or about in sittings or about in instance.sites,
            "sitting_added": about in instance.sittings and about not in used,
            "sitting_unsealed": about in sittings,
            "sitting_withdrawn": about in sittings,
        }
        if not fits.get(kind, False):
            raise Unreadable(f"changes.csv 的 {kind}“{about}”与文件不符：请核对文件。")
    pairs = [(kind, about) for kind, about, _ in instance.changes]
    if len(set(pairs)) < len(pairs):
        raise Unreadable("changes.csv 有重复的变更：请核对文件。")
    wanted = {("candidate_withdrawn", cand) for cand in old - new} | {("late_approval", cand) for cand in new - old}
    if lacking := wanted.difference(pairs):
        raise Unreadable(f"changes.csv 没有说明考生“{min(lacking)[1]}”的变动：请核对文件。")


def change_list(instance: Instance, earlier: Earlier, parts: Mapping[str, str], seats: Mapping[tuple[str, str], str]) -> list[list[str]]:
    """Rows of moves.csv, by candidate, theory first."""
    told = {(kind, about): [kind, about, reason] for kind, about, reason in instance.changes}
    every = earlier.sat.keys() | {(cand, part) for cand, listed in parts.items() for part in listed}
    found: list[list[str]] = []
    for cand, part in sorted(every, key=lambda key: (key[0].encode(), key[1] == "P")):
        was, now = earlier.sat.get((cand, part)) or "", seats.get((cand, part), "")
        if was == now:
            continue
        causes = _causes(instance, cand, was)
        cause = next((told[key] for key in causes if key in told), None)
        if cause is None and not was:
            cause = ["left_over", cand, ""]
        if cause is None and part == "P" and found and found[-1][:2] == [cand, "T"]:
            cause = ["theory_moved", cand, ""]
        if cause is None:
            raise Unreadable(f"changes.csv 没有说明考生“{cand}”为何不再坐 {was}：请核对文件。")
        found.append([cand, part, was, now, *cause])
    return found


def _causes(instance: Instance, cand: str, was: str) -> list[tuple[str, str]]:
    """What may stand behind a seat that is another one now, the strongest first."""
    if not was:
        return [("late_approval", cand), ("error", cand)]
    sitting = instance.sittings.get(was)
    suspended = [("site_suspended", sitting.site)] if sitting is not None and sitting.closed else []
    errors = [("error", each) for each in (cand, was, sitting.site if sitting is not None else "")]
    return [("candidate_withdrawn", cand), *((kind, was) for kind in ENDED), *suspended, *errors]


def stays(free: dict[str, int], holders: Mapping[str, list[tuple[bytes, Person]]]) -> dict[str, str]:
    """Who keeps his sitting, and its seats taken off; the first in the lottery where there are fewer than before."""
    kept = {}
    for sitting, those in holders.items():
        for _, person in sorted(those, key=lambda one: (one[0], one[1].id.encode()))[: free[sitting]]:
            kept[person.id] = sitting
    for sitting in kept.values():
        free[sitting] -= 1
    return kept


def told_more(instance: Instance, earlier: Earlier, listed: bytes, kept: Mapping[str, Mapping[str, int]]) -> dict[str, Any]:
    """What the transcript of an incremental draw says besides."""
    changes: dict[str, int] = {}
    for kind, _, _ in instance.changes:
        changes[kind] = changes.get(kind, 0) + 1
    return {
        "changes": changes,
        "kept": kept,
        "moves": listed.count(b"\n") - 1,
        "moves_digest": hashlib.sha256(listed).hexdigest(),
        "previous": {"draw_id": earlier.name, "transcript_digest": earlier.digest},
    }
