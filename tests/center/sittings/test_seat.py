"""The seating: staff complete and fit, two approvers, sealed to the machines, no PIN and no name in the clear."""

import hashlib
import io
from datetime import timedelta

import pytest
import xlsxwriter

from kaopei.center.registry.models import ExamStaff
from kaopei.center.sittings import actions, queries, stafflist
from kaopei.center.sittings.stafflist import read
from kaopei.edge.console import pin_holds
from kaopei.office import keys
from kaopei.office.approvals.models import Request
from kaopei.office.refused import Refused
from kaopei.parcel import seating
from kaopei.parcel.rejected import Rejected
from tests.center.sittings.conftest import STAFF, carried, taken_back
from tests.people import FOSHAN


@pytest.fixture(scope="module")
def carried_so_far(month):
    yield from carried(month, "seal")


@pytest.fixture
def sealed(carried_so_far):
    yield from taken_back(carried_so_far.again())


def opened(desk):
    (machine,) = desk.machines.values()
    data = bytes(queries.newest(desk.row(), "seating").data)
    return seating.open(data, keys.trust(), machine.kid, machine.decrypt_key)


def ask(desk, text=STAFF, by="clerk"):
    return actions.ask_seating(desk.row(), staff=read(text.encode()), by=desk.people[by], at=desk.at)


def test_site_reads_who_sits_who_serves_and_the_numbers(sealed):
    sealed.seat()
    body = opened(sealed)
    assert body["roster"] == queries.roster(sealed.row())
    assert [(one["name"], one["role"]) for one in body["staff"]] == [("高平", "head"), ("马晓", "invigilator"), ("罗巡", "patroller")]
    assert all(keys.trust().keys[one["kid"]].role == "person" for one in body["staff"])
    assert (body["exam"]["start"], body["exam"]["end"], body["exam"]["date"]) == ("09:00", "11:00", "2026-12-07")
    assert body["numbers"]["ep.camera_lead"] == 15
    assert {row["room"] for row in body["roster"]} <= {room["name"] for room in body["rooms"]}
    assert body["package_id"] == sealed.sealed.package_id


def test_verifier_is_one_that_the_exam_server_accepts(sealed):
    sealed.seat()
    verifiers = [one["pin_verifier"] for one in opened(sealed)["staff"]]
    assert [pin_holds(one, pin) for one, pin in zip(verifiers, ("111111", "222222", "333333"), strict=True)] == [True] * 3
    assert not pin_holds(verifiers[0], "222222")
    assert len({stafflist.verifier("111111") for _ in range(2)}) == 2


def test_request_holds_no_name_and_no_pin_in_the_clear(sealed):
    request = ask(sealed)
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT content FROM approvals_request WHERE ulid = %s", [request.ulid])
        stored = bytes(cursor.fetchone()[0])
    assert "高平".encode() not in stored and b"111111" not in stored
    assert b"111111" not in bytes(Request.objects.get(pk=request.pk).content)
    assert request.digest == hashlib.sha256(bytes(Request.objects.get(pk=request.pk).content)).hexdigest()


def test_next_rev_names_the_one_before(sealed):
    first = sealed.seat()
    sealed.seat(STAFF.replace("罗巡,巡考人员,333333,patroller", "赵副,监考人员,444444,"))
    body = opened(sealed)
    assert (body["rev"], body["prev_hash"]) == (2, first.digest)
    assert [one["kid"] for one in body["staff"]][-1] is None


def test_request_made_before_another_rev_is_not_issued(sealed):
    ask(sealed)
    sealed.seat(STAFF.replace("333333", "555555"))
    assert queries.newest(sealed.row(), "seating").rev == 1
    assert Request.objects.filter(action="seating.issue", status="withdrawn").count() == 1


def test_key_out_means_frozen(sealed):
    sealed.seat()
    sealed.quarter_before()
    sealed.release()
    with pytest.raises(Refused, match="放行密钥之前"):
        ask(sealed)


