"""Handing a sitting back: counts that must agree, a parcel built once and signed by three, two media, the receipt.

二（四） N2.4.3, N2.4.13. Order: close → slip → scores (`closure`, `scoring`) → completeness → parcel → media → receipt → prune.
A later revision is a superset that names the one before.
"""

import asyncio
import hashlib
import json
from pathlib import Path
from typing import Any

import apsw
from starlette.requests import Request
from starlette.responses import Response

from kaopei.edge import closure, completeness, console, keystore, opening, pruning, receipts, record, scoring, seat_photo, slips, succession
from kaopei.edge.console import LEADERS, Person, Problem
from kaopei.edge.practical import sheets
from kaopei.edge.server import Edge
from kaopei.edge.sitting import Attempt, Sitting
from kaopei.ledger import checkpoint
from kaopei.paper.codec import canonical
from kaopei.parcel import container, jws, return_parcel, slip
from kaopei.parcel.keyfile import Signer
from kaopei.parcel.rejected import Rejected

SECONDS = closure.SECONDS


# ---- the parcel
def contents(edge: Edge, sitting: Sitting, size: int) -> tuple[dict[str, bytes], dict[str, int]]:
    """The blobs of the parcel, and its counts. Letters are as shown: only the vault can map them."""
    rows, events = completeness.attempts(edge, sitting), completeness.events(edge, sitting)
    handed = [one for one in rows if one.state == "handed_in"]
    answered = [sheets.signed(edge, one) for one in handed] if sitting.practical else [_answers(one) for one in handed]
    late = edge.store.read(
        "SELECT attempt, body, late_event.wall FROM late_event JOIN attempt ON attempt.no = attempt_no WHERE sitting_id = ?"
        " ORDER BY late_event.no", (sitting.sitting_id,),
    )  # fmt: skip
    lines = [*events, *({"attempt": name, "late": True, "body": body, "wall": wall} for name, body, wall in late)]
    odd = _table(edge, sitting, "irregularity", "no, attempt, code, note, by, second, wall")
    blobs = {
        "answers": canonical({"attempts": answered}),
        "attempts": canonical({"attempts": [_row(one) for one in rows]}),
        "events": b"".join(canonical(line) + b"\n" for line in lines),
        "irregularities": canonical({"irregularities": odd}),
        "readiness": canonical({"readiness": _table(edge, sitting, "readiness", "no, item, result, note, by, second, wall")}),
        "ledger": container.write(sorted(record.files(edge.store.read, size).items())),
    }
    before = succession.segments(edge.store.read)
    if before is not None:
        blobs["ledger_before"] = before
    blobs |= sheets.blob(edge, sitting, rows)
    photos = seat_photo.all_of(edge, sitting)
    if photos:
        blobs["photos"] = container.write([(f"{name}.jpg".lower(), photos[name]) for name in sorted(photos)])
    states = [one.state for one in rows]
    counts = {
        "roster": len(rows), "present": states.count("handed_in"), "absent": states.count("absent"), "refused": states.count("refused"),
        "opened": sum(one.opened_at is not None for one in rows), "closed": states.count("handed_in"), "events": len(events),
        "irregularities": len(odd), "expected": 0,
    }  # fmt: skip
    return blobs, counts


def _answers(one: Attempt) -> dict[str, Any]:
    answers = {str(item): letters for item, letters in sorted(one.answers.items())}
    return {
        "attempt": one.attempt, "answers": answers, "count": one.count, "head": one.head.hex(), "ended_at": one.ended_at, "ended_by": one.ended_by,
    }  # fmt: skip


def _row(one: Attempt) -> dict[str, Any]:
    handed = one.state == "handed_in"
    return {
        "attempt": one.attempt, "room": one.room, "seat": one.seat, "state": one.state, "late": one.late, "reason": one.reason,
        "lease": one.lease, "salt": one.salt.hex() or None, "opened_at": one.opened_at, "ended_at": one.ended_at, "ended_by": one.ended_by,
        "count": one.count, "head": one.head.hex(), "answered": len(one.answers), "extra_ms": round(one.extra * 1000),
        "lost_ms": round(one.lost_credit * 1000), "receipt": receipts.code_of(one.attempt, one.count, one.head) if handed else None,
    }  # fmt: skip


def _table(edge: Edge, sitting: Sitting, table: str, columns: str) -> list[dict[str, Any]]:
    rows = edge.store.read(f"SELECT {columns} FROM {table} WHERE sitting_id = ? ORDER BY no", (sitting.sitting_id,))
    return [dict(zip(columns.split(", "), row, strict=True)) for row in rows]


