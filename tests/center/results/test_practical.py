"""Practical results: confirmed like a theory's, a veto fails, and they count only after a passed theory."""

import pytest
from django.test import Client

from kaopei.center.certificates import issuing
from kaopei.center.results import actions, judging, queries
from kaopei.center.results.judging import Judged
from kaopei.center.results.models import Grade, Result
from kaopei.law.rules.c2_6_results import theory_counts_until
from kaopei.parcel.rejected import Rejected
from tests.center.results.stage import Held
from tests.center.results.test_take import refused
from tests.people import PASSWORD

RULE = {"examiners": 2, "difference": None, "combine": "", "third": ""}


@pytest.fixture
def examined(another):
    """A practical sitting that was handed back; somebody with 95 failed a veto."""
    made = another()
    fresh = Held.__new__(Held)
    fresh.__dict__.update(made.__dict__)
    fresh.practical, fresh.vetoes = RULE, {made.passer}
    fresh.scores = dict(made.scores)
    fresh._seal()
    return fresh.hand_back()


def test_a_veto_fails_whatever_the_score(examined):
    vetoed = next(iter(examined.vetoes))
    row = examined.take().outcomes.get(attempt=vetoed)
    assert (row.grade, row.score) == ("failed", 88) and "否决项" in row.reasons[0]["text"]


def test_a_result_that_hides_the_veto_is_set_aside(examined):
    rows = examined.results()
    rows[0]["detail"] = {"points": [80]}
    assert "否决项" in refused(examined, examined.score(results=rows), "veto")


def test_the_sites_and_the_vaults_counts_must_agree(examined):
    rows = examined.results()
    rows[0] = rows[0] | {"score": rows[0]["score"] - 1}
    refused(examined, examined.score(results=rows), "edge-differs")


def test_two_persons_sign_who_marked_whom(examined):
    examined.take()
    asked = examined.ask()
    said = bytes(asked.content).decode()
    assert '"考试内容": "实操"' in said and "kid-a（第 1 版）88，否决；kid-b（第 1 版）88，否决" in said


def judged(grade, score=90):
    return Judged("K1", "T1", "低压电工作业", grade, score, 100, 2)


def test_a_passed_practical_after_a_passed_theory_leads_to_a_certificate(held):
    day = held.facts.day
    step, until, reasons = actions._after_practical(judged(Grade.PASSED), day, 0, day)
    assert (step, until) == (Result.Next.CERTIFICATE, theory_counts_until(day)) and "理论" in reasons[-1].text


def test_a_practical_without_a_passed_theory_leads_nowhere_and_says_why(held):
    step, _, reasons = actions._after_practical(judged(Grade.PASSED), None, 0, held.facts.day)
    assert step == Result.Next.NONE and "理论考试合格后" in reasons[0].text
    old = held.facts.day.replace(year=held.facts.day.year - 2)
    step, _, reasons = actions._after_practical(judged(Grade.PASSED), old, 0, held.facts.day)
    assert step == Result.Next.NONE and "有效期" in reasons[0].text


def test_a_failed_practical_is_sat_again_once(held):
    assert actions._after_practical(judged(Grade.FAILED), held.facts.day, 0, held.facts.day)[0] == Result.Next.RESIT
    assert actions._after_practical(judged(Grade.FAILED), held.facts.day, 1, held.facts.day)[0] == Result.Next.RETRAIN


def test_theory_and_practical_are_kept_apart(held, examined):
    held.release()
    examined.release()
    assert set(queries.results(held.number).values_list("part", flat=True)) == {"T"}
    assert set(queries.results(examined.number).values_list("part", flat=True)) == {"P"}
    assert {row.part for row in queries.released(held.conduct.city)} == {"T", "P"}
    people = {row.person for row in queries.results(held.number).filter(grade="passed")}
    assert {person for person, _ in queries.theory_passed(people)} == people - {""}
    failed = {row.person for row in queries.results(examined.number).filter(grade="failed")} - {""}
    assert not any(examined.number in found for found in queries.failures(failed).values())
    assert any(examined.number in found for found in queries.failures(failed, "P").values())


def test_who_has_no_theory_gets_no_certificate_of_a_practical(examined):
    examined.release()
    ready = issuing.ready(examined.number, at=examined.at)
    assert ready.proof.checked.part == "P"
    firsts = [one for one in ready.people if one.kind == "initial"]
    assert firsts and not any(one.allowed for one in firsts)


def test_the_page_shows_the_examiners_marks_and_the_theory(examined):
    examined.take()
    client = Client()
    assert client.post("/login/", {"username": "clerk", "password": PASSWORD}).status_code == 302
    page = client.get(f"/results/{examined.number}/").content.decode()
    assert "否决" in page and "没有已发布的理论合格成绩" in page and "88 否决 · 88 否决" in page


def test_a_practical_is_judged_again_from_its_files(examined):
    row = examined.take()
    checked = judging.check(bytes(row.data), at=examined.at)
    assert checked.part == "P"
    with pytest.raises(Rejected):
        judging._examined({"results": [{"attempt": "K1"}]})
