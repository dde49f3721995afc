"""Teachers in versions: what the register said of one on a day, and as known at a moment; a report ends, nothing is overwritten."""

from datetime import date, timedelta

import pytest

from kaopei.center.applications import actions as intake
from kaopei.center.publication.drafts import register as drafts
from kaopei.center.registry import actions as registry
from kaopei.center.registry import sheets
from kaopei.center.registry.queries import asof
from kaopei.center.training.actions import classes as actions
from kaopei.center.training.models import TeacherReport, TrainingClass
from kaopei.office.accounts.roles import SYSTEM
from kaopei.office.refused import Refused
from kaopei.office.sheets import write_xlsx
from tests.center.packs import LOW, Pack
from tests.center.training.test_import import whole
from tests.people import FOSHAN, NOW, PEOPLE, Person, log_in

pytestmark = pytest.mark.django_db
CODE = Pack().codes[1]
WHO = Person("inst-t", "何敏", ("institution",), institution=CODE)
NUMBER = whole("44060419900102201")


@pytest.fixture
def owner(province):
    intake.confirm(intake.receive(Pack().files(), by=SYSTEM, at=NOW), by=SYSTEM, at=NOW)
    return WHO.make()


def report(by, subject="低压电工", *, at=NOW, until=None):
    said = {"city": FOSHAN, "institution": CODE, "name": "许知行", "id_number": NUMBER, "subject": subject, "qualification": "高级技师"}
    return actions.report_teacher(**said, until=until, username="", by=by, at=at)


def said(day, known=None):
    return [one.cell("业务范围或可考项目") for one in asof.entries(FOSHAN, day, known) if one.kind == "teacher"]


def test_register_says_of_each_day_what_was_reported_then(owner):
    report(owner)
    later = NOW + timedelta(days=9)
    report(owner, "高压电工", at=later)
    assert [said(NOW.date() + timedelta(days=days)) for days in (-1, 0, 8, 9)] == [[], ["低压电工"], ["低压电工"], ["高压电工"]]
    assert said(date(2026, 12, 31), NOW + timedelta(days=1)) == ["低压电工"], "the second report was not known then"
    found = list(asof.differences(*(asof.entries(FOSHAN, NOW.date() + timedelta(days=days)) for days in (0, 9))))
    assert [(one.kind, one.what, one.words) for one in found] == [
        ("teacher", "changed", (("业务范围或可考项目", "低压电工", "高压电工"), ("登记或验收日期", "2026-11-23", "2026-12-02")))
    ]


def test_same_day_report_replaces_and_the_first_is_kept(owner):
    report(owner)
    report(owner, "高压电工")
    assert said(NOW.date()) == ["高压电工"] and TeacherReport.objects.count() == 2


def test_teacher_leaves_and_the_past_stays(owner):
    held = report(owner)
    with pytest.raises(Refused, match="原因"):
        actions.end_teacher(held, last_day=NOW.date(), reason=" ", by=owner, at=NOW)
    with pytest.raises(Refused, match="最后任教日"):
        actions.end_teacher(held, last_day=NOW.date() + timedelta(days=3), reason="离职", by=owner, at=NOW)
    actions.end_teacher(held, last_day=NOW.date(), reason="离职", by=owner, at=NOW)
    assert said(NOW.date()) == ["低压电工"] and said(NOW.date() + timedelta(days=1)) == []
    with pytest.raises(Refused, match="不需要再办"):
        actions.end_teacher(held, last_day=NOW.date(), reason="离职", by=owner, at=NOW)
    with pytest.raises(Refused, match="本机构"):
        actions.end_teacher(held, last_day=NOW.date(), reason="离职", by=PEOPLE["institution"].make(), at=NOW)


def test_publication_tells_teachers_and_their_changes(owner):
    def public(at):
        return {one.object: one.content["teachers"] for one in drafts.drafts(FOSHAN, at) if one.kind == "institution"}[CODE]

    assert public(NOW) == []
    report(owner)
    assert public(NOW) == [{"name": "许*行", "subject": "低压电工", "state": "已书面报告（高级技师）", "from": "2026-11-23"}]


def test_page_shows_versions_to_the_institution_and_its_city_only(owner, client):
    held = report(owner)
    report(owner, "高压电工", at=NOW + timedelta(days=1))
    log_in(client, WHO)
    page = client.get(f"/training/teachers/{held.pk}/").content.decode()
    assert "高压电工" in page and "低压电工" in page and "许知行" not in page and NUMBER not in page
    assert client.post(f"/training/teachers/{held.pk}/end/", {"last_day": "", "reason": ""}).status_code == 302
    client.post("/logout/")
    log_in(client, PEOPLE["institution"])
    assert client.get(f"/training/teachers/{held.pk}/").status_code == 404
    client.post("/logout/")
    log_in(client, PEOPLE["clerk_gz"])
    assert client.get(f"/training/teachers/{held.pk}/").status_code == 404


LISTED = [
    (CODE, "许知行", NUMBER, "低压电工", "高级技师", "2026-06-01", ""),
    (CODE, "许知行", NUMBER, "", "", "", ""),
    (CODE, "错号", "44060419900102202", "", "", "", ""),
]


def taken(by, name, rows, at=NOW):
    content = write_xlsx(name, sheets.LISTS[name].columns, rows)
    row = registry.read_sheet(name, content=content, filename=f"{name}.xlsx", city=FOSHAN, by=by, at=at)
    verdicts = sheets.judged(name, content, row.filename, FOSHAN, at)[0]
    registry.apply_sheet(row.number, digest_shown=sheets.digest(content, verdicts), by=by, at=at)
    return verdicts


def test_list_of_teachers_is_tried_taken_and_changes_by_versions(owner):
    clerk = PEOPLE["clerk"].make()
    found = taken(clerk, "教师", LISTED)
    assert [one.decision for one in found] == ["new", "refuse", "refuse"] and "只用第一行" in "".join(found[1].messages)
    assert NUMBER not in str(found) and "许知行" not in str(found)
    assert said(date(2026, 6, 1)) == ["低压电工"] and said(date(2026, 5, 31)) == []
    assert [one.decision for one in taken(clerk, "教师", LISTED[:1])] == ["same"] and TeacherReport.objects.count() == 1
    later = NOW + timedelta(days=5)
    assert [one.decision for one in taken(clerk, "教师", [(*LISTED[0][:3], "高压电工", *LISTED[0][4:])], later)] == ["changed"]
    assert [said(NOW.date() + timedelta(days=days)) for days in (4, 5)] == [["低压电工"], ["高压电工"]]


def test_hours_and_rosters_are_taken_by_lists(owner):
    clerk = PEOPLE["clerk"].make()
    assert [one.decision for one in taken(clerk, "大纲学时", [("低压电工作业", "112", "8"), ("低压电工作业", "1", "1")])][1] == "refuse"
    actions.draft(
        city=FOSHAN, institution=CODE, by=owner, at=NOW,
        fields={"operation": LOW, "kind": "initial", "first_day": NOW.date(), "last_day": NOW.date(), "room": "101", "capacity": 30},
    )  # fmt: skip
    one = TrainingClass.objects.get(institution_code=CODE)
    found = taken(clerk, "培训班名册", [(one.number, "A-1", NUMBER, "许知行"), ("4406-2026-999", "A-2", NUMBER, "许知行")])
    assert [row.decision for row in found] == ["new", "refuse"] and "没有这个班号" in "".join(found[1].messages)
    assert one.enrolments.count() == 1 and [row.decision for row in taken(clerk, "培训班名册", [(one.number, "A-1", NUMBER, "许知行")])] == ["same"]
