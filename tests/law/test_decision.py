"""The numbered decision: whole, bound to rules and program, and final only when served, answered and reviewed."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from kaopei.law import decision, rulesets
from kaopei.law.decision import KINDS, SYSTEM, Decision, Remedy, Review, Service, Statement
from kaopei.law.rules.c3_0_decisions import may_be_final
from kaopei.law.verdict import Reason, Verdict, allow, hold, refuse

DAY = date(2026, 12, 1)


def made(verdict: Verdict = refuse("N2.6.2", "学历不够", "education"), **changes: Any) -> Decision:
    given: dict[str, Any] = {
        "number": "440600-2026-12-1-17",
        "about": "application:440600-2026-12:17",
        "facts": {"学历": "小学", "学校": ""},
        "rules_day": date(2026, 11, 24),
        "software": "0.1.0",
        "decided_by": SYSTEM,
        "decided_on": DAY,
        "remedies": [Remedy("更正后再报", "佛山市考试机构", date(2026, 12, 6)), Remedy("依法申请行政复议", "有权机关")],
        "answer_by": date(2026, 12, 8),
    }
    return decision.of(verdict, **(given | changes))


SERVED = Service("短信", date(2026, 12, 2), "R-1")
SAID = Statement("毕业证已补交", date(2026, 12, 5))
LOOKED = Review("林秀兰", date(2026, 12, 9), True, "证书经核实不符")


def test_it_keeps_clause_rules_and_program() -> None:
    one = made()
    held = rulesets.on(date(2026, 11, 24))
    assert (one.kind, one.clause) == ("refusal", "N2.6.2")
    assert (one.rules, one.rules_digest, one.software) == (held.name, held.digest, "0.1.0")


def test_a_held_verdict_is_a_hold_and_the_kind_may_be_named() -> None:
    assert made(hold("N1.3.11", "性别不符", "sex_mismatch")).kind == "hold"
    assert made(kind="measure").kind == "measure"


@pytest.mark.parametrize("verdict", [allow(), allow("N2.3.5", "免交叉"), Verdict(False)])
def test_nothing_is_decided_without_a_refusal_and_a_reason(verdict: Verdict) -> None:
    with pytest.raises(ValueError, match="refuses or holds"):
        made(verdict)


@pytest.mark.parametrize(
    "change",
    [
        {"number": "440600-2026-12-1-18"},
        {"kind": "measure"},
        {"about": "application:440600-2026-12:18"},
        {"facts": (("学历", "初中"),)},
        {"reasons": (Reason("N2.6.1", "地点", "place"),)},
        {"rules": "so-30"},
        {"rules_digest": "00"},
        {"software": "0.2.0"},
        {"decided_by": "林秀兰"},
        {"decided_on": date(2026, 12, 2)},
        {"remedies": ()},
        {"answer_by": date(2026, 12, 9)},
    ],
)
def test_digest_changes_with_everything_that_was_decided(change: dict[str, Any]) -> None:
    one = made()
    assert replace(one, **change).digest != one.digest


def test_later_steps_leave_the_digest_alone_and_keep_each_other() -> None:
    one = made()
    done = one.with_steps(service=SERVED).with_steps(statement=SAID).with_steps(review=LOOKED)
    assert (done.service, done.statement, done.review) == (SERVED, SAID, LOOKED)
    assert done.digest == one.digest


def test_it_is_final_step_by_step() -> None:
    one = made()
    assert [reason.code for reason in may_be_final(one, DAY).reasons] == ["not_served", "not_heard", "not_reviewed"]
    one = one.with_steps(service=SERVED)
    assert [reason.code for reason in may_be_final(one, date(2026, 12, 2)).reasons] == ["not_heard", "not_reviewed"]
    one = one.with_steps(statement=SAID)
    assert [reason.code for reason in may_be_final(one, date(2026, 12, 5)).reasons] == ["not_reviewed"]
    one = one.with_steps(review=LOOKED)
    assert may_be_final(one, date(2026, 12, 9)).allowed


def test_a_person_reads_number_clause_rules_remedy_and_what_is_still_open() -> None:
    said = "\n".join(made().lines())
    wanted = ("440600-2026-12-1-17", "二（六） N2.6.2", "学校：空白", "so-19+", "0.1.0", "2026-12-06 以前")
    wanted += ("尚未收到", "尚未送达", "尚未复核", "待人复核")
    assert [part for part in wanted if part not in said] == []
    assert "以前）" not in next(line for line in made().lines() if "行政复议" in line)


def test_a_person_reads_what_has_happened() -> None:
    one = made(decided_by="何敏").with_steps(service=SERVED, statement=SAID, review=replace(LOOKED, upheld=False))
    said = "\n".join(one.lines())
    for part in ("作出决定：何敏", "2026-12-02 短信（R-1）", "毕业证已补交", "林秀兰 撤销"):
        assert part in said
    assert "维持" in "\n".join(one.with_steps(review=LOOKED).lines())
    assert set(KINDS) == {"refusal", "hold", "hours", "misconduct", "measure"}
