"""Comparing across cities: a task of the province on keyed indexes; a city sees its own rows and how many other cities."""

import itertools
from datetime import timedelta

import pytest
from django.test import Client

from kaopei.center.applications.models import Application, Batch, Intake, Row
from kaopei.center.certificates import actions, matching, queries
from kaopei.center.certificates.models import Certificate, Match, Matching
from kaopei.center.training.models import Enrolment, Trainee, TrainingClass, TrainingProof
from kaopei.office import scope
from kaopei.office.audit.models import Event
from kaopei.office.personal import blind_index
from kaopei.office.refused import Refused
from kaopei.office.tasks.models import Job
from kaopei.office.tasks.worker import Worker
from tests.people import FOSHAN, GUANGZHOU, NOW, PEOPLE, log_in

pytestmark = pytest.mark.django_db
DAY = NOW.date()
SHENZHEN = "440300"
LOW, HIGH = "低压电工作业", "高压电工作业"
REASON = "核查跨市重复报名，省考试机构年度计划"
# Beyond the places of the month that other tests share.
place = itertools.count(100_001)


@pytest.fixture
def people(signing_cast):
    return signing_cast


def person(name):
    return blind_index(name, "person").hex()


def applies(city, who, operation=LOW, kind="initial", decision="accept", month=12, last=None):
    first = DAY.replace(month=month, day=1) if month >= DAY.month else DAY.replace(year=DAY.year + 1, month=month, day=1)
    days = {"first_day": first + timedelta(days=int(city) % 5), "last_day": last or first + timedelta(days=20)}
    batch, _ = Batch.objects.get_or_create(city=city, number=f"{city}-{first:%Y-%m}", defaults=days)
    intake, _ = Intake.objects.get_or_create(city=city, batch=batch, round=1, defaults={"digest": "", "rules": "", "received_at": NOW})
    at = next(place)
    row = Row.objects.create(city=city, intake=intake, position=at, serial=str(at), sheet_row=at, cells="{}", mark="", decision=decision)
    return Application.objects.create(
        city=city, batch=batch, serial=str(at), row=row, pseudonym=f"p{at}", decision=decision, person=person(who) if who else "", name=who,
        id_number=who, operation=operation, kind=kind,
    )  # fmt: skip


def holds(city, who, subject=LOW, until=DAY + timedelta(days=365)):
    at = next(place)
    return Certificate.objects.create(
        city=city, number=f"C{at}", cert_id=f"{at:026}", sitting="S", attempt=str(at), person=person(who), name=who, subject=subject, category="x",
        kind="review", issued_on=DAY, valid_from=DAY - timedelta(days=900), valid_to=until, review_by=until, outcomes_digest="", roster_leaf="",
        release_digest="", event=f"{at:026}", issued_by="x", issued_at=NOW,
    )  # fmt: skip


def attends(city, who, first=0, last=5, revoked=False, left=None):
    at = next(place)
    made = TrainingClass.objects.create(
        city=city, number=f"K{at}", institution_code="x", operation=LOW, kind="initial", first_day=DAY + timedelta(days=first),
        last_day=DAY + timedelta(days=last), room="1", capacity=9, secret=b"s", made_by="x",
    )  # fmt: skip
    trainee, _ = Trainee.objects.get_or_create(city=city, person=person(who), defaults={"name": who, "id_number": who})
    one = Enrolment.objects.create(city=city, study_class=made, trainee=trainee, position=1, joined_on=DAY, left_on=left)
    if revoked:
        TrainingProof.objects.create(
            city=city, number=f"P{at}", proof_id=f"{at:026}", enrolment=one, hours=1, signed=b"", pdf=b"", digest="", pdf_digest="", issued_by="x",
            issued_at=NOW, status="revoked", is_false=True, proposed_by="a", decided_by="b", decided_at=NOW, reason="假",
        )  # fmt: skip
    return made


def found():
    return sorted((one.city, str(one.kind), one.number, one.elsewhere) for one in matching.leads(DAY))


def number(application):
    return f"{application.batch.number}-{application.serial}"


def test_the_same_month_in_two_cities_is_a_lead_for_each(province):
    one, two, three = applies(FOSHAN, "甲"), applies(GUANGZHOU, "甲", HIGH, decision="hold"), applies(SHENZHEN, "甲")
    applies(FOSHAN, "乙"), applies(FOSHAN, "乙", HIGH)
    applies(FOSHAN, "丙"), applies(GUANGZHOU, "丙", month=1)
    applies(FOSHAN, "丁"), applies(GUANGZHOU, "丁", decision="refuse")
    applies(FOSHAN, ""), applies(GUANGZHOU, "")
    assert found() == sorted((row.city, "application", number(row), 2) for row in (one, two, three))


