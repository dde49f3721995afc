"""The exam server's program: start-up, addresses, refusals, headers, and a clean stop.

Plain HTTP is served on loopback under rehearsal trust only, and every page says so. A real server listens on a unix
socket; nginx in front of it ends TLS and asks for the terminal's certificate (docs/running-a-site.md).
"""

import asyncio
import base64
import gc
import logging
import os
import signal
import socket
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kaopei.edge import (
    board,
    closure,
    console,
    desk,
    hand_back,
    keystore,
    lan,
    live,
    opening,
    parcel_in,
    phone_in,
    pruning,
    readiness,
    scoring,
    slips,
    standby,
    succession,
)
from kaopei.edge.clock import Clock
from kaopei.edge.console import Problem
from kaopei.edge.epoch import refuse_fenced, standing
from kaopei.edge.follower import Follower
from kaopei.edge.follower import application as following
from kaopei.edge.gate import Gate, door
from kaopei.edge.keeper import no_dumps
from kaopei.edge.practical import pages as practical_pages
from kaopei.edge.server import Edge
from kaopei.edge.settings import BadSettings, Settings, is_loopback, load_trust, software
from kaopei.edge.sitting import Sitting
from kaopei.edge.store import Damaged, NotSaved, Store
from kaopei.edge.timekeeping import keep_time, restore_clock
from kaopei.edge.wire import Wire
from kaopei.paper.codec import BadBlob
from kaopei.parcel.rejected import Rejected

FORM_LIMIT = 4 * 2**20
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; font-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = [
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=(), display-capture=(), clipboard-read=()"),
]
log = logging.getLogger("kaopei.edge")


# ---- start-up
def load(settings: Settings) -> Edge:
    """Trust, keys, store, ledger, sittings; whatever does not hold is refused here, before anything listens."""
    trust = load_trust(settings)
    if settings.socket is None and not (trust.rehearsal and is_loopback(settings.host)):
        raise BadSettings("明文 HTTP 只准在演练信任名单下、在本机地址上使用。正式考试请设 listen = \"unix:edge.sock\"，由 nginx 提供 TLS。")
    keys = keystore.load(settings, trust.suite)
    clock = Clock(settings.clock if trust.rehearsal else None)
    store = Store(settings.database)
    try:
        record = succession.record(settings, store, keys, clock)
        edge = Edge(settings, trust, keys, store, record, clock)
        edge.neighbours = lan.Neighbours(settings.arp_table)
        succession.recompute(settings, store, record)
        for (sitting_id,) in store.read("SELECT sitting_id FROM sitting ORDER BY sitting_id"):
            restore_clock(edge, _sitting(edge, sitting_id))
    except BaseException:
        store.close()
        raise
    return edge


def _sitting(edge: Edge, sitting_id: str) -> Sitting:
    try:
        return parcel_in.load_sitting(edge, sitting_id)
    except FileNotFoundError as missing:
        raise Damaged(f"{missing.filename}：已收入的密封包不见了，不能启动。请从介质恢复原文件，并报告考试机构。") from None


async def _begin(edge: Edge) -> None:
    await asyncio.to_thread(edge.keeper.ensure)
    await asyncio.to_thread(edge.disk.prepare)
    body = {
        "serial": edge.settings.serial, "software": (await asyncio.to_thread(software))["hash"],
        "trust_version": edge.trust.version, "size_before": edge.record.size,
    }  # fmt: skip
    await edge.act("edge.started", by="edge", obj=f"edge:{edge.settings.serial}", body=body)
    for sitting in edge.sittings.values():
        try:
            await opening.recover(edge, sitting)
        except (Rejected, BadBlob) as problem:
            # The way by PIN and two log-ins stays open; until then nobody's time runs.
            log.warning("%s: %s", sitting.sitting_id, problem)
            opening.stop_clock(sitting)
    await edge.checkpoint()


async def _end(edge: Edge, tasks: "list[asyncio.Task[None]]") -> None:
    if edge.mirror is not None and edge.mirror.state != "step":
        edge.mirror.close()
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    try:
        await edge.act("edge.stopped", by="edge", obj=f"edge:{edge.settings.serial}", body={"serial": edge.settings.serial})
        await edge.checkpoint()
    except NotSaved as problem:
        log.warning("the stop was not recorded: %s", problem)
    # Stopped on purpose: from here the way back is PIN and two log-ins.
    await asyncio.to_thread(edge.keeper.quit)
    if edge.mirror is not None:
        edge.mirror.close()
    edge.store.close()


