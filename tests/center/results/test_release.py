"""Results come out by two persons over the exact bytes, and lead on by the rules of the law."""

import json
from datetime import timedelta

import pytest

from kaopei.center.results import actions, agreement, queries
from kaopei.center.results.models import Release, Result
from kaopei.law.calendar import months_later
from kaopei.office.approvals import actions as approvals
from kaopei.office.approvals import queries as asked_for
from kaopei.office.audit import queries as audit
from kaopei.office.refused import Refused
from kaopei.parcel import approval
from tests.people import PIN


def test_two_approvers_release_exactly_what_was_shown(held):
    held.take()
    asked = held.ask()
    shown = json.loads(bytes(asked.content))
    assert shown["场次"] == held.number and len(shown["成绩"]) == len(held.rows) and shown["考试点评分"] == agreement.SAME
    held.sign("approver")
    assert queries.release(held.number) is None and queries.stage(held.number).signed == 1
    held.sign("approver2")
    made = queries.release(held.number)
    assert bytes(made.content) == bytes(asked.content) and made.digest == asked.digest
    exact = {"action": queries.ACTION, "object": f"sitting:{held.number}", "digest": made.digest, "rev": 1}
    assert sorted(approval.two(made.approvals, held.world.trust, at=int(held.at.timestamp()), **exact)) == ["许文静", "陈国强"]
    told = audit.last("results.released", f"sitting:{held.number}").facts
    assert told["asked_by"] == "clerk" and told["outcomes"] == made.scoring.digest and sorted(told["approvers"]) == ["许文静", "陈国强"]


def test_nobody_signs_twice_or_without_the_role(held):
    held.take()
    held.ask()
    held.sign("approver")
    for who in ("approver", "clerk", "province"):
        with pytest.raises(Refused):
            held.sign(who)
    assert not Release.objects.exists()


def test_there_is_nothing_to_release_before_a_scoring_and_only_one_request(held):
    with pytest.raises(Refused, match="还没有收入"):
        held.ask()
    held.take()
    held.ask()
    with pytest.raises(Refused, match="已经提出"):
        held.ask()
    held.sign("approver")
    held.sign("approver2")
    with pytest.raises(Refused, match="已经发布"):
        held.ask()


def test_only_a_clerk_asks(held):
    held.take()
    for who in ("approver", "province", "inspector"):
        with pytest.raises(Refused, match="考务员"):
            held.ask(who)


def test_a_decline_leaves_it_open_and_it_can_be_asked_again(held):
    held.take()
    asked = held.ask()
    approvals.decline(asked, reason="第 3 题答案有异议，先核实", by=held.world.people["approver"], at=held.at)
    assert not Release.objects.exists() and queries.stage(held.number).state == "scored"
    held.ask()


def test_a_new_scoring_after_the_request_ends_it(held):
    first = held.take()
    asked = held.ask()
    held.sign("approver")
    held.take(held.score(rev=2, prev_hash=first.digest, reason="第 3 题作废"))
    with pytest.raises(Refused, match="新的评分"):
        approvals.approve(asked, pin=PIN, digest=asked.digest, by=held.world.people["approver2"], at=held.at)
    asked.refresh_from_db()
    assert asked.status == "open" and not Release.objects.exists()


def test_a_new_return_parcel_after_the_request_ends_it(held):
    held.take()
    asked = held.ask()
    held.sign("approver")
    held.hand_back(rev=2, before=held.returned.hash)
    with pytest.raises(Refused, match="不是同一份"):
        approvals.approve(asked, pin=PIN, digest=asked.digest, by=held.world.people["approver2"], at=held.at)
    assert not Release.objects.exists()


def test_each_result_leads_on_by_the_law(held):
    made = held.release()
    kinds = {one.pseudonym: one.kind for one in held.seated}
    seen = set()
    for row in Result.objects.filter(release=made):
        seen.add((kinds[row.attempt], row.grade))
        if row.grade == "passed":
            assert row.counts_until == months_later(held.facts.day, 12)
            assert row.next == ("practical" if kinds[row.attempt] == "initial" else "certificate")
        elif row.grade == "failed":
            assert row.next == "resit" and row.counts_until is None
        else:
            assert (row.next, row.score, row.counts_until) == ("none", None, None)
    assert {("initial", "passed"), ("review", "passed"), ("initial", "failed")} <= seen, seen


def test_after_a_failed_resit_a_new_training_comes_first(held, another):
    made = held.release()
    failed = Result.objects.filter(release=made, grade="failed").first()
    before = queries.failures({failed.person})
    assert before == {(failed.person, failed.subject): {held.number}}
    row = next(one for one in queries.proof(held.number, at=held.at).checked.rows if one.attempt == failed.attempt)
    assert actions._consequence(row, "initial", 0, held.facts.day)[0] == "resit"
    step, until, reasons = actions._consequence(row, "initial", 1, held.facts.day)
    assert step == "retrain" and until is None and "重新培训" in reasons[0].text


def test_a_rescoring_needs_a_release_of_its_own_and_then_counts(held):
    first = held.release()
    attempt = next(row["attempt"] for row in held.rows if held.scores[row["attempt"]] == 60 and held.states[row["attempt"]] == "handed_in")
    held.scores[attempt] = 90
    assert first.rev == 1
    held.rescore("第 3 题作废")
    assert queries.stage(held.number).state == "rescored"
    assert queries.results(held.number).get(attempt=attempt).grade == "failed"
    held.ask()
    held.sign("approver")
    held.sign("approver2")
    assert queries.results(held.number).get(attempt=attempt).grade == "passed"
    assert Release.objects.count() == 2 and not queries.failures({queries.results(held.number).get(attempt=attempt).person})


def test_the_last_day_is_in_working_days(held):
    one = queries.stage(held.number)
    assert one.state == "unscored" and one.due.day is not None and "工作日" in one.due.verdict.text
    assert not one.late(one.due.day) and one.late(one.due.day + timedelta(days=1))
    held.release()
    assert not queries.stage(held.number).late(one.due.day + timedelta(days=1))


def test_proof_of_a_release_is_verified_from_the_files(held):
    made = held.release()
    found = queries.proof(held.number, at=held.at)
    assert found.release_digest == made.digest and set(found.approvers) == {"陈国强", "许文静"}
    assert {row.attempt for row in found.checked.rows} == {row["attempt"] for row in held.rows}


def test_what_others_may_ask(held):
    assert queries.released_ticket(held.rows[0]["ticket_no"]) is None
    made = held.release()
    out = list(queries.released("440600"))
    assert {one.pseudonym for one in out} == {row["attempt"] for row in held.rows} and {one.receipt for one in out} == {"ABCD"}
    ticket = queries.released_ticket(held.rows[0]["ticket_no"])
    assert ticket.released_at == made.released_at and not hasattr(ticket, "score")
    rows = list(queries.rows_for_csv(batch=held.facts.batch))
    assert len(rows) == len(held.rows) and {row[4] for row in rows} == {"passed", "failed", "absent", "refused"}
    assert not list(queries.rows_for_csv(batch="440600-2027-01"))


def test_cards_name_what_waits(held):
    clerk, approver = held.world.people["clerk"], held.world.people["approver"]
    assert [line.note for card in queries.cards(clerk, held.at) for line in card.lines] == ["待评分"]
    held.take()
    assert [line.note for card in queries.cards(clerk, held.at) for line in card.lines] == ["待申请发布"]
    asked = held.ask()
    assert asked in asked_for.waiting_for(approver, held.at) and not queries.cards(clerk, held.at)
