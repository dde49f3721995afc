"""One encrypted blob: its own key, its own nonce, its length hidden up to a kibibyte."""

import secrets
from dataclasses import dataclass

from kaopei.parcel import base64url
from kaopei.parcel.rejected import Rejected
from kaopei.parcel.suites.suite import Suite

_PAGE = 1024


@dataclass(frozen=True)
class Blob:
    """The ciphertext and what the manifest says of it."""

    data: bytes
    hash: str
    nonce: str


def seal(suite: Suite, key: bytes, plain: bytes, aad: bytes) -> Blob:
    """Encrypt one blob. Lengths of single items would tell which item it is: pad to whole kibibytes."""
    padded = plain + b"\x80" + bytes(-(len(plain) + 1) % _PAGE)
    nonce = secrets.token_bytes(12)
    data = suite.seal(key, nonce, padded, aad)
    return Blob(data, suite.hash(data).hex(), base64url.encode(nonce))


def unseal(suite: Suite, key: bytes, data: bytes, nonce: str, aad: bytes) -> bytes:
    """The plain bytes of one blob."""
    padded = suite.unseal(key, base64url.decode(nonce, "随机数"), data, aad)
    plain, mark, rest = padded.rpartition(b"\x80")
    if not mark or rest.strip(b"\x00"):
        raise Rejected("unseal", "密封内容的填充不对")
    return plain


def check(suite: Suite, data: bytes, hash: str, size: int) -> None:
    """Refuse a blob that is not the one of the manifest."""
    if len(data) != size or suite.hash(data).hex() != hash:
        raise Rejected("blob", f"密封内容 {hash[:12]}… 与清单不符，文件已损坏或被改动；请重新复制原件")
