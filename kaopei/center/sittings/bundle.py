"""A return parcel weighed: the numbers of completeness, the chain of every attempt, the exam server's ledger. Answers are compared, never kept.

二（四） N2.4.13: roster = present + absent + refused; present = opened = closed; every acknowledged event is in the parcel and under the
digest in the ledger, the ledger under the machine's checkpoint; the answers are those of the events.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from kaopei.center.sittings import auditing, closing, marks, succession
from kaopei.center.sittings.auditing import Timing
from kaopei.center.sittings.reported import STATES, Reported
from kaopei.center.sittings.succession import Believe, Succession
from kaopei.ledger import checkpoint, segment, tree
from kaopei.parcel import base64url, container
from kaopei.parcel.canonical import Payload
from kaopei.parcel.rejected import Rejected
from kaopei.parcel.return_parcel import Returned
from kaopei.parcel.slip import Slip
from kaopei.parcel.trust import Trust

COUNTS = ("roster", "present", "absent", "refused", "expected", "opened", "closed", "events")
# Entries of an exam server's ledger that this check reads
SAVED, HANDED_IN, OPENED, STARTED, CLOSED, PAPER = (
    "answers.saved", "attempt.handed_in", "attempt.opened", "sitting.started", "sitting.closed", "paper.opened",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Known:
    """What the city's witness knows of a ledger: its newest accepted checkpoint, and the root it had at an earlier size."""

    size: int
    root: str
    root_at: Callable[[int], str]


@dataclass(frozen=True)
class Weighed:
    """A parcel that holds."""

    attempts: tuple[Reported, ...]
    counts: Mapping[str, int]
    irregularities: tuple[str, ...]
    readiness: int
    slip: Slip
    root_at: Callable[[int], str]
    successions: tuple[Succession, ...]
    timing: Timing


def weigh(
    returned: Returned, contents: Mapping[str, bytes], roster: Collection[str], known: Known | None, listed: Trust, believe: Believe,
    examiners: int = 0,
) -> Weighed:
    """Everything that can be checked with the city's key; Rejected names the first thing that is wrong, with its numbers.

    `believe` says whether a note was signed by the machine whose log it names: an earlier server of the site, say.
    `examiners` = how many must have signed each candidate of a practical exam; 0 for theory.
    """
    blobs = {name: _json(name, contents) for name in ("answers", "attempts", "irregularities", "readiness")}
    people = [_reported(row) for row in _rows(blobs["attempts"], "attempts")]
    counts = returned.payload["counts"]
    _equation(people, counts, roster)
    sitting = returned.payload["sitting_id"]
    leaves, entries = _ledger(returned, contents, known, listed)

    def root_at(size: int) -> str:
        return _root(leaves[:size])

    site = f"edge.{returned.edge.payload['city']}.{returned.edge.payload['site_code']}/"
    successions = tuple(succession.found(entries, contents, site, root_at, believe))
    doubtful = {seq for one in successions for seq in one.doubtful}
    here = _once(entries, sitting, doubtful)
    if examiners:
        marks.weigh(returned, contents, entries, people, examiners, listed, doubtful)
    else:
        events = _events(contents)
        _entries_agree(here, people, events, doubtful)
        _chains(people, events, _rows(blobs["answers"], "attempts"))
    _hand_ins([one for one in entries if one["seq"] not in doubtful], people, bool(doubtful))
    timing = auditing.audit(entries, sitting, {one.attempt: one.extra_ms for one in people}, doubtful)
    present = {one.attempt for one in people if one.attendance == "present"}
    slip = closing.check(returned, contents, entries, root_at, roster, present, listed, examined=bool(examiners))
    codes = tuple(str(row.get("code", "")) for row in _rows(blobs["irregularities"], "irregularities"))
    readiness = len(_rows(blobs["readiness"], "readiness"))
    return Weighed(tuple(people), {name: counts[name] for name in COUNTS}, codes, readiness, slip, root_at, successions, timing)