async def build(request: Request) -> Response:
    """POST /s/{sitting}/hand-back/build: `sign_pin`, `second`, `second_pin`, `second_sign_pin`; `score_reason` if the site has
    not scored; from the second revision `reason`."""
    edge = console.edge_of(request)
    sitting, person = console.on_duty(request, *LEADERS)
    form = await console.checked_form(request)
    if sitting.state not in ("closed", "returned"):
        raise Problem("还没有收场，不能生成回传包。", "请先收场。", "N2.4.3")
    if pruning.pruned_at(edge, sitting) is not None:
        raise Problem("本场的答卷数据已在回执之后清除，不能再出一版。", "中心保存着完整的回传包。", "N2.4.13")
    revs = bundles(edge, sitting)
    words = console.reason(form) if revs else ""
    unscored = _unscored(edge, sitting, console.text(form, "score_reason"))
    second = await console.second_person(request, form, sitting.sitting_id, person, *SECONDS)
    try:
        accepted = edge.enrolled()
        pins = ((person, console.text(form, "sign_pin")), (second, console.text(form, "second_sign_pin")))
        people = [await asyncio.to_thread(keystore.person_signer, edge.settings, one.kid, pin, edge.trust.suite) for one, pin in pins]
        for one in people:
            edge.trust.key(one.kid, role="person")
    except Rejected as problem:
        raise Problem(f"{problem}", "请核对两人的签名 PIN；密钥须在信任名单中。", "N2.4.3", 403) from None
    problems = await asyncio.to_thread(completeness.disagreements, edge, sitting)
    if problems:
        raise Problem(f"记录不完整，不能生成回传包：{'；'.join(problems[:5])}。", "请保留现场，立即报告市考试机构。", "N2.4.13")
    if words:
        await edge.note_irregularity(sitting, "other.other", f"重新生成回传包：{words}", by=person.mark, second=second.mark)
    await _build(edge, sitting, accepted, people, person, second, unscored)
    return console.done(request, "回传包已生成，两份介质都已写入并读回核对。", console.path_of(sitting, "hand-back"))


def _unscored(edge: Edge, sitting: Sitting, words: str) -> str:
    """The slip is signed; and either the site has scored, or two persons say why not."""
    row = slips.row_of(edge, sitting, slip.CLOSE)
    if row is None or not row.signed:
        raise Problem("收场小条还没有两人签署，不能生成回传包。", "请先签署收场小条，报送市考试机构。", "N2.4.13")
    if scoring.outcomes(edge, sitting) is not None:
        return ""
    if len(words) < 4:
        text = "考试点还没有评分，不能生成回传包。"
        raise Problem(text, "请凭收场小条申请答案密钥、评分；确实不能评分的，写明原因（至少四个字），由题库室两人分别评分。", "N2.6.2", 400)
    return words[:500]


async def _build(
    edge: Edge, sitting: Sitting, accepted: Any, people: list[Signer], by: Person, second: Person, unscored: str
) -> None:
    note = await edge.checkpoint()
    signed = checkpoint.parse(note)
    blobs, counts = await asyncio.to_thread(contents, edge, sitting, signed.size)
    revs = bundles(edge, sitting)
    rev, prev = len(revs) + 1, str(revs[-1]["hash"]) if revs else None
    closing, tokens = slips.row_of(edge, sitting, slip.CLOSE), [opening.token_payload(sitting)]
    blobs["slip"] = slips.file_of(edge, sitting, slip.CLOSE)
    if (counted := scoring.outcomes(edge, sitting)) is not None:
        tokens += [json.loads(counted[0])] if counted[0] else []
        blobs["outcomes"] = canonical(counted[1])
    bundle = f"RB-{sitting.sitting_id}-{str(sitting.package_id)[:8]}"
    ledger = {"origin": edge.record.origin, "from": 0, "size": signed.size, "root": signed.root.hex(), "checkpoint": note.decode()}
    try:
        payload, parts = return_parcel.draft(
            edge.trust, accepted, blobs, at=edge.wall(), bundle_id=bundle, rev=rev, prev_hash=prev, sitting_id=sitting.sitting_id,
            package_id=str(sitting.package_id), manifest_hash=sitting.opener.manifest_hash, tokens=tokens,
            ledger=ledger, counts=counts, close_slip=jws.from_compact(closing.text if closing else "").decode(), edge_outcomes=unscored,
        )  # fmt: skip
        data = return_parcel.finish(payload, parts, [edge.keys.signer, *people])
        # Whoever gets this parcel will check it so; a parcel that fails here must never leave.
        digest = return_parcel.Returned(data, edge.trust).hash
    except Rejected as problem:
        raise Problem(f"回传包没有通过自检：{problem}", "请核对签名人的职责（考点负责人，加巡考员或另一名监考员）。", "N2.4.3") from None
    file = f"{sitting.sitting_id}-r{rev}.xrb"
    await asyncio.to_thread(_lay_down, edge, file, data)
    values = (bundle, sitting.sitting_id, rev, digest, prev or "", file, signed.size, edge.wall())

    def job(connection: apsw.Connection) -> None:
        connection.execute(
            "INSERT INTO bundle (bundle_id, sitting_id, rev, hash, prev_hash, file, size, wall) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values
        )

    body = {"bundle_id": bundle, "rev": rev, "counts": counts, "second": second.mark}
    await edge.act("return.built", by=by.mark, obj=f"sitting:{sitting.sitting_id}", body=body, job=job)
    await closure.drop_paper(edge, sitting)
    await _write_media(edge, sitting)


