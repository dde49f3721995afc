"""The last resort: what a terminal could not send, as a file that only the city's import key opens."""

import base64
import json

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tests.edge import chromium
from tests.edge import room as stage

pytestmark = chromium.MARKS
OUTBOX = {"attempt": "K00001", "lease": 2, "waiting": [
    {"attempt": "K00001", "lease": 2, "seq": 7, "kind": "answer", "item": 12, "value": "BD", "chain": "ab" * 32},
]}  # fmt: skip


def decoded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def opened(file, private):
    """As docs/edge-protocol.md says, with the key of the city."""
    shared = private.exchange(X25519PublicKey.from_public_bytes(decoded(file["epk"])))
    info = f"emf1|{file['kid']}|{file['attempt']}".encode()
    key = HKDF(SHA256(), 32, None, info).derive(shared)
    return json.loads(AESGCM(key).decrypt(decoded(file["iv"]), decoded(file["data"]), f"emf1|{file['attempt']}".encode()))


def test_the_file_holds_what_was_not_sent_and_opens_with_that_key_alone(tmp_path):
    city, other = X25519PrivateKey.generate(), X25519PrivateKey.generate()
    pub = base64.urlsafe_b64encode(city.public_key().public_bytes_raw()).decode().rstrip("=")
    with stage.serving(tmp_path, 1) as (room, _), chromium.started() as browser:
        page = browser.new_page()
        page.goto(f"{room.base}/exam/")
        words = """async ([key, outbox]) => {
          const emergency = await import('/exam/emergency.js');
          return [await emergency.works(key), await emergency.works(null), await emergency.sealed(key, '第1考场-01', outbox)];
        }"""
        can, cannot, file = page.evaluate(words, [{"kid": "k1", "pub": pub, "suite": "intl"}, OUTBOX])
    assert can and not cannot
    assert opened(file, city) == {
        "attempt": "K00001", "lease": 2,
        "events": [{"seq": 7, "kind": "answer", "item": 12, "value": "BD", "chain": "ab" * 32}],
    }  # fmt: skip
    assert (file["v"], file["kind"], file["seat"], file["kid"]) == (1, "emergency", "第1考场-01", "k1")
    with pytest.raises(InvalidTag):
        opened(file, other)
