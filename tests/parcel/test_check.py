"""What any file is, without opening it; and every way in which a parcel of one sitting may be wrong."""

import json
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kaopei.parcel import (
    approval,
    base64url,
    canonical,
    certificate,
    checking,
    container,
    enrolment,
    envelope,
    exam_parcel,
    ids,
    jws,
    key_release,
    key_share,
    keyfile,
    manifest,
    outcomes,
    return_parcel,
    roster,
    seal_order,
    seating,
    shares,
    suites,
    trust,
)
from kaopei.parcel.keyfile import Signer
from kaopei.parcel.rejected import Rejected
from tests.parcel import cast, records
from tests.parcel.cast import CITY, NOW, SITE, SITTING
from tests.parcel.test_whole_chain import CHALLENGE, SUBJECTS, chain, edge_key


def files():
    c = chain()
    return {
        "seal_order": c.order_file, "exam_parcel": c.sealed.parcel, "seating": c.seats, "key_share": c.sealed.shares["A"], "key_release": c.token,
        "return_parcel": c.back, "outcomes": c.scored, "receipt": c.slip, "certificate": c.cert, "status": records.status_list(c.p),
        "enrolment": c.p.edge.record, "request": c.p.edge.payload["request"].encode(), "freeze": records.freeze(c.p),
        "protocol": records.protocol(c.p), "trust": c.p.data,
        "approval": canonical.encode(c.p.approvals("results.release", "RS-1", "8" * 64)[0]),
        "commitment": canonical.encode(records.commitment(c.p, "party1")),
    }


@pytest.mark.parametrize("kind", files())
def test_every_kind_is_told_from_its_bytes(kind):
    found = checking.check(files()[kind], chain().p.trust)
    assert found.kind == kind
    assert found.title and found.payload


def test_a_certificate_is_one_in_all_its_forms():
    c = chain()
    for data in (c.cert, c.pdf, certificate.qr_text(c.cert).encode(), certificate.qr_text(c.cert).encode() + b"\n"):
        assert checking.check(data, c.p.trust).payload == c.facts
        assert certificate.read_any(data, c.p.trust) == (c.facts, c.cert)


def test_a_sealed_share_of_the_key_service_stays_closed_and_a_printed_one_is_recomputed():
    c = chain()
    assert checking.check(c.sealed.shares["B"], c.p.trust).kind == "key_share"
    payload = manifest.unverified(c.sealed.shares["A"])
    wrong = shares.to_digits(shares.Share(1, bytes(16)))
    forged = manifest.sign("key_share", {**payload, "share": {**payload["share"], "digits": wrong}}, c.p.custodians)
    with pytest.raises(Rejected, match="与它的承诺不符"):
        checking.check(forged, c.p.trust)


def test_a_container_without_a_known_manifest_is_no_parcel():
    c = chain()
    for entries in ([("other", b"x")], [("manifest.jws", c.cert)], [("manifest.jws", c.slip), ("keys.jwe", b"{}")]):
        with pytest.raises(Rejected):
            checking.check(container.write(entries), c.p.trust)


def test_trust_lists_of_the_chain_hold_and_forks_do_not():
    p = chain().p
    key = trust.entry(keyfile.public(keyfile.generate_sign()), "status", "status2")
    data, root, roots = trust.found(deployment="粤", rehearsal=True, issued_at=1, keys=[key])
    second = trust.extend(data, issued_at=2, signers=roots[:2])
    listed = trust.load([second], root)
    assert checking.check(second, listed).kind == "trust"
    assert checking.check(data, listed).payload["version"] == 1, "an older list by the same roots"
    other = trust.extend(data, issued_at=3, signers=roots[:2])
    with pytest.raises(Rejected, match="不在现用名单的链上"):
        checking.check(other, listed)
    with pytest.raises(Rejected):
        checking.check(p.data, listed)
    assert [checking.is_trust(one) for one in (data, b"{}", b"[]", b"x", p.edge.record)] == [True, False, False, False, False]


