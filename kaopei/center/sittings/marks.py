"""The practical marks of a return parcel weighed: every mark under its ledger entry, every sheet under its examiner's signature.

二（四） N2.4.13, 二（六） N2.6.2. The center knows no task, so it counts nothing: it sees that what was signed is what was pressed, that
as many different examiners signed as the sealed order wants, and that the vault gets exactly these sheets.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from kaopei.center.sittings.reported import Reported
from kaopei.parcel import approval, canonical, jws
from kaopei.parcel.rejected import Rejected
from kaopei.parcel.return_parcel import Returned
from kaopei.parcel.trust import Trust

SIGN = "practical.sign"
MARKED, SIGNED = "practical.marked", "practical.signed"
Row = dict[str, Any]
Entries = Sequence[dict[str, Any]]


def weigh(
    returned: Returned, contents: Mapping[str, bytes], entries: Entries, people: Sequence[Reported], examiners: int, listed: Trust,
    doubtful: Collection[int] = (),
) -> None:
    """Rejected names the first thing that is wrong. `examiners` = how many must have signed each candidate.

    `doubtful` entries prove nothing: chains and the examiners' own signatures must stand without them.
    """
    events = _events(contents)
    entries = [one for one in entries if one["seq"] not in doubtful]
    _batches(events, entries, {one.attempt for one in people}, doubtful)
    _chains(events, people)
    sheets = _sheets(contents, {one.attempt for one in people})
    serial = str(returned.edge.payload["edge_serial"])
    about = {f"attempt:{one.attempt}" for one in people}
    signed = {one["seq"]: one.get("body", {}).get("digest") for one in entries if one.get("type") == SIGNED and one.get("obj") in about}
    for sheet in sheets:
        if sheet["statement"]:
            _signed(sheet, events.get((sheet["attempt"], sheet["examiner"]), []), signed, serial, listed, doubtful)
        elif sheet["state"] == "signed":
            raise Rejected("sheet", f"{sheet['attempt']} 的一份评分写明已签名，却没有签名的内容")
    places = {sheet["place"] for sheet in sheets if sheet["statement"]} - set(doubtful)
    if set(signed) != places:
        raise Rejected("sheet", f"台账记有评分签名 {len(signed)} 次，回传包里是 {len(places)} 份，两边应相同")
    _in_force(sheets, contents, people, examiners)


def _rows(contents: Mapping[str, bytes], name: str, field: str) -> list[Row]:
    try:
        found = json.loads(contents[name])[field]
    except (KeyError, ValueError, TypeError, RecursionError):
        raise Rejected("contents", f"回传包的 {name} 部分缺少或读不出来，请考试点重新生成") from None
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise Rejected("contents", f"回传包里 {field} 的形式不对，请考试点重新生成")
    return found


# ---- marks
def _events(contents: Mapping[str, bytes]) -> dict[tuple[str, str], list[Row]]:
    """Acknowledged marks by (attempt, examiner) in their order."""
    found: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for number, line in enumerate(contents.get("events", b"").splitlines(), 1):
        try:
            row = json.loads(line)
            names = {name: int(row[name]) for name in ("seq", "version", "task", "step", "value", "entry")}
            texts = {name: str(row[name]) for name in ("attempt", "examiner", "kind", "chain")}
        except (KeyError, TypeError, ValueError, RecursionError):
            raise Rejected("contents", f"回传包的打分记录第 {number} 行读不出来，请考试点重新生成") from None
        found[texts["attempt"], texts["examiner"]].append(names | texts)
    for rows in found.values():
        rows.sort(key=lambda row: row["seq"])
    return dict(found)


def _batches(events: Mapping[tuple[str, str], list[Row]], entries: Entries, attempts: set[str], doubtful: Collection[int]) -> None:
    about = {f"attempt:{one}" for one in attempts}
    said = {one["seq"]: one.get("body", {}) for one in entries if one.get("type") == MARKED and one.get("obj") in about}
    lines: dict[int, list[str]] = defaultdict(list)
    for rows in events.values():
        for row in rows:
            if row["entry"] in doubtful:
                continue
            lines[row["entry"]].append(f"{row['attempt']}|{row['examiner']}|{row['seq']}|{row['chain']}\n")
    if set(said) != set(lines):
        raise Rejected("equation", f"台账有 {len(said)} 批打分，回传包有 {len(lines)} 批，两边应相同")
    for entry, batch in lines.items():
        digest = hashlib.sha256("".join(batch).encode()).hexdigest()
        if (said[entry].get("events"), said[entry].get("digest")) != (len(batch), digest):
            raise Rejected("equation", f"台账第 {entry} 条记有打分 {said[entry].get('events')} 条，回传包里是 {len(batch)} 条，或内容不同")


def _chains(events: Mapping[tuple[str, str], list[Row]], people: Sequence[Reported]) -> None:
    """Each examiner's chain from the attempt's salt to its end, without a gap; all ends make up what the hand-in said."""
    present = {one.attempt for one in people if one.attendance == "present"}
    if {attempt for attempt, _ in events} - present:
        raise Rejected("equation", "有没到考的考生的打分记录")
    for one in people:
        if one.attendance != "present":
            continue
        mine = {who: rows for (attempt, who), rows in events.items() if attempt == one.attempt}
        ends = "".join(f"{who}|{_end(one, who, mine[who])}\n" for who in sorted(mine))
        if (sum(map(len, mine.values())), hashlib.sha256(ends.encode()).hexdigest()) != (one.count, one.head):
            raise Rejected("chain", f"{one.attempt} 的打分有 {sum(map(len, mine.values()))} 条，结束时是 {one.count} 条，或链头不同")


def _end(one: Reported, examiner: str, rows: list[Row]) -> str:
    try:
        head = hashlib.sha256(b"pmk1|" + one.attempt.encode() + b"|" + examiner.encode() + b"|" + bytes.fromhex(one.salt)).digest()
    except ValueError:
        raise Rejected("chain", f"{one.attempt} 的打分链没有起点") from None
    for number, row in enumerate(rows, 1):
        words = (one.attempt, examiner, row["seq"], row["version"], row["kind"], row["task"], row["step"], row["value"])
        head = hashlib.sha256(head + "|".join(str(word) for word in words).encode()).digest()
        if row["seq"] != number or head.hex() != row["chain"]:
            raise Rejected("chain", f"{one.attempt} 的打分链在第 {row['seq']} 条断开，打分记录被改动")
    return head.hex()


# ---- sheets
def _sheets(contents: Mapping[str, bytes], attempts: set[str]) -> list[Row]:
    rows = _rows(contents, "sheets", "sheets")
    names = ("attempt", "examiner", "version", "state", "reason", "statement", "signature", "place")
    for row in rows:
        if any(name not in row for name in names) or row["attempt"] not in attempts:
            raise Rejected("sheet", f"回传包里一份评分表不完整，或不是本场考生的（{str(row.get('attempt'))[:20]}）")
    keys = [(row["attempt"], row["examiner"], row["version"]) for row in rows]
    if len(set(keys)) != len(keys):
        raise Rejected("sheet", "回传包里同一版评分表出现两次")
    return rows


def _signed(
    sheet: Row, events: Iterable[Row], signed: Mapping[int, Any], serial: str, listed: Trust, doubtful: Collection[int]
) -> None:
    """The words are those of the marks pressed up to this version; the ledger and the examiner's own key stand for them."""
    where = f"{sheet['attempt']} 第 {sheet['version']} 版评分"
    said = canonical.decode_object(str(sheet["statement"]).encode(), "评分表")
    digest = listed.algorithms.hash(str(sheet["statement"]).encode()).hex()
    if any(said.get(name) != sheet[name] for name in ("attempt", "examiner", "version")) or said.get("marks") != _words(events, sheet["version"]):
        raise Rejected("sheet", f"{where}签名的内容与打分记录不一致")
    if sheet["place"] not in doubtful and signed.get(sheet["place"]) != digest:
        raise Rejected("sheet", f"{where}的签名在台账里没有依据")
    if not sheet["signature"]:
        # A rehearsal's examiners may have no keys; in earnest nobody signs by a PIN.
        if not listed.rehearsal:
            raise Rejected("sheet", f"{where}没有考评员的签名")
        return
    record = canonical.decode_object(str(sheet["signature"]).encode(), "评分签名")
    issued = int(approval.claims(record)["issued_at"])
    exact: dict[str, Any] = {"action": SIGN, "object": sheet["attempt"], "digest": digest, "rev": sheet["version"], "requester": serial}
    approval.check(record, listed, at=issued, **exact)
    if jws.read(canonical.encode(record)).signatures[0].kid != sheet["examiner"]:
        raise Rejected("sheet", f"{where}不是这名考评员签的名")


