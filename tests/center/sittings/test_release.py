"""The key service: only at its hour, only by two officers who sealed nothing, one share for one machine and one challenge."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction

from kaopei.center.sittings import actions, queries
from kaopei.center.sittings.models import KeyRelease
from kaopei.office import keys
from kaopei.office.approvals import queries as asked
from kaopei.office.refused import Refused
from kaopei.parcel import exam_parcel, key_release, key_share, manifest
from kaopei.parcel.exam_parcel import Parcel
from tests.center.sittings.conftest import REASON, carried, taken_back


@pytest.fixture(scope="module")
def carried_so_far(month):
    yield from carried(month, "seat")


@pytest.fixture
def seated(carried_so_far):
    yield from taken_back(carried_so_far.again())


def token_of(desk):
    return bytes(queries.newest(desk.row(), "key_release").data)


def test_token_opens_the_paper_with_the_heads_share_on_that_machine(seated):
    challenge = seated.challenge()
    seated.release(challenge=challenge)
    (machine,) = seated.machines.values()
    parcel, listed = queries.package(seated.row().sitting), keys.trust()
    payload, share = key_release.take(token_of(seated), listed, parcel, machine.kid, machine.decrypt_key, stage=1, challenge=challenge)
    head = key_share.take(key_share.read(seated.sealed.shares["A"], listed), listed.algorithms)
    secrets = parcel.unlock(head, share, machine.kid, machine.decrypt_key)
    assert parcel.blob("item", "i1", secrets).decode() == "试题一"
    assert (payload["log_seq"], payload["path"], payload["issued_at"]) == (1, "AB", int(seated.at.timestamp()))
    assert seated.row().status == "released"


def test_second_signature_before_the_hour_is_refused(seated):
    wanted = seated.ask_key()
    request = asked.get(wanted.approval)
    seated.at -= timedelta(seconds=1)
    seated.sign(request, "key1")
    with pytest.raises(Refused, match="以前试卷不得启封"):
        seated.sign(request, "key2")
    assert queries.newest(seated.row(), "key_release") is None
    seated.at += timedelta(seconds=1)
    seated.sign(request, "key2")
    assert seated.row().status == "released"


def test_two_officers_neither_of_whom_asked(seated):
    challenge = seated.challenge()
    seated.gate(challenge)
    wanted = actions.ask_release(
        seated.row(), challenge=challenge, stage=1, machine="", cameras_ok=True, waiver="", reason="", by=seated.people["key1"], at=seated.at
    )
    request = asked.get(wanted.approval)
    for who in ("key1", "clerk", "approver"):
        with pytest.raises(Refused):
            seated.sign(request, who)
    seated.sign(request, "key2")
    with pytest.raises(Refused, match="已经答复"):
        seated.sign(request, "key2")
    assert queries.newest(seated.row(), "key_release") is None


def test_officer_who_sealed_the_paper_does_not_release_it(seated, monkeypatch):
    first = Parcel.__init__

    def sealed_by_key2(self, *args, **more):
        first(self, *args, **more)
        self.sealed_by = ("custodian1", "key2")

    wanted = seated.ask_key()
    monkeypatch.setattr(exam_parcel.Parcel, "__init__", sealed_by_key2)
    seated.sign(asked.get(wanted.approval), "key1")
    with pytest.raises(Refused, match="封装人"):
        seated.sign(asked.get(wanted.approval), "key2")


@pytest.mark.parametrize("challenge", ["", "123456", "123456-123456-123456", "000098-000097-000096-000095", "abcdef-abcdef-abcdef"])
def test_misheard_challenge_is_refused(seated, challenge):
    with pytest.raises(Refused, match="口令"):
        seated.ask_key(challenge=challenge or " ")


def test_cameras_are_confirmed_or_waived_with_a_reason(seated):
    with pytest.raises(Refused, match="摄像头"):
        seated.ask_key(cameras_ok=False, waiver="坏")
    seated.release(cameras_ok=False, waiver="第二考场一台画面冻结，已加派一名监考")
    assert "画面冻结" in manifest.read("key_release", token_of(seated), keys.trust())["waivers"][0]


def test_second_release_needs_a_reason_and_a_new_challenge(seated):
    challenge = seated.challenge()
    seated.release(challenge=challenge)
    with pytest.raises(Refused, match="已经放行过，令牌只能用一次"):
        seated.ask_key(challenge=challenge, reason=REASON)
    with pytest.raises(Refused, match="请写明理由"):
        seated.ask_key()
    seated.release(reason=REASON)
    assert [one.number for one in KeyRelease.objects.filter(status="released")] == [1, 2]
    assert manifest.read("key_release", token_of(seated), keys.trust())["log_seq"] == 2


def test_newer_challenge_replaces_the_one_that_waits(seated):
    old = seated.ask_key()
    fresh = seated.challenge()
    seated.release(challenge=fresh)
    assert KeyRelease.objects.get(pk=old.pk).status == "replaced"
    assert manifest.read("key_release", token_of(seated), keys.trust())["challenge"] == fresh


def test_paper_sealed_anew_makes_a_waiting_request_void(seated):
    wanted = seated.ask_key()
    seated.sign(actions.ask_order(seated.row().sitting, by=seated.people["clerk"], at=seated.at))
    seated.sealed = seated.vault.seal(bytes(queries.newest(seated.row(), "seal_order").data), seated.at)
    seated.receive(seated.sealed.parcel, *seated.sealed.shares.values())
    request = asked.get(wanted.approval)
    seated.sign(request, "key1")
    with pytest.raises(Refused):
        seated.sign(request, "key2")


# ---- the gate slip
def test_paper_key_waits_for_the_gate_slip_of_this_very_challenge(seated):
    challenge = seated.challenge()
    with pytest.raises(Refused, match=r"启封前小条.*N2\.4\.4"):
        seated.ask_key(challenge, slip=False)
    seated.gate(seated.challenge())
    with pytest.raises(Refused, match="还没有收到与这个口令同时出示的启封前小条"):
        seated.ask_key(challenge, slip=False)
    seated.gate(challenge)
    assert seated.ask_key(challenge, slip=False).machine == "EDGE-1"


def test_a_room_that_is_not_ready_gets_no_key(seated):
    challenge = seated.challenge()
    seated.gate(challenge, ready=False)
    with pytest.raises(Refused, match=r"未就绪.*N2\.4\.5"):
        seated.ask_key(challenge, slip=False)


def test_by_telephone_alone_the_missing_slip_is_explained_and_told_to_the_site(seated):
    with pytest.raises(Refused, match="写明原因"):
        seated.ask_key(unslipped="断网")
    seated.release(unslipped="光缆被挖断，只有电话可用", machine="EDGE-1")
    waivers = manifest.read("key_release", token_of(seated), keys.trust())["waivers"]
    assert waivers == ["启封前小条未报送：光缆被挖断，只有电话可用"]


def test_machine_must_be_one_of_the_paper(seated):
    seated.enrol(seated.row().site, "EDGE-2")
    with pytest.raises(Refused, match="请选择出示口令的考试服务器"):
        seated.ask_key(machine="EDGE-2")
    assert seated.ask_key(machine="EDGE-1").machine == "EDGE-1"


def test_answer_keys_wait_for_the_end_of_the_day_and_the_closing_slip(seated):
    seated.release()
    with pytest.raises(Refused, match="还没有全部结束"):
        seated.ask_key(stage=2)
    seated.at = seated.row().ends_at + timedelta(days=1)
    with pytest.raises(Refused, match="还没有收到本场密封包的收场小条"):
        seated.ask_key(stage=2)
    held = seated.held()
    seated.receive(held.slip())
    seated.at = seated.row().ends_at + timedelta(days=1)
    challenge = seated.challenge()
    seated.release(stage=2, challenge=challenge)
    (machine,) = seated.machines.values()
    parcel = queries.package(seated.row().sitting)
    payload, share = key_release.take(token_of(seated), keys.trust(), parcel, machine.kid, machine.decrypt_key, stage=2, challenge=challenge)
    assert (payload["stage"], share.x, seated.row().status) == (2, 0, "released")
    held.score(token_of(seated))
    (landed,) = seated.receive(held.parcel())
    assert landed.state == "taken", landed
    with pytest.raises(Refused, match="考试点不再评分"):
        seated.ask_key(stage=2, reason="考试点重装，再要一次")


def test_log_of_the_key_service_never_changes(seated):
    seated.release()
    for change in ({"challenge": "x"}, {"number": 9}, {"status": "asked"}, {"reason": "later"}):
        with pytest.raises(DatabaseError, match="may not change"), transaction.atomic():
            KeyRelease.objects.filter(number=1).update(**change)
