"""The shapes of payloads: each rule refuses what it should, and every kind has its file."""

import pytest

from kaopei.parcel import kinds, schema
from kaopei.parcel.rejected import Rejected

RULES = {
    "properties": {
        "name": {"type": "string", "pattern": "[a-z]+", "maxLength": 5, "minLength": 2},
        "age": {"type": "integer", "minimum": 1, "maximum": 9},
        "free": {"type": "integer"},
        "flag": {"type": "boolean"},
        "rows": {"type": "array", "minItems": 1, "maxItems": 2, "items": {"type": "string"}},
        "any": {"type": "array"},
        "either": {"type": ["string", "null"], "enum": ["a", None]},
        "map": {"type": "object", "additionalProperties": {"type": "integer"}},
        "open": {"type": "object"},
        "untyped": {},
        "day": {"$ref": "terms.json#/$defs/date"},
    },
    "required": ["name"],
    "type": "object",
    "additionalProperties": False,
}


def check(**fields):
    schema._check(RULES, {"name": "abc", **fields}, "x")


@pytest.mark.parametrize(
    "fields",
    [
        {}, {"age": 1}, {"age": 9}, {"free": -5}, {"flag": True}, {"rows": ["x"]}, {"any": [1, "x"]}, {"either": None}, {"either": "a"},
        {"map": {"k": 1}}, {"open": {"k": "v"}}, {"untyped": 1.5}, {"day": "2026-12-07"}, {"map": {}},
    ],
)
def test_what_fits_passes(fields):
    check(**fields)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": "a"}, "长度"), ({"name": "abcdef"}, "长度"), ({"name": "ABC"}, "写法"), ({"name": "abc\n"}, "写法"),
        ({"name": 1}, "类型"), ({"age": 0}, "数值"), ({"age": 10}, "数值"),
        ({"age": True}, "类型"), ({"age": "1"}, "类型"), ({"flag": 1}, "类型"), ({"rows": []}, "条数"),
        ({"rows": ["a"] * 3}, "条数"), ({"rows": [1]}, "rows\\[0\\]"),
        ({"either": "b"}, "允许的范围"), ({"either": 1}, "类型"), ({"map": {"k": "v"}}, "map.k"),
        ({"more": 1}, "不认识的字段 x.more"), ({"day": "2026-1-1"}, "写法"),
        ({"open": []}, "类型"),
    ],
)
def test_what_does_not_fit_is_named(fields, words):
    with pytest.raises(Rejected, match=words) as problem:
        check(**fields)
    assert problem.value.code == "schema"


def test_a_missing_field_is_named():
    with pytest.raises(Rejected, match="缺少字段 x.name"):
        schema._check(RULES, {}, "x")


def test_every_kind_has_its_shape_and_refuses_other_versions():
    for name in kinds.KINDS:
        assert schema.of(name)["additionalProperties"] is False
        with pytest.raises(Rejected, match="格式版本 2"):
            schema.check(name, {"v": 2})
        for other in (None, [], 5, {"v": 1}):
            with pytest.raises(Rejected):
                schema.check(name, other)
