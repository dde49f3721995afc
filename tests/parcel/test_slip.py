"""A slip: who signs it, what it binds, how large it is, and that nothing of it can be changed."""

import random
from functools import cache
from types import SimpleNamespace

import pytest

from kaopei.ledger import tree
from kaopei.parcel import checking, container, ids, medium, shares, slip
from kaopei.parcel.keyfile import Signer
from kaopei.parcel.rejected import Rejected
from tests.parcel import cast
from tests.parcel.cast import NOW, SITTING

PACKAGE = ids.uuid7(NOW)
COUNTS = {"roster": 200, "present": 190, "absent": 9, "refused": 1, "opened": 190, "closed": 190, "expected": 0, "events": 28_500}
ORIGIN = "edge.440600.440601/440601-E1/2026"


@cache
def world() -> SimpleNamespace:
    p = cast.found()
    proof = [f"{n:064x}" for n in range(25)]
    return SimpleNamespace(p=p, proof=proof, text=made(p, proof), other=cast.found())


def made(p, proof=(), kind=slip.CLOSE, **more) -> str:
    facts = {
        "at": NOW, "kind": kind, "sitting_id": SITTING, "package_id": PACKAGE, "boot_id": "1e9bbf5a-8b54-4a9c-8e1c-0a3e3b7c2f11",
        "token_time": NOW + 8000, "origin": ORIGIN, "size": 2**24 - 1, "root": "ab" * 32, "since": 2**23 + 1, "proof": proof, "counts": COUNTS,
    } | more  # fmt: skip
    return slip.make(p.trust, p.edge, Signer(p.edge_sign), **facts)


def approved(p, text, head="head", second="patrol", roles=("head", "patroller")) -> list[dict]:
    said = zip((head, second), roles, strict=True)
    return [slip.approve(text, p.trust, SITTING, "EDGE-1", p.signers[who], role=role, nonce=ids.nonce(), at=NOW + 5) for who, role in said]


def whole(p, text, proof=()) -> bytes:
    return slip.pack(text, approved(p, text), list(proof), p.edge.record)


def test_a_closing_slip_holds_and_fits_into_one_code_at_the_largest_size():
    w = world()
    assert len(w.text) <= slip.LARGEST_QR
    found = slip.read(whole(w.p, w.text, w.proof), w.p.trust)
    assert found.payload["counts"] == COUNTS
    assert found.approvers == ("head", "patrol")
    assert checking.check(found.data, w.p.trust).kind == "slip"


def test_it_comes_back_from_scanned_codes_in_any_order():
    w = world()
    frames = slip.second(approved(w.p, w.text), w.proof)
    texts = [*frames, w.text, frames[0]]
    random.Random(3).shuffle(texts)
    assert slip.signed_by(texts) == w.p.edge.sign.kid
    assert slip.read(slip.gather(texts, w.p.edge.record), w.p.trust).payload["size"] == 2**24 - 1
    for bad, why in (([*frames], "有且只有一个"), ([w.text, *frames[1:]], "还缺第"), ([w.text, *medium.frames(b"[]")], "小条的第二个二维码")):
        with pytest.raises(Rejected, match=why):
            slip.gather(bad, w.p.edge.record)
    assert slip.gather([w.text], w.p.edge.record) == slip.pack(w.text, [], [], w.p.edge.record), "the machine's word alone, as a gate slip"
    with pytest.raises(Rejected, match="不是小条的批准记录"):
        slip.gather([w.text, *medium.frames(b'{"approvals":[]}')], w.p.edge.record)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"second": "head"}, "出自不同的人|两个不同的人"),
        ({"second": "chen", "roles": ("head", "approver")}, "须由考点负责人与巡考员"),
        ({"roles": ("head", "invigilator")}, "没有 invigilator 的职责"),
        ({"head": "patrol", "second": "head", "roles": ("patroller", "head")}, ""),
    ],
)
def test_only_the_head_and_the_patroller_close(more, why):
    w = world()
    roles = more.get("roles", ("head", "head") if more.get("second") == "head" else ("head", "patroller"))
    signed = approved(w.p, w.text, **{**more, "roles": roles})
    data = slip.pack(w.text, signed, w.proof, w.p.edge.record)
    if not why:
        assert set(slip.read(data, w.p.trust).approvers) == {"head", "patrol"}
        return
    with pytest.raises(Rejected, match=why):
        slip.read(data, w.p.trust)


