"""Certificates on proof: who gets one, what the event names, what the signature covers."""

import json
from datetime import date, timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction

from kaopei.center.certificates import actions, deciding, issuing, numbering, queries, tasks
from kaopei.center.certificates.models import Certificate
from kaopei.center.results import queries as results
from kaopei.law.calendar import ONE_DAY, years_later
from kaopei.office import keys, scope
from kaopei.office.accounts.roles import SYSTEM
from kaopei.office.audit import queries as audit
from kaopei.office.audit.tasks import sequence
from kaopei.office.refused import Refused
from kaopei.parcel import certificate, roster, status
from kaopei.parcel.rejected import Rejected
from tests.words import stands_in


def due(held):
    """Attempts that passed and are not first-time applicants."""
    kinds = {one.pseudonym: one.kind for one in held.seated}
    return {row.attempt for row in results.results(held.number) if row.grade == "passed" and kinds[row.attempt] != "initial"}


def issue_all(held):
    found = issuing.ready(held.number, at=held.at)
    by = held.world.people["clerk"]
    return [actions.issue(one, ready=found, by=by, at=held.at) for one in found.people if one.allowed]


def sign_all(held, progress=lambda *_: None):
    sequence(held.at)
    return actions.sign(held.number, progress=progress, by=held.world.people["clerk"], at=held.at)


def test_review_and_renewal_that_passed_get_one_and_nobody_else(released):
    made = issue_all(released)
    assert made and {one.attempt for one in made} == due(released)
    found = {one.attempt: one for one in issuing.ready(released.number, at=released.at).people}
    first = next(one for one in found.values() if one.kind == "initial" and one.grade == "passed")
    assert not first.allowed and first.verdict.code == "practical_to_come"


def test_the_event_names_scoring_leaf_and_both_approvals(released):
    made = issue_all(released)
    row = next(one for one in released.rows if one["attempt"] == made[0].attempt)
    told = audit.last("certificates.issued", f"certificate:{made[0].number}")
    release = results.release(released.number)
    assert told.ulid == made[0].event and told.facts["outcomes"] == release.scoring.digest
    assert told.facts["roster_leaf"] == roster.leaf(row) and told.facts["roster_hash"] == roster.root(released.rows)
    assert told.facts["release"] == release.digest and len(set(told.facts["approvals"])) == 2
    said = json.dumps(told.facts, ensure_ascii=False)
    assert row["name"] not in said and not stands_in(row["id_last4"], said)


def test_the_signed_certificate_carries_the_place_of_its_event(released):
    issue_all(released)
    for row in sign_all(released):
        facts = certificate.read(bytes(row.signed), released.world.trust)
        person = next(one for one in released.rows if one["attempt"] == row.attempt)
        origin, seq = audit.place(row.event)
        assert facts["event"] == {"origin": origin, "seq": seq} and facts["number"] == row.number
        assert (facts["name"], facts["id_commit"]) == (person["name"], person["id_commit"])
        assert facts["roster_leaf"] == roster.leaf(person) and facts["previous"] is None
        assert certificate.check_pdf(bytes(row.pdf), released.world.trust) == facts
        assert person["name"] == certificate.read_qr(certificate.qr_text(bytes(row.signed)), released.world.trust)["name"]
        assert queries.proof_of_event(row)["index"] == seq and queries.is_in_checkpoint(row)


def test_without_the_event_in_the_ledger_nothing_is_signed(released, nothing_seen):
    issue_all(released)
    with pytest.raises(Refused, match="还没有进入台账"):
        actions.sign(released.number, progress=nothing_seen, by=released.world.people["clerk"], at=released.at)
    assert not Certificate.objects.filter(status="signed").exists()


def test_issuing_and_signing_again_changes_nothing(released):
    first = issue_all(released)
    assert {one.pk for one in issue_all(released)} == {one.pk for one in first}
    made = sign_all(released)
    assert len(made) == len(first) and sign_all(released) == []
    assert audit.events(code="certificates.issued").count() == len(first)
    assert audit.events(code="certificates.signed").count() == 1


