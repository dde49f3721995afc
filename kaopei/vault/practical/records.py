"""Score sheets as rows and back."""

import json
from dataclasses import asdict

from kaopei.paper.codec import canonical
from kaopei.paper.practical import Part, ScoreSheet, Step, Task


def to_text(sheet: ScoreSheet) -> str:
    """JSON for the encrypted column."""
    return canonical(asdict(sheet)).decode()


def from_text(text: str) -> ScoreSheet:
    """The sheet again, exactly as it came."""
    found = json.loads(text)
    tasks = tuple(Task(**{**task, "steps": tuple(Step(**step) for step in task["steps"])}) for task in found["tasks"])
    return ScoreSheet(**{**found, "parts": tuple(Part(**part) for part in found["parts"]), "tasks": tasks})