def application(edge: Edge) -> Wire:
    """The ASGI application of a loaded server: the terminals' door, and the staff's pages behind it."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await _begin(edge)
        tasks = [asyncio.create_task(keep_time(edge))]
        if edge.mirror is not None:
            edge.store.ship = edge.mirror.ship
            tasks.append(asyncio.create_task(standby.watch(edge)))
        yield
        await _end(edge, tasks)

    app = Starlette(routes=_routes(), lifespan=lifespan, exception_handlers=console.HANDLERS)
    app.state.edge, app.state.sessions, app.state.waiting, app.state.pauses = edge, {}, [], {}
    app.state.guest_csrf = base64.urlsafe_b64encode(os.urandom(24)).decode()
    app.add_middleware(Gate, edge=edge)
    app.add_middleware(Guard)
    edge.door, edge.wire_headers = door(edge), edge.epoch.cookie(edge.settings.socket is not None)
    return Wire(app, edge, HEADERS)


# ---- addresses
def _routes() -> list[Route | Mount]:
    here = Path(__file__).parent
    return [
        Route("/", home),
        Route("/healthz", healthz),
        Route("/language", console.language),
        Route("/login", console.log_in, methods=["GET", "POST"]),
        Route("/logout", console.log_out, methods=["POST"]),
        Route("/parcels", parcel_in.show),
        Route("/parcels/upload", parcel_in.upload, methods=["POST"]),
        Route("/parcels/import", parcel_in.confirm, methods=["POST"]),
        Route("/parcels/drop", parcel_in.drop, methods=["POST"]),
        Route("/s/{sitting}/", sitting_page),
        Route("/s/{sitting}/readiness", readiness.show),
        Route("/s/{sitting}/readiness/note", readiness.note, methods=["POST"]),
        Route("/s/{sitting}/readiness/close", readiness.close, methods=["POST"]),
        Route("/s/{sitting}/readiness/unseal", readiness.unseal, methods=["POST"]),
        Route("/s/{sitting}/opening", opening.show),
        Route("/s/{sitting}/opening/challenge", opening.challenge, methods=["POST"]),
        Route("/s/{sitting}/opening/share", opening.take_share, methods=["POST"]),
        Route("/s/{sitting}/opening/token", opening.take_token, methods=["POST"]),
        Route("/s/{sitting}/opening/phone", phone_in.take, methods=["POST"]),
        Route("/s/{sitting}/opening/resume", opening.resume, methods=["POST"]),
        Route("/s/{sitting}/opening/{kind}.slip", slips.download),
        Route("/s/{sitting}/opening/trial-done", closure.end_trial, methods=["POST"]),
        *desk.ROUTES,
        *board.ROUTES,
        *practical_pages.ROUTES,
        *standby.ROUTES,
        Route("/s/{sitting}/hand-back", hand_back.show),
        Route("/s/{sitting}/hand-back/close", closure.close, methods=["POST"]),
        Route("/s/{sitting}/hand-back/slip", closure.sign, methods=["POST"]),
        Route("/s/{sitting}/hand-back/{kind}.slip", slips.download),
        Route("/s/{sitting}/hand-back/keys/challenge", scoring.challenge, methods=["POST"]),
        Route("/s/{sitting}/hand-back/keys/token", scoring.take_token, methods=["POST"]),
        Route("/s/{sitting}/hand-back/token", phone_in.file, methods=["POST"]),
        Route("/s/{sitting}/hand-back/build", hand_back.build, methods=["POST"]),
        Route("/s/{sitting}/hand-back/prune", pruning.prune, methods=["POST"]),
        Route("/s/{sitting}/hand-back/media", hand_back.media, methods=["POST"]),
        Route("/s/{sitting}/hand-back/{rev:int}.xrb", hand_back.download),
        Route("/exam", lambda request: RedirectResponse("/exam/", 308)),
        Mount("/exam", StaticFiles(directory=here.parent / "terminal", html=True)),
        Mount("/static", StaticFiles(directory=here / "static")),
    ]


async def healthz(request: Request) -> Response:
    """GET /healthz: alive, and where each sitting stands."""
    edge = console.edge_of(request)
    sittings = {one.sitting_id: one.state for one in edge.sittings.values()}
    return JSONResponse({
        "ok": True, "site": edge.settings.site, "serial": edge.settings.serial, "rehearsal": edge.trust.rehearsal,
        "trust_version": edge.trust.version, "ledger": edge.record.size, "sittings": sittings,
    })  # fmt: skip


PATH = ("收包", "准备", "启封", "签到", "开考", "收场", "交回")
PATH_ENGLISH = ("Parcels in", "Prepare", "Open", "Sign in", "Exam", "Close", "Hand back")


def next_step(edge: Edge, sitting: Sitting) -> tuple[int, str, str, str]:
    """Where a sitting stands: how many steps are done, what to do next, in English, and on which page."""
    if opening.is_trial(sitting):
        return closure.trial_step(sitting)
    if sitting.state == "imported":
        if not (sitting.seating and sitting.opener):
            return 0, "还缺座次包或试卷密封包，请先收包。", "Take in the seating and the sealed paper.", "/parcels"
        found = readiness.in_force(edge, sitting.sitting_id)
        if readiness.FOUND not in found:
            closed = readiness.CLOSED in found
            words = "考试当天核对封条，启用考场。" if closed else "考前一日逐项检查，封闭考场。"
            english = "Check the seal on the day." if closed else "Check everything the day before and close the room."
            return 1, words, english, console.path_of(sitting, "readiness")
        return 2, "两人启封试卷：负责人录入密钥分持，另一人录入令牌。", "Two persons open the paper.", console.path_of(sitting, "opening")
    if sitting.state in ("opened", "running") and sitting.secrets is None:
        return 2, "服务器重启过，请负责人用恢复 PIN 和另一人恢复试卷。", "Bring the paper back by PIN.", console.path_of(sitting, "opening")
    if sitting.state == "opened":
        return 3, "考生签到、发开考码；到时间由两人打铃开考。", "Sign candidates in; then the bell.", console.path_of(sitting, "desk")
    if sitting.state == "running":
        if all(one.state not in ("signed_in", "seated", "open") for one in sitting.attempts.values()):
            return 5, "考生都已收卷，请两人收场。", "Everybody has handed in: close the sitting.", console.path_of(sitting, "hand-back")
        if sitting.practical:
            words = "考评进行中：考评员在登记的平板上评分、签名，一致后结束。"
            return 4, words, "Examiners mark on the enrolled tablets, sign, and finish.", console.path_of(sitting, "practical")
        return 4, "考试进行中，请在监考页照看全场。", "The exam is running.", console.path_of(sitting, "board")
    if sitting.state == "closed":
        words = "签署并报送收场小条，凭它申请答案密钥、评分，再生成回传包。"
        return 6, words, "Sign the slip, score, build the return parcel.", console.path_of(sitting, "hand-back")
    receipted = any(one["receipt"] for one in hand_back.bundles(edge, sitting))
    words = "已交回，并收到回执。本场完成。" if receipted else "一份介质送市考试机构，一份封存在考点，等回执。"
    return 7, words, "Handed back." if receipted else "One copy to the city, one stays sealed here.", console.path_of(sitting, "hand-back")


async def home(request: Request) -> Response:
    """GET /: what is due, one card a sitting."""
    edge = console.edge_of(request)
    if console.staff_rows(edge, request):
        console.session(request)
    who = console.session_of(request)
    mine = sorted(edge.sittings.values(), key=lambda one: (one.manifest.get("window", {}).get("start_earliest", 0), one.sitting_id))
    cards = [(one, *next_step(edge, one)) for one in mine if who and one.sitting_id in who.sittings]
    return console.page(request, "home.html", cards=cards, waiting=request.app.state.waiting, path_words=list(zip(PATH, PATH_ENGLISH, strict=True)))


async def sitting_page(request: Request) -> Response:
    """GET /s/{sitting}/: the steps of one sitting and the next one."""
    edge = console.edge_of(request)
    sitting, person = console.on_duty(request)
    done, words, english, where = next_step(edge, sitting)
    steps = list(zip(PATH, PATH_ENGLISH, strict=True))
    return console.page(
        request, "sitting.html", sitting=sitting, person=person, done=done, words=words, english=english, where=where,
        path_words=steps, counts=sitting.roster_counts(), window=sitting.manifest.get("window"),
    )  # fmt: skip


# ---- headers and limits
class Guard:
    """Headers on every answer, and a limit on every body, counted as it comes."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path, got = scope["path"], 0
        limit = parcel_in.LIMIT if path == "/parcels/upload" else FORM_LIMIT

        async def counted() -> Message:
            nonlocal got
            message = await receive()
            got += len(message.get("body", b""))
            if got > limit:
                raise Problem(f"提交的内容超过 {limit // 1024} KiB。", "请核对文件。", status=413)
            return message

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", []))
                names = {name.lower() for name, _ in headers}
                if b"cache-control" not in names:
                    keep = b"no-cache" if path.startswith(("/static/", "/exam/")) else b"no-store"
                    headers.append((b"cache-control", keep))
                message["headers"] = headers + HEADERS
            await send(message)

        with suppress(ClientDisconnect):
            await self.app(scope, counted, guarded)


