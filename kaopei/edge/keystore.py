"""This server's own keys, and the sealed cache that brings an open sitting back after a reboot.

`keystore: file` is for rehearsals: key files under a passphrase. A real deployment needs a TPM or PKCS#11 module here.
"""

import hashlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kaopei.edge.settings import BadSettings, Settings
from kaopei.parcel import enrolment, keyfile, trust
from kaopei.parcel.rejected import Rejected

ROLES = ("edge_sign", "edge_decrypt")


@dataclass(frozen=True)
class Keystore:
    """`signer` signs for this server, `decrypt_key` opens what was wrapped to it."""

    folder: Path
    signer: keyfile.Signer
    decrypt_key: Any
    decrypt_kid: str
    passphrase: bytes
    suite: str

    def seal_cache(self, sitting_id: str, secret: bytes, pin: str) -> None:
        """Keep a paper key for a reboot: under a fresh key of this keystore and a PIN that is written nowhere."""
        key_file, cache = self._cache_files(sitting_id)
        salt, sitting_key = secrets.token_bytes(16), secrets.token_bytes(32)
        write_private(key_file, salt + _sealed(self._own(salt), sitting_key))
        write_private(cache, _sealed(_with_pin(sitting_key, pin, salt), secret))

    def open_cache(self, sitting_id: str, pin: str) -> bytes | None:
        """The paper key, or None if the PIN is wrong or nothing is kept."""
        key_file, cache = self._cache_files(sitting_id)
        try:
            stored = key_file.read_bytes()
            sitting_key = _unsealed(self._own(stored[:16]), stored[16:])
            return _unsealed(_with_pin(sitting_key, pin, stored[:16]), cache.read_bytes())
        except (FileNotFoundError, InvalidTag, ValueError):
            return None

    def has_cache(self, sitting_id: str) -> bool:
        """Whether this sitting can come back by PIN."""
        return all(path.exists() for path in self._cache_files(sitting_id))

    def drop_cache(self, sitting_id: str) -> None:
        """When the return parcel is built nobody needs the paper here any more."""
        for path in self._cache_files(sitting_id):
            path.unlink(missing_ok=True)

    def _cache_files(self, sitting_id: str) -> tuple[Path, Path]:
        name = hashlib.sha256(sitting_id.encode()).hexdigest()[:16]
        return self.folder / f"sitting-{name}.key", self.folder / f"sitting-{name}.cache"

    def _own(self, salt: bytes) -> bytes:
        return hashlib.scrypt(self.passphrase, salt=salt, n=2**14, r=8, p=1, dklen=32)


def _with_pin(sitting_key: bytes, pin: str, salt: bytes) -> bytes:
    stretched = hashlib.scrypt(pin.encode(), salt=salt, n=2**15, r=8, p=1, dklen=32, maxmem=2**26)
    return hashlib.blake2b(stretched, key=sitting_key, digest_size=32).digest()


def _sealed(key: bytes, data: bytes) -> bytes:
    nonce = secrets.token_bytes(12)
    return nonce + AESGCM(key).encrypt(nonce, data, b"kaopei sitting cache")


def _unsealed(key: bytes, data: bytes) -> bytes:
    return AESGCM(key).decrypt(data[:12], data[12:], b"kaopei sitting cache")


def write_private(path: Path, data: bytes) -> None:
    """Whole and on the disk, or not at all; readable by this user only. OSError: the disk or the medium did not take it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    try:
        fresh.touch(mode=0o600)
        with fresh.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise
    sync(path.parent)


def sync(folder: Path) -> None:
    """Names are durable too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def passphrase(settings: Settings) -> bytes:
    """The passphrase of the key files; only rehearsals keep it in a file."""
    try:
        return settings.passphrase.read_bytes().strip()
    except FileNotFoundError:
        raise BadSettings(
            f"{settings.passphrase}：没有密钥口令文件。演练环境由 trust found --rehearsal 生成；请在配置中用 passphrase 指明。"
        ) from None


def generate(settings: Settings, suite: str) -> Keystore:
    """Fresh keys in an empty keystore."""
    found = [path for role in ROLES for path in settings.keys.glob(f"{role}-*.key")]
    if found:
        raise BadSettings(f"{settings.keys}：已有本机密钥 {found[0].name}。重新登记须先按更换流程移走旧密钥。")
    words = passphrase(settings)
    settings.keys.mkdir(parents=True, exist_ok=True)
    settings.keys.chmod(0o700)
    for role, key in (("edge_sign", keyfile.generate_sign(suite)), ("edge_decrypt", keyfile.generate_decrypt(suite))):
        kid = keyfile.kid(keyfile.public(key, suite))
        write_private(settings.keys / f"{role}-{kid}.key", keyfile.dump(key, words, suite))
    return load(settings, suite)


def load(settings: Settings, suite: str) -> Keystore:
    """The keys made at enrolment."""
    words = passphrase(settings)
    keys = {}
    for role in ROLES:
        found = sorted(settings.keys.glob(f"{role}-*.key"))
        if len(found) != 1:
            raise BadSettings(f"{settings.keys}：应有一把 {role} 密钥，现有 {len(found)} 把。请先运行 edge enrol。")
        keys[role] = (keyfile.load(found[0].read_bytes(), words, suite), found[0].stem.removeprefix(f"{role}-"))
    sign_key, sign_kid = keys["edge_sign"]
    decrypt_key, decrypt_kid = keys["edge_decrypt"]
    return Keystore(
        settings.keys, keyfile.Signer(sign_key, sign_kid, suite), decrypt_key, decrypt_kid, words, suite
    )


def check_enrolment(settings: Settings, keys: Keystore, listed: trust.Trust, data: bytes) -> enrolment.Edge:
    """The record of this very machine: its keys, its site."""
    record = enrolment.read(data, listed)
    if record.decrypt.kid != keys.decrypt_kid or record.sign.kid != keys.signer.kid:
        raise Rejected("enrolment", "登记书登记的不是本机的密钥，请核对是哪一台服务器的登记书。")
    if record.payload["site_code"] != settings.site:
        raise Rejected("site", f"登记书属于考试点 {record.payload['site_code']}，本机是 {settings.site}。")
    return record


def person_signer(settings: Settings, kid: str, pin: str, suite: str) -> keyfile.Signer:
    """A person's signing key, unlocked by his signing PIN; rehearsals only, real people bring a USB key."""
    path = settings.persons / f"{kid}.key"
    if not path.exists():
        raise Rejected("person-key", f"没有找到此人的签名密钥（{kid[:8]}…）。请确认座次包中的人员与密钥登记一致。")
    return keyfile.Signer(keyfile.load(path.read_bytes(), pin.encode(), suite), kid, suite)
