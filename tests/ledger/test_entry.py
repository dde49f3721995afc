"""One spelling of an entry: what is encoded comes back, every other spelling is refused, by the short way as by the long one."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kaopei.ledger import entry

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.sampled_from(["𠮷", "\uf900", "\ue000", "a", ""])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-entry.LARGEST, entry.LARGEST) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=10,
)
FIELDS = st.dictionaries(TEXT, VALUES, max_size=5)


@pytest.mark.no_cover
@pytest.mark.slow
@given(FIELDS)
@settings(max_examples=500)
def test_fields_come_back_from_their_one_spelling(fields):
    leaf = entry.encode(fields)
    assert entry.decode(leaf) == fields
    assert entry._spelled(leaf, fields) == leaf


@pytest.mark.no_cover
@given(FIELDS, st.sampled_from(["spaces", "escapes", "order", "feed"]))
def test_another_spelling_is_refused(fields, how):
    leaf = entry.encode(fields)
    other = {
        "spaces": json.dumps(fields, ensure_ascii=False, sort_keys=True).encode(), "escapes": json.dumps(fields, separators=(",", ":")).encode(),
        "order": entry.encode(dict(reversed(fields.items())))[:-1] + b" }", "feed": leaf + b"\n",
    }[how]
    if other != leaf:
        with pytest.raises(entry.BadEntry):
            entry.decode(other)


@pytest.mark.parametrize(
    "leaf",
    [
        b"", b"[]", b"1", b"null", b'"x"', b"{", b'{"a":1.5}', b'{"a":NaN}', b'{"a":-0}', b'{"a":1,"a":1}', b'{"b":1,"a":1}', b'{"a":"\\ud800"}',
        b'{"a":"\\u0041"}', b'{"a":"\\/"}', b"\xff", b"\xef\xbb\xbf{}", b"[" * 100_000, b'{"a":9007199254740992}', b'{"a":-9007199254740992}',
        b'{"a":' + b"9" * 5000 + b"}", '{"\uf900":1,"𠮷":1}'.encode(), b'{"a":01}', b'{"a": 1}',
    ],
)
def test_what_is_no_entry_is_refused(leaf):
    with pytest.raises(entry.BadEntry):
        entry.decode(leaf)


@pytest.mark.parametrize("value", [1.5, b"x", {1: 2}, {2, 3}, "\udfff", 2**53, -(2**53)])
def test_what_has_no_single_spelling_is_not_written(value):
    with pytest.raises(entry.BadEntry):
        entry.encode({"a": value})
