"""The chain of trust lists: from a pinned root, without gaps or forks, by two of three roots; keys for what, where and when."""

from dataclasses import replace
from functools import cache
from types import SimpleNamespace

import pytest

from kaopei.parcel import base64url, canonical, jws, keyfile, trust
from kaopei.parcel.keyfile import Signer
from kaopei.parcel.rejected import Rejected

T0 = 1_790_000_000


def row(role="center", holder="", **more):
    return trust.entry(keyfile.public(keyfile.generate_sign()), role, holder or role, **more)


@cache
def house():
    """Three versions: the first, one with a key more, one with a key revoked."""
    rows = [row(), row("issuer"), row("person", "head", city="440600", site="440601", duties=["head"])]
    first, root, roots = trust.found(deployment="粤", rehearsal=True, issued_at=T0, keys=rows)
    second = trust.extend(first, issued_at=T0 + 1, signers=roots[:2], add=[row("status")])
    third = trust.extend(second, issued_at=T0 + 2, signers=roots[1:], revoke={rows[1]["kid"]: (T0 + 50, "泄露")})
    return SimpleNamespace(rows=rows, root=root, roots=roots, chain=[first, second, third])


def signed(payload, signers):
    """A list as a forger would sign it."""
    payload = dict(payload)
    payload.pop("signatures", None)
    return trust._signed(payload, signers)


def changed(data, **changes):
    return {**canonical.decode(data), **changes}


def test_a_whole_chain_is_believed_from_its_root():
    h = house()
    listed = trust.load(h.chain, h.root)
    assert (listed.version, listed.pinned, listed.root, len(listed.keys)) == (3, True, h.root, 4)
    assert trust.load(h.chain[1:], h.root).version == 3
    assert trust.claims(h.chain[2])["version"] == 3
    assert not trust.load(h.chain, None).pinned


def test_no_chain_and_other_roots_are_refused():
    h = house()
    with pytest.raises(Rejected, match="没有信任名单"):
        trust.load([], h.root)
    with pytest.raises(Rejected, match="根指纹不符"):
        trust.load(h.chain, "0" * 64)


def test_a_real_list_needs_a_pin():
    data, root, _ = trust.found(deployment="粤", rehearsal=False, issued_at=T0, keys=[row()])
    with pytest.raises(Rejected, match="必须钉住") as problem:
        trust.load([data], None)
    assert problem.value.code == "root"
    assert trust.load([data], root).pinned


@pytest.mark.parametrize("order", [[0, 2], [1, 0], [0, 0], [2, 1], [0, 1, 1]])
def test_gaps_and_repetitions_are_refused(order):
    h = house()
    with pytest.raises(Rejected, match="接不上"):
        trust.load([h.chain[place] for place in order], h.root)


def test_a_fork_is_reported():
    h = house()
    other = trust.extend(h.chain[0], issued_at=T0 + 9, signers=h.roots[:2], add=[row("outcomes")])
    listed = trust.load(h.chain, h.root)
    with pytest.raises(Rejected, match="两个不同的版本") as problem:
        listed.advance([other])
    assert problem.value.code == "trust-fork"


def test_a_list_advances_by_what_comes_in_a_parcel():
    h = house()
    early = trust.load(h.chain[:1], h.root)
    assert early.advance([data.decode() for data in h.chain]).version == 3
    assert early.advance(h.chain[1:]).version == 3
    assert early.advance([]).version == 1
    assert early.advance(h.chain[:1]).version == 1
    late = trust.load(h.chain[2:], h.root)
    assert late.advance(h.chain[:2]).version == 3, "older members that came along change nothing"
    with pytest.raises(Rejected, match="接不上"):
        early.advance(h.chain[2:])
    assert not trust.load(h.chain[:1], None).advance(h.chain).pinned


@pytest.mark.parametrize("name", ["deployment", "suite", "rehearsal"])
def test_what_a_list_is_never_changes(name):
    h = house()
    value = {"deployment": "桂", "suite": "gm", "rehearsal": False}[name]
    forged = signed(changed(h.chain[1], **{name: value}), h.roots[:2])
    with pytest.raises(Rejected, match=name if name != "suite" else "suite|套件"):
        trust.load([h.chain[0], forged], h.root)


@pytest.mark.parametrize("who", [[0], [0, 0], ["stranger", 0], ["stranger", "stranger"]])
def test_two_of_three_roots_must_sign(who):
    h = house()
    strangers = [Signer(keyfile.generate_sign()) for _ in range(2)]
    signers = [strangers.pop() if one == "stranger" else h.roots[one] for one in who]
    if who == [0, 0]:
        with pytest.raises(Rejected, match="重复"):
            signed(canonical.decode(h.chain[0]), signers)
        return
    forged = signed(canonical.decode(h.chain[0]), signers)
    with pytest.raises(Rejected, match="足够的根签名|不属于根"):
        trust.load([forged], h.root)


