"""One entry as evidence, what a witness asks of a newer checkpoint, and the catalogue of events."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaopei.ledger import checkpoint, entry, events, proof, segment, tree
from tests.ledger.test_segment import ORIGIN, SIGNER, believed, leaves, note


def believe(data):
    return believed("", data)


@given(st.integers(1, 40), st.data())
def test_an_entry_is_proved_by_a_few_hashes(count, chance):
    rows = leaves(count)
    index = chance.draw(st.integers(0, count - 1))
    evidence = proof.make(rows, index, note(rows, count))
    assert proof.verify(evidence, believe)["seq"] == index
    assert len(evidence["proof"]) <= (count - 1).bit_length()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"origin": "vault.x/2026"}, "名称或大小与检查点不符"), ({"size": 8}, "名称或大小"), ({"index": 4}, "序号与位置不符"),
        ({"proof": []}, "不在这份台账里"), ({"proof": ["0" * 64] * 4}, "不在这份台账里"),
        ({"entry": entry.encode({"v": 1, "seq": 3, "type": "test.forged"}).decode()}, "不在这份台账里"),
        ({"entry": "{}"}, "序号与位置不符"),
    ],
)
def test_evidence_that_was_changed_is_refused(changes, words):
    rows = leaves(9)
    evidence = proof.make(rows, 3, note(rows, 9))
    with pytest.raises(proof.BadProof, match=words):
        proof.verify({**evidence, **changes}, believe)


@pytest.mark.parametrize("changes", [{"checkpoint": "x"}, {"entry": "no json"}, {"entry": '{"seq": 3}'}, {"proof": ["zz"]}])
def test_evidence_that_is_none_is_refused(changes):
    rows = leaves(9)
    evidence = proof.make(rows, 3, note(rows, 9))
    with pytest.raises(ValueError):
        proof.verify({**evidence, **changes}, believe)


def test_there_is_no_evidence_for_an_entry_that_is_not_there():
    rows = leaves(3)
    for index in (-1, 3):
        with pytest.raises(ValueError, match="no leaf"):
            proof.make(rows, index, note(rows, 3))


def stated(rows, size):
    return checkpoint.parse(note(rows, size))


def path(rows, old):
    return tree.consistency_proof([tree.leaf_hash(leaf) for leaf in rows], old)


@given(st.integers(1, 60), st.data())
def test_a_witness_takes_what_continues_and_nothing_else(count, chance):
    rows = leaves(count)
    old = chance.draw(st.integers(1, count))
    proof.witness(stated(rows, old), stated(rows, count), path(rows, old))
    forged = [*rows[: old - 1], b"forged", *rows[old:]]
    with pytest.raises(proof.BadProof):
        proof.witness(stated(rows, old), stated(forged, count), path(forged, old))


def test_a_witness_names_what_is_wrong():
    rows = leaves(10)
    proof.witness(None, stated(rows, 10), [])
    proof.witness(stated([], 0), stated(rows, 10), [])
    cases = [
        (stated(rows, 10), stated(rows, 9), [], "被截断，或恢复了旧盘"),
        (stated(rows, 5), stated(rows, 10), [], "不是从已知的 5 条续写"),
        (stated(rows, 10), stated([*rows[:9], b"x"], 10), [], "分叉"),
    ]
    for known, new, way, words in cases:
        with pytest.raises(proof.BadProof, match=words):
            proof.witness(known, new, way)
    other = checkpoint.parse(checkpoint.sign(checkpoint.body("center.440100/2026", 10, stated(rows, 10).root), SIGNER))
    with pytest.raises(proof.BadProof, match="另一份台账 center.440100/2026"):
        proof.witness(stated(rows, 5), other, [])


def test_a_note_with_the_same_signature_twice_is_refused():
    good = note(leaves(3), 3)
    line = good.splitlines(keepends=True)[-1]
    with pytest.raises(checkpoint.BadCheckpoint, match="出现两次"):
        checkpoint.parse(good + line)
    assert len(checkpoint.parse(checkpoint.cosign(good, SIGNER, "witness")).signatures) == 2


def test_the_entries_of_a_segment_come_back_in_order():
    rows = leaves(300)
    assert segment.leaves(segment.write(rows, [note(rows, 256), note(rows, 300)])) == rows
    assert segment.leaves(segment.write([], [note([], 0)])) == []


def test_an_empty_tree_has_the_root_of_nothing():
    wrong = checkpoint.sign(checkpoint.body(ORIGIN, 0, hashlib.sha256(b"x").digest()), SIGNER)
    with pytest.raises(segment.Broken, match="台账为空"):
        segment.verify({"checkpoint": wrong}, believed)


# ── events.toml ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_event_says_in_chinese_what_happened():
    found = events.catalogue()
    assert events.codes() == frozenset(found)
    for code, kind in found.items():
        assert kind.code == code and code.count(".") == 1
        assert any("\u4e00" <= letter <= "\u9fff" for letter in kind.zh), code
        assert events.fields(code) == kind.fields
        assert len(set(kind.fields)) == len(kind.fields), code
        assert kind.clause == "" or kind.clause.startswith("N"), code
    with pytest.raises(KeyError):
        events.fields("no.such")


def test_a_code_may_not_stand_in_two_sections(monkeypatch):
    events.catalogue.cache_clear()
    monkeypatch.setattr(events.tomllib, "loads", lambda text: {"one": {"app": {"done": {"zh": "甲"}}}, "two": {"app": {"done": {"zh": "乙"}}}})
    try:
        with pytest.raises(ValueError, match="app.done 出现两次"):
            events.catalogue()
    finally:
        monkeypatch.undo()
        events.catalogue.cache_clear()
    assert events.catalogue()
