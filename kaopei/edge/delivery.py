"""What terminals ask: start, items one at a time, answers, hand-in. Nothing is rendered here.

An answer is acknowledged after its commit. Each event is `(attempt, lease, seq)` once: a repeated event gets the first
acknowledgement again, another event under a used number is refused, and both sides keep the same hash chain.
"""

import base64
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from kaopei.edge import admission, assistance, devices, opening, receipts, scoring
from kaopei.edge.server import Edge
from kaopei.edge.sitting import GRACE_SECONDS, Attempt, Sitting, chained
from kaopei.edge.store import NotSaved
from kaopei.paper.item import LETTERS

BODY_LIMIT = 64 * 1024
MOST_EVENTS = 5000
MOST_LATE = 50


class Event(msgspec.Struct):
    """One event as the terminal sends it."""

    seq: int
    kind: str
    item: int
    value: str
    chain: str


class Events(msgspec.Struct):
    """Body of POST /api/events."""

    lease: int
    events: list[Event]


class Start(msgspec.Struct):
    """Body of POST /api/start."""

    seat: str
    code: str
    key: str


class HandIn(msgspec.Struct):
    """Body of POST /api/hand-in."""

    count: int
    head: str


class Refusal(Exception):
    """A refusal of the protocol: HTTP status, short word, text for people, further fields."""

    def __init__(self, status: int, error: str, text: str, **more: Any) -> None:
        super().__init__(text)
        self.status = status
        self.body = {"error": error, "text": text, **more}


class Call:
    """One request of a terminal that is known."""

    __slots__ = ("attempt", "body", "edge", "lease", "number", "sitting")

    def __init__(self, edge: Edge, sitting: Sitting, attempt: Attempt, lease: int, body: bytes, number: int) -> None:
        self.edge, self.sitting, self.attempt, self.lease = edge, sitting, attempt, lease
        self.body, self.number = body, number


_EVENTS = msgspec.json.Decoder(Events)
_START = msgspec.json.Decoder(Start)
_HAND_IN = msgspec.json.Decoder(HandIn)


async def save(call: Call) -> dict[str, Any]:
    """POST /api/events: take what continues the stream, answer after the commit."""
    request = _EVENTS.decode(call.body)
    attempt, edge = call.attempt, call.edge
    await admission.settled(attempt)
    _may_save(call, request)
    rows, problem = _accept(call, request)
    if rows:
        attempt.pending = edge.store.keep(rows)
        try:
            await attempt.pending
        except NotSaved:
            edge.reload(attempt)
            raise Refusal(503, "not_saved", "考试服务器暂时不能保存，请勿关机，正在重试。") from None
        finally:
            attempt.pending = None
    if problem:
        raise problem
    return {"saved": attempt_seq(attempt), "remaining": round(call.sitting.remaining(attempt, edge.now()), 1)}


def attempt_seq(attempt: Attempt) -> int:
    """The last number taken in the lease in force."""
    return len(attempt.chains)


def _may_save(call: Call, request: Events) -> None:
    attempt, sitting = call.attempt, call.sitting
    if request.lease != attempt.lease:
        raise Refusal(409, "moved", "考试已转到另一台机器。")
    if attempt.state == "handed_in":
        call.edge.keep_late(attempt, call.body, MOST_LATE)
        raise Refusal(409, "closed", "已经收卷，此后的作答不再接收。")
    if attempt.state != "open":
        raise Refusal(425, "too_early", "考试还没有开始。")
    if sitting.remaining(attempt, call.edge.now()) < -GRACE_SECONDS:
        call.edge.keep_late(attempt, call.body, MOST_LATE)
        raise Refusal(409, "closed", "考试时间已到，此后的作答不再接收。")
    if sitting.phase(attempt) == "paused" and call.edge.now() - call.edge.paused_since(sitting, attempt) > GRACE_SECONDS:
        raise Refusal(423, "paused", "考试已暂停。")


