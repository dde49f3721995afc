"""Who serves when: by the hours of the duties, not by halves of the day; a patrol is judged against every sitting of its site."""

import datetime as dt

from kaopei.center.allocation import roster
from kaopei.center.allocation.duty_files import Post
from kaopei.center.allocation.recusal import Recusal, Relation, Sitting
from kaopei.center.registry.entries import StaffEntry

DAY = dt.date(2026, 12, 7)


def post(sitting, hours, role="监考", people=1):
    start, end = (dt.time.fromisoformat(hour) for hour in hours.split("-"))
    return Post(sitting, sitting[:2], DAY, start, end, role, people)


def month(posts, names, relations=()):
    staff = [StaffEntry(name, "姓名", role, True, "", dt.date(2026, 1, 15), "2025合格", True, True) for name, role in names]
    sittings = [Sitting(number, number[:2], "", DAY, bodies) for number, bodies in (("S1-a", ("X",)), ("S1-b", ("Y",)), ("S1-c", ("X",)))]
    return roster.Month(staff, posts, sittings, Recusal(staff, relations, []))


def drawn(*args):
    return roster.draw(month(*args), "ab" * 32)


def test_sitting_over_noon_is_a_turn_of_its_own():
    posts = [post("S1-a", "08:30-10:30"), post("S1-b", "11:00-13:00"), post("S1-c", "15:00-17:00")]
    assert drawn(posts, [("P", "监考")]).unfilled == 0, "one person can serve in all three"


def test_overlapping_hours_are_one_turn():
    posts = [post("S1-a", "09:00-11:00"), post("S1-b", "10:30-12:00"), post("S1-c", "11:30-13:00")]
    assert set(roster.turns(posts).values()) == {(DAY, 1)}
    assert drawn(posts, [("P", "监考")]).unfilled == 2


def test_patrol_tied_to_any_sitting_of_the_day_stays_away_and_an_invigilator_only_from_his():
    tie = [Relation("P", "任职", "Y", None, None, None, True), Relation("Q", "任职", "Y", None, None, None, True)]
    posts = [post("S1-a", "08:00-18:00", "巡考"), post("S1-a", "09:00-11:00"), post("S1-b", "14:00-16:00")]
    assert [row[2] for row in drawn(posts, [("P", "巡考"), ("Q", "监考")], tie).rows] == ["", "Q", ""]
