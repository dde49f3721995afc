"""The blobs of a sealed paper as bytes: canonical JSON in, strict reading out. The exam site reads these shapes.

class `item`, id opaque
    {"kind": "judge|single|multiple", "stem": text, "options": [{"id": "a", "text": text}, …]}
    Judge items have the options t (正确) and f (错误).
class `form`, id = the attempt
    {"attempt": id, "subject": name, "policy": id of the policy blob, "duration_minutes": n,
     "items": [{"item": id of the item blob, "options": [option ids in the order shown], "points": n}, …]}
    The order of `items` is the candidate's order; the letter A is always the first option shown.
class `policy`, id opaque, one a subject
    {"subject": name, "duration_minutes": n, "full_marks": n, "pass_mark": n, "multiple": rule of scoring,
     "sections": [{"kind": kind, "items": n, "marks": n}, …], "key": id of the key blob}
class `key`, id opaque, one a subject, opened only by the second stage
    {"subject": name, "keys": {item blob id: [option ids, sorted], …}}

In a practical exam there is no key, and instead of items
class `task`, id opaque
    {"part": "科目一", "title": text, "minutes": n, "full_marks": n, "steps": [{"text", "points": n, "faults": text, "veto": bool}, …]}
class `form`: {"attempt", "subject", "policy", "duration_minutes", "tasks": [ids of task blobs in the order of the parts]}
class `policy`: {"subject", "duration_minutes", "full_marks", "pass_mark", "veto_fails": bool, "parts": [{"part", "name", "full_marks", "draw"}]}

What comes back, the blob `answers` of the return parcel
    {"attempts": [{"attempt": id, "answers": {"1": "A", "2": "BD", …}, …}, …]}
    of a practical exam: {"attempts": [{"attempt": id, "sheets": [{"examiner": id, "version": n, "marks": [[kind, task, step, value], …]}]}]}
    with the sheets in force in the order of their signatures.
    Ordinals as shown, from 1; letters as shown, sorted; an item without a response is missing or "". Further fields of
    an attempt are the exam site's own and are not looked at here.

Ids are 32 hex digits made with a secret of the package and never tell the item's number.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from kaopei.paper.item import KINDS

BLOB_LIMIT = 4 << 20
ANSWERS_LIMIT = 64 << 20
_ID = re.compile(r"[0-9a-f]{32}")
_OPTION = re.compile(r"[a-h]|[tf]")
_ITEM = {"kind": str, "stem": str, "options": list}
_OPTION_FIELDS = {"id": str, "text": str}
_FORM = {"attempt": str, "subject": str, "policy": str, "duration_minutes": int, "items": list}
_PLACE = {"item": str, "options": list, "points": int}
_POLICY = {
    "subject": str, "duration_minutes": int, "full_marks": int, "pass_mark": int, "multiple": str, "sections": list,
    "key": str,
}  # fmt: skip
_RESPONSE = re.compile(r"[A-H]{0,8}")
_ORDINAL = re.compile(r"[1-9][0-9]{0,3}")
_SECTION = {"kind": str, "items": int, "marks": int}
_KEY = {"subject": str, "keys": dict}
_TASK = {"part": str, "title": str, "minutes": int, "full_marks": int, "steps": list}
_STEP = {"text": str, "points": int, "faults": str, "veto": bool}
_DRAWN = {"attempt": str, "subject": str, "policy": str, "duration_minutes": int, "tasks": list}
_RULES = {"subject": str, "duration_minutes": int, "full_marks": int, "pass_mark": int, "veto_fails": bool, "parts": list}
_PART = {"part": str, "name": str, "full_marks": int, "draw": int}
_SHEET = {"examiner": str, "version": int, "marks": list}


class BadBlob(ValueError):
    """A blob that this version cannot have written."""

    exit_status = 2


def canonical(value: Any) -> bytes:
    """The one spelling of a JSON value: sorted names, no blanks, UTF-8."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def read_item(data: bytes) -> dict[str, Any]:
    """An item blob; BadBlob for anything but its shape."""
    item = _load(data, _ITEM)
    options = [_fields(option, _OPTION_FIELDS) for option in item["options"]]
    ids = [option["id"] for option in options]
    _require(item["kind"] in KINDS, "题型")
    _require(len(set(ids)) == len(ids) >= 2 and all(_OPTION.fullmatch(name) for name in ids), "选项")
    return item


def read_form(data: bytes) -> dict[str, Any]:
    """A candidate's form blob."""
    form = _load(data, _FORM)
    _require(bool(_ID.fullmatch(form["policy"])), "考试规则编号")
    for place in form["items"]:
        _fields(place, _PLACE)
        _require(bool(_ID.fullmatch(place["item"])) and place["points"] > 0, "试题编号或分值")
        _options(place["options"], "选项次序")
    items = [place["item"] for place in form["items"]]
    _require(len(set(items)) == len(items) > 0, "试题次序")
    return form


