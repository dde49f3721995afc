"""Blobs are read strictly: anything that this program cannot have written is refused."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from kaopei.paper import codec
from kaopei.paper.codec import BadBlob

ID, OTHER = "0" * 31 + "a", "0" * 31 + "b"
ITEM = {"kind": "single", "stem": "题干", "options": [{"id": "a", "text": "甲"}, {"id": "b", "text": "乙"}]}
PLACE = {"item": ID, "options": ["b", "a"], "points": 1}
FORM = {"attempt": "A1", "subject": "焊接", "policy": ID, "duration_minutes": 90, "items": [PLACE]}
POLICY = {
    "subject": "焊接", "duration_minutes": 90, "full_marks": 100, "pass_mark": 80, "multiple": "all_or_nothing",
    "key": ID, "sections": [{"kind": "judge", "items": 3, "marks": 3}],
}  # fmt: skip
KEY = {"subject": "焊接", "keys": {ID: ["a", "b"]}}
CASES: list[tuple[Callable[[bytes], Any], dict[str, Any], dict[str, Any]]] = [
    (codec.read_item, ITEM, {"kind": "essay"}),
    (codec.read_item, ITEM, {"stem": 3}),
    (codec.read_item, ITEM, {"options": [{"id": "a", "text": "甲"}]}),
    (codec.read_item, ITEM, {"options": [{"id": "a", "text": "甲"}, {"id": "a", "text": "乙"}]}),
    (codec.read_item, ITEM, {"options": [{"id": "a", "text": "甲"}, {"id": "z", "text": "乙"}]}),
    (codec.read_item, ITEM, {"options": [{"id": "a"}, {"id": "b"}]}),
    (codec.read_item, ITEM, {"more": 1}),
    (codec.read_form, FORM, {"items": []}),
    (codec.read_form, FORM, {"items": [PLACE, PLACE]}),
    (codec.read_form, FORM, {"items": [PLACE | {"points": 0}]}),
    (codec.read_form, FORM, {"items": [PLACE | {"points": True}]}),
    (codec.read_form, FORM, {"items": [PLACE | {"item": "DY-0001"}]}),
    (codec.read_form, FORM, {"items": [PLACE | {"options": ["a", "a"]}]}),
    (codec.read_form, FORM, {"items": [PLACE | {"options": []}]}),
    (codec.read_form, FORM, {"items": [PLACE | {"options": [1]}]}),
    (codec.read_form, FORM, {"items": [3]}),
    (codec.read_form, FORM, {"policy": "policy"}),
    (codec.read_policy, POLICY, {"sections": [{"kind": "essay", "items": 1, "marks": 1}]}),
    (codec.read_policy, POLICY, {"key": "key"}),
    (codec.read_key, KEY, {"keys": {"DY-0001": ["a"]}}),
    (codec.read_key, KEY, {"keys": {ID: "ab"}}),
]


@pytest.mark.parametrize(("read", "good", "change"), CASES)
def test_refuse_what_has_another_shape(read: Callable[[bytes], Any], good: dict[str, Any], change: dict[str, Any]) -> None:
    assert read(codec.canonical(good)) == good
    with pytest.raises(BadBlob):
        read(codec.canonical(good | change))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        b"[]",
        b"{",
        b"[" * 100_000,
        b" " * (codec.BLOB_LIMIT + 1),
        json.dumps(FORM).replace("90", "90.0").encode(),
        json.dumps(FORM).replace("90", "NaN").encode(),
        json.dumps(FORM).replace('"subject"', '"attempt": "A2", "subject"').encode(),
    ],
)
def test_refuse_what_is_no_plain_json(data: bytes) -> None:
    with pytest.raises(BadBlob) as refused:
        codec.read_form(data)
    assert refused.value.exit_status == 2


def test_read_answers_as_shown() -> None:
    rows = [{"attempt": "A1", "answers": {"1": "A", "12": "BD", "3": ""}, "head": "00"}, {"attempt": "A2", "answers": {}}]
    assert codec.read_answers(codec.canonical({"attempts": rows, "v": 1})) == {"A1": {1: "A", 12: "BD", 3: ""}, "A2": {}}


@pytest.mark.parametrize(
    "value",
    [
        [],
        {"attempts": {}},
        {"attempts": [3]},
        {"attempts": [{"attempt": 1, "answers": {}}]},
        {"attempts": [{"attempt": "A1", "answers": []}]},
        {"attempts": [{"attempt": "A1", "answers": {}}, {"attempt": "A1", "answers": {}}]},
        {"attempts": [{"attempt": "A1", "answers": {"1": "a"}}]},
        {"attempts": [{"attempt": "A1", "answers": {"0": "A"}}]},
        {"attempts": [{"attempt": "A1", "answers": {"1": ["A"]}}]},
    ],
)
def test_refuse_answers_of_another_shape(value: object) -> None:
    with pytest.raises(BadBlob):
        codec.read_answers(codec.canonical(value))


def test_spell_a_value_in_one_way_only() -> None:
    assert codec.canonical({"b": 1, "a": "题"}) == '{"a":"题","b":1}'.encode()
    assert codec.read_item(codec.canonical(ITEM)) == ITEM
