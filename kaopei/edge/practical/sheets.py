"""实操评分表 as they lie on the disk: the drawn tasks, who may mark whom, each examiner's marks, and what they come to.

二（四） N2.4.3, 二（六） N2.6.2. When examiners agree is a setting of the sealed order; where it is empty only equal marks agree, and
else a further examiner is needed. Nothing is kept in memory but the decrypted tasks.
"""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kaopei.edge.console import Person, Problem
from kaopei.edge.server import Edge
from kaopei.edge.sitting import Attempt, Sitting, mark_chained, marks_seed
from kaopei.paper import codec, practical
from kaopei.paper.practical import Marks, Tally
from kaopei.parcel.exam_parcel import Parcel, Secrets

OPEN, SIGNED, REPLACED, RELEASED = "open", "signed", "replaced", "released"
IN_FORCE = (OPEN, SIGNED)


@dataclass(frozen=True)
class Sheet:
    """One version of one examiner's sheet, as last committed."""

    examiner: str
    version: int
    state: str
    reason: str
    device: str
    statement: str
    signature: str
    signed_at: int | None
    place: int | None


# ---- the sealed tasks
def prepare(parcel: Parcel, secrets: Secrets, attempts: Sequence[str]) -> dict[str, dict[str, Any]]:
    """What everybody has drawn, each task read once: a faulty sheet must show before the bell. Slow: call it in a thread."""
    forms: dict[str, dict[str, Any]] = {}
    worth: dict[str, int] = {}
    for attempt in attempts:
        form = forms[attempt] = codec.read_drawn(parcel.blob("form", attempt, secrets))
        rules = codec.read_rules(parcel.blob("policy", form["policy"], secrets))
        for name in form["tasks"]:
            if name not in worth:
                worth[name] = codec.read_task(parcel.blob("task", name, secrets))["full_marks"]
        if form["attempt"] != attempt or sum(worth[name] for name in form["tasks"]) != rules["full_marks"]:
            raise codec.BadBlob("抽到的任务与应考编号或科目满分不符。")
    return forms


def tasks(sitting: Sitting, attempt: Attempt) -> list[dict[str, Any]]:
    """The drawn tasks of a candidate, decrypted when they are first asked for."""
    form = _form(sitting, attempt)
    for name in form["tasks"]:
        if name not in sitting.items:
            sitting.items[name] = codec.read_task(sitting.opener.blob("task", name, sitting.secrets))
    return [sitting.items[name] for name in form["tasks"]]


def rules(sitting: Sitting, attempt: Attempt) -> dict[str, Any]:
    """The rules of his subject."""
    name = _form(sitting, attempt)["policy"]
    if name not in sitting.items:
        sitting.items[name] = codec.read_rules(sitting.opener.blob("policy", name, sitting.secrets))
    return sitting.items[name]


def _form(sitting: Sitting, attempt: Attempt) -> dict[str, Any]:
    if attempt.form is None or sitting.secrets is None:
        raise Problem("服务器重启后评分表还没有恢复。", "请考点负责人在“启封”页用恢复 PIN 恢复；已保存的评分不受影响。", "N2.4.3", 503)
    return attempt.form


# ---- who marks whom
def examiner_id(sitting: Sitting, person: Person) -> str:
    """How store, ledger and parcel name an examiner: by his key, or by his place in the staff list; never by name."""
    if person.kid:
        return person.kid
    names = [row["name"] for row in sitting.seating["staff"]]
    return f"staff-{names.index(person.name) + 1}"


def name_of(sitting: Sitting, examiner: str) -> str:
    """The name behind an id, for the pages."""
    for place, row in enumerate(sitting.seating["staff"], 1):
        if examiner in (row["kid"], f"staff-{place}"):
            return str(row["name"])
    return examiner


def refusal(sitting: Sitting, attempt: Attempt, person: Person) -> str:
    """Why this examiner may not mark this candidate by the seating; empty if he may."""
    row = next(one for one in sitting.seating["staff"] if one["name"] == person.name)
    if attempt.attempt in row.get("not_for", ()):
        return "您与这名考生所在的培训机构有关联，须回避，请由另一名考评员评分。"
    if row.get("room") and row["room"] != attempt.room:
        return f"您的工位是 {row['room']}，这名考生在 {attempt.room}。"
    return ""


