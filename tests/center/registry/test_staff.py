"""The staff file and the exam body of a city."""

from datetime import date

import pytest

from kaopei.center.registry import actions, gates, queries, taking
from kaopei.center.registry.entries import StaffEntry
from kaopei.center.registry.models import ExamBody, ExamStaff
from kaopei.office.refused import Refused
from tests.center.packs import id_number
from tests.people import NOW, PEOPLE, log_in

pytestmark = pytest.mark.django_db
CITY, DAY = "440600", date(2026, 12, 1)
BODY = {"name": "佛山市安全生产考试中心", "nature": "attached_unit", "document": "佛应急〔2024〕5号", "from_day": "2024-01-01"}


@pytest.fixture
def person(people):
    entry = StaffEntry(id_number("4406", date(1985, 5, 15), True), "曹新", "监考", True, "", date(2026, 3, 1), "2025合格", True, True)
    taking.staff([entry], CITY, NOW.date(), "名册", NOW)
    return ExamStaff.objects.get()


def amend(row, people, revision=0, **said):
    return actions.amend_staff(row.person, said, revision=revision, day=DAY, city=CITY, by=people["clerk"], at=NOW)


def test_pledge_and_agreement_shut_the_gate_the_day_after_they_expire(person, people):
    row = amend(person, people, pledge_until=date(2026, 12, 6), agreement_until=date(2026, 12, 7))
    shut = {day: [reason.code for reason in gates.of(row, date(2026, 12, day)).reasons] for day in (6, 7, 8)}
    assert shut == {6: [], 7: ["gate_pledge"], 8: ["gate_pledge", "gate_nda"]}


def test_list_does_not_forget_until_when_a_pledge_holds(person, people):
    amend(person, people, pledge_until=date(2026, 12, 6))
    entry = StaffEntry(person.id_number, "曹新", "巡考", True, "", date(2026, 3, 1), "2025合格", True, True)
    taking.staff([entry], CITY, date(2026, 12, 2), "名册二", NOW)
    now = ExamStaff.objects.get()
    assert (now.post, now.pledge_until) == ("巡考", date(2026, 12, 6))
    assert [record.post for record in now.records.order_by("from_day")] == ["监考", "监考", "巡考"]


def test_slower_clerk_and_unknown_post_are_refused(person, people):
    amend(person, people, appraisal="2026合格")
    with pytest.raises(Refused, match="另一人"):
        amend(person, people, appraisal="2026不合格")
    with pytest.raises(Refused, match="不是考务岗位"):
        amend(person, people, revision=1, post="保安")


def test_one_exam_body_a_city_by_two_persons(people):
    def designate(**more):
        return actions.designate(BODY | more, city=CITY, asked_by="clerk", by=people["approver"], at=NOW)

    with pytest.raises(Refused, match="性质"):
        designate(nature="other")
    designate()
    with pytest.raises(Refused, match="已有一个考试机构"):
        designate(name="第二考试中心", from_day="2026-11-01")
    actions.end_exam_body(city=CITY, last_day=date(2026, 10, 31), reason="机构改革，佛应急〔2026〕2号", by=people["approver"], at=NOW)
    designate(name="第二考试中心", from_day="2026-11-01")
    assert ExamBody.objects.count() == 2


@pytest.mark.parametrize("who", ["clerk", "approver"])
def test_pages_of_staff_mask_people(client, person, people, who):
    log_in(client, PEOPLE[who])
    for address in ("/registry/staff/?day=2026-12-07", f"/registry/staff/{person.person}/", "/registry/exam-body/", "/registry/sites/cap/"):
        page = client.get(address)
        assert page.status_code == 200 and person.id_number not in page.content.decode()
    assert client.get("/registry/staff/nobody/").status_code == 404


def test_way_of_each_tie_is_shown_with_its_evidence(client, register):
    log_in(client, PEOPLE["clerk"])
    page = client.get(f"/registry/ties/?of={register.codes[1]}&day=2026-12-07").content.decode()
    assert register.codes[2] in page and "控股 60%" in page and "机构申报" in page
    assert queries.controllers(CITY, DAY)[register.codes[2]] == queries.controllers(CITY, DAY)[register.codes[1]]
