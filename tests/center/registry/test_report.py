"""A body reports in writing; another person verifies, or returns with reasons."""

from datetime import date, timedelta

import pytest
from django.db import connection

from kaopei.center.registry import actions, queries
from kaopei.center.registry.models import Attachment, Registration, WrittenReport
from kaopei.center.registry.reporting import MOST_BYTES, Upload
from kaopei.office.audit.models import Event
from kaopei.office.refused import Refused
from tests.center.packs import LOW, WELD
from tests.center.registry.conftest import NEW_CODE, PDF, report, verify
from tests.people import NOW, PEOPLE, Person, log_in

pytestmark = pytest.mark.django_db
CITY = "440600"


def body(day):
    return queries.institution(CITY, NEW_CODE, day)


def test_first_report_gets_a_receipt_and_opens_nothing(people):
    row = report(people["institution"])
    assert row.number == "440600-2026-00001" and row.status == "submitted"
    assert row.due_on == date(2026, 12, 7), "ten working days after Monday 23 November"
    assert body(date(2026, 12, 7)) is None, "a report that nobody has verified opens nothing"
    assert report(people["institution"]).number == row.number, "the same report again is the same receipt"
    assert Event.objects.filter(code__endswith="registry.reported").count() == 1


def test_registered_from_its_day_and_not_before(people):
    verify(report(people["institution"]), people["clerk"])
    assert body(date(2026, 11, 24)).in_good_standing and LOW in body(date(2026, 11, 24)).scope
    assert not body(date(2026, 11, 23)).is_registered
    assert queries.timeline(CITY, NEW_CODE)[0].text == "已登记"


def test_page_of_a_report_masks_a_mobile_number_and_not_an_office(client, people):
    first, second = report(people["institution"], phone="13800001234"), "0757-86660000"
    log_in(client, PEOPLE["clerk"])
    page = client.get(f"/registry/reports/{first.number}/").content.decode()
    assert "138****1234" in page and "13800001234" not in page
    verify(first, people["clerk"], day=NOW.date())
    changed = report(people["institution"], kind="change", phone=second, changed_on=NOW.date())
    page = client.get(f"/registry/reports/{changed.number}/").content.decode()
    assert second in page and "138****1234" in page and "13800001234" not in page


def test_clerk_who_entered_a_paper_report_does_not_verify_it(people):
    row = report(people["clerk"])
    with pytest.raises(Refused, match="提交人以外"):
        verify(row, people["clerk"])
    assert WrittenReport.objects.get().status == "submitted", "nothing half done"
    verify(row, people["clerk2"])
    assert WrittenReport.objects.get().decided_by == "clerk2"


def test_returned_with_reasons_and_reported_anew(people):
    row = report(people["institution"])
    with pytest.raises(Refused, match="不少于"):
        actions.return_report(row.number, reasons="不行", revision=0, by=people["clerk"], at=NOW)
    actions.return_report(row.number, reasons="缺场所证明，请补正后再报", revision=0, by=people["clerk"], at=NOW)
    assert body(date(2026, 12, 1)) is None
    again = report(people["institution"], address="新路2号")
    assert again.number != row.number
    with pytest.raises(Refused, match="已由另一人办结"):
        actions.return_report(row.number, reasons="缺场所证明，请补正后再报", revision=0, by=people["clerk2"], at=NOW)


def test_scope_and_change_keep_what_was_true_before(people):
    verify(report(people["institution"]), people["clerk"])
    later = NOW + timedelta(days=30)
    verify(report(people["institution"], "scope", scope=[LOW, WELD], at=later), people["clerk"], day=date(2026, 12, 24), at=later)
    moved = report(people["institution"], "change", address="远路9号", at=later, changed_on=date(2026, 11, 24))
    assert moved.days_late == 11, "21 working days after, ten of them allowed"
    verify(moved, people["clerk"], day=date(2026, 12, 28), at=later)
    assert WELD not in body(date(2026, 12, 23)).scope and WELD in body(date(2026, 12, 24)).scope
    assert body(date(2026, 12, 27)).address == "新路1号" and body(date(2026, 12, 28)).address == "远路9号"
    assert WELD in body(date(2026, 12, 28)).scope, "a change of address keeps the scope"
    assert Registration.objects.count() == 3


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ((), "请上传"),
        ((Upload("a.pdf", b""),), "空文件"),
        ((Upload("a.pdf", b"%PDF-1.7 cut off"),), "不完整"),
        ((Upload("a.pdf", b"MZ\x90\x00 program"),), "不是 PDF"),
        ((Upload("a.pdf", b"%PDF-" + b"0" * MOST_BYTES + b"%%EOF"),), "超过 20 MB"),
        ((PDF, PDF), "完全相同"),
    ],
)
def test_files_that_prove_nothing_are_refused(people, files, words):
    with pytest.raises(Refused, match=words):
        report(people["institution"], files=files)
    assert not WrittenReport.objects.exists() and not Attachment.objects.exists()


