"""Scorings in: what fits is taken whole, what does not is set aside with its reason."""

import json

import pytest

from kaopei.center.results import actions, queries
from kaopei.center.results.judging import Unusable
from kaopei.center.results.models import Outcome, Quarantine, Scoring
from kaopei.center.sittings.models import RosterEntry
from kaopei.law import numbers
from kaopei.office import scope
from kaopei.office.audit import queries as audit
from kaopei.office.refused import Refused
from kaopei.parcel.rejected import Rejected
from tests.center.results.stage import FORM
from tests.people import FOSHAN


def refused(held, data, code):
    with pytest.raises(Rejected) as problem:
        held.take(data)
    assert problem.value.code == code, (problem.value.code, str(problem.value))
    assert not Scoring.objects.exists() and not Outcome.objects.exists()
    return str(problem.value)


def test_a_scoring_that_fits_is_taken_with_every_attempt(held):
    row = held.take()
    assert (row.rev, row.bundle_hash) == (1, held.returned.hash)
    found = {one.attempt: one for one in row.outcomes.all()}
    assert set(found) == {one["attempt"] for one in held.rows}
    mark = numbers.of("ex.pass", held.facts.day).value
    for attempt, state in held.states.items():
        one = found[attempt]
        if state == "handed_in":
            assert one.grade == ("passed" if held.scores[attempt] >= mark else "failed")
            assert one.score == held.scores[attempt] and str(mark) in " ".join(note["text"] for note in one.notes)
        else:
            assert one.grade == state and one.score is None
    told = audit.last("results.taken", f"sitting:{held.number}")
    assert told.facts["digest"] == row.digest and sum(told.facts["counts"].values()) == len(held.rows)


@pytest.mark.parametrize(("score", "grade"), [(79, "failed"), (80, "passed"), (100, "passed"), (0, "failed")])
def test_the_pass_mark_is_included(held, score, grade):
    first = held.passer
    held.scores[first] = score
    held.hand_back(rev=2, before=held.returned.hash)
    assert held.take().outcomes.get(attempt=first).grade == grade


def test_the_same_file_again_changes_nothing(held):
    data = held.score()
    first, again = held.take(data), held.take(data)
    assert first == again and Scoring.objects.count() == 1
    assert audit.events(code="results.taken").count() == 1


def test_a_scoring_of_another_bundle_is_refused(held):
    assert "不是同一份" in refused(held, held.score(bundle="1" * 64), "bundle")


def test_a_scoring_before_the_return_parcel_is_refused(another):
    held = another().hand_back(keep=False)
    assert "还没有收入回传包" in refused(held, held.score(), "returned")


def test_a_scoring_of_an_unknown_sitting_is_refused(held):
    refused(held, held.score(payload={**held.returned.payload, "sitting_id": "449999-1"}), "sitting")


def test_a_scoring_of_another_package_is_refused(held):
    refused(held, held.score(payload={**held.returned.payload, "package_id": "01976c5e-0000-7000-8000-000000000000"}), "package")


def test_whoever_was_present_must_be_scored(held):
    assert "没有评分" in refused(held, held.score(results=held.results()[1:]), "missing")


def test_whoever_was_absent_may_not_be_scored(held):
    results = held.results()
    absent = next(row for row in held.rows if held.states[row["attempt"]] == "absent")
    extra = {**results[0], "attempt": absent["attempt"], "subject": absent["subject"]}
    assert "却有评分" in refused(held, held.score(results=[*results, extra]), "extra")


def test_strangers_doubles_subjects_and_scores_that_cannot_be(held):
    results = held.results()
    first = results[0]
    refused(held, held.score(results=[*results, {**first, "attempt": "STRANGER"}]), "stranger")
    refused(held, held.score(results=[*results, first]), "twice")
    refused(held, held.score(results=[{**first, "subject": "另一科目"}, *results[1:]]), "subject")
    refused(held, held.score(results=[{**first, "score": 101}, *results[1:]]), "score")
    refused(held, held.score(results=[{**first, "max_score": 0, "score": 0}, *results[1:]]), "score")
    refused(held, held.score(digests={row["attempt"]: FORM for row in results[1:]}), "forms")


