"""Classroom records: each reason on both sides of its limit."""

import datetime as dt

import pytest

from kaopei.center.registry.rows import midnight
from kaopei.center.training.study import totals
from kaopei.center.training.study.facts import Elsewhere, Enrolled, Lesson, SignIn, Study, StudyClass
from kaopei.center.training.study.forgery import findings

DAY = dt.date(2026, 9, 28)
BASE = midnight(DAY)
TWO = frozenset({"刷卡", "动态码"})
NORTH = (113.0, 23.0)


def at(text: str, day: int = 0) -> int:
    hour, minute, *rest = text.split(":")
    return BASE + 86400 * day + int(hour) * 3600 + int(minute) * 60 + (int(rest[0]) if rest else 0)


def lesson(place=1, study_class="A", start="09:00", end="12:15", unit="U1", room="101", capacity=40, merged="", teacher="T1", day=0):
    when = DAY + dt.timedelta(days=day)
    return Lesson(place, study_class, when, at(start, day), at(end, day), unit, teacher, room, capacity, merged)


def sign(begin="08:50", end="12:20", *, learner="L1", study_class="A", unit="U1", evidence=TWO, device="D", recorded="", extra="", day=0, xy=None):
    number = f"Q{sign.count:04d}"
    sign.count += 1
    longitude, latitude = xy or (None, None)
    return SignIn(
        number, study_class, learner, DAY + dt.timedelta(days=day), unit, at(begin, day), at(end, day) if end else None, frozenset(evidence),
        f"{device}-{learner}" if device == "D" else device, "", longitude, latitude, at(recorded, day) if recorded else None, extra,
    )  # fmt: skip


sign.count = 0


def counted(records, lessons=None, *, elsewhere=(), fixed=(), claimed=None, classes=("A", "B")):
    study = Study(
        classes={name: StudyClass(name, f"I-{name}", "101", *NORTH) for name in classes},
        lessons=lessons or [lesson()],
        fixed_devices=frozenset(fixed),
        enrolled=[Enrolled("A", "1", "L1", claimed)],
        sign_ins=list(records),
        elsewhere=list(elsewhere),
    )
    return totals.count(study)


def row(result):
    return next(totals.rows(result))


def kinds(result):
    """Leads about learners and rooms; the made-up teacher is never reported."""
    return [one.kind for one in findings(result) if one.kind != "teacher_unreported"]


@pytest.mark.parametrize(
    ("begin", "end", "minutes"),
    [
        ("08:50", "12:20", 180), ("09:10", "12:05", 180), ("09:10:01", "12:15", 169), ("09:00", "12:04:59", 169), ("10:30", "10:45", 0),
        ("09:00", "10:00", 60), ("10:40", "12:15", 90), ("09:00", "09:00:59", 0),
    ],
)  # fmt: skip
def test_minutes_are_lectures_only_with_ten_minutes_of_grace(begin, end, minutes):
    assert row(counted([sign(begin, end)]))[5] == str(minutes)


def test_forty_five_minutes_are_an_hour_rounded_down():
    assert row(counted([sign("09:00", "10:29:59")]))[3:7] == ("1", "89", "89", "1")


def test_two_records_of_one_lesson_are_united():
    result = counted([sign("09:00", "10:00"), sign("09:30", "10:30")])
    assert row(result)[3:6] == ("2", "90", "90")


@pytest.mark.parametrize("end", ["", "08:00"])
def test_without_an_end_nothing_counts_and_nobody_is_suspected(end):
    result = counted([sign("08:50", end)])
    assert row(result)[8] == "N1:0" and kinds(result) == []


def test_no_lesson_at_that_time():
    assert row(counted([sign("13:00", "16:00")]))[8] == "E02:0"
    assert kinds(counted([sign("13:00", "16:00")])) == ["outside_class_time"]
    assert row(counted([sign(unit="U2")]))[8] == "E02:0", "a lesson of another unit is no lesson"


def test_the_lesson_with_the_longest_overlap_is_the_one():
    result = counted([sign("11:00", "16:00")], [lesson(), lesson(2, start="13:00", end="16:15")])
    assert row(result)[5] == "165", "afternoon: 13:00 to 16:00 without the break"


@pytest.mark.parametrize(("recorded", "extra", "code"), [("12:45", "", ""), ("12:45:01", "", "E03:180"), ("20:00", "BL-1", "")])
def test_written_after_the_close_needs_a_slip(recorded, extra, code):
    result = counted([sign(recorded=recorded, extra=extra)])
    assert row(result)[8] == code
    assert kinds(result) == (["after_close"] if code else [])


@pytest.mark.parametrize(("evidence", "code"), [({"刷卡"}, "E01:180"), (set(), "E01:180"), ({"刷卡", "教师确认"}, "")])
def test_two_kinds_of_evidence(evidence, code):
    assert row(counted([sign(evidence=evidence)]))[8] == code


