"""The practical exam (实操): tasks with steps, which of them a candidate draws, and what examiners' marks come to.

The exam site and the vault run this same code. A sheet (评分表) is what one examiner says of one candidate: a deduction a
step, never more than its points, and a press on a veto step (否决项) that was failed. A veto leaves its task without points, and
fails the whole practical where the rules say so: three other full tasks alone would else look like a pass.
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kaopei.paper import codec
from kaopei.paper.paper import blob_id

DEDUCT, VETO = "deduct", "veto"
# How marks that may differ are made one: the lower, or the mean rounded down or up to a whole mark.
LOWER, MEAN_DOWN, MEAN_UP = "lower", "mean_down", "mean_up"
COMBINES = (LOWER, MEAN_DOWN, MEAN_UP)
# What a third examiner's marks do beyond agreeing with one of the others: the middle one counts, or his.
MEDIAN, LAST = "median", "third"
THIRDS = (MEDIAN, LAST)


@dataclass(frozen=True, slots=True)
class Step:
    """考核步骤 with its points (配分), the words of its deductions, and whether failing it is a veto."""

    text: str
    points: int
    faults: str
    veto: bool


@dataclass(frozen=True, slots=True)
class Task:
    """任务: one that may be drawn for its part (科目)."""

    number: str
    part: str
    title: str
    minutes: int
    steps: tuple[Step, ...]

    @property
    def full_marks(self) -> int:
        return sum(step.points for step in self.steps)


@dataclass(frozen=True, slots=True)
class Part:
    """科目: its name, its marks, and how many of its tasks a candidate draws."""

    part: str
    name: str
    full_marks: int
    draw: int


@dataclass(frozen=True, slots=True)
class ScoreSheet:
    """评分标准 of one subject. `veto_fails`: a veto fails the whole practical (否决后总评)."""

    subject: str
    parts: tuple[Part, ...]
    tasks: tuple[Task, ...]
    duration_minutes: int
    pass_mark: int
    veto_fails: bool

    @property
    def full_marks(self) -> int:
        return sum(part.full_marks for part in self.parts)


# ---- what is sealed
def digest(sheet: ScoreSheet) -> str:
    """SHA-256 of everything that makes the sheet."""
    tasks = [[one.number, _task(one)] for one in sorted(sheet.tasks, key=lambda one: one.number)]
    return hashlib.sha256(codec.canonical([_rules(sheet), tasks])).hexdigest()


def drawn(sheet: ScoreSheet, attempt: str, secret: bytes) -> list[Task]:
    """The tasks of one attempt, in the order of the parts; all chance comes from the secret of the package."""
    found: list[Task] = []
    for part in sheet.parts:
        mine = [one for one in sheet.tasks if one.part == part.part]
        mine.sort(key=lambda one: hmac.digest(secret, codec.canonical(["task", sheet.subject, attempt, one.number]), "sha256"))
        found += mine[: part.draw]
    return found


def rules_id(sheet: ScoreSheet, secret: bytes) -> str:
    """Id of the blob with the rules."""
    return blob_id(secret, "rules", sheet.subject)


def form(sheet: ScoreSheet, attempt: str, secret: bytes) -> dict[str, Any]:
    """What one candidate has drawn, in the shape of `codec`."""
    tasks = [blob_id(secret, "task", sheet.subject, one.number) for one in drawn(sheet, attempt, secret)]
    frame = {"attempt": attempt, "subject": sheet.subject, "policy": rules_id(sheet, secret)}
    return {**frame, "duration_minutes": sheet.duration_minutes, "tasks": tasks}


def shared_blobs(sheet: ScoreSheet, secret: bytes) -> list[tuple[str, str, bytes]]:
    """(class, id, bytes) of the tasks and the rules."""
    blobs = [("task", blob_id(secret, "task", sheet.subject, one.number), codec.canonical(_task(one))) for one in sheet.tasks]
    return sorted([*blobs, ("policy", rules_id(sheet, secret), codec.canonical(_rules(sheet)))])


def _task(one: Task) -> dict[str, Any]:
    steps = [{"text": step.text, "points": step.points, "faults": step.faults, "veto": step.veto} for step in one.steps]
    return {"part": one.part, "title": one.title, "minutes": one.minutes, "full_marks": one.full_marks, "steps": steps}


def _rules(sheet: ScoreSheet) -> dict[str, Any]:
    parts = [{"part": one.part, "name": one.name, "full_marks": one.full_marks, "draw": one.draw} for one in sheet.parts]
    frame = {"subject": sheet.subject, "duration_minutes": sheet.duration_minutes, "full_marks": sheet.full_marks}
    return {**frame, "pass_mark": sheet.pass_mark, "veto_fails": sheet.veto_fails, "parts": parts}


# ---- what one examiner says
@dataclass(slots=True)
class Marks:
    """Deductions and vetoes by (task, step), both counted from 1."""

    deducted: dict[tuple[int, int], int] = field(default_factory=dict)
    vetoed: set[tuple[int, int]] = field(default_factory=set)

    def take(self, kind: str, task: int, step: int, value: int) -> None:
        """Let one mark act; the last word about a step counts."""
        if kind == DEDUCT:
            self.deducted[task, step] = value
        elif value:
            self.vetoed.add((task, step))
        else:
            self.vetoed.discard((task, step))


@dataclass(frozen=True, slots=True)
class Tally:
    """What a sheet comes to. `points` by task; `fails`: the whole practical, whatever the score."""

    score: int
    full_marks: int
    fails: bool
    points: tuple[int, ...]
    vetoes: tuple[tuple[int, int], ...] = ()


def fits(tasks: Sequence[Mapping[str, Any]], kind: str, task: int, step: int, value: int) -> bool:
    """Whether this may be said of these tasks (shape of `codec`): a deduction within the step's points, a veto on a veto step."""
    if not 1 <= task <= len(tasks) or not 1 <= step <= len(tasks[task - 1]["steps"]):
        return False
    found = tasks[task - 1]["steps"][step - 1]
    if kind == DEDUCT:
        return 0 <= value <= int(found["points"])
    return kind == VETO and bool(found["veto"]) and value in (0, 1)


