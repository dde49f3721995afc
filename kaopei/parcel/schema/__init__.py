"""The shapes of payloads: `v1/<kind>.json`, in a small part of JSON Schema 2020-12, checked before use."""

import json
import re
from functools import lru_cache
from importlib import resources
from typing import Any

from kaopei.parcel.rejected import Rejected

VERSION = 1
_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,), "array": (list,), "string": (str,), "integer": (int,), "boolean": (bool,), "null": (type(None),),
}


@lru_cache(maxsize=64)
def of(name: str) -> dict[str, Any]:
    """The schema file of a kind."""
    text = resources.files(__package__).joinpath(f"v{VERSION}").joinpath(f"{name}.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


def check(name: str, payload: Any) -> None:
    """Refuse a payload that has not the shape of its kind, naming the field."""
    rule = of(name)
    if "v" in rule["properties"] and isinstance(payload, dict) and payload.get("v") != VERSION:
        raise Rejected("version", f"不认识的格式版本 {str(payload.get('v'))[:20]}；本程序只读第 {VERSION} 版")
    _check(rule, payload, name)


def _check(rule: dict[str, Any], value: Any, where: str) -> None:
    while "$ref" in rule:
        rule = of("terms")["$defs"][rule["$ref"].removeprefix("terms.json#/$defs/")]
    kinds = rule.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(_is(value, kind) for kind in kinds):
        raise Rejected("schema", f"字段 {where} 的类型不对，应为 {'/'.join(kinds)}")
    if "enum" in rule and value not in rule["enum"]:
        raise Rejected("schema", f"字段 {where} 的值不在允许的范围内")
    if isinstance(value, dict):
        _object(rule, value, where)
    elif isinstance(value, list):
        _array(rule, value, where)
    elif isinstance(value, str):
        _string(rule, value, where)
    elif isinstance(value, int) and not isinstance(value, bool):
        _integer(rule, value, where)


def _is(value: Any, kind: str) -> bool:
    # In Python a bool is an int; in JSON it is not.
    return isinstance(value, _TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))


def _object(rule: dict[str, Any], value: dict[str, Any], where: str) -> None:
    fields = rule.get("properties", {})
    for name in rule.get("required", []):
        if name not in value:
            raise Rejected("schema", f"缺少字段 {where}.{name}")
    others = rule.get("additionalProperties", True)
    for name, inner in value.items():
        if name in fields:
            _check(fields[name], inner, f"{where}.{name}")
        elif others is False:
            raise Rejected("schema", f"多出不认识的字段 {where}.{name[:40]}")
        elif isinstance(others, dict):
            _check(others, inner, f"{where}.{name[:40]}")


def _array(rule: dict[str, Any], value: list[Any], where: str) -> None:
    if not rule.get("minItems", 0) <= len(value) <= rule.get("maxItems", 100_000):
        raise Rejected("schema", f"字段 {where} 的条数 {len(value)} 不在允许的范围内")
    if "items" in rule:
        for place, inner in enumerate(value):
            _check(rule["items"], inner, f"{where}[{place}]")


def _string(rule: dict[str, Any], value: str, where: str) -> None:
    if len(value) > rule.get("maxLength", 20_000_000) or len(value) < rule.get("minLength", 0):
        raise Rejected("schema", f"字段 {where} 的长度不在允许的范围内")
    if "pattern" in rule and not re.fullmatch(rule["pattern"], value):
        raise Rejected("schema", f"字段 {where} 的写法不对")


def _integer(rule: dict[str, Any], value: int, where: str) -> None:
    if not rule.get("minimum", value) <= value <= rule.get("maximum", value):
        raise Rejected("schema", f"字段 {where} 的数值不在允许的范围内")