def _json(name: str, contents: Mapping[str, bytes]) -> Any:
    if name not in contents:
        raise Rejected("contents", f"回传包里缺少 {name} 部分，请考试点重新生成")
    try:
        return json.loads(contents[name])
    except (ValueError, RecursionError):
        raise Rejected("contents", f"回传包的 {name} 部分读不出来，请考试点重新生成") from None


def _rows(blob: Any, field: str) -> list[dict[str, Any]]:
    found = blob.get(field) if isinstance(blob, dict) else None
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise Rejected("contents", f"回传包里 {field} 的形式不对，请考试点重新生成")
    return found


def _reported(row: dict[str, Any]) -> Reported:
    try:
        return Reported(
            attempt=str(row["attempt"]),
            attendance=STATES[row["state"]],
            is_late=bool(row["late"]),
            ended_by=str(row.get("ended_by") or ""),
            answered=int(row.get("answered") or 0),
            receipt=str(row.get("receipt") or "")[:40],
            count=int(row.get("count") or 0),
            head=str(row.get("head") or ""),
            salt=str(row.get("salt") or ""),
            extra_ms=int(row.get("extra_ms") or 0),
        )
    except (KeyError, TypeError, ValueError):
        state = str(row.get("state"))[:20]
        raise Rejected("equation", f"回传包里 {str(row.get('attempt'))[:20]} 的状态“{state}”不是已交卷、缺考或不予入场，本场没有收完") from None


def _equation(people: list[Reported], counts: Payload, roster: Collection[str]) -> None:
    """The completeness equation; a failure is told with its numbers."""
    missing = [name for name in COUNTS if name not in counts]
    if missing:
        raise Rejected("equation", f"回传包清单缺少计数 {'、'.join(missing)}")
    named = [one.attempt for one in people]
    if len(set(named)) != len(named) or set(named) != set(roster):
        more, fewer = len(set(named) - set(roster)), len(set(roster) - set(named))
        raise Rejected("equation", f"回传包的考生与名册不符：名册 {len(roster)} 人，回传 {len(named)} 人，多出 {more} 人，缺少 {fewer} 人")
    real = {word: sum(one.attendance == word for one in people) for word in ("present", "absent", "refused")}
    wrong = [name for name in real if counts[name] != real[name]]
    if wrong or counts["roster"] != len(people):
        said = "，".join(f"{name} 清单 {counts[name]} 实有 {real[name]}" for name in wrong)
        raise Rejected("equation", f"完整性不符：名册 {len(people)}（清单 {counts['roster']}）{'，' + said if said else ''}")
    if counts["roster"] != counts["present"] + counts["absent"] + counts["refused"] or counts["expected"]:
        text = f"名册 {counts['roster']} ≠ 到考 {counts['present']} + 缺考 {counts['absent']} + 不予入场 {counts['refused']}"
        raise Rejected("equation", f"完整性不符：{text}，未处理 {counts['expected']}")
    if not counts["present"] == counts["opened"] == counts["closed"]:
        text = f"到考 {counts['present']}，已开始 {counts['opened']}，已交卷 {counts['closed']}，三者应相等"
        raise Rejected("equation", f"完整性不符：{text}")


@dataclass(frozen=True, slots=True)
class _Event:
    attempt: str
    lease: int
    seq: int
    kind: str
    item: int
    value: str
    chain: str
    entry: int


def _events(contents: Mapping[str, bytes]) -> dict[str, list[_Event]]:
    """Acknowledged events by attempt in the order of the chain; late ones are evidence and count for nothing."""
    found: dict[str, list[_Event]] = defaultdict(list)
    for number, line in enumerate(contents.get("events", b"").splitlines(), 1):
        try:
            row = json.loads(line)
            if row.get("late"):
                continue
            words = (str(row["attempt"]), int(row["lease"]), int(row["seq"]), str(row["kind"]), int(row["item"]), str(row["value"]))
            one = _Event(*words, str(row["chain"]), int(row["entry"]))
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
            raise Rejected("contents", f"回传包的作答记录第 {number} 行读不出来，请考试点重新生成") from None
        found[one.attempt].append(one)
    for rows in found.values():
        rows.sort(key=lambda one: (one.lease, one.seq))
    return dict(found)


