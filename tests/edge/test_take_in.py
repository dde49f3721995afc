"""Parcels in: what is refused before anybody is asked, and two persons for the rest."""

import json
import threading

import pytest

from kaopei.parcel import keyfile, trust
from tests.edge import room
from tests.edge import site as at
from tests.edge.room import HEAD, KEEPER, candidate
from tests.parcel import cast


@pytest.fixture(scope="module")
def site(laid, tmp_path_factory):
    site = at.copied(laid, tmp_path_factory.mktemp("take"))
    at.pack(site)
    site.serve()
    yield site
    site.stop()


def upload(who, *datas, status=400, says=""):
    answer = who.send("/parcels/upload", files=at.files(*datas))
    found = at.words(answer.text)
    assert (answer.status_code, says in found) == (status, True), found
    return found


def test_what_does_not_hold_is_refused_before_anybody_logs_in(site):
    guest, made = site.guest(), site.packs[at.SITTING]
    assert "本机还没有座次包" in guest.see("/login")
    upload(guest, says="没有选择文件")
    upload(guest, b"", says="不是密封包")
    upload(guest, made.sealed.parcel[:-1], says="不")
    upload(guest, made.sealed.parcel[: len(made.sealed.parcel) // 2], says="不完整")
    upload(guest, made.sealed.parcel, says="请先收本场")
    flipped = bytearray(made.seats)
    flipped[len(flipped) // 2] ^= 4
    upload(guest, bytes(flipped), says="没有收下")
    assert not list(site.home.glob("inbox/*"))
    assert len(site.rows("SELECT 1 FROM entry WHERE CAST(leaf AS TEXT) LIKE '%parcel.refused%'")) == 5


def test_parcels_of_another_province_or_machine_are_refused(site):
    guest, other = site.guest(), cast.found()
    foreign = room.make(other, [candidate(1)])
    upload(guest, foreign.seats, says="没有收下")
    p, mine = site.province, site.province.edge
    cast.enrol(p)
    stolen = at.seats(p, site.packs[at.SITTING].rows, None)
    record = p.edge.record
    p.edge = mine
    upload(guest, stolen, says="没有收下")
    upload(guest, record, says="不是本机的密钥")


def test_two_different_people_take_parcels_in(site):
    guest, made = site.guest(), site.packs[at.SITTING]
    upload(guest, made.sealed.parcel, made.seats, (site.folder / "record.json").read_bytes(), status=200, says="两人收入")
    guest.refused(403, "姓名或 PIN 不对", "/login", name=room.PATROLLER, pin="000000")
    guest.refused(429, "请等两秒", "/login", name=room.PATROLLER, pin=at.PIN)
    head = site.person(HEAD)
    head.refused(400, "需要两个人", "/parcels/import")
    head.refused(403, "第二人不能是您自己", "/parcels/import", HEAD)
    head.refused(403, "姓名或 PIN 不对", "/parcels/import", "不在名单的人")
    head.refused(403, "PIN", "/parcels/import", KEEPER, second_pin="999999")
    assert not site.rows("SELECT 1 FROM sitting")
    threading.Event().wait(2.1)
    head.do("/parcels/import", KEEPER)
    assert site.rows("SELECT sitting_id, state FROM sitting") == [(at.SITTING, "imported")]
    assert site.guest().client.get("/parcels/upload").status_code == 405
    answer = site.guest().client.post("/parcels/upload", data={"csrf": ""})
    assert answer.status_code == 303, "with staff on the list a stranger must log in"


def test_the_same_parcels_again_change_nothing(site):
    head, made = site.person(HEAD), site.packs[at.SITTING]
    before = site.rows("SELECT hash, rev FROM parcel ORDER BY hash")
    upload(head, made.sealed.parcel, made.seats, status=200)
    head.do("/parcels/import", KEEPER)
    assert site.rows("SELECT hash, rev FROM parcel ORDER BY hash") == before
    assert len(list(site.home.glob("inbox/*"))) == 2


def test_a_seating_is_replaced_only_by_its_next_revision(site):
    head, made, p = site.person(HEAD), site.packs[at.SITTING], site.province
    (current,) = site.rows("SELECT hash FROM parcel WHERE kind = 'seating'")[0]
    package = made.sealed.package_id
    upload(head, at.seats(p, made.rows, package, rev=2, prev_hash="0" * 64), says="接不上")
    upload(head, at.seats(p, made.rows, package, numbers={"late_minutes": 15}), says="不比已收的")
    moved = [dict(row, seat=f"{40 - place}") for place, row in enumerate(made.rows)]
    upload(head, at.seats(p, moved, package, rev=2, prev_hash=current), status=200)
    head.do("/parcels/import", KEEPER)
    assert sorted(site.rows("SELECT seat FROM attempt")) == [("38",), ("39",), ("40",)]
    (current,) = site.rows("SELECT hash FROM parcel WHERE kind = 'seating' ORDER BY rev DESC")[0]
    renamed = [dict(row, name="冒名者") for row in made.rows]
    upload(head, at.seats(p, renamed, package, rev=3, prev_hash=current), status=200)
    head.do("/parcels/import", KEEPER)
    head.refused(409, "与试卷封装时的名单不一致", "opening/challenge")
    stranger = at.pack(site, rows=[candidate(7)], sitting="440601-1130-09")
    upload(head, at.seats(p, made.rows, stranger.sealed.package_id, "440601-1130-09"), stranger.sealed.parcel, says="名单不一致")
    head.do("/parcels/drop")


def test_a_newer_trust_list_acts_at_once_and_a_fork_never(site):
    head, p = site.person(HEAD), site.province
    other, _root, roots = trust.found(deployment="粤演练", rehearsal=True, issued_at=at.NOW, keys=[])
    upload(head, other, says="没有收下")
    upload(head, p.data, status=200)
    pub = keyfile.public(keyfile.generate_sign())
    following = trust.extend(other, issued_at=at.NOW, signers=roots[:2], add=[trust.entry(pub, "person", "新人")])
    upload(head, following, says="没有收下")
    assert site.client().get("/healthz").json()["trust_version"] == 1
    assert json.loads((site.home / "trust.json").read_bytes())["version"] == 1
