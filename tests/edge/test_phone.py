"""Opening by telephone: sixteen groups, a pause for wrong ones, and no return parcel before the token itself was filed."""

import time

import pytest

from kaopei.center.sittings import bundle
from kaopei.parcel import base64url, key_release, key_share, phone, return_parcel
from kaopei.parcel.phone import About
from tests.edge import site as at
from tests.edge.room import HEAD, INVIGILATOR, KEEPER, PATROLLER

pytestmark = pytest.mark.slow


@pytest.fixture
def site(laid, tmp_path):
    site = at.copied(laid, tmp_path)
    at.pack(site, count=1)
    site.serve()
    yield site
    site.stop()


def dictated(site, asked, number=1):
    """As the key officer reads them out."""
    p, made = site.province, site.packs[at.SITTING]
    share = key_share.take(key_share.read(made.sealed.shares["B"], p.trust), p.trust.algorithms, *p.openers["key_service_decrypt"])
    about = About(made.sealed.package_id, made.parcel.manifest_hash, 1, asked, "AB", number)
    agreed = p.trust.algorithms.agree(p.openers["key_service_decrypt"][1], base64url.decode(p.edge.decrypt.pub, "公钥"))
    return phone.make(p.trust.algorithms, agreed, about, share, at.OPENING)


def token(site, asked, number):
    """The token of that number."""
    p, made = site.province, site.packs[at.SITTING]
    share = key_share.take(key_share.read(made.sealed.shares["B"], p.trust), p.trust.algorithms, *p.openers["key_service_decrypt"])
    approved = p.approvals("key.release", made.sealed.package_id, made.parcel.manifest_hash, rev=1, at=at.OPENING)
    return key_release.make(
        p.trust, made.parcel, p.edge, share, approved, p.signers["key_service"], at=at.OPENING, stage=1, challenge=asked, log_seq=number
    )


def test_sixteen_groups_open_the_paper_and_the_token_follows(site):
    head = at.take_in(site)
    at.prepare(head)
    asked = at.challenge(head)
    good = dictated(site, asked)
    keeper = site.person(KEEPER)
    keeper.refused(409, "密钥分持还没有录入", "opening/phone", groups=" ".join(good), number="1")
    head.do("opening/share", digits=at.share_a(site), cache_pin=at.CACHE_PIN)
    head.refused(403, "两个不同的人", "opening/phone", groups=" ".join(good), number="1")
    misheard = [*good[:4], f"{(int(good[4]) + 1) % 10**6:06d}", *good[5:]]
    keeper.refused(400, "第 5 组数字", "opening/phone", groups="-".join(misheard), number="1")
    keeper.refused(400, "记录号", "opening/phone", groups=" ".join(good), number="一")
    keeper.refused(400, "没有录入十六组", "opening/phone", groups="", number="1")
    assert site.rows("SELECT count(*) FROM irregularity") == [(0,)]
    keeper.refused(403, "不是给本机", "opening/phone", groups=" ".join(good), number="2")
    keeper.refused(429, "暂停几秒", "opening/phone", groups=" ".join(good), number="1")
    assert site.rows("SELECT code FROM irregularity") == [("paper.token_wrong",)]
    time.sleep(5.1)
    keeper.do("opening/phone", groups=" ".join(good), number="1")
    (terminal,) = at.seat_all(site, head, site.packs[at.SITTING].rows)
    at.ring(site, head)
    assert terminal.begin().status_code == 200
    assert terminal.answer(1, "A").status_code == 200
    # What was said by telephone outlives a kill.
    site.kill()
    site.serve()
    terminal.state()
    assert terminal.hand_in().status_code == 200
    handed_back(site, asked)


def handed_back(site, asked):
    head = site.person(HEAD)
    head.do("hand-back/close", INVIGILATOR)
    head.do("hand-back/slip", PATROLLER, **at.SIGNED)
    head.refused(409, "还没有补收令牌", "hand-back/build", PATROLLER, score_reason="等不到答案密钥", **at.SIGNED)
    assert "补收电话放行的令牌" in head.see("hand-back")
    right, other = token(site, asked, 1), token(site, asked, 2)
    head.refused(400, "需要两个人", "hand-back/token", files={"token": ("t", right)})
    head.refused(403, "第 2 号放行记录", "hand-back/token", KEEPER, files={"token": ("t", other)})
    head.refused(403, "", "hand-back/token", KEEPER, files={"token": ("t", b"{}")})
    head.do("hand-back/token", KEEPER, files={"token": ("t", right)})
    head.refused(409, "没有待补收", "hand-back/token", KEEPER, files={"token": ("t", right)})
    at.build(head, score_reason="等不到答案密钥")
    p = site.province
    returned = return_parcel.Returned((site.home / "outbox" / f"{at.SITTING}-r1.xrb").read_bytes(), p.trust)
    people = {row["attempt"] for row in site.packs[at.SITTING].rows}
    weighed = bundle.weigh(returned, returned.contents(*p.openers["city_import"]), people, None, p.trust, lambda *_: None)
    assert weighed.counts["present"] == 1
