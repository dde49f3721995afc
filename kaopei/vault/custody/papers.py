"""The papers of one seal order: which items in which order for whom; as blobs to seal and as a record for scoring."""

import hmac
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from kaopei.paper import codec
from kaopei.paper.assemble import assemble
from kaopei.paper.blueprint import Blueprint
from kaopei.paper.item import Item
from kaopei.paper.paper import Paper, digest, form, item_ids, policy_id, shared_blobs
from kaopei.vault.custody import trial
from kaopei.vault.custody.sheets import Sheets, from_record

TRIAL = "trial"
# What the order's policy may say of order; anything else would be silently ignored, so it is refused.
SHUFFLED, FIXED = "shuffled", "fixed"
Blobs = list[tuple[str, str, bytes]]


@dataclass(frozen=True)
class Papers:
    """The papers of a package with the secret of its ids and orders."""

    secret: bytes
    shuffle: bool
    papers: Mapping[str, Paper]
    attempts: tuple[tuple[str, str], ...]

    def blobs(self) -> Blobs:
        """All blobs: items, policies, keys, and one form an attempt."""
        found: Blobs = []
        for paper in self.papers.values():
            found += shared_blobs(paper, self.secret)
        found += [("form", attempt, codec.canonical(self.form(attempt))) for attempt, _ in self.attempts]
        return found

    def form(self, attempt: str) -> dict[str, Any]:
        """The form of one attempt; KeyError if the package does not know it."""
        return form(self.papers[dict(self.attempts)[attempt]], attempt, self.secret, shuffle=self.shuffle)

    def ids(self, paper: Paper) -> list[str]:
        """Blob ids of a paper's items, in their order."""
        return list(item_ids(paper, self.secret).values())

    def keys(self) -> dict[str, tuple[str, ...]]:
        """Item blob id → option ids of the key, over all subjects."""
        found = {}
        for paper in self.papers.values():
            ids = item_ids(paper, self.secret)
            found.update({ids[item.number]: item.key for item in paper.items})
        return found

    def rules(self, subject: str) -> dict[str, Any]:
        """What the signed manifest says of a subject's paper to everybody."""
        paper = self.papers[subject]
        return {
            "policy": policy_id(paper, self.secret),
            "duration_minutes": paper.duration_minutes,
            "full_marks": paper.full_marks,
            "pass_mark": paper.pass_mark,
            "multiple": paper.multiple,
        }

    def digests(self) -> dict[str, str]:
        """Subject → digest of its paper."""
        return {subject: digest(paper) for subject, paper in self.papers.items()}

    def size(self, subject: str) -> int:
        """How many items a subject's paper has."""
        return len(self.papers[subject].items)

    def exposed(self) -> list[tuple[str, str, int]]:
        """(subject, number, candidates who get it) of every item that goes out with this package."""
        sat = Counter(subject for _, subject in self.attempts)
        return [(subject, item.number, sat[subject]) for subject, paper in self.papers.items() for item in paper.items]

    def to_text(self) -> str:
        """JSON for the encrypted column."""
        papers = [{**asdict(paper), "items": [asdict(item) for item in paper.items]} for paper in self.papers.values()]
        record = {"secret": self.secret.hex(), "shuffle": self.shuffle, "papers": papers, "attempts": self.attempts}
        return codec.canonical(record).decode()


def from_text(text: str) -> Papers | Sheets:
    """Papers (or a practical package's sheets) again, exactly as they were sealed."""
    record = json.loads(text)
    if "sheets" in record:
        return from_record(record)
    papers = [_paper(row) for row in record["papers"]]
    return Papers(
        bytes.fromhex(record["secret"]),
        record["shuffle"],
        {paper.subject: paper for paper in papers},
        tuple((attempt, subject) for attempt, subject in record["attempts"]),
    )


def _paper(row: dict[str, Any]) -> Paper:
    items = tuple(Item(**{**item, "options": tuple((a, b) for a, b in item["options"]), "key": tuple(item["key"])}) for item in row.pop("items"))
    return Paper(**{**row, "items": items, "points": tuple(row["points"])})


def rehearsal_secret(seed: str, sitting_id: str, form_set: str) -> bytes:
    """A secret that comes again with the same seed, so that a rehearsal's papers can be compared; never in earnest."""
    return hmac.digest(b"kaopei rehearsal paper", codec.canonical([seed, sitting_id, form_set]), "sha256")


def real_paper(
    plan: Blueprint,
    items: Sequence[Item],
    secret: bytes,
    shared: Mapping[str, int],
    exposed: Mapping[str, int],
    multiple: str,
    subject: str = "",
) -> Paper:
    """One paper by the blueprint; which of the possible ones comes out depends on the secret alone.

    `subject` is the spelling of whoever ordered it; items and blueprint may be filed under another.
    """
    assert plan.duration_minutes is not None and plan.pass_mark is not None
    seed = hmac.digest(secret, b"assemble|" + plan.subject.encode(), "sha256").hex()
    chosen = assemble(items, plan, 1, seed, shared=shared, exposed=exposed)[0]
    points = tuple(plan.worth[item.cell] for item in chosen)
    return Paper(subject or plan.subject, tuple(chosen), points, plan.duration_minutes, plan.pass_mark, multiple)


def trial_papers(subjects: Sequence[str]) -> dict[str, Paper]:
    """Dummy papers for a trial package."""
    return {subject: trial.paper(subject) for subject in subjects}
