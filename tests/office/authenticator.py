"""An authenticator in software for tests over HTTP: ES256, one credential, a counter; it does what a good or a forged one would."""

import hashlib
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from secrets import token_bytes

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2 import cbor
from fido2.cose import ES256

PRESENT, VERIFIED, ATTESTED = 1, 4, 64


def text(data):
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def raw(words):
    return urlsafe_b64decode(words + "=" * (-len(words) % 4))


class Authenticator:
    """`origin` and `domain` are what the browser would say; a test may lie with them."""

    def __init__(self, origin="http://testserver", domain="testserver"):
        self.origin, self.domain, self.flags = origin, domain, PRESENT | VERIFIED
        self.key, self.number, self.counter = ec.generate_private_key(ec.SECP256R1()), token_bytes(32), 0

    def _client(self, kind, challenge):
        return json.dumps({"type": f"webauthn.{kind}", "challenge": challenge, "origin": self.origin, "crossOrigin": False}).encode()

    def _data(self, flags, more=b""):
        self.counter += 1
        return hashlib.sha256(self.domain.encode()).digest() + bytes([flags]) + self.counter.to_bytes(4, "big") + more

    def make(self, options):
        """The answer to navigator.credentials.create."""
        client = self._client("create", options["publicKey"]["challenge"])
        cose = cbor.encode(dict(ES256.from_cryptography_key(self.key.public_key())))
        data = self._data(self.flags | ATTESTED, bytes(16) + len(self.number).to_bytes(2, "big") + self.number + cose)
        attested = cbor.encode({"fmt": "none", "attStmt": {}, "authData": data})
        return self._said({"clientDataJSON": text(client), "attestationObject": text(attested)})

    def answer(self, options):
        """The answer to navigator.credentials.get."""
        client = self._client("get", options["publicKey"]["challenge"])
        data = self._data(self.flags)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        return self._said({"clientDataJSON": text(client), "authenticatorData": text(data), "signature": text(signature)})

    def _said(self, response):
        number = text(self.number)
        return json.dumps({"id": number, "rawId": number, "type": "public-key", "response": response, "clientExtensionResults": {}})


def enrol(client, device, name="钥匙"):
    """A passkey for whoever is logged in."""
    options = client.post("/me/passkeys/options").json()
    return client.post("/me/passkeys/add", {"answer": device.make(options), "name": name})


def enter(client, device, to=""):
    """Log in by passkey."""
    options = client.post("/login/passkey/options").json()
    return client.post("/login/passkey/", {"answer": device.answer(options), "next": to})
