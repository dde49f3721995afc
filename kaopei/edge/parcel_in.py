"""Parcels in: every check before anything is kept, two persons, and only ciphertext on the disk."""

import json
from dataclasses import dataclass, field
from typing import Any

import apsw
from starlette.requests import Request
from starlette.responses import Response

from kaopei.edge import console, hand_back, keystore
from kaopei.edge.console import Problem
from kaopei.edge.server import Edge
from kaopei.edge.sitting import ATTEMPT_COLUMNS, Sitting, load_attempt
from kaopei.ledger import checkpoint, tree
from kaopei.parcel import base64url, container, manifest, roster, seating, trust
from kaopei.parcel import receipt as receipts_in
from kaopei.parcel.exam_parcel import Parcel
from kaopei.parcel.rejected import Rejected

LIMIT = 512 * 2**20
TITLES = {
    "exam_parcel": "试卷密封包", "seating": "座次包", "receipt": "回执", "trust": "信任名单", "enrolment": "服务器登记书",
}  # fmt: skip


@dataclass
class Waiting:
    """A parcel that passed every check and waits for two persons. `body` = payload, `facts` = what people are shown."""

    kind: str
    hash: str
    data: bytes
    sitting_id: str = ""
    rev: int = 0
    body: dict[str, Any] = field(default_factory=dict)
    parcel: Parcel | None = None
    facts: list[tuple[str, str]] = field(default_factory=list)

    @property
    def title(self) -> str:
        """What people call it."""
        return TITLES[self.kind]


def check(edge: Edge, data: bytes, waiting: list[Waiting]) -> Waiting:
    """Everything that can be known about a file before two persons take it in; Rejected if any check fails."""
    digest = edge.trust.algorithms.hash(data).hex()
    kind = _kind(data)
    if kind == "exam_parcel":
        return _exam_parcel(edge, data, digest, waiting)
    if kind == "seating":
        return _seating(edge, data, digest)
    if kind == "receipt":
        body = receipts_in.read(data, edge.trust)
        hand_back.check_receipt(edge, body)
        facts = [("回传包", body["bundle_id"]), ("版次", str(body["rev"])), ("台账大小", str(body["size"]))]
        return Waiting(kind, digest, data, body["sitting_id"], body["rev"], body, facts=facts)
    if kind == "enrolment":
        record = keystore.check_enrolment(edge.settings, edge.keys, edge.trust, data)
        return Waiting(kind, digest, data, facts=[("服务器", record.payload["edge_serial"]), ("考试点", record.payload["site_code"])])
    raise Rejected("kind", "这个文件不是考试点要收的密封包。请核对文件。")


def _kind(data: bytes) -> str:
    if data[:2] == b"PK":
        signed = dict(container.read(data)).get("manifest.jws", b"")
        return manifest.kind_of(signed)
    try:
        outer = json.loads(data)
    except ValueError:
        raise Rejected("kind", "不是密封包，也不是签名文件；请重新复制原件。") from None
    if isinstance(outer, dict) and "roots" in outer:
        return "trust"
    return manifest.kind_of(data)


def _seating(edge: Edge, data: bytes, digest: str) -> Waiting:
    body = seating.open(data, edge.trust, edge.keys.decrypt_kid, edge.keys.decrypt_key)
    _my_site(edge, body["site_code"])
    names = [row["name"] for row in body["staff"]]
    if len(set(names)) != len(names):
        raise Rejected("staff", "座次包的考务人员有同名，无法按姓名登录；请中心加以区分。")
    current = edge.sittings.get(body["sitting_id"])
    if current and current.seating and digest != current.seating["_hash"]:
        if current.state != "imported":
            return _change(current, body, Waiting("seating", digest, data, body["sitting_id"], body["rev"], body), edge.trust.suite)
        if "change" in body:
            raise Rejected("change", "变更单用于启封以后；本场还没有启封，请用新一版座次包。")
        if body["rev"] <= current.seating["rev"]:
            raise Rejected("rev", f"座次包第 {body['rev']} 版不比已收的第 {current.seating['rev']} 版新。")
        if body["prev_hash"] not in (current.seating["_hash"], current.seating["_body_hash"]):
            raise Rejected("prev", "座次包接不上已收的那一版（缺版或分叉），请中心核对。")
    exam = body["exam"]
    facts = [
        ("场次", body["sitting_id"]), ("考试", exam.get("title", "")), ("日期", f"{exam.get('date', '')} {exam.get('start', '')}"),
        ("考生", f"{len(body['roster'])} 人"), ("考务人员", f"{len(names)} 人"), ("版次", str(body["rev"])),
    ]  # fmt: skip
    body = {**body, "_hash": digest, "_body_hash": seating.body_hash(body, edge.trust.suite)}
    return Waiting("seating", digest, data, body["sitting_id"], body["rev"], body, facts=facts)


