"""A class's timetable as a spreadsheet: every row judged, all planned at once or none, read again as it was written."""

import io
import zipfile
from datetime import datetime, timedelta

import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile

from kaopei.center.applications import actions as intake
from kaopei.center.training.actions import classes as actions
from kaopei.center.training.models import Lesson, TeacherReport, TrainingClass
from kaopei.office import clock
from kaopei.office.accounts.roles import SYSTEM
from kaopei.office.audit.models import Event
from kaopei.office.sheets import write_xlsx
from tests.center.packs import LOW, Pack
from tests.center.training.test_import import whole
from tests.people import FOSHAN, NOW, PEOPLE, Person, log_in

pytestmark = pytest.mark.django_db
CODE = Pack().codes[1]
WHO = Person("inst-t", "何敏", ("institution",), institution=CODE)
NUMBERS = [whole("44060419900102201"), whole("44060419910102201"), whole("44060419920102201")]
COLUMNS = ("日期", "开始", "结束", "单元", "教师", "教室", "容量")
DAY = NOW.date() + timedelta(days=3)
GOOD = [
    (DAY.isoformat(), "09:00", "12:15", "U1", "许知行", "101", "30"),
    (f"{DAY.year}年{DAY.month}月{DAY.day}日", "14：00", "17时15分", "U2", "许知行", "101", "30"),
    (f"{DAY + timedelta(days=1):%Y/%m/%d}", "9:00", "12:15", "U3", NUMBERS[1], "102", "30"),
]
"""The second teacher shares his name with the third, so he is named by his number."""


@pytest.fixture
def one(province, monkeypatch):
    """A drafted class of an institution with three teachers, two of one name."""
    monkeypatch.setattr(clock, "now", lambda: NOW)
    intake.confirm(intake.receive(Pack().files(), by=SYSTEM, at=NOW), by=SYSTEM, at=NOW)
    by = WHO.make()
    for name, number in zip(("许知行", "周立", "周立"), NUMBERS, strict=True):
        actions.report_teacher(
            city=FOSHAN, institution=CODE, name=name, id_number=number, subject="低压电工", qualification="", until=None, username="", by=by, at=NOW
        )
    fields = {"operation": LOW, "kind": "initial", "first_day": DAY, "last_day": DAY + timedelta(days=9), "room": "101", "capacity": 30}
    return actions.draft(city=FOSHAN, institution=CODE, fields=fields, by=by, at=NOW)


def sent(client, one, content, name="课程表.xlsx"):
    file = io.BytesIO(content)
    file.name = name
    return client.post(f"/training/classes/{one.number}/timetable/", {"file": file})


def sealed(answer):
    return answer.context["rows"]


def test_all_rows_are_planned_at_once_and_come_back_as_written(one, client):
    log_in(client, WHO)
    shown = sent(client, one, write_xlsx("十二月课程表", COLUMNS, GOOD))
    assert shown.status_code == 200 and not Lesson.objects.exists()
    assert NUMBERS[1] not in shown.content.decode(), "a number in the column of teachers is masked"
    done = client.post(f"/training/classes/{one.number}/timetable/", {"rows": sealed(shown)})
    assert done.status_code == 302 and done["Location"] == f"/training/classes/{one.number}/"
    assert [(row.place, row.unit, row.room, row.capacity) for row in one.lessons.order_by("place")] == [
        (1, "U1", "101", 30), (2, "U2", "101", 30), (3, "U3", "102", 30)
    ]  # fmt: skip
    said = Event.objects.get(code="training.lessons_planned")
    assert said.facts["count"] == 3 and said.facts["digest"]
    again = client.get(f"/training/classes/{one.number}/timetable.xlsx")
    assert again.headers["Content-Disposition"] == f'attachment; filename="lessons-{one.number}.xlsx"'
    strings = zipfile.ZipFile(io.BytesIO(again.content)).read("xl/sharedStrings.xml").decode()
    assert all(word in strings for word in (*COLUMNS, DAY.isoformat(), "14:00", "17:15", "许知行")) and "周立" not in strings
    # Confirmed twice, as by a second click: the rooms are taken now.
    assert client.post(f"/training/classes/{one.number}/timetable/", {"rows": sealed(shown)}).status_code == 409
    assert one.lessons.count() == 3


