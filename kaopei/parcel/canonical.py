"""Canonical JSON (RFC 8785) for the subset that we sign: no floats, integers within ±(2^53 − 1), plain strings."""

import json
from typing import Any

from kaopei.parcel.rejected import Rejected

LARGEST = 2**53 - 1
DEEPEST = 32

Payload = dict[str, Any]


def encode(value: Any) -> bytes:
    """The one byte string of a value; refuses what has no single spelling in every language."""
    try:
        return json.dumps(_ordered(value, 0), ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    except UnicodeEncodeError as problem:
        raise Rejected("canonical", "文字中有不完整的字符（孤立代理项），不能签名；请改正该字段") from problem


def decode(data: bytes, what: str = "内容") -> Any:
    """The value of canonical bytes; any other spelling of the same value is refused."""
    value = loads(data, what)
    # Rebuilding finds white space, key order, duplicate keys, other escapes and other spellings of numbers.
    if encode(value) != data:
        raise Rejected("canonical", f"{what}的写法不规范（空格、顺序、转义或重复键），文件已被改动，请重新取得原件")
    return value


def loads(data: bytes, what: str = "内容") -> Any:
    """The value of any JSON bytes within our subset; every failure is a refusal."""
    try:
        return json.loads(data.decode("utf-8"), parse_float=_refuse, parse_constant=_refuse)
    except Rejected:
        raise
    except (ValueError, RecursionError) as problem:
        raise Rejected("canonical", f"{what}不是规范 JSON，文件已损坏或被改动，请重新取得原件") from problem


def decode_object(data: bytes, what: str = "内容") -> Payload:
    """Like decode, for a JSON object."""
    value = decode(data, what)
    if not isinstance(value, dict):
        raise Rejected("canonical", f"{what}应当是一个 JSON 对象")
    return value


def _refuse(text: str) -> Any:
    raise Rejected("canonical", f"签名内容里不允许小数或非数（{text[:20]}）；请用整数")


def _ordered(value: Any, depth: int) -> Any:
    if depth > DEEPEST:
        raise Rejected("canonical", f"JSON 嵌套超过 {DEEPEST} 层，不予处理")
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        if abs(value) > LARGEST:
            raise Rejected("canonical", "整数超出 ±(2^53−1)，不能签名；请用文字表示")
        return value
    if isinstance(value, list | tuple):
        return [_ordered(item, depth + 1) for item in value]
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str):
                raise Rejected("canonical", "JSON 的键只能是文字")
        # RFC 8785 orders keys by UTF-16 code units; surrogatepass leaves a lone surrogate to the final encoding.
        keys = sorted(value, key=lambda key: key.encode("utf-16-be", "surrogatepass"))
        return {key: _ordered(value[key], depth + 1) for key in keys}
    raise Rejected("canonical", f"签名内容里不允许 {type(value).__name__}；只用文字、整数、布尔、空、列表和对象")
