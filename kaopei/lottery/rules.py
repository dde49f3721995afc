"""The rule table of a draw: `rules` in meta.json, each with its default."""

import json
import re
from typing import Any, NamedTuple

from kaopei.lottery.table import BadInstance, decode

FORMAT = "xalloc/1"
# For each rule: its default and what else it may be (None: it has a check of its own).
_RULES: dict[str, tuple[str | int, tuple[str | int, ...] | None]] = {
    "sole_point": ("registered", ("registered", "active_in_horizon")),
    "practical_after_theory": (1, (0, 1)),
    "same_controller_own": (1, (0, 1)),
    "own_school_first": (0, (0, 1)),
    "bands": ("10000:8;20000:6;40000:4;80000:2;:1", None),
    "k": (3, None),
}


class Rules(NamedTuple):
    """What a city or the province set before the freeze; `bands` as (limit in metres or None, factor)."""

    sole_point: str
    practical_after_theory: int
    same_controller_own: int
    own_school_first: int
    bands: str
    k: int


def read_bands(text: str) -> list[tuple[int | None, int]]:
    """`10000:8;…;:1` as pairs; limits rise, the last has none, factors are at least 1."""
    if re.fullmatch(r"(\d{1,9}:[1-9]\d{0,6};)*:[1-9]\d{0,6}", text, re.ASCII) is None:
        raise ValueError("应写成 10000:8;20000:6;:1 的样子，最后一段不写上限，系数为正整数")
    pairs = [pair.split(":") for pair in text.split(";")]
    limits = [int(limit) for limit, _ in pairs[:-1]]
    if limits != sorted(set(limits)):
        raise ValueError("距离上限应逐段增大")
    return [(int(limit) if limit else None, int(factor)) for limit, factor in pairs]


def factor(bands: list[tuple[int | None, int]], metres: int) -> int:
    """The factor of the first limit that is at least this distance."""
    return next(factor for limit, factor in bands if limit is None or metres <= limit)


def read_meta(data: bytes) -> tuple[Rules, bytes]:
    """The rule table and the canonical bytes of meta.json (only `format` and `rules`, RFC 8785, no line end)."""
    meta = _object(decode("meta.json", data))
    if meta.get("format") != FORMAT:
        raise BadInstance(f"meta.json「format」不是 {FORMAT}：请改用本格式的文件。")
    given = meta.get("rules", {})
    if not isinstance(given, dict):
        raise BadInstance('meta.json「rules」应为对象：请写成 {"k": 3} 的样子。')
    for key, value in given.items():
        _check_rule(key, value)
    kept = {key: meta[key] for key in ("format", "rules") if key in meta}
    canonical = json.dumps(kept, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    return Rules(**{key: given.get(key, default) for key, (default, _) in _RULES.items()}), canonical


def _object(text: str) -> dict[str, Any]:
    try:
        meta = json.loads(text, object_pairs_hook=_no_repeat, parse_float=str, parse_constant=str)
    except json.JSONDecodeError as problem:
        where = f"第{problem.lineno}行第{problem.colno}列"
        raise BadInstance(f"meta.json {where}不是合法的 JSON：请改正后重试。") from None
    except RecursionError:
        raise BadInstance("meta.json 嵌套过深：请改正后重试。") from None
    if not isinstance(meta, dict):
        raise BadInstance("meta.json 应为一个 JSON 对象：请改正后重试。")
    return meta


def _no_repeat(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = next(key for place, (key, _) in enumerate(pairs) if key in dict(pairs[:place]))
        raise BadInstance(f"meta.json「{twice}」写了两次：请只留一个。")
    return found


def _check_rule(key: str, value: object) -> None:
    if key not in _RULES:
        raise BadInstance(f"meta.json「rules」有不认识的规则 {key}：可用 {'、'.join(_RULES)}，请删去或改正。")
    default, choices = _RULES[key]
    problem = ""
    if type(value) is not type(default):
        problem = f"应为{'整数' if isinstance(default, int) else '文字'}"
    elif choices is not None and value not in choices:
        problem = f"只能是 {'、'.join(map(str, choices))}"
    elif key == "k" and not 0 <= int(str(value)) < 1000:
        problem = "应为 0 到 999 的整数"
    elif key == "bands":
        try:
            read_bands(str(value))
        except ValueError as reason:
            problem = str(reason)
    if problem:
        raise BadInstance(f"meta.json「rules」的 {key}：{problem}，请改正。")
