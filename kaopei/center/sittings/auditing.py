"""What a return parcel's ledger says about time: was the clock set back, was the server silent, was time given without an entry.

二（四） N2.4.13, 三（二） N3.2.6: time stolen or granted shows here. Every figure is computed again from the segment; the site's own counts
are only compared with it. Findings are shown and punish nobody; time that no entry explains is no parcel at all.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from kaopei.parcel.rejected import Rejected

# A heartbeat is due every 60 seconds while a paper is open (design, exam day §5); half of one more is allowed.
SILENT_SECONDS = 90
# Wall and boottime of two entries may differ by so much without a finding: labels are whole seconds.
SLACK_SECONDS = 2
OFFSET_SECONDS = 60
# Kinds of entries that give a candidate time, each with `seconds`
CREDITS = {
    "attempt.time_credited": "机位失联补时", "attempt.resumed": "暂停后恢复", "attempt.break_ended": "休息", "attempt.extended": "两人决定延长",
}  # fmt: skip
GROUP = {"sitting.resumed": "全场暂停", "sitting.time_credited": "服务器停顿"}
SHOWN = 20


@dataclass(frozen=True)
class Timing:
    """Findings, each with the number of the entry at which it shows. Seconds throughout."""

    back: list[tuple[int, int]] = field(default_factory=list)
    jumps: list[tuple[int, int]] = field(default_factory=list)
    silences: list[tuple[int, int]] = field(default_factory=list)
    restarts: int = 0
    offset: int = 0
    credits: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    group: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    def facts(self) -> dict[str, Any]:
        """As the center keeps it; long lists are cut, their lengths are not."""
        said = asdict(self) | {"counts": [len(self.back), len(self.jumps), len(self.silences)]}
        return said | {name: said[name][:SHOWN] for name in ("back", "jumps", "silences")}


def audit(entries: Sequence[dict[str, Any]], sitting: str, reported: Mapping[str, int], doubtful: Collection[int]) -> Timing:
    """`reported` = extra milliseconds of each attempt as the parcel states them. Rejected: time that no entry explains."""
    about = {f"attempt:{name}" for name in reported}
    given, causes = _given([one for one in entries if one.get("obj") in about])
    if not doubtful:
        _explained(given, reported)
    here = [one for one in entries if one.get("obj") == f"sitting:{sitting}"]
    group = _sums((GROUP[str(one["type"])], _number(one, "milliseconds") // 1000) for one in here if one.get("type") in GROUP)
    opened = next((one for one in here if one.get("type") == "paper.opened"), None)
    offset = _number(opened, "clock_offset") if opened else 0
    back, jumps = _clock(entries)
    silences, restarts = _silences(entries, here)
    return Timing(back, jumps, silences, restarts, offset if abs(offset) > OFFSET_SECONDS else 0, causes, group)


def _number(one: dict[str, Any], name: str) -> int:
    found = one.get("body", {}).get(name, 0)
    return found if isinstance(found, int) and not isinstance(found, bool) else 0


def _sums(pairs: Any) -> dict[str, tuple[int, int]]:
    """Title → (how often, seconds)."""
    found: dict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for title, seconds in pairs:
        found[title] = (found[title][0] + 1, found[title][1] + seconds)
    return dict(found)


def _given(entries: Sequence[dict[str, Any]]) -> tuple[dict[str, tuple[int, int]], dict[str, tuple[int, int]]]:
    """Attempt → (entries, seconds), and the same by kind."""
    credits = [one for one in entries if one.get("type") in CREDITS]
    by_attempt = _sums((str(one["obj"]).removeprefix("attempt:"), _number(one, "seconds")) for one in credits)
    return by_attempt, _sums((CREDITS[str(one["type"])], _number(one, "seconds")) for one in credits)


def _explained(given: Mapping[str, tuple[int, int]], reported: Mapping[str, int]) -> None:
    for name, extra in sorted(reported.items()):
        count, seconds = given.get(name, (0, 0))
        # Each entry states whole seconds.
        if abs(extra - 1000 * seconds) > 500 * count + 1:
            text = f"{name} 比规定多得 {extra / 1000:.0f} 秒，台账里有依据的是 {seconds} 秒（{count} 条）：有没有记录的补时，或记录被隐去"
            raise Rejected("credits", text)


def _clock(entries: Sequence[dict[str, Any]]) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Wall set back between two entries; wall that moved otherwise than boottime within one boot."""
    back, jumps = [], []
    for first, second in zip(entries, entries[1:], strict=False):
        if "ledger.unreadable" in (first.get("type"), second.get("type")):
            continue
        wall = int(second.get("wall", 0)) - int(first.get("wall", 0))
        if wall < -SLACK_SECONDS:
            back.append((int(second["seq"]), -wall))
        elif first.get("boot_id") == second.get("boot_id"):
            apart = wall - (int(second.get("boottime", 0)) - int(first.get("boottime", 0))) / 1000
            if abs(apart) > SLACK_SECONDS:
                jumps.append((int(second["seq"]), round(apart)))
    return back, jumps


def _silences(entries: Sequence[dict[str, Any]], here: Sequence[dict[str, Any]]) -> tuple[list[tuple[int, int]], int]:
    """Stretches without any entry while this paper was open, and how often the server started in them."""
    opened = next((one["seq"] for one in here if one.get("type") == "paper.opened"), None)
    closed = next((one["seq"] for one in here if one.get("type") == "sitting.closed"), None)
    if opened is None or closed is None:
        return [], 0
    silences, restarts = [], 0
    during = entries[opened : closed + 1]
    for first, second in zip(during, during[1:], strict=False):
        restarts += second.get("type") in ("edge.started", "standby.promoted")
        same = first.get("boot_id") == second.get("boot_id")
        names, unit = (("boottime", 1000) if same else ("wall", 1))
        gap = (int(second.get(names, 0)) - int(first.get(names, 0))) / unit
        if gap > SILENT_SECONDS:
            silences.append((int(second["seq"]), round(gap)))
    return silences, restarts


def words(facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(chip, sentence) for the page of a sitting; the first word of the chip is good, wait or bad."""
    found = []
    back, jumps, silent = facts.get("counts", [0, 0, 0])
    if back:
        found.append(("bad", f"时钟被拨回 {back} 次：{_listed(facts['back'])}"))
    if jumps:
        found.append(("wait", f"墙上时钟与运行时间不一致 {jumps} 次：{_listed(facts['jumps'])}"))
    if silent:
        found.append(("bad", f"启封至收场之间服务器静默 {silent} 次：{_listed(facts['silences'])}"))
    if facts.get("restarts"):
        found.append(("wait", f"启封至收场之间服务器启动或接替 {facts['restarts']} 次"))
    if facts.get("offset"):
        found.append(("wait", f"启封时服务器时钟与令牌相差 {facts['offset']} 秒"))
    for title, (count, seconds) in sorted(facts.get("credits", {}).items()):
        found.append(("plain", f"{title} {count} 次，共 {seconds} 秒，都有台账依据"))
    for title, (count, seconds) in sorted(facts.get("group", {}).items()):
        found.append(("plain", f"{title} {count} 次，共 {seconds} 秒"))
    return found or [("good", "时钟、心跳、补时都正常")]


def _listed(rows: Sequence[Sequence[int]]) -> str:
    return "、".join(f"第 {seq} 条（{seconds} 秒）" for seq, seconds in rows[:5]) + ("等" if len(rows) > 5 else "")
