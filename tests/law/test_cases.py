"""Every rule answers as its case table says; the tables are written for lawyers."""

import pytest

from kaopei.law.rules import index
from tests.law.answers import faults
from tests.law.tables import Case, cases, tables

ALL = list(cases())


@pytest.mark.parametrize("case", ALL, ids=str)
def test_rule_answers_as_the_table_says(case: Case) -> None:
    assert faults(case) == []


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
