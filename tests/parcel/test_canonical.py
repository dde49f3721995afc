"""Canonical JSON and base64url: one spelling for every value, every other spelling refused."""

import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kaopei.parcel import base64url, canonical
from kaopei.parcel.rejected import Rejected

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-canonical.LARGEST, canonical.LARGEST) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.no_cover
@pytest.mark.slow
@given(VALUES)
@settings(max_examples=300)
def test_a_value_comes_back_from_its_one_spelling(value):
    data = canonical.encode(value)
    assert canonical.decode(data) == value
    assert canonical.encode(json.loads(data)) == data


@pytest.mark.no_cover
@pytest.mark.slow
@given(st.dictionaries(TEXT, VALUES, min_size=2, max_size=4))
def test_another_spelling_of_the_same_value_is_refused(value):
    data = canonical.encode(value)
    for other in (json.dumps(value).encode(), json.dumps(value, indent=1).encode(), data + b"\n", b" " + data, b"\xef\xbb\xbf" + data):
        if other != data:
            with pytest.raises(Rejected):
                canonical.decode(other)


def test_keys_stand_in_the_order_of_utf16_units():
    """RFC 8785 §3.2.3: U+20BB7 (a surrogate pair) comes before U+F900."""
    assert canonical.encode({"\uf900": 1, "𠮷": 2, "a": 3}) == '{"a":3,"𠮷":2,"\uf900":1}'.encode()


@pytest.mark.parametrize(
    ("value", "word"),
    [
        (1.5, "float"), ({1: 2}, "键只能是文字"), (b"x", "bytes"), (2**53, "整数超出"), (-(2**53), "整数超出"),
        ("\ud800", "孤立代理项"), ({"\udfff": 1}, "孤立代理项"),
    ],
)
def test_what_has_no_single_spelling_is_not_signed(value, word):
    with pytest.raises(Rejected, match=word) as problem:
        canonical.encode({"field": value} if not isinstance(value, dict) else value)
    assert problem.value.code == "canonical"


def test_nesting_has_a_bottom():
    deep = 0
    for _ in range(canonical.DEEPEST):
        deep = [deep]
    canonical.encode(deep)
    with pytest.raises(Rejected, match="嵌套超过"):
        canonical.encode([deep])


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":1,"a":2}', b'{"b":1,"a":2}', b'{"a":1.0}', b'{"a":NaN}', b'{"a":-0}', b'{"a":1e3}', b'"\\u0041"', b"", b"\xff", b"[" * 5000,
        b"9" * 5000, b'{"a":',
    ],
)
def test_bytes_that_nobody_would_sign_are_refused(data):
    with pytest.raises(Rejected):
        canonical.decode(data)


def test_a_tuple_is_a_list_and_an_object_is_asked_for_by_name():
    assert canonical.encode((1, (2,))) == b"[1,[2]]"
    assert canonical.decode_object(b'{"a":1}') == {"a": 1}
    for data in (b"[]", b"null", b"1", b'"x"'):
        with pytest.raises(Rejected, match="回执应当是一个 JSON 对象"):
            canonical.decode_object(data, "回执")


@given(st.binary(max_size=80))
def test_base64url_comes_back_and_agrees_with_the_standard_library(data):
    text = base64url.encode(data)
    assert base64url.decode(text) == data
    assert base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)) == data


@pytest.mark.no_cover
@pytest.mark.slow
@given(st.binary(min_size=1, max_size=20), st.data())
def test_no_two_texts_mean_the_same_bytes(data, chance):
    text = base64url.encode(data)
    at = chance.draw(st.integers(0, len(text)))
    letter = chance.draw(st.sampled_from("=+/ \n-_Aa0é"))
    other = text[:at] + letter + text[at + chance.draw(st.integers(0, 1)) :]
    if other != text:
        try:
            assert base64url.decode(other) != data
        except Rejected as refusal:
            assert refusal.code == "base64"
