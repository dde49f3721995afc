"""Keys at rest, key ids, bare signatures over notes; the suite behind them."""

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from kaopei.parcel import base64url, blobs, ids, keyfile, suites
from kaopei.parcel.keyfile import Signer
from kaopei.parcel.rejected import Rejected

SUITE = suites.named("intl")
PASSPHRASE = b"four words are enough"


@pytest.mark.parametrize("make", [keyfile.generate_sign, keyfile.generate_decrypt])
def test_a_key_comes_back_with_its_passphrase_only(make):
    key = make()
    data = keyfile.dump(key, PASSPHRASE)
    assert keyfile.public(keyfile.load(data, PASSPHRASE)) == keyfile.public(key)
    assert SUITE.public(key) not in data
    for wrong in (b"", b"guess", PASSPHRASE + b" "):
        with pytest.raises(Rejected) as problem:
            keyfile.load(data, wrong)
        assert problem.value.code == "passphrase"


def test_a_key_without_a_passphrase_is_never_written_or_read():
    with pytest.raises(Rejected, match="不能为空"):
        keyfile.dump(keyfile.generate_sign(), b"")
    plain = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with pytest.raises(Rejected, match="不是加密的"):
        keyfile.load(plain, PASSPHRASE)


def test_a_damaged_key_file_and_a_key_of_another_kind_are_refused():
    data = keyfile.dump(keyfile.generate_sign(), PASSPHRASE)
    with pytest.raises(Rejected):
        keyfile.load(data[:60], PASSPHRASE)
    with pytest.raises(Rejected):
        keyfile.load(data[:80] + b"!" + data[81:], PASSPHRASE)
    other = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(PASSPHRASE)
    )
    with pytest.raises(Rejected, match="不属于套件 intl"):
        keyfile.load(other, PASSPHRASE)


def test_a_key_id_is_a_file_name_and_of_one_key():
    one, two = (keyfile.kid(keyfile.public(keyfile.generate_sign())) for _ in range(2))
    assert one != two
    assert len(one) == 32 and one.isalnum() and one == one.lower()
    with pytest.raises(Rejected, match="公钥"):
        keyfile.kid("not base64url!")


def test_a_signer_comes_straight_from_its_file():
    signer = Signer(keyfile.generate_sign())
    again = keyfile.load_signer(keyfile.dump(signer.key, PASSPHRASE), PASSPHRASE)
    assert (again.kid, again.public()) == (signer.kid, signer.public())
    assert Signer(signer.key, "named").kid == "named"


def test_a_note_signature_is_bare_and_can_be_no_jws():
    signer = Signer(keyfile.generate_sign())
    text = b"origin\n1\nroot\n"
    assert SUITE.verify(signer.public(), signer.sign_note(text), text)
    with pytest.raises(Rejected, match="检查点"):
        signer.sign_note(b"eyJhbGciOiJFZDI1NTE5In0.e30")


def test_an_unknown_suite_is_refused_by_name():
    with pytest.raises(Rejected, match="没有密码套件 gm"):
        suites.named("gm")
    with pytest.raises(Rejected):
        keyfile.generate_sign("none")


def test_nobody_agrees_with_a_key_that_is_none():
    key = keyfile.generate_decrypt()
    for pub in (b"", bytes(31), bytes(32)):
        with pytest.raises(Rejected, match="解密公钥无效"):
            SUITE.agree(key, pub)
    assert SUITE.verify(b"short", bytes(64), b"x") is False


def test_a_wrapped_secret_opens_for_its_holder_and_purpose_only():
    key, other = keyfile.generate_decrypt(), keyfile.generate_decrypt()
    token = SUITE.wrap(SUITE.public(key), "kid", "typ", b"secret")
    assert SUITE.unwrap(key, "kid", "typ", token) == b"secret"
    cases = [(other, "kid", "typ", token), (key, "dik", "typ", token), (key, "kid", "pyt", token), (key, "kid", "typ", token[:-1])]
    cases.append((key, "kid", "typ", "a.b"))
    for place in range(5):
        parts = token.split(".")
        parts[place] = base64url.encode(bytes(len(base64url.decode(parts[place]))))
        cases.append((key, "kid", "typ", ".".join(parts)))
    for case in cases:
        with pytest.raises(Rejected):
            SUITE.unwrap(*case)


def test_a_secret_under_a_secret_opens_with_it_only():
    token = SUITE.wrap_under(bytes(32), "typ", b"secret")
    assert SUITE.unwrap_under(bytes(32), "typ", token) == b"secret"
    for secret, typ, text in ((b"\1" * 32, "typ", token), (bytes(32), "other", token), (bytes(32), "typ", token + "A"), (bytes(32), "typ", "....")):
        with pytest.raises(Rejected):
            SUITE.unwrap_under(secret, typ, text)


@given(st.binary(max_size=3000))
def test_a_blob_comes_back_and_its_length_is_hidden(plain):
    blob = blobs.seal(SUITE, bytes(32), plain, b"context")
    assert blobs.unseal(SUITE, bytes(32), blob.data, blob.nonce, b"context") == plain
    assert (len(blob.data) - 16) % 1024 == 0
    blobs.check(SUITE, blob.data, blob.hash, len(blob.data))


def test_a_blob_with_another_key_context_or_size_is_refused():
    blob = blobs.seal(SUITE, bytes(32), b"x", b"context")
    right = {"key": bytes(32), "data": blob.data, "nonce": blob.nonce, "aad": b"context"}
    for wrong in (
        {"key": b"\1" * 32}, {"aad": b"other"}, {"data": blob.data[:-1]}, {"nonce": base64url.encode(bytes(12))}, {"data": b""}, {"nonce": ""},
    ):
        with pytest.raises(Rejected):
            blobs.unseal(SUITE, **{**right, **wrong})
    for data, size in ((blob.data, 5), (blob.data[:-1] + b"!", len(blob.data))):
        with pytest.raises(Rejected, match="与清单不符"):
            blobs.check(SUITE, data, blob.hash, size)


@pytest.mark.parametrize("padded", [b"plain without mark", b"plain\x80\x00\x01", b""])
def test_a_blob_that_was_padded_otherwise_is_refused(padded):
    data = SUITE.seal(bytes(32), bytes(12), padded, b"")
    with pytest.raises(Rejected, match="填充"):
        blobs.unseal(SUITE, bytes(32), data, base64url.encode(bytes(12)), b"")


def test_ids_are_sortable_by_time_and_random_beyond_it():
    early, late = ids.uuid7(1_796_000_000), ids.uuid7(1_796_000_001)
    assert early < late
    assert early[14] == "7" and early[19] in "89ab"
    assert len({ids.uuid7(1) for _ in range(50)}) == 50
    assert len(ids.mark()) == 32 and len(base64url.decode(ids.nonce())) == 16
    assert all(len(number) == 12 and number.isdigit() for number in (ids.twelve_digits() for _ in range(20)))
