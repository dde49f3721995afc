"""A lead is upheld by two people only; rows are struck out, hours counted again, and what rests on them is listed with a last day."""

import pytest
from django.apps import apps

from kaopei.center.training import sealing
from kaopei.center.training.actions import leads as actions
from kaopei.center.training.models import Consequence, Exclusion, HoursTotal, Lead, SignInRecord
from kaopei.center.training.queries import hours
from kaopei.office import scope
from kaopei.office.refused import Refused
from tests.center.training.test_import import pack, take  # noqa: F401
from tests.people import NOW, PEOPLE, log_in

REASON = "调取教室监控和纸质签到表，与记录不符，教师已书面承认代签。"


@pytest.fixture
def batch(pack, province, monkeypatch):  # noqa: F811
    """The lead of five people in the same seconds; one of them has a certificate."""
    take(pack)
    found = Lead.objects.get(kind="batch_identical")
    someone = HoursTotal.objects.get(enrolment__position=1).enrolment.trainee.person
    thing = {"kind": "certificate", "number": "4406-2026-1", "state": "已签发", "url": "/certificates/4406-2026-1/"}
    config = apps.get_app_config("certificates")
    monkeypatch.setattr(config, "resting_on_hours", lambda person: [thing] if person == someone else [], raising=False)
    return found


def upheld(lead, at=NOW):
    with scope.entered(lead.city):
        actions.propose(lead, reason=REASON, by=PEOPLE["clerk"].make(), at=at)
        return actions.uphold(lead, reason="核对了全部六条记录和证言，同意认定。请机构整改。", by=PEOPLE["approver"].make(), at=at)


@pytest.mark.django_db
def test_upheld_lead_strikes_out_and_lists_what_rests_on_it(batch):
    made = upheld(batch)
    assert made.status == "upheld" and made.decision_number
    entries = SignInRecord.objects.filter(kind="counter")
    assert {one.replaces for one in entries} == set(batch.rows) and all(one.second == "approver" and one.made_by == "clerk" for one in entries)
    assert Exclusion.objects.filter(code="T01").count() == len(batch.rows)
    assert SignInRecord.objects.filter(kind="whole").count() == 6, "what was recorded stays"
    one = Consequence.objects.get()
    assert (one.number, one.hours_after, one.decision) == ("4406-2026-1", 0, "") and one.due_on > NOW.date()
    assert sealing.check()[1] == []


@pytest.mark.django_db
def test_one_person_cannot_uphold(batch):
    both = PEOPLE["clerk"].make()
    with scope.entered(batch.city):
        actions.propose(batch, reason=REASON, by=both, at=NOW)
        with pytest.raises(Refused):
            actions.uphold(batch, reason=REASON, by=both, at=NOW)
    assert not SignInRecord.objects.filter(kind="counter").exists()


@pytest.mark.django_db
def test_dismissed_lead_is_counted_as_a_false_alarm(batch):
    with scope.entered(batch.city):
        actions.dismiss(batch, reason="班主任用一台终端逐人刷卡，秒数相同系终端对时所致。", by=PEOPLE["clerk"].make(), at=NOW)
        rate = hours.rates()["batch_identical"]
    assert (rate["dismissed"], rate["reviewed"]) == (1, 1) and rate["low"] > 0 and not SignInRecord.objects.filter(kind="counter").exists()


@pytest.mark.django_db
def test_consequence_is_decided_once(batch):
    upheld(batch)
    with scope.entered(batch.city):
        one = Consequence.objects.get()
        actions.decide_consequence(one, "withdraw", reason="学时不足大纲要求，提请撤销该证书并通知本人。", by=PEOPLE["approver"].make(), at=NOW)
        with pytest.raises(Refused):
            actions.decide_consequence(one, "stands", reason="第二次决定同一件事项是不允许的，应当拒绝。", by=PEOPLE["approver"].make(), at=NOW)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("who", "page", "words"),
    [
        ("clerk", "/training/leads/", "成批相同时间"),
        ("clerk", "/training/classes/", "4406-2026-001"),
        ("clerk", "/training/classes/4406-2026-001/", "计得学时"),
        ("clerk", "/training/contests/", "没有异议"),
        ("approver", "/training/consequences/", "没有待决定"),
        ("auditor", "/training/seals/", "签到记录"),
        ("clerk", "/training/corrections/", "没有更正申请"),
        ("clerk", "/training/syllabus/", "教学单元"),
    ],
)
def test_pages_open(batch, client, who, page, words):
    answer = log_in(client, PEOPLE[who]).get(page)
    assert answer.status_code == 200 and words in answer.content.decode()
