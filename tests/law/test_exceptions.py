"""Exceptions to duties that hold in principle."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from kaopei.law.exceptions import ExceptionFacts, stands

GOOD = ExceptionFacts(
    clause="N2.2.7",
    reason_code="remote",
    text="海岛区县没有其他场地，公共基地建成以前临时依托现有机构",
    attachment="ab12",
    scope="site:440620",
    first=date(2026, 1, 1),
    last=date(2026, 12, 31),
    requested_by="林秀兰",
    approved_by="陈国强",
)


@pytest.mark.parametrize("day", [date(2026, 1, 1), date(2026, 12, 31)])
def test_exception_stands_on_its_days(day: date) -> None:
    assert stands(GOOD, "N2.2.7", "site:440620", day).code == "exception"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"clause": "N1.3.7"}, "不是为这件事"),
        ({"scope": "site:440621"}, "不是为这件事"),
        ({"text": "太短"}, "不足 20 字"),
        ({"text": "短" + " " * 30}, "不足 20 字"),
        ({"reason_code": ""}, "理由代码"),
        ({"attachment": ""}, "证明材料"),
        ({"first": date(2026, 12, 8)}, "2026-12-08"),
        ({"last": date(2026, 12, 6)}, "2026-12-06"),
        ({"approved_by": ""}, "申请人以外"),
        ({"approved_by": "林秀兰"}, "申请人以外"),
    ],
)
def test_exception_that_lacks_something_does_not_stand(changes: dict[str, Any], words: str) -> None:
    verdict = stands(replace(GOOD, **changes), "N2.2.7", "site:440620", date(2026, 12, 7))
    assert verdict.decision == "refuse"
    assert words in verdict.text


def test_no_exception_is_none() -> None:
    assert stands(None, "N2.2.7", "site:440620", date(2026, 12, 7)).code == "no_exception"
