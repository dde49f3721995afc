"""In need: the province's reserve, the telephone, the report within a day."""

from datetime import timedelta

import pytest

from kaopei.center.sittings import actions, queries
from kaopei.center.sittings.models import KeyRelease, ReserveReport
from kaopei.office import keys
from kaopei.office.approvals import queries as asked
from kaopei.office.audit.models import Event
from kaopei.office.refused import Refused
from kaopei.parcel import base64url, key_release, key_share, phone
from kaopei.parcel.phone import About
from tests.center.sittings.conftest import carried, taken_back

WHY = "密钥服务主机硬盘损坏"
TEXT = "九时四十分周正、贺强二人到保密室取出 C 份信封，由蔡丽、邓明签署。"


@pytest.fixture(scope="module")
def carried_so_far(month):
    yield from carried(month, "seat")


@pytest.fixture
def seated(carried_so_far):
    yield from taken_back(carried_so_far.again())


def envelope(desk, name="C"):
    payload = key_share.read(desk.sealed.shares[name], keys.trust())
    return " ".join(payload["share"]["digits"])


def handed(desk):
    (share,) = (one for one in queries.shares(desk.row()) if one.holder == "province")
    actions.hand_share(share, receiver="周正", by=desk.people["province"], at=desk.at)


def ask(desk, digits=None, by="province", challenge=None, **more):
    challenge = challenge or desk.challenge()
    desk.gate(challenge)
    said = {"challenge": challenge, "digits": digits or envelope(desk), "machine": "", "reason": WHY, "unslipped": ""}
    return actions.ask_reserve(desk.row(), **said | more, by=desk.people[by], at=desk.at)


def released(desk, **more):
    handed(desk)
    wanted = ask(desk, **more)
    desk.sign(asked.get(wanted.approval), "key1", "key2")
    return KeyRelease.objects.get(pk=wanted.pk)


def taken(desk, wanted):
    (machine,) = desk.machines.values()
    token = bytes(queries.newest(desk.row(), "key_release").data)
    parcel = queries.package(desk.row().sitting)
    return key_release.take(token, keys.trust(), parcel, machine.kid, machine.decrypt_key, stage=1, challenge=wanted.challenge)


def test_reserve_opens_with_the_heads_share_and_the_token_is_the_provinces(seated):
    wanted = released(seated)
    payload, share = taken(seated, wanted)
    assert (payload["path"], share.x, payload["waivers"]) == ("AC", 3, [f"启用省级备用分持：{WHY}"])
    (machine,) = seated.machines.values()
    listed = keys.trust()
    head = key_share.take(key_share.read(seated.sealed.shares["A"], listed), listed.algorithms)
    parcel = queries.package(seated.row().sitting)
    assert parcel.blob("item", "i1", parcel.unlock(head, share, machine.kid, machine.decrypt_key)).decode() == "试题一"
    assert (bytes(wanted.reserve), seated.row().status) == (b"", "released")


@pytest.mark.parametrize("who", ["clerk", "key1", "approver"])
def test_only_the_province_may_ask(seated, who):
    handed(seated)
    with pytest.raises(Refused, match="办理"):
        ask(seated, by=who)


def test_it_takes_the_handed_envelope_the_right_digits_and_a_reason(seated):
    with pytest.raises(Refused, match="交给省考试机构的记录"):
        ask(seated)
    handed(seated)
    with pytest.raises(Refused, match="写明密钥服务"):
        ask(seated, reason="坏了")
    with pytest.raises(Refused, match="第 1 组"):
        good = envelope(seated)
        ask(seated, ("1" if good[0] != "1" else "2") + good[1:])
    with pytest.raises(Refused, match="C 份"):
        ask(seated, envelope(seated, "A"))
    with pytest.raises(Refused, match="启封前小条"):
        actions.ask_reserve(
            seated.row(), challenge=seated.challenge(), digits=envelope(seated), machine="", reason=WHY, unslipped="",
            by=seated.people["province"], at=seated.at,
        )  # fmt: skip
    assert not KeyRelease.objects.exists()