def _change(current: Sitting, body: dict[str, Any], waiting: Waiting, suite: str) -> Waiting:
    """After the opening only a change order comes in: everything else stays as it is, and as it is in memory."""
    if current.state not in ("opened", "running"):
        raise Rejected("frozen", "本场已经收场，不再收变更单。")
    kind = seating.change(current.seating, body)
    last = body["staff"][-1]
    more = f"{last['name']}（{console.ROLE_NAMES[last['role']]}）" if kind == "staff" else f"第 {body['baseline']['rev']} 版"
    waiting.facts = [
        ("场次", body["sitting_id"]), ("变更单", f"{seating.CHANGED[kind]}：{more}"), ("理由", body["change"]["reason"]), ("版次", str(body["rev"])),
    ]  # fmt: skip
    waiting.body = {**body, "_hash": waiting.hash, "_body_hash": seating.body_hash(body, suite)}
    return waiting


def _exam_parcel(edge: Edge, data: bytes, digest: str, waiting: list[Waiting]) -> Waiting:
    parcel = Parcel(data, edge.trust)
    named = parcel.manifest
    _my_site(edge, named["site_code"])
    if edge.keys.decrypt_kid not in named["edge_keys"]:
        raise Rejected("edge-key", "密封包不是给本考试服务器的（清单里没有本机密钥）；请核对考试点和场次。")
    sitting = edge.sittings.get(named["sitting_id"])
    seats = next((one.body for one in waiting if one.kind == "seating" and one.sitting_id == named["sitting_id"]), None)
    seats = seats or (sitting.seating if sitting else None)
    if not seats:
        raise Rejected("seating-first", f"请先收本场（{named['sitting_id']}）的座次包，再收试卷密封包。")
    _check_roster(edge, seats, parcel)
    _check_proof(edge, parcel)
    if sitting and sitting.package_id and sitting.package_id != named["package_id"]:
        if sitting.state != "imported":
            raise Rejected("opened", "本场已经启封，不能再换试卷密封包。")
        if named["supersedes"] not in (sitting.package_id, sitting.manifest.get("order_id")):
            raise Rejected("supersedes", "本场已有另一个密封包，新包没有写明取代它。请中心核对后重新封装。")
    facts = [
        ("场次", named["sitting_id"]), ("密封包", named["package_id"]), ("卷别", named["form_set"]),
        ("科目", "、".join(one["subject"] for one in named["subjects"])), ("试卷", f"{len(parcel.ids('form'))} 份"),
        ("封装人", "、".join(parcel.sealed_by)), ("清单摘要", parcel.manifest_hash[:16]),
    ]  # fmt: skip
    return Waiting("exam_parcel", digest, data, named["sitting_id"], 1, named, parcel, facts)


def _my_site(edge: Edge, site: str) -> None:
    if site != edge.settings.site:
        raise Rejected("site", f"这个包属于考试点 {site}，本机是考试点 {edge.settings.site}，不能收入。")


def _check_roster(edge: Edge, seats: dict[str, Any], parcel: Parcel) -> None:
    if roster.root(seats["roster"], edge.trust.suite) != parcel.manifest["roster_hash"]:
        raise Rejected("roster", "座次包的考生名单与试卷密封包封装时的名单不一致，不能收入；请中心核对。")
    missing = {row["attempt"] for row in seats["roster"]} - set(parcel.ids("form"))
    if missing:
        raise Rejected("form", f"密封包里缺 {len(missing)} 名考生的试卷，不能收入。")


def _check_proof(edge: Edge, parcel: Parcel) -> None:
    """The seal event stands in the vault's ledger; a rehearsal's vault may have none yet."""
    log = parcel.log
    if log is None:
        if not edge.trust.rehearsal:
            raise Rejected("proof", "密封包没有题库室台账的存证，不能收入。")
        return
    names = {log["origin"]: [base64url.decode(key.pub, "公钥") for key in edge.trust.with_role("ledger")]}
    for public in names[log["origin"]]:
        try:
            note = checkpoint.verify(log["checkpoint"].encode(), {log["origin"]: public}, edge.trust.algorithms.verify)
        except checkpoint.BadCheckpoint:
            continue
        path = [bytes.fromhex(one) for one in log["proof"]]
        leaf = log["entry"].encode()
        included = tree.verify_inclusion(tree.leaf_hash(leaf), log["index"], log["size"], path, note.root)
        if included and note.size == log["size"] and parcel.manifest_hash in log["entry"]:
            return
    raise Rejected("proof", "密封包的台账存证不成立，不能收入。")


