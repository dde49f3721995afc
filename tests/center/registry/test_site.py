"""A site is accepted by two persons; none new on an institution but by exception; not above the city's own figure."""

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest

from kaopei.center.applications import actions as intake
from kaopei.center.registry import actions, planning, queries
from kaopei.center.registry.models import Site
from kaopei.center.registry.planning import SitePlan
from kaopei.office.accounts.roles import SYSTEM
from kaopei.office.approvals.models import Request
from kaopei.office.refused import Refused
from tests.center.packs import HIGH, LOW, Pack, credit_code
from tests.center.registry.conftest import PDF
from tests.people import NOW, PEOPLE, PIN, log_in

pytestmark = pytest.mark.django_db
CITY, DAY = "440600", date(2026, 11, 20)
PUBLIC = SitePlan("440690", "公共基地", "public", "", "禅城区", 60, DAY, theory=(LOW,), practical=(HIGH,), agreement="协-1",
                  agreement_from=DAY, agreement_to=date(2027, 11, 19))  # fmt: skip
WHY = {
    "exception_code": "special_equipment",
    "exception_text": "全市只有该机构具备氯化工艺的实操装置，公共基地明年建成",
    "exception_to": date(2027, 6, 30),
}


def hosted(**more):
    return replace(PUBLIC, kind="attached", host_code=Pack().codes[0], **more)


def accept(plan, people, **more):
    return actions.accept_site(plan, city=CITY, asked_by="clerk", by=people["approver"], at=NOW, **more)


def test_public_site_is_in_the_register_from_its_acceptance(register, people):
    accept(PUBLIC, people)
    site = queries.site(CITY, "440690", DAY)
    assert site.is_listed and site.theory == (LOW,) and site.practical == (HIGH,) and site.agreement == "协-1"
    assert not queries.site(CITY, "440690", DAY - timedelta(days=1)).theory


def test_new_site_on_an_institution_is_refused_from_the_day_of_the_notice(register, people):
    with pytest.raises(Refused, match="不再依托"):
        accept(hosted(), people)
    accept(replace(hosted(), accepted_on=date(2023, 8, 9)), people)
    disguised = replace(hosted(), number="440691", kind="other")
    with pytest.raises(Refused, match="不再依托"):
        accept(disguised, people)
    assert not Site.objects.filter(number="440691").exists()


def test_exception_needs_reason_proof_and_another_person(register, people):
    plan = hosted(**WHY, attachment="ab" * 32)
    for faulty in (replace(plan, exception_text="太远"), replace(plan, attachment=""), replace(plan, exception_to=DAY - timedelta(days=1))):
        with pytest.raises(Refused, match="例外"):
            accept(faulty, people)
    with pytest.raises(Refused, match="申请人以外"):
        actions.accept_site(plan, city=CITY, asked_by="approver", by=people["approver"], at=NOW)
    assert accept(plan, people).kind == "attached"


def test_cap_starts_empty_and_counts_only_with_its_source(register, people):
    assert planning.cap(CITY, DAY) is None
    with pytest.raises(Refused, match="依据"):
        actions.set_cap(3, day=DAY, source=" ", city=CITY, by=people["approver"], at=NOW)
    actions.set_cap(3, day=DAY, source="佛应急〔2026〕1号", city=CITY, by=people["approver"], at=NOW)
    with pytest.raises(Refused, match="3 个"):
        accept(PUBLIC, people)
    assert accept(replace(PUBLIC, over_cap="市政府会议纪要同意增设"), people)


def test_a_list_adds_no_site_on_an_institution_to_a_register_in_use(register):
    made = Pack()
    made.sheets["考试点"].append(made.site(4, 类型="依托培训机构", 依托单位信用代码=made.codes[2]))
    made.sheets["考试点"].append(made.site(5))
    done = intake.receive(made.files(), by=SYSTEM, at=NOW + timedelta(days=1))
    assert any("440604 没有登记" in one["text"] for one in done.warnings)
    intake.confirm(done, by=SYSTEM, at=NOW + timedelta(days=1))
    assert set(Site.objects.values_list("number", flat=True)) == {"440601", "440602", "440603", "440605"}


def test_clerk_asks_on_the_page_and_the_second_person_signs(client, signing_cast):
    intake.confirm(intake.receive(Pack().files(), by=SYSTEM, at=NOW), by=SYSTEM, at=NOW)
    from django.core.files.uploadedfile import SimpleUploadedFile

    log_in(client, PEOPLE["clerk"])
    said = {
        "number": "440690", "name": "机构附设点", "kind": "attached", "host_code": Pack().codes[0], "theory_seats": "40", "theory": [LOW],
        "accepted_on": "2026-11-20",
    }  # fmt: skip
    wrong = client.post("/registry/sites/new/", said)
    assert wrong.status_code == 422 and "公共考试基地或院校" in wrong.content.decode()
    said |= {name: str(value) for name, value in WHY.items()} | {"files": SimpleUploadedFile("证明.pdf", PDF.content)}
    assert client.post("/registry/sites/new/", said).status_code == 302
    asked = Request.objects.get(action="registry.accept_site")
    assert json.loads(bytes(asked.content))["attachment"] == PDF.digest
    client.logout()
    log_in(client, PEOPLE["approver"])
    client.post(f"/approvals/{asked.ulid}/approve", {"digest": asked.digest, "pin": PIN})
    assert Site.objects.get(number="440690").host_code == Pack().codes[0]


def test_host_of_a_site_cannot_be_rewritten(register, people):
    shared = {"theory": [LOW], "practical": [], "revision": 0, "day": date(2026, 12, 1), "city": CITY, "by": people["clerk"], "at": NOW}
    with pytest.raises(Refused, match="重新验收"):
        actions.amend_site("440601", {"host_code": credit_code(CITY, 1)}, **shared)
    assert credit_code("440600", 1)
