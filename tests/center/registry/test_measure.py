"""Measures by pages: an institution is barred, a site withdrawn; asked by one, signed by another, with what they meet shown before."""

import json
from datetime import date

import pytest

from kaopei.center.applications import actions as intake
from kaopei.center.registry import queries
from kaopei.center.registry.models import BodyStanding
from kaopei.office.accounts.roles import SYSTEM
from kaopei.office.approvals.models import Request
from kaopei.office.audit.models import Event
from tests.center.packs import Pack
from tests.people import NOW, PEOPLE, PIN, log_in

pytestmark = pytest.mark.django_db
CITY, DAY = "440600", date(2026, 12, 7)
BAR = {"clause": "N3.1.1", "from_day": "2026-12-01", "to_day": "", "reason": "查实三个班伪造签到，案件 J-31"}
WITHDRAWAL = {"from_day": "2026-12-01", "order_due_on": "2026-11-10", "reason": "整改令 Z-8 期满，复查仍缺监控"}


@pytest.fixture
def register(signing_cast, monkeypatch):
    monkeypatch.setattr("kaopei.office.clock.now", lambda: NOW)
    monkeypatch.setattr("kaopei.office.clock.today", lambda: NOW.date())
    intake.confirm(intake.receive(Pack().files(), by=SYSTEM, at=NOW), by=SYSTEM, at=NOW)
    return signing_cast


def sign(client, action):
    asked = Request.objects.get(action=action, status="open")
    client.post("/logout/")
    log_in(client, PEOPLE["approver"])
    client.post(f"/approvals/{asked.ulid}/approve", {"digest": asked.digest, "pin": PIN})
    return asked


def test_clerk_asks_to_bar_and_approver_signs(register, client):
    code = Pack().codes[1]
    log_in(client, PEOPLE["clerk"])
    page = client.get(f"/registry/institutions/{code}/measure/").content.decode()
    assert "这项措施会影响" in page and "三（一）" in page
    assert client.post(f"/registry/institutions/{code}/measure/", BAR).status_code == 302
    assert not BodyStanding.objects.exists(), "nothing before the second signature"
    asked = sign(client, "registry.bar")
    assert json.loads(bytes(asked.content))["reason"] == BAR["reason"]
    found = queries.institution(CITY, code, DAY)
    assert found.is_registered and not found.in_good_standing and queries.institution(CITY, code, date(2026, 11, 30)).in_good_standing
    assert Event.objects.filter(code="registry.barred", obj=f"institution:{code}").count() == 1
    assert "J-31" in client.get(f"/registry/institutions/{code}/?day=2026-12-07").content.decode()
    client.post(f"/registry/institutions/{code}/resume/", {"from_day": "2027-01-10", "reason": "复查三个班记录齐全，情况属实"})
    assert [queries.institution(CITY, code, date(2027, 1, day)).in_good_standing for day in (9, 10)] == [False, True]


@pytest.mark.parametrize("wrong", [{"clause": "N2.1.1"}, {"to_day": "2026-11-01"}, {"reason": "短"}, {"from_day": "x"}])
def test_bar_that_names_no_ground_is_said_on_the_page(register, client, wrong):
    log_in(client, PEOPLE["clerk"])
    assert client.post(f"/registry/institutions/{Pack().codes[1]}/measure/", BAR | wrong).status_code == 422
    assert not Request.objects.filter(action="registry.bar").exists()


def test_second_bar_in_the_same_days_is_refused(register, client):
    code = Pack().codes[1]
    for _ in range(2):
        client.post("/logout/")
        log_in(client, PEOPLE["clerk"])
        client.post(f"/registry/institutions/{code}/measure/", BAR)
        sign(client, "registry.bar")
    assert BodyStanding.objects.count() == 1 and Request.objects.filter(action="registry.bar", status="open").count() == 1


@pytest.mark.parametrize("who", ["approver", "institution", "province"])
def test_others_may_not_ask(register, client, who):
    log_in(client, PEOPLE[who])
    assert client.get("/registry/sites/440601/withdraw/").status_code == 403


def test_site_is_withdrawn_for_good_by_two_persons(register, client):
    log_in(client, PEOPLE["clerk"])
    early = client.post("/registry/sites/440601/withdraw/", WITHDRAWAL | {"order_due_on": "2026-12-20"})
    assert early.status_code == 422 and "整改期限" in early.content.decode()
    met = client.post("/registry/sites/440601/withdraw/", WITHDRAWAL | {"corrected": "on"})
    assert met.status_code == 422 and "已整改到位" in met.content.decode()
    assert client.post("/registry/sites/440601/withdraw/", WITHDRAWAL).status_code == 302
    sign(client, "registry.withdraw")
    assert queries.site(CITY, "440601", date(2030, 1, 1)).standing == "disqualified"
    assert Event.objects.filter(code="registry.withdrawn", obj="site:440601").count() == 1
    client.post("/logout/")
    log_in(client, PEOPLE["clerk"])
    assert "提请取消考试点资格" not in client.get("/registry/sites/440601/?day=2026-12-07").content.decode()
    assert client.get("/registry/sites/440699/withdraw/").status_code == 404
