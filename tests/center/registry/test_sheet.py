"""A city's spreadsheets: a verdict on every row first, then all of it or nothing; and out again with the same columns."""

from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from kaopei.center.registry import actions, queries, sheets
from kaopei.center.registry.models import ExamStaff, Room, Sheet, StaffRecord, StaffRelation
from kaopei.center.registry.sheets import LISTS
from kaopei.center.registry.unusable import Unusable
from kaopei.office.refused import Refused
from kaopei.office.sheets import write_xlsx
from tests.center.packs import Pack, id_number, wrong_check
from tests.people import NOW, PEOPLE, log_in

pytestmark = pytest.mark.django_db
CITY, DAY = "440600", NOW.date()
ONE = id_number("4406", date(1985, 5, 15), True)
OTHER = id_number("4406", date(1990, 1, 2), False)
STAFF = [
    ("曹新", ONE, "监考", "是", "", "2026-03-01", "2025合格", "是", "是"),
    ("许文", OTHER, "巡考", "否", "", "", "", "否", "否"),
    ("错号", wrong_check(OTHER), "巡考", "否", "", "", "", "否", "否"),
]


def book(name, rows):
    return write_xlsx(name, LISTS[name].columns, rows)


def read(by, name, rows, at=NOW):
    return actions.read_sheet(name, content=book(name, rows), filename=f"{name}.xlsx", city=CITY, by=by, at=at)


def verdicts(row, at=NOW):
    return sheets.judged(row.list, bytes(row.content), row.filename, CITY, at)[0]


def apply(row, by, at=NOW):
    return actions.apply_sheet(row.number, digest_shown=sheets.digest(bytes(row.content), verdicts(row, at)), by=by, at=at)


def test_staff_list_is_tried_then_applied_then_changes_nothing(people):
    clerk = people["clerk"]
    row = read(clerk, "考务人员", STAFF)
    assert [one.decision for one in verdicts(row)] == ["new", "new", "refuse"]
    assert not ExamStaff.objects.exists(), "a dry run leaves nothing"
    assert ONE not in str(verdicts(row)), "masked"
    apply(row, clerk)
    assert ExamStaff.objects.count() == StaffRecord.objects.count() == 2
    again = read(clerk, "考务人员", STAFF)
    assert [one.decision for one in verdicts(again)] == ["same", "same", "refuse"] and again.changed == 0
    with pytest.raises(Refused, match="已写入"):
        apply(row, clerk)


def test_change_between_look_and_confirm_applies_nothing(people):
    clerk = people["clerk"]
    row = read(clerk, "考务人员", STAFF)
    seen = sheets.digest(bytes(row.content), verdicts(row))
    apply(read(clerk, "考务人员", STAFF[1:2]), people["clerk2"])
    with pytest.raises(Refused, match="登记已有变动"):
        actions.apply_sheet(row.number, digest_shown=seen, by=clerk, at=NOW)
    assert ExamStaff.objects.count() == 1 and Sheet.objects.get(pk=row.pk).status == "read"


def test_rooms_ties_and_relations_are_lists_as_a_whole(register, people):
    clerk = people["clerk"]
    rooms = read(clerk, "考场", [("440601", "一号", "30"), ("440601", "二号", "28"), ("449999", "三号", "30"), ("440601", "一号", "5")])
    assert [one.decision for one in verdicts(rooms) if one.row] == ["new", "new", "refuse", "refuse"]
    apply(rooms, clerk)
    assert (
        queries.site(CITY, "440601", DAY).rooms == (("一号", 30), ("二号", 28)) and Room.objects.filter(closed_on=None, is_assumed=False).count() == 2
    )
    ties = read(clerk, "机构关联", [("A", "甲", "控股", "B", "乙", "60", "2020-01-01", "", "工商登记")])
    assert [one.decision for one in verdicts(ties)] == ["new", "gone"]
    apply(ties, clerk)
    assert [tie.one_code for tie in queries.ties(CITY, DAY)] == ["A"]
    apply(read(clerk, "考务人员", STAFF), clerk)
    related = read(clerk, "考务人员关系", [("曹新", ONE, "任职", "440601", "", "2020-01-01", "", "否")])
    apply(related, clerk)
    assert StaffRelation.objects.get().body == "440601" and not StaffRelation.objects.get().declared
    assert [one.decision for one in verdicts(read(clerk, "考务人员关系", [("曹新", ONE, "任职", "440601", "", "2020-01-01", "", "否")]))] == ["same"]