def _words(events: Iterable[Row], version: int) -> list[list[Any]]:
    """Marks as they are signed: the last word about each step."""
    deducted: dict[tuple[int, int], int] = {}
    vetoed: set[tuple[int, int]] = set()
    for row in events:
        at = (row["task"], row["step"])
        if row["version"] > version:
            continue
        if row["kind"] == "deduct":
            deducted[at] = row["value"]
        elif row["value"]:
            vetoed.add(at)
        else:
            vetoed.discard(at)
    return [["deduct", *at, value] for at, value in sorted(deducted.items())] + [["veto", *at, 1] for at in sorted(vetoed)]


def _in_force(sheets: list[Row], contents: Mapping[str, bytes], people: Sequence[Reported], examiners: int) -> None:
    """The vault's blob holds the signed sheets in force, in the order of their signatures, of enough different examiners."""
    given = {str(row.get("attempt")): row.get("sheets") for row in _rows(contents, "answers", "attempts")}
    present = {one.attempt for one in people if one.attendance == "present"}
    if set(given) != present:
        raise Rejected("equation", f"到考 {len(present)} 人，评分 {len(given)} 人，两者应一一对应")
    for attempt in sorted(present):
        mine = sorted((row for row in sheets if row["attempt"] == attempt and row["state"] == "signed"), key=lambda row: int(row["place"]))
        if any(row["attempt"] == attempt and row["state"] == "open" for row in sheets):
            raise Rejected("sheet", f"{attempt} 有没签名的评分表，不应结束")
        names = {row["examiner"] for row in mine}
        if len(names) != len(mine) or len(mine) < examiners:
            raise Rejected("sheet", f"{attempt} 有 {len(names)} 名考评员签名，应有 {examiners} 名不同的考评员")
        wanted = [{"examiner": row["examiner"], "version": row["version"], "marks": json.loads(row["statement"])["marks"]} for row in mine]
        if given[attempt] != wanted:
            raise Rejected("sheet", f"{attempt} 交给题库室的评分与考评员签名的不是同一份")
