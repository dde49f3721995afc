"""What a case table can say about the answer of a rule, and whether a rule answered so."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, is_dataclass
from functools import cache
from typing import Any

from kaopei.law.calendar import Due
from kaopei.law.rules import index
from kaopei.law.verdict import Reason, Verdict
from tests.law.tables import Case


def faults(case: Case) -> list[str]:
    """Run the rule and say where it differs from its table. Every reason must cite a duty that this rule is bound to."""
    answer = case.function()(**case.arguments())
    if isinstance(answer, Iterator):
        answer = tuple(answer)
    shown = plain(answer)
    found = [f"{key}: {shown}" for key, expected in case.answer.items() if key not in ("case", "says") and shown[key] != expected]
    reasons = _reasons(answer)
    if case.answer.get("says", "") not in "；".join(reason.text for reason in reasons):
        found.append(f"says: {reasons}")
    found += [f"cites {reason.clause}" for reason in reasons if reason.clause not in duties(case.rule) or not reason.text]
    return found


@cache
def duties(rule: str) -> frozenset[str]:
    """The duties that a rule is bound to."""
    return next(frozenset(bound.duties) for bound in index() if bound.where.removeprefix("kaopei.law.rules.") == rule)


def plain(answer: Any) -> dict[str, Any]:
    """What a table can say about an answer."""
    if isinstance(answer, Due):
        return {**plain(answer.verdict), "gives": answer.day}
    if isinstance(answer, Verdict):
        return {
            "expect": answer.decision,
            "code": answer.code,
            "clause": answer.clause,
            "codes": [reason.code for reason in answer.reasons],
            "gives": [note.code for note in answer.notes],
        }
    if isinstance(answer, tuple):
        codes = [reason.code for reason in answer]
        return {"expect": "refuse" if codes else "accept", "codes": codes, "code": codes[0] if codes else ""}
    if isinstance(answer, list):
        return {"gives": [verdict.code for verdict in answer]}
    if is_dataclass(answer) and not isinstance(answer, type):
        return {"gives": {key: _value(value) for key, value in asdict(answer).items() if key != "notes"}, "codes": _notes(answer)}
    return {"gives": answer}


def _value(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _notes(answer: Any) -> list[str]:
    return [note.code for note in getattr(answer, "notes", ())]


def _reasons(answer: Any) -> Sequence[Reason]:
    if isinstance(answer, Due):
        return answer.verdict.reasons
    if isinstance(answer, Verdict):
        return answer.reasons + answer.notes
    if isinstance(answer, list):
        return [reason for verdict in answer for reason in _reasons(verdict)]
    if isinstance(answer, tuple):
        return answer
    return tuple(getattr(answer, "notes", ()))