def test_approvals_of_another_slip_or_none_close_nothing():
    w = world()
    other = made(w.p, w.proof, size=5)
    for signed, why in ((approved(w.p, other), "批准记录的 digest"), ([], "还没有两人签署"), (approved(w.p, w.text)[:1], "还没有两人签署")):
        with pytest.raises(Rejected, match=why):
            slip.read(slip.pack(w.text, signed, w.proof, w.p.edge.record), w.p.trust)


def test_a_gate_slip_is_the_machines_word_alone():
    w = world()
    text = made(w.p, kind=slip.GATE, challenge=shares.challenge("012345678901"), flags={"room": True}, counts={})
    found = slip.read(slip.pack(text, [], [], w.p.edge.record), w.p.trust)
    assert found.payload["challenge"] and found.approvers == ()
    with pytest.raises(Rejected, match="只有收场小条"):
        slip.read(slip.pack(text, approved(w.p, text), [], w.p.edge.record), w.p.trust)


def test_a_slip_of_another_province_or_machine_is_refused():
    w = world()
    theirs = made(w.other, w.proof)
    for text, record in ((theirs, w.p.edge.record), (w.text, w.other.edge.record)):
        with pytest.raises(Rejected):
            slip.read(slip.pack(text, approved(w.p, w.text), w.proof, record), w.p.trust)
    # Signed by the right key, but in the name of another machine of the site.
    lying = enrolled_as(w.p, "EDGE-9")
    with pytest.raises(Rejected, match="edge_serial"):
        slip.read(whole(w.p, lying), w.p.trust)


def enrolled_as(p, serial):
    from dataclasses import replace

    edge = replace(p.edge, payload={**p.edge.payload, "edge_serial": serial})
    facts = {"at": NOW, "kind": slip.CLOSE, "sitting_id": SITTING, "package_id": PACKAGE, "boot_id": "b", "token_time": NOW, "origin": ORIGIN}
    return slip.make(p.trust, edge, Signer(p.edge_sign), **facts, size=1, root="00" * 32, since=0, proof=[])


def test_any_changed_bit_is_refused():
    w = world()
    good = whole(w.p, w.text, w.proof)
    slip.read(good, w.p.trust)
    for at in random.Random(1).sample(range(len(good)), 120):
        spoiled = bytearray(good)
        spoiled[at] ^= random.Random(at).choice((1, 2, 0x20, 0x80))
        with pytest.raises(Rejected):
            slip.read(bytes(spoiled), w.p.trust)
    for spoiled in (b"", good[:-1], good + b"\n", good + good):
        with pytest.raises(Rejected):
            slip.read(spoiled, w.p.trust)
    assert not slip.is_slip(good[:-1]) and not slip.is_slip(b"[]")


def test_a_slip_too_long_for_one_code_is_not_made():
    w = world()
    with pytest.raises(Rejected, match="放不进一个二维码"):
        made(w.p, w.proof, counts={f"count{n}": n for n in range(80)})


def test_a_person_of_another_site_signs_nothing_here(monkeypatch):
    w = world()
    data = whole(w.p, w.text, w.proof)
    from dataclasses import replace

    keys = {kid: replace(key, site="999999") if key.holder == "patrol" else key for kid, key in w.p.trust.keys.items()}
    with pytest.raises(Rejected, match="不是本考试点的人"):
        slip.read(data, replace(w.p.trust, keys=keys))


@pytest.mark.parametrize("old", [1, 2, 3, 200, 255, 256])
def test_the_proof_is_the_trees_own(old):
    hashes = [tree.leaf_hash(bytes([n % 256, n // 256])) for n in range(256)]
    proof = [one.hex() for one in tree.consistency_proof(hashes, old)]
    assert tree.verify_consistency(old, 256, tree.root(hashes[:old]), tree.root(hashes), [bytes.fromhex(one) for one in proof])
    assert container.is_container(b"") is False
