"""抽签后的变更: a pinned incremental draw with its own protocol; who moved and why is public."""

import csv
import io
from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction

from kaopei.center.allocation import actions, checking, queries
from kaopei.center.allocation.models import LateChange, Placement, Vacated
from kaopei.center.registry import actions as registry
from kaopei.office.refused import Refused
from tests.center.allocation.conftest import instance, transcript
from tests.people import FOSHAN

REASON = "场地供电故障，场次无法按时封卷。"


def soon(draw):
    at = draw.verified_at + timedelta(hours=1)
    return {"objections_until": at + timedelta(days=1), "public_at": at + timedelta(days=2)}


def announce_late(play, draw):
    play.at = draw.verified_at + timedelta(hours=1)
    return play.announce(follows=draw.number, **soon(draw))


def carry_out(play, late):
    """All steps of the incremental draw after its changes were told."""
    late = play.commit(late)
    play.decide_thin(late)
    play.approve(actions.request_freeze(late, by=play.people["freezer"], at=play.at))
    late.refresh_from_db()
    play.at = late.objections_until + timedelta(minutes=1)
    from tests.center.allocation.conftest import PARTIES, SECRETS

    for key, username in PARTIES.items():
        actions.reveal(late.parties.get(key=key), secret=SECRETS[key], by=play.people[username], at=play.at)
    late.refresh_from_db()
    play.at = late.public_at + timedelta(minutes=1)
    from kaopei.office.accounts.roles import SYSTEM

    actions.take_public_value(late, by=SYSTEM, at=play.at)
    late = actions.draw_seats(late, by=SYSTEM, at=play.at)
    result = {name: data for name, data in queries.files(late, "result").items() if name != "seats.csv"}
    agrees, text = checking.rerun(late.number, queries.files(late, "instance"), result, queries.previous_result(late))
    assert agrees, text
    return play.verify(late)


def seats_now(batch):
    return {row.pseudonym: (row.sitting.number, row.seat) for row in queries.standing(batch, "T")}


def moves(draw):
    return {row["cand_id"]: row for row in csv.DictReader(io.StringIO(queries.file(draw, "result/moves.csv").decode()))}


def busiest(draw):
    sittings = [row.sitting for row in draw.placements.select_related("sitting")]
    return max(sorted({one.number for one in sittings}), key=lambda number: sum(one.number == number for one in sittings))


def test_a_suspended_site_moves_its_people_and_nobody_else(play) -> None:
    draw = play.all()
    before = seats_now(draw.batch)
    site = queries.sitting(busiest(draw)).site
    first = min(row.sitting.day for row in draw.placements.select_related("sitting"))
    late = announce_late(play, draw)
    registry.suspend_site(
        site,
        city=FOSHAN,
        from_day=first,
        to_day=first + timedelta(days=100),
        reason="消防检查不合格，暂停使用考场。",
        by=play.people["approver"],
        at=play.at,
    )
    late = carry_out(play, late)
    after = seats_now(draw.batch)
    assert late.number == f"{draw.number}.1"
    assert transcript(late)["previous"]["draw_id"] == draw.number
    hit = {who for who, (number, _) in before.items() if queries.sitting(number).site == site}
    assert hit
    assert {who: seat for who, seat in before.items() if who not in hit} == {who: seat for who, seat in after.items() if before.get(who) == seat}
    assert not any(queries.sitting(number).site == site for number, _ in after.values())
    listed = moves(late)
    assert {who for who, row in listed.items() if row["from_session"]} == hit
    assert {row["kind"] for row in listed.values() if row["from_session"]} == {"site_suspended"}
    assert Vacated.objects.filter(draw=late).count() == len(hit)
    assert len(set(after.values())) == len(after)


def test_a_sitting_that_cannot_be_sealed_and_one_who_withdrew(play) -> None:
    draw = play.all()
    before = seats_now(draw.batch)
    lost = busiest(draw)
    gone = next(who for who, (number, _) in sorted(before.items()) if number != lost)
    late = announce_late(play, draw)
    freezer = play.people["freezer"]
    actions.tell_change(late, kind="sitting_unsealed", about=lost, reason=REASON, by=freezer, at=play.at)
    actions.tell_change(late, kind="candidate_withdrawn", about=gone, reason="本人书面申请退出本次考试。", by=freezer, at=play.at)
    late = carry_out(play, late)
    after = seats_now(draw.batch)
    assert gone not in after
    assert lost not in {number for number, _ in after.values()}
    assert f"{gone}," not in instance(late)["candidates.csv"]
    assert {row["kind"] for row in moves(late).values() if row["from_session"]} == {"sitting_unsealed", "candidate_withdrawn"}
    assert all(one.pseudonym in after for one in queries.seated(after[min(after)][0]))
    assert queries.seated(lost) == []
    assert queries.facts(lost).placed == 0


def test_before_the_countersignature_nothing_has_moved(play) -> None:
    draw = play.all()
    before = seats_now(draw.batch)
    late = announce_late(play, draw)
    actions.tell_change(late, kind="sitting_withdrawn", about=busiest(draw), reason=REASON, by=play.people["freezer"], at=play.at)
    assert seats_now(draw.batch) == before
    assert Vacated.objects.count() == 0
    carry_out(play, late)
    assert seats_now(draw.batch) != before
    tickets = [row.ticket for row in Placement.objects.all()]
    assert len(set(tickets)) == len(tickets)


def test_a_change_must_be_about_something_and_be_told_in_time(play) -> None:
    draw = play.all()
    freezer, number = play.people["freezer"], busiest(draw)

    def tell(one, **said):
        return actions.tell_change(one, **({"kind": "sitting_unsealed", "about": number, "reason": REASON} | said), by=freezer, at=play.at)

    with pytest.raises(Refused, match="增量抽签公告以后"):
        tell(draw)
    late = announce_late(play, draw)
    for said, word in (
        ({"about": "nowhere"}, "没有场次"),
        ({"kind": "candidate_withdrawn", "about": "NOBODY"}, "抽签代号"),
        ({"kind": "error", "about": "NOTHING"}, "抽签代号"),
        ({"kind": "site_suspended"}, "自动列入"),
        ({"reason": "短"}, "理由"),
    ):
        with pytest.raises(Refused, match=word):
            tell(late, **said)
    tell(late)
    with pytest.raises(Refused, match="已经登记"):
        tell(late)
    with pytest.raises(DatabaseError), transaction.atomic():
        LateChange.objects.create(city=draw.city, draw=draw, kind="error", object="x", reason=REASON, told_by="x", told_at=play.at)


def test_only_the_last_verified_draw_may_be_changed(play) -> None:
    draw = play.all()
    with pytest.raises(Refused, match="没有省级会签"):
        play.announce(follows="nothing", **soon(draw))
    late = announce_late(play, draw)
    with pytest.raises(Refused, match="已有增量抽签"):
        play.announce(follows=draw.number, **soon(draw))
    actions.close(late, reason="变更已另行处理，不再进行。", by=play.people["announcer"], at=play.at)
    second = announce_late(play, draw)
    assert second.number == f"{draw.number}.2"
