"""Standing is one time line; the intake and the draw ask for it, measures change it."""

from datetime import date, timedelta

import pytest

from kaopei.center.applications import actions as intake
from kaopei.center.applications.models import Application
from kaopei.center.registry import actions, queries
from kaopei.office.accounts.roles import SYSTEM
from kaopei.office.refused import Refused
from tests.center.packs import Pack
from tests.people import NOW

pytestmark = pytest.mark.django_db
CITY, FIRST, LAST = "440600", date(2026, 12, 1), date(2027, 3, 1)


def suspend(by, first=FIRST, last=LAST):
    return actions.suspend_site("440601", city=CITY, from_day=first, to_day=last, reason="监控录像缺失", by=by, at=NOW)


def test_suspended_then_resumed_early(register, people):
    suspend(people["approver"])
    with pytest.raises(Refused, match="理由"):
        actions.resume("440601", city=CITY, from_day=date(2027, 1, 10), reason=" ", by=people["approver"], at=NOW)
    actions.resume("440601", city=CITY, from_day=date(2027, 1, 10), reason="复查合格", by=people["approver"], at=NOW)
    states = [queries.site(CITY, "440601", day).standing for day in (date(2026, 11, 30), FIRST, date(2027, 1, 9), date(2027, 1, 10))]
    assert states == ["good", "suspended", "suspended", "good"]
    assert [turn.state for turn in queries.timeline(CITY, "440601")] == ["suspended", "resumed"]
    with pytest.raises(Refused, match="没有正在执行"):
        actions.resume("440601", city=CITY, from_day=date(2027, 2, 1), reason="复查合格", by=people["approver"], at=NOW)


def test_withdrawn_site_never_comes_back(register, people):
    order = {"order_due_on": date(2026, 11, 20), "corrected": False, "reason": "逾期没有整改"}
    with pytest.raises(Refused, match="整改期限"):
        actions.withdraw_site("440601", city=CITY, from_day=FIRST, by=people["approver"], at=NOW, **order | {"order_due_on": date(2026, 12, 20)})
    actions.withdraw_site("440601", city=CITY, from_day=FIRST, by=people["approver"], at=NOW, **order)
    assert queries.site(CITY, "440601", date(2030, 1, 1)).standing == "disqualified"
    with pytest.raises(Refused, match="不能恢复"):
        suspend(people["approver"])
    with pytest.raises(Refused, match="不能恢复"):
        actions.resume("440601", city=CITY, from_day=LAST, reason="复查合格", by=people["approver"], at=NOW)


def test_measure_against_an_institution_counts_whatever_its_list_says(register, people):
    code = register.codes[1]
    said = {"city": CITY, "clause": "N3.1.1", "reason": "伪造培训记录，证据 P-3", "by": people["approver"], "at": NOW}
    actions.bar_institution(code, from_day=FIRST, to_day=LAST, **said)
    assert queries.institution(CITY, code, FIRST).is_registered and not queries.institution(CITY, code, FIRST).in_good_standing
    later = NOW + timedelta(days=1)
    again = intake.receive(Pack(seed=2).files(), by=SYSTEM, at=later)
    mine = again.rows.filter(institution_code=code) if hasattr(again.rows.model, "institution_code") else again.rows.all()
    assert {row.decision for row in mine if "institution_not_registered" in row.codes} == {"refuse"}
    intake.confirm(again, by=SYSTEM, at=later)
    assert queries.institution(CITY, code, FIRST).is_registered, "the list goes on saying what it says"
    assert not Application.objects.filter(institution_code=code, decision="accept", batch=again.batch, row__intake=again).exists()