def _ledger(
    returned: Returned, contents: Mapping[str, bytes], known: Known | None, listed: Trust
) -> tuple[list[bytes], list[dict[str, Any]]]:
    """The leaves and entries of the machine's ledger, recomputed whole, under its checkpoint, grown from what the witness knew."""
    said = returned.payload["ledger"]
    edge, origin = returned.edge, str(said["origin"])
    if not origin.startswith(f"edge.{edge.payload['city']}.{edge.payload['site_code']}/{edge.payload['edge_serial']}/"):
        raise Rejected("ledger", f"台账 {origin} 不是这台考试服务器的")
    public = {origin: base64url.decode(edge.sign.pub, "公钥")}
    try:
        files = dict(container.read(contents["ledger"]))
        report = segment.verify(files, lambda _name, note: checkpoint.verify(note, public, listed.algorithms.verify))
    except KeyError:
        raise Rejected("contents", "回传包里没有考试服务器的台账") from None
    except segment.Broken as problem:
        raise Rejected("ledger", f"考试服务器的台账不成立：{problem}") from None
    if (report.origin, report.size, report.root.hex()) != (origin, said["size"], said["root"]):
        raise Rejected("ledger", f"台账与回传包清单不符：清单 {said['size']} 条，台账 {report.size} 条")
    if files["checkpoint"].decode("utf-8", "replace") != said["checkpoint"]:
        raise Rejected("ledger", "回传包清单里的检查点不是台账的检查点")
    leaves = _leaves(files, report.size)
    _witness(leaves, known, report.root.hex())
    return leaves, [json.loads(leaf) for leaf in leaves]


def _leaves(files: Mapping[str, bytes], size: int) -> list[bytes]:
    """All entries in order; `segment.verify` has seen that the bundles are whole."""
    found: list[bytes] = []
    names = sorted((name for name in files if name.startswith("tile/entries/")), key=lambda name: name.split(".p/")[0])
    for name in names:
        found += segment.leaves_of(name, files[name], min(segment.WIDTH, size - len(found)))
    return found


def root_at(ledger: bytes, size: int) -> str:
    """The root over the first `size` entries of a ledger that was accepted before."""
    files = dict(container.read(ledger))
    return _root(_leaves(files, checkpoint.parse(files["checkpoint"]).size)[:size])


def _root(leaves: list[bytes]) -> str:
    return tree.Frontier(tree.leaf_hash(leaf) for leaf in leaves).root().hex()


def _witness(leaves: list[bytes], known: Known | None, root: str) -> None:
    """What the city has seen once stays; a parcel that was built earlier and came later must be a beginning of it."""
    if known is None:
        return
    size = len(leaves)
    if size < known.size and known.root_at(size) != root:
        raise Rejected("witness", f"台账只有 {size} 条，与已见证的 {known.size} 条接不上：被截断，或恢复了旧盘。请立即报告")
    if size >= known.size and _root(leaves[: known.size]) != known.root:
        raise Rejected("witness", f"台账前 {known.size} 条与已见证的不同：内容被改动，或出现分叉。请立即报告")


def _once(entries: list[dict[str, Any]], sitting: str, doubtful: Collection[int]) -> list[dict[str, Any]]:
    """The ledger's entries about the sitting itself: one opening at least, one start, one close. Doubtful ones prove nothing."""
    here = [one for one in entries if one.get("obj") == f"sitting:{sitting}"]
    for code, title in ((STARTED, "打铃开考"), (CLOSED, "收场")):
        times = sum(one.get("type") == code for one in here)
        if times != 1 and not (doubtful and times == 0):
            raise Rejected("equation", f"台账里本场“{title}”有 {times} 次，应为 1 次")
    if not any(one.get("type") == PAPER for one in here):
        raise Rejected("equation", "台账里没有本场试卷启用的记录")
    return here