def test_a_first_application_with_a_certificate_elsewhere_is_a_lead(province):
    one = applies(FOSHAN, "甲")
    applies(FOSHAN, "甲", HIGH), applies(FOSHAN, "甲", kind="review")
    holds(GUANGZHOU, "甲"), holds(SHENZHEN, "甲", until=DAY - timedelta(days=1)), holds(FOSHAN, "甲")
    assert found() == [(FOSHAN, "certificate", number(one), 1)]


def test_a_revoked_proof_of_training_elsewhere_is_a_lead(province):
    one = applies(FOSHAN, "甲")
    attends(GUANGZHOU, "甲", revoked=True), attends(SHENZHEN, "乙", revoked=True)
    assert found() == [(FOSHAN, "proof", number(one), 1)]


def test_classes_of_two_cities_at_one_time_are_a_lead(province):
    one, two = attends(FOSHAN, "甲", 0, 5), attends(GUANGZHOU, "甲", 5, 9)
    attends(FOSHAN, "乙", 0, 4), attends(GUANGZHOU, "乙", 5, 9)
    attends(FOSHAN, "丙", 0, 5), attends(GUANGZHOU, "丙", 0, 5, left=DAY)
    assert found() == [(GUANGZHOU, "training", two.number, 1), (FOSHAN, "training", one.number, 1)]


def test_somebodys_rows_are_not_torn_apart(province, monkeypatch):
    monkeypatch.setattr(matching, "TOGETHER", 1)
    rows = [applies(city, f"人{i}") for i in range(5) for city in (FOSHAN, GUANGZHOU)]
    assert len(found()) == len(rows)


def test_inside_a_city_there_is_nothing_to_compare(province):
    applies(FOSHAN, "甲"), applies(GUANGZHOU, "甲")
    with scope.entered(FOSHAN):
        assert found() == []


def test_from_the_provinces_reason_to_each_citys_page(people):
    mine, _other = applies(FOSHAN, "甲"), applies(GUANGZHOU, "甲")
    browsers = {who: log_in(Client(), PEOPLE[who]) for who in ("province", "clerk", "clerk_gz")}
    assert browsers["province"].post("/certificates/matching/", {"reason": "短"}).status_code == 409
    assert browsers["clerk"].post("/certificates/matching/", {"reason": REASON}).status_code == 404
    assert browsers["province"].post("/certificates/matching/", {"reason": REASON}).status_code == 302
    with pytest.raises(Refused, match="还没有完成"):
        actions.ask_matching(reason=REASON, by=people["province"], at=NOW)
    job = Job.objects.get(kind="certificates.match")
    assert job.city == scope.PROVINCE and REASON not in str(job.args)
    made = actions.match(job.args["number"], by=people["province"], at=NOW)
    assert actions.match(job.args["number"], by=people["province"], at=NOW).counts == {"application": 2}
    event = Event.objects.get(code="certificates.matched")
    assert event.facts == {"counts": {"application": 2}, "cities": {FOSHAN: 1, GUANGZHOU: 1}} and event.city == ""
    pages = {who: browser.get("/certificates/matching/").content.decode() for who, browser in browsers.items()}
    assert number(mine) in pages["clerk"] and GUANGZHOU not in pages["clerk"] and "广州" not in pages["clerk"] and REASON not in pages["clerk"]
    assert number(mine) not in pages["clerk_gz"] and number(mine) not in pages["province"] and "佛山" in pages["province"]
    assert made.number in pages["province"] and REASON in pages["province"]


def test_a_city_sees_no_task_and_no_other_citys_leads(people):
    applies(FOSHAN, "甲"), applies(GUANGZHOU, "甲")
    made = actions.ask_matching(reason=REASON, by=people["province"], at=NOW)
    actions.match(made.number, by=people["province"], at=NOW)
    with scope.entered(FOSHAN):
        assert queries.matchings() == [] and not Matching.objects.exists()
        assert {one.city for one in queries.matches()} == {FOSHAN} and queries.matches("training").count() == 0


def test_who_may_not(people):
    for who in ("clerk", "approver", "inspector", "security"):
        with pytest.raises(Refused):
            actions.ask_matching(reason=REASON, by=people[who], at=NOW)


@pytest.mark.django_db(transaction=True)
def test_the_worker_does_it(own_data):
    with scope.entered(scope.PROVINCE):
        for city in (FOSHAN, GUANGZHOU):  # the worker reads the machine's clock, whatever it says
            applies(city, "甲", last=DAY.replace(year=2999))
        actions.ask_matching(reason=REASON, by=PEOPLE["province"].make(), at=NOW)
    assert Worker().drain() == 1
    with scope.entered(scope.PROVINCE):
        assert Job.objects.get().status == "done" and Matching.objects.get().status == "done"
        assert Match.objects.count() == 2
