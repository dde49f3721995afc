"""The case tables notice when a rule says the opposite, and when almost anything in it is changed."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, is_dataclass, replace
from datetime import timedelta
from functools import wraps
from importlib import import_module
from typing import Any

import pytest

from kaopei.law.calendar import Due
from kaopei.law.rules import Bound, index
from kaopei.law.verdict import Reason, Verdict
from tests.law import mutants
from tests.law.answers import faults
from tests.law.tables import cases

pytestmark = pytest.mark.no_cover

LEAST_KILLED = 0.9


def inverted(function: Callable[..., Any]) -> Callable[..., Any]:
    """The rule with the opposite answer: allowed is refused, reasons are none and none are some, values are others."""

    @wraps(function)
    def other(**arguments: Any) -> Any:
        return opposite(function(**arguments))

    return other


def opposite(answer: Any) -> Any:
    if isinstance(answer, Verdict):
        return replace(answer, allowed=not answer.allowed, held=False)
    if isinstance(answer, Due):
        return replace(answer, day=answer.day + timedelta(days=1) if answer.day else None, verdict=opposite(answer.verdict))
    if isinstance(answer, Iterator):
        return iter([] if list(answer) else [Reason("N0.1", "", "inverted")])
    if isinstance(answer, list):
        return [refused_or_none(verdict) for verdict in answer]
    if is_dataclass(answer) and not isinstance(answer, type):
        return replace(answer, **{key: opposite(value) for key, value in list(asdict(answer).items())[:1]})
    return answer + {int: 1, str: "?"}.get(type(answer), timedelta(days=1))


def refused_or_none(verdict: Verdict) -> Verdict:
    return Verdict(True) if verdict.reasons else Verdict(False, (Reason("N0.1", "", "inverted"),))


@pytest.mark.parametrize("bound", index(), ids=lambda bound: bound.where.removeprefix("kaopei.law.rules."))
def test_inverted_rule_fails_its_own_table(bound: Bound, monkeypatch: pytest.MonkeyPatch) -> None:
    rule = bound.where.removeprefix("kaopei.law.rules.")
    mine = [case for case in cases() if case.rule == rule]
    assert not any(faults(case) for case in mine)
    module = import_module(bound.module)
    monkeypatch.setattr(module, bound.name, inverted(getattr(module, bound.name)))
    noticed = [case for case in mine if faults(case)]
    assert len(noticed) == len(mine), "every case of the table notices"


@pytest.mark.slow
def test_a_rule_file_as_it_stands_survives_and_a_changed_one_does_not() -> None:
    path = mutants.RULES / "c4_validity.py"
    mine = mutants.by_file()["c4_validity"]
    some = list(mutants.mutants(path))
    assert mutants.survives(replace(some[0], tree=mutants.parsed(path)), mine)
    always = next(mutant for mutant in some if mutant.what == "condition always")
    assert not mutants.survives(always, mine)


@pytest.mark.long
def test_nine_of_ten_changed_rules_are_noticed(capsys: pytest.CaptureFixture[str]) -> None:
    mine = mutants.by_file()
    alive, made = [], 0
    for path in mutants.rule_files():
        assert not any(faults(case) for case in mine[path.stem])
        for mutant in mutants.mutants(path):
            made += 1
            if mutants.survives(mutant, mine[path.stem]):
                alive.append(mutant)
    killed = (made - len(alive)) / made
    with capsys.disabled():
        print(f"\n规则变异：{made} 个，发现 {made - len(alive)} 个（{killed:.1%}），未发现：")
        print(*(f"  {mutant}" for mutant in alive), sep="\n")
    assert made > 2000
    assert killed >= LEAST_KILLED
