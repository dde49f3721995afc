"""The completeness equation of one sitting at the site, computed from the disk alone: people, answers, chains, ledger.

二（四） N2.4.13. Nothing is handed back while the four disagree; the center computes the same from the parcel.
"""

from collections.abc import Iterable
from typing import Any

from kaopei.edge import succession
from kaopei.edge.practical import sheets
from kaopei.edge.record import batch_digest
from kaopei.edge.server import Edge
from kaopei.edge.sitting import ATTEMPT_COLUMNS, Attempt, Sitting, chain_seed, chained, load_attempt
from kaopei.ledger import entry

ONCE = {"paper.opened": "启封", "sitting.started": "开考", "sitting.closed": "收场"}


def disagreements(edge: Edge, sitting: Sitting) -> list[str]:
    """What does not agree, in words for people; empty if everything does. Slow: call it in a thread."""
    rows = attempts(edge, sitting)
    saved = events(edge, sitting)
    ledger = _entries(edge, sitting, {one.attempt for one in rows})
    doubtful = succession.doubtful(edge.store.read)
    states = [one.state for one in rows]
    present = [one for one in rows if one.state == "handed_in"]
    opened = {one.attempt for one in rows if one.opened_at is not None}
    found = []
    if set(states) - {"handed_in", "absent", "refused"} or len(rows) != len(sitting.seating.get("roster", [])):
        found.append(f"名单 {len(sitting.seating.get('roster', []))} 人，已了结 {len(present) + states.count('absent') + states.count('refused')} 人")
    if opened - {one.attempt for one in present} or len(opened) != len(present):
        found.append(f"开考 {len(opened)} 人，收卷 {len(present)} 人")
    for code, title in ONCE.items():
        if len(ledger.get(code, [])) != 1 and not (doubtful and code not in ledger):
            found.append(f"台账里{title} {len(ledger.get(code, []))} 次，应为一次")
    if sitting.practical:
        return found + sheets.disagreements(edge, rows, ledger, doubtful)
    found += _batches(ledger.get("answers.saved", []), saved, doubtful)
    closes = {row["obj"].removeprefix("attempt:"): row["body"] for row in ledger.get("attempt.handed_in", []) if row["seq"] not in doubtful}
    found += [problem for one in rows if (problem := _chain(one, [row for row in saved if row["attempt"] == one.attempt], closes, bool(doubtful)))]
    return found


def attempts(edge: Edge, sitting: Sitting) -> list[Attempt]:
    """Every attempt of the sitting as it lies on the disk, by its name."""
    sql = f"SELECT {ATTEMPT_COLUMNS} FROM attempt WHERE sitting_id = ? ORDER BY attempt"
    return [load_attempt(edge.store, row) for row in edge.store.read(sql, (sitting.sitting_id,))]


def events(edge: Edge, sitting: Sitting) -> list[dict[str, Any]]:
    """Every acknowledged event as the parcel carries it, by attempt, lease (or examiner), number."""
    if sitting.practical:
        return [row for one in attempts(edge, sitting) for row in sheets.events(edge, one)]
    rows = edge.store.read(
        "SELECT attempt, answer_event.lease, seq, kind, item, value, chain, ran, entry FROM answer_event"
        " JOIN attempt ON attempt.no = attempt_no WHERE sitting_id = ? ORDER BY attempt, answer_event.lease, seq",
        (sitting.sitting_id,),
    )
    names = ("attempt", "lease", "seq", "kind", "item", "value", "chain", "ran", "entry")
    return [dict(zip(names, row, strict=True)) | {"chain": bytes(row[6]).hex()} for row in rows]


def _entries(edge: Edge, sitting: Sitting, attempts: set[str]) -> dict[str, list[dict[str, Any]]]:
    """The ledger's entries about this sitting and its attempts, by code."""
    about = {f"sitting:{sitting.sitting_id}"} | {f"attempt:{one}" for one in attempts}
    found: dict[str, list[dict[str, Any]]] = {}
    for (leaf,) in edge.store.read("SELECT leaf FROM entry ORDER BY seq"):
        row = entry.decode(bytes(leaf))
        if row["obj"] in about:
            found.setdefault(row["type"], []).append(row)
    return found


def _batches(saved: Iterable[dict[str, Any]], events: list[dict[str, Any]], doubtful: set[int]) -> list[str]:
    """Every batch in the ledger has its events with its digest, and no event is without a batch; doubtful entries prove neither."""
    by_entry: dict[int, list[dict[str, Any]]] = {}
    for row in events:
        by_entry.setdefault(row["entry"], []).append(row)
    found = []
    by_entry = {seq: rows for seq, rows in by_entry.items() if seq not in doubtful}
    for batch in saved:
        if batch["seq"] in doubtful:
            continue
        rows = by_entry.pop(batch["seq"], [])
        digest = batch_digest((row["attempt"], row["lease"], row["seq"], bytes.fromhex(row["chain"])) for row in rows)
        if len(rows) != batch["body"]["events"] or digest != batch["body"]["digest"]:
            found.append(f"台账第 {batch['seq']} 条记有作答 {batch['body']['events']} 条，库中 {len(rows)} 条且摘要{'不符' if rows else '缺失'}")
    if by_entry:
        found.append(f"库中有 {sum(map(len, by_entry.values()))} 条作答没有台账依据")
    return found


def _chain(attempt: Attempt, events: list[dict[str, Any]], closes: dict[str, dict[str, Any]], lost: bool) -> str:
    """Recompute the chain from its salt; it must end where the hand-in said."""
    if attempt.state != "handed_in":
        return f"{attempt.label} 没有开考却有作答记录" if events else ""
    head, last = chain_seed(attempt.attempt, attempt.salt), (0, 0)
    for row in events:
        expected = (row["lease"], last[1] + 1 if row["lease"] == last[0] else 1)
        head = chained(head, attempt.attempt, row["lease"], row["seq"], row["kind"], row["item"], row["value"])
        if (row["lease"], row["seq"]) != expected or head.hex() != row["chain"]:
            return f"{attempt.label} 第 {row['seq']} 条作答的记录链断开"
        last = expected
    told = closes.get(attempt.attempt)
    if told is None and lost:
        return ""
    if told is None or (told["count"], told["head"]) != (len(events), head.hex()):
        return f"{attempt.label} 交卷时的条数或链头与库中不符"
    return ""