# ---- sheets and marks on the disk
def sheets(edge: Edge, attempt: Attempt) -> list[Sheet]:
    """All versions of all sheets of a candidate."""
    sql = "SELECT examiner, version, state, reason, device, statement, signature, signed_at, place FROM mark_sheet WHERE attempt_no = ?"
    return [Sheet(*row) for row in edge.store.read(f"{sql} ORDER BY examiner, version", (attempt.no,))]


def mine(edge: Edge, attempt: Attempt, examiner: str) -> Sheet | None:
    """The sheet in force of this examiner."""
    return next((one for one in sheets(edge, attempt) if one.examiner == examiner and one.state in IN_FORCE), None)


def events(edge: Edge, attempt: Attempt) -> list[dict[str, Any]]:
    """Every acknowledged mark as the parcel carries it."""
    names = ("examiner", "seq", "version", "kind", "task", "step", "value", "chain", "wall", "entry")
    rows = edge.store.read(f"SELECT {', '.join(names)} FROM mark_event WHERE attempt_no = ? ORDER BY examiner, seq", (attempt.no,))
    return [{"attempt": attempt.attempt} | dict(zip(names, row, strict=True)) | {"chain": bytes(row[7]).hex()} for row in rows]


def marks(edge: Edge, attempt: Attempt, examiner: str, version: int) -> tuple[Marks, int]:
    """What an examiner says in a version (it begins where the one before ended), and the number of his last mark."""
    found, last = Marks(), 0
    for row in events(edge, attempt):
        if row["examiner"] == examiner and row["version"] <= version:
            found.take(row["kind"], row["task"], row["step"], row["value"])
            last = row["seq"]
    return found, last


def words(said: Marks) -> list[list[Any]]:
    """Marks as a list in one order, as they are signed and travel."""
    deducted = [[practical.DEDUCT, *where, value] for where, value in sorted(said.deducted.items())]
    return deducted + [[practical.VETO, *where, 1] for where in sorted(said.vetoed)]


def statement(sitting: Sitting, attempt: Attempt, sheet: Sheet, said: Marks) -> tuple[dict[str, Any], Tally]:
    """The exact words that an examiner signs, and what they come to."""
    found = practical.tally(tasks(sitting, attempt), rules(sitting, attempt), said)
    frame = {"attempt": attempt.attempt, "examiner": sheet.examiner, "version": sheet.version, "marks": words(said)}
    return {**frame, "score": found.score, "veto": found.fails, "full_marks": found.full_marks}, found


def tallies(edge: Edge, sitting: Sitting, attempt: Attempt) -> list[tuple[Sheet, Tally]]:
    """Signed sheets in force in the order of their signatures, counted from the marks on the disk."""
    signed = sorted((one for one in sheets(edge, attempt) if one.state == SIGNED), key=lambda one: one.place or 0)
    return [(one, statement(sitting, attempt, one, marks(edge, attempt, one.examiner, one.version)[0])[1]) for one in signed]


def settled(edge: Edge, sitting: Sitting, attempt: Attempt) -> Tally | None:
    """The result of a candidate, if his examiners agree by the settings of the sealed order."""
    return practical.settle([one for _, one in tallies(edge, sitting, attempt)], practical.agreement(sitting.manifest["policy"]))


def wanted(edge: Edge, sitting: Sitting, attempt: Attempt) -> int:
    """How many examiners this candidate needs: those of the setting, then one more each time that they do not agree."""
    signed = [one for _, one in tallies(edge, sitting, attempt)]
    rule = practical.agreement(sitting.manifest["policy"])
    return max(rule.examiners, len(signed) if practical.settle(signed, rule) else len(signed) + 1)


def compared(edge: Edge, sitting: Sitting, attempt: Attempt) -> bool:
    """Whether the sheets lie side by side: as many as the setting wants are signed, and none is unsigned."""
    found = [one.state for one in sheets(edge, attempt) if one.state in IN_FORCE]
    return OPEN not in found and len(found) >= practical.agreement(sitting.manifest["policy"]).examiners


