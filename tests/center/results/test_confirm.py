"""Two counts or none: what the site counted, what the vault counted, and who counts when they differ."""

import copy

import pytest

from kaopei.center.results import actions, agreement, queries
from kaopei.center.results.models import Quarantine, Scoring
from kaopei.office.refused import Refused
from kaopei.parcel.rejected import Rejected


def other_pair(held):
    """The third custodian in the place of the second."""
    return [held.world.held[name] for name in ("outcomes", "custodian1", "custodian3")]


def marked(held, mark=89):
    """The results with one score changed."""
    results = copy.deepcopy(held.results())
    results[0]["score"] = mark
    return results


def set_aside(held, data):
    with pytest.raises(Rejected) as problem:
        held.take(data)
    assert problem.value.code == agreement.DIFFERS
    return actions.set_aside(data, problem=problem.value, by=held.world.people["clerk"], at=held.at)


def released_text(held):
    held.ask()
    held.sign("approver")
    held.sign("approver2")
    return bytes(queries.release(held.number).content).decode()


def test_equal_counts_are_released_and_the_release_says_so(held):
    held.take()
    assert agreement.SAME in released_text(held)
    assert queries.proof(held.number, at=held.at).rev == 1


@pytest.mark.parametrize("name", ["score", "answered", "subject", "detail"])
def test_any_difference_between_site_and_vault_is_set_aside_with_both_versions(held, name):
    edge = copy.deepcopy(held.counted())
    edge["results"][0][name] = {"score": 1, "answered": 1, "subject": "别的科目", "detail": {"points": [1]}}[name]
    held.hand_back(rev=2, before=held.returned.hash, edge=edge)
    row = set_aside(held, held.score())
    assert bytes(row.data) and b"form_digests" in bytes(row.other)
    assert not Scoring.objects.exists()
    assert set_aside(held, bytes(row.data)) == row and Quarantine.objects.count() == 1
    with pytest.raises(Refused, match="还没有收入评分结果"):
        held.ask()


def test_another_form_or_a_missing_candidate_is_a_difference(held):
    edge = held.counted()
    assert agreement.differences(edge, edge) == []
    other = {**edge, "form_digests": [{**edge["form_digests"][0], "digest": "1" * 64}, *edge["form_digests"][1:]]}
    fewer = {**edge, "results": edge["results"][1:]}
    assert len(agreement.differences(edge, other)) == len(agreement.differences(edge, fewer)) == 1


def test_after_a_difference_another_custodian_decides(held):
    right = held.results()
    edge = {**held.counted(), "results": marked(held)}
    held.hand_back(rev=2, before=held.returned.hash, edge=edge)
    first = held.score(results=right)
    set_aside(held, first)
    digest = held.world.trust.algorithms.hash(first).hex()
    second = {"results": right, "rev": 2, "prev_hash": digest, "reason": "与考试点初评不同，复核"}
    row = held.take(held.score(**second))
    with pytest.raises(Refused, match="另一名保管人"):
        held.ask()
    third = {**second, "rev": 3, "prev_hash": row.digest, "reason": "另一名保管人复核"}
    held.take(held.score(**third, signers=other_pair(held)))
    text = released_text(held)
    assert "与考试点初评不同" in text and "另一名保管人" in text
    assert queries.proof(held.number, at=held.at).rev == 3


def test_the_vault_may_find_that_the_site_was_right(held):
    edge = {**held.counted(), "results": marked(held)}
    held.hand_back(rev=2, before=held.returned.hash, edge=edge)
    first = held.score()
    set_aside(held, first)
    digest = held.world.trust.algorithms.hash(first).hex()
    held.take(held.score(results=marked(held), rev=2, prev_hash=digest, reason="答案录入有误，已改正"))
    assert agreement.SAME in released_text(held)


def test_a_site_without_counts_needs_a_second_custodian_and_the_release_names_why(another):
    held = another().hand_back(absent="断电，等不到答案密钥")
    first = held.take()
    with pytest.raises(Refused, match="考试点没有评分，须有另一名保管人"):
        held.ask()
    again = held.take(held.score(rev=2, prev_hash=first.digest, reason="复评"))
    with pytest.raises(Refused, match="另一名保管人"):
        held.ask()
    differing = held.score(results=marked(held), rev=3, prev_hash=again.digest, reason="复评", signers=other_pair(held))
    third = held.take(differing)
    with pytest.raises(Refused, match="结果相同"):
        held.ask()
    held.take(held.score(rev=4, prev_hash=third.digest, reason="复评", signers=other_pair(held)))
    text = released_text(held)
    assert "断电，等不到答案密钥" in text and "第 1 版由另一名保管人评出" in text