@pytest.mark.parametrize(
    ("kind", "said", "words"),
    [
        ("scope", {"scope": [LOW]}, "首次书面报告"),
        ("first", {"scope": []}, "业务范围"),
        ("first", {"scope": ["飞行作业"]}, "目录里没有"),
        ("first", {"phone": " "}, "联系电话"),
        ("first", {"kind": "platform"}, "网址"),
    ],
)
def test_reports_that_make_no_sense_are_refused(people, kind, said, words):
    whole = {"name": "新安培训中心", "address": "新路1号", "phone": "0757-86660000", "kind": "institution", "scope": [LOW]} | said
    with pytest.raises(Refused, match=words):
        actions.submit(kind, NEW_CODE, whole, files=[PDF], city=CITY, changed_on=date(2026, 11, 20), by=people["institution"], at=NOW)


def test_nobody_reports_for_another_body_or_city(people):
    stranger = Person("other", "别人", ("institution",), institution="91440604MA5W1TDK60").make()
    with pytest.raises(Refused, match="本机构"):
        report(stranger)
    with pytest.raises(Refused, match="本市"):
        report(people["clerk_gz"])
    assert not WrittenReport.objects.exists()


def test_papers_and_words_are_encrypted_at_rest(people):
    report(people["institution"])
    with connection.cursor() as cursor:
        cursor.execute("SELECT content FROM registry_attachment")
        kept = bytes(cursor.fetchone()[0])
        cursor.execute("SELECT said FROM registry_writtenreport")
        said = bytes(cursor.fetchone()[0])
    assert b"%PDF" not in kept and "新安".encode() not in said
    assert bytes(Attachment.objects.get().content) == PDF.content


def test_open_classes_stop_a_deregistration_and_the_road_is_told(people, monkeypatch):
    from kaopei.center.training.queries import classes

    verify(report(people["institution"]), people["clerk"])
    monkeypatch.setattr(classes, "unfinished", lambda city, code: [("PX-1", 23)])
    with pytest.raises(Refused, match=r"PX-1（23 人）.*转到已登记"):
        report(people["institution"], "deregistration")
    row = report(people["institution"], "deregistration", plan="PX-1 的学员转到佛山第2培训中心")
    with pytest.raises(Refused, match="全部结班后再办注销"):
        verify(row, people["clerk"], day=date(2026, 12, 1))
    assert body(date(2026, 12, 1)).is_registered
    monkeypatch.setattr(classes, "unfinished", lambda city, code: [])
    verify(row, people["clerk"], day=date(2026, 12, 1))
    assert body(date(2026, 11, 30)).is_registered and not body(date(2026, 12, 1)).is_registered
    assert [turn.text for turn in queries.timeline(CITY, NEW_CODE)] == ["已登记", "已注销"]


def test_pages_carry_a_report_from_desk_to_desk(client, people, settings):
    from django.core.files.uploadedfile import SimpleUploadedFile

    log_in(client, Person("new-inst", "简直", ("institution",), institution=NEW_CODE))
    said = {
        "kind_of_body": "institution", "name": "新安培训中心", "address": "新路1号", "phone": "0757-1", "scope": [LOW], "changed_on": "2026-11-20",
        "files": SimpleUploadedFile("报告.pdf", b"%PDF- cut"),
    }  # fmt: skip
    wrong = client.post("/registry/reports/new/first/", said)
    assert wrong.status_code == 422 and "不完整" in wrong.content.decode() and "新安培训中心" in wrong.content.decode()
    said["files"] = SimpleUploadedFile("报告.pdf", PDF.content)
    assert client.post("/registry/reports/new/first/", said).status_code == 302
    row = WrittenReport.objects.get()
    page = client.get(f"/registry/reports/{row.number}/").content.decode()
    assert "新安培训中心" in page and "核实并登记" not in page
    client.logout()
    log_in(client, PEOPLE["clerk_gz"])
    assert client.get(f"/registry/reports/{row.number}/").status_code == 404
    client.logout()
    log_in(client, PEOPLE["clerk"])
    kept = client.get(f"/registry/reports/{row.number}/files/{Attachment.objects.get().pk}/")
    assert kept.content == PDF.content and "attachment" in kept["Content-Disposition"]
    verdict = {"what": "register", "checked": ["papers"], "reasons": "材料齐全，与营业执照一致", "from_day": "2026-11-24", "revision": "0"}
    client.post(f"/registry/reports/{row.number}/decide/", verdict)
    assert body(date(2026, 11, 24)).is_registered
    again = client.post(f"/registry/reports/{row.number}/decide/", verdict | {"what": "return"})
    assert again.status_code == 409 and "办结" in again.content.decode()
