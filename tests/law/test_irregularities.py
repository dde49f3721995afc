"""The list of irregularities: every case known by one code and bound to duties that exist."""

from kaopei.law import irregularities
from kaopei.law.tables import table


def test_every_case_names_duties_that_exist():
    known = {row["id"] for row in table("duties")["duty"]}
    for case in irregularities.cases().values():
        assert case.duties and set(case.duties) <= known, case.code


def test_codes_have_two_levels_and_are_unique():
    written = [case["code"] for kind in table("irregularities")["kind"] for case in kind["case"]]
    assert len(irregularities.cases()) == len(written)
    assert all(code.count(".") == 1 for code in irregularities.cases())


def test_a_case_says_what_it_may_be_noted_on():
    assert {case.of for case in irregularities.cases().values()} == {"", "attempt", "sitting"}


def test_serious_cases_need_two_persons():
    assert irregularities.named("candidate.identity").two
    assert irregularities.named("staff.prompting").two
    assert not irregularities.named("device.terminal_failed").two


def test_every_case_is_named_in_both_languages():
    for case in irregularities.cases().values():
        assert case.title and case.kind, case.code
        assert case.english.isascii() and case.kind_english.isascii(), f"{case.code}: give it `english`"


def test_an_unknown_code_has_no_case():
    assert irregularities.named("candidate.unknown") is None
