"""Base64url without padding (RFC 7515), with exactly one accepted spelling for every byte string."""

import base64
import binascii

from kaopei.parcel.rejected import Rejected


def encode(data: bytes) -> str:
    """The text of the bytes, without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def decode(text: str, what: str = "内容") -> bytes:
    """The bytes of the text; anything that `encode` would not have written is refused."""
    try:
        raw = text.encode("ascii")
        data = base64.urlsafe_b64decode(raw + b"=" * (-len(raw) % 4))
    except (ValueError, binascii.Error) as problem:
        raise Rejected("base64", f"{what}不是 base64url 文本，文件已损坏或被改动，请重新取得原件") from problem
    # The last character can carry bits that decoding drops, and foreign characters are skipped: compare spellings.
    if encode(data) != text:
        raise Rejected("base64", f"{what}的 base64url 写法不唯一，文件已损坏或被改动，请重新取得原件")
    return data
