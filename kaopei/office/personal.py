"""Personal data at rest: encrypted per purpose, looked up by a keyed blind index, shown masked.

    id_number = EncryptedTextField("identity"); id_index = models.BinaryField(max_length=32, db_index=True)
    row.id_index = blind_index(number, "identity")

Keys are files in the program's folder (`fieldkeys/<purpose>.key`), outside the database.
"""

import contextlib
import hashlib
import hmac
import os
import secrets
import tempfile
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import models

VERSION = b"\x01"
NONCE = 12


class Unreadable(Exception):
    """A column's bytes do not fit its key: wrong key file, or somebody changed them."""


def _key(purpose: str, use: str) -> bytes:
    """Encrypting and indexing never share a key, nor do two purposes."""
    return _read(str(settings.HOME), f"{purpose}.{use}")


@lru_cache(maxsize=64)
def _read(home: str, name: str) -> bytes:
    # Asked for every cell: texts are hashed much faster than paths.
    path = Path(home, "fieldkeys", f"{name}.key")
    if not path.exists():
        path.parent.mkdir(parents=True, mode=0o700, exist_ok=True)
        handle, beside = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(32))
        with contextlib.suppress(FileExistsError):  # another process was quicker: its key counts
            os.link(beside, path)
        Path(beside).unlink()
    return path.read_bytes()


def encrypt(text: str, purpose: str) -> bytes:
    """Version, nonce, AES-256-GCM with the purpose as associated data."""
    return encrypt_bytes(text.encode(), purpose)


def decrypt(data: bytes, purpose: str) -> str:
    """The text again; Unreadable if the bytes or the key are not the ones."""
    return decrypt_bytes(data, purpose).decode()


def encrypt_bytes(data: bytes, purpose: str) -> bytes:
    """For files at rest (uploads, photos, exports)."""
    nonce = secrets.token_bytes(NONCE)
    return VERSION + nonce + AESGCM(_key(purpose, "data")).encrypt(nonce, data, purpose.encode())


def decrypt_bytes(data: bytes, purpose: str) -> bytes:
    """The file again; Unreadable if the bytes or the key are not the ones."""
    if data[:1] != VERSION:
        raise Unreadable(f"{purpose}：未知的加密版本")
    try:
        return AESGCM(_key(purpose, "data")).decrypt(data[1 : 1 + NONCE], data[1 + NONCE :], purpose.encode())
    except InvalidTag:
        raise Unreadable(f"{purpose}：密文与密钥不符") from None


def blind_index(value: str, purpose: str) -> bytes:
    """32 bytes that are equal for equal values (after NFKC, without blanks, upper case); useless without the key."""
    normal = "".join(unicodedata.normalize("NFKC", value).split()).upper()
    return hmac.digest(_key(purpose, "index"), normal.encode(), hashlib.sha256)


class EncryptedBinaryField(models.BinaryField):  # type: ignore[type-arg]
    """A column of bytes stored encrypted: uploaded files, photos."""

    def __init__(self, purpose: str, **options: Any) -> None:
        self.purpose = purpose
        super().__init__(**options)

    def deconstruct(self) -> Any:
        name, path, args, options = super().deconstruct()
        return name, path, [self.purpose, *args], options

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if value is not None:
            value = encrypt_bytes(self._plain(value), self.purpose)
        return super().get_db_prep_value(value, connection, prepared)

    def from_db_value(self, value: Any, expression: object, connection: object) -> Any:
        return None if value is None else decrypt_bytes(bytes(value), self.purpose)

    def to_python(self, value: Any) -> Any:
        return value

    def get_lookup(self, name: str) -> Any:
        """Encrypted columns cannot be compared: two encryptions of one text differ."""
        return super().get_lookup(name) if name == "isnull" else None

    @staticmethod
    def _plain(value: Any) -> bytes:
        return bytes(value)


class EncryptedTextField(EncryptedBinaryField):
    """A text column stored encrypted; it cannot be searched (use a blind index beside it)."""

    def from_db_value(self, value: Any, expression: object, connection: object) -> str | None:
        return None if value is None else decrypt(bytes(value), self.purpose)

    def get_default(self) -> Any:
        value = super().get_default()
        return "" if value == b"" else value

    @staticmethod
    def _plain(value: Any) -> bytes:
        return str(value).encode()


def mask_id(number: str) -> str:
    """440601********1234: the region and the last four stay."""
    if len(number) < 12:
        return mask_name(number)
    return number[:6] + "*" * (len(number) - 10) + number[-4:]


def mask_name(name: str) -> str:
    """陈*强, 李*: first and, from three characters on, last."""
    if len(name) <= 1:
        return name
    return name[0] + "*" * (len(name) - 2) + name[-1] if len(name) > 2 else name[0] + "*"


def mask_phone(phone: str) -> str:
    """138****5678"""
    return phone[:3] + "*" * max(len(phone) - 7, 0) + phone[-4:] if len(phone) >= 8 else "*" * len(phone)
