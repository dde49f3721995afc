"""JWS in its one form, the domain of every signature, who must sign, and approvals by two different people."""

import json
from dataclasses import replace

import pytest

from kaopei.parcel import approval, base64url, canonical, ids, jose_header, jws, keyfile, kinds, manifest, signatures
from kaopei.parcel.keyfile import Signer, generate_sign
from kaopei.parcel.rejected import Rejected
from kaopei.parcel.trust import FOREVER
from tests.parcel import records
from tests.parcel.cast import NOW
from tests.parcel.test_whole_chain import chain


def outer(**changes):
    return canonical.encode({**canonical.decode(chain().cert), **changes})


def one(**changes):
    """The certificate's only signature, changed."""
    return [{**canonical.decode(chain().cert)["signatures"][0], **changes}]


def header(**changes):
    fields = {"alg": "Ed25519", "kid": chain().p.signers["issuer"].kid, "typ": "crt1/certificate"}
    return base64url.encode(canonical.encode({name: value for name, value in {**fields, **changes}.items() if value is not None}))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"extra": 1}, "只有 payload 与 signatures"), ({"payload": 5}, "只有 payload"), ({"payload": "=="}, "base64url"),
        ({"signatures": []}, "1 至 8"), ({"signatures": "x"}, "1 至 8"), ({"signatures": [1]}, "条目的字段"),
        ({"signatures": [{"protected": "e30"}]}, "条目的字段"), ({"signatures": [{"protected": 1, "signature": ""}]}, "不是文字"),
        ({"signatures": [{"protected": "e30", "signature": 2}]}, "不是文字"),
    ],
)
def test_another_form_of_a_signed_file_is_refused(changes, words):
    with pytest.raises(Rejected, match=words):
        jws.read(outer(**changes))


@pytest.mark.parametrize(
    "changes",
    [{"crit": ["b64"]}, {"b64": False}, {"jwk": {"kty": "OKP"}}, {"x5c": []}, {"kid": None}, {"typ": None}, {"kid": 5}, {"alg": 1}, {"typ": True}],
)
def test_a_header_with_anything_more_less_or_else_is_refused(changes):
    with pytest.raises(Rejected) as problem:
        jws.read(outer(signatures=one(protected=header(**changes))))
    assert problem.value.code == "header"


@pytest.mark.parametrize("alg", ["none", "HS256", "EdDSA", "ed25519", "SM2"])
def test_no_algorithm_is_negotiated(alg):
    with pytest.raises(Rejected, match="不属于套件"):
        manifest.read("certificate", outer(signatures=one(protected=header(alg=alg))), chain().p.trust)


def test_signatures_stand_once_and_in_order():
    c = chain()
    listed = canonical.decode(c.slip)["signatures"]
    for wrong in (listed[::-1], [listed[0], listed[0]], listed * 3):
        with pytest.raises(Rejected):
            jws.read(canonical.encode({**canonical.decode(c.slip), "signatures": wrong}))
    with pytest.raises(Rejected, match="重复或没有签名人"):
        jws.make("x", b"{}", [])
    with pytest.raises(Rejected, match="重复或没有签名人"):
        jws.make("x", b"{}", [c.p.signers["center"]] * 2)


def test_the_compact_form_is_for_one_signature():
    c = chain()
    assert jws.from_compact(jws.to_compact(c.cert)) == c.cert
    with pytest.raises(Rejected, match="单一签名"):
        jws.to_compact(c.slip)
    for text in ("", "a.b", "a.b.c.d"):
        with pytest.raises(Rejected, match="三段式"):
            jws.from_compact(text)


def test_a_signature_of_one_domain_is_none_of_another():
    c = chain()
    for kind in ("status", "receipt", "pdf"):
        with pytest.raises(Rejected, match="签名用途是"):
            manifest.read(kind, c.cert, c.p.trust)
    with pytest.raises(Rejected, match="签名用途"):
        manifest.cosign("receipt", c.cert, c.p.signers["center"])


def test_kinds_are_known_by_name_and_domain():
    assert manifest.kind_of(chain().cert) == "certificate"
    assert manifest.unverified(chain().cert) == chain().facts
    assert manifest.digest(b"", chain().p.trust).startswith("e3b0c442")
    with pytest.raises(Rejected, match="没有名为"):
        kinds.named("letter")
    with pytest.raises(Rejected, match="不认识的签名用途"):
        kinds.of_domain("x/y")