def test_numbers_run_on_and_hold_nothing_of_a_person(released):
    made = issue_all(released)
    assert [one.number for one in made] == [f"440600-2026-{serial:06d}" for serial in range(1, len(made) + 1)]


def test_the_form_of_the_number_is_a_setting(released, monkeypatch):
    monkeypatch.setenv("KAOPEI_CERTIFICATE_NUMBER", "佛{year}字第{serial:04d}号-{city}")
    assert issue_all(released)[0].number == "佛2026字第0001号-440600"


@pytest.mark.parametrize(
    "form", ["{city}-{year}", "{city}-{year}-{serial}-{id}", "{city} {year} {serial}", "{city}/{year}/{serial}", "{city}{year}{", "证"]
)
def test_a_form_that_cannot_work_is_refused(form, monkeypatch):
    monkeypatch.setenv("KAOPEI_CERTIFICATE_NUMBER", form)
    with pytest.raises(ImproperlyConfigured):
        numbering.pattern()


def test_days_come_from_the_law_and_an_unknown_earlier_one_is_said(released):
    made = issue_all(released)[0]
    today = released.at.date()
    assert made.kind == "review" and made.valid_from == today and made.previous == ""
    assert made.valid_to == years_later(today, 3) - ONE_DAY == made.review_by
    assert any("原证书有效期未知" in note["text"] for note in made.notes)


def test_an_earlier_certificate_of_ours_is_named_and_its_last_day_kept(released):
    one = issue_all(released)[0]
    sign_all(released)
    facts = issuing.ready(released.number, at=released.at)
    again = next(two for two in facts.people if two.attempt == one.attempt)
    assert again.previous == one.number and again.term.valid_to == one.valid_to


def test_before_the_release_nobody_gets_one(held):
    held.take()
    with pytest.raises(Rejected, match="还没有发布"):
        issuing.ready(held.number, at=held.at)


def test_a_return_parcel_after_the_release_stops_the_issue(released):
    released.hand_back(rev=2, before=released.returned.hash)
    with pytest.raises(Rejected, match="不是同一份"):
        issuing.ready(released.number, at=released.at)


def test_only_a_clerk_issues(released):
    found = issuing.ready(released.number, at=released.at)
    one = next(one for one in found.people if one.allowed)
    for who in ("approver", "province", "institution"):
        with pytest.raises(Refused, match="考务员"):
            actions.issue(one, ready=found, by=released.world.people[who], at=released.at)
    other = next(one for one in found.people if not one.allowed)
    with pytest.raises(Refused):
        actions.issue(other, ready=found, by=released.world.people["clerk"], at=released.at)


def test_pressing_once_does_it_all_and_pressing_again_nothing(released):
    clerk = released.world.people["clerk"]
    job = deciding.decide(released.number, by=clerk, at=released.at)
    assert job.kind == "certificates.sign" and job.args == {"sitting": released.number}
    assert deciding.decide(released.number, by=clerk, at=released.at).pk == job.pk
    assert queries.waiting(released.number) == len(due(released))
    actions.sign(released.number, progress=lambda *_: None, by=clerk, at=released.at)
    assert deciding.decide(released.number, by=clerk, at=released.at) is None


def test_decided_on_an_earlier_release_is_not_signed(released):
    """A question was withdrawn after the decision: the new release has its own digest."""
    issue_all(released)
    before = results.release(released.number)
    released.take(released.score(rev=2, prev_hash=before.scoring.digest, reason="第 3 题作废"))
    released.ask()
    released.sign("approver")
    released.sign("approver2")
    with pytest.raises(Refused, match="较早发布"):
        sign_all(released)
    assert not Certificate.objects.filter(status="signed").exists()


