"""The intake by the door: upload, look, confirm, decide, correct."""

import csv
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from kaopei.center.applications import queries
from kaopei.center.applications.models import Application
from kaopei.office import scope
from tests.center.applications.test_judge import dirty
from tests.center.packs import Pack
from tests.people import PEOPLE, Person, log_in

pytestmark = pytest.mark.django_db
INTAKE = "/applications/intakes/440600-2026-12-1/"


def upload(client, files, **fields):
    sent = [SimpleUploadedFile(name, content) for name, content in files.items()]
    return client.post("/applications/new/", {"files": sent, **fields})


@pytest.fixture
def at_the_desk(client, province):
    """A clerk of 佛山 with a dirty pack uploaded."""
    log_in(client, PEOPLE["clerk"])
    answer = upload(client, dirty()[0].files())
    assert answer["Location"] == INTAKE, answer.content.decode()[:2000]
    return client


def test_upload_shows_every_row_and_changes_nothing_yet(at_the_desk):
    page = at_the_desk.get(INTAKE).content.decode()
    assert page.count("<tr>") == 19 and "待确认" in page and "marked-bad" in page
    assert not Application.objects.exists()


def test_personal_data_is_masked_on_the_page(at_the_desk):
    page = at_the_desk.get(INTAKE).content.decode()
    for row in dirty()[0].sheets["学员报名"]:
        assert str(row["身份证号码"]) not in page and str(row["手机号"]) not in page


FILTERS = [("decision=accept", 4), ("decision=hold", 1), ("code=education", 2), ("decision=refuse&code=hours", 1), ("decision=accept&code=hours", 0)]


@pytest.mark.parametrize(("query", "rows"), FILTERS)
def test_filter_by_decision_and_reason(at_the_desk, query, rows):
    page = at_the_desk.get(f"{INTAKE}?{query}").content.decode()
    assert page.count("<tr><td") == rows, page


def test_unknown_filters_and_pages_do_no_harm(at_the_desk):
    for query in ("decision=x", "code='; DROP TABLE", "page=999", "page=x"):
        assert at_the_desk.get(f"{INTAKE}?{query}").status_code == 200
    for address in ("/applications/intakes/x/", "/applications/intakes/440600-2026-12-9/", "/applications/intakes/440600-2026-12-99999999999/"):
        assert at_the_desk.get(address).status_code == 404


def test_verdict_file_is_the_one_of_the_command(at_the_desk):
    content = at_the_desk.get(f"{INTAKE}verdicts.csv").content.decode()
    rows = list(csv.reader(io.StringIO(content)))
    assert rows[0] == ["序号", "decision", "code", "reason", "clause", "cell"]
    assert [tuple(row[1:3]) for row in rows[1:]] == dirty()[1]


def test_confirm_carries_out_and_says_so(at_the_desk):
    answer = at_the_desk.post(f"{INTAKE}confirm/", follow=True)
    assert "已确认" in answer.content.decode() and Application.objects.count() == 18
    again = at_the_desk.post(f"{INTAKE}confirm/")
    assert again.status_code == 302 and Application.objects.count() == 18


def test_set_aside_changes_nothing(at_the_desk):
    at_the_desk.post(f"{INTAKE}set-aside/")
    assert at_the_desk.post(f"{INTAKE}confirm/").status_code == 409 and not Application.objects.exists()


def test_fault_of_a_file_is_said_on_the_page(client, province):
    log_in(client, PEOPLE["clerk"])
    files = Pack().files()
    files["学员报名.xlsx"] = files["学员报名.xlsx"][:500]
    answer = upload(client, files)
    assert answer.status_code == 422 and "学员报名.xlsx" in answer.content.decode() and "没有改动" in answer.content.decode()
    assert upload(client, {}).status_code == 422


def test_held_row_is_decided_on_its_page(at_the_desk):
    at_the_desk.post(f"{INTAKE}confirm/")
    page = at_the_desk.get("/applications/held/").content.decode()
    assert "/applications/440600-2026-12/17/" in page
    address = "/applications/440600-2026-12/17/decide/"
    refused = at_the_desk.post(address, {"decision": "accept", "reason": "短"})
    assert refused.status_code == 422 and "不少于 10 个字" in refused.content.decode()
    done = at_the_desk.post(address, {"decision": "accept", "reason": "已核对身份证原件，性别录入有误"}, follow=True)
    assert "决定书号" in done.content.decode() and queries.undecided("440600-2026-12") == 0


def test_whole_data_only_after_a_reason(at_the_desk):
    at_the_desk.post(f"{INTAKE}confirm/")
    number = Application.objects.get(serial="1").id_number
    assert number not in at_the_desk.get("/applications/440600-2026-12/1/").content.decode()
    assert at_the_desk.post("/applications/440600-2026-12/1/unmask/", {"reason": "看"}).status_code == 409
    assert number in at_the_desk.post("/applications/440600-2026-12/1/unmask/", {"reason": "与机构电话核对身份证号码"}).content.decode()