def _accept(call: Call, request: Events) -> tuple[list[tuple[Any, ...]], Refusal | None]:
    """Rows for what continues the stream; the first event that does not is a refusal after them."""
    attempt = call.attempt
    rows: list[tuple[Any, ...]] = []
    ran = round(call.sitting.clock.ran * 1000) if call.sitting.clock else 0
    attempt.acted = call.edge.now()
    for event in request.events:
        known = attempt_seq(attempt)
        if 0 < event.seq <= known:
            if attempt.chains[event.seq - 1].hex() != event.chain:
                return rows, Refusal(409, "sequence", "这个序号已经用于另一条记录。", **_where(attempt))
            continue
        problem = _unfit(attempt, event)
        if problem:
            return rows, problem
        chain = chained(attempt.head, attempt.attempt, attempt.lease, event.seq, event.kind, event.item, event.value)
        if chain.hex() != event.chain:
            return rows, Refusal(409, "chain", "记录链对不上，请重新取得状态。", **_where(attempt))
        attempt.head = chain
        attempt.chains.append(chain)
        attempt.take(event.kind, event.item, event.value)
        rows.append(
            (attempt.no, attempt.lease, event.seq, event.kind, event.item, event.value, chain, ran,
             attempt.attempt, attempt.sitting_id)
        )  # fmt: skip
    return rows, None


def _where(attempt: Attempt) -> dict[str, Any]:
    return {"saved": attempt_seq(attempt), "head": attempt.head.hex()}


def _unfit(attempt: Attempt, event: Event) -> Refusal | None:
    if event.seq != attempt_seq(attempt) + 1:
        return Refusal(409, "sequence", "记录的序号不连续，请重新取得状态。", **_where(attempt))
    if attempt.count >= MOST_EVENTS:
        return Refusal(429, "too_many", "本次考试的记录数超过上限，请找监考员。")
    places = attempt.form["items"] if attempt.form else []
    if not 1 <= event.item <= len(places):
        return Refusal(400, "item", "没有这个题号。")
    if not _value_fits(event, len(places[event.item - 1]["options"])):
        return Refusal(400, "value", "这道题没有这个选项。")
    return None


def _value_fits(event: Event, options: int) -> bool:
    value = event.value
    if event.kind == "answer":
        return list(value) == sorted(set(value)) and all(letter in LETTERS[:options] for letter in value)
    if event.kind == "mark":
        return value in ("0", "1")
    return event.kind == "signal" and 0 < len(value) <= 24 and value.isascii() and value.replace("_", "").isalnum()


@dataclass(frozen=True)
class Picture:
    """An answer that is not JSON."""

    data: bytes
    kind: bytes


async def hello(edge: Edge, _body: bytes, _headers: Mapping[bytes, bytes]) -> dict[str, Any]:
    """GET /api/hello: which server this is, and the seats of sittings that are not closed."""
    open_ = [one for one in edge.sittings.values() if one.state not in ("closed", "returned")]
    seats = sorted({attempt.label for sitting in open_ for attempt in sitting.attempts.values()})
    cities = edge.trust.with_role("city_import", city=edge.settings.city)
    key = {"kid": cities[0].kid, "pub": cities[0].pub, "suite": edge.trust.suite} if cities else None
    about = {"rehearsal": edge.trust.rehearsal, "title": edge.settings.title, "site": edge.settings.site, "seats": seats}
    return about | {"emergency_key": key}


async def photo(call: Call) -> Picture:
    """GET /api/photo: the candidate's picture from the seating."""
    text = call.sitting.person(call.attempt).get("photo")
    if not text:
        raise Refusal(404, "photo", "座次包里没有这名考生的照片。")
    data = base64.b64decode(text.rpartition(",")[2] + "==")
    return Picture(data, b"image/png" if data.startswith(b"\x89PNG") else b"image/jpeg")