def test_people_sign_one_after_another_at_different_places():
    c, p = chain(), chain().p
    record = dict(p.edge.payload)
    made = manifest.sign("enrolment", record, [p.signers["zhao"]])
    for name in ("wang", "province_release"):
        made = manifest.cosign("enrolment", made, p.signers[name])
    assert made == p.edge.record
    with pytest.raises(Rejected, match="已有这个人的签名"):
        manifest.cosign("enrolment", made, p.signers["wang"])
    assert c.p.edge.record == made


@pytest.mark.parametrize(
    ("signers", "words"),
    [
        (["center"], "签名人不符合"), (["issuer", "center"], "签名人不符合"), (["clerk"], "签名人不符合"), (["status"], "签名人不符合"),
    ],
)
def test_exactly_the_required_roles_sign(signers, words):
    p = chain().p
    forged = manifest.sign("certificate", chain().facts, [p.signers[name] for name in signers])
    with pytest.raises(Rejected, match=words):
        manifest.read("certificate", forged, p.trust)


def test_a_person_needs_the_duty_and_two_signatures_need_two_people():
    c, p = chain(), chain().p
    for people in (("head", "clerk"), ("clerk", "patrol"), ("head", "head")):
        signers = [Signer(p.edge_sign), *(p.signers[name] for name in dict.fromkeys(people))]
        forged = c.back_draft[0]
        data = signatures.sign("return_parcel", forged, signers)
        with pytest.raises(Rejected, match="签名人不符合"):
            signatures.read("return_parcel", data, c.p.trust.including([p.edge.sign]))
    twin = Signer(generate_sign())
    key = p.trust.keys[p.signers["custodian1"].kid]
    doubled = p.trust.including([replace(key, kid=twin.kid, pub=keyfile.public(twin.key))])
    payload = {**p.trust.frame(NOW), "package_id": c.sealed.package_id, "manifest_hash": "0" * 64, "log": None}
    data = manifest.sign("seal_proof", payload, [p.signers["custodian1"], twin])
    with pytest.raises(Rejected, match="不同的人"):
        manifest.read("seal_proof", data, doubled)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"suite": "gm"}, "suite"), ({"deployment": "桂"}, "deployment"), ({"rehearsal": False}, "rehearsal"), ({"trust_version": 2}, "trust-old"),
        ({"issued_at": FOREVER}, "key"), ({"v": 2}, "version"), ({"cert_id": 5}, "schema"),
    ],
)
def test_a_payload_of_another_system_time_or_version_is_refused(changes, code):
    p = chain().p
    payload = canonical.encode({**chain().facts, **changes})
    data = jws.make("crt1/certificate", payload, [p.signers["issuer"]]).to_bytes()
    with pytest.raises(Rejected) as problem:
        manifest.read("certificate", data, p.trust)
    assert problem.value.code == code


def test_a_proven_time_of_signature_decides_about_a_revoked_key():
    p = chain().p
    kid = p.signers["issuer"].kid
    listed = replace(p.trust, keys={**p.trust.keys, kid: replace(p.trust.keys[kid], revoked_since=NOW + 100)})
    assert manifest.read("certificate", chain().cert, listed, at=NOW + 99)
    for at in (None, NOW + 100):
        with pytest.raises(Rejected, match="已被吊销"):
            manifest.read("certificate", chain().cert, listed, at=at)
    late = replace(p.trust, keys={**p.trust.keys, kid: replace(p.trust.keys[kid], not_after=NOW)})
    with pytest.raises(Rejected, match="不在有效期内"):
        manifest.read("certificate", chain().cert, late)


@pytest.mark.parametrize(("field", "mine", "words"), [("city", "440100", "city=440100"), ("site", "440699", "site=440699")])
def test_a_key_of_one_city_or_site_signs_nothing_elsewhere(field, mine, words):
    c = chain()
    kid = c.p.signers["center"].kid
    listed = replace(c.p.trust, keys={**c.p.trust.keys, kid: replace(c.p.trust.keys[kid], **{field: mine})})
    with pytest.raises(Rejected, match=words):
        signatures.read("seal_order", c.order_file, listed)


# ── approvals ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