@pytest.mark.slow
@given(st.sampled_from(sorted(files())), st.data())
@settings(max_examples=250, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_whatever_is_done_to_a_file_ends_in_a_verdict(kind, chance):
    """Cuts, insertions, repetitions and foreign pieces: never another exception, never a changed file that holds."""
    good = files_once()[kind]
    at, end = sorted((chance.draw(st.integers(0, len(good))), chance.draw(st.integers(0, len(good)))))
    piece = chance.draw(st.one_of(st.binary(max_size=8), st.sampled_from([b'"', b"{", b"\\u0000", b"PK\x03\x04", b"KP1:", b"%PDF-", good[at:end]])))
    data = good[:at] + piece + good[chance.draw(st.sampled_from([at, end])) :]
    if data == good:
        return
    with pytest.raises(Rejected):
        checking.check(data, chain().p.trust)


FILES: dict[str, bytes] = {}


def files_once():
    if not FILES:
        FILES.update(files())
    return FILES


# ── certificates ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_pdf_says_what_is_wrong_with_it():
    c, listed = chain(), chain().p.trust
    mark = c.pdf.rindex(certificate.MARK)
    bare = certificate.seal_pdf(b"%PDF-1.7\n", None, c.p.signers["issuer"], listed, at=NOW)
    for data, words in (
        (b"%PDF-1.7\n%%EOF\n", "没有封签"), (c.pdf[1:], "没有封签"), (c.pdf[:mark] + certificate.MARK + b"\xff\n", "封签有误"),
        (c.pdf[:mark] + b" " + c.pdf[mark:], "不符"), (c.pdf[:-1], "不符"), (bare, "不是证书"),
    ):
        with pytest.raises(Rejected, match=words):
            certificate.check_pdf(data, listed)
    with pytest.raises(Rejected, match="KP1:"):
        certificate.from_qr("https://example.org/KP1:")


def test_a_pdf_without_a_last_line_feed_gets_one():
    c = chain()
    for body in (b"%PDF-1.7\nx", b"%PDF-1.7\nx\n"):
        sealed = certificate.seal_pdf(body, c.cert, c.p.signers["issuer"], c.p.trust, at=NOW)
        assert certificate.check_pdf(sealed, c.p.trust) == c.facts


# ── machines ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def ask(p, **changes):
    fields = {
        "edge_serial": "EDGE-2", "function": "primary", "city": CITY, "site_code": SITE, "sign_key": keyfile.generate_sign(),
        "decrypt_key": keyfile.generate_decrypt(), "keystore": "file", "software": {"version": "0.1.0", "hash": "0" * 64}, "at": NOW,
    }
    return enrolment.ask(p.trust, **{**fields, **changes})


def test_a_machine_proves_both_its_keys():
    p = chain().p
    request = ask(p)
    verifier = p.openers["key_service_decrypt"][1]
    assert enrolment.read_request(request, p.trust, verifier)["edge_serial"] == "EDGE-2"
    with pytest.raises(Rejected, match="没有证明持有解密密钥"):
        enrolment.read_request(request, p.trust, keyfile.generate_decrypt())
    payload = canonical.decode_object(base64url.decode(json.loads(request)["payload"]))
    stranger = Signer(keyfile.generate_sign())
    resigned = jws.make(enrolment.REQUEST, canonical.encode(payload), [stranger]).to_bytes()
    with pytest.raises(Rejected, match="不是由申请中的签名密钥"):
        enrolment.read_request(resigned, p.trust)


@pytest.mark.parametrize("what", ["signature", "deployment", "keystore"])
def test_a_request_of_elsewhere_or_without_hardware_is_refused(what):
    p = chain().p
    key = keyfile.generate_sign()
    request = ask(p, sign_key=key)
    listed = p.trust
    if what == "signature":
        outer = json.loads(request)
        outer["signatures"][0]["signature"] = base64url.encode(bytes(64))
        request = canonical.encode(outer)
    elif what == "deployment":
        listed = replace(listed, deployment="桂")
    else:
        payload = canonical.decode_object(base64url.decode(json.loads(request)["payload"]))
        request = jws.make(enrolment.REQUEST, canonical.encode({**payload, "rehearsal": False}), [Signer(key)]).to_bytes()
        listed = replace(listed, rehearsal=False)
    with pytest.raises(Rejected) as problem:
        enrolment.read_request(request, listed)
    assert problem.value.code == what


def record(p, **changes):
    draft = enrolment.accept(ask(p), p.trust, accepted_by=["wang", "zhao"], not_before=NOW, not_after=NOW + 100, at=NOW)
    return manifest.sign("enrolment", {**draft, **changes}, [p.signers[name] for name in ("wang", "zhao", "province_release")])


def test_a_record_names_those_who_signed_and_fits_its_request():
    p = chain().p
    assert enrolment.read(record(p), p.trust, at=NOW).payload["edge_serial"] == "EDGE-2"
    assert len(enrolment.digest(p.edge)) == 64
    for changes, words in (({"accepted_by": ["wang", "chen"]}, "验收人不是签名的人"), ({"site_code": "440699"}, "与其中的申请不符")):
        with pytest.raises(Rejected, match=words):
            enrolment.read(record(p, **changes), p.trust)
    for at in (NOW - 1, NOW + 100):
        with pytest.raises(Rejected, match="不在有效期内"):
            enrolment.read(record(p), p.trust, at=at)


# ── orders, papers, seats ─────────────────────────────────────────────────────────────────────────────────────────────────


def order(**changes):
    c = chain()
    fields = {
        "order_id": "SO-9", "sitting_id": SITTING, "city": CITY, "site_code": SITE, "form_set": "A", "window": cast.WINDOW,
        "attempts": [{"attempt": "K00000", "subject": "低压电工作业"}], "roster_hash": roster.root(c.rows), "edges": [c.p.edge], "officers": [],
        "policy": cast.POLICY,
    }
    return seal_order.draft(c.p.trust, at=NOW, **{**fields, **changes})


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"attempts": []}, "没有考生"), ({"attempts": [{"attempt": "K1", "subject": "x"}] * 2}, "出现两次"), ({"edges": []}, "没有考试服务器"),
        ({"window": {**cast.WINDOW, "end_latest": NOW}}, "时间窗"),
    ],
)
def test_an_order_that_cannot_be_carried_out_is_not_drafted(changes, words):
    with pytest.raises(Rejected, match=words):
        order(**changes)