async def start(edge: Edge, body: bytes, headers: Mapping[bytes, bytes]) -> dict[str, Any]:
    """POST /api/start: redeem a start code at its seat. The key is the terminal's own secret, so a retry is safe."""
    request = _START.decode(body)
    if not 32 <= len(request.key) <= 64 or not request.key.isascii():
        raise Refusal(400, "key", "终端密钥格式不对。")
    device, seat = devices.device_of(edge, headers), request.seat.strip()
    try:
        devices.refuse_seat(device, seat)
    except devices.Mismatch as problem:
        raise Refusal(403, "device", f"{problem.text}{problem.todo}") from None
    # Wrong codes make the machine wait that sent them; where machines have no certificates, the seat.
    attempt = await admission.redeem(edge, seat, request.code.strip(), request.key, source=device.id if device else seat)
    if isinstance(attempt, str):
        raise Refusal(403, "code", attempt)
    return {"attempt": attempt.attempt, "lease": attempt.lease}


async def state(call: Call) -> dict[str, Any]:
    """GET /api/state: everything a terminal needs to stand exactly where this attempt stands."""
    attempt, sitting = call.attempt, call.sitting
    await admission.settled(attempt)
    person = sitting.person(attempt)
    items = attempt.form["items"] if attempt.form else []
    return {
        **pulse_body(call),
        "attempt": attempt.attempt,
        "lease": attempt.lease,
        "seq": attempt_seq(attempt),
        "head": attempt.head.hex(),
        "count": attempt.count,
        "candidate": {
            "name": person["name"],
            "id_last4": person["id_last4"],
            "ticket_no": person["ticket_no"],
            "subject": person["subject"],
            "seat": attempt.label,
            "photo": bool(person.get("photo")),
        },
        "exam": {
            "title": sitting.seating["exam"]["title"],
            "total": len(items),
            "points": sum(place["points"] for place in items),
            "duration_minutes": round(sitting.allowed(attempt) / 60),
        },
        "position": attempt.position,
        "answers": {str(item): value for item, value in sorted(attempt.answers.items())},
        "marked": sorted(attempt.marked),
        "mark": f"{attempt.label} {visible_mark(call)}",
        "accommodations": assistance.state(call.edge, sitting, attempt),
    }


def visible_mark(call: Call) -> str:
    """The random code of the visible mark: leads to the attempt only with the edge's key."""
    digest = hashlib.sha256(call.edge.mark_secret + call.attempt.attempt.encode()).digest()
    return receipts.base32(digest[:5])[:5]


def pulse_body(call: Call) -> dict[str, Any]:
    """Phase, time, and whether the bell has rung."""
    attempt, sitting = call.attempt, call.sitting
    call_for_help = call.edge.helps.get(attempt.attempt)
    return {
        "phase": sitting.phase(attempt),
        "bell": sitting.state == "running",
        "remaining": max(0.0, round(sitting.remaining(attempt, call.edge.now()), 1)),
        "pause": attempt.pause_cause or sitting.pause_cause,
        "help": call_for_help.state if call_for_help else "",
    }


async def pulse(call: Call) -> dict[str, Any]:
    """GET /api/pulse: sign of life both ways; from the first one on, this terminal's silence means something."""
    if not call.attempt.pulsed:
        call.attempt.pulsed = call.attempt.moved_position = True
    await assistance.end_if_over(call.edge, call.sitting, call.attempt)
    return pulse_body(call)


async def begin(call: Call) -> dict[str, Any]:
    """POST /api/begin: open the attempt after the bell; a repeat answers the same."""
    if call.attempt.state == "seated":
        problem = await admission.begin(call.edge, call.sitting, call.attempt)
        if problem:
            raise Refusal(425, "too_early", problem)
    if call.attempt.state not in ("open", "handed_in"):
        raise Refusal(425, "too_early", "考试还没有开始。")
    return pulse_body(call)


