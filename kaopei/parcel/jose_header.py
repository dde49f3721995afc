"""Header allow-lists: a JOSE header with a field that we do not know is refused, whatever it asks for."""

from typing import Any

from kaopei.parcel import base64url, canonical
from kaopei.parcel.rejected import Rejected


def check_jwe(token: str, fixed: dict[str, str], *, extra: set[str]) -> None:
    """Refuse a compact JWE unless its header is exactly the fixed values and the named extra fields."""
    parts = token.split(".")
    if len(parts) != 5:
        raise Rejected("jwe", "密文不是五段式 JWE，文件已损坏或被改动")
    raw = [base64url.decode(part, "密文") for part in parts]
    # The library writes the header in its own order, so only its values are compared here.
    header = canonical.loads(raw[0], "密文头")
    _same(header, fixed, extra, "密文")


def check_jws(header: Any, fixed: dict[str, str]) -> None:
    """Refuse a JWS header unless it is exactly `fixed` and a `kid`."""
    _same(header, fixed, {"kid"}, "签名")


def _same(header: Any, fixed: dict[str, str], extra: set[str], what: str) -> None:
    if not isinstance(header, dict) or set(header) != set(fixed) | extra:
        raise Rejected("header", f"{what}头的字段不在允许的名单内")
    for name, value in fixed.items():
        if header[name] != value:
            raise Rejected("header", f"{what}头的 {name} 应为 {value}")