def missing(tasks: Sequence[Mapping[str, Any]], marks: Marks) -> list[tuple[int, int]]:
    """Steps of which nothing was said; silence is never full marks."""
    every = [(at, place) for at, task in enumerate(tasks, 1) for place, _ in enumerate(task["steps"], 1)]
    return [one for one in every if one not in marks.deducted and one not in marks.vetoed]


def tally(tasks: Sequence[Mapping[str, Any]], rules: Mapping[str, Any], marks: Marks) -> Tally:
    """A sheet without gaps, counted: each step is worth its points less the deduction, a task with a veto nothing."""
    points = []
    for at, task in enumerate(tasks, 1):
        left = sum(step["points"] - marks.deducted.get((at, place), 0) for place, step in enumerate(task["steps"], 1))
        points.append(0 if any(one[0] == at for one in marks.vetoed) else left)
    fails = bool(marks.vetoed) and bool(rules["veto_fails"])
    return Tally(sum(points), int(rules["full_marks"]), fails, tuple(points), tuple(sorted(marks.vetoed)))


# ---- what several examiners come to
@dataclass(frozen=True, slots=True)
class Agreement:
    """How many examiners must agree. Every other setting starts empty: then only equal marks agree, else a further examiner.

    `difference` = whole marks by which totals may differ, only together with `combine`; `third` = a word of THIRDS.
    """

    examiners: int = 2
    difference: int | None = None
    combine: str = ""
    third: str = ""


def agreement(policy: Mapping[str, Any]) -> Agreement:
    """The settings as the sealed order carries them in `policy.practical`."""
    found = policy["practical"]
    return Agreement(found["examiners"], found["difference"], found["combine"], found["third"])


def settle(tallies: Sequence[Tally], rule: Agreement) -> Tally | None:
    """The one result of signed sheets, in the order of their signatures; None: a further examiner is needed."""
    if len(tallies) < rule.examiners:
        return None
    for one in tallies:
        if sum((other.score, other.fails) == (one.score, one.fails) for other in tallies) >= rule.examiners:
            return one
    if rule.difference is not None and rule.combine and len({one.fails for one in tallies}) == 1:
        near = _near(tallies, rule)
        if near:
            return _combined(near, rule.combine)
    if len(tallies) <= rule.examiners or not rule.third:
        return None
    if rule.third == LAST:
        return tallies[-1]
    return _median(tallies) if len(tallies) % 2 else None


def _near(tallies: Sequence[Tally], rule: Agreement) -> Sequence[Tally]:
    """The first examiners, if they are as near to one another as the setting allows."""
    first = tallies[: rule.examiners]
    scores = [one.score for one in first]
    return first if max(scores) - min(scores) <= (rule.difference or 0) else ()


def _combined(near: Sequence[Tally], how: str) -> Tally:
    lowest = min(near, key=lambda one: one.score)
    if how == LOWER:
        return lowest
    total, count = sum(one.score for one in near), len(near)
    score = -(-total // count) if how == MEAN_UP else total // count
    # The parts stay those of the lower sheet; only the total is a mean.
    return Tally(score, lowest.full_marks, lowest.fails, lowest.points, lowest.vetoes)


def _median(tallies: Sequence[Tally]) -> Tally:
    middle = sorted(tallies, key=lambda one: one.score)[len(tallies) // 2]
    fails = 2 * sum(one.fails for one in tallies) > len(tallies)
    return Tally(middle.score, middle.full_marks, fails, middle.points, middle.vetoes)


def outcome(form: Mapping[str, Any], settled: Tally, sheets: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """A result as the parcels carry it; `sheets` = who signed what, by the examiners' ids."""
    signed = list(sheets)
    detail = {"part": "P", "points": list(settled.points), "veto": settled.fails, "sheets": signed}
    frame = {"attempt": form["attempt"], "subject": form["subject"], "score": settled.score, "max_score": settled.full_marks}
    return {**frame, "answered": len(signed), "detail": detail}