# ---- serving
class Program(uvicorn.Server):
    """Says on which address it answers, once it does."""

    def __init__(self, app: ASGIApp, settings: Settings, rehearsal: bool, edge: Edge | None = None) -> None:
        config = uvicorn.Config(
            app, log_level="warning", access_log=False, server_header=False, ws="none", backlog=2048, timeout_keep_alive=65,
            timeout_graceful_shutdown=10, proxy_headers=False,
        )  # fmt: skip
        super().__init__(config)
        self.edge, self.settings, self.rehearsal = edge, settings, rehearsal

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and sockets:
            name = sockets[0].getsockname()
            where = f"http://{name[0]}:{name[1]}/" if self.settings.socket is None else f"unix:{name}"
            words = "（演练，明文，只限本机）" if self.rehearsal and self.settings.socket is None else "（演练）" if self.rehearsal else ""
            kind = "考试服务器" if self.edge else "备用服务器"
            print(f"{kind} {self.settings.serial} {where}{words}", flush=True)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # Open boards would hold the stop up until its limit.
        if self.edge:
            live.close_all(self.edge)
        await super().shutdown(sockets)


def listening(settings: Settings) -> socket.socket:
    """The door: a unix socket for the group of nginx, or loopback."""
    if settings.socket is None:
        door = socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET, socket.SOCK_STREAM)
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        address: Any = (settings.host, settings.port)
    else:
        settings.socket.unlink(missing_ok=True)
        door, address = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM), str(settings.socket)
    try:
        door.bind(address)
    except OSError as problem:
        door.close()
        raise BadSettings(f"不能监听 {address}（{problem.strerror or '路径超过 107 字节'}）。请核对 listen，或停止占用它的程序。") from None
    if settings.socket is not None:
        settings.socket.chmod(0o660)
    return door