def sign_order(payload):
    p = chain().p
    signed = p.approvals("seal_order.issue", payload["order_id"], approval.digest_of(payload, p.trust))
    return seal_order.sign(payload, signed, p.signers["center"])


def test_a_signed_order_is_read_as_strictly_as_it_was_drafted():
    p = chain().p
    good = order()
    assert seal_order.read(sign_order(good), p.trust)[0]["order_id"] == "SO-9"
    for changes, words in (
        ({"attempts": good["attempts"] * 2}, "出现两次"), ({"window": {**cast.WINDOW, "not_before": NOW + 10**6}}, "时间窗"),
        ({"site_code": "440699"}, "登记在"),
    ):
        with pytest.raises(Rejected, match=words):
            seal_order.read(sign_order({**good, **changes}), p.trust)


def build(contents=None, **changes):
    c = chain()
    parts = {"order": c.order, "edges": c.edges, "contents": c.contents if contents is None else contents, "custodians": c.p.custodians}
    return exam_parcel.build(**{**parts, **changes}, trust=c.p.trust, at=NOW, subjects=SUBJECTS)


def test_nothing_is_sealed_for_others_than_the_order_names():
    c, other = chain(), cast.found()
    for edges in ([], [other.edge]):
        with pytest.raises(Rejected, match="没有列出的考试服务器"):
            build(edges=edges)
    for contents in (c.contents[:-1], [*c.contents, ("form", "K99999", b"{}")]):
        with pytest.raises(Rejected, match="有且只有一份试卷"):
            build(contents)
    with pytest.raises(Rejected, match="出现两次"):
        build([*c.contents, c.contents[0]])


def repacked(part=None, data=b"", **changes):
    """The sealed paper with one part or some fields of its manifest changed, signed by the custodians again."""
    c = chain()
    entries = container.read(c.sealed.parcel)
    payload = {**manifest.unverified(entries[0][1]), **changes}
    signed = manifest.sign("exam_parcel", payload, c.p.custodians) if changes else entries[0][1]
    return container.write([(name, signed if name == "manifest.jws" else data if name == part else old) for name, old in entries])


def test_a_paper_whose_parts_do_not_fit_its_manifest_is_refused():
    c = chain()
    rows = c.parcel.manifest["blobs"]
    proof = {**c.p.trust.frame(NOW), "package_id": c.sealed.package_id, "manifest_hash": "0" * 64, "log": None}
    cases = [
        (repacked("keys.jwe", b"{}"), "密钥部分与清单不符"), (repacked("keys2.jwe", b"{}"), "密钥部分与清单不符"),
        (repacked(f"blobs/{min(row['hash'] for row in rows)}", b"x"), "与清单不符"), (repacked(form_set="B"), "密封存证不是这个"),
        (repacked("seal.proof", manifest.sign("seal_proof", proof, c.p.custodians)), "密封存证不是这个"),
        (repacked(window={**cast.WINDOW, "end_latest": NOW}), "时间窗"),
        (container.write(container.read(c.sealed.parcel)[1:]), "没有清单"),
    ]
    for data, words in cases:
        with pytest.raises(Rejected, match=words):
            exam_parcel.Parcel(data, c.p.trust)
    with pytest.raises(Rejected, match="出现两次|不是这个"):
        exam_parcel.Parcel(twice(), c.p.trust)


