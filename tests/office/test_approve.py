"""Two persons: the second approves the exact bytes, with his key, never his own request."""

import json
from datetime import timedelta

import pytest
from django.test import Client

from kaopei.office.approvals import actions, queries
from kaopei.office.refused import Refused
from kaopei.parcel import approval
from tests.people import NOW, PEOPLE, PIN, log_in

pytestmark = pytest.mark.django_db
CONTENT = "冻结名册：6048 行".encode()


@pytest.fixture
def people(signing_cast):
    return signing_cast


def ask(people, by="freezer", **more):
    return actions.request(
        action="draw.freeze",
        object="batch:2026-12",
        content=CONTENT,
        title="冻结 2026-12 抽签池",
        approve_act="allocation.approve",
        by=people[by],
        at=NOW,
        **more,
    )


def sign(row, user, pin=PIN, digest=None, at=NOW):
    return actions.approve(row, pin=pin, digest=digest or row.digest, by=user, at=at)


def test_signature_grants_and_holds_in_a_parcel(people):
    row = ask(people)
    sign(row, people["approver"])
    (record,) = queries.granted("draw.freeze", "batch:2026-12", row.digest)
    from kaopei.office import keys

    read = approval.check(record, keys.trust(), action="draw.freeze", object="batch:2026-12", digest=row.digest, at=int(NOW.timestamp()))
    assert (read["approver"], read["requester"]) == ("approver", "freezer")


def test_two_signatures_are_two_persons(people):
    row = ask(people, needed=2)
    sign(row, people["approver"])
    assert queries.granted("draw.freeze", "batch:2026-12", row.digest) == []
    with pytest.raises(Refused, match="已经答复"):
        sign(row, people["approver"])
    sign(row, people["approver2"])
    assert len(queries.granted("draw.freeze", "batch:2026-12", row.digest)) == 2


def test_own_request_is_never_signed(people):
    row = ask(people, by="approver")
    with pytest.raises(Refused, match="自己提出"):
        sign(row, people["approver"])


def test_other_bytes_are_not_approved(people):
    row = ask(people)
    with pytest.raises(Refused, match="已变更"):
        sign(row, people["approver"], digest="0" * 64)


def test_wrong_pin_signs_nothing(people):
    row = ask(people)
    with pytest.raises(Refused, match="口令不对"):
        sign(row, people["approver"], pin="000000")
    assert not row.signatures.exists()


def test_role_without_the_act_is_refused(people):
    row = ask(people)
    with pytest.raises(Refused, match="审批人"):
        sign(row, people["legal"])


def test_expired_request_is_refused(people):
    row = ask(people, term=timedelta(hours=1))
    with pytest.raises(Refused, match="过期"):
        sign(row, people["approver"], at=NOW + timedelta(hours=1))


def test_declined_request_is_closed(people):
    row = ask(people)
    actions.decline(row, reason="名册还有待定行", by=people["approver"], at=NOW)
    with pytest.raises(Refused, match="未同意"):
        sign(row, people["approver2"])


def test_decline_needs_a_reason(people):
    with pytest.raises(Refused, match="理由"):
        actions.decline(ask(people), reason="不", by=people["approver"], at=NOW)


def test_withdrawn_by_the_requester_only(people):
    row = ask(people)
    with pytest.raises(Refused, match="申请人本人"):
        actions.withdraw(row, by=people["approver"], at=NOW)
    actions.withdraw(row, by=people["freezer"], at=NOW)
    assert queries.get(row.ulid).status == "withdrawn"


def test_new_request_replaces_the_open_one(people):
    first, second = ask(people), ask(people)
    assert queries.get(first.ulid).status == "withdrawn"
    assert queries.standing("draw.freeze", "batch:2026-12") == second


def test_other_city_does_not_see_it(people):
    from kaopei.office import scope

    with scope.entered("440600"):
        row = ask(people)
    with scope.entered("440100"):
        assert queries.standing("draw.freeze", "batch:2026-12") is None
    assert row.city == "440600"


@pytest.fixture
def page(people):
    return log_in(Client(), PEOPLE["approver"])


def test_page_shows_digest_and_content_and_signs(people, page, monkeypatch):
    from kaopei.office import clock

    monkeypatch.setattr(clock, "now", lambda: NOW)
    row = ask(people)
    assert row.title in page.get("/").content.decode()
    text = page.get(f"/approvals/{row.ulid}/").content.decode()
    assert "冻结名册：6048 行" in text
    assert row.digest[:8] in text
    assert page.get(f"/approvals/{row.ulid}/content").content == CONTENT
    answer = page.post(f"/approvals/{row.ulid}/approve", {"digest": row.digest, "pin": PIN})
    assert answer.status_code == 302
    assert queries.get(row.ulid).status == "granted"


