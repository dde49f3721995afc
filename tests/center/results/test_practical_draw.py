"""From a released theory to a practical draw: who comes on the list, who is drawn, under which name, and what a correction does."""

import csv
import io
import json
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from kaopei.center.allocation import actions as drawing
from kaopei.center.allocation import queries as allocation
from kaopei.center.allocation.models import Draw, Sitting
from kaopei.center.applications import actions as applications
from kaopei.center.applications import queries as applied
from kaopei.center.applications.models import PracticalEntry
from kaopei.center.results import actions, practicals, queries
from kaopei.office.refused import Refused
from tests.center.allocation.city import BASE, BASE2
from tests.center.allocation.conftest import PARTIES, SECRETS, Play
from tests.center.results.stage import Held
from tests.people import CHINA, FOSHAN, PASSWORD

REASON = "本人因工作安排书面申请暂不参加本次实操。"


def entries(**wanted):
    return list(PracticalEntry.objects.filter(**wanted))


def passers(held):
    """Who came on the list by the theory of this sitting."""
    return {row.attempt for row in queries.results(held.number) if row.next == "practical"}


class Practical(Play):
    """The parties of a practical draw, after the first theory results."""

    def __init__(self, people, at):
        super().__init__(people)
        self.at, self.objections, self.public = at, at + timedelta(days=1), at + timedelta(days=1, hours=1)

    def announce(self, **changed):
        return super().announce(**{"part": "P", "public_at": self.public, "objections_until": self.objections} | changed)

    def reveal(self, draw):
        self.at = self.objections + timedelta(minutes=1)
        for key, username in PARTIES.items():
            drawing.reveal(draw.parties.get(key=key), secret=SECRETS[key], by=self.people[username], at=self.at)
        draw.refresh_from_db()
        return draw

    def draw(self, draw):
        self.at = self.public + timedelta(minutes=1)
        drawing.take_public_value(draw, by=self.people["freezer"], at=self.at)
        return drawing.draw_seats(draw, by=self.people["freezer"], at=self.at)


def passing(held, rev):
    """Everybody sat and passed, but for the first of the first-time applicants."""
    first = [one.pseudonym for one in held.seated if one.kind == "initial"]
    held.states = dict.fromkeys(held.states, "handed_in")
    held.scores = {one: 60 if one == first[0] else 88 for one in held.states}
    return held.hand_back(rev=rev, before=held.returned.hash if rev > 1 else None)


@pytest.fixture
def released(held):
    passing(held, 2).release()
    return held


@pytest.fixture
def moved(released):
    """The clock of the pages, after the release."""
    path = released.world.data / "clock.json"
    path.write_text(json.dumps({"offset_seconds": int((released.at - datetime.now(UTC)).total_seconds()) + 60}))
    yield
    path.unlink()


@pytest.fixture
def play(released):
    return Practical(released.world.people, released.at + timedelta(hours=1))


@pytest.fixture
def drawn(play):
    return play.all()


@pytest.fixture
def together(play):
    """Drawn while only one site holds practical exams: everybody sits there."""
    Sitting.objects.filter(part="P", site=BASE2).delete()
    return play.all()


def instance(draw, name):
    return list(csv.DictReader(io.StringIO(allocation.file(draw, f"instance/{name}").decode())))


# ---- the list
def test_who_passed_theory_for_a_first_certificate_comes_on_the_list(released):
    wanted = passers(released)
    found = entries(source=released.number)
    assert wanted and {one.attempt for one in found} == wanted
    kinds = {one.pseudonym: one.kind for one in released.seated}
    assert {kinds[one] for one in wanted} == {"initial"}
    assert all(one.theory_on == released.facts.day and one.ground == "first" and one.status == "waiting" for one in found)


def test_a_pseudonym_of_the_practical_is_a_fresh_one(released):
    before = {one.pseudonym for one in applied.accepted(released.facts.batch)}
    assert not {one.pseudonym for one in entries()} & before


def test_a_corrected_result_takes_off_the_list_and_puts_on_it(released):
    gone = next(iter(passers(released)))
    fresh = next(one for one, score in released.scores.items() if score < 80)
    released.scores[gone], released.scores[fresh] = 60, 90
    released.hand_back(rev=3, before=released.returned.hash)
    released.rescore("一道题更正后重新评分")
    released.ask()
    released.sign("approver")
    released.sign("approver2")
    assert [one.status for one in entries(attempt=gone)] == ["closed"]
    assert [one.status for one in entries(attempt=fresh)] == ["waiting"]
    others = passers(released) - {fresh}
    assert all(len(entries(attempt=one)) == 1 for one in others)


def test_the_same_result_leads_there_once(released):
    one = entries()[0]
    chance = applications.Chance(one.attempt, "first", one.theory_on, one.counts_until)
    people = released.world.people
    assert not applications.enter_practical([chance], source=one.source, city=FOSHAN, by=people["clerk"], at=released.at)
    applications.close_practical([one.pseudonym], reason=REASON, city=FOSHAN, by=people["clerk"], at=released.at)
    assert not applications.enter_practical([chance], source=one.source, city=FOSHAN, by=people["clerk"], at=released.at)


