"""A ledger for outsiders: files in the C2SP tile layout, and the routine that recomputes all of them.

`checkpoint` the newest note · `checkpoints/<size>` the earlier ones · `tile/entries/<n>[.p/<w>]` 256 entries each, every one with a
two-byte length · `tile/<level>/<n>[.p/<w>]` the hashes. <n> is written in groups of three digits (x001/234).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from kaopei.ledger import checkpoint, entry, tree

WIDTH = 256
Verifier = Callable[[str, bytes], checkpoint.Checkpoint]  # file name, note → verified checkpoint


class Broken(ValueError):
    """The first thing that is wrong in a segment, by name."""

    exit_status = 1


@dataclass(frozen=True)
class Report:
    """A segment that holds."""

    origin: str
    size: int
    root: bytes
    checkpoints: int


def _number(index: int) -> str:
    digits = f"{index:03d}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    return "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])


def _name(level: str, index: int, width: int) -> str:
    return f"tile/{level}/{_number(index)}" + ("" if width == WIDTH else f".p/{width}")


def _pages(count: int) -> Iterable[tuple[int, int, int]]:
    """(tile index, first, width) over so many hashes."""
    for index in range(-(-count // WIDTH)):
        first = index * WIDTH
        yield index, first, min(WIDTH, count - first)


def _bundle(leaves: Sequence[bytes]) -> bytes:
    for leaf in leaves:
        if len(leaf) > 0xFFFF:
            raise entry.BadEntry("台账条目超过 65535 字节")
    return b"".join(len(leaf).to_bytes(2) + leaf for leaf in leaves)


def _hash_tiles(hashes: list[bytes]) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    level = 0
    while hashes:
        for index, first, width in _pages(len(hashes)):
            files[_name(str(level), index, width)] = b"".join(hashes[first : first + width])
        whole = len(hashes) // WIDTH
        hashes = [tree.root(hashes[at * WIDTH : (at + 1) * WIDTH]) for at in range(whole)]
        level += 1
    return files


def write(leaves: Sequence[bytes], notes: Sequence[bytes]) -> dict[str, bytes]:
    """The files of a ledger; the last note is the newest and covers all leaves."""
    files = {"checkpoint": notes[-1]}
    for note in notes[:-1]:
        files[f"checkpoints/{checkpoint.parse(note).size}"] = note
    for index, first, width in _pages(len(leaves)):
        files[_name("entries", index, width)] = _bundle(leaves[first : first + width])
    return files | _hash_tiles([tree.leaf_hash(leaf) for leaf in leaves])


def leaves_of(name: str, data: bytes, width: int) -> list[bytes]:
    """The entries of one bundle; Broken if it is cut off, too long or too short."""
    found: list[bytes] = []
    at = 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 2])
        leaf = data[at + 2 : at + 2 + size]
        if len(data) - at < 2 or len(leaf) != size:
            raise Broken(f"{name}：第 {len(found)} 条被截断")
        found.append(leaf)
        at += 2 + size
    if len(found) != width:
        raise Broken(f"{name}：应有 {width} 条，现有 {len(found)} 条")
    return found


def leaves(files: Mapping[str, bytes]) -> list[bytes]:
    """All entries of a segment in order, as many as its newest checkpoint counts; nothing is verified here."""
    found: list[bytes] = []
    for index, _first, width in _pages(checkpoint.parse(files["checkpoint"]).size):
        name = _name("entries", index, width)
        found += leaves_of(name, files[name], width)
    return found


def verify(files: Mapping[str, bytes], verified: Verifier) -> Report:
    """Recompute everything. `verified` believes or refuses one checkpoint note. Broken names the first bad record."""
    if "checkpoint" not in files:
        raise Broken("缺少文件 checkpoint")
    newest = _believed("checkpoint", files["checkpoint"], verified)
    notes = [_believed(name, files[name], verified) for name in files if name.startswith("checkpoints/")]
    for name, note in zip([name for name in files if name.startswith("checkpoints/")], notes, strict=True):
        if name != f"checkpoints/{note.size}" or note.origin != newest.origin or note.size >= newest.size:
            raise Broken(f"{name}：检查点不属于这份台账，或大小与文件名不符")
    signed = {note.size: note for note in [*notes, newest]}
    hashes = _entries(files, newest.size, signed)
    expected = _hash_tiles(hashes)
    for name, data in expected.items():
        if files.get(name) != data:
            raise Broken(f"{name}：哈希与条目不符" if name in files else f"缺少文件 {name}")
    known = {_name("entries", index, width) for index, _first, width in _pages(newest.size)} | set(expected) | {"checkpoint"}
    extra = sorted(name for name in files if name not in known and not name.startswith("checkpoints/"))
    if extra:
        raise Broken(f"{extra[0]}：不属于这份台账的文件")
    return Report(newest.origin, newest.size, newest.root, len(signed))


def _believed(name: str, note: bytes, verified: Verifier) -> checkpoint.Checkpoint:
    try:
        return verified(name, note)
    except ValueError as problem:
        raise Broken(f"{name}：{problem}") from problem


def _entries(files: Mapping[str, bytes], size: int, signed: Mapping[int, checkpoint.Checkpoint]) -> list[bytes]:
    """Leaf hashes in order, each checkpoint's root compared when its size is reached."""
    grown, hashes = tree.Frontier(), []
    for index, first, width in _pages(size):
        name = _name("entries", index, width)
        if name not in files:
            raise Broken(f"缺少文件 {name}")
        for place, leaf in enumerate(leaves_of(name, files[name], width)):
            _check_entry(name, first + place, leaf)
            hashes.append(tree.leaf_hash(leaf))
            grown.append(hashes[-1])
            if grown.size in signed and signed[grown.size].root != grown.root():
                raise Broken(f"第 {first + place} 条或它之前的条目被改动：根与大小为 {grown.size} 的检查点不符")
    if grown.root() != signed[size].root:
        raise Broken("台账为空，但检查点的根不是空树的根")
    return hashes


def _check_entry(name: str, seq: int, leaf: bytes) -> None:
    try:
        fields = entry.decode(leaf)
    except entry.BadEntry as problem:
        raise Broken(f"{name}：第 {seq} 条：{problem}") from problem
    if fields.get("seq") != seq:
        raise Broken(f"{name}：第 {seq} 条的序号是 {fields.get('seq')}，次序不对或有缺失")
