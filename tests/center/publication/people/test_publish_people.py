"""Results and certificates: public as far as the holder or a checker needs them, and not a letter further."""

import hashlib
import json
from datetime import timedelta

import pytest

from kaopei.center.certificates import actions as certificates
from kaopei.center.certificates import queries as held_by_center
from kaopei.center.publication import actions, queries, tasks
from kaopei.center.publication.difference import difference
from kaopei.center.publication.models import Publication
from kaopei.center.results import queries as results
from kaopei.law.rules.c2_6_results import theory_counts_until
from kaopei.office import scope
from kaopei.office.accounts.roles import SYSTEM
from kaopei.office.audit.models import Event
from kaopei.parcel import certificate, status
from tests.people import FOSHAN


def publish(held, *groups):
    for group in groups:
        actions.publish(group, city=FOSHAN, by=held.world.people["clerk"], at=held.at)


def test_nothing_is_public_before_the_release(held):
    held.take()
    assert difference("results", FOSHAN, held.at).changes == ()


def test_holder_finds_his_own_result_and_what_he_handed_in(released):
    publish(released, "results")
    said = {row.pseudonym: row for row in results.released(FOSHAN)}
    assert len(said) == len(released.seated) > 5
    for one in released.seated:
        found = queries.result(one.ticket, one.id_number, released.at)
        assert [row.content["outcome"] for row in found] == [said[one.pseudonym].outcome]
        assert found[0].content["receipt"] == said[one.pseudonym].receipt and found[0].content["subject"] == one.subject
    first, second = released.seated[:2]
    assert queries.result(first.ticket, second.id_number, released.at) == []


def test_row_of_a_result_tells_no_name_number_ticket_or_score(released):
    publish(released, "results")
    scores = {row.attempt: row.score for row in results.results(released.number)}
    assert any(scores.values())
    for row in Publication.objects.filter(kind="result"):
        text = json.dumps([row.object, row.content], ensure_ascii=False)
        for one in released.seated:
            assert not [word for word in (one.name, one.id_number, one.ticket, one.pseudonym) if word in text]
        assert set(row.content) == {"city", "sitting", "subject", "part", "outcome", "answers", "receipt", "released_on", "counts_until", "next"}


def test_result_disappears_when_a_theory_result_no_longer_counts(released):
    publish(released, "results")
    said = {row.pseudonym: row for row in results.released(FOSHAN)}
    one = next(one for one in released.seated if said[one.pseudonym].outcome == "passed")
    row = queries.result(one.ticket, one.id_number, released.at)[0]
    last = queries.end_of(said[one.pseudonym].counts_until)
    assert (row.until, row.content["counts_until"]) == (last, said[one.pseudonym].counts_until.isoformat())
    assert queries.result(one.ticket, one.id_number, last - timedelta(seconds=1))
    assert queries.result(one.ticket, one.id_number, last) == []
    over = queries.end_of(theory_counts_until(released.at.date()))
    tasks.end_what_is_over(over)
    assert set(Publication.objects.filter(kind="result").values_list("status", flat=True)) == {"lapsed"}
    with scope.entered(scope.PROVINCE):
        assert Event.objects.filter(code="publication.lapsed").count() == 1
    assert difference("results", FOSHAN, over).changes == ()


def test_certificate_is_public_masked_with_the_digest_of_what_was_signed(issued):
    publish(issued, "certificates")
    assert issued.certificates
    for made in issued.certificates:
        row = queries.certificate(made.number, issued.at)
        assert row == queries.certificate(made.cert_id, issued.at)
        facts = certificate.read(bytes(made.signed), issued.world.trust)
        assert row.content["holder"] == certificate.masked(facts["name"])
        assert row.content["digest"] == hashlib.sha256(bytes(made.signed)).hexdigest()
        for name in ("number", "subject", "category", "kind", "issued_on", "valid_from", "valid_to", "review_by"):
            assert row.content[name] == facts[name], name
        text = json.dumps(row.content, ensure_ascii=False)
        assert facts["name"] not in text and "id_last4" not in text and "attempt" not in text


def test_status_list_is_public_byte_for_byte_and_follows_by_itself(issued):
    tasks.keep_status_public(issued.at)
    assert queries.status_list(issued.at) is None  # no certificate is public yet
    publish(issued, "certificates")
    assert queries.status_list(issued.at).content["text"].encode() == held_by_center.status_list()
    tasks.keep_status_public(issued.at)
    assert Publication.objects.filter(kind="status_list").count() == 1
    later = issued.at + timedelta(hours=1)
    certificates.publish_status(by=SYSTEM, at=later)
    tasks.keep_status_public(later)
    newest = queries.status_list(later)
    assert (newest.version, newest.content["number"]) == (2, 2)
    assert status.read(newest.content["text"].encode(), issued.world.trust)["number"] == 2


def test_portal_says_of_a_certificate_what_the_center_published(issued):
    """The whole way: signed by the center, published by the clerk, checked as the portal does."""
    from kaopei.portal import checking

    made, trust = issued.certificates[0], issued.world.trust
    said = checking.check(bytes(made.pdf), trust, issued.at)
    assert (said.status, said.signed) == ("stale", True) and any("尚未" in note for note in said.notes)
    publish(issued, "certificates")
    said = checking.check(bytes(made.pdf), trust, issued.at)
    assert (said.status, said.status_number) == ("valid", 1) and any("同一份" in note for note in said.notes)
    assert checking.look_up(made.number, trust, issued.at).status == "valid"
    row = Publication.objects.get(kind="certificate", object=made.number)
    actions.withdraw(row, reason="持证人姓名登记有误，撤下重新核对。", by=issued.world.people["clerk"], at=issued.at)
    assert checking.look_up(made.number, trust, issued.at).status == "unknown"
    assert any("已撤下" in note for note in checking.check(bytes(made.pdf), trust, issued.at).notes)


@pytest.mark.parametrize("group", ["results", "certificates", "status"])
def test_publishing_again_changes_nothing(issued, group):
    publish(issued, "results", "certificates", "status")
    assert difference(group, FOSHAN, issued.at).changes == ()
