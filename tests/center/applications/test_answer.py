"""A refusal is a numbered decision: it is served, answered, reviewed by another person, and only then final."""

import datetime as dt
from dataclasses import replace

import pytest
from django.urls import reverse

from kaopei.center.applications import actions, decisions, queries
from kaopei.center.applications.models import DecisionStep, Intake
from kaopei.law import rulesets
from kaopei.law.rules.c3_0_decisions import may_be_final
from kaopei.office import software
from kaopei.office.append_only import Frozen
from kaopei.office.audit.models import Event
from kaopei.office.refused import Refused
from tests.center.packs import Pack
from tests.people import NOW, PEOPLE

pytestmark = pytest.mark.django_db
BATCH = "440600-2026-12"
REASON = "已核对身份证原件，性别录入有误"


@pytest.fixture
def refused(take):
    """A pack whose first row is refused for schooling, taken in."""
    made = Pack()
    made.apply(0, 学历="小学")
    take(made)
    return queries.application(BATCH, "1")


@pytest.fixture
def approver(province):
    return PEOPLE["approver"].make()


def later(days):
    return NOW + dt.timedelta(days=days)


def day(days=0):
    return later(days).date()


def serve(one, by, **changes):
    said = {"on": day(), "text": "短信", "proof": "R-1", "at": NOW} | changes
    return actions.record_step(one, "service", **said, by=by)


def test_refusal_keeps_rules_program_facts_and_remedy(refused):
    made = queries.decision(refused)
    intake = Intake.objects.get()
    assert made.number == f"{intake.number}-1" and made.kind == "refusal" and made.clause == "N2.6.2"
    assert made.rules == intake.rules and made.rules.startswith(rulesets.name_on(day()))
    assert made.rules_digest == rulesets.on(day()).digest and made.software == software.named(decisions.RULES)
    assert ("学历", "小学") in made.facts
    assert made.remedies[0].until == dt.date(2026, 12, 6) and made.remedies[1].until is None
    assert [reason.code for reason in may_be_final(made, day()).reasons] == ["not_served", "not_heard", "not_reviewed"]


def test_personal_facts_are_masked(take):
    pack = Pack()
    row = pack.apply(0)
    row["身份证号码"] = row["身份证号码"][:-1] + ("0" if row["身份证号码"][-1] != "0" else "1")
    take(pack)
    made = queries.decision(queries.application(BATCH, "1"))
    assert row["身份证号码"] not in str(made) and "*" in dict(made.facts)["身份证号码"]


def test_accepted_application_has_no_decision(refused):
    assert queries.decision(queries.application(BATCH, "2")) is None
    assert [made.about for made in queries.weighing(BATCH)] == [f"application:{BATCH}:1"]


def test_nothing_is_decided_before_the_intake_is_confirmed(refused):
    refused.row.intake.confirmed_at = None
    assert decisions.of(refused) is None


def test_it_becomes_final_step_by_step(refused, clerk, approver):
    serve(refused, clerk)
    actions.record_step(refused, "statement", on=day(1), text="毕业证遗失，正在补办", by=clerk, at=later(1))
    actions.record_step(refused, "review", on=day(2), text="学校回函证实只有小学学历", upheld=True, by=approver, at=later(2))
    made = queries.decision(queries.application(BATCH, "1"))
    assert may_be_final(made, day(2)).allowed
    assert (made.service.proof, made.statement.text, made.review.by) == ("R-1", "毕业证遗失，正在补办", approver.username)
    events = Event.objects.filter(code="applications.step_recorded").order_by("pk")
    assert [one.facts["step"] for one in events] == ["service", "statement", "review"]
    assert {one.facts["digest"] for one in events} == {made.digest}
    assert "毕业证" not in str([one.facts for one in events])


def test_review_waits_for_the_person_or_the_end_of_the_time(refused, approver):
    with pytest.raises(Refused, match="尚未陈述"):
        actions.record_step(refused, "review", on=day(7), text="材料属实", upheld=True, by=approver, at=later(7))
    actions.record_step(refused, "review", on=day(8), text="材料属实", upheld=True, by=approver, at=later(8))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"proof": " "}, "凭证"),
        ({"text": ""}, "写明内容"),
        ({"on": day(-1)}, "日期"),
        ({"on": day(1)}, "日期"),
    ],
)
def test_incomplete_service_is_not_recorded(refused, clerk, changes, words):
    with pytest.raises(Refused, match=words):
        serve(refused, clerk, **changes)
    assert not DecisionStep.objects.exists()


