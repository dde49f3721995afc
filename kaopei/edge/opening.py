"""Opening the paper: the head's share and the key service's token, from two different people; plaintext in memory only.

二（四） N2.4.3, 二（五） N2.5.8/9. The order: gate → challenge → share A → token → opened. A wrong share or token costs a
pause and is an irregularity, never a lock. After a crash in the same boot the keeper gives the key back; after a
reboot it takes the PIN and two log-ins.
"""

import asyncio
import hashlib
import json
from dataclasses import dataclass
from typing import Any, NoReturn

import apsw
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from kaopei.edge import console, readiness, slips
from kaopei.edge.clock import boottime
from kaopei.edge.console import LEADERS, Person, Problem
from kaopei.edge.practical import sheets as practical_sheets
from kaopei.edge.server import Edge, persist_clock
from kaopei.edge.sitting import Attempt, Sitting, SittingClock
from kaopei.paper import codec
from kaopei.parcel import ids, key_release, key_share, shares, slip
from kaopei.parcel.exam_parcel import Parcel, Secrets
from kaopei.parcel.rejected import Rejected
from kaopei.parcel.shares import Share

STAGE = 1
WRONG_PAUSE = 5.0
SHORTEST_PIN = 6
SMALL = 2**20


@dataclass(frozen=True)
class Challenge:
    """Twelve digits that bind a token to this boot; `at` counts boottime and the rehearsal's jumps."""

    text: str
    at: float


@dataclass(frozen=True)
class Half:
    """The head's share in memory, until the other person brings the token."""

    share: Share
    person: Person
    pin: str
    at: float


def is_trial(sitting: Sitting) -> bool:
    """A trial package: dummy items, the same ceremony."""
    return sitting.manifest.get("form_set") == readiness.TRIAL


# ---- plaintext, one piece at a time
def item(sitting: Sitting, name: str) -> dict[str, Any]:
    """One item of an opened paper, decrypted when it is first asked for."""
    found = sitting.items.get(name)
    if found is None:
        found = sitting.items[name] = codec.read_item(sitting.opener.blob("item", name, sitting.secrets))
    return found


def form(sitting: Sitting, attempt: str) -> dict[str, Any] | None:
    """The order of items and options of one candidate; None while the paper is closed."""
    if sitting.secrets is None:
        return None
    known = sitting.attempts.get(attempt)
    return known.form if known and known.form else codec.read_form(sitting.opener.blob("form", attempt, sitting.secrets))


def prepare(sitting: Sitting, secrets: Secrets) -> dict[str, dict[str, Any]]:
    """All forms, each item of them decrypted once: a faulty paper must show before the bell. Slow: call it in a thread."""
    parcel: Parcel = sitting.opener
    if sitting.practical:
        return practical_sheets.prepare(parcel, secrets, list(sitting.attempts))
    forms: dict[str, dict[str, Any]] = {}
    options: dict[str, set[str]] = {}
    for attempt in sitting.attempts:
        found = forms[attempt] = codec.read_form(parcel.blob("form", attempt, secrets))
        if found["attempt"] != attempt:
            raise codec.BadBlob("试卷与应考编号不符。")
        for place in found["items"]:
            name = place["item"]
            if name not in options:
                options[name] = {one["id"] for one in codec.read_item(parcel.blob("item", name, secrets))["options"]}
            if set(place["options"]) != options[name]:
                raise codec.BadBlob("试卷的选项次序与试题不符。")
    return forms


def _unlocked(sitting: Sitting, secrets: Secrets, forms: dict[str, dict[str, Any]]) -> None:
    sitting.secrets, sitting.half = secrets, None
    for attempt in sitting.attempts.values():
        attempt.form = forms[attempt.attempt]


def forget(sitting: Sitting) -> None:
    """No plaintext and no key of this sitting in memory."""
    sitting.secrets = sitting.half = None
    sitting.items.clear()
    for attempt in sitting.attempts.values():
        attempt.form = None


def key_name(sitting: Sitting) -> str:
    """Under which name the keeper holds the content key."""
    return f"cek1|{sitting.sitting_id}|{sitting.package_id}"


# ---- after a restart
async def recover(edge: Edge, sitting: Sitting) -> None:
    """At start-up: an open sitting gets its key back from the keeper, or its clock stands still until two persons bring it."""
    if sitting.state not in ("opened", "running"):
        if sitting.state == "imported" and sitting.opener is not None:
            # Killed between holding the key and writing the opening down: the opening did not happen.
            await asyncio.to_thread(edge.keeper.drop, key_name(sitting))
            edge.keys.drop_cache(sitting.sitting_id)
        return
    secret = await asyncio.to_thread(edge.keeper.give, key_name(sitting))
    if secret is None:
        stop_clock(sitting)
        return
    secrets = Secrets(secret)
    _unlocked(sitting, secrets, await asyncio.to_thread(prepare, sitting, secrets))
    await edge.act("paper.resumed", by="edge", obj=f"sitting:{sitting.sitting_id}", body={"how": "keeper", "second": ""})


