"""One sitting through all parcels, and each of them refused after any changed bit."""

import json
import random
from functools import cache
from types import SimpleNamespace

import pytest

from kaopei.parcel import (
    approval,
    certificate,
    enrolment,
    exam_parcel,
    key_release,
    key_share,
    manifest,
    outcomes,
    receipt,
    return_parcel,
    roster,
    seal_order,
    seating,
    shares,
    trust,
)
from kaopei.parcel.keyfile import Signer
from kaopei.parcel.rejected import Rejected
from tests.parcel import cast
from tests.parcel.cast import CITY, NOW, SITE, SITTING

SUBJECTS = [{"subject": "低压电工作业", "bank_version": "1", "policy": {}}]
CHALLENGE = shares.challenge("012345678901")


@cache
def chain() -> SimpleNamespace:
    p = cast.found()
    rows = [cast.row(n) for n in range(3)]
    order_draft = seal_order.draft(
        p.trust, at=NOW, order_id="SO-1", sitting_id=SITTING, city=CITY, site_code=SITE, form_set="A", window=cast.WINDOW,
        attempts=[{"attempt": r["attempt"], "subject": r["subject"]} for r in rows], roster_hash=roster.root(rows), edges=[p.edge],
        officers=[], policy=cast.POLICY,
    )
    digest = approval.digest_of(order_draft, p.trust)
    order_file = seal_order.sign(order_draft, p.approvals("seal_order.issue", "SO-1", digest), p.signers["center"])
    order, edges = seal_order.read(order_file, p.trust)
    contents = [("item", "b1", "试题一".encode()), ("key", "k1", b"A"), *(("form", r["attempt"], b"{}") for r in rows)]
    sealed = exam_parcel.build(order, edges, contents, p.custodians, p.trust, at=NOW, subjects=SUBJECTS)
    parcel = exam_parcel.Parcel(sealed.parcel, p.trust)
    body = {
        "sitting_id": SITTING, "rev": 1, "prev_hash": None, "package_id": sealed.package_id, "city": CITY, "site_code": SITE,
        "room": "", "rooms": [], "exam": {"title": "理论考试", "date": "2026-12-07", "start": "09:00", "end": "11:00"}, "roster": rows,
        "staff": [], "baseline": {"rev": 1, "devices": []}, "numbers": {}, "trust_chain": [],
    }
    signed = p.approvals("seating.issue", SITTING, seating.body_hash(body))
    seats = seating.seal(body, signed, p.signers["center"], [p.edge], p.trust, at=NOW)
    shares_read = {name: key_share.read(data, p.trust) for name, data in sealed.shares.items()}
    share_a = key_share.take(shares_read["A"], p.trust.algorithms)
    share_b = key_share.take(shares_read["B"], p.trust.algorithms, *p.openers["key_service_decrypt"])
    share_c = key_share.take(shares_read["C"], p.trust.algorithms)
    share_r2 = key_share.take(shares_read["R2"], p.trust.algorithms, *p.openers["key_service_decrypt"])
    released = p.approvals("key.release", sealed.package_id, parcel.manifest_hash)
    token = key_release.make(
        p.trust, parcel, p.edge, share_b, released, p.signers["key_service"], at=NOW, stage=1, challenge=CHALLENGE, log_seq=1
    )
    back_draft = return_parcel.draft(
        p.trust, p.edge, {"answers": b"[]", "attempts": b"[]", "events": b"", "ledger": b""}, at=NOW, bundle_id="RB-1", rev=1, prev_hash=None,
        sitting_id=SITTING, package_id=sealed.package_id, manifest_hash=parcel.manifest_hash, tokens=[json.loads(token)], counts={"present": 3},
        ledger={"origin": "edge.440600.440601/EDGE-1/2026", "from": 0, "size": 1, "root": "0" * 64, "checkpoint": ""},
        edge_outcomes="later",
    )
    back = return_parcel.finish(*back_draft, [Signer(p.edge_sign), p.signers["head"], p.signers["patrol"]])
    returned = return_parcel.Returned(back, p.trust)
    results = [{"attempt": r["attempt"], "subject": r["subject"], "score": 88, "max_score": 100, "answered": 95, "detail": {}} for r in rows]
    scored = outcomes.seal(
        p.trust, returned.payload, returned.hash, at=NOW, results=results, form_digests={r["attempt"]: "1" * 64 for r in rows},
        signers=[p.signers["outcomes"], *p.custodians], city=CITY,
    )
    slip = receipt.sign(
        p.trust, returned.payload, returned.hash, [p.signers[name] for name in ("center", "city_witness", "province_mirror")], at=NOW
    )
    facts = {
        **p.trust.frame(NOW), "cert_id": "C1", "number": "440600-2026-000001", "name": "𠮷㛃", "id_last4": "123X",
        "id_commit": rows[0]["id_commit"], "subject": "低压电工作业", "category": "电工作业", "kind": "复审", "issued_on": "2026-12-20",
        "valid_from": "2026-12-20", "valid_to": "2032-12-19", "review_by": "2029-12-19", "outcomes_digest": "2" * 64,
        "roster_leaf": roster.leaf(rows[0]), "event": {"origin": "center", "seq": 7}, "previous": None,
    }
    cert = certificate.sign(facts, p.signers["issuer"])
    pdf = certificate.seal_pdf(b"%PDF-1.7\nsome page\n%%EOF", cert, p.signers["issuer"], p.trust, at=NOW)
    return SimpleNamespace(**locals())