# ---- the close
def outcomes(edge: Edge, sitting: Sitting) -> dict[str, Any]:
    """What the examiners' marks come to, in the shape of the vault's outcomes. Slow: call it in a thread."""
    results, digests = [], []
    for attempt in sorted(sitting.attempts.values(), key=lambda one: one.attempt):
        if attempt.state != "handed_in":
            continue
        counted = tallies(edge, sitting, attempt)
        found = practical.settle([one for _, one in counted], practical.agreement(sitting.manifest["policy"]))
        if found is None:
            raise Problem(f"{attempt.label} 的评分没有一致，不能收场。", "请另一名考评员评分后再收场。", "N2.6.2")
        form = _form(sitting, attempt)
        told = [{"examiner": sheet.examiner, "version": sheet.version, "score": one.score, "veto": one.fails} for sheet, one in counted]
        results.append(practical.outcome(form, found, told))
        digests.append({"attempt": attempt.attempt, "digest": hashlib.sha256(codec.canonical(form)).hexdigest()})
    return {"form_digests": digests, "results": results}


# ---- what the return parcel carries
def signed(edge: Edge, attempt: Attempt) -> dict[str, Any]:
    """The sheets in force of one attempt in the order of their signatures: what the vault counts again."""
    found = sorted((one for one in sheets(edge, attempt) if one.state == SIGNED), key=lambda one: one.place or 0)
    rows = [{"examiner": one.examiner, "version": one.version, "marks": json.loads(one.statement)["marks"]} for one in found]
    return {"attempt": attempt.attempt, "sheets": rows, "count": attempt.count, "head": attempt.head.hex()}


def versions(edge: Edge, attempt: Attempt) -> list[dict[str, Any]]:
    """Every version of every sheet with its reason, its exact words and its signature."""
    names = ("examiner", "version", "state", "reason", "device", "statement", "signature", "signed_at", "place")
    return [{"attempt": attempt.attempt} | {name: getattr(one, name) for name in names} for one in sheets(edge, attempt)]


def blob(edge: Edge, sitting: Sitting, attempts: Sequence[Attempt]) -> dict[str, bytes]:
    """The blob with all versions, of a practical sitting."""
    found = [row for one in attempts for row in versions(edge, one)]
    return {"sheets": codec.canonical({"sheets": found})} if sitting.practical else {}


def disagreements(
    edge: Edge, attempts: Sequence[Attempt], ledger: Mapping[str, Sequence[Mapping[str, Any]]], doubtful: Collection[int] = ()
) -> list[str]:
    """The completeness equation of the marks, from the disk alone: batches, chains, signatures. `doubtful` entries prove nothing."""
    found = []
    sound = {code: [row for row in rows if row["seq"] not in doubtful] for code, rows in ledger.items()}
    batches = {row["seq"]: row["body"] for row in sound.get("practical.marked", ())}
    signatures = {row["seq"]: row["body"]["digest"] for row in sound.get("practical.signed", ())}
    closes = {str(row["obj"]): row["body"] for row in sound.get("attempt.handed_in", ())}
    for attempt in attempts:
        told = closes.get(f"attempt:{attempt.attempt}", {})
        lost = bool(doubtful) and not told
        if attempt.state == "handed_in" and not lost and (told.get("count"), told.get("head")) != (attempt.count, attempt.head.hex()):
            found.append(f"{attempt.label} 结束时的打分条数或链头与库中不符")
        heads: dict[str, bytes] = {}
        lines: dict[int, list[str]] = {}
        for row in events(edge, attempt):
            who = row["examiner"]
            mark = (row["seq"], row["version"], row["kind"], row["task"], row["step"], row["value"])
            heads[who] = mark_chained(heads.get(who) or marks_seed(attempt.attempt, who, attempt.salt), attempt.attempt, who, mark)
            lines.setdefault(row["entry"], []).append(f"{attempt.attempt}|{who}|{row['seq']}|{row['chain']}\n")
            if heads[who].hex() != row["chain"]:
                found.append(f"{attempt.label} 第 {row['seq']} 条打分的记录链断开")
        for entry, batch in lines.items():
            if entry in doubtful:
                continue
            said = batches.pop(entry, {})
            if (said.get("events"), said.get("digest")) != (len(batch), hashlib.sha256("".join(batch).encode()).hexdigest()):
                found.append(f"{attempt.label} 的打分与台账第 {entry} 条不符")
        for one in sheets(edge, attempt):
            # A signature of his own stands, whatever became of the entry about it.
            if not one.statement or one.place in doubtful:
                continue
            if signatures.get(one.place or -1) != edge.trust.algorithms.hash(one.statement.encode()).hex():
                found.append(f"{attempt.label} 的一份评分签名与台账不符")
    return found + ([f"台账记有打分 {len(batches)} 批，库中没有"] if batches else [])
