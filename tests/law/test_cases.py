"""Every rule answers as its case table says; the tables are written for lawyers."""

from collections.abc import Iterator
from dataclasses import asdict, is_dataclass
from typing import Any

import pytest

from kaopei.law.calendar import Due
from kaopei.law.duties import all_duties
from kaopei.law.rules import index
from kaopei.law.verdict import Reason, Verdict
from tests.law.tables import Case, cases, tables

ALL = list(cases())


@pytest.mark.parametrize("case", ALL, ids=str)
def test_rule_answers_as_the_table_says(case: Case) -> None:
    answer = plain(case.function()(**case.arguments()))
    for key, expected in case.answer.items():
        if key != "case":
            assert answer[key] == expected, f"{key}: {answer}"


def plain(answer: Any) -> dict[str, Any]:
    """What a table can say about an answer."""
    if isinstance(answer, Due):
        return {**plain(answer.verdict), "gives": answer.day}
    if isinstance(answer, Verdict):
        codes = [reason.code for reason in answer.reasons]
        notes = [note.code for note in answer.notes]
        return {
            "expect": answer.decision,
            "code": answer.code,
            "clause": answer.clause,
            "codes": codes,
            "gives": notes,
        }
    if isinstance(answer, Iterator):
        reasons: list[Reason] = list(answer)
        codes = [reason.code for reason in reasons]
        return {"expect": "refuse" if reasons else "accept", "codes": codes, "code": codes[0] if codes else ""}
    if is_dataclass(answer) and not isinstance(answer, type):
        shown = {key: value for key, value in asdict(answer).items() if key != "notes"}
        answer = {key: list(value) if isinstance(value, tuple) else value for key, value in shown.items()}
    return {"gives": answer}


def test_every_rule_has_a_table_and_every_table_a_rule() -> None:
    bound = {item.where.removeprefix("kaopei.law.rules.") for item in index()}
    assert bound == {rule for rule, _ in tables()}


@pytest.mark.parametrize("rule", [rule for rule, _ in tables()])
def test_table_has_two_that_pass_and_two_that_fail(rule: str) -> None:
    mine = [case for case in ALL if case.rule == rule]
    assert len({case.title for case in mine}) == len(mine)
    table = dict(tables())[rule]
    passing = [case for case in mine if case.answer.get("expect") == "accept"]
    failing = [case for case in mine if case.answer.get("expect") in ("refuse", "hold")]
    if table.get("answers") == "value":
        assert len(mine) >= 4
        assert all("gives" in case.answer or "code" in case.answer for case in mine)
    else:
        assert len(passing) >= 2
        assert len(failing) >= 2
        assert all(case.answer.get("code") or case.answer.get("codes") for case in failing), "a refusal names its code"


def test_every_reason_names_a_duty_of_the_notice() -> None:
    for case in ALL:
        answer = case.function()(**case.arguments())
        if isinstance(answer, Verdict):
            assert all(reason.clause in all_duties() and reason.text for reason in answer.reasons + answer.notes)
