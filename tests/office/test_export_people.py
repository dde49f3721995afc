"""Files that name people: a few with a reason, many only after a second person has signed exactly these bytes."""

import hashlib
from datetime import timedelta

import pytest
from django.contrib.messages.storage.session import SessionStorage
from django.http import HttpResponse
from django.test import Client, RequestFactory

from kaopei.office import clock, scope
from kaopei.office.accounts.permission import permission
from kaopei.office.approvals import actions as approvals
from kaopei.office.approvals.models import Request
from kaopei.office.audit.models import Event
from kaopei.office.exports import actions, door, queries, tasks
from kaopei.office.exports.actions import File
from kaopei.office.exports.models import Export
from kaopei.office.refused import Refused
from tests.people import FOSHAN, GUANGZHOU, NOW, PEOPLE, PIN, log_in

pytestmark = pytest.mark.django_db
CONTENT = "张三,440601199001011234\n".encode() * 101
REASON = "交市局核对准考证"


@pytest.fixture
def people(signing_cast):
    with scope.entered(FOSHAN):
        yield signing_cast


def file(rows=101, content=CONTENT):
    return File("allocation.tickets", "draw:D1", "准考证", rows, "tickets.zip", "application/zip", content)


def ask(people, **more):
    return actions.ask(file(**more), reason=REASON, by=people["clerk"], at=NOW)


def sign(people, row, by="approver", at=NOW):
    asked = queries.approval(row)
    approvals.approve(asked, digest=asked.digest, pin=PIN, by=people[by], at=at)


def refused(words, act, *args, **facts):
    with pytest.raises(Refused, match=words):
        act(*args, **facts)


def test_a_hundred_rows_are_taken_by_one_person_with_a_reason(people):
    row = actions.hand_out(file(rows=100), reason=REASON, by=people["clerk"], at=NOW)
    event = Event.objects.get(code="exports.taken")
    assert event.facts == {"kind": "allocation.tickets", "of": "draw:D1", "rows": 100, "sha256": hashlib.sha256(CONTENT).hexdigest()}
    assert queries.rows_today(people["clerk"], NOW) == 100 and row.content is None
    assert queries.rows_today(people["clerk"], NOW + timedelta(days=2)) == 0


def test_one_row_more_is_not_handed_out(people):
    refused("第二人审批", actions.hand_out, file(), reason=REASON, by=people["clerk"], at=NOW)
    assert not Export.objects.exists() and not Event.objects.filter(code="exports.taken").exists()


@pytest.mark.parametrize("reason", ["", "  ", "核对", "字" * 501])
def test_a_reason_is_said(people, reason):
    for act, rows in ((actions.hand_out, 1), (actions.ask, 101)):
        refused("用途", act, file(rows=rows), reason=reason, by=people["clerk"], at=NOW)


def test_nobody_and_too_much_are_refused(people, monkeypatch):
    refused("没有可以导出", actions.hand_out, file(rows=0), reason=REASON, by=people["clerk"], at=NOW)
    monkeypatch.setattr(actions, "MOST_BYTES", 10)
    refused("分场次", actions.ask, file(), reason=REASON, by=people["clerk"], at=NOW)


def test_role_without_the_act_is_refused(people):
    refused("审批人|考务员", actions.ask, file(), reason=REASON, by=people["security"], at=NOW)


def test_many_wait_for_the_second_person_and_then_come_byte_for_byte(people):
    row = ask(people)
    refused("待第二人签署", actions.take, row, by=people["clerk"], at=NOW)
    sign(people, row)
    assert actions.take(row, by=people["clerk"], at=NOW) == CONTENT
    assert list(Event.objects.filter(code__startswith="exports.").order_by("id").values_list("code", "actor")) == [
        ("exports.asked", "clerk"), ("exports.refused", "clerk"), ("exports.taken", "clerk"),
    ]  # fmt: skip


def test_the_second_person_signs_what_it_is_and_what_for(people):
    row = ask(people)
    asked = Request.objects.get()
    assert asked.is_personal and asked.title == "导出 101 人：准考证"
    said = bytes(asked.content).decode()
    assert all(word in said for word in (row.digest, REASON, '"rows": 101', "draw:D1", '"requester": "clerk"'))


def test_nobody_signs_his_own_and_nobody_takes_another_ones(people):
    row = actions.ask(file(), reason=REASON, by=people["approver"], at=NOW)
    refused("自己提出", sign, people, row)
    sign(people, row, by="approver2")
    refused("申请人本人", actions.take, row, by=people["approver2"], at=NOW)
    refused("申请人本人", actions.take, row, by=people["clerk"], at=NOW)


