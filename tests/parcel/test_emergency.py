"""The emergency file of a terminal as the city opens it: the right key only, and no bit changed."""

import json
import random

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from kaopei.parcel import base64url, emergency, keyfile, suites
from kaopei.parcel.rejected import Rejected

SUITE = suites.named("intl")
EVENTS = [{"seq": 4, "kind": "answer", "item": 7, "value": "BD", "chain": "ab" * 32}]


def sealed(pub, kid, attempt="K00001", inner=None):
    """What the page of the terminal does, by another library's calls."""
    own = X25519PrivateKey.generate()
    shared = own.exchange(X25519PublicKey.from_public_bytes(base64url.decode(pub)))
    key = HKDF(SHA256(), 32, b"", f"emf1|{kid}|{attempt}".encode()).derive(shared)
    inner = json.dumps({"attempt": attempt, "lease": 2, "events": EVENTS} if inner is None else inner).encode()
    data = AESGCM(key).encrypt(bytes(12), inner, f"emf1|{attempt}".encode())
    words = {"epk": own.public_key().public_bytes_raw(), "iv": bytes(12), "data": data}
    said = {"v": 1, "kind": "emergency", "attempt": attempt, "seat": "A-01", "lease": 2, "kid": kid}
    return json.dumps(said | {name: base64url.encode(value) for name, value in words.items()}).encode()


@pytest.fixture(scope="module")
def city():
    key = keyfile.generate_decrypt()
    pub = keyfile.public(key)
    return key, pub, keyfile.kid(pub)


def test_the_city_reads_what_waited_at_the_terminal(city):
    key, pub, kid = city
    assert emergency.open(sealed(pub, kid), SUITE, kid, key) == EVENTS
    assert emergency.open(sealed(pub, kid, inner={"attempt": "K00001", "lease": 2}), SUITE, kid, key) == []


def test_another_key_or_another_content_is_refused(city):
    key, pub, kid = city
    other = keyfile.generate_decrypt()
    for data, mine, why in (
        (sealed(pub, kid), (keyfile.kid(keyfile.public(other)), other), "不是给本市"),
        (sealed(pub, kid), (kid, other), "打不开"),
        (sealed(pub, kid, inner={"attempt": "K00002", "lease": 2}), (kid, key), "与外封不符"),
        (sealed(pub, kid, inner=[]), (kid, key), "与外封不符"),
        (b"{}", (kid, key), "不是完整"),
        (b"PK", (kid, key), "不是完整"),
        (b'{"kind":"emergency"}', (kid, key), "不是完整"),
    ):
        with pytest.raises(Rejected, match=why):
            emergency.open(data, SUITE, *mine)


def test_any_changed_bit_is_refused(city):
    key, pub, kid = city
    good = json.loads(sealed(pub, kid))
    for name in ("attempt", "lease", "kid", "epk", "iv", "data"):
        for _ in range(8):
            value = good[name]
            if isinstance(value, int):
                spoiled = value + 1
            else:
                at = random.Random(name).randrange(len(value) - 1)
                spoiled = value[:at] + ("A" if value[at] != "A" else "B") + value[at + 1 :]
            with pytest.raises(Rejected):
                emergency.open(json.dumps({**good, name: spoiled}).encode(), SUITE, kid, key)
