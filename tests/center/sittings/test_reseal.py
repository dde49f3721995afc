"""A sitting that is sealed already, and an incremental draw that changes who sits in it: nothing goes on by the old list."""

from datetime import timedelta

import pytest

from kaopei.center.allocation import actions as allocation
from kaopei.center.allocation import queries as placed
from kaopei.center.sittings import actions, queries, stafflist
from kaopei.office import keys
from kaopei.office.refused import Refused
from kaopei.parcel import roster
from kaopei.parcel.exam_parcel import Parcel
from tests.center.allocation.conftest import Play
from tests.center.allocation.test_late import announce_late, carry_out
from tests.center.sittings.conftest import STAFF

WITHDRAWN = "本人书面申请退出本次考试。"


def withdrawn(desk, *who, tickets=True):
    """These people leave by an incremental draw, countersigned."""
    play = Play(desk.people)
    late = announce_late(play, desk.draw)
    for one in who:
        allocation.tell_change(late, kind="candidate_withdrawn", about=one, reason=WITHDRAWN, by=desk.people["freezer"], at=play.at)
    late = carry_out(play, late)
    if tickets and late.placements.exists():
        allocation.keep_tickets(late, bundles=[("all", "all.zip", "0" * 64, late.placements.count())], by=desk.people["clerk"], at=play.at)
    desk.at = play.at + timedelta(minutes=5)
    return late


def told(desk):
    """What the first page tells the clerk about this sitting."""
    lines = [line for card in queries.cards(desk.people["clerk"], desk.at) for line in card.lines]
    return [line.note for line in lines if desk.facts.number in line.text]


def test_a_changed_list_stops_seating_key_and_signature_until_the_order_is_new(desk) -> None:
    desk.through("seat")
    old = desk.sealed
    before = queries.roster(desk.row())
    gone = before[0]["attempt"]
    assert told(desk) != ["名单已变，请重新下任务书"]
    late = withdrawn(desk, gone)

    assert queries.overtaken([desk.row()]) == {desk.facts.number: late.number}
    assert told(desk) == ["名单已变，请重新下任务书"]
    for act in (
        lambda: actions.ask_seating(desk.row(), staff=stafflist.read(STAFF.encode()), by=desk.people["clerk"], at=desk.at),
        lambda: desk.ask_key(),
    ):
        with pytest.raises(Refused, match="增量抽签") as refused:
            act()
        assert refused.value.verdict.code == "overtaken"

    order = desk.order(desk.facts.number)
    assert queries.overtaken([desk.row()]) == {}
    after = queries.roster(desk.row())
    assert [one["attempt"] for one in after] == [one["attempt"] for one in before if one["attempt"] != gone]
    kept = {one["attempt"]: one for one in before}
    assert all(one == kept[one["attempt"]] for one in after), "whoever keeps his seat keeps his row and its salts"
    assert gone not in queries.leaves(desk.facts.number)
    assert queries.newest(desk.row(), "seal_order").pk == order.pk
    assert desk.row().status == "ordered"
    (landed,) = desk.receive(old.parcel)
    assert landed.state in ("quarantined", "same") and desk.row().status == "ordered"
    sealed = desk.seal()
    assert Parcel(sealed.parcel, keys.trust()).manifest["roster_hash"] == roster.root(after, keys.trust().suite)
    desk.seat()
    desk.quarter_before()
    assert desk.ask_key()


def test_an_order_that_waits_for_its_signature_is_not_issued_for_the_old_list(desk) -> None:
    number = desk.start()
    desk.enrol(desk.facts.site)
    asked = actions.ask_order(number, by=desk.people["clerk"], at=desk.at)
    withdrawn(desk, queries.roster(desk.row())[0]["attempt"])
    desk.sign(asked, "approver")
    with pytest.raises(Refused, match="增量抽签"):
        desk.sign(asked, "approver2")
    assert queries.newest(desk.row(), "seal_order") is None


def test_a_paper_for_the_old_list_is_set_aside(desk) -> None:
    desk.order()
    sealed = desk.vault.seal(bytes(queries.newest(desk.row(), "seal_order").data), desk.at)
    withdrawn(desk, queries.roster(desk.row())[0]["attempt"])
    landed = desk.receive(sealed.parcel)
    assert [(one.state, one.code) for one in landed] == [("quarantined", "overtaken")]
    assert desk.row().status == "ordered"


def test_a_sitting_that_nobody_sits_any_more_is_ordered_no_more_and_never_opened(desk) -> None:
    desk.through("seat")
    late = withdrawn(desk, *(one["attempt"] for one in queries.roster(desk.row())))
    assert placed.facts(desk.facts.number).placed == 0
    with pytest.raises(Refused, match="没有抽签安排的考生"):
        actions.ask_order(desk.facts.number, by=desk.people["clerk"], at=desk.at)
    with pytest.raises(Refused, match=late.number):
        desk.ask_key()


def test_other_sittings_are_left_in_peace(desk) -> None:
    desk.through("seat")
    other = next(one.number for one in placed.with_candidates() if one.number != desk.facts.number)
    withdrawn(desk, placed.seated(other)[0].pseudonym)
    assert queries.overtaken([desk.row()]) == {}
    desk.quarter_before()
    assert desk.ask_key()
