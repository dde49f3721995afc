"""The score sheets of one practical package: which tasks for whom; as blobs to seal and as a record for scoring.

The same shape as `papers.Papers`: a package is sealed and scored without asking which kind it is.
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from kaopei.paper import codec, practical
from kaopei.paper.practical import Agreement, Marks, ScoreSheet
from kaopei.vault.practical.records import from_text as sheet_of

Blobs = list[tuple[str, str, bytes]]


class BadMarks(ValueError):
    """Marks that cannot have been given for the tasks that were drawn."""


@dataclass(frozen=True)
class Sheets:
    """Score sheets by subject with the secret of the draw; `rule` = when examiners agree, as the sealed order says."""

    secret: bytes
    sheets: Mapping[str, ScoreSheet]
    attempts: tuple[tuple[str, str], ...]
    rule: Agreement

    def blobs(self) -> Blobs:
        """Tasks and rules, and one form an attempt; there is no key."""
        found: Blobs = []
        for sheet in self.sheets.values():
            found += practical.shared_blobs(sheet, self.secret)
        return found + [("form", attempt, codec.canonical(self.form(attempt))) for attempt, _ in self.attempts]

    def form(self, attempt: str) -> dict[str, Any]:
        """What one attempt has drawn; KeyError if the package does not know it."""
        return practical.form(self.sheets[dict(self.attempts)[attempt]], attempt, self.secret)

    def rules(self, subject: str) -> dict[str, Any]:
        """What the signed manifest says of a subject to everybody."""
        sheet = self.sheets[subject]
        frame = {"policy": practical.rules_id(sheet, self.secret), "duration_minutes": sheet.duration_minutes}
        return {**frame, "full_marks": sheet.full_marks, "pass_mark": sheet.pass_mark, "veto_fails": sheet.veto_fails}

    def digests(self) -> dict[str, str]:
        """Subject → digest of its sheet."""
        return {subject: practical.digest(sheet) for subject, sheet in self.sheets.items()}

    def size(self, subject: str) -> int:
        """How many tasks a subject has in this package."""
        return len(self.sheets[subject].tasks)

    def exposed(self) -> list[tuple[str, str, int]]:
        """(subject, number, candidates who drew it) of every task that somebody drew; the others stay sealed in the package."""
        found: Counter[tuple[str, str]] = Counter()
        for attempt, subject in self.attempts:
            found.update((subject, task.number) for task in practical.drawn(self.sheets[subject], attempt, self.secret))
        return [(subject, number, count) for (subject, number), count in sorted(found.items())]

    def to_text(self) -> str:
        """JSON for the encrypted column."""
        sheets = {subject: asdict(sheet) for subject, sheet in self.sheets.items()}
        record = {"secret": self.secret.hex(), "sheets": sheets, "attempts": self.attempts, "rule": asdict(self.rule)}
        return codec.canonical(record).decode()

    def result(self, attempt: str, signed: list[dict[str, Any]]) -> dict[str, Any]:
        """Count the signed sheets of one attempt again, from our own tasks. Raises BadMarks."""
        sheet = self.sheets[dict(self.attempts)[attempt]]
        blobs = {name: data for kind, name, data in practical.shared_blobs(sheet, self.secret) if kind == "task"}
        form = self.form(attempt)
        tasks = [codec.read_task(blobs[name]) for name in form["tasks"]]
        tallies, told = [], []
        for one in signed:
            marks = _marks(tasks, one, attempt)
            tallies.append(practical.tally(tasks, {"full_marks": sheet.full_marks, "veto_fails": sheet.veto_fails}, marks))
            names = {"examiner": one["examiner"], "version": one["version"]}
            told.append({**names, "score": tallies[-1].score, "veto": tallies[-1].fails})
        settled = practical.settle(tallies, self.rule)
        if settled is None:
            raise BadMarks(f"应考号 {attempt} 的 {len(signed)} 份评分还没有一致，不能评定")
        return practical.outcome(form, settled, told)


def _marks(tasks: list[dict[str, Any]], sheet: dict[str, Any], attempt: str) -> Marks:
    marks = Marks()
    for kind, task, step, value in sheet["marks"]:
        if not practical.fits(tasks, kind, task, step, value):
            raise BadMarks(f"应考号 {attempt} 的评分里有抽到的任务中没有的步骤、超过配分的扣分，或不是否决项的否决")
        marks.take(kind, task, step, value)
    if practical.missing(tasks, marks):
        raise BadMarks(f"应考号 {attempt} 的评分有没打分的步骤")
    return marks


def from_record(record: Mapping[str, Any]) -> Sheets:
    """Sheets again, exactly as they were sealed."""
    sheets = {subject: sheet_of(json.dumps(sheet)) for subject, sheet in record["sheets"].items()}
    attempts = tuple((attempt, subject) for attempt, subject in record["attempts"])
    return Sheets(bytes.fromhex(record["secret"]), sheets, attempts, Agreement(**record["rule"]))
