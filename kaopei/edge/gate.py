"""Before anything is looked up: which machine asks, whether this server still is the one, whether it may answer now."""

from collections.abc import Callable, Mapping

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kaopei.edge import delivery, devices
from kaopei.edge.devices import Device, Mismatch
from kaopei.edge.epoch import Fenced
from kaopei.edge.server import Edge
from kaopei.edge.sitting import Attempt, Sitting

FENCED = "本机已被备用服务器接替，不再提供服务。请关闭本机电源，并报告考点负责人。"
WAITING = "备用服务器的连接中断，作答暂停，时间不走。请不要离开座位，恢复后自动继续。"


def door(edge: Edge) -> Callable[[dict[bytes, bytes], str], None]:
    """What every call of a terminal passes first; raises Refusal."""

    def check(headers: dict[bytes, bytes], path: str) -> None:
        try:
            edge.epoch.look_at(headers)
            device = devices.device_of(edge, headers)
            if device:
                devices.refuse_place(device, path)
                _seat(edge, device, headers)
            elif devices.enforced(edge):
                raise Mismatch("baseline", "本场的座次包里没有设备清单，不能开考。", "请向中心领取带设备清单的座次包。")
        except Fenced:
            edge.stop()
            raise delivery.Refusal(503, "fenced", FENCED) from None
        except Mismatch as mismatch:
            devices.note(edge, mismatch, headers.get(devices.ADDRESS, b"").decode("ascii", "replace"))
            raise delivery.Refusal(403, "device", f"{mismatch.text}{mismatch.todo}", kind=mismatch.kind) from None
        if edge.mirror and edge.mirror.state == "waiting" and path in ("/api/events", "/api/hand-in", "/api/begin", "/api/start"):
            raise delivery.Refusal(503, "not_saved", WAITING)
        if edge.settings.seb_config_keys or edge.settings.seb_exam_keys:
            _browser(edge, headers, path)

    return check


def _known(edge: Edge, headers: Mapping[bytes, bytes]) -> tuple[Sitting, Attempt, int] | None:
    word, _, secret = headers.get(b"authorization", b"").partition(b" ")
    return edge.terminal(secret) if word.lower() == b"bearer" and secret else None


def _seat(edge: Edge, device: Device, headers: Mapping[bytes, bytes]) -> None:
    known = _known(edge, headers)
    if known and known[2] == known[1].lease:
        devices.refuse_seat(device, known[1].label)


def _browser(edge: Edge, headers: Mapping[bytes, bytes], path: str) -> None:
    """A browser that is not locked down as agreed is told to the staff once, and never turned away."""
    known = _known(edge, headers)
    missing = devices.browser_signal(edge, headers, path) if known else ""
    if known and missing:
        sitting, attempt, _ = known
        if (mark := ("browser", attempt.attempt, "")) not in edge.noted:
            edge.noted.add(mark)
            words = "浏览器没有出示约定的 SEB 配置密钥" if missing == "config_key" else "浏览器没有出示约定的 SEB 程序密钥"
            edge._later(edge.note_irregularity(sitting, "device.browser_unlocked", words, by="edge", attempt=attempt.attempt))


def of(request: Request) -> Device | None:
    """The enrolled machine behind a page; None on plain loopback, or before a baseline is in force."""
    device: Device | None = request.scope.get("kaopei_device")
    return device


class Gate:
    """The same for the staff's pages and the terminal's files."""

    def __init__(self, app: ASGIApp, edge: Edge) -> None:
        self.app, self.edge = app, edge

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        edge, headers = self.edge, dict(scope["headers"])
        try:
            edge.epoch.look_at(headers)
            device = devices.device_of(edge, headers)
            if device:
                devices.refuse_place(device, scope["path"])
            scope["kaopei_device"] = device
        except Fenced:
            edge.stop()
            await PlainTextResponse(FENCED, 503)(scope, receive, send)
            return
        except Mismatch as mismatch:
            devices.note(edge, mismatch, Headers(scope=scope).get(devices.ADDRESS.decode(), ""))
            await PlainTextResponse(f"{mismatch.text}\n{mismatch.todo}\n", 403)(scope, receive, send)
            return
        cookie = edge.epoch.cookie(edge.settings.socket is not None)

        async def carrying(message: Message) -> None:
            if cookie and message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *cookie]
            await send(message)

        await self.app(scope, receive, carrying)
