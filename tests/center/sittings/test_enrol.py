"""Exam servers: two different persons accept, the province countersigns, nobody else and in no other order."""

import pytest
from django.db import DatabaseError, transaction

from kaopei.center.sittings import actions, queries
from kaopei.center.sittings.models import Machine as Row
from kaopei.office import keys, scope
from kaopei.office.refused import Refused
from kaopei.parcel import enrolment
from tests.center.allocation.city import BASE, OWN
from tests.center.sittings.rooms import Machine
from tests.people import PIN


@pytest.fixture
def request_file(desk):
    return Machine(keys.trust(), BASE, "EDGE-9", int(desk.at.timestamp())).request


def ask(desk, data, acceptors=("clerk", "approver"), by="clerk"):
    return actions.ask_enrolment(data, acceptors=acceptors, by=desk.people[by], at=desk.at)


def accept(desk, row, who, pin=PIN):
    return actions.accept_machine(row, pin=pin, by=desk.people[who], at=desk.at)


def test_record_has_three_signatures_and_lies_where_checks_look(desk, request_file):
    row = ask(desk, request_file)
    assert accept(desk, row, "approver").status == "asked"
    assert accept(desk, row, "clerk").status == "accepted"
    row = actions.countersign_machine(row, by=desk.people["province"], at=desk.at)
    edge = enrolment.read((desk.data / "enrolments" / "EDGE-9.json").read_bytes(), keys.trust(), at=int(desk.at.timestamp()))
    assert edge.payload["accepted_by"] == ["clerk", "approver"]
    assert [one.payload["edge_serial"] for one in queries.edges(BASE, desk.at)] == ["EDGE-9"]
    assert queries.edges(OWN, desk.at) == []


@pytest.mark.parametrize(
    ("acceptors", "words"),
    [
        (("clerk", "clerk"), "两名不同的人"),
        (("clerk", "institution"), "不能验收"),
        (("clerk", "nobody"), "没有登记签名密钥"),
        (("clerk", "clerk_gz"), "其他城市"),
    ],
)
def test_two_fit_persons_are_named(desk, request_file, acceptors, words):
    with pytest.raises(Refused, match=words):
        ask(desk, request_file, acceptors)
    assert not Row.objects.filter(serial="EDGE-9").exists()


def test_only_the_named_accept_once_and_with_their_pin(desk, request_file):
    row = ask(desk, request_file)
    with pytest.raises(Refused, match="不是这台考试服务器的验收人"):
        accept(desk, row, "approver2")
    with pytest.raises(Refused, match="口令不对"):
        accept(desk, row, "clerk", pin="000000")
    accept(desk, row, "clerk")
    with pytest.raises(Refused, match="不需要签名"):
        accept(desk, row, "clerk")


def test_province_signs_last(desk, request_file):
    row = ask(desk, request_file)
    accept(desk, row, "clerk")
    with pytest.raises(Refused, match="须先由两名验收人签名"):
        actions.countersign_machine(row, by=desk.people["province"], at=desk.at)
    accept(desk, row, "approver")
    with pytest.raises(Refused, match="办理"):
        actions.countersign_machine(row, by=desk.people["clerk"], at=desk.at)


def test_request_is_taken_once(desk, request_file):
    ask(desk, request_file)
    with pytest.raises(Refused, match="已经上传过"):
        ask(desk, request_file)


@pytest.mark.parametrize("spoil", [lambda d: b"", lambda d: d[:-20], lambda d: d + b"\n", lambda d: d.replace(b"A", b"B", 1), lambda d: b"{}"])
def test_damaged_requests_are_refused(desk, request_file, spoil):
    with pytest.raises(Refused):
        ask(desk, spoil(request_file))


def test_request_of_an_unknown_site_or_with_a_path_for_a_serial_is_refused(desk):
    at = int(desk.at.timestamp())
    with pytest.raises(Refused, match="考试点名册"):
        ask(desk, Machine(keys.trust(), "449999", "EDGE-9", at).request)
    with pytest.raises(Refused, match="序列号"):
        ask(desk, Machine(keys.trust(), BASE, "../../trust", at).request)


def test_other_city_may_not_ask(desk, request_file):
    with pytest.raises(Refused, match="其他城市"):
        ask(desk, request_file, by="clerk_gz")


def test_new_record_of_a_serial_supersedes_the_old_one_at_its_site_only(desk):
    desk.enrol(BASE, "EDGE-7")
    desk.enrol(BASE, "EDGE-7")
    (edge,) = queries.edges(BASE, desk.at)
    assert edge.payload["supersedes"]
    with pytest.raises(Refused, match="已登记在考试点"):
        ask(desk, Machine(keys.trust(), OWN, "EDGE-7", int(desk.at.timestamp())).request)


def test_database_keeps_an_enrolled_machine_as_it_is(desk):
    desk.enrol(BASE, "EDGE-7")
    for change in ({"site": OWN}, {"status": "asked"}, {"record": b"x"}):
        with pytest.raises(DatabaseError, match="may not change"), transaction.atomic():
            Row.objects.filter(serial="EDGE-7").update(**change)
    with pytest.raises(DatabaseError, match="may not change"), transaction.atomic():
        Row.objects.filter(serial="EDGE-7").delete()


def test_other_city_sees_no_machine(desk):
    desk.enrol(BASE, "EDGE-7")
    with scope.entered("440100"):
        assert not queries.machines().exists()
