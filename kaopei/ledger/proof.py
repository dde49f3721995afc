"""One entry's place in a ledger as a piece of evidence, and what a witness asks of a newer checkpoint."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kaopei.ledger import checkpoint, entry, tree
from kaopei.ledger.checkpoint import Checkpoint

Believer = Callable[[bytes], Checkpoint]  # a note → its checkpoint, if the signatures hold


class BadProof(ValueError):
    """The entry does not stand where it is said to, or a log has not grown from what was known of it."""

    exit_status = 2


def make(leaves: Sequence[bytes], index: int, note: bytes) -> dict[str, Any]:
    """The evidence that leaf `index` stands under a signed checkpoint over exactly these leaves."""
    hashes = [tree.leaf_hash(leaf) for leaf in leaves]
    path = [one.hex() for one in tree.inclusion_proof(hashes, index)]
    stated = checkpoint.parse(note)
    return {
        "origin": stated.origin, "entry": leaves[index].decode("utf-8"), "index": index, "size": stated.size,
        "proof": path, "checkpoint": note.decode("utf-8"),
    }


def verify(evidence: Mapping[str, Any], believe: Believer) -> dict[str, Any]:
    """The fields of the entry, if it stands under a checkpoint that is believed."""
    note = believe(str(evidence["checkpoint"]).encode("utf-8"))
    if (note.origin, note.size) != (evidence["origin"], evidence["size"]):
        raise BadProof("存证写的台账名称或大小与检查点不符")
    leaf = str(evidence["entry"]).encode("utf-8")
    fields = entry.decode(leaf)
    path = [bytes.fromhex(one) for one in evidence["proof"]]
    if fields.get("seq") != evidence["index"]:
        raise BadProof("存证的条目序号与位置不符")
    if not tree.verify_inclusion(tree.leaf_hash(leaf), evidence["index"], note.size, path, note.root):
        raise BadProof(f"第 {evidence['index']} 条不在这份台账里")
    return fields


def witness(known: Checkpoint | None, new: Checkpoint, path: Sequence[bytes]) -> None:
    """BadProof unless `new` continues what this witness knows: size never falls, same size = same root, else a fork."""
    if known is None:
        return
    if known.origin != new.origin:
        raise BadProof(f"检查点属于另一份台账 {new.origin}")
    if new.size < known.size:
        raise BadProof(f"台账 {new.origin} 从 {known.size} 条变成 {new.size} 条：被截断，或恢复了旧盘")
    if new.size == known.size and new.root != known.root:
        raise BadProof(f"台账 {new.origin} 在 {new.size} 条处有两个不同的根：分叉；保留两份检查点作证据")
    if known.size and not tree.verify_consistency(known.size, new.size, known.root, new.root, path):
        raise BadProof(f"台账 {new.origin} 不是从已知的 {known.size} 条续写的")
