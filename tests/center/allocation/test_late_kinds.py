"""Late changes of the other kinds: accepted late, a new sitting, an error found; and what a change may not do."""

from datetime import date, time, timedelta

import pytest

from kaopei.center.allocation import actions, queries
from kaopei.center.allocation.models import Sitting
from kaopei.center.applications import actions as intake
from kaopei.center.applications import queries as applications
from kaopei.office.accounts.roles import SYSTEM
from kaopei.office.refused import Refused
from tests.center.allocation.city import BASE, BATCH, FREE, HIGH, SCHOOL, WELD, City
from tests.center.allocation.conftest import PARTIES, SECRETS, instance
from tests.center.allocation.test_late import REASON, announce_late, busiest, carry_out, moves, seats_now
from tests.people import FOSHAN


def accept_two_more(play, **changed):
    """A second pack with two more trainees, confirmed after the draw."""
    city = City(**changed)
    city.trained = {**city.trained, (SCHOOL, WELD, False): 2}
    taken = intake.receive(city.files(), by=SYSTEM, at=play.at)
    return intake.confirm(taken, by=SYSTEM, at=play.at)


def days_of(batch):
    return {who: queries.sitting(number).day for who, (number, _) in seats_now(batch).items()}


def test_those_accepted_late_are_drawn_and_nobody_else_moves(play) -> None:
    draw = play.all()
    before = seats_now(draw.batch)
    accept_two_more(play)
    new = {one.pseudonym for one in applications.accepted(draw.batch) if not one.frozen_in}
    assert len(new) == 2
    late = carry_out(play, announce_late(play, draw))
    after, listed = seats_now(draw.batch), moves(late)
    assert new <= after.keys()
    assert {who: after[who] for who in before} == before
    assert {listed[who]["kind"] for who in new} == {"late_approval"}
    assert all(days_of(draw.batch)[who] >= queries.first_day(late) for who in new)
    assert {one.frozen_in for one in applications.accepted(draw.batch, pseudonyms=new)} == {late.number}
    tickets = {row.pseudonym: row.ticket for row in late.placements.all()}
    assert new <= tickets.keys()


def test_a_new_sitting_takes_those_of_a_sitting_that_cannot_be_held(play) -> None:
    """The plan gets a sitting more at the base; the change draws into it, with its own rooms."""
    draw = play.all()
    before = seats_now(draw.batch)
    lost = busiest(draw)
    number = f"{BASE}-1212-09"
    Sitting.objects.create(
        city=FOSHAN, number=number, batch=BATCH, site=BASE, day=date(2026, 12, 12), start=time(9), end=time(11), part="T",
        subjects=sorted({name for one in Sitting.objects.filter(site=BASE) for name in one.subjects}), seats=60,
    )  # fmt: skip
    late = announce_late(play, draw)
    actions.tell_change(late, kind="sitting_withdrawn", about=lost, reason=REASON, by=play.people["freezer"], at=play.at)
    assert queries.prepare(late).added == (number,)
    late = carry_out(play, late)
    after = seats_now(draw.batch)
    hit = {who for who, (sitting, _) in before.items() if sitting == lost}
    assert {after[who][0] for who in hit if who in after} >= {number}
    assert Sitting.objects.get(number=number).frozen_in == draw.number
    assert number in instance(late)["sessions.csv"] and number not in instance(draw)["sessions.csv"]
    assert queries.facts(number).placed == sum(sitting == number for sitting, _ in after.values()) > 0
    assert (BASE, "2026-12-12") in queries.offered(late) and (BASE, "2026-12-12") not in queries.offered(draw)


def test_a_new_sitting_at_a_new_site_or_before_the_draw_stays_outside(play) -> None:
    draw = play.all()
    late = announce_late(play, draw)
    made = {"city": FOSHAN, "batch": BATCH, "start": time(9), "end": time(11), "part": "T", "subjects": [WELD], "seats": 5}
    Sitting.objects.create(**made, number="yesterday", site=BASE, day=queries.first_day(late) - timedelta(days=1))
    Sitting.objects.create(**made, number="nowhere", site="449999", day=date(2026, 12, 12))
    ready = queries.prepare(late)
    assert ready.added == ()
    assert [(one.site, one.verdict.code) for one in ready.left_out if "nowhere" in one.sittings] == [("449999", "new_site")]