def test_each_step_is_taken_once_and_for_good(refused, clerk):
    serve(refused, clerk)
    with pytest.raises(Refused, match="已经记录"):
        serve(refused, clerk)
    with pytest.raises(Frozen):
        DecisionStep.objects.update(proof="R-2")


def test_who_decided_may_not_review(take, held, clerk, approver):
    take(held)
    one = queries.application(BATCH, "1")
    actions.decide(one, "refuse", reason=REASON, by=clerk, at=NOW)
    made = queries.decision(queries.application(BATCH, "1"))
    assert made.number == "440600-2026-00001" and made.decided_by == clerk.username and made.reasons[-1].text == REASON
    actions.record_step(one, "statement", on=day(), text="是我本人", by=clerk, at=NOW)
    with pytest.raises(Refused, match="以外的人"):
        actions.record_step(one, "review", on=day(), text="维持原决定", upheld=True, by=clerk, at=NOW)
    with pytest.raises(Refused, match="早于陈述|维持或不维持"):
        actions.record_step(one, "review", on=day(), text="维持原决定", by=approver, at=NOW)
    actions.record_step(one, "review", on=day(), text="复核后撤销", upheld=False, by=approver, at=NOW)
    again = queries.decision(queries.application(BATCH, "1"))
    assert [reason.code for reason in may_be_final(again, day()).reasons] == ["not_served", "not_upheld"]


def test_review_may_not_come_before_the_statement(refused, clerk, approver):
    actions.record_step(refused, "statement", on=day(2), text="毕业证遗失", by=clerk, at=later(2))
    with pytest.raises(Refused, match="早于陈述"):
        actions.record_step(refused, "review", on=day(1), text="材料属实", upheld=True, by=approver, at=later(2))


def test_held_row_is_a_hold_and_accepting_it_ends_the_matter(take, held, clerk):
    take(held)
    assert queries.decision(queries.application(BATCH, "1")).kind == "hold"
    actions.decide(queries.application(BATCH, "1"), "accept", reason=REASON, by=clerk, at=NOW)
    one = queries.application(BATCH, "1")
    assert queries.decision(one) is None
    with pytest.raises(Refused, match="没有不予受理"):
        serve(one, clerk)


@pytest.mark.parametrize("who", ["institution", "province"])
def test_others_may_not_record(refused, who):
    with pytest.raises(Refused):
        serve(refused, PEOPLE[who].make())


def test_corrected_row_brings_a_new_decision(take, refused, clerk):
    serve(refused, clerk)
    pack = Pack()
    pack.apply(0, 学历="小学", 已完成学时=1)
    take(pack)
    made = queries.decision(queries.application(BATCH, "1"))
    assert made.number == f"{BATCH}-2-1" and made.service is None


def test_intake_of_an_older_program_says_that_it_is_incomplete(refused):
    made = replace(queries.decision(refused), rules_digest="", software="")
    assert may_be_final(made, day()).code == "incomplete"


def test_page_shows_the_decision_and_takes_the_steps(client, refused, clerk):
    client.force_login(clerk)
    page = reverse("applications:application", args=[BATCH, "1"])
    shown = client.get(page).content.decode()
    for part in ("决定书", f"{BATCH}-1-1", "依据的规则", "尚未送达", "行政复议", "决定尚未生效"):
        assert part in shown
    step = reverse("applications:step", args=[BATCH, "1"])
    assert client.post(step, {"kind": "service", "on": "x", "text": ""}).status_code == 422
    today = queries.decision(refused).decided_on
    answer = client.post(step, {"kind": "service", "on": today.isoformat(), "text": "短信", "proof": "R-9", "upheld": ""})
    assert answer.status_code == 302, answer.content.decode()
    assert "R-9" in client.get(page).content.decode()