def test_a_signature_that_does_not_hold_or_is_of_another_domain_is_refused():
    h = house()
    payload = canonical.decode(h.chain[0])
    spoiled = [dict(one) for one in payload["signatures"]]
    spoiled[0]["signature"] = base64url.encode(bytes(64))
    with pytest.raises(Rejected, match="签名不成立"):
        trust.load([canonical.encode({**payload, "signatures": spoiled})], h.root)
    body = {name: value for name, value in payload.items() if name != "signatures"}
    other = jws.listed(jws.make("tru1/other", canonical.encode(body), h.roots[:2]).signatures)
    with pytest.raises(Rejected, match="不属于根"):
        trust.load([canonical.encode({**body, "signatures": other})], h.root)


def test_roots_change_by_two_old_and_two_new():
    h = house()
    fresh = [Signer(keyfile.generate_sign()) for _ in range(3)]
    moved = trust.extend(h.chain[2], issued_at=T0 + 3, signers=h.roots[:2], new_roots=fresh)
    listed = trust.load([*h.chain, moved], h.root)
    assert (listed.version, listed.root) == (4, h.root)
    after = trust.extend(moved, issued_at=T0 + 4, signers=fresh[1:])
    assert trust.load([*h.chain, moved, after], h.root).version == 5
    for signers in (h.roots[:2], fresh[:1] + h.roots[:1]):
        with pytest.raises(Rejected):
            trust.load([*h.chain, moved, trust.extend(moved, issued_at=T0 + 4, signers=signers)], h.root)
    # Old roots alone put new ones in: the new ones have not agreed.
    lonely = signed({**changed(moved), "version": 4}, h.roots[:2])
    with pytest.raises(Rejected, match="足够的根签名"):
        trust.load([*h.chain, lonely], h.root)
    pinned = trust.fingerprint(trust.claims(moved))
    assert trust.load([after], pinned).root == pinned, "the new roots may be pinned from the first list that they sign alone"
    with pytest.raises(Rejected, match="不属于根"):
        trust.load([moved, after], pinned)


def test_a_first_version_has_no_predecessor_and_others_have_one():
    h = house()
    for version, prev in ((1, "0" * 64), (2, None)):
        forged = signed(changed(h.chain[0], version=version, prev_hash=prev), h.roots[:2])
        with pytest.raises(Rejected, match="第一版"):
            trust.load([forged], h.root)


def test_a_key_id_stands_for_its_key():
    h = house()
    payload = canonical.decode(h.chain[0])
    twice = signed({**payload, "keys": [*payload["keys"], payload["keys"][0]]}, h.roots[:2])
    with pytest.raises(Rejected, match="重复的密钥编号"):
        trust.load([twice], h.root)
    stolen = signed({**payload, "keys": [{**payload["keys"][0], "pub": payload["keys"][1]["pub"]}]}, h.roots[:2])
    with pytest.raises(Rejected, match="编号与公钥不符"):
        trust.load([stolen], h.root)


def test_only_listed_keys_can_be_revoked():
    h = house()
    with pytest.raises(Rejected, match="没有要吊销的密钥"):
        trust.extend(h.chain[0], issued_at=T0, signers=h.roots[:2], revoke={"a" * 32: (T0, "x")})


def test_a_key_is_for_one_role_one_time_and_not_once_revoked():
    h = house()
    listed = trust.load(h.chain, h.root)
    center, issuer = h.rows[0]["kid"], h.rows[1]["kid"]
    assert listed.key(center, role="center", at=T0).holder == "center"
    for words, kid, more in (
        ("用途是 center", center, {"role": "issuer"}), ("不在有效期", center, {"at": trust.FOREVER}), ("不在有效期", center, {"at": -1}),
        ("已被吊销", issuer, {}), ("已被吊销", issuer, {"at": T0 + 50}), ("没有密钥", "z" * 32, {}),
    ):
        with pytest.raises(Rejected, match=words) as problem:
            listed.key(kid, **more)
        assert problem.value.code == "key"
    assert listed.key(issuer, at=T0 + 49).kid == issuer, "signed, as is proven, before the revocation"


def test_keys_are_found_by_role_city_and_site():
    h = house()
    listed = trust.load(h.chain, h.root)
    assert [key.holder for key in listed.with_role("person", city="440600", site="440601")] == ["head"]
    assert [key.holder for key in listed.with_role("person")] == ["head"]
    assert listed.with_role("person", city="440100") == []
    assert listed.with_role("person", site="440602") == []
    assert listed.one("center", city="440100").holder == "center"
    assert listed.with_role("issuer") == []
    with pytest.raises(Rejected, match="没有用途为 issuer 的可用密钥"):
        listed.one("issuer")


def test_the_list_wins_over_keys_that_a_record_brings():
    h = house()
    listed = trust.load(h.chain, h.root)
    mine = listed.keys[h.rows[0]["kid"]]
    forged = replace(mine, role="issuer", holder="forger")
    other = replace(mine, kid="x" * 32, role="edge_sign")
    more = listed.including([forged, other])
    assert more.keys[mine.kid] == mine
    assert more.keys["x" * 32] == other
    assert "x" * 32 not in listed.keys


def test_every_payload_begins_with_the_frame_of_its_list():
    listed = trust.load(house().chain, house().root)
    assert listed.frame(7) == {"v": 1, "suite": "intl", "deployment": "粤", "rehearsal": True, "trust_version": 3, "issued_at": 7}
    assert trust.public_bytes(listed.keys[house().rows[0]["kid"]]) == base64url.decode(house().rows[0]["pub"])