def read_policy(data: bytes) -> dict[str, Any]:
    """A subject's policy blob."""
    policy = _load(data, _POLICY)
    for section in policy["sections"]:
        _require(_fields(section, _SECTION)["kind"] in KINDS, "大题")
    _require(bool(_ID.fullmatch(policy["key"])), "标准答案编号")
    return policy


def read_key(data: bytes) -> dict[str, Any]:
    """A subject's key blob."""
    key = _load(data, _KEY)
    for item, options in key["keys"].items():
        _require(bool(_ID.fullmatch(item)), "试题编号")
        _options(options, "标准答案")
    return key


def read_task(data: bytes) -> dict[str, Any]:
    """A task blob of a practical exam; its steps make up its marks."""
    task = _load(data, _TASK)
    points = [_fields(step, _STEP)["points"] for step in task["steps"]]
    _require(bool(points) and min(points) > 0 and sum(points) == task["full_marks"], "任务分值")
    return task


def read_drawn(data: bytes) -> dict[str, Any]:
    """What a candidate of a practical exam has drawn."""
    form = _load(data, _DRAWN)
    _require(bool(_ID.fullmatch(form["policy"])), "考试规则编号")
    tasks = form["tasks"]
    _require(all(isinstance(one, str) and _ID.fullmatch(one) for one in tasks) and len(set(tasks)) == len(tasks) > 0, "任务")
    return form


def read_rules(data: bytes) -> dict[str, Any]:
    """The rules of a practical exam."""
    rules = _load(data, _RULES)
    marks = [_fields(part, _PART)["full_marks"] for part in rules["parts"]]
    _require(sum(marks) == rules["full_marks"] > 0, "科目满分")
    return rules


def read_sheets(data: bytes) -> dict[str, list[dict[str, Any]]]:
    """Attempt → sheets in force, from the blob `answers` of a practical exam."""
    value = _json(data, ANSWERS_LIMIT)
    _require(isinstance(value, dict) and isinstance(value.get("attempts"), list), "评分")
    found: dict[str, list[dict[str, Any]]] = {}
    for row in value["attempts"]:
        _require(isinstance(row, dict) and isinstance(row.get("attempt"), str), "评分的应考号")
        _require(row["attempt"] not in found and isinstance(row.get("sheets"), list), "评分")
        found[row["attempt"]] = [_sheet(one) for one in row["sheets"]]
        names = [one["examiner"] for one in found[row["attempt"]]]
        _require(len(set(names)) == len(names), "考评员")
    return found


def _sheet(value: Any) -> dict[str, Any]:
    sheet = _fields(value, _SHEET)
    for mark in sheet["marks"]:
        _require(isinstance(mark, list) and [type(one) for one in mark] == [str, int, int, int], "扣分")
    return sheet


def read_answers(data: bytes) -> dict[str, dict[int, str]]:
    """Attempt → ordinal → letters, from the blob `answers`."""
    found: dict[str, dict[int, str]] = {}
    value = _json(data, ANSWERS_LIMIT)
    _require(isinstance(value, dict) and isinstance(value.get("attempts"), list), "作答")
    for row in value["attempts"]:
        _require(isinstance(row, dict) and isinstance(row.get("attempt"), str), "作答的应考号")
        _require(row["attempt"] not in found and isinstance(row.get("answers"), dict), "作答")
        for ordinal, letters in row["answers"].items():
            good = isinstance(letters, str) and _RESPONSE.fullmatch(letters) and _ORDINAL.fullmatch(ordinal)
            _require(bool(good), "作答的题次或字母")
        found[row["attempt"]] = {int(ordinal): letters for ordinal, letters in row["answers"].items()}
    return found


def _load(data: bytes, shape: Mapping[str, type]) -> dict[str, Any]:
    return _fields(_json(data, BLOB_LIMIT), shape)


def _json(data: bytes, limit: int) -> Any:
    _require(len(data) <= limit, "大小")
    try:
        return json.loads(data.decode("utf-8"), object_pairs_hook=_once, parse_float=_refuse_number, parse_constant=_refuse_number)
    except (UnicodeDecodeError, RecursionError, json.JSONDecodeError):
        raise BadBlob("试卷数据不是约定格式的 JSON。") from None


def _fields(value: Any, shape: Mapping[str, type]) -> dict[str, Any]:
    _require(isinstance(value, dict) and value.keys() == shape.keys(), "字段")
    _require(all(type(value[name]) is kind for name, kind in shape.items()), "字段类型")
    fields: dict[str, Any] = value
    return fields


def _options(options: Any, what: str) -> None:
    good = isinstance(options, list) and all(isinstance(name, str) and _OPTION.fullmatch(name) for name in options)
    _require(good and len(set(options)) == len(options) > 0, what)


def _once(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    pairs = list(pairs)
    _require(len({name for name, _ in pairs}) == len(pairs), "重复字段")
    return dict(pairs)


def _refuse_number(text: str) -> None:
    raise BadBlob(f"试卷数据中的数 {text} 不是整数。")


def _require(good: bool, what: str) -> None:
    if not good:
        raise BadBlob(f"试卷数据的{what}不合约定。")
