"""The check list of institutions by the edition in force; what is not at hand is open and fails nobody."""

from datetime import date

import pytest

from kaopei.law.conditions import MET, OPEN, STATES, UNMET, conditions, edition

OLD, LAST, FIRST, NOW = date(2018, 5, 1), date(2024, 6, 30), date(2024, 7, 1), date(2026, 11, 27)


@pytest.mark.parametrize(("day", "known"), [(date(2017, 2, 28), ""), (OLD, "AQT16"), (LAST, "AQT16"), (FIRST, "AQ23"), (NOW, "AQ23")])
def test_the_edition_in_force_counts(day, known):
    assert edition(day) == known and {one.source for one in conditions(day)} == ({known} if known else set())


def test_values_of_the_old_edition_are_judged():
    by = {one.clause: one for one in conditions(LAST)}
    assert list(by) == ["3.1.1", "3.1.2", "3.1.3", "3.1.5"]
    assert [by["3.1.1"].state(figure, None)[0] for figure in (None, 2, 3)] == [OPEN, UNMET, MET]
    assert [by["3.1.5"].state(figure, None)[0] for figure in (59, 60)] == [UNMET, MET]
    assert [by["3.1.2"].state(None, found)[0] for found in (None, False, True)] == [OPEN, UNMET, MET]
    assert by["3.1.1"].wanted == "至少 3 人" and "制度和台账" in by["3.1.2"].wanted


def test_of_the_new_edition_nothing_is_at_hand_and_nobody_fails():
    listed = conditions(NOW)
    clauses = [one.clause for one in listed]
    assert len(listed) == 12 and clauses == sorted(clauses, key=lambda one: [int(part) for part in one.split(".")])
    for one in listed:
        assert one.value is None and one.wanted == "条文未录入"
        for figure, met in ((None, None), (0, False), (99, True)):
            assert one.state(figure, met)[0] == OPEN and STATES[OPEN] == "待定"
    assert {one.clause: one.title for one in listed}["4.3.2"] == "专职培训管理人员"