def _entries_agree(
    here: list[dict[str, Any]], people: list[Reported], events: Mapping[str, list[_Event]], doubtful: Collection[int]
) -> None:
    """What the ledger says of this sitting is what the parcel brings: batches of answers with their digests."""
    batches: dict[int, list[_Event]] = defaultdict(list)
    for rows in events.values():
        for event in rows:
            if event.entry not in doubtful:
                batches[event.entry].append(event)
    saved = {one["seq"]: one.get("body", {}) for one in here if one.get("type") == SAVED and one["seq"] not in doubtful}
    if set(saved) != set(batches):
        raise Rejected("equation", f"台账有 {len(saved)} 批作答，回传包有 {len(batches)} 批，两边应相同")
    for seq, rows in batches.items():
        body = saved[seq]
        if body.get("events") != len(rows) or body.get("digest") != _batch_digest(rows):
            raise Rejected("equation", f"台账第 {seq} 条记有作答 {body.get('events')} 条，回传包里是 {len(rows)} 条，或内容不同")
    total = sum(len(rows) for rows in events.values())
    if total != sum(one.count for one in people):
        raise Rejected("equation", f"作答记录 {total} 条，各考生合计 {sum(one.count for one in people)} 条，两者应相等")


def _batch_digest(rows: list[_Event]) -> str:
    ordered = sorted(rows, key=lambda one: (one.attempt, one.lease, one.seq))
    lines = (f"{one.attempt}|{one.lease}|{one.seq}|{one.chain}\n" for one in ordered)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _hand_ins(entries: list[dict[str, Any]], people: list[Reported], lost: bool) -> None:
    closed = {str(one.get("obj", "")): one.get("body", {}) for one in entries if one.get("type") == HANDED_IN}
    for one in people:
        if one.attendance != "present" or (lost and f"attempt:{one.attempt}" not in closed):
            continue
        body = closed.get(f"attempt:{one.attempt}", {})
        if (body.get("count"), body.get("head")) != (one.count, one.head):
            raise Rejected("equation", f"{one.attempt} 交卷时台账记 {body.get('count')} 条，回传包记 {one.count} 条，或链头不同")


def _chains(people: list[Reported], events: Mapping[str, list[_Event]], answers: list[dict[str, Any]]) -> None:
    """Each attempt's chain from its salt to its head; the answers are what the events leave."""
    given = {str(row.get("attempt")): row.get("answers") for row in answers}
    present = {one.attempt for one in people if one.attendance == "present"}
    if set(given) != present or len(answers) != len(given):
        raise Rejected("equation", f"到考 {len(present)} 人，答卷 {len(given)} 份，两者应一一对应")
    if set(events) - present:
        raise Rejected("equation", "有没到考的考生的作答记录")
    for one in people:
        if one.attendance == "present" and _left(one, events.get(one.attempt, [])) != given[one.attempt]:
            raise Rejected("answers", f"{one.attempt} 的答卷与他的作答记录不一致，答卷可能被改动")


def _left(one: Reported, rows: list[_Event]) -> dict[str, str]:
    """The answers that an attempt's events leave, its chain recomputed on the way."""
    try:
        head = hashlib.sha256(b"atm1|" + one.attempt.encode() + b"|" + bytes.fromhex(one.salt)).digest()
    except ValueError:
        raise Rejected("chain", f"{one.attempt} 的作答链没有起点") from None
    left: dict[str, str] = {}
    for event in rows:
        text = f"{event.attempt}|{event.lease}|{event.seq}|{event.kind}|{event.item}|{event.value}"
        head = hashlib.sha256(head + text.encode()).digest()
        if head.hex() != event.chain:
            raise Rejected("chain", f"{one.attempt} 的作答链在第 {event.seq} 条断开，作答记录被改动")
        if event.kind == "answer":
            left[str(event.item)] = event.value
    if len(rows) != one.count or head.hex() != one.head:
        raise Rejected("chain", f"{one.attempt} 的作答链有 {len(rows)} 条，交卷时是 {one.count} 条，或链头不同")
    return {item: value for item, value in left.items() if value}
