"""One entry of a ledger as canonical bytes (RFC 8785 for our subset: no floats, plain strings, bounded integers)."""

import json
import re
from typing import Any

LARGEST = 2**53 - 1
# Keys with letters beyond the first plane have an order of their own.
_ASTRAL = re.compile(rb"[\xf0-\xf4]")


class BadEntry(ValueError):
    """What stands in a ledger is not an entry, or not in its one spelling."""

    exit_status = 2


def encode(fields: dict[str, Any]) -> bytes:
    """The leaf: the one byte string of these fields. BadEntry for values with more than one spelling."""
    try:
        return _PLAIN.encode(_ordered(fields)).encode("utf-8")
    except UnicodeEncodeError as problem:
        raise BadEntry("台账条目中有不完整的字符") from problem


def decode(leaf: bytes) -> dict[str, Any]:
    """The fields of a leaf; any other spelling of the same fields is refused."""
    try:
        fields = _DECODER.decode(leaf.decode("utf-8"))
    except BadEntry:
        raise
    except (ValueError, RecursionError) as problem:
        raise BadEntry("台账条目不是规范的 JSON") from problem
    if not isinstance(fields, dict) or _spelled(leaf, fields) != leaf:
        raise BadEntry("台账条目的写法不规范（空格、顺序、转义或重复键）")
    return fields


def _refuse(text: str) -> Any:
    raise BadEntry(f"台账条目里不允许小数（{text[:20]}）")


def _bounded(digits: str) -> int:
    # Before int(), which refuses very long ones with a fault of its own.
    if len(digits) > 17 or abs(int(digits)) > LARGEST:
        raise BadEntry("台账条目里的整数超出 ±(2^53−1)")
    return int(digits)


def _spelled(leaf: bytes, fields: dict[str, Any]) -> bytes:
    """What `encode` gives; for nearly all leaves by the C encoder alone, which halves an audit."""
    if not leaf.isascii() and _ASTRAL.search(leaf):
        return encode(fields)
    return _ENCODER.encode(fields).encode("utf-8", "replace")


def _ordered(value: Any) -> Any:
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        if abs(value) > LARGEST:
            raise BadEntry("台账条目里的整数超出 ±(2^53−1)")
        return value
    if isinstance(value, list | tuple):
        return [_ordered(item) for item in value]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        keys = sorted(value, key=lambda key: key.encode("utf-16-be", "surrogatepass"))
        return {key: _ordered(value[key]) for key in keys}
    raise BadEntry(f"台账条目里不允许 {type(value).__name__}")


_DECODER = json.JSONDecoder(parse_int=_bounded, parse_float=_refuse, parse_constant=_refuse)
_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), check_circular=False)
_PLAIN = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False)