def edge_key(c):
    return c.p.edge.decrypt.kid, c.p.edge_key


def test_the_chain_ends_in_a_certificate_that_holds():
    c = chain()
    assert seating.open(c.seats, c.p.trust, *edge_key(c))["roster"] == c.rows
    _payload, share = key_release.take(c.token, c.p.trust, c.parcel, *edge_key(c), stage=1, challenge=CHALLENGE)
    secrets = c.parcel.unlock(c.share_a, share, *edge_key(c))
    assert c.parcel.blob("item", "b1", secrets).decode() == "试题一"
    with pytest.raises(Rejected, match="还没有启用"):
        c.parcel.blob("key", "k1", secrets)
    both = c.parcel.unlock_keys(secrets, c.share_r2, *edge_key(c))
    assert c.parcel.blob("key", "k1", both) == b"A"
    assert c.parcel.ids("item") == ["b1"]
    assert set(c.returned.contents(*c.p.openers["vault_import"])) == {"answers"}
    assert set(c.returned.contents(*c.p.openers["city_import"])) == {"answers", "attempts", "events", "ledger"}
    assert outcomes.open(c.scored, c.p.trust, *c.p.openers["city_import"])[1]["results"] == c.results
    assert receipt.read(c.slip, c.p.trust)["hash"] == c.returned.hash
    assert certificate.check_pdf(c.pdf, c.p.trust) == c.facts
    assert certificate.read_qr(certificate.qr_text(c.cert), c.p.trust) == c.facts


READERS = {
    "order_file": lambda c, d: seal_order.read(d, c.p.trust),
    "seats": lambda c, d: seating.check(d, c.p.trust),
    "token": lambda c, d: key_release.take(d, c.p.trust, c.parcel, *edge_key(c), stage=1, challenge=CHALLENGE),
    "back": lambda c, d: return_parcel.check(d, c.p.trust),
    "scored": lambda c, d: outcomes.check(d, c.p.trust),
    "slip": lambda c, d: receipt.read(d, c.p.trust),
    "cert": lambda c, d: certificate.read(d, c.p.trust),
    "pdf": lambda c, d: certificate.check_pdf(d, c.p.trust),
    "sealed.parcel": lambda c, d: exam_parcel.check(d, c.p.trust),
}


def bytes_of(c, name):
    return c.sealed.parcel if name == "sealed.parcel" else getattr(c, name)


@pytest.mark.parametrize("name", READERS)
def test_any_changed_bit_is_refused(name):
    """Every byte of small artefacts, a spread of the large ones; each with a bit of the letter case and two others."""
    c = chain()
    good = bytes_of(c, name)
    READERS[name](c, good)
    places = range(len(good)) if len(good) < 1500 else random.Random(1).sample(range(len(good)), 500)
    for at in places:
        spoiled = bytearray(good)
        spoiled[at] ^= random.Random(at).choice((1, 2, 0x20, 0x80))
        with pytest.raises(Rejected):
            READERS[name](c, bytes(spoiled))