def _lay_down(edge: Edge, file: str, data: bytes) -> None:
    """The bytes before the row that names them; on a full disk the ballast makes room once. Without room nothing has happened."""
    for _ in range(2):
        try:
            return keystore.write_private(edge.settings.outbox / file, data)
        except OSError as problem:
            if not edge.disk.release():
                text = f"本机磁盘写不下回传包（{len(data) // 1024} KiB，{problem.strerror or problem}），没有生成。"
                raise Problem(text, "请系统管理员删去与考试无关的文件，再生成一次。作答和台账都在，没有丢失。", "N2.4.13", 507) from None
    raise AssertionError("release makes room once")


# ---- media
def bundles(edge: Edge, sitting: Sitting) -> list[dict[str, Any]]:
    """The revisions that were built, oldest first."""
    names = ("bundle_id", "rev", "hash", "file", "size", "wall", "receipt")
    rows = edge.store.read(f"SELECT {', '.join(names)} FROM bundle WHERE sitting_id = ? ORDER BY rev", (sitting.sitting_id,))
    return [dict(zip(names, row, strict=True)) for row in rows]


def on_media(edge: Edge, bundle: dict[str, Any]) -> list[tuple[Path, bool]]:
    """Both media and whether each holds this revision, read back byte by byte."""
    return [(folder, _same(folder / bundle["file"], bundle["hash"])) for folder in edge.settings.media]


def _same(path: Path, expected: str) -> bool:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest() == expected
    except OSError:
        return False


async def _write_media(edge: Edge, sitting: Sitting) -> None:
    """The newest revision to both media, read back; only then the sitting counts as handed back."""
    newest = bundles(edge, sitting)[-1]
    source = edge.settings.outbox / newest["file"]
    if not _same(source, newest["hash"]):
        raise Problem("本机保存的回传包与登记的摘要不符。", "请保留现场，立即报告市考试机构。", "N2.4.13")
    data = source.read_bytes()
    for folder in edge.settings.media:
        try:
            await asyncio.to_thread(keystore.write_private, folder / newest["file"], data)
        except OSError as problem:
            text = f"介质 {folder} 写不进去（{problem.strerror or problem}）。"
            raise Problem(text, "请换一个 U 盘或腾出空间，再按“重写介质”。回传包已保存在本机。", "N2.4.13", 507) from None
    bad = [str(folder) for folder, good in await asyncio.to_thread(on_media, edge, newest) if not good]
    if bad:
        raise Problem(f"介质 {'、'.join(bad)} 读回的内容不符。", "请换一个 U 盘，再按“重写介质”。", "N2.4.13", 507)
    if sitting.state == "closed":
        change = "UPDATE sitting SET state = 'returned' WHERE sitting_id = ?"
        await edge.store.write(lambda connection: connection.execute(change, (sitting.sitting_id,)).fetchall())
        sitting.state = "returned"
    await edge.checkpoint()


async def media(request: Request) -> Response:
    """POST /s/{sitting}/hand-back/media: write and read back both media again; the bytes are the same for ever."""
    edge = console.edge_of(request)
    sitting, _ = console.on_duty(request, *LEADERS, "keeper")
    await console.checked_form(request)
    if not bundles(edge, sitting):
        raise Problem("还没有生成回传包。", "请先收场并生成回传包。", "N2.4.3")
    await _write_media(edge, sitting)
    return console.done(request, "两份介质都已写入并读回核对。", console.path_of(sitting, "hand-back"))


