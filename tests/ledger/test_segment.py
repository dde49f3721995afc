"""A ledger handed to an outsider: it holds, and any changed, lost, added or reordered byte is found and named."""

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from kaopei.ledger import checkpoint, entry, segment, tree

ORIGIN = "center.440600/2026"


class Signer:
    def __init__(self):
        self.key = Ed25519PrivateKey.generate()

    def public(self):
        return self.key.public_key().public_bytes_raw()

    def sign_note(self, text):
        return self.key.sign(text)


def holds(public, signature, text):
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, text)
    except InvalidSignature:
        return False
    return True


SIGNER = Signer()


def believed(_name, note):
    return checkpoint.verify(note, {ORIGIN: SIGNER.public()}, holds)


def note(leaves, size):
    root = tree.root([tree.leaf_hash(leaf) for leaf in leaves[:size]])
    return checkpoint.sign(checkpoint.body(ORIGIN, size, root), SIGNER)


def leaves(count):
    return [entry.encode({"v": 1, "seq": n, "type": "test.done", "obj": f"thing:{n}", "body": {"钟": n}}) for n in range(count)]


def files(count=300, sizes=(5, 256, 300)):
    rows = leaves(count)
    return segment.write(rows, [note(rows, size) for size in sizes])


def test_whole_ledger_holds():
    report = segment.verify(files(), believed)
    assert (report.origin, report.size, report.checkpoints) == (ORIGIN, 300, 3)


def test_empty_ledger_holds():
    assert segment.verify(segment.write([], [note([], 0)]), believed).size == 0


@pytest.mark.no_cover
@pytest.mark.slow
def test_large_ledger_has_tiles_of_tiles():
    rows = leaves(66_000)
    made = segment.write(rows, [note(rows, 66_000)])
    assert "tile/entries/257.p/208" in made
    assert "tile/2/000.p/1" in made
    assert segment.verify(made, believed).size == 66_000


def test_names_of_many_tiles_are_in_groups_of_three():
    assert segment._number(1234067) == "x001/x234/067"
    assert segment._number(7) == "007"


@pytest.mark.no_cover
@pytest.mark.slow
def test_any_changed_bit_is_found():
    good = files(12, (4, 12))
    for name in good:
        for at in range(len(good[name])):
            for bit in {1 << (at % 8), 0x20}:
                spoiled = bytearray(good[name])
                spoiled[at] ^= bit
                with pytest.raises(segment.Broken):
                    segment.verify({**good, name: bytes(spoiled)}, believed)


def test_lost_added_and_renamed_files_are_found():
    good = files(12, (4, 12))
    for name in good:
        if not name.startswith("checkpoints/"):
            with pytest.raises(segment.Broken):
                segment.verify({n: d for n, d in good.items() if n != name}, believed)
    with pytest.raises(segment.Broken, match="不属于"):
        segment.verify({**good, "notes.txt": b""}, believed)
    with pytest.raises(segment.Broken, match="检查点"):
        segment.verify({**good, "checkpoints/5": good["checkpoints/4"]}, believed)


@pytest.mark.parametrize("spoil", ["cut", "long", "short", "swap", "drop", "insert"])
def test_tampering_is_located(spoil):
    rows = leaves(12)
    good = segment.write(rows, [note(rows, 12)])
    rows = {
        "cut": rows, "long": [*rows, rows[-1]], "short": rows[:-1], "swap": [rows[1], rows[0], *rows[2:]],
        "drop": [*rows[:5], *rows[6:], rows[5]], "insert": [*rows[:5], rows[4], *rows[5:-1]],
    }[spoil]
    name = "tile/entries/000.p/12"
    data = b"".join(len(leaf).to_bytes(2) + leaf for leaf in rows)
    with pytest.raises(segment.Broken) as found:
        segment.verify({**good, name: data[:-1] if spoil == "cut" else data}, believed)
    assert "条" in str(found.value)


def test_an_old_image_signed_again_by_another_key_is_refused():
    rows = leaves(12)
    stranger = Signer()
    forged = checkpoint.sign(checkpoint.body(ORIGIN, 12, tree.root([tree.leaf_hash(r) for r in rows])), stranger)
    with pytest.raises(segment.Broken, match="不属于信任名单"):
        segment.verify(segment.write(rows, [forged]), believed)


def test_cosigned_note_needs_every_key():
    rows = leaves(3)
    witness = Signer()
    twice = checkpoint.cosign(note(rows, 3), witness, "city.440600")
    with pytest.raises(checkpoint.BadCheckpoint):
        checkpoint.verify(twice, {ORIGIN: SIGNER.public()}, holds)
    both = {ORIGIN: SIGNER.public(), "city.440600": witness.public()}
    assert len(checkpoint.verify(twice, both, holds).signatures) == 2


@pytest.mark.parametrize(
    "text",
    [b"", b"a\n1\n", b"a\n1\nAAAA\n\n", b"a b\n1\n" + b"A" * 43 + b"=\n\n\xe2\x80\x94 a AAAAAAA=\n", b"\xff\n1\nx\n\n"],
)
def test_what_is_no_checkpoint_is_refused(text):
    with pytest.raises(checkpoint.BadCheckpoint):
        checkpoint.parse(text)


def test_another_spelling_of_a_checkpoint_is_refused():
    whole = note(leaves(3), 3)
    for other in (whole.replace(b"\n3\n", b"\n03\n", 1), whole + b"\n", whole.removesuffix(b"\n")):
        with pytest.raises(checkpoint.BadCheckpoint):
            checkpoint.parse(other)
    with pytest.raises(checkpoint.BadCheckpoint, match="不规范"):
        checkpoint.parse(whole.replace(b"\n3\n", b"\n03\n", 1))


@pytest.mark.parametrize("line", ["- a AAAAAAA=", "— a b c", "— a AAAA", "— a !!!!"])
def test_bad_signature_lines_are_refused(line):
    text = checkpoint.body(ORIGIN, 0, tree.EMPTY)
    with pytest.raises(checkpoint.BadCheckpoint):
        checkpoint.parse(text + b"\n" + f"{line}\n".encode())


def test_a_body_with_a_bad_origin_is_refused():
    with pytest.raises(checkpoint.BadCheckpoint):
        checkpoint.body("a b", 1, tree.EMPTY)


@pytest.mark.parametrize("fields", [{"a": 1.5}, {"a": 2**53}, {"a": "\ud800"}, {"a": {1: 2}}, {"a": object()}])
def test_values_with_more_than_one_spelling_are_refused(fields):
    with pytest.raises(entry.BadEntry):
        entry.encode(fields)


@pytest.mark.parametrize("leaf", [b'{"b":1,"a":2}', b'{"a": 1}', b"[]", b"\xff", b'{"a":1.0}', b'{"a":NaN}', b'{"a":1,"a":1}'])
def test_leaves_in_another_spelling_are_refused(leaf):
    with pytest.raises(entry.BadEntry):
        entry.decode(leaf)


def test_an_entry_that_is_too_long_is_refused():
    rows = [entry.encode({"seq": 0, "body": "x" * 70_000})]
    with pytest.raises(entry.BadEntry):
        segment.write(rows, [note(rows, 1)])


def test_entries_keep_their_place():
    rows = [entry.encode({"seq": 1})]
    with pytest.raises(segment.Broken, match="序号"):
        segment.verify(segment.write(rows, [note(rows, 1)]), believed)


def test_bool_none_and_lists_are_entries():
    assert entry.decode(entry.encode({"a": [True, None, "字", {"z": 1, "b": 2}]}))["a"][3] == {"b": 2, "z": 1}
