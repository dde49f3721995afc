"""Keys at rest and in use: generating, the encrypted key file, key ids, and the signer."""

import base64
import hashlib
from typing import Any

from kaopei.parcel import base64url, canonical, suites
from kaopei.parcel.rejected import Rejected


def generate_sign(suite: str = "intl") -> Any:
    """A fresh signing key."""
    return suites.named(suite).generate_sign()


def generate_decrypt(suite: str = "intl") -> Any:
    """A fresh key to which secrets can be wrapped."""
    return suites.named(suite).generate_decrypt()


def dump(key: Any, passphrase: bytes, suite: str = "intl") -> bytes:
    """The key file: PKCS#8 PEM encrypted by the passphrase. Store it with mode 0600."""
    if not passphrase:
        raise Rejected("passphrase", "密钥文件的口令不能为空")
    return suites.named(suite).dump(key, passphrase)


def load(data: bytes, passphrase: bytes, suite: str = "intl") -> Any:
    """The key of a key file; raises Rejected `passphrase` or `keyfile`."""
    return suites.named(suite).load(data, passphrase)


def public(key: Any, suite: str = "intl") -> str:
    """The public half as base64url."""
    return base64url.encode(suites.named(suite).public(key))


def kid(pub: str) -> str:
    """The id of a public key: 32 letters, safe as a file name, the same for everybody."""
    digest = hashlib.sha256(b"kid1|" + base64url.decode(pub, "公钥")).digest()
    return base64.b32encode(digest[:20]).decode("ascii").lower()


class Signer:
    """A signing key with its id; every signature names its domain and kid in the signed header."""

    def __init__(self, key: Any, key_id: str = "", suite: str = "intl") -> None:
        self.key = key
        self.suite = suites.named(suite)
        self.kid = key_id or kid(public(key, suite))

    def public(self) -> bytes:
        """The raw public half."""
        return self.suite.public(self.key)

    def header(self, domain: str) -> str:
        """The protected header of a signature in this domain, as base64url."""
        fields = {"alg": self.suite.signature_alg, "kid": self.kid, "typ": domain}
        return base64url.encode(canonical.encode(fields))

    def sign(self, domain: str, payload: bytes) -> bytes:
        """The JWS signature over these payload bytes in this domain."""
        signing_input = f"{self.header(domain)}.{base64url.encode(payload)}"
        return self.suite.sign(self.key, signing_input.encode("ascii"))

    def sign_note(self, text: bytes) -> bytes:
        """The bare signature over a checkpoint's note text (C2SP), which can never be mistaken for a JWS."""
        if b"\n" not in text:
            raise Rejected("note", "只能对检查点文本签名")
        return self.suite.sign(self.key, text)


def load_signer(data: bytes, passphrase: bytes, suite: str = "intl") -> Signer:
    """A signer straight from a key file."""
    return Signer(load(data, passphrase, suite), suite=suite)