def serve(settings: Settings) -> int:
    """Serve until told to stop; a standby that is promoted goes on as the exam server."""
    no_dumps()
    os.umask(0o077)
    refuse_fenced(standing(settings))
    for number in (signal.SIGTERM, signal.SIGINT):
        # uvicorn stops at the first one and raises it again when it has stopped: a clean stop must end with 0.
        signal.signal(number, lambda *_: None)
    if standing(settings).role == "standby" and not _follow(settings):
        return 0
    edge = load(settings)
    standby.attach(edge)
    edge.stop = lambda: os.kill(os.getpid(), signal.SIGTERM)
    gc.set_threshold(50_000, 20, 100)  # answers leave no cycles behind: looking for some so often would cost a fifth of an answer
    door = listening(settings)
    Program(application(edge), settings, edge.trust.rehearsal, edge).run(sockets=[door])
    return 0


def _follow(settings: Settings) -> bool:
    """Be the standby until stopped (False) or promoted (True)."""
    if settings.peer is None or settings.link is None:
        raise BadSettings("备用服务器要在 config.toml 里设 peer（主机的登记书）和 link（等主机连接的 地址:端口）。")
    follower = Follower(settings)
    app, receiver = following(follower), threading.Thread(target=follower.receive, name="standby-receive", daemon=True)
    program = Program(app, settings, follower.trust.rehearsal)
    app.state.stop = lambda: setattr(program, "should_exit", True)
    receiver.start()
    program.run(sockets=[listening(settings)])
    follower.quit()
    return follower.promoted