def _put(edge: Edge, one: Waiting) -> None:
    """The bytes as they came, before the row that names them."""
    keystore.write_private(edge.settings.inbox / f"{one.hash}.parcel", one.data)


async def take(edge: Edge, one: Waiting, first: console.Person, second: console.Person) -> None:
    """Take one parcel in, in the name of two persons; the same parcel again changes nothing."""
    if one.kind == "receipt":
        await hand_back.take_receipt(edge, one.body, one.data, first)
        return
    if one.kind == "enrolment":
        keystore.write_private(edge.settings.enrolment, one.data)
    elif edge.store.read("SELECT 1 FROM parcel WHERE hash = ?", (one.hash,)):
        return
    else:
        _put(edge, one)
    body = {"kind": one.kind, "hash": one.hash, "rev": one.rev, "trust_version": edge.trust.version, "second": second.mark}
    job = None if one.kind == "enrolment" else _rows(edge, one)
    await edge.act("parcel.imported", by=first.mark, obj=f"sitting:{one.sitting_id}", body=body, job=job)
    if one.kind == "seating":
        edge.advance_trust(list(one.body["trust_chain"]))
    if job and _opened(edge, one):
        edge.sittings[one.sitting_id].seating = one.body
    elif job:
        load_sitting(edge, one.sitting_id)


def _opened(edge: Edge, one: Waiting) -> bool:
    """Whether this is a change of a sitting that is opened: its papers, clocks and candidates stay in memory as they are."""
    known = edge.sittings.get(one.sitting_id)
    return one.kind == "seating" and known is not None and known.state != "imported"


def _rows(edge: Edge, one: Waiting) -> Any:
    wall, opened = edge.wall(), _opened(edge, one)

    def job(connection: apsw.Connection) -> None:
        connection.execute("INSERT OR IGNORE INTO sitting (sitting_id, state) VALUES (?, 'imported')", (one.sitting_id,))
        ((count,),) = connection.execute(
            "SELECT count(*) FROM parcel WHERE kind = ? AND sitting_id = ?", (one.kind, one.sitting_id)
        )
        rev = one.rev if one.kind == "seating" else count + 1
        connection.execute(
            "INSERT INTO parcel (hash, kind, sitting_id, rev, file, imported_at) VALUES (?, ?, ?, ?, ?, ?)",
            (one.hash, one.kind, one.sitting_id, rev, f"{one.hash}.parcel", wall),
        )
        if one.kind == "exam_parcel":
            connection.execute(
                "UPDATE sitting SET package_id = ? WHERE sitting_id = ?", (one.body["package_id"], one.sitting_id)
            )
            return
        if opened:
            return
        connection.execute("DELETE FROM attempt WHERE sitting_id = ? AND state = 'expected'", (one.sitting_id,))
        connection.executemany(
            "INSERT INTO attempt (attempt, sitting_id, room, seat, state) VALUES (?, ?, ?, ?, 'expected')"
            " ON CONFLICT (attempt) DO NOTHING",
            [(row["attempt"], one.sitting_id, row["room"], str(row["seat"])) for row in one.body["roster"]],
        )

    return job


def load_sitting(edge: Edge, sitting_id: str) -> Sitting:
    """A sitting from the store and its newest parcels; what was open stays open."""
    state, package, token, bell, closed, size = edge.store.read(
        "SELECT state, package_id, token, bell_at, closed_at, closing_size FROM sitting WHERE sitting_id = ?", (sitting_id,)
    )[0]
    sitting = Sitting(sitting_id, state, package, token, bell, closed, size)
    newest = {
        kind: (file, digest)
        for kind, file, digest in edge.store.read(
            "SELECT kind, file, hash FROM parcel WHERE sitting_id = ? ORDER BY rev", (sitting_id,)
        )
    }
    if "seating" in newest:
        data = (edge.settings.inbox / newest["seating"][0]).read_bytes()
        body = seating.open(data, edge.trust, edge.keys.decrypt_kid, edge.keys.decrypt_key)
        body["_hash"], body["_body_hash"] = newest["seating"][1], seating.body_hash(body, edge.trust.suite)
        sitting.seating = body
        sitting.people = {row["attempt"]: row for row in body["roster"]}
    if "exam_parcel" in newest:
        sitting.opener = Parcel((edge.settings.inbox / newest["exam_parcel"][0]).read_bytes(), edge.trust)
        sitting.manifest = sitting.opener.manifest
    rows = edge.store.read(f"SELECT {ATTEMPT_COLUMNS} FROM attempt WHERE sitting_id = ? ORDER BY room, seat", (sitting_id,))
    for row in rows:
        attempt = load_attempt(edge.store, row)
        attempt.contact = attempt.seen = attempt.acted = edge.now()
        sitting.attempts[attempt.attempt] = attempt
        if attempt.lease_hash:
            edge.terminals[attempt.lease_hash] = (sitting, attempt, attempt.lease)
    edge.sittings[sitting_id] = sitting
    return sitting