def test_not_before_the_hour_and_not_by_one_officer(seated):
    handed(seated)
    wanted = ask(seated)
    request = asked.get(wanted.approval)
    seated.at -= timedelta(seconds=1)
    seated.sign(request, "key1")
    with pytest.raises(Refused, match="以前试卷不得启封"):
        seated.sign(request, "key2")
    with pytest.raises(Refused, match="已经答复"):
        seated.sign(request, "key1")
    seated.at += timedelta(seconds=1)
    seated.sign(request, "key2")
    assert seated.row().status == "released"


def test_report_is_due_within_a_day_once_and_late_ones_say_so(seated):
    wanted = released(seated)
    (card,) = [one for one in queries.cards(seated.people["province"], seated.at) if one.zh == "应急放行待报告"]
    assert "须于" in card.lines[0].note
    (late,) = [one for one in queries.cards(seated.people["province"], seated.at + timedelta(hours=25)) if one.zh == "应急放行待报告"]
    assert "已超过 24 小时" in late.lines[0].note
    with pytest.raises(Refused, match="至少二十个字"):
        actions.report_reserve(wanted, text="开了", by=seated.people["province"], at=seated.at)
    actions.report_reserve(wanted, text=TEXT, by=seated.people["province"], at=seated.at + timedelta(hours=25))
    assert Event.objects.get(code="sittings.reserve_reported").facts["late"] is True
    with pytest.raises(Refused, match="已经报告过"):
        actions.report_reserve(wanted, text=TEXT, by=seated.people["province"], at=seated.at)
    assert ReserveReport.objects.count() == 1
    assert not [one for one in queries.cards(seated.people["province"], seated.at) if one.zh == "应急放行待报告"]


def test_an_ordinary_release_has_nothing_to_report(seated):
    seated.release()
    with pytest.raises(Refused, match="没有启用备用分持"):
        actions.report_reserve(KeyRelease.objects.get(number=1), text=TEXT, by=seated.people["province"], at=seated.at)


# ---- by telephone
def heard(desk, wanted, groups, path="AB"):
    """What the site makes of the groups."""
    (machine,) = desk.machines.values()
    listed, parcel = keys.trust(), queries.package(desk.row().sitting)
    (key,) = listed.with_role({"AB": "key_service_decrypt", "AC": "province_escrow"}[path])
    about = About(wanted.package, parcel.manifest_hash, 1, wanted.challenge, path, wanted.number)
    agreed = listed.algorithms.agree(machine.decrypt_key, base64url.decode(key.pub, "公钥"))
    return phone.take(listed.algorithms, agreed, groups, about, int(desk.at.timestamp()) + 90)


def test_officer_reads_out_what_the_token_says_and_the_log_knows(seated):
    seated.release()
    wanted = KeyRelease.objects.get(number=1)
    groups = actions.dictate(seated.row(), 1, by=seated.people["key1"], at=seated.at)
    share, issued = heard(seated, wanted, groups)
    assert share == taken(seated, wanted)[1]
    assert issued == int(seated.at.timestamp()) // 60 * 60
    assert Event.objects.get(code="sittings.key_dictated").facts["number"] == 1
    for who in ("clerk", "approver", "province"):
        with pytest.raises(Refused, match="办理"):
            actions.dictate(seated.row(), 1, by=seated.people[who], at=seated.at)


def test_nothing_is_read_out_that_was_not_released(seated):
    seated.ask_key()
    with pytest.raises(Refused, match="没有第 1 号放行记录"):
        actions.dictate(seated.row(), 1, by=seated.people["key1"], at=seated.at)


def test_reserve_by_telephone_wants_the_envelope_once_more(seated):
    wanted = released(seated)
    with pytest.raises(Refused, match="应有 10 组"):
        actions.dictate(seated.row(), wanted.number, by=seated.people["key1"], at=seated.at)
    groups = actions.dictate(seated.row(), wanted.number, digits=envelope(seated), by=seated.people["key1"], at=seated.at)
    assert heard(seated, wanted, groups, "AC")[0] == taken(seated, wanted)[1]
