"""变更单 at the center: after the release two persons sign one more person on duty, or the newest list of devices."""

import pytest

from kaopei.center.sittings import actions, queries
from kaopei.center.sittings.stafflist import read
from kaopei.office import keys
from kaopei.office.refused import Refused
from kaopei.parcel import seating
from tests.center.sittings.conftest import carried, taken_back

REASON = "监考人员突发疾病，加派一人到场"
ONE = "姓名,岗位,口令,签名人\n何新,监考人员,454545,\n"


@pytest.fixture(scope="module")
def carried_so_far(month):
    yield from carried(month, "release")


@pytest.fixture
def released(carried_so_far):
    yield from taken_back(carried_so_far.again())


def opened(desk):
    (machine,) = desk.machines.values()
    artefact = queries.newest(desk.row(), "seating")
    return seating.open(bytes(artefact.data), keys.trust(), machine.kid, machine.decrypt_key), artefact.digest


def ask(desk, text=ONE, reason=REASON, who="clerk"):
    staff = read(text.encode()) if text else []
    return actions.ask_change(desk.row(), staff=staff, reason=reason, by=desk.people[who], at=desk.at)


def test_one_more_person_is_sealed_to_the_site_on_the_rev_in_force(released):
    before, digest = opened(released)
    released.sign(ask(released))
    after, _ = opened(released)
    assert seating.change(before | {"_hash": digest}, after) == "staff"
    assert after["staff"][-1]["name"] == "何新" and after["change"]["reason"] == REASON
    assert released.row().status == "released"
    again, digest = after, opened(released)[1]
    released.sign(ask(released, ONE.replace("何新", "周易")))
    assert seating.change(again | {"_hash": digest}, opened(released)[0]) == "staff"


@pytest.mark.parametrize(
    ("text", "reason", "says"),
    [
        (ONE, "加派", "写明理由"),
        (ONE + "周易,监考人员,565656,\n", REASON, "只加派一人"),
        (ONE.replace("何新", "马晓"), REASON, "只能加派一名新的"),
        ("", REASON, "不比现用的新"),
    ],
)
def test_a_change_order_does_one_thing_with_a_reason(released, text, reason, says):
    with pytest.raises(Refused, match=says):
        ask(released, text, reason)


def test_only_the_clerk_asks_and_nobody_signs_his_own(released):
    with pytest.raises(Refused):
        ask(released, who="approver")
    asked = ask(released)
    with pytest.raises(Refused):
        released.sign(asked, "clerk")


def test_the_page_offers_it_after_the_release(released, browser):
    page = browser("clerk").see(f"/sittings/{released.row().sitting}/seating/")
    assert "变更单（放行以后）" in page and "提请加派" in page
    browser("clerk").send(f"/sittings/{released.row().sitting}/seating/", kind="staff", staff_text=ONE, reason=REASON)
    assert "启封以后的一项调整" in browser("clerk").see(f"/sittings/{released.row().sitting}/seating/")
