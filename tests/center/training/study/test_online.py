"""Online units: which seconds count, and each reason on both sides of its limit."""

import datetime as dt

import pytest

from kaopei.center.registry.rows import midnight
from kaopei.center.training.study import totals
from kaopei.center.training.study.facts import Enrolled, OnlineEvent, Study
from kaopei.center.training.study.forgery import findings

START = midnight(dt.date(2026, 9, 18)) + 8 * 3600


def film(*, learner="L1", unit="V01", start=START, device="PC", seconds=2700, step=60, checks=(450, 1350, 2250), quiz="80", lost=()):
    """A whole unit. `lost`: beats (by number) that never came."""

    def event(at, kind, position, result=""):
        return OnlineEvent("C", learner, unit, start + at, kind, position, result, device)

    rows = [event(0, "play", 0)]
    for nth, at in enumerate(range(step, seconds + 1, step), 1):
        if nth not in lost:
            rows.append(event(at, "heartbeat", at))
    rows += [event(position, "identity-check", position, "pass") for position in checks]
    rows.append(event(seconds + 1, "pause", seconds))
    if quiz:
        rows.append(event(seconds + 60, "quiz", seconds, quiz))
    return rows


def counted(*films, claimed=None):
    study = Study(enrolled=[Enrolled("C", "1", "L1", claimed)], events=[event for rows in films for event in rows])
    return totals.count(study)


def row(result):
    return next(totals.rows(result))[3:9]


def kinds(result):
    return [one.kind for one in findings(result)]


def test_a_whole_film_is_one_hour():
    result = counted(film())
    assert row(result) == ("1", "45", "45", "1", "", "") and kinds(result) == []


def test_watching_twice_counts_once():
    again = film(start=START + 7200)
    assert row(counted(film(), again))[:3] == ("1", "45", "45")


def test_lost_beats_do_not_count_and_are_told_from_five_minutes():
    short, long = counted(film(lost=(10, 11, 12, 13))), counted(film(lost=(10, 11, 12, 13, 14)))
    assert row(short) == ("1", "45", "40", "0", "", "E12:5") and kinds(short) == ["online_idle"], "one gap of 300 seconds"
    assert row(long)[5] == "E12:6"
    assert kinds(counted(film(lost=(10, 11)))) == []


def test_ninety_seconds_between_beats_still_count():
    assert row(counted(film(step=90)))[1:3] == ("45", "45")
    assert row(counted(film(step=100)))[1:6:4] == ("45", "E12:40"), "only the pieces that a recognition cuts short count"


def test_behind_another_window_nothing_counts():
    rows = film()
    blur = OnlineEvent("C", "L1", "V01", START + 600, "blur", 600, "", "PC")
    focus = OnlineEvent("C", "L1", "V01", START + 1200, "focus", 1200, "", "PC")
    result = counted([*rows, blur, focus])
    assert row(result) == ("1", "45", "35", "0", "", "E12:10") and kinds(result) == ["online_idle"]


def test_a_film_that_stood_still_is_no_suspicion():
    rows = [event for event in film() if event.at <= START + 600]
    later = [
        OnlineEvent(event.study_class, event.learner, event.unit, event.at + 900, event.kind, event.position, event.result, event.device)
        for event in film()
        if event.at >= START + 600
    ]
    assert row(counted(rows, later)) == ("1", "45", "45", "1", "", "") and kinds(counted(rows, later)) == []


@pytest.mark.parametrize(("moved", "is_found"), [(68, False), (69, True)])
def test_faster_than_a_tenth_and_two_seconds(moved, is_found):
    """A minute may show 60 × 1.1 + 2 = 68 seconds of film."""
    beats = [OnlineEvent("C", "L1", "V01", START + at, kind, position, "", "PC") for at, kind, position in (
        (0, "play", 0), (60, "heartbeat", moved), (120, "heartbeat", moved + 60), (121, "pause", moved + 60))]  # fmt: skip
    result = counted(beats)
    assert ("online_speed" in kinds(result)) is is_found
    assert row(result)[5].startswith("E11" if is_found else "E14")


@pytest.mark.parametrize("checks", [(450, 1350), (450, 899, 2250), ()])
def test_a_part_without_recognition(checks):
    result = counted(film(checks=checks))
    assert row(result)[5] == "E14:45" and kinds(result) == ["identity_missing"]


@pytest.mark.parametrize(("quiz", "code"), [("59", "E15:45"), ("60", ""), ("", "E15:45"), ("缺考", "E15:45")])
def test_sixty_points_in_the_last_quiz(quiz, code):
    result = counted(film(quiz=quiz))
    assert row(result)[5] == code and kinds(result) == [], "only left out, nobody is suspected"


def test_two_units_on_two_devices_at_once():
    result = counted(film(), film(unit="V02", start=START + 1200, device="SJ"))
    assert row(result)[5] == "E13:90" and kinds(result) == ["two_devices"]
    assert kinds(counted(film(), film(unit="V02", start=START + 1200, device="PC"))) == [], "one device cannot play twice"
    assert kinds(counted(film(), film(unit="V02", start=START + 2701, device="SJ"))) == []


@pytest.mark.parametrize(("people", "code"), [(2, ""), (3, "E07:45")])
def test_one_device_for_three_people_on_a_day(people, code):
    result = counted(*(film(learner=f"L{n}", start=START + 3600 * n) for n in range(1, people + 1)))
    assert row(result)[5] == code and kinds(result) == (["one_device_many"] if code else [])
    assert row(counted(film(), film(learner="L2"), film(learner="L3", start=START + 86400)))[5] == "", "another day"


def test_dragging_forward_counts_only_what_was_seen():
    rows = [event for event in film() if event.at <= START + 600 or event.at >= START + 1800]
    rows.append(OnlineEvent("C", "L1", "V01", START + 630, "seek", 1770, "", "PC"))
    shifted = [
        OnlineEvent(e.study_class, e.learner, e.unit, e.at - 1140 if e.at >= START + 1800 else e.at, e.kind, e.position, e.result, e.device)
        for e in rows
    ]  # fmt: skip
    checks = [OnlineEvent("C", "L1", "V01", START + 1600, "identity-check", 1350, "pass", "PC")]
    result = counted(shifted + checks)
    assert row(result)[1:3] == ("25", "25"), "ten minutes before, fifteen and a half after; the last piece before the drag is gone"
