"""A site is suspended for three to six months, by two persons."""

from datetime import date

import pytest

from kaopei.center.applications import actions as intake
from kaopei.center.registry import actions, queries
from kaopei.center.registry.models import BodyStanding
from kaopei.office.accounts.roles import SYSTEM
from kaopei.office.approvals.models import Request
from kaopei.office.refused import Refused
from tests.center.packs import Pack
from tests.people import NOW, PEOPLE, PIN, log_in

pytestmark = pytest.mark.django_db
CITY, REASON = "440600", "监控录像缺失，逾期没有补齐，证据 J-12"


@pytest.fixture
def register(signing_cast):
    intake.confirm(intake.receive(Pack().files(), by=SYSTEM, at=NOW), by=SYSTEM, at=NOW)
    return signing_cast


def suspend(by, **changed):
    said = {"from_day": date(2026, 12, 1), "to_day": date(2027, 2, 28), "reason": REASON} | changed
    return actions.suspend_site("440601", city=CITY, by=by, at=NOW, **said)


def test_three_months_to_the_day(register):
    suspend(register["approver"])
    assert queries.site(CITY, "440601", date(2027, 2, 28)).standing == "suspended"
    assert queries.site(CITY, "440601", date(2027, 3, 1)).standing == "good"


@pytest.mark.parametrize("changed", [{"to_day": date(2027, 2, 27)}, {"to_day": date(2027, 6, 1)}, {"to_day": date(2026, 11, 1)}, {"reason": "  "}])
def test_other_lengths_are_refused(register, changed):
    with pytest.raises(Refused):
        suspend(register["approver"], **changed)
    assert not BodyStanding.objects.exists()


@pytest.mark.parametrize("who", ["clerk", "institution", "province"])
def test_others_may_not_suspend(register, who):
    with pytest.raises(Refused):
        suspend(register[who])


def test_clerk_asks_and_approver_signs(register, client):
    log_in(client, PEOPLE["clerk"])
    said = {"from_day": "2026-12-01", "to_day": "2027-03-31", "reason": REASON}
    short = client.post("/registry/sites/440601/", said | {"to_day": "2026-12-31"})
    assert short.status_code == 422 and "不得少于" in short.content.decode()
    assert client.post("/registry/sites/440601/", said).status_code == 302
    asked = Request.objects.get(action="registry.suspend")
    assert REASON in bytes(asked.content).decode() and not BodyStanding.objects.exists()
    client.post(f"/approvals/{asked.ulid}/approve", {"digest": asked.digest, "pin": PIN})
    assert not BodyStanding.objects.exists(), "nobody approves his own request"
    client.logout()
    log_in(client, PEOPLE["approver"])
    client.post(f"/approvals/{asked.ulid}/approve", {"digest": asked.digest, "pin": PIN})
    assert queries.site(CITY, "440601", date(2026, 12, 7)).standing == "suspended"
    assert "监控录像缺失" in client.get("/registry/sites/440601/?day=2026-12-07").content.decode()
