"""A sitting from order to receipt, every parcel signed, checked and kept; each step an event."""

import pytest

from kaopei.center.sittings import actions, queries
from kaopei.center.sittings.stafflist import read
from kaopei.office import keys
from kaopei.office.audit.models import Event
from kaopei.office.refused import Refused
from kaopei.parcel import receipt, roster, seal_order, seating
from tests.center.sittings.conftest import STAFF


def test_a_sitting_goes_from_order_to_receipt(desk):
    desk.through("release")
    held = desk.held()
    landed = desk.receive(held.parcel())
    assert [one.state for one in landed] == ["taken"], landed
    actions.sign_receipt(desk.row(), by=desk.people["clerk"], at=desk.at)
    number = desk.row().sitting
    assert desk.row().status == "receipted"
    listed = keys.trust()
    order, _edges = seal_order.read(bytes(queries.newest(desk.row(), "seal_order").data), listed)
    rows = queries.roster(desk.row())
    assert order["roster_hash"] == roster.root(rows) == queries.roster_hash(number)
    assert seating.check(bytes(queries.newest(desk.row(), "seating").data), listed).payload["roster_hash"] == order["roster_hash"]
    slip = receipt.read(bytes(queries.newest(desk.row(), "receipt").data), listed)
    assert slip["hash"] == queries.returned(number).digest
    codes = set(Event.objects.filter(obj=f"sitting:{number}").values_list("code", flat=True))
    assert {
        "sittings.order_asked", "sittings.order_issued", "sittings.paper_taken", "sittings.share_taken", "sittings.seating_asked",
        "sittings.seating_issued", "sittings.key_release_asked", "sittings.key_released", "sittings.returned", "sittings.receipted",
    } <= codes  # fmt: skip


def test_no_release_without_seating(desk):
    desk.through("seal")
    desk.quarter_before()
    with pytest.raises(Refused, match="座次包下达以后"):
        desk.ask_key()


def test_no_release_without_the_services_share(desk):
    desk.order()
    order = bytes(queries.newest(desk.row(), "seal_order").data)
    desk.sealed = desk.vault.seal(order, desk.at)
    desk.receive(desk.sealed.parcel, desk.sealed.shares["A"])
    desk.seat()
    desk.quarter_before()
    with pytest.raises(Refused, match="还没有收到这个密封包的密钥分持件"):
        desk.release()


def test_no_seating_before_the_paper(desk):
    desk.order()
    with pytest.raises(Refused, match="收到密封包之后"):
        actions.ask_seating(desk.row(), staff=read(STAFF.encode()), by=desk.people["clerk"], at=desk.at)