def stop_clock(sitting: Sitting) -> None:
    """Nobody can answer while the paper is closed, so no time passes for anybody."""
    if sitting.clock and sitting.clock.running:
        sitting.clock.running, sitting.stopped_at = False, boottime()


def go_on(edge: Edge, sitting: Sitting) -> None:
    """The end of stop_clock; the time between is nobody's."""
    edge.advance(sitting)
    if sitting.clock and sitting.stopped_at is not None:
        sitting.clock.standstill += boottime() - sitting.stopped_at
        sitting.clock.running, sitting.stopped_at = True, None


# ---- pages
async def show(request: Request) -> Response:
    """GET /s/{sitting}/opening."""
    edge = console.edge_of(request)
    sitting, person = console.on_duty(request)
    checks = await asyncio.to_thread(readiness.gate, edge, sitting)
    current = _challenge(edge, sitting)
    return console.page(
        request, "opening.html", sitting=sitting, person=person, gate=checks, ready=all(one.good for one in checks),
        challenge=current.text if current else "", half=sitting.half, leaders=LEADERS, window=sitting.manifest.get("window"),
        cached=edge.keys.has_cache(sitting.sitting_id), trial=is_trial(sitting),
        codes=slips.codes(slips.row_of(edge, sitting, slip.GATE), slip.GATE) if current else [],
    )


def _challenge(edge: Edge, sitting: Sitting) -> Challenge | None:
    """The challenge in force: of this boot, younger than a token's term."""
    found: Challenge | None = edge.challenges.get((sitting.package_id or "", STAGE))
    return found if found and edge.clock.elapsed() - found.at <= key_release.TERM else None


async def challenge(request: Request) -> Response:
    """POST /s/{sitting}/opening/challenge: show the digits that the key officers ask for."""
    edge = console.edge_of(request)
    sitting, person = console.on_duty(request)
    await console.checked_form(request)
    await _may_open(edge, sitting)
    if _challenge(edge, sitting) is None:
        package = str(sitting.package_id)
        body = {"package_id": package, "stage": STAGE}
        await edge.act("paper.challenged", by=person.mark, obj=f"sitting:{sitting.sitting_id}", body=body)
        asked = edge.challenges[package, STAGE] = Challenge(shares.challenge(ids.twelve_digits()), edge.clock.elapsed())
        flags = await asyncio.to_thread(readiness.flags, edge, sitting)
        await slips.ensure(edge, sitting, slip.GATE, challenge=asked.text, flags=flags)
    return console.done(request, "请把考点口令报给中心的密钥值班员。", console.path_of(sitting, "opening"))


async def _may_open(edge: Edge, sitting: Sitting) -> None:
    if sitting.state != "imported":
        raise Problem("本场试卷已经启封。", "请进入下一步。", "N2.4.3")
    console.refuse_new(edge)
    await readiness.refuse_unready(edge, sitting)
    if edge.now() < sitting.wait_until:
        raise Problem("刚才的密钥不对，系统暂停几秒。", "请核对后再试；不会锁死。", "N2.5.9", 429)


async def take_share(request: Request) -> Response:
    """POST /s/{sitting}/opening/share: `digits` or file `share`, and `cache_pin`; by the head or his deputy."""
    edge = console.edge_of(request)
    sitting, person = console.on_duty(request, *LEADERS)
    form = await console.checked_form(request)
    await _may_open(edge, sitting)
    pin = _new_pin(form)
    try:
        share = await _share(edge, sitting, form)
        if share.x != 1:
            raise Rejected("share", "这不是考点负责人的那一份密钥分持；请使用本场的 A 份。")
        sitting.opener.check_share(STAGE, share)
    except Rejected as problem:
        if problem.code == "digits":
            # A misheard group tells nothing about the share: say which one, and no more.
            raise Problem(f"{problem}。", "请对照密钥信封逐组核对后再录入。", "N2.5.8", 400) from None
        await wrong(edge, sitting, "paper.share_wrong", problem, person)
    sitting.half = Half(share, person, pin, edge.clock.elapsed())
    return console.done(request, "负责人的密钥分持正确。请另一人录入密钥令牌。", console.path_of(sitting, "opening"))


def _new_pin(form: FormData) -> str:
    pin = console.text(form, "cache_pin")
    if len(pin) < SHORTEST_PIN or len(set(pin)) < 3:
        raise Problem("恢复 PIN 太短或太简单。", "请现定一个至少 6 位、至少三种字符的 PIN，由负责人和副负责人记住，重启时要用。", "N2.5.8", 400)
    return pin