def test_an_error_found_in_who_controls_whom_moves_those_it_concerns(play, city) -> None:
    """The register is put right: an institution turns out to be under the same control as the host of a site."""
    draw = play.all()
    before = seats_now(draw.batch)
    own = {"440605"}
    wrong = [row for row in draw.placements.select_related("sitting") if (row.institution, row.subject) == (FREE, WELD) and row.sitting.site in own]
    if not wrong:
        pytest.skip("nobody of that institution was drawn there")
    ties = city.ties()

    class Corrected(City):
        def ties(self):
            return [row if row[3] != FREE else [*row[:2], "控股", *row[3:5], 70, *row[6:]] for row in ties]

    intake.confirm(intake.receive(Corrected().files(), by=SYSTEM, at=play.at), by=SYSTEM, at=play.at)
    late = announce_late(play, draw)
    with pytest.raises(Refused, match="没有说明原因"):
        actions.request_freeze(play.commit(late), by=play.people["freezer"], at=play.at)
    actions.tell_change(late, kind="error", about="440605", reason="机构关联登记有误，现已更正。", by=play.people["freezer"], at=play.at)
    play.decide_thin(late)
    after = finish(play, late)
    hit = {row.pseudonym for row in wrong}
    assert all(after.get(who) == seat for who, seat in before.items() if who not in hit)
    assert not any(queries.sitting(after[who][0]).site in own for who in hit if who in after)
    assert {moves(late)[who]["kind"] for who in hit} == {"error"}
    # Whoever has only this site keeps his seat, and is counted as exempt from now on.
    stay = {row.pseudonym for row in draw.placements.filter(institution=FREE, subject=HIGH)}
    assert stay and stay <= {row.pseudonym for row in queries.exempted(late)}
    assert not stay & {row.pseudonym for row in queries.exempted(draw)}
    late.refresh_from_db()
    assert late.counts["exempt"] == len(queries.exempted(late)) > draw.counts["exempt"]


def finish(play, late):
    play.approve(actions.request_freeze(late, by=play.people["freezer"], at=play.at))
    play.at = late.objections_until + timedelta(minutes=1)
    for key, username in PARTIES.items():
        actions.reveal(late.parties.get(key=key), secret=SECRETS[key], by=play.people[username], at=play.at)
    play.at = late.public_at + timedelta(minutes=1)
    actions.take_public_value(late, by=SYSTEM, at=play.at)
    play.verify(actions.draw_seats(late, by=SYSTEM, at=play.at))
    return seats_now(late.batch)


def test_a_change_of_thin_markets_is_decided_before_the_freeze(play) -> None:
    """二（三） AMB8 holds for those who are drawn again too, over the seats that are left for them."""
    draw = play.all()
    late = announce_late(play, draw)
    actions.tell_change(late, kind="sitting_unsealed", about=busiest(draw), reason=REASON, by=play.people["freezer"], at=play.at)
    late = play.commit(late)
    ready = queries.prepare(late)
    listed = queries.thin_market(ready.to_draw, "T")
    again = sum(1 for _ in ready.to_draw.candidates.id)
    assert 0 < sum(one.candidates for one in listed) <= again < len(ready.pool.candidates.id)
    with pytest.raises(Refused, match="可抽考试点过少"):
        actions.request_freeze(late, by=play.people["freezer"], at=play.at)
    assert play.decide_thin(late) == len(listed)
    assert actions.request_freeze(late, by=play.people["freezer"], at=play.at)


def test_a_change_in_the_middle_of_the_month_draws_nobody_into_the_past(play) -> None:
    """The draw is on the first day of the exams: who is drawn again goes to the days after it, who has a seat on it keeps it."""
    draw = play.all()
    before = seats_now(draw.batch)
    first = min(days_of(draw.batch).values())
    play.at = draw.verified_at.replace(year=first.year, month=first.month, day=first.day, hour=6)
    late = play.announce(follows=draw.number, objections_until=play.at + timedelta(hours=2), public_at=play.at + timedelta(hours=3))
    second = next(number for number, _ in sorted(before.values()) if queries.sitting(number).day > first)
    actions.tell_change(late, kind="sitting_unsealed", about=second, reason=REASON, by=play.people["freezer"], at=play.at)
    assert queries.first_day(late) == first + timedelta(days=1)
    late = carry_out(play, late)
    after = days_of(draw.batch)
    assert {who: seat for who, seat in seats_now(draw.batch).items() if before.get(who) == seat} == {
        who: seat for who, seat in before.items() if seat[0] != second
    }
    assert all(after[who] > first for who in moves(late) if who in after)