async def download(request: Request) -> Response:
    """GET /s/{sitting}/hand-back/{rev}.xrb: the bytes as they were built."""
    edge = console.edge_of(request)
    sitting, _ = console.on_duty(request)
    found = next((one for one in bundles(edge, sitting) if one["rev"] == request.path_params["rev"]), None)
    if found is None:
        raise Problem("没有这一版回传包。", "请从“收场交回”页下载。", status=404)
    if pruning.pruned_at(edge, sitting) is not None:
        raise Problem("这一版回传包已在回执之后清除。", "请向中心索取，或用封存的介质。", "N2.4.13", 410)
    data = await asyncio.to_thread((edge.settings.outbox / found["file"]).read_bytes)
    name = {"Content-Disposition": f"attachment; filename=\"{found['file']}\""}
    return Response(data, media_type="application/octet-stream", headers=name)


async def show(request: Request) -> Response:
    """GET /s/{sitting}/hand-back."""
    edge = console.edge_of(request)
    sitting, person = console.on_duty(request)
    revs = bundles(edge, sitting)
    gone = pruning.pruned_at(edge, sitting)
    checked = sitting.state in ("closed", "returned") and gone is None
    problems = await asyncio.to_thread(completeness.disagreements, edge, sitting) if checked else []
    copies = await asyncio.to_thread(on_media, edge, revs[-1]) if revs else []
    return console.page(
        request, "hand_back.html", sitting=sitting, person=person, counts=sitting.roster_counts(), unclosed=closure.unclosed(sitting),
        problems=problems, revs=revs, copies=copies, leaders=LEADERS, seconds=SECONDS, pruned_at=gone, **_closing(edge, sitting),
    )


def _closing(edge: Edge, sitting: Sitting) -> dict[str, Any]:
    """What the page shows of the slip and of the scores."""
    row, asked, counted = slips.row_of(edge, sitting, slip.CLOSE), scoring.current(edge, sitting), scoring.outcomes(edge, sitting)
    return {
        "phoned": json.loads(sitting.token or b"{}").get("phone"), "prune_after_days": edge.settings.prune_after_days,
        "slip": row, "codes": slips.codes(row, slip.CLOSE), "challenge": asked.text if asked else "",
        "counted": len(counted[1]["results"]) if counted else None, "scores": scoring.shown(edge, sitting),
        "policy": sitting.manifest.get("policy", {}).get("score_display", ""), "window": sitting.manifest.get("window"),
    }  # fmt: skip


# ---- the receipt
def check_receipt(edge: Edge, body: dict[str, Any]) -> None:
    """A receipt is for exactly one revision that was built here."""
    rows = edge.store.read("SELECT hash, size FROM bundle WHERE bundle_id = ? AND rev = ?", (body["bundle_id"], body["rev"]))
    if not rows:
        raise Rejected("receipt", f"回执的回传包 {body['bundle_id']} 第 {body['rev']} 版不是本机生成的，请核对考试点。")
    if (body["hash"], body["size"], body["origin"]) != (*rows[0], edge.record.origin):
        raise Rejected("receipt", "回执的内容与本机生成的回传包不符，不能收入；请立即报告市考试机构。")
    notes = edge.store.read("SELECT note FROM checkpoint WHERE size = ?", (body["size"],))
    if not notes or checkpoint.parse(bytes(notes[0][0])).root.hex() != body["root"]:
        raise Rejected("receipt", "回执的台账根与本机签署的检查点不符，不能收入；请立即报告市考试机构。")


async def take_receipt(edge: Edge, body: dict[str, Any], data: bytes, first: Person) -> None:
    """Keep the receipt beside its revision; the same again changes nothing."""
    edge.advance_trust(list(body["trust_chain"]))
    where = (body["bundle_id"], body["rev"])
    if edge.store.read("SELECT 1 FROM bundle WHERE bundle_id = ? AND rev = ? AND receipt IS NOT NULL", where):
        return

    def job(connection: apsw.Connection) -> None:
        connection.execute("UPDATE bundle SET receipt = ? WHERE bundle_id = ? AND rev = ?", (data, *where))

    facts = {name: body[name] for name in ("bundle_id", "rev", "size", "hash")}
    await edge.act("receipt.imported", by=first.mark, obj=f"sitting:{body['sitting_id']}", body=facts, job=job)