# ---- pages
async def show(request: Request) -> Response:
    """GET /parcels: what waits, what was taken in."""
    _may_upload(request)
    return _page(request, [])


def _page(request: Request, problems: list[tuple[str, str]]) -> Response:
    edge = console.edge_of(request)
    taken = edge.store.read("SELECT kind, sitting_id, rev, hash, imported_at FROM parcel ORDER BY imported_at DESC, kind")
    names = sorted({row["name"] for _, row in console.staff_rows(edge, request)})
    return console.page(
        request, "parcels.html", status=400 if problems else 200, waiting=request.app.state.waiting, taken=taken, titles=TITLES,
        problems=problems, names=names,
    )  # fmt: skip


def _may_upload(request: Request) -> None:
    """Before the first seating nobody can log in, so the empty server takes parcels from whoever stands at it."""
    if console.staff_rows(console.edge_of(request), request):
        console.session(request)


async def upload(request: Request) -> Response:
    """POST /parcels/upload: field `files`; every file is checked, none is taken in yet."""
    _may_upload(request)
    form = await console.checked_form(request)
    edge, waiting = console.edge_of(request), request.app.state.waiting
    problems: list[tuple[str, str]] = []
    received = [(one.filename or "", await one.read(LIMIT)) for one in console.uploads(form, "files")]
    problems += await _take_trust(edge, [pair for pair in received if _kind_or_none(pair[1]) == "trust"])
    parcels = [pair for pair in received if _kind_or_none(pair[1]) != "trust"]
    # A parcel of papers is checked against its seating, and both against the newest trust list.
    order = {"enrolment": 1, "seating": 2}
    for name, data in sorted(parcels, key=lambda pair: order.get(_kind_or_none(pair[1]), 3)):
        try:
            found = check(edge, data, waiting)
        except Rejected as problem:
            problems.append((name, str(problem)))
            digest = edge.trust.algorithms.hash(data).hex()
            await edge.act("parcel.refused", by="console", obj=f"edge:{edge.settings.serial}", body={"hash": digest, "code": problem.code})
            continue
        if all(one.hash != found.hash for one in waiting):
            waiting.append(found)
    if not received:
        problems.append(("", "没有选择文件。"))
    return _page(request, problems)


async def _take_trust(edge: Edge, lists: list[tuple[str, bytes]]) -> list[tuple[str, str]]:
    """Newer trust lists act at once: the roots signed them, and without them no newer parcel could be checked."""
    if not lists:
        return []
    before = edge.trust.version
    try:
        versions = {int(trust.claims(data)["version"]): data for _, data in lists}
        edge.advance_trust([versions[number] for number in sorted(versions)])
    except Rejected as problem:
        return [("、".join(name for name, _ in lists), f"{problem}。各版名单（trust 文件夹中的文件）要一起选")]
    if edge.trust.version > before:
        digest = edge.trust.algorithms.hash(edge.trust.chain[-1]).hex()
        body = {"kind": "trust", "hash": digest, "rev": edge.trust.version, "trust_version": edge.trust.version, "second": ""}
        await edge.act("parcel.imported", by="console", obj=f"edge:{edge.settings.serial}", body=body)
    return []


def _kind_or_none(data: bytes) -> str:
    try:
        return _kind(data)
    except Rejected:
        return ""


async def confirm(request: Request) -> Response:
    """POST /parcels/import: two persons take in all that waits; fields `second`, `second_pin`."""
    edge, who = console.edge_of(request), console.session(request)
    form = await console.checked_form(request)
    waiting: list[Waiting] = request.app.state.waiting
    if any(one.kind != "receipt" for one in waiting):
        console.refuse_new(edge)
    if not waiting:
        raise Problem("没有待收的密封包。", "请先选择文件检查。", status=400)
    sitting_id = next((one.sitting_id for one in waiting if one.sitting_id in who.sittings), sorted(who.sittings)[0])
    first = console.person_in(edge, request, sitting_id, who.name)
    second = await console.second_person(request, form, sitting_id, first)
    order = ["enrolment", "seating", "exam_parcel", "receipt"]
    for one in sorted(waiting, key=lambda found: order.index(found.kind)):
        await take(edge, one, first, second)
    await edge.checkpoint()
    count = len(waiting)
    waiting.clear()
    return console.done(request, f"已收入 {count} 个文件，盘上只有密文。", "/")


async def drop(request: Request) -> Response:
    """POST /parcels/drop: put all waiting files aside."""
    console.session(request)
    await console.checked_form(request)
    request.app.state.waiting.clear()
    return console.done(request, "已放弃待收的文件。", "/parcels")