async def item(call: Call) -> dict[str, Any]:
    """GET /api/item/{n}: exactly one item, as this candidate sees it."""
    attempt, sitting = call.attempt, call.sitting
    if attempt.state == "handed_in":
        raise Refusal(409, "closed", "已经收卷，题目不再显示。")
    if attempt.state != "open":
        raise Refusal(425, "too_early", "考试还没有开始。")
    if sitting.phase(attempt) == "paused":
        raise Refusal(423, "paused", "考试已暂停，题目不显示。")
    places = attempt.form["items"] if attempt.form else []
    if not 1 <= call.number <= len(places):
        raise Refusal(404, "item", "没有这个题号。")
    attempt.position, attempt.acted = call.number, call.edge.now()
    attempt.moved_position = True
    place = places[call.number - 1]
    content = opening.item(sitting, place["item"])
    texts = {option["id"]: option["text"] for option in content["options"]}
    return {
        "n": call.number,
        "kind": content["kind"],
        "stem": content["stem"],
        "options": [
            {"letter": letter, "text": texts[option]} for letter, option in zip(LETTERS, place["options"], strict=False)
        ],
        "points": place["points"],
        "answer": attempt.answers.get(call.number, ""),
        "marked": call.number in attempt.marked,
    }


async def hand_in(call: Call) -> dict[str, Any]:
    """POST /api/hand-in: idempotent; both sides must agree on count and head."""
    request = _HAND_IN.decode(call.body)
    attempt = call.attempt
    await admission.settled(attempt)
    if call.lease != attempt.lease:
        raise Refusal(409, "moved", "考试已转到另一台机器。")
    if attempt.state == "open":
        if request.count != attempt.count or request.head != attempt.head.hex():
            raise Refusal(409, "chain", "两端的记录不一致，请重新取得状态后再交卷。", **_where(attempt), count=attempt.count)
        await call.edge.close_attempt(call.sitting, attempt, "candidate")
    if attempt.state != "handed_in":
        raise Refusal(425, "too_early", "考试还没有开始。")
    return receipts.receipt(call.sitting, attempt)


async def receipt(call: Call) -> dict[str, Any]:
    """GET /api/receipt: the candidate's receipt, as often as asked."""
    if call.attempt.state != "handed_in":
        raise Refusal(404, "not_handed_in", "还没有交卷。")
    return receipts.receipt(call.sitting, call.attempt)


async def receipt_picture(call: Call) -> dict[str, Any]:
    """GET /api/receipt/qr: rows of 0 and 1; made on demand, away from the rush of hand-ins."""
    if call.attempt.state != "handed_in":
        raise Refusal(404, "not_handed_in", "还没有交卷。")
    return {"rows": await call.edge.receipt_rows(call.sitting, call.attempt)}


async def result(call: Call) -> dict[str, Any]:
    """GET /api/result: the provisional score, as far as the policy of the paper shows it."""
    return scoring.result(call.edge, call.sitting, call.attempt)


CALLS: dict[tuple[str, str], Callable[[Call], Awaitable[dict[str, Any] | Picture]]] = {
    ("POST", "/api/events"): save,
    ("GET", "/api/item/{n}"): item,
    ("GET", "/api/pulse"): pulse,
    ("GET", "/api/state"): state,
    ("POST", "/api/begin"): begin,
    ("POST", "/api/hand-in"): hand_in,
    ("GET", "/api/receipt"): receipt,
    ("GET", "/api/receipt/qr"): receipt_picture,
    ("GET", "/api/photo"): photo,
    ("GET", "/api/result"): result,
}
# What a terminal may ask before it serves an attempt.
OPEN_CALLS: dict[tuple[str, str], Callable[[Edge, bytes, Mapping[bytes, bytes]], Awaitable[dict[str, Any]]]] = {
    ("GET", "/api/hello"): hello,
    ("POST", "/api/start"): start,
}