async def _share(edge: Edge, sitting: Sitting, form: FormData) -> Share:
    for upload in console.uploads(form, "share"):
        payload = key_share.read(await upload.read(SMALL), edge.trust)
        if payload["package_id"] != sitting.package_id:
            raise Rejected("share", "这份密钥分持属于另一个密封包；请核对场次和信封编号。")
        return key_share.take(payload, edge.trust.algorithms)
    letters = "".join(console.text(form, "digits").replace("-", " ").split())
    if not letters:
        raise Problem("没有录入密钥分持。", "请按信封录入十组数字，或选择分持文件。", "N2.5.8", 400)
    if not (letters.isascii() and letters.isdigit()):
        raise Rejected("digits", "密钥分持只有数字，请核对")
    return shares.from_digits([letters[at : at + 6] for at in range(0, len(letters), 6)])


async def wrong(edge: Edge, sitting: Sitting, code: str, problem: Rejected, by: Person, *, stage: int = STAGE) -> NoReturn:
    """A wrong share or token: kept in the ledger, noted as an irregularity, a pause for the sitting."""
    sitting.wait_until = edge.now() + WRONG_PAUSE
    body = {"stage": stage, "code": problem.code, "second": ""}
    await edge.act("paper.refused", by=by.mark, obj=f"sitting:{sitting.sitting_id}", body=body)
    await edge.note_irregularity(sitting, code, str(problem), by=by.mark)
    raise Problem(f"{problem}", "已记为异常，请等五秒再试；连续不对请联系密钥值班员。", "N2.5.9", 403)


async def other_half(request: Request) -> tuple[Sitting, Person, FormData, Half, Challenge]:
    """What a token needs before it: the head's share, a challenge in force, and somebody else who brings it."""
    edge = console.edge_of(request)
    sitting, person = console.on_duty(request)
    form = await console.checked_form(request)
    await _may_open(edge, sitting)
    half, current = sitting.half, _challenge(edge, sitting)
    if half is None or edge.clock.elapsed() - half.at > key_release.TERM:
        sitting.half = None
        raise Problem("负责人的密钥分持还没有录入，或已超过 30 分钟。", "请先由考点负责人登录并录入密钥分持。", "N2.4.3")
    if person.name == half.person.name or (person.kid and person.kid == half.person.kid):
        raise Problem("启封须两个不同的人：您已经录入了负责人的密钥分持。", "请另一名考务人员登录后录入密钥令牌。", "N2.4.3", 403)
    if current is None:
        raise Problem("考点口令已过期，或服务器重新启动过。", "请重新出示考点口令，向密钥值班员申请新的令牌。", "N2.5.8")
    return sitting, person, form, half, current


async def take_token(request: Request) -> Response:
    """POST /s/{sitting}/opening/token: file `token` or field `token_text`; by somebody else than who gave the share."""
    edge = console.edge_of(request)
    sitting, person, form, half, current = await other_half(request)
    try:
        data = await token_bytes(form)
        keys = (edge.keys.decrypt_kid, edge.keys.decrypt_key)
        payload, share = key_release.take(data, edge.trust, sitting.opener, *keys, stage=STAGE, challenge=current.text)
        secrets = sitting.opener.unlock(half.share, share, *keys)
    except Rejected as problem:
        await wrong(edge, sitting, "paper.token_wrong", problem, person)
    in_window(sitting, payload)
    await open_paper(edge, sitting, secrets, data, payload, half, person)
    return console.done(request, "试卷已启封。请到“签到”“监考”继续。", console.path_of(sitting))


async def token_bytes(form: FormData) -> bytes:
    """The token as a file or as scanned text."""
    for upload in console.uploads(form, "token"):
        return bytes(await upload.read(SMALL))
    words = console.text(form, "token_text")
    if not words:
        raise Problem("没有录入密钥令牌。", "请选择令牌文件，或扫入令牌内容。", "N2.5.8", 400)
    return words.encode()


def in_window(sitting: Sitting, payload: dict[str, Any]) -> None:
    """The window in the sealed manifest, by the time of the token: not even the key service can open earlier."""
    window, issued = sitting.manifest["window"], payload["issued_at"]
    if issued < window["not_before"]:
        raise Problem("还没有到本场可以启封的时间。", "请按考试安排的时间向密钥值班员申请令牌。", "N2.5.8")
    if issued > window["end_latest"]:
        raise Problem("本场的考试时间已过，不能再启封。", "请联系市考试机构改期。", "N2.4.1")