@pytest.mark.parametrize("name", READERS)
def test_cut_off_and_lengthened_files_are_refused(name):
    c = chain()
    good = bytes_of(c, name)
    for spoiled in (b"", good[:1], good[: len(good) // 2], good[:-1], good + b"\n", good + b"\x00", b"\xff" * 40, good + good):
        with pytest.raises(Rejected):
            READERS[name](c, spoiled)


def test_a_changed_letter_in_a_qr_is_refused():
    c = chain()
    text = certificate.qr_text(c.cert)
    for at in range(len(text)):
        spoiled = text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]
        with pytest.raises(Rejected):
            certificate.read_qr(spoiled, c.p.trust)


def test_only_the_head_with_another_share_on_the_enrolled_machine_opens():
    c = chain()
    a, b, third = c.share_a, c.share_b, c.share_c
    other = cast.found()
    for first, second, kid, key in [
        (b, third, *edge_key(c)), (a, a, *edge_key(c)), (a, b, other.edge.decrypt.kid, other.edge_key), (a, b, c.p.edge.decrypt.kid, other.edge_key),
        (a, shares.Share(2, b"\0" * 16), *edge_key(c)),
    ]:
        with pytest.raises(Rejected):
            c.parcel.unlock(first, second, kid, key)
    for second in (b, third):
        secrets = c.parcel.unlock(a, second, *edge_key(c))
        assert c.parcel.blob("form", "K00000", secrets) == b"{}"


def test_the_answer_keys_need_the_second_secret():
    c = chain()
    secrets = c.parcel.unlock(c.share_a, c.share_b, *edge_key(c))
    with pytest.raises(Rejected):
        c.parcel.unlock_keys(secrets, shares.Share(0, b"\1" * 16), *edge_key(c))


@pytest.mark.parametrize(("stage", "challenge"), [(2, CHALLENGE), (1, shares.challenge("999999999999"))])
def test_a_token_for_another_stage_or_boot_is_refused(stage, challenge):
    c = chain()
    with pytest.raises(Rejected, match="密钥令牌"):
        key_release.take(c.token, c.p.trust, c.parcel, *edge_key(c), stage=stage, challenge=challenge)


@pytest.mark.parametrize("by", [("chen", "chen"), ("chen",), ("chen", "wang")])
def test_an_order_needs_two_different_approvers(by):
    c = chain()
    signed = c.p.approvals("seal_order.issue", "SO-1", c.digest, by=by)
    if by == ("chen", "wang"):
        assert seal_order.read(seal_order.sign(c.order_draft, signed, c.p.signers["center"]), c.p.trust)
        return
    with pytest.raises(Rejected):
        seal_order.read(seal_order.sign(c.order_draft, signed, c.p.signers["center"]), c.p.trust)


def test_approvals_of_other_bytes_are_refused():
    c = chain()
    signed = c.p.approvals("seal_order.issue", "SO-1", "0" * 64)
    with pytest.raises(Rejected, match="批准记录"):
        seal_order.read(seal_order.sign(c.order_draft, signed, c.p.signers["center"]), c.p.trust)


def test_files_of_another_province_are_refused():
    c, other = chain(), cast.found()
    for name, reader in READERS.items():
        if name != "token":
            foreign = SimpleNamespace(p=other, parcel=c.parcel)
            with pytest.raises(Rejected):
                reader(foreign, bytes_of(c, name))


def test_a_record_signed_by_one_person_twice_is_refused():
    c = chain()
    p = c.p
    with pytest.raises(Rejected):
        enrolment.accept(p.edge.payload["request"].encode(), p.trust, accepted_by=["wang", "wang"], not_before=0, not_after=1, at=NOW)
    record = dict(p.edge.payload)
    with pytest.raises(Rejected):
        enrolment.read(manifest.sign("enrolment", record, [p.signers["wang"], p.signers["province_release"]]), p.trust)


def test_a_key_in_a_file_is_refused_outside_rehearsals():
    with pytest.raises(Rejected, match="硬件"):
        cast.found(rehearsal=False)


def test_a_list_of_a_rehearsal_may_be_unpinned_and_a_real_one_not():
    c = chain()
    assert not trust.load([c.p.data], None).pinned
    with pytest.raises(Rejected, match="根指纹不符"):
        trust.load([c.p.data], "0" * 64)


def test_no_plain_text_in_the_sealed_parcel():
    c = chain()
    for text in ("试题一".encode(), "试题一".encode("utf-16-le"), "试题一".encode("utf-16-be")):
        assert text not in c.sealed.parcel