HEADER = "姓名,岗位,口令,签名人\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (HEADER + "马晓,监考人员,222222,invigilator\n罗巡,巡考,333333,patroller\n", "没有考点负责人"),
        (HEADER + "高平,考点负责人,111111,head\n", "只有一个人"),
        (HEADER + "高平,考点负责人,111111,head\n余力,系统管理员,222222,\n", "没有监考人员或巡考人员"),
        (HEADER + "高平,考点负责人,111111,head\n罗巡,巡考人员,333333,patroller\n", "少于考场"),
        (HEADER + "高平,考点负责人,111111,nobody\n马晓,监考人员,222222,invigilator\n", "签名密钥"),
        (HEADER + "高平,考点负责人,111111,head\n马晓,监考人员,222222,clerk\n", "签名密钥"),
    ],
)
def test_staff_must_be_complete(sealed, text, words):
    with pytest.raises(Refused, match=words):
        ask(sealed, text)
    assert sealed.row().status == "sealed"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "没有表头"),
        ("姓名,岗位\n高平,主考\n".encode(), "没有表头"),
        (HEADER.encode(), "没有人"),
        (HEADER.encode() + "高平,厨师,111111,\n".encode(), "不认识的岗位"),
        (HEADER.encode() + "高平,主考,1111,\n".encode(), "不足 6 位"),
        (HEADER.encode() + ",主考,111111,\n".encode(), "姓名"),
        (HEADER.encode() + "高平,主考,111111,\n高平,监考,222222,\n".encode(), "出现两次"),
        (b"PK\x03\x04broken", "XLSX"),
        (b"\xff\xfe\x00\x81\x8d\xff\xff\xff", "不是文本表格"),
    ],
)
def test_bad_tables_say_what_and_where(data, words):
    with pytest.raises(Rejected, match=words):
        read(data)


def test_tables_are_read_as_offices_save_them():
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        page = book.add_worksheet("名单")
        page.write_row(0, 0, ["佛山第01考试点考务人员"])
        page.write_row(2, 0, ["序号", "岗位", "姓名", "口令", "签名人"])
        page.write_row(3, 0, [1, "主考", "𠮷㛃", 123456, "head"])
    (one,) = read(out.getvalue())
    assert (one.name, one.role, one.pin, one.signs_as) == ("𠮷㛃", "head", "123456", "head")
    (other,) = read("姓名，岗位，口令\n高平，head，111111\n".encode("gb18030"))
    assert (other.role, other.signs_as) == ("head", "高平")


def staff_file(**more):
    facts = {"trained_on": "2026-03-01", "appraisal": "2025合格", "has_pledge": True, "has_agreement": True}
    ExamStaff.objects.create(city=FOSHAN, person="p1", name="马晓", id_number="x", post="监考", full_time=True, **facts | more)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"trained_on": None}, "考务培训"),
        ({"appraisal": "2025不合格"}, "年度考核"),
        ({"has_pledge": False}, "责任书"),
        ({"has_agreement": False}, "保密协议"),
    ],
)
def test_person_of_the_staff_file_must_be_fit_to_serve(sealed, more, words):
    staff_file(**more)
    with pytest.raises(Refused, match=words):
        ask(sealed)


def test_who_is_tied_to_an_institution_that_sits_there_prepares_nothing(sealed):
    from kaopei.center.allocation import queries as allocation

    staff_file(institution_code=allocation.seated(sealed.row().sitting)[0].institution)
    with pytest.raises(Refused, match=r"有关联.*N2\.4\.7"):
        ask(sealed)


def test_who_is_not_in_the_staff_file_is_counted(sealed):
    staff_file()
    ask(sealed)
    from kaopei.office.audit.models import Event

    assert Event.objects.get(code="sittings.seating_asked").facts["unlisted"] == 2


def test_clerk_asks_and_two_others_approve(sealed):
    request = ask(sealed)
    for who in ("clerk", "key1"):
        with pytest.raises(Refused):
            sealed.sign(request, who)
    with pytest.raises(Refused, match="办理"):
        ask(sealed, by="approver")
    sealed.at += timedelta(days=1)
    sealed.sign(request)
    assert sealed.row().status == "seated"
