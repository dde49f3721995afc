"""A ledger that goes on from another: a promoted standby's, or a successor after damage, as its return parcel brings it.

二（四） N2.4.13/14: the new log begins with the old entries and names the old log, its size and root. It is believed only if nothing that
was witnessed of the old one has changed or is missing, and if what the old one had signed lies beside it. Entries between the last
checkpoint that holds and the break are doubtful: they prove nothing, and the center shows how many there are.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kaopei.ledger import checkpoint
from kaopei.ledger.checkpoint import Checkpoint
from kaopei.parcel import container
from kaopei.parcel.rejected import Rejected

KINDS = {"standby.promoted": "备用服务器接替主机", "ledger.succeeded": "台账损坏，两人续写"}
BEFORE = "ledger_before"


@dataclass(frozen=True, slots=True)
class Succession:
    """One change of logs: `size` entries came along, of these `sound` under a checkpoint of the old log that holds."""

    kind: str
    origin: str
    size: int
    sound: int
    reason: str

    @property
    def title(self) -> str:
        """What people call it."""
        return KINDS[self.kind]

    @property
    def doubtful(self) -> range:
        """Entries that prove nothing any more."""
        return range(self.sound, self.size)


Believe = Callable[[str, bytes], Checkpoint]  # origin, note → the checkpoint if that log's machine signed it


def found(
    entries: Sequence[dict[str, Any]], contents: Mapping[str, bytes], site: str, root_at: Callable[[int], str], believe: Believe
) -> list[Succession]:
    """Every change of logs in a ledger, checked against what the parcel brings of the old ones. `site` = edge.<city>.<site>/"""
    made = []
    before = _before(contents)
    for one in entries:
        if one.get("type") not in KINDS:
            continue
        body, seq = one.get("body", {}), one["seq"]
        origin, size, signed = str(body.get("origin")), body.get("size"), body.get("signed_size")
        if not origin.startswith(site):
            raise Rejected("succession", f"台账第 {seq} 条承接的台账 {origin} 不属于这个考试点")
        if size != seq or body.get("root") != root_at(seq) or not isinstance(signed, int) or not 0 <= signed <= size:
            raise Rejected("succession", f"台账第 {seq} 条所说的承接（{size} 条）与台账本身不符")
        sound = body.get("sound", size) if one["type"] == "ledger.succeeded" else size
        if not isinstance(sound, int) or not 0 <= sound <= size:
            raise Rejected("succession", f"台账第 {seq} 条所说的完好部分不成立")
        if signed:
            _signed(before, size, origin, signed, sound, root_at, believe)
        made.append(Succession(str(one["type"]), origin, size, sound, str(body.get("reason", ""))))
    return made


def _before(contents: Mapping[str, bytes]) -> dict[str, bytes]:
    return dict(container.read(contents[BEFORE])) if BEFORE in contents else {}


def _signed(before: Mapping[str, bytes], size: int, origin: str, signed: int, sound: int, root_at: Callable[[int], str], believe: Believe) -> None:
    """The last checkpoint of the old log is here, signed by its own machine; what is said to be sound is under one of its checkpoints."""
    notes = {name: data for name, data in before.items() if name.startswith((f"{size}/checkpoint", f"{size}/checkpoints/"))}
    if f"{size}/checkpoint" not in notes:
        raise Rejected("succession", f"回传包里没有被承接的台账 {origin} 的检查点，请考试点重新生成")
    try:
        known = {note.size: note.root.hex() for note in (believe(origin, data) for data in notes.values())}
    except checkpoint.BadCheckpoint as problem:
        raise Rejected("succession", f"被承接的台账 {origin} 的检查点不成立：{problem}") from None
    if max(known) != signed:
        raise Rejected("succession", f"被承接的台账 {origin} 最后签署到 {max(known)} 条，续写时却说是 {signed} 条")
    covered = min(sound, signed)
    if covered in known and known[covered] != root_at(covered):
        raise Rejected("succession", f"续写的台账与被承接的台账在 {covered} 条处的根不同。请立即报告")
    if covered and covered not in known:
        raise Rejected("succession", f"被承接的台账 {origin} 没有大小为 {covered} 的检查点，完好部分没有依据")


def witnessed(one: Succession, roots: Mapping[int, str], root_at: Callable[[int], str]) -> None:
    """What the city has seen of the old log stays as it was. Rejected otherwise."""
    for size, root in sorted(roots.items()):
        if size > one.size:
            raise Rejected("witness", f"承接时台账只有 {one.size} 条，少于已见证的 {size} 条：有记录没有接过来。请立即报告")
        if root_at(size) != root:
            raise Rejected("witness", f"承接的台账前 {size} 条与已见证的不同：内容被改动，或出现分叉。请立即报告")
