"""A trial package: opened by the whole ceremony, and without it nothing real opens."""

import re

import pytest

from kaopei.parcel import slip
from tests.edge import site as at
from tests.edge.room import DEPUTY, HEAD, INVIGILATOR, KEEPER, candidate

TRIAL = "TRIAL-440601-1"


@pytest.fixture(scope="module")
def site(laid, tmp_path_factory):
    """A server that asks for a trial, with a real sitting and a trial taken in."""
    site = at.copied(laid, tmp_path_factory.mktemp("trial"))
    site.config.write_text(site.config.read_text() + "trial_hours = 48\n")
    at.pack(site, count=2)
    opens = at.WINDOW | {"not_before": at.DAY_BEFORE - 900, "start_earliest": at.DAY_BEFORE}
    at.pack(site, rows=[candidate(n, "试机") for n in (91, 92)], sitting=TRIAL, form_set="trial", window=opens)
    site.serve()
    at.take_in(site)
    yield site
    site.stop()


def head_of(site, sitting):
    head = site.person(HEAD)
    head.sitting = sitting
    return head


def test_nothing_real_opens_before_a_trial_has_opened(site):
    head = head_of(site, at.SITTING)
    head.do("readiness/note", **{f"result__{item}": "ok" for item in ("network", "server", "monitoring", "terminals", "staff", "room")})
    head.do("readiness/close", KEEPER, seal=at.SEAL)
    said = head.refused(409, "试封演练：本机还没有做过试封演练", "opening/challenge")
    assert "N2.4" in said
    head.refused(409, "不是已启封的试封演练", "opening/trial-done", KEEPER)


def test_a_trial_takes_both_shares_two_persons_and_no_closed_room(site):
    head = head_of(site, TRIAL)
    asked = at.challenge(head)
    head.do("opening/share", digits=at.share_a(site, TRIAL), cache_pin=at.CACHE_PIN)
    good = {"token": ("t", at.token(site, asked, at=at.DAY_BEFORE, sitting=TRIAL))}
    head.refused(403, "两个不同的人", "opening/token", files=good)
    keeper = site.person(KEEPER)
    keeper.sitting = TRIAL
    keeper.do("opening/token", files=good)
    assert re.search(r"试封成功", head.see("opening"))
    for kind in ("gate", "open"):
        data = head.client.get(head.path(f"opening/{kind}.slip")).content
        found = slip.read(data, site.province.trust)
        assert (found.payload["kind"], found.payload["sitting_id"], found.approvers) == (kind, TRIAL, ())
    gate = slip.read(head.client.get(head.path("opening/gate.slip")).content, site.province.trust)
    assert gate.payload["challenge"] == asked and gate.payload["flags"]["ready"]
    head.see("opening/close.slip", 404)
    head.refused(400, "需要两个人", "opening/trial-done")
    head.do("opening/trial-done", KEEPER)
    head.refused(409, "不是已启封的试封演练", "opening/trial-done", KEEPER)
    assert not list((site.home / "keys").glob("sitting-*"))
    assert "试封演练已完成" in head.see("opening")


def test_after_the_trial_the_real_paper_opens_but_not_days_later(site):
    site.clock(at.DAY_BEFORE + 49 * 3600)
    deputy = site.person(DEPUTY)
    deputy.do("readiness/unseal", INVIGILATOR, seal=at.SEAL)
    deputy.refused(409, "48 小时内须试封成功", "opening/challenge")
    site.clock(at.OPENING)
    assert "试封成功" in deputy.see("opening")
    deputy.do("opening/challenge")