@pytest.mark.parametrize("change", ["subject = 'x'", "valid_to = valid_to + 1", "status = 'issued'", "name = 'x'::bytea"])
def test_the_database_refuses_to_change_a_certificate(released, change):
    made = issue_all(released)[0]
    for _ in ("issued", "signed"):
        with pytest.raises(Exception, match="may not change"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE certificates_certificate SET {change} WHERE id = %s", [made.pk])
        sign_all(released)
    with pytest.raises(Exception, match="permission denied|may not change"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM certificates_certificate")


def test_a_row_put_in_by_hand_is_not_signed(released):
    """Somebody with the program's own rights writes a certificate for a failed candidate: no event, no signature."""
    found = issuing.ready(released.number, at=released.at)
    failed = next(one for one in found.people if one.grade == "failed")
    good = issue_all(released)[0]
    sequence(released.at)
    Certificate.objects.create(
        city="440600", number="440600-2026-999999", cert_id="X" * 26, sitting=released.number, attempt=failed.attempt, person=failed.person,
        name=failed.row["name"], subject=failed.subject, category="电工作业", kind="review", issued_on=good.issued_on, valid_from=good.valid_from,
        valid_to=good.valid_to, review_by=good.review_by, outcomes_digest=good.outcomes_digest, roster_leaf=roster.leaf(failed.row),
        release_digest=good.release_digest, event="Y" * 26, issued_by="clerk", issued_at=released.at,
    )  # fmt: skip
    with pytest.raises(Refused, match="没有签发|没有进入台账"):
        sign_all(released)
    assert not Certificate.objects.filter(status="signed").exists()


def test_a_row_changed_behind_the_trigger_is_not_signed(released):
    """Days longer than the event says: the ledger wins."""
    made = issue_all(released)[0]
    sequence(released.at)
    found = issuing.ready(released.number, at=released.at)
    row = Certificate.objects.get(pk=made.pk)
    row.valid_to = row.valid_to + timedelta(days=365)
    with pytest.raises(Refused, match="不符"):
        actions._sign(row, found, keys.signer("issuer", released.at), released.at)


def test_the_first_status_list_is_empty_dated_and_numbered(released):
    made = actions.publish_status(by=SYSTEM, at=released.at)
    said = status.read(queries.status_list(), released.world.trust)
    assert (said["number"], said["entries"], said["prev_hash"]) == (1, [], None)
    assert made.next_update > made.issued_at
    following = actions.publish_status(by=SYSTEM, at=released.at + timedelta(days=6))
    said = status.read(queries.status_list(), released.world.trust)
    assert (said["number"], said["prev_hash"]) == (2, made.digest) and following.number == 2


def test_the_timer_renews_the_status_list_before_it_is_due(released):
    tasks.keep_status_fresh(released.at)
    assert queries.newest_list() is None
    actions.publish_status(by=SYSTEM, at=released.at)
    tasks.keep_status_fresh(released.at + timedelta(days=5))
    assert queries.newest_list().number == 1
    tasks.keep_status_fresh(released.at + timedelta(days=6, hours=1))
    assert queries.newest_list().number == 2


def test_the_public_sees_a_masked_name_and_no_more(released):
    made = issue_all(released)[0]
    assert queries.public(made.number, at=released.at) is None
    sign_all(released)
    seen = queries.public(made.number, at=released.at)
    assert seen == queries.public(made.cert_id, at=released.at) and seen.state == "valid"
    person = next(one for one in released.rows if one["attempt"] == made.attempt)
    assert person["name"] not in repr(seen) and not stands_in(person["id_last4"], repr(seen)) and seen.holder.startswith(person["name"][0])
    late = released.at.replace(year=2031)
    assert queries.public(made.number, at=late).state == "expired" and date(2030, 1, 1) > seen.valid_to
    assert queries.signed_for(made.number, "别人") is None
    assert queries.signed_for(made.number, person["name"]) == queries.signed(made.number)
    assert {one.cert_id for one in queries.issued("440600")} == set(Certificate.objects.values_list("cert_id", flat=True))


def test_another_city_sees_none(released):
    issue_all(released)
    with scope.entered("440100"):
        assert not Certificate.objects.exists()
    with scope.entered(""):
        assert not Certificate.objects.exists()
