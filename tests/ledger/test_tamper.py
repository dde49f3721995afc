"""Ten ways to change a ledger, by the thousand: every one is found, by whoever recomputes it or by the witness of its last checkpoint.

The witness knows the checkpoint of size `WITNESSED`. One window cannot be closed by any of this and is named by a test: what
happens after the last witnessed checkpoint, done by somebody who holds the log's own key.
"""

import random

import pytest

from kaopei.ledger import checkpoint, entry, proof, segment, tree
from tests.ledger.test_segment import ORIGIN, SIGNER, Signer, believed, note

SAMPLE, ALL = 400, 10_000
SIZE, WITNESSED = 40, 33
SIZES = (7, 21, WITNESSED, SIZE)


def honest(size: int = SIZE, salt: str = "") -> list[bytes]:
    return [
        entry.encode({
            "v": 1, "seq": n, "src": "edge", "src_seq": n, "type": "answers.saved", "wall": 1_796_000_000 + n, "boottime": 1000 + n,
            "boot_id": "b", "actor": "edge", "obj": "sitting:S", "body": {"events": n % 7, "digest": f"{n}{salt}"},
        })
        for n in range(size)
    ]  # fmt: skip


def laid(leaves: list[bytes], sizes: tuple[int, ...] = SIZES) -> dict[str, bytes]:
    """With the log's own key: the whole of it as it would look if it had always been so."""
    return segment.write(leaves, [note(leaves, size) for size in sizes])


KNOWN = checkpoint.parse(note(honest(), WITNESSED))


def believe(files: dict[str, bytes]) -> str:
    """What is wrong, as an outsider with the public key and the witness's checkpoint sees it; empty if nothing."""
    try:
        report = segment.verify(files, believed)
        hashes = [tree.leaf_hash(leaf) for leaf in segment.leaves(files)]
        new = checkpoint.parse(files["checkpoint"])
        path = tree.consistency_proof(hashes, KNOWN.size) if report.size >= KNOWN.size else []
        proof.witness(KNOWN, new, path)
    except ValueError as problem:
        return str(problem)
    return ""


def renumbered(leaves: list[bytes]) -> list[bytes]:
    return [entry.encode(entry.decode(leaf) | {"seq": n, "src_seq": n}) for n, leaf in enumerate(leaves)]


def kept(leaves: list[bytes]) -> dict[str, bytes]:
    """Without the key: entries and tiles made anew, the old checkpoints beside them."""
    old = laid(honest())
    files = {name: data for name, data in segment.write(leaves, [old["checkpoint"]]).items() if name.startswith("tile/")}
    return files | {name: data for name, data in old.items() if name.startswith("checkpoint")}


def modify(chance):
    leaves, at = honest(), chance.randrange(SIZE)
    facts = entry.decode(leaves[at])
    facts["body"] |= {"events": facts["body"]["events"] + chance.randrange(1, 50)}
    leaves[at] = entry.encode(facts)
    return kept(leaves)


def flip(chance):
    files = laid(honest())
    name = chance.choice(sorted(files))
    data = bytearray(files[name])
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return files | {name: bytes(data)}


def delete(chance):
    leaves = honest()
    del leaves[chance.randrange(SIZE)]
    return kept(chance.choice([leaves, renumbered(leaves)]))


def insert(chance):
    leaves = honest()
    leaves.insert(chance.randrange(SIZE), entry.encode(entry.decode(leaves[0]) | {"obj": f"sitting:{chance.random()}"[:20]}))
    return kept(renumbered(leaves)[:SIZE])


def reorder(chance):
    leaves = honest()
    one, other = chance.sample(range(SIZE), 2)
    leaves[one], leaves[other] = leaves[other], leaves[one]
    return kept(chance.choice([leaves, renumbered(leaves)]))


def renumber(chance):
    leaves, at = honest(), chance.randrange(SIZE)
    leaves[at] = entry.encode(entry.decode(leaves[at]) | {"seq": chance.choice([at + 1, at + 100, 0 if at else 1])})
    return chance.choice([kept, laid])(leaves)


def rebuild(chance):
    """With the key: everything made anew after a change before the witnessed checkpoint, and signed again."""
    leaves, at = honest(), chance.randrange(WITNESSED)
    leaves[at] = entry.encode(entry.decode(leaves[at]) | {"actor": f"other{chance.randrange(1000)}"})
    return laid(leaves)


def truncate(chance):
    """With the key, or simply by putting an old disk back."""
    size = chance.randrange(1, WITNESSED)
    sizes = tuple(one for one in SIZES if one < size)
    return laid(honest(size), (*sizes, size))


def split(chance):
    """With the key: another history for another reader, of the same size as what the witness knows or larger."""
    size = chance.choice([WITNESSED, SIZE, SIZE + chance.randrange(1, 20)])
    return laid(honest(size, salt=f"-{chance.randrange(10**6)}"), (size,))


def forge(chance):
    """Another key, a name that is not the log's, or a signature from elsewhere under this text."""
    files, kind = laid(honest()), chance.randrange(3)
    text = checkpoint.parse(files["checkpoint"]).text
    if kind == 0:
        return files | {"checkpoint": checkpoint.sign(text, Signer())}
    if kind == 1:
        return files | {"checkpoint": checkpoint.sign(text.replace(ORIGIN.encode(), f"edge.{chance.randrange(10**6)}".encode()), SIGNER)}
    other = note(honest(), chance.choice([7, 21, WITNESSED]))
    return files | {"checkpoint": text + b"\n" + other.partition(b"\n\n")[2]}


KINDS = (modify, flip, delete, insert, reorder, renumber, rebuild, truncate, split, forge)


def hold(count: int, seed: int) -> None:
    chance, found = random.Random(seed), dict.fromkeys((kind.__name__ for kind in KINDS), 0)
    for number in range(count):
        kind = KINDS[number % len(KINDS)]
        problem = believe(kind(chance))
        assert problem, f"{kind.__name__} of run {number} was not found"
        found[kind.__name__] += 1
    print(found)


def test_the_honest_ledger_is_believed():
    assert believe(laid(honest())) == ""


def test_every_tamper_is_found():
    hold(SAMPLE, 20261207)


@pytest.mark.long
def test_every_tamper_of_very_many_is_found():
    hold(ALL, 1)


def test_the_one_window_is_what_the_key_does_after_the_last_witnessed_checkpoint():
    """Named, not closed: entries between the last witnessed checkpoint and now can be rewritten by whoever has the log's key."""
    leaves = honest()
    leaves[WITNESSED] = entry.encode(entry.decode(leaves[WITNESSED]) | {"actor": "other"})
    assert believe(laid(leaves)) == ""
    leaves = honest()
    leaves[WITNESSED - 1] = entry.encode(entry.decode(leaves[WITNESSED - 1]) | {"actor": "other"})
    assert believe(laid(leaves)) != "", "one entry earlier, and it is found"