def bad(nth, value):
    return tuple(value if place == nth else cell for place, cell in enumerate(GOOD[0]))


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (bad(0, "下周一"), "日期读不出"),
        (bad(0, (NOW.date() - timedelta(days=1)).isoformat()), "已经过去"),
        (bad(0, (DAY + timedelta(days=365)).isoformat()), "不在本班起止日期"),
        (bad(1, "上午"), "开始时间读不出"),
        (bad(2, "25:00"), "结束时间读不出"),
        (bad(2, "08:00"), "结束时间不晚于开始时间"),
        (bad(3, ""), "没有写教学单元"),
        (bad(3, "单元" * 40), "是否错列"),
        (bad(4, "查无此人"), "书面报告"),
        (bad(4, ""), "书面报告"),
        (bad(4, "周立"), "2 位已报告教师同名"),
        (bad(4, NUMBERS[0][:-1] + "5"), "书面报告"),
        (bad(5, ""), "没有写教室"),
        (bad(6, "很多"), "容量须是"),
        (bad(6, "0"), "容量须是"),
        (GOOD[0], "不能同时上两处"),
    ],
)
def test_bad_row_is_named_and_nothing_is_planned(one, client, row, why):
    log_in(client, WHO)
    shown = sent(client, one, write_xlsx("课程表", COLUMNS, [GOOD[0], row, GOOD[2]]))
    assert shown.status_code == 422 and not sealed(shown)
    tried = shown.context["found"]
    assert [bool(found.row) for found in tried] == [True, False, True] and [found.line for found in tried] == [3, 4, 5]
    assert why in tried[1].why and why in shown.content.decode()
    assert not Lesson.objects.exists()


def test_what_is_left_out_of_the_sheet_is_told(one, client):
    log_in(client, WHO)
    shown = sent(client, one, write_xlsx("课程表", COLUMNS, [*GOOD, ("合计", "", "", "", "", "", "3 次课")]))
    assert shown.context["good"] == 3 and sealed(shown)
    assert len(shown.context["told"]) == 1 and "第6行" in shown.content.decode()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "空"),
        (b"PK\x03\x04 cut off", "不是完整的工作簿"),
        (write_xlsx("课程表", COLUMNS, GOOD)[:900], "不是完整的工作簿"),
        (write_xlsx("课程表", COLUMNS, []), "只有表头"),
        (write_xlsx("名册", ("姓名", "身份证号码"), [("a", "b")]), "日期"),
        ("日期,开始\n\xff".encode("utf-16"), "CSV"),
        (write_xlsx("课程表", COLUMNS, [GOOD[0]] * 501), "不超过 500 行"),
    ],
)
def test_unreadable_file_is_told_and_nothing_is_planned(one, client, content, why):
    log_in(client, WHO)
    shown = sent(client, one, content)
    assert shown.status_code == 422 and not Lesson.objects.exists()
    assert why in shown.context["fault"] and why in shown.content.decode()


def test_csv_in_either_encoding_and_days_and_times_stored_as_numbers(one, client):
    log_in(client, WHO)
    text = "\n".join(",".join(row) for row in (COLUMNS, *GOOD))
    for encoding in ("utf-8-sig", "gb18030"):
        assert sent(client, one, text.encode(encoding), "课程表.csv").context["good"] == 3
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        page, time = book.add_worksheet(), book.add_format({"num_format": "hh:mm"})
        page.write_row(0, 0, COLUMNS)
        page.write_datetime(1, 0, datetime.combine(DAY, datetime.min.time()), book.add_format({"num_format": "yyyy-mm-dd"}))
        page.write_number(1, 1, 9 / 24, time)
        page.write_number(1, 2, 12.25 / 24, time)
        page.write_row(1, 3, ("U1", "许知行", "101"))
        page.write_number(1, 6, 30)
    shown = sent(client, one, out.getvalue())
    assert [found.why for found in shown.context["found"]] == [""]
    row = shown.context["found"][0].row
    assert f"{row['starts_at']:%Y-%m-%d %H:%M} {row['ends_at']:%H:%M}" == f"{DAY} 09:00 12:15"


