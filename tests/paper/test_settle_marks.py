"""What examiners' marks come to: deductions, vetoes, agreement, and every setting that starts empty."""

import pytest

from kaopei.paper import codec, practical
from kaopei.paper.practical import DEDUCT, VETO, Agreement, Marks, Tally
from tests.paper.practice import VETO_STEP, sheet

SECRET = bytes(32)
RULES = {"full_marks": 100, "veto_fails": True}
BLOBS = {name: data for kind, name, data in practical.shared_blobs(sheet(), SECRET) if kind == "task"}
FORM = practical.form(sheet(), "K1", SECRET)
TASKS = [codec.read_task(BLOBS[name]) for name in FORM["tasks"]]


def marks(**deducted: int) -> Marks:
    """`s11=3` deducts 3 at task 1 step 1; all else is without deduction."""
    found = Marks()
    for task, step in practical.missing(TASKS, found):
        found.take(DEDUCT, task, step, deducted.get(f"s{task}{step}", 0))
    return found


def tally(score: int, fails: bool = False) -> Tally:
    return Tally(score, 100, fails, (score,))


def test_silence_is_never_full_marks() -> None:
    assert practical.missing(TASKS, Marks()) == [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (2, 3)]
    found = Marks()
    found.take(VETO, 1, VETO_STEP, 1)
    assert (1, VETO_STEP) not in practical.missing(TASKS, found) and practical.missing(TASKS, marks()) == []


def test_a_deduction_ends_at_the_points_of_its_step() -> None:
    assert practical.fits(TASKS, DEDUCT, 1, 1, 20) and not practical.fits(TASKS, DEDUCT, 1, 1, 21)
    assert not practical.fits(TASKS, DEDUCT, 1, 1, -1) and not practical.fits(TASKS, DEDUCT, 3, 1, 0) and not practical.fits(TASKS, DEDUCT, 1, 4, 0)
    assert practical.fits(TASKS, VETO, 1, VETO_STEP, 1) and not practical.fits(TASKS, VETO, 1, 1, 1)
    assert not practical.fits(TASKS, VETO, 1, VETO_STEP, 2) and not practical.fits(TASKS, "other", 1, VETO_STEP, 1)


def test_points_are_counted_task_by_task() -> None:
    found = practical.tally(TASKS, RULES, marks(s11=3, s23=10))
    assert (found.score, found.full_marks, found.fails, found.points) == (87, 100, False, (57, 30))


def test_a_veto_fails_the_whole_practical_though_three_quarters_are_full() -> None:
    said = marks()
    said.take(VETO, 2, VETO_STEP, 1)
    found = practical.tally(TASKS, RULES, said)
    assert (found.score, found.fails, found.points, found.vetoes) == (60, True, (60, 0), ((2, VETO_STEP),))
    assert not practical.tally(TASKS, RULES | {"veto_fails": False}, said).fails
    said.take(VETO, 2, VETO_STEP, 0)
    assert practical.tally(TASKS, RULES, said).score == 100


@pytest.mark.parametrize(
    ("said", "rule", "expected"),
    [
        ([80], Agreement(), None),
        ([80], Agreement(1), (80, False)),
        ([80, 80], Agreement(), (80, False)),
        ([80, 81], Agreement(), None),
        ([80, 81, 81], Agreement(), (81, False)),
        ([80, 81, 82], Agreement(), None),
        ([80, 81, 82, 80], Agreement(), (80, False)),
        ([80, (80, True)], Agreement(), None),
        ([80, (80, True), (80, True)], Agreement(), (80, True)),
        # A difference without a word how to make one mark of two is no setting.
        ([80, 83], Agreement(difference=3), None),
        ([80, 83], Agreement(difference=3, combine="lower"), (80, False)),
        ([80, 83], Agreement(difference=3, combine="mean_down"), (81, False)),
        ([80, 83], Agreement(difference=3, combine="mean_up"), (82, False)),
        ([80, 84], Agreement(difference=3, combine="mean_up"), None),
        ([80, (82, True)], Agreement(difference=3, combine="lower"), None),
        ([80, 84, 90], Agreement(difference=3, combine="lower", third="median"), (84, False)),
        ([80, 84, 90], Agreement(third="third"), (90, False)),
        ([80, (84, True), (90, True)], Agreement(third="median"), (84, True)),
        ([80, 84, 90, 95], Agreement(third="median"), None),
        ([80, 84], Agreement(third="median"), None),
    ],
)
def test_when_examiners_agree(said: list[int | tuple[int, bool]], rule: Agreement, expected: tuple[int, bool] | None) -> None:
    found = practical.settle([tally(one) if isinstance(one, int) else tally(*one) for one in said], rule)
    assert (found and (found.score, found.fails)) == expected


def test_settings_come_from_the_sealed_order() -> None:
    policy = {"practical": {"examiners": 2, "difference": 3, "combine": "lower", "third": "median"}}
    assert practical.agreement(policy) == Agreement(2, 3, "lower", "median")


def test_the_result_says_who_signed_what() -> None:
    found = practical.outcome(FORM, tally(87), [{"examiner": "a"}, {"examiner": "b"}])
    assert (found["attempt"], found["score"], found["max_score"], found["answered"]) == ("K1", 87, 100, 2)
    assert found["detail"]["veto"] is False and [one["examiner"] for one in found["detail"]["sheets"]] == ["a", "b"]
