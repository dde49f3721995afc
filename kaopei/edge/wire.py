"""The terminals' door: everything below /api/, as plain ASGI. Nothing is rendered here and nothing is looked up twice.

An answer passes here about once a second and seat; a web framework's request and response would cost more than the
answer itself (bench/edge.py shows the ratio to a bare server).
"""

import asyncio
import logging
from typing import Any

import msgspec
from starlette.types import ASGIApp, Receive, Scope, Send

from kaopei.edge import asking, delivery, opening
from kaopei.edge.console import Problem
from kaopei.edge.server import Edge
from kaopei.edge.store import NotSaved

JSON = (b"content-type", b"application/json")
PRIVATE = (b"cache-control", b"no-store")
NOT_SAVED = {"error": "not_saved", "text": "考试服务器暂时不能保存，请勿关机，正在重试。"}
Headers = list[tuple[bytes, bytes]]
log = logging.getLogger("kaopei.edge")
_encode = msgspec.json.Encoder().encode
# A candidate's page asks a few times a second. A machine that asks far more often waits for each answer, and holds up
# nobody else; it is never locked out.
BURST, A_SECOND, WAIT_SECONDS, MOST_WAITING = 400.0, 100.0, 1.0, 32


class Gone(Exception):
    """The client hung up in the middle of its request."""


class Pace:
    """How fast each asker is served: a bucket of `BURST` requests that fills by `A_SECOND`; below empty it is debt to be waited for."""

    def __init__(self) -> None:
        self._buckets: dict[str, tuple[float, float]] = {}

    def owed(self, who: str, now: float) -> float:
        """Count one request; seconds that it must wait."""
        left, since = self._buckets.get(who, (BURST, now))
        left = min(BURST, left + A_SECOND * (now - since)) - 1
        # Who has very many waiting is refused, and pays no more than that.
        self._buckets[who] = max(left, -MOST_WAITING - 1.0), now
        return max(0.0, -left / A_SECOND)

    async def wait(self, who: str, now: float) -> None:
        """Let the asker wait for his turn; refused if he has too many requests waiting already."""
        seconds = self.owed(who, now)
        if seconds > MOST_WAITING / A_SECOND:
            await asyncio.sleep(WAIT_SECONDS)
            raise delivery.Refusal(429, "too_fast", "这台考试机的请求太频繁，请稍候。")
        if seconds:
            await asyncio.sleep(seconds)


class Wire:
    """In front of the staff's pages; `headers` stand on every answer."""

    def __init__(self, app: ASGIApp, edge: Edge, headers: Headers) -> None:
        self.app, self.edge, self.pace = app, edge, Pace()
        self._json = [JSON, PRIVATE, *headers]
        self._plain = [PRIVATE, *headers]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request; refusals are answers too."""
        if scope["type"] != "http" or not scope["path"].startswith("/api/"):
            await self.app(scope, receive, send)
            return
        status, headers = 200, self._json
        try:
            answer = await self._answer(scope, receive)
        except delivery.Refusal as refusal:
            status, answer = refusal.status, refusal.body
        except Problem as problem:
            status, answer = problem.status, {"error": "refused", "text": problem.text}
        except (msgspec.DecodeError, UnicodeDecodeError):
            status, answer = 400, {"error": "body", "text": "请求的格式不对。"}
        except NotSaved:
            status, answer = 503, NOT_SAVED
        except Gone:
            return
        except Exception:
            log.exception("%s %s", scope["method"], scope["path"])
            status, answer = 500, {"error": "server", "text": "考试服务器出错，正在重试；多次出现请举手。"}
        if isinstance(answer, delivery.Picture):
            body, headers = answer.data, [(b"content-type", answer.kind), *self._plain]
        else:
            body = _encode(answer)
        headers = [*headers, *self.edge.wire_headers, (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: Scope, receive: Receive) -> Any:
        method, path, edge = scope["method"], scope["path"], self.edge
        headers = dict(scope["headers"])
        if edge.door is not None:
            edge.door(headers, path)
        body = await _body(receive) if method == "POST" else b""
        open_call = delivery.OPEN_CALLS.get((method, path))
        if open_call is not None:
            return await open_call(edge, body, headers)
        number = 0
        if path.startswith("/api/item/"):
            last = path[10:]
            if last.isascii() and last.isdigit() and len(last) <= 4:
                path, number = "/api/item/{n}", int(last)
        found = delivery.CALLS.get((method, path)) or asking.CALLS.get((method, path))
        if found is None:
            raise delivery.Refusal(404, "no_call", "考试服务器没有这个接口。")
        call = await self._call(headers.get(b"authorization", b""), body, number)
        if not edge.store.in_step and method == "POST":
            raise NotSaved("the standby has not taken it yet")
        return await found(call)

    async def _call(self, authorization: bytes, body: bytes, number: int) -> delivery.Call:
        """The terminal is known by the secret that it redeemed its start code with."""
        edge = self.edge
        word, _, secret = authorization.partition(b" ")
        known = edge.terminal(secret) if word.lower() == b"bearer" and secret else None
        if known is None:
            await self._unknown()
            raise delivery.Refusal(401, "unknown", "这台考试机没有启用，请输入开考码。")
        sitting, attempt, lease = known
        await self.pace.wait(attempt.attempt, edge.now())
        if lease != attempt.lease:
            raise delivery.Refusal(409, "moved", "考试已转到另一台机器。")
        edge.touch(sitting, attempt)
        if opening.closed_to(sitting, attempt):
            raise delivery.Refusal(503, "paper_closed", "考试服务器正在恢复试卷，请稍候，考试时间没有减少。")
        return delivery.Call(edge, sitting, attempt, lease, body, number)

    async def _unknown(self) -> None:
        """All who are unknown share one bucket: guessing keys is slow, and known terminals do not feel it."""
        await self.pace.wait("", self.edge.now())


async def _body(receive: Receive) -> bytes:
    """The whole body, counted as it comes."""
    message = await receive()
    if message["type"] == "http.disconnect":
        raise Gone
    body: bytes = message.get("body", b"")
    while len(body) <= delivery.BODY_LIMIT and message.get("more_body", False):
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        body += message.get("body", b"")
    if len(body) > delivery.BODY_LIMIT:
        raise Problem(f"提交的内容超过 {delivery.BODY_LIMIT // 1024} KiB。", "请核对文件。", status=413)
    return body