def test_a_site_that_says_it_has_scored_must_show_it(another):
    held = another().hand_back(edge="missing")
    refused(held, held.score(), "edge")
    held.hand_back(rev=2, before=held.returned.hash, edge={"results": []})
    refused(held, held.score(), "schema")


def test_an_attempt_that_was_not_closed_is_refused(another):
    held = another()
    open_one = held.passer
    held.hand_back(states={**held.states, open_one: "open"})
    refused(held, held.score(), "state")


def test_without_the_vault_and_two_custodians_nothing_is_believed(held):
    w = held.world.held
    for signers in ([w["outcomes"], w["custodian1"]], [w["custodian1"], w["custodian2"]], [w["center"], w["custodian1"], w["custodian2"]]):
        refused(held, held.score(signers=signers), "signers")


def test_a_roster_other_than_the_sealed_one_is_refused(another):
    held = another()
    stranger = {**held.rows[0], "attempt": "ZZZZZZZZZZZZZZZZ"}
    entry = {"attempt": stranger["attempt"], "subject": stranger["subject"], "leaf": "0" * 64, "row": json.dumps(stranger), "id_salt": "s"}
    RosterEntry.objects.create(city=FOSHAN, conduct=held.conduct, **entry)
    assert "名册摘要不符" in refused(held.hand_back(), held.score(), "roster")


@pytest.mark.parametrize("spoil", [lambda d: b"", lambda d: d[: len(d) // 2], lambda d: b"PK\x03\x04 nonsense", lambda d: "文字".encode()])
def test_what_is_no_scoring_is_not_kept(held, spoil):
    with pytest.raises(Unusable):
        held.take(spoil(held.score()))
    assert not Quarantine.objects.exists()


def test_a_return_parcel_is_not_a_scoring(held):
    from kaopei.center.sittings import queries as sittings

    with pytest.raises(Unusable, match="不是评分结果"):
        held.take(bytes(sittings.returned(held.number).data))


def test_what_does_not_fit_is_kept_with_its_reason_once(held):
    data = held.score(results=held.results()[1:])
    clerk = held.world.people["clerk"]
    for _ in range(2):
        with pytest.raises(Rejected) as problem:
            held.take(data)
        actions.set_aside(data, problem=problem.value, by=clerk, at=held.at)
    row = Quarantine.objects.get()
    assert (row.code, row.sitting, bytes(row.data)) == ("missing", held.number, data)
    assert audit.events(code="results.quarantined").count() == 1


def test_a_second_revision_is_kept_beside_the_first(held):
    first = held.take()
    who = held.passer
    held.scores[who] = 100
    second = held.take(held.score(rev=2, prev_hash=first.digest, reason="第 3 题作废"))
    assert [row.rev for row in queries.scorings(held.number)] == [2, 1]
    assert second.outcomes.get(attempt=who).score == 100
    assert first.outcomes.get(attempt=who).score == 88


def test_revisions_come_in_order_and_in_one_chain(held):
    with pytest.raises(Rejected, match="请先上传第 1 版"):
        held.take(held.score(rev=2, prev_hash="0" * 64, reason="重评"))
    first = held.take()
    with pytest.raises(Rejected, match="已经收入"):
        held.take(held.score())
    with pytest.raises(Rejected, match="接不上"):
        held.take(held.score(rev=2, prev_hash="0" * 64, reason="重评"))
    assert held.take(held.score(rev=2, prev_hash=first.digest, reason="重评")).rev == 2


def test_only_a_clerk_takes_scorings_in(held):
    for who in ("approver", "province", "institution"):
        with pytest.raises(Refused, match="考务员"):
            held.take(who=who)


def test_another_city_sees_nothing_of_it(held):
    held.take()
    with scope.entered("440100"):
        assert not Scoring.objects.exists() and not Outcome.objects.exists()
        with pytest.raises(Rejected, match="没有场次"):
            held.take(held.score())