@pytest.mark.parametrize("name", ["培训机构", "考试点", "机构关联", "考场"])
def test_what_is_downloaded_can_be_taken_in_again_and_changes_nothing(register, people, name):
    later = NOW + timedelta(days=1)
    row = read(people["clerk"], name, LISTS[name].rows(CITY, later.date()), later)
    found = verdicts(row, later)
    if name == "考场":  # rooms that were assumed become reported ones
        assert {one.decision for one in found} == {"same"}
    else:
        assert {one.decision for one in found} == {"same"} and row.changed == 0


def test_mobile_number_is_handed_out_masked_and_kept_when_that_comes_back(register, people):
    kind = LISTS["培训机构"]
    row = kind.rows(CITY, DAY)[0]
    first = read(people["clerk"], "培训机构", [(*row[:-1], "13800001234")])
    assert "138****1234" in verdicts(first)[0].cells and "13800001234" not in str(verdicts(first))
    apply(first, people["clerk"])
    assert queries.institution(CITY, row[1], DAY).phone == "13800001234"
    (out,) = [one for one in sheets.masked(kind, kind.rows(CITY, DAY)) if one[1] == row[1]]
    assert out[-1] == "138****1234"
    assert verdicts(read(people["clerk"], "培训机构", [out]))[0].decision == "same"
    apply(read(people["clerk"], "培训机构", [("改名培训中心", *out[1:])]), people["clerk"])
    now = queries.institution(CITY, row[1], DAY)
    assert (now.name, now.phone) == ("改名培训中心", "13800001234")


@pytest.mark.parametrize(("content", "words"), [(b"", "空"), (b"PK\x03\x04cut", "完整"), ("姓名,岗位\n甲,监考\n".encode(), "身份证号码")])
def test_what_is_no_such_list_is_not_taken(people, content, words):
    with pytest.raises(Unusable, match=words):
        actions.read_sheet("考务人员", content=content, filename="考务人员.xlsx", city=CITY, by=people["clerk"], at=NOW)
    assert not Sheet.objects.exists()


def test_pages_upload_show_confirm_and_download(client, people):
    log_in(client, PEOPLE["clerk"])
    file = SimpleUploadedFile("考务人员.xlsx", book("考务人员", STAFF))
    assert client.post("/registry/sheets/", {"list": "考务人员", "file": file}).status_code == 302
    row = Sheet.objects.get()
    page = client.get(f"/registry/sheets/{row.number}/").content.decode()
    assert "校验不符" in page and ONE not in page
    digest = page.split('name="digest" value="')[1][:64]
    assert client.post(f"/registry/sheets/{row.number}/apply/", {"digest": digest}).status_code == 302
    assert ExamStaff.objects.count() == 2
    out = client.get("/registry/lists/考务人员.csv").content.decode()
    assert "曹" in out and ONE not in out and f"{ONE[:6]}********{ONE[-4:]}" in out
    bad = client.post("/registry/sheets/", {"list": "考务人员", "file": SimpleUploadedFile("x.xlsx", b"nonsense")})
    assert bad.status_code == 422 and "没有收下" in bad.content.decode()
    client.logout()
    log_in(client, PEOPLE["clerk_gz"])
    assert client.get(f"/registry/sheets/{row.number}/").status_code == 404


def test_pack_of_a_city_is_its_own_list(register, people):
    """The sheet of the month's pack is the same list, row for row."""
    rows = [tuple(str(row[name]) for name in LISTS["培训机构"].columns) for row in Pack().sheets["培训机构"]]
    assert {one.decision for one in verdicts(read(people["clerk"], "培训机构", rows))} == {"same"}