def test_only_what_this_person_was_shown_for_this_class_is_planned(one, client):
    log_in(client, WHO)
    rows = sealed(sent(client, one, write_xlsx("课程表", COLUMNS, GOOD)))
    path = f"/training/classes/{one.number}/timetable/"
    fields = {"operation": LOW, "kind": "initial", "first_day": DAY, "last_day": DAY, "room": "101", "capacity": 30}
    other = actions.draft(city=FOSHAN, institution=CODE, fields=fields, by=WHO.make(), at=NOW)
    for where, what in ((path, rows[:-3] + "abc"), (path, ""), (path.replace(one.number, other.number), rows)):
        answer = client.post(where, {"rows": what})
        assert answer.status_code == 409 and "没有排入任何课次" in answer.content.decode()
    assert not Lesson.objects.exists()


def test_teacher_who_left_between_is_told(one, client):
    log_in(client, WHO)
    rows = sealed(sent(client, one, write_xlsx("课程表", COLUMNS, GOOD)))
    held = next(row for row in TeacherReport.objects.all() if row.name == "许知行")
    actions.end_teacher(held, last_day=NOW.date(), reason="离职", by=WHO.make(), at=NOW)
    answer = client.post(f"/training/classes/{one.number}/timetable/", {"rows": rows})
    assert answer.status_code == 409 and "教师的报告已变动" in answer.content.decode() and not Lesson.objects.exists()


def test_reported_class_takes_no_sheet(one, client):
    log_in(client, WHO)
    rows = sealed(sent(client, one, write_xlsx("课程表", COLUMNS, GOOD)))
    TrainingClass.objects.filter(pk=one.pk).update(status=TrainingClass.Status.REPORTED)
    assert "逐次改期" in client.get(f"/training/classes/{one.number}/timetable/").content.decode()
    tried = client.post(f"/training/classes/{one.number}/timetable/", {"rows": rows})
    for answer in (tried, sent(client, one, write_xlsx("课程表", COLUMNS, GOOD))):
        assert answer.status_code == 409 and "已经报告" in answer.content.decode() and not Lesson.objects.exists()


@pytest.mark.parametrize(("who", "page", "file"), [("institution", 404, 404), ("clerk", 403, 403), ("clerk_gz", 403, 403)])
def test_other_institution_and_other_city_see_nothing(one, client, who, page, file):
    log_in(client, PEOPLE[who])
    assert client.get(f"/training/classes/{one.number}/timetable/").status_code == page
    assert client.get(f"/training/classes/{one.number}/timetable.xlsx").status_code == file


def test_api_tries_and_plans_exactly_what_was_tried(one, client):
    log_in(client, WHO)
    path = f"/api/v1/training/classes/{one.number}/lessons"

    def tried(rows):
        return client.post(f"{path}/read", {"file": SimpleUploadedFile("课程表.xlsx", write_xlsx("课程表", COLUMNS, rows))}).json()

    wrong = tried([GOOD[0], bad(4, "查无此人")])
    assert [row["fits"] for row in wrong["rows"]] == [True, False] and wrong["token"] == "" and wrong["rows"][1]["clause"] == "N1.3.5"
    right = tried(GOOD)
    assert right["token"] and NUMBERS[1] not in str(right) and not Lesson.objects.exists()
    done = client.post(f"{path}/apply", {"token": right["token"]})
    assert done.status_code == 200 and [row["unit"] for row in done.json()] == ["U1", "U2", "U3"]
    for token in (right["token"], right["token"][:-2] + "zz", ""):
        assert client.post(f"{path}/apply", {"token": token}).status_code == 409
    unfit = client.post(f"{path}/read", {"file": SimpleUploadedFile("x.xlsx", b"PK\x03\x04 cut off")})
    assert unfit.status_code == 422 and "不是完整的工作簿" in unfit.json()["error"]
    assert Event.objects.filter(code="training.lessons_planned").count() == 1
    client.post("/logout/")
    for who, status in (("institution", 404), ("clerk", 403), ("clerk_gz", 403)):
        log_in(client, PEOPLE[who])
        assert client.post(f"{path}/apply", {"token": right["token"]}).status_code == status
        client.post("/logout/")


def test_empty_form_is_filled_in_and_read(one, client):
    log_in(client, WHO)
    form = client.get(f"/training/classes/{one.number}/timetable.xlsx").content
    strings = zipfile.ZipFile(io.BytesIO(form)).read("xl/sharedStrings.xml").decode()
    assert all(word in strings for word in COLUMNS)