def test_put_off_needs_a_reason_and_may_be_undone_once(released):
    clerk, one = released.world.people["clerk"], entries()[0]
    with pytest.raises(Refused, match="理由"):
        applications.close_practical([one.pseudonym], reason="不考", city=FOSHAN, by=clerk, at=released.at)
    applications.close_practical([one.pseudonym], reason=REASON, city=FOSHAN, by=clerk, at=released.at)
    with pytest.raises(Refused, match="不在待抽签"):
        applications.close_practical([one.pseudonym], reason=REASON, city=FOSHAN, by=clerk, at=released.at)
    assert actions.enter_again([one.pseudonym], reason=REASON, city=FOSHAN, by=clerk, at=released.at) == 1
    again = entries(application=one.application, status="waiting")
    assert [row.ground for row in again] == ["again"] and again[0].pseudonym != one.pseudonym
    with pytest.raises(Refused, match="另行列入"):
        actions.enter_again([one.pseudonym], reason=REASON, city=FOSHAN, by=clerk, at=released.at)


def test_nobody_comes_on_the_list_again_whose_theory_has_lapsed(released):
    clerk, one = released.world.people["clerk"], entries()[0]
    applications.close_practical([one.pseudonym], reason=REASON, city=FOSHAN, by=clerk, at=released.at)
    with pytest.raises(Refused, match="已过有效期"):
        actions.enter_again([one.pseudonym], reason=REASON, city=FOSHAN, by=clerk, at=released.at + timedelta(days=400))


def test_an_institution_may_not_put_people_off(released):
    with pytest.raises(Refused):
        applications.close_practical(
            [entries()[0].pseudonym], reason=REASON, city=FOSHAN, by=released.world.people["institution"], at=released.at
        )


def test_the_database_keeps_what_is_written(released):
    one = entries()[0]
    for change in ({"pseudonym": "0" * 16}, {"theory_on": date(2020, 1, 1)}, {"application": one.application_id + 1}):
        with pytest.raises(DatabaseError), transaction.atomic():
            PracticalEntry.objects.filter(pk=one.pk).update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        one.delete()


# ---- the draw
def test_nobody_is_drawn_before_a_theory_is_released(held):
    play = Practical(held.world.people, held.at)
    draw = play.commit(play.announce())
    with pytest.raises(Refused, match="理论成绩发布以后"):
        drawing.request_freeze(draw, by=play.people["freezer"], at=play.at)


def test_all_who_wait_are_drawn_to_practical_sittings_after_the_draw(drawn, released):
    waiting = {one.pseudonym for one in entries()}
    assert {row["cand_id"] for row in instance(drawn, "candidates.csv")} == waiting
    assert {row["parts"] for row in instance(drawn, "candidates.csv")} == {"P"}
    assert {row["part"] for row in instance(drawn, "sessions.csv")} == {"P"}
    placed = list(drawn.placements.select_related("sitting"))
    assert placed and {one.pseudonym for one in placed} <= waiting and {one.part for one in placed} == {"P"}
    assert all(one.sitting.day > drawn.drawn_at.astimezone(CHINA).date() and one.sitting.site in (BASE, BASE2) for one in placed)
    assert {one.status for one in entries()} == {"frozen"} and {one.frozen_in for one in entries()} == {drawn.number}
    assert drawn.number.endswith("-P1") and drawn.status == Draw.Status.VERIFIED


def test_the_stand_alone_verifier_agrees(drawn):
    from kaopei.center.allocation import checking

    result = allocation.files(drawn, "result")
    result.pop("seats.csv")
    agrees, said = checking.rerun(drawn.number, allocation.files(drawn, "instance"), result)
    assert agrees, said


def test_the_seat_leads_to_the_person(drawn, released):
    placed = drawn.placements.first()
    (seat,) = [one for one in allocation.seated(placed.sitting.number) if one.pseudonym == placed.pseudonym]
    entry = PracticalEntry.objects.get(pseudonym=placed.pseudonym)
    assert seat.person == entry.application.person and seat.name == entry.application.name and seat.kind == "initial"


def test_no_sitting_of_a_day_before_the_draw_is_used(released):
    play = Practical(released.world.people, datetime(2026, 12, 13, 9, tzinfo=CHINA))
    draw = play.freeze(play.commit(play.announce()))
    assert {row["session_id"][-6:-2] for row in instance(draw, "sessions.csv")} == {"1215", "1216"}


def test_whose_theory_ends_before_the_last_sitting_stays_outside_and_is_told(released):
    keep = entries()[0]
    later = released.at + timedelta(days=1)
    PracticalEntry.objects.bulk_create([
        PracticalEntry(
            city=FOSHAN, application=keep.application, pseudonym="OLD", ground="again", status="closed", theory_on=date(2025, 1, 1),
            counts_until=date(2026, 1, 1), source=keep.source, attempt=keep.attempt, entered_by="clerk", entered_at=later,
        )
    ])  # fmt: skip
    play = Practical(released.world.people, later)
    draw = play.announce()
    assert not allocation.prepare(draw).lapsing
    applications.close_practical([keep.pseudonym], reason=REASON, city=FOSHAN, by=play.people["clerk"], at=later)
    chance = applications.Chance(keep.attempt, "again", date(2025, 12, 15), date(2026, 12, 15))
    (made,) = applications.enter_practical([chance], source=keep.source, city=FOSHAN, by=play.people["clerk"], at=later)
    ready = allocation.prepare(draw)
    assert ready.lapsing == (made.pseudonym,) and made.pseudonym not in ready.pool.candidates.id


