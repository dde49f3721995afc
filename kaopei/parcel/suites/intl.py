"""Suite `intl`: Ed25519, X25519 (JWE ECDH-ES+A256KW), A256GCM, SHA-256, HKDF, HMAC."""

import hashlib
import hmac
from typing import Any

from cryptography.exceptions import InvalidSignature, InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey, OKPKey

from kaopei.parcel import base64url, jose_header
from kaopei.parcel.rejected import Rejected

_TO_KEY = ["ECDH-ES+A256KW", "A256GCM"]
_UNDER_SECRET = ["A256GCMKW", "A256GCM"]


class Intl:
    """The suite for deployments that use international algorithms."""

    name = "intl"
    signature_alg = "Ed25519"

    def generate_sign(self) -> Ed25519PrivateKey:
        """A fresh signing key."""
        return Ed25519PrivateKey.generate()

    def generate_decrypt(self) -> X25519PrivateKey:
        """A fresh key to which secrets can be wrapped."""
        return X25519PrivateKey.generate()

    def public(self, key: Any) -> bytes:
        """The 32 raw bytes of the public half."""
        return bytes(key.public_key().public_bytes_raw())

    def dump(self, key: Any, passphrase: bytes) -> bytes:
        """PKCS#8 PEM, encrypted."""
        encryption = serialization.BestAvailableEncryption(passphrase)
        return bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption))

    def load(self, data: bytes, passphrase: bytes) -> Any:
        """The private key of an encrypted PEM; a plain one is refused, so that none is ever left lying about."""
        if b"BEGIN ENCRYPTED PRIVATE KEY" not in data:
            raise Rejected("keyfile", "密钥文件不是加密的 PKCS#8 文件；请使用本系统生成的密钥文件")
        try:
            key = serialization.load_pem_private_key(data, passphrase)
        except (ValueError, TypeError, UnsupportedAlgorithm) as problem:
            raise Rejected("passphrase", "打不开密钥文件：口令不对，或文件已损坏") from problem
        if not isinstance(key, Ed25519PrivateKey | X25519PrivateKey):
            raise Rejected("keyfile", "密钥文件里的算法不属于套件 intl")
        return key

    def sign(self, key: Any, data: bytes) -> bytes:
        """64 bytes."""
        return bytes(key.sign(data))

    def verify(self, pub: bytes, signature: bytes, data: bytes) -> bool:
        """Whether this signature is of this key over these bytes."""
        try:
            Ed25519PublicKey.from_public_bytes(pub).verify(signature, data)
        except (InvalidSignature, ValueError):
            return False
        return True

    def agree(self, key: Any, pub: bytes) -> bytes:
        """The shared secret of two keys (X25519)."""
        try:
            return bytes(key.exchange(X25519PublicKey.from_public_bytes(pub)))
        except ValueError as problem:
            raise Rejected("key", "对方的解密公钥无效") from problem

    def wrap(self, pub: bytes, kid: str, typ: str, secret: bytes) -> str:
        """A compact JWE that only the holder of the private half can open."""
        key = OKPKey.import_key({"kty": "OKP", "crv": "X25519", "x": base64url.encode(pub)})
        header = {"alg": _TO_KEY[0], "enc": _TO_KEY[1], "kid": kid, "typ": typ}
        return jwe.encrypt_compact(header, secret, key, algorithms=_TO_KEY)

    def unwrap(self, key: Any, kid: str, typ: str, token: str) -> bytes:
        """The secret of a JWE that was wrapped to this key, for this purpose."""
        jose_header.check_jwe(token, {"alg": _TO_KEY[0], "enc": _TO_KEY[1], "kid": kid, "typ": typ}, extra={"epk"})
        jwk = {"kty": "OKP", "crv": "X25519", "x": base64url.encode(self.public(key))}
        raw = key.private_bytes_raw()
        return self._opened(token, OKPKey.import_key({**jwk, "d": base64url.encode(raw)}), _TO_KEY)

    def wrap_under(self, secret_key: bytes, typ: str, secret: bytes) -> str:
        """A compact JWE under a secret of 32 bytes."""
        header = {"alg": _UNDER_SECRET[0], "enc": _UNDER_SECRET[1], "typ": typ}
        return jwe.encrypt_compact(header, secret, OctKey.import_key(secret_key), algorithms=_UNDER_SECRET)

    def unwrap_under(self, secret_key: bytes, typ: str, token: str) -> bytes:
        """The secret of a JWE under a secret of 32 bytes."""
        fixed = {"alg": _UNDER_SECRET[0], "enc": _UNDER_SECRET[1], "typ": typ}
        jose_header.check_jwe(token, fixed, extra={"iv", "tag"})
        return self._opened(token, OctKey.import_key(secret_key), _UNDER_SECRET)

    def _opened(self, token: str, key: Any, algorithms: list[str]) -> bytes:
        try:
            plain = jwe.decrypt_compact(token, key, algorithms=algorithms).plaintext
        except (JoseError, ValueError, TypeError, KeyError, InvalidTag) as problem:
            raise Rejected("unwrap", "密文解不开：密钥不对，或内容已被改动") from problem
        return bytes(plain or b"")

    def hash(self, data: bytes) -> bytes:
        """SHA-256."""
        return hashlib.sha256(data).digest()

    def mac(self, key: bytes, data: bytes) -> bytes:
        """HMAC-SHA-256."""
        return hmac.digest(key, data, "sha256")

    def derive(self, secret: bytes, salt: bytes, info: bytes) -> bytes:
        """HKDF-SHA-256, 32 bytes."""
        return HKDF(algorithm=hashes.SHA256(), length=32, salt=salt, info=info).derive(secret)

    def seal(self, key: bytes, nonce: bytes, data: bytes, aad: bytes) -> bytes:
        """AES-256-GCM."""
        return AESGCM(key).encrypt(nonce, data, aad)

    def unseal(self, key: bytes, nonce: bytes, data: bytes, aad: bytes) -> bytes:
        """The plain bytes, or a refusal if key, nonce, bytes or context differ."""
        try:
            return AESGCM(key).decrypt(nonce, data, aad)
        except (InvalidTag, ValueError) as problem:
            raise Rejected("unseal", "密封内容解不开：密钥不对，或内容已被改动") from problem


SUITE = Intl()