def test_correction_round_shows_the_differences(at_the_desk):
    at_the_desk.post(f"{INTAKE}confirm/")
    made = dirty()[0]
    made.apply(9, 学历="初中")
    answer = upload(at_the_desk, {"学员报名.xlsx": made.files()["学员报名.xlsx"]}, batch="440600-2026-12")
    assert answer["Location"] == "/applications/intakes/440600-2026-12-2/", answer.content.decode()
    page = at_the_desk.get("/applications/intakes/440600-2026-12-2/changes/").content.decode()
    assert "小学" in page and "<mark>初中</mark>" in page
    at_the_desk.post("/applications/intakes/440600-2026-12-2/confirm/")
    assert Application.objects.get(serial="10").decision == "accept"


def test_numbers_with_odd_signs_have_pages(client, province):
    log_in(client, PEOPLE["clerk"])
    made = Pack()
    for place, serial in enumerate(["1/2", "A B", "甲#1", "", "?x=1"]):
        made.apply(place, 序号=serial, 性别="男" if int(made.sheets["学员报名"][place]["身份证号码"][16]) % 2 == 0 else "女")
    upload(client, made.files())
    client.post(f"{INTAKE}confirm/")
    page = client.get("/applications/held/").content.decode()
    links = [part.split('"')[0] for part in page.split('class="button" href="')[1:]]
    assert len(links) == 5 and all(client.get(link).status_code == 200 for link in links)


def test_today_tells_the_clerk_what_to_do(client, province):
    log_in(client, PEOPLE["clerk"])
    assert "先上传本月的报名表格" in client.get("/").content.decode()
    upload(client, dirty()[0].files())
    assert "440600-2026-12-1" in client.get("/").content.decode()
    client.post(f"{INTAKE}confirm/")
    assert "/applications/440600-2026-12/17/" in client.get("/").content.decode()


def test_clerk_of_another_city_sees_and_takes_nothing_of_ours(at_the_desk, client):
    client.logout()
    log_in(client, PEOPLE["clerk_gz"])
    assert client.get(INTAKE).status_code == 404
    assert client.post(f"{INTAKE}confirm/").status_code == 404
    answer = upload(client, Pack().files())
    assert answer.status_code == 422 and "佛山市" in answer.content.decode()
    assert "440600" not in client.get("/applications/").content.decode()


@pytest.mark.parametrize(
    ("who", "reads"), [("approver", 200), ("province", 200), ("inspector", 200), ("institution", 403), ("freezer", 403), ("security", 403)]
)
def test_who_may_look_and_who_may_change(at_the_desk, client, who, reads):
    client.logout()
    log_in(client, PEOPLE[who])
    assert client.get(INTAKE).status_code == reads
    assert client.post(f"{INTAKE}confirm/").status_code == 403
    assert upload(client, Pack().files()).status_code == 403
    assert not Application.objects.exists()


def test_nobody_in_particular_is_asked_to_log_in(client, province):
    for address in ("/applications/", INTAKE, "/applications/held/", "/applications/own/", "/registry/sites/", "/training/hours/"):
        assert client.get(address)["Location"].startswith("/login/")


def test_institution_sees_its_own_rows_only(at_the_desk, client):
    at_the_desk.post(f"{INTAKE}confirm/")
    client.logout()
    code = Pack().codes[0]
    log_in(client, Person("inst-a", "何敏", ("institution",), institution=code))
    page = client.get("/applications/own/").content.decode()
    own = [row for row in dirty()[0].sheets["学员报名"] if row["培训机构信用代码"] == code]
    assert page.count("<tr>") == len(own) + 1
    content = client.get("/applications/own/verdicts.csv").content.decode()
    assert len(content.splitlines()) == len(own) + 1
    for address in (INTAKE, "/applications/held/", "/applications/440600-2026-12/1/", f"{INTAKE}verdicts.csv"):
        assert client.get(address).status_code == 403


def test_institution_without_rows_is_told_so(client, province):
    log_in(client, Person("inst-b", "某某", ("institution",), institution="914406040000000000"))
    assert "还没有确认" in client.get("/applications/own/").content.decode()
    assert client.get("/applications/own/verdicts.csv").status_code == 404


def test_english_by_the_switch(at_the_desk):
    at_the_desk.post("/language/", {"lang": "en", "next": "/"})
    page = at_the_desk.get(INTAKE).content.decode()
    assert "Download verdicts" in page and "Confirm all" in page and "ID number" in page


def test_scope_of_a_request_does_not_leak_into_the_next(at_the_desk):
    with scope.entered(""):
        assert not Application.objects.exists() and queries.intake("440600-2026-12-1") is None