def twice():
    """A manifest that names one content two times, with a proof of its own."""
    c = chain()
    entries = dict(container.read(c.sealed.parcel))
    payload = manifest.unverified(entries["manifest.jws"])
    signed = manifest.sign("exam_parcel", {**payload, "blobs": [*payload["blobs"], payload["blobs"][0]]}, c.p.custodians)
    proof = {**c.p.trust.frame(NOW), "package_id": c.sealed.package_id, "manifest_hash": c.p.trust.algorithms.hash(signed).hex(), "log": None}
    made = {**entries, "manifest.jws": signed, "seal.proof": manifest.sign("seal_proof", proof, c.p.custodians)}
    return container.write(list(made.items()))


def test_a_content_named_twice_is_found_even_with_a_good_proof():
    with pytest.raises(Rejected, match="清单里同一内容出现两次"):
        exam_parcel.Parcel(twice(), chain().p.trust)


def test_a_share_of_another_number_stage_or_package_opens_nothing():
    c = chain()
    for stage, share in ((1, shares.Share(9, bytes(16))), (2, c.share_a), (1, shares.Share(1, c.share_b.y))):
        with pytest.raises(Rejected, match="密钥分持"):
            c.parcel.check_share(stage, share)
    with pytest.raises(Rejected, match="没有 item:none"):
        c.parcel.blob("item", "none", c.parcel.unlock(c.share_a, c.share_b, *edge_key(c)))
    stranger = keyfile.generate_decrypt()
    with pytest.raises(Rejected, match="不是给本考试服务器"):
        c.parcel.unlock(c.share_a, c.share_b, keyfile.kid(keyfile.public(stranger)), stranger)


def test_an_encrypted_share_is_for_its_holder():
    c = chain()
    read = c.shares_read["B"]
    with pytest.raises(Rejected, match="不是给本机密钥"):
        key_share.take(read, c.p.trust.algorithms, "someone", None)
    with pytest.raises(Rejected, match="与它的承诺不符"):
        key_share.take({**read, "commitment": "0" * 64}, c.p.trust.algorithms, *c.p.openers["key_service_decrypt"])


def token(stage=1, share=None, path="AB", signer="key_service", approvals=None, **changes):
    c = chain()
    signed = approvals or c.p.approvals("key.release", c.sealed.package_id, c.parcel.manifest_hash, rev=stage)
    share = share or c.share_b
    return key_release.make(
        c.p.trust, c.parcel, c.p.edge, share, signed, c.p.signers[signer], at=NOW, stage=stage, path=path, log_seq=3, challenge=CHALLENGE, **changes
    )


def take(data, stage=1):
    c = chain()
    return key_release.take(data, c.p.trust, c.parcel, *edge_key(c), stage=stage, challenge=CHALLENGE)


def test_each_path_has_its_share_its_stage_and_its_signer():
    c = chain()
    assert take(token())[1] == c.share_b
    assert take(token(share=c.share_c, path="AC", signer="province_release"))[1] == c.share_c
    assert take(token(2, c.share_r2), 2)[1] == c.share_r2
    for stage, share, path in ((1, c.share_a, "AB"), (1, c.share_c, "AB"), (1, c.share_b, "AC"), (2, c.share_r2, "AC")):
        with pytest.raises(Rejected, match="不相配"):
            token(stage, share, path)
    for share, path, signer in ((c.share_b, "AB", "province_release"), (c.share_c, "AC", "key_service")):
        with pytest.raises(Rejected, match="签发单位与放行路径不符"):
            take(token(share=share, path=path, signer=signer))


def test_those_who_sealed_do_not_release():
    """A custodian who is an approver as well, under another key: his name tells."""
    c = chain()
    parcel = exam_parcel.Parcel(c.sealed.parcel, c.p.trust)
    parcel.sealed_by = ("chen", "custodian2")
    with pytest.raises(Rejected, match="不能是密封试卷的保管人"):
        key_release.take(token(), c.p.trust, parcel, *edge_key(c), stage=1, challenge=CHALLENGE)


def body(**changes):
    return {**chain().body, **changes}


def seal_seats(content, trusted=None):
    c = chain()
    signed = c.p.approvals("seating.issue", SITTING, seating.body_hash(content))
    return seating.seal(content, signed, c.p.signers["center"], [c.p.edge], c.p.trust, at=NOW)


def test_nobody_sits_twice_and_no_seat_is_taken_twice():
    c = chain()
    twice_there = [c.rows[0], {**c.rows[1], "attempt": c.rows[0]["attempt"]}]
    one_chair = [c.rows[0], {**c.rows[1], "seat": c.rows[0]["seat"]}]
    for rows in (twice_there, one_chair):
        with pytest.raises(Rejected, match="出现两次"):
            seating.open(seal_seats(body(roster=rows)), c.p.trust, *edge_key(c))