def test_page_says_why_not(people, page):
    row = ask(people, by="approver")
    answer = page.post(f"/approvals/{row.ulid}/approve", {"digest": row.digest, "pin": PIN})
    assert answer.status_code == 409
    assert "自己提出" in answer.content.decode()


def test_pin_is_nowhere_in_the_record(people):
    row = ask(people)
    made = sign(row, people["approver"])
    assert PIN not in json.dumps(made.record)


@pytest.fixture
def keyed(people, page, own_data, monkeypatch):
    """The approver with a passkey that the trust list names, listed by the command from the file of his page."""
    from kaopei.office import clock
    from tests.office.authenticator import Authenticator, enrol

    monkeypatch.setattr(clock, "now", lambda: NOW)
    device = Authenticator()
    assert enrol(page, device).status_code == 302
    (key,) = people["approver"].passkeys.all()
    row = page.get(f"/me/passkeys/{key.pk}/listing.json").json()
    list_key(own_data, row)
    return device


def list_key(data, row):
    """The next trust list, with one row more, signed by fresh roots in the place of those that the test's list threw away."""
    from kaopei.parcel import trust
    from kaopei.parcel.trust import load

    first = json.loads((data / "trust.json").read_bytes())
    listed, root, _roots = trust.found(deployment=first["deployment"], rehearsal=True, issued_at=1, keys=[*first["keys"], row])
    assert load([listed], root).keys[row["kid"]].passkey
    (data / "trust.json").write_bytes(listed)
    (data / "trust" / "1.json").write_bytes(listed)
    (data / "root.txt").write_text(root)


def answer(page, row, device, **more):
    options = page.post(f"/approvals/{row.ulid}/passkey").json()
    return page.post(f"/approvals/{row.ulid}/approve", {"digest": row.digest, "answer": device.answer(options), **more})


def test_passkey_signs_and_the_record_holds_offline(people, page, keyed):
    from kaopei.office import keys

    row = ask(people)
    assert "用通行密钥签署" in page.get(f"/approvals/{row.ulid}/").content.decode()
    assert answer(page, row, keyed).status_code == 302
    (record,) = queries.granted("draw.freeze", "batch:2026-12", row.digest)
    exact = {"action": "draw.freeze", "object": "batch:2026-12", "digest": row.digest, "requester": "freezer"}
    assert approval.check(record, keys.trust(), at=int(NOW.timestamp()), **exact)["approver"] == "approver"


def test_who_has_a_listed_passkey_signs_with_nothing_less(people, page, keyed):
    row = ask(people)
    with pytest.raises(Refused, match="请用通行密钥签署"):
        sign(row, people["approver"])


def test_answer_about_one_request_signs_no_other(people, page, keyed):
    first, second = ask(people), actions.request(
        action="draw.freeze", object="batch:2027-01", content=b"other", title="x", approve_act="allocation.approve", by=people["freezer"], at=NOW
    )
    options = page.post(f"/approvals/{first.ulid}/passkey").json()
    said = keyed.answer(options)
    assert page.post(f"/approvals/{second.ulid}/approve", {"digest": second.digest, "answer": said}).status_code == 409
    assert page.post(f"/approvals/{first.ulid}/approve", {"digest": first.digest, "answer": said}).status_code == 409  # its question is gone
    assert queries.get(first.ulid).status == queries.get(second.ulid).status == "open"


def test_passkey_signs_no_own_request_and_no_other_bytes(people, page, keyed):
    row = ask(people)
    assert answer(page, row, keyed, digest="0" * 64).status_code == 409
    own = actions.request(
        action="draw.freeze", object="batch:own", content=b"x", title="x", approve_act="allocation.approve", by=people["approver"], at=NOW
    )
    assert page.post(f"/approvals/{own.ulid}/passkey").status_code == 409


def test_unlisted_passkey_logs_in_but_does_not_sign(people, page, monkeypatch):
    from kaopei.office import clock
    from tests.office.authenticator import Authenticator, enrol

    monkeypatch.setattr(clock, "now", lambda: NOW)
    enrol(page, Authenticator())
    row = ask(people)
    assert page.post(f"/approvals/{row.ulid}/passkey").status_code == 409
    assert "签名口令" in page.get(f"/approvals/{row.ulid}/").content.decode()
    sign(row, people["approver"])