def test_who_passes_later_comes_in_by_an_incremental_draw(drawn, play, released):
    other = Held(released.world, second(released))
    passing(other, 1).release()
    wanted = {one.pseudonym for one in entries(source=other.number)}
    assert wanted
    play.at, play.objections, play.public = play.at + timedelta(hours=1), play.at + timedelta(hours=2), play.at + timedelta(hours=3)
    late = play.all_late(drawn)
    assert wanted <= {one.pseudonym for one in late.placements.all()}
    assert set(drawn.placements.values_list("pseudonym", flat=True)) <= {one.pseudonym for one in allocation.standing(late.batch, "P")}


def second(released):
    """A sitting at another site: its candidates are others."""
    from tests.center.results.conftest import fullest

    return fullest(1)


def all_late(self, before):
    draw = self.commit(self.announce(follows=before.number))
    return self.verify(self.draw(self.reveal(self.freeze(draw))))


Practical.all_late = all_late


# ---- afterwards
def examined(drawn, released, second):
    """The fullest practical sitting of the draw, held and released: its first candidate passes, what became of its second is said."""
    numbers = [one.sitting.number for one in drawn.placements.select_related("sitting")]
    made = Held.__new__(Held)
    made.world, made.number, made.states, made.scores = released.world, max(set(numbers), key=numbers.count), {}, {}
    made.practical, made.vetoes = {"examiners": 2, "difference": None, "combine": "", "third": ""}, set()
    made.__post_init__()
    names = [row["attempt"] for row in made.rows]
    made.states = {one: second if place == 1 and second == "absent" else "handed_in" for place, one in enumerate(names)}
    made.scores = {one: 60 if place == 1 else 90 for place, one in enumerate(names)}
    made.hand_back().release()
    return made, names


def test_both_parts_passed_lead_to_a_certificate_and_a_failure_to_one_resit(together, released):
    from kaopei.center.certificates import issuing

    made, names = examined(together, released, "failed")
    steps = {row.attempt: row.next for row in queries.results(made.number)}
    assert (steps[names[0]], steps[names[1]]) == ("certificate", "resit")
    allowed = {one.pseudonym if hasattr(one, "pseudonym") else one.attempt for one in issuing.ready(made.number, at=made.at).people if one.allowed}
    assert names[0] in allowed and names[1] not in allowed
    (again,) = entries(source=made.number)
    assert (again.ground, again.attempt, again.status) == ("resit", names[1], "waiting")
    assert again.theory_on == released.facts.day


def test_who_stayed_away_may_be_entered_again_by_the_clerk(together, released):
    made, names = examined(together, released, "absent")
    clerk = released.world.people["clerk"]
    assert actions.enter_again([names[1]], reason=REASON, city=FOSHAN, by=clerk, at=made.at) == 1
    with pytest.raises(Refused, match="自动列入"):
        actions.enter_again([names[0]], reason=REASON, city=FOSHAN, by=clerk, at=made.at)


def test_nobody_is_entered_again_while_a_draw_holds_him(drawn, released):
    with pytest.raises(Refused, match="还没有结果"):
        actions.enter_again([entries()[0].pseudonym], reason=REASON, city=FOSHAN, by=released.world.people["clerk"], at=released.at)


# ---- the page
def test_the_page_says_who_waits_and_puts_off(released, moved):
    client = Client()
    assert client.post("/login/", {"username": "clerk", "password": PASSWORD}).status_code == 302
    page = client.get("/results/practical/").content.decode()
    one = entries()[0]
    assert one.pseudonym in page and one.application.name not in page and "理论合格" in page
    answer = client.post("/results/practical/close/", {"whom": "ticked", "entry": one.pseudonym, "reason": REASON}, follow=True)
    assert "1 人暂不排考" in answer.content.decode()
    assert REASON in client.get("/results/practical/?status=closed").content.decode()
    answer = client.post("/results/practical/again/", {"whom": "all", "subject": one.application.operation, "reason": REASON}, follow=True)
    assert "1 人重新列入" in answer.content.decode()


def test_the_page_warns_of_somebody_drawn_whose_result_was_corrected(drawn, released):
    gone = next(iter(passers(released)))
    released.scores[gone] = 60
    released.hand_back(rev=3, before=released.returned.hash)
    released.rescore("一道题更正后重新评分")
    released.ask()
    released.sign("approver")
    released.sign("approver2")
    assert [one.attempt for one in practicals.corrected(practicals.entries(status="frozen"))] == [gone]
    client = Client()
    client.post("/login/", {"username": "clerk", "password": PASSWORD})
    assert "成绩已更正，须退出" in client.get("/results/practical/?status=frozen").content.decode()
