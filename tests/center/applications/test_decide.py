"""A person decides each held row, with a reason; until then it neither goes forward nor is lost."""

import pytest

from kaopei.center.applications import actions, queries
from kaopei.center.applications.models import Ruling
from kaopei.office.append_only import Frozen
from kaopei.office.audit.models import Event
from kaopei.office.refused import Refused
from tests.people import NOW, PEOPLE

pytestmark = pytest.mark.django_db
BATCH = "440600-2026-12"
REASON = "已核对身份证原件，性别录入有误"


def first():
    return queries.application(BATCH, "1")


def test_accepting_gives_a_pseudonym(take, held, clerk):
    take(held)
    assert first().decision == "hold" and first().pseudonym is None
    ruling = actions.decide(first(), "accept", reason=REASON, by=clerk, at=NOW)
    assert ruling.number == "440600-2026-00001" and queries.undecided(BATCH) == 0
    assert first().pseudonym in {one.pseudonym for one in queries.accepted(BATCH)}


def test_refusing_keeps_it_back(take, held, clerk):
    take(held)
    actions.decide(first(), "refuse", reason=REASON, by=clerk, at=NOW)
    assert first().decision == "refuse" and len(queries.accepted(BATCH)) == 11


@pytest.mark.parametrize(("decision", "reason"), [("accept", "同意"), ("accept", "         "), ("hold", REASON), ("", REASON)])
def test_without_reason_or_decision_nothing_happens(take, held, clerk, decision, reason):
    take(held)
    with pytest.raises(Refused):
        actions.decide(first(), decision, reason=reason, by=clerk, at=NOW)
    assert first().decision == "hold" and not Ruling.objects.exists()


def test_decided_row_is_not_decided_again(take, held, clerk):
    take(held)
    actions.decide(first(), "accept", reason=REASON, by=clerk, at=NOW)
    with pytest.raises(Refused, match="不是待定"):
        actions.decide(first(), "refuse", reason=REASON, by=clerk, at=NOW)


@pytest.mark.parametrize("who", ["institution", "approver", "province"])
def test_others_may_not_decide(take, held, who):
    take(held)
    with pytest.raises(Refused):
        actions.decide(first(), "accept", reason=REASON, by=PEOPLE[who].make(), at=NOW)
    assert first().decision == "hold"


def test_reason_is_encrypted_and_not_in_the_event(take, held, clerk):
    take(held)
    actions.decide(first(), "accept", reason=REASON, by=clerk, at=NOW)
    assert REASON not in str(Event.objects.get(code="applications.decided").facts)
    with pytest.raises(Frozen):
        Ruling.objects.update(decision="refuse")


def test_decision_outlives_the_same_pack_and_a_correction_of_others(take, held, clerk):
    take(held)
    actions.decide(first(), "accept", reason=REASON, by=clerk, at=NOW)
    take(held)
    held.apply(3, 学历="大专")
    assert take(held).changed == {"changed": 1, "same": 11, "absent": 0}
    assert first().decision == "accept"


def test_verdict_file_still_says_hold(take, held, clerk):
    taken = take(held)
    actions.decide(first(), "accept", reason=REASON, by=clerk, at=NOW)
    assert queries.verdict_rows(taken)[0][:3] == ("1", "hold", "sex_mismatch")


def test_corrected_row_opens_the_question_again(take, held, clerk):
    take(held)
    actions.decide(first(), "accept", reason=REASON, by=clerk, at=NOW)
    pseudonym = first().pseudonym
    held.apply(0, 学历="大专")
    take(held)
    assert first().decision == "hold" and first().rulings.count() == 1
    assert pseudonym not in {one.pseudonym for one in queries.accepted(BATCH)}
    actions.decide(first(), "accept", reason=REASON, by=clerk, at=NOW)
    assert first().pseudonym == pseudonym


def test_looking_at_the_whole_needs_a_reason_and_is_recorded(take, held, clerk):
    take(held)
    with pytest.raises(Refused):
        actions.unmask(first(), reason="看看", by=clerk, at=NOW)
    actions.unmask(first(), reason="与机构电话核对身份证号码", by=clerk, at=NOW)
    assert Event.objects.get(code="applications.unmasked").actor == "clerk"