ASK = {"action": "results.release", "object": "RS-1", "digest": "a" * 64}


def approved(name="chen", *, requester="clerk", role="approver", rev=1, nonce=None, **changes):
    p = chain().p
    asked = {**ASK, **changes}
    args = (p.trust, asked["action"], asked["object"], rev, asked["digest"], requester, p.signers[name], role)
    return approval.make(*args, nonce or ids.nonce(), NOW + 3600, NOW)


def test_an_approval_holds_for_exactly_what_was_shown():
    p = chain().p
    made = approved()
    assert approval.check(made, p.trust, **ASK, at=NOW, requester="clerk", rev=1)["approver"] == "chen"
    assert approval.claims(made)["object"] == "RS-1"
    for changes in ({"action": "x"}, {"object": "RS-2"}, {"digest": "b" * 64}, {"requester": "li"}, {"rev": 2}):
        with pytest.raises(Rejected, match="不符"):
            approval.check(made, p.trust, **{**ASK, "at": NOW, **changes})


@pytest.mark.parametrize("at", [NOW - 1, NOW + 3601])
def test_an_approval_has_its_time(at):
    with pytest.raises(Rejected, match="有效时间"):
        approval.check(approved(), chain().p.trust, **ASK, at=at)


def test_nobody_approves_his_own_request():
    with pytest.raises(Rejected, match="自己提出"):
        approved("chen", requester="chen")
    p = chain().p
    payload = {**approval.claims(approved()), "requester": "chen"}
    forged = canonical.decode_object(signatures.sign("approval", payload, [p.signers["chen"]]))
    with pytest.raises(Rejected, match="批准人就是申请人"):
        approval.check(forged, p.trust, **ASK, at=NOW)


def test_the_approver_is_who_signed_and_has_the_duty():
    p = chain().p
    forged = canonical.decode_object(signatures.sign("approval", approval.claims(approved()), [p.signers["li"]]))
    with pytest.raises(Rejected, match="不是签名人"):
        approval.check(forged, p.trust, **ASK, at=NOW)
    with pytest.raises(Rejected, match="没有 head 的职责"):
        approval.check(approved(role="head"), p.trust, **ASK, at=NOW)
    with pytest.raises(Rejected, match="签名人不符合"):
        payload = {**approval.claims(approved()), "approver": "center"}
        approval.check(canonical.decode_object(signatures.sign("approval", payload, [p.signers["center"]])), p.trust, **ASK, at=NOW)


def test_two_different_people_approve_with_two_records():
    p = chain().p
    pair = [approved("chen"), approved("li")]
    assert approval.two(pair, p.trust, **ASK, at=NOW) == ["chen", "li"]
    same = ids.nonce()
    for wrong in (pair[:1], [pair[0], pair[0]], [approved("chen"), approved("chen")], [*pair, approved("wang", role="acceptor")]):
        with pytest.raises(Rejected, match="两个不同的人"):
            approval.two(wrong, p.trust, **ASK, at=NOW)
    with pytest.raises(Rejected, match="随机数相同"):
        approval.two([approved("chen", nonce=same), approved("li", nonce=same)], p.trust, **ASK, at=NOW)


def test_kinds_without_approvals_have_none_inside():
    p = chain().p
    assert approval.inside(kinds.named("certificate"), chain().facts, p.trust, None) == []
    assert manifest.read_signed("certificate", chain().cert, p.trust).approvers == ()
    assert set(manifest.read_signed("seal_order", chain().order_file, p.trust).approvers) == {"chen", "li"}


def test_a_wrapped_key_has_exactly_its_header():
    with pytest.raises(Rejected, match="五段式"):
        jose_header.check_jwe("a.b.c", {}, extra=set())
    head = base64url.encode(json.dumps(["alg"]).encode())
    with pytest.raises(Rejected, match="不在允许的名单内"):
        jose_header.check_jwe(f"{head}....", {}, extra=set())


def test_an_approval_of_the_draws_record_must_fit_it():
    p = chain().p
    good = records.protocol(p)
    payload = manifest.unverified(good)
    forged = manifest.sign("protocol", {**payload, "seed": "9" * 64}, [p.signers["center"]])
    with pytest.raises(Rejected, match="批准记录的 digest 不符"):
        manifest.read("protocol", forged, p.trust)