async def open_paper(
    edge: Edge, sitting: Sitting, secrets: Secrets, token: bytes, payload: dict[str, Any], half: Half, second: Person
) -> None:
    """From here plaintext exists: in this process's memory, nowhere else. `token` = what is kept for the return parcel."""
    try:
        forms = await asyncio.to_thread(prepare, sitting, secrets)
    except (Rejected, codec.BadBlob) as problem:
        await wrong(edge, sitting, "paper.faulty_item", Rejected("paper", f"试卷内容有误，不能开考：{problem}"), second)
    # Both ways back exist before the opening is written down; without the opening, start-up takes them away again.
    await asyncio.to_thread(edge.keeper.hold, key_name(sitting), secrets.first)
    await asyncio.to_thread(edge.keys.seal_cache, sitting.sitting_id, secrets.first, half.pin)
    if edge.mirror is not None:
        await edge.mirror.hand_over(sitting, secrets.first, half.pin)
    sitting.clock = SittingClock(edge.clock.boot_id, boottime(), edge.clock.offset(), float(payload["issued_at"]))
    wall = edge.wall()

    def job(connection: apsw.Connection) -> None:
        connection.execute(
            "UPDATE sitting SET state = 'opened', token = ? WHERE sitting_id = ? AND state = 'imported'", (token, sitting.sitting_id)
        )
        if not connection.changes():
            raise Problem("本场试卷已经启封。", "请进入下一步。", "N2.4.3")
        persist_clock(connection, sitting, wall)

    body = {
        "package_id": sitting.package_id, "manifest_hash": sitting.opener.manifest_hash, "path": payload["path"],
        "log_seq": payload["log_seq"], "clock_offset": wall - payload["issued_at"], "trust_version": edge.trust.version,
        "token_digest": hashlib.sha256(token).hexdigest() if payload["path"] in ("AB", "AC") else "",
        "second": second.mark, "waivers": payload["waivers"],
    }  # fmt: skip
    try:
        await edge.act("paper.opened", by=half.person.mark, obj=f"sitting:{sitting.sitting_id}", body=body, job=job)
    except BaseException:
        if sitting.state == "imported":
            sitting.clock = None
        raise
    edge.challenges.pop((str(sitting.package_id), STAGE), None)
    sitting.state, sitting.token = "opened", token
    _unlocked(sitting, secrets, forms)
    await slips.ensure(edge, sitting, slip.OPEN)


async def resume(request: Request) -> Response:
    """POST /s/{sitting}/opening/resume: `cache_pin`, `second`, `second_pin`; after a reboot, no token."""
    edge = console.edge_of(request)
    sitting, person = console.on_duty(request, *LEADERS)
    form = await console.checked_form(request)
    if sitting.state not in ("opened", "running") or sitting.secrets is not None:
        raise Problem("本场不需要恢复试卷。", "请从首页进入本场。", "N2.4.3")
    if edge.now() < sitting.wait_until:
        raise Problem("刚才的恢复 PIN 不对，系统暂停几秒。", "请等五秒再试；不会锁死。", "N2.5.9", 429)
    second = await console.second_person(request, form, sitting.sitting_id, person)
    secret = await asyncio.to_thread(edge.keys.open_cache, sitting.sitting_id, console.text(form, "cache_pin"))
    if secret is None:
        await wrong(edge, sitting, "paper.share_wrong", Rejected("pin", "恢复 PIN 不对，试卷没有恢复。"), person)
    secrets = Secrets(secret)
    _unlocked(sitting, secrets, await asyncio.to_thread(prepare, sitting, secrets))
    await asyncio.to_thread(edge.keeper.hold, key_name(sitting), secrets.first)
    go_on(edge, sitting)
    body = {"how": "pin", "second": second.mark}
    await edge.act("paper.resumed", by=person.mark, obj=f"sitting:{sitting.sitting_id}", body=body)
    await edge.checkpoint()
    return console.done(request, "试卷已恢复，考生的时间没有减少。", console.path_of(sitting))


def token_payload(sitting: Sitting) -> dict[str, Any]:
    """The accepted token as the return parcel carries it; Problem while a paper opened by telephone still waits for its token."""
    found = dict(json.loads(sitting.token or b"{}"))
    if "phone" in found:
        text = f"本场凭电话口授启封（记录号 {found['phone']['log_seq']}），还没有补收令牌文件。"
        raise Problem(text, "请向市考试机构取得这个记录号的令牌文件，在“收场交回”页补收。", "N2.5.8")
    return found


def closed_to(sitting: Sitting, attempt: Attempt) -> bool:
    """Whether a terminal must wait because the paper is open by the books but not in memory."""
    return sitting.secrets is None and sitting.state in ("opened", "running") and attempt.state != "handed_in"