@pytest.mark.parametrize(("people", "code"), [(4, ""), (5, "E06:180")])
def test_the_same_seconds_for_five_people(people, code):
    result = counted([sign("08:51:07", "12:16:09", learner=f"L{n}") for n in range(1, people + 1)])
    assert row(result)[8] == code
    assert kinds(result) == (["batch_identical"] if code else [])


@pytest.mark.parametrize(("people", "fixed", "code"), [(2, (), ""), (3, (), "E07:180"), (3, ("X",), "")])
def test_one_device_for_three_people(people, fixed, code):
    records = [sign(f"08:5{n}", learner=f"L{n}", device="X") for n in range(1, people + 1)]
    result = counted(records, fixed=fixed)
    assert row(result)[8] == code
    assert kinds(result) == (["one_device_many"] if code else [])


def test_device_shared_over_classes_taught_together():
    lessons = [lesson(1, "A", merged="M"), lesson(2, "B", merged="M")]
    records = [sign(f"08:5{n}", learner=f"L{n}", study_class="A" if n == 1 else "B", device="X") for n in (1, 2, 3)]
    assert row(counted(records, lessons))[8] == "E07:180"


def test_two_places_at_once_take_both():
    lessons = [lesson(), lesson(2, "B", start="10:00", end="13:15", room="202")]
    result = counted([sign(), sign("09:55", "13:15", study_class="B")], lessons)
    assert row(result)[8] == "E04:180"
    found = [one for one in findings(result) if one.kind == "overlap_two_places"]
    assert [(one.begin, one.end, one.study_class) for one in found] == [(at("09:55"), at("12:20"), "A;B")]


def test_same_room_or_same_moment_is_one_place():
    lessons = [lesson(), lesson(2, "A2", start="12:20", end="15:35", room="202")]
    assert row(counted([sign(), sign("12:20", "15:35", study_class="A2")], lessons, classes=("A", "A2")))[8] == ""


@pytest.mark.parametrize(("gap_minutes", "code"), [(14, "E05:180"), (15, ""), (0, "E05:180")])
def test_thirty_kilometres_in_less_than_a_quarter_of_an_hour(gap_minutes, code):
    """30 km in 15 minutes is 120 km/h exactly; one degree of latitude is 111.195 km."""
    far = (113.0, 23.0 + 29.999 / 111.19493)
    lessons = [lesson(1, "B", start="06:00", end="08:00", unit="U9", room="202"), lesson()]
    begin = f"08:{40 + gap_minutes}" if gap_minutes < 20 else ""
    result = counted([sign("06:00", "08:40", study_class="B", unit="U9", xy=far), sign(begin)], lessons)
    assert row(result)[8] == code
    assert kinds(result) == (["impossible_travel"] if code else [])


def test_nearer_than_two_kilometres_is_never_judged():
    near = (113.0, 23.0 + 1.9 / 111.19493)
    lessons = [lesson(1, "B", start="06:00", end="08:00", unit="U9", room="202"), lesson()]
    assert row(counted([sign("06:00", "08:50", study_class="B", unit="U9", xy=near), sign("08:50")], lessons))[8] == ""


@pytest.mark.parametrize(
    ("first", "last", "classroom", "code"),
    [(0, 0, True, "E10:180"), (-3, -1, True, ""), (1, 3, True, ""), (-3, 3, False, "")],
)
def test_training_elsewhere_on_that_day(first, last, classroom, code):
    days = [DAY + dt.timedelta(days=shift) for shift in (first, last)]
    result = counted([sign()], elsewhere=[Elsewhere("L1", *days, classroom)])
    assert row(result)[8] == code
    assert kinds(result) == (["elsewhere_certified"] if code else [])


def test_a_day_holds_eight_hours():
    times = [("08:00", "11:15"), ("11:20", "14:35"), ("14:40", "17:55")]
    lessons = [lesson(n, start=begin, end=end, unit=f"U{n}") for n, (begin, end) in enumerate(times)]
    result = counted([sign(begin, end, unit=f"U{n}") for n, (begin, end) in enumerate(times)], lessons, claimed=11)
    assert row(result)[4:9] == ("540", "480", "10", "11", "E09:60")
    assert sorted(kinds(result)) == ["hours_overclaimed", "over_8h_day"]


def test_first_reason_counts_but_every_lead_is_told():
    records = [sign("08:51:07", "12:16:09", learner=f"L{n}", evidence={"刷卡"}) for n in range(1, 6)]
    result = counted(records)
    assert row(result)[8] == "E01:180"
    assert sorted(set(kinds(result))) == ["batch_identical", "evidence_insufficient"]


def test_room_over_capacity_counts_classes_taught_together():
    lessons = [lesson(1, "A", merged="M", capacity=2), lesson(2, "B", merged="M", capacity=2)]
    records = [sign("08:51"), sign("08:52", learner="L2"), sign("08:53", "", learner="L3", study_class="B")]
    found = [one for one in findings(counted(records, lessons)) if one.kind == "room_over_capacity"]
    assert [(one.object, one.note) for one in found] == [("A", "3 人，容量 2")]
    assert "room_over_capacity" not in kinds(counted(records[:2], lessons))