def test_declined_and_late_ones_are_not_taken(people):
    row = ask(people)
    approvals.decline(queries.approval(row), reason="用途不明确", by=people["approver"], at=NOW)
    refused("未同意", actions.take, row, by=people["clerk"], at=NOW)
    late = ask(people)
    sign(people, late)
    assert actions.take(late, by=people["clerk"], at=NOW + queries.TERM - timedelta(seconds=1))
    refused("已过期", actions.take, late, by=people["clerk"], at=NOW + queries.TERM)


def test_other_bytes_or_another_purpose_than_signed_are_not_handed_out(people):
    row = ask(people)
    sign(people, row)
    Export.objects.filter(pk=row.pk).update(content=b"other")
    refused("摘要不符", actions.take, row, by=people["clerk"], at=NOW)
    Export.objects.filter(pk=row.pk).update(content=CONTENT, rows=1)
    refused("签署的内容不符", actions.take, row, by=people["clerk"], at=NOW)


def test_a_granted_request_without_a_true_signature_opens_nothing(people):
    row = ask(people)
    Request.objects.update(status="granted", closed_at=NOW)
    asked = queries.approval(row)
    asked.signatures.create(approver="approver", agrees=True, record='{"payload":"e30","signatures":[]}', at=NOW)
    refused("签名核对不符", actions.take, row, by=people["clerk"], at=NOW)


def test_a_granted_request_without_any_signature_opens_nothing(people):
    row = ask(people)
    Request.objects.update(status="granted", closed_at=NOW)
    refused("签名核对不符", actions.take, row, by=people["clerk"], at=NOW)


def test_bytes_are_forgotten_when_they_can_no_longer_be_taken(people):
    waiting, taken = ask(people), ask(people)
    sign(people, taken)
    tasks.forget(NOW + queries.TERM - timedelta(seconds=1))
    assert Export.objects.filter(content__isnull=False).count() == 2
    tasks.forget(NOW + queries.TERM)
    assert list(Export.objects.filter(content__isnull=False)) == [waiting]
    tasks.forget(NOW + timedelta(days=5))
    tasks.forget(NOW + timedelta(days=5))
    assert not Export.objects.filter(content__isnull=False).exists() and Export.objects.count() == 2
    assert Event.objects.filter(code="exports.forgotten").count() == 2


def test_another_city_sees_nothing(people):
    row = ask(people)
    with scope.entered(GUANGZHOU):
        assert queries.get(row.ulid) is None and queries.asked_by(people["clerk_gz"]) == []


@permission("exports.take")
def page(request):
    """A page of some app that offers a file."""
    return door.hand_out(request, door.Offer("a.b", "c:1", "名单", int(request.GET["rows"]), "名单.csv", "text/csv", lambda: CONTENT))


def visit(people, method="get", rows=1, **said):
    request = getattr(RequestFactory(), method)(f"/?rows={rows}", said)
    request.user, request.session = people["clerk"], {}
    request._messages = SessionStorage(request)
    return page(request)


def test_a_page_asks_first_and_hands_out_after_the_reason(people):
    asked = visit(people).content.decode()
    assert "近 24 小时" in asked and "第二人" not in asked and not Export.objects.exists()
    answer = visit(people, "post", reason=REASON)
    assert answer.content == CONTENT and answer["Cache-Control"] == "no-store" and "attachment" in answer["Content-Disposition"]


def test_a_page_with_many_rows_leads_to_the_second_person(people):
    assert "须由第二人审批" in visit(people, rows=101).content.decode()
    answer = visit(people, "post", rows=101, reason=REASON)
    row = Export.objects.get()
    assert isinstance(answer, HttpResponse) and answer.status_code == 302 and answer["Location"] == f"/exports/{row.ulid}/"


def test_pages_from_the_request_to_the_file(people):
    clerk, approver, inspector = Client(), Client(), Client()
    row = actions.ask(file(), reason=REASON, by=people["clerk"], at=clock.now())
    for browser, who in ((clerk, "clerk"), (approver, "approver"), (inspector, "inspector")):
        log_in(browser, PEOPLE[who])
    assert "待第二人签署" in clerk.get("/exports/").content.decode()
    assert "下载</button>" not in clerk.get(f"/exports/{row.ulid}/").content.decode()
    assert REASON in approver.get(f"/exports/{row.ulid}/").content.decode()
    assert inspector.get(f"/exports/{row.ulid}/").status_code == 404
    assert clerk.post(f"/exports/{row.ulid}/take").status_code == 409
    sign(people, row, at=clock.now())
    assert "下载</button>" in clerk.get(f"/exports/{row.ulid}/").content.decode()
    assert clerk.get(f"/exports/{row.ulid}/take").status_code == 405
    assert clerk.post(f"/exports/{row.ulid}/take").content == CONTENT
    assert approver.post(f"/exports/{row.ulid}/take").status_code == 409
