"""An approval that a passkey answered to: it holds for these bytes, this domain, this origin, and for nothing else."""

import hashlib
import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from kaopei.parcel import approval, base64url, canonical, ids, jws, keyfile, manifest, passkey, signatures, trust
from kaopei.parcel.rejected import Rejected
from tests.parcel.cast import NOW, found

HERE, ORIGIN = "exam.example.cn", "https://fs.exam.example.cn"
ASK = {"action": "results.release", "object": "RS-1", "digest": "a" * 64}


class Key:
    """An authenticator's key in the list, and what it answers."""

    def __init__(self, alg="ES256"):
        self.alg = alg
        self.key = ec.generate_private_key(ec.SECP256R1()) if alg == "ES256" else Ed25519PrivateKey.generate()
        public = self.key.public_key()
        raw = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint) if alg == "ES256" else public.public_bytes_raw()
        self.pub = base64url.encode(raw)
        self.kid = keyfile.kid(self.pub)
        self.row = trust.entry(
            self.pub, "person", "zhou", duties=["approver"], passkey={"alg": alg, "domain": HERE, "origins": [ORIGIN]}
        )

    def answer(self, payload, *, domain=HERE, flags=5, client=None, **said):
        asked = {"type": "webauthn.get", "challenge": base64url.encode(passkey.challenge(canonical.encode(payload))), "origin": ORIGIN} | said
        words = json.dumps(asked).encode() if client is None else client
        data = hashlib.sha256(domain.encode()).digest() + bytes([flags]) + bytes(4)
        over = data + hashlib.sha256(words).digest()
        made = self.key.sign(over, ec.ECDSA(SHA256())) if self.alg == "ES256" else self.key.sign(over)
        return passkey.Answer(data, words, made)


@pytest.fixture(params=["ES256", "EdDSA"])
def held(request):
    """A key, a list that names it, and the draft of an approval by it."""
    key, p = Key(request.param), found()
    listed, root, _roots = trust.found(deployment="gd", rehearsal=True, issued_at=1, keys=[key.row, trust.entry(
        keyfile.public(p.signers["chen"].key), "person", "chen", duties=["approver"])])
    known = trust.load([listed], root)
    draft = approval.draft(known, ASK["action"], ASK["object"], 1, ASK["digest"], "clerk", key.kid, "approver", ids.nonce(), NOW + 3600, NOW)
    return key, known, draft, p


def test_it_holds_and_stands_beside_a_signature_by_key_file(held):
    key, known, draft, p = held
    made = approval.answered(known, draft, key.kid, key.answer(draft))
    assert approval.check(made, known, **ASK, at=NOW, requester="clerk", rev=1)["approver"] == "zhou"
    args = (known, ASK["action"], ASK["object"], 1, ASK["digest"], "clerk", p.signers["chen"], "approver", ids.nonce(), NOW + 3600, NOW)
    assert sorted(approval.two([made, approval.make(*args)], known, **ASK, at=NOW)) == ["chen", "zhou"]
    assert approval.claims(made) == draft


LIES = {
    "another domain": {"domain": "evil.example"}, "another origin": {"origin": "https://evil.example"}, "user not verified": {"flags": 1},
    "user not present": {"flags": 4}, "made, not asked": {"type": "webauthn.create"}, "in a frame": {"crossOrigin": True},
    "another challenge": {"challenge": base64url.encode(bytes(32))}, "no JSON": {"client": b"{"}, "no object": {"client": b"[]"},
}  # fmt: skip


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_does_not_hold(held, lie):
    key, known, draft, _p = held
    with pytest.raises(Rejected, match="不成立"):
        approval.answered(known, draft, key.kid, key.answer(draft, **LIES[lie]))


def test_other_bytes_and_another_key_do_not_hold(held):
    key, known, draft, _p = held
    answer = key.answer(draft)
    for wrong in (
        ({**draft, "digest": "b" * 64}, answer), (draft, key.answer({**draft, "nonce": ids.nonce()})), (draft, Key(key.alg).answer(draft)),
        (draft, passkey.Answer(answer.authenticator_data[:36], answer.client_data, answer.signature)),
        (draft, passkey.Answer(answer.authenticator_data, answer.client_data, b"")),
    ):  # fmt: skip
        with pytest.raises(Rejected, match="不成立"):
            approval.answered(known, wrong[0], key.kid, wrong[1])


def test_every_changed_byte_of_the_record_is_found(held):
    key, known, draft, _p = held
    data = canonical.encode(approval.answered(known, draft, key.kid, key.answer(draft)))
    for place in range(0, len(data), 7):
        changed = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
        with pytest.raises(Rejected):
            approval.check(canonical.decode_object(changed), known, **ASK, at=NOW)


@pytest.mark.parametrize("inner", [{"signature": ""}, {"authenticator_data": 1, "client_data": "", "signature": ""}])
def test_answer_with_other_fields_does_not_hold(held, inner):
    key, known, draft, _p = held
    entry = passkey.signature(key.kid, key.answer(draft))
    broken = jws.Signature(entry.protected, base64url.encode(canonical.encode(inner)), entry.kid, entry.typ)
    with pytest.raises(Rejected, match="不成立"):
        signatures.read("approval", jws.Signed(canonical.encode(draft), (broken,)).to_bytes(), known)


def test_a_passkey_signs_approvals_only_and_no_file_key_answers(held):
    key, known, draft, p = held
    entry = passkey.signature(p.signers["chen"].kid, key.answer(draft))
    with pytest.raises(Rejected, match="不是这种签名用的"):
        signatures.read("approval", jws.Signed(canonical.encode(draft), (entry,)).to_bytes(), known)
    if key.alg == "EdDSA":  # the raw key, were it ever to leave its authenticator, signs nothing either
        signer = keyfile.Signer(key.key)
        with pytest.raises(Rejected, match="不是这种签名用的"):
            signatures.read("approval", signatures.sign("approval", draft, [signer]), known)
    content = canonical.encode({"a": 1})
    with pytest.raises(Rejected):
        manifest.read("receipt", jws.Signed(content, (passkey.signature(key.kid, key.answer(draft)),)).to_bytes(), known)


def test_what_a_browser_gives_is_taken_apart(held):
    key, _known, draft, _p = held
    answer = key.answer(draft)
    given = {"authenticatorData": answer.authenticator_data, "clientDataJSON": answer.client_data, "signature": answer.signature}
    words = {name: base64url.encode(value) for name, value in given.items()}
    assert passkey.record({"response": words}) == answer
    for wrong in ({}, {"response": []}, {"response": {**words, "signature": 1}}):
        with pytest.raises(Rejected, match="不完整"):
            passkey.record(wrong)


def test_own_request_is_no_draft(held):
    key, known, _draft, _p = held
    with pytest.raises(Rejected, match="自己提出"):
        approval.draft(known, "a", "b", 1, "a" * 64, "zhou", key.kid, "approver", ids.nonce(), NOW + 3600, NOW)