def sealed_envelope(kind, payload, content, signers):
    """An envelope whose inside is not what its manifest says."""
    c = chain()
    return envelope.seal(kind, payload, signers, {"body": ("edge", content)}, {"edge": {c.p.edge.decrypt.kid: c.p.edge.decrypt.pub}})


@pytest.mark.parametrize("name", ["rev", "roster", "sitting_id"])
def test_seats_whose_inside_differs_from_their_manifest_are_refused(name):
    c = chain()
    other = {"rev": body(rev=2), "roster": body(roster=c.rows[:2]), "sitting_id": body(sitting_id="440601-1207-99")}[name]
    claimed = manifest.unverified(container.read(c.seats)[0][1])
    payload = {field: value for field, value in claimed.items() if field not in ("seal_id", "keys_digest", "blobs")}
    forged = sealed_envelope("seating", payload, canonical.encode(other), [c.p.signers["center"]])
    assert seating.check(forged, c.p.trust).payload["rev"] == 1
    with pytest.raises(Rejected, match="与清单不符"):
        seating.open(forged, c.p.trust, *edge_key(c))


def test_an_envelope_opens_for_its_recipients_only():
    c = chain()
    stranger = keyfile.generate_decrypt()
    with pytest.raises(Rejected, match="不是给本机密钥"):
        seating.check(c.seats, c.p.trust).contents(keyfile.kid(keyfile.public(stranger)), stranger)
    with pytest.raises(Rejected):
        c.returned.contents(c.p.openers["city_import"][0], stranger)


def respell(kind, data, signers, part=None, content=b"", **changes):
    entries = container.read(data)
    payload = {**manifest.unverified(entries[0][1]), **changes}
    signed = manifest.sign(kind, payload, signers)
    return container.write([(name, signed if place == 0 else content if name == part else old) for place, (name, old) in enumerate(entries)])


def test_an_envelope_whose_keys_or_groups_do_not_fit_is_refused():
    c = chain()
    suite, signer = suites.named("intl"), [c.p.signers["center"]]
    row = manifest.unverified(container.read(c.seats)[0][1])["blobs"][0]
    for content in (b"{}", b'{"edge":5}', b'{"edge":{"k":5}}', b'{"edge":{},"more":{}}'):
        forged = respell("seating", c.seats, signer, "keys.jwe", content, keys_digest=suite.hash(content).hex())
        with pytest.raises(Rejected, match="内容分组不符"):
            seating.check(forged, c.p.trust)
    for forged, words in (
        (respell("seating", c.seats, signer, "keys.jwe", b"{}"), "与清单不符"), (respell("seating", c.seats, signer, blobs=[row, row]), "出现两次"),
        (respell("seating", c.seats, signer, f"blobs/{row['hash']}", b"x"), "与清单不符"), (container.write(container.read(c.seats)[1:]), "没有清单"),
    ):
        with pytest.raises(Rejected, match=words):
            seating.check(forged, c.p.trust)


def test_a_scoring_whose_inside_differs_from_its_manifest_is_refused():
    c = chain()
    signers = [c.p.signers["outcomes"], *c.p.custodians]
    forged = respell("outcomes", c.scored, signers, body_hash="0" * 64)
    assert outcomes.check(forged, c.p.trust)
    assert set(outcomes.custodians(c.scored, c.p.trust)) == {c.p.trust.keys[signer.kid].holder for signer in c.p.custodians}
    with pytest.raises(Rejected, match="评分内容与清单不符"):
        outcomes.open(forged, c.p.trust, *c.p.openers["city_import"])


def test_a_return_parcel_without_a_record_of_its_machine_is_refused():
    c = chain()
    with pytest.raises(Rejected):
        return_parcel.claims(container.write([("other", b"x")]))
    assert return_parcel.claims(c.back)["bundle_id"] == "RB-1"


def test_an_empty_roster_has_the_root_of_an_empty_tree():
    assert roster.root([]) == suites.named("intl").hash(b"").hex()
    one = cast.row(1)
    assert roster.root([one]) != roster.root([{**one, "salt": ids.mark()}]), "a salt of its own for each"
    odd = [cast.row(n) for n in range(5)]
    assert roster.root(odd) == roster.root(odd[::-1])


@pytest.mark.parametrize(("name", "shown"), [("", ""), ("王", "王"), ("王明", "王*"), ("王小明", "王*明"), ("欧阳小明", "欧**明")])
def test_a_public_answer_masks_the_name(name, shown):
    assert certificate.masked(name) == shown
