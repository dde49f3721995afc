"""The standby's program: takes each transaction to its disk, shows where it stands, and is promoted by two persons.

It answers no terminal and opens no paper before the promotion. The promotion ends the line first, so that a primary that
is still alive cannot acknowledge anything more; then the store becomes this machine's own: a ledger that begins with
every entry of the old one, names its origin, size and root, and goes on under this machine's key.
"""

import asyncio
import contextlib
import json
import logging
import os
import socket
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apsw
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from kaopei.edge import console, devices, keystore, link, standby, store, succession
from kaopei.edge.clock import Clock, boottime
from kaopei.edge.console import Problem
from kaopei.edge.epoch import Epoch, Fenced, Standing, keep, machines, standing
from kaopei.edge.keeper import Keeper
from kaopei.edge.link import Line
from kaopei.edge.settings import BadSettings, Settings, load_trust
from kaopei.edge.witness import Fork, Witness
from kaopei.parcel import base64url

log = logging.getLogger("kaopei.edge")
FRESH_SECONDS = 3.0
WRONG_PAUSE = 2.0


@dataclass
class Follower:
    """One standby. The receiving thread writes; pages read what it says about itself."""

    settings: Settings
    state: str = "waiting"
    contact: float = 0.0
    token: str = ""
    batches: int = 0
    promoted: bool = False
    stopping: bool = False
    wait_until: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.trust = load_trust(self.settings)
        self.keys = keystore.load(self.settings, self.trust.suite)
        self.peer = machines(self.settings, self.trust)[0]
        self.epoch = Epoch(self.settings, standing(self.settings), self.keys.signer, [self.peer])
        self.keeper = Keeper(self.settings.data)
        self.witness = Witness(self.settings, self.keys, self.peer)
        self.clock = Clock(self.settings.clock if self.trust.rehearsal else None)
        self._store: apsw.Connection | None = None
        self._line: Line | None = None
        self._lock = threading.Lock()
        assert self.settings.link
        link.check(self.settings, self.settings.link, self.trust.rehearsal)
        family = socket.AF_INET6 if ":" in self.settings.link[0] else socket.AF_INET
        self.door = socket.socket(family, socket.SOCK_STREAM)
        self.door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self.door.bind(self.settings.link)
        except OSError as problem:
            raise BadSettings(f"不能在 {self.settings.link} 等主机连接（{problem.strerror}）。请核对 link。") from None
        self.door.listen(4)

    # ---- the receiving thread
    def receive(self) -> None:
        """Take calls of the primary, one after another, until promoted or stopped."""
        while not (self.promoted or self.stopping):
            try:
                door, _ = self.door.accept()
            except OSError:
                return
            try:
                self._line, self.token = link.answer(door, self.settings, self.keys, self.epoch, self.peer)
                self._take_all(self._line)
            except Fork as problem:
                log.error("witness: %s", problem)
            except (OSError, Fenced, ValueError, apsw.Error) as problem:
                log.warning("line: %s", problem)
            finally:
                door.close()
                self._line = None
                if self.state == "step":
                    self.state = "lost"

    def _take_all(self, line: Line) -> None:
        if self.witness.fork:
            raise Fork(self.witness.fork)
        line.door.settimeout(15.0)
        while True:
            kind, size = line.head()
            with self._lock:
                if self.promoted:
                    raise Fenced("本机已被提升为主机")
                self._take(line, kind, size)
                line.send(link.ACK)
            self.contact = boottime()

    def _take(self, line: Line, kind: bytes, size: int) -> None:
        if kind == link.BATCH:
            self._apply(line.small(size))
        elif kind == link.COPY:
            self._copy(line, size)
        elif kind == link.FILE:
            self._file(line, size)
        elif kind == link.PAPER:
            self._paper(line.small(size).decode("ascii"))
        elif kind == link.DROP:
            said = json.loads(line.small(size))
            self.keeper.drop(str(said["name"]))
            self.keys.drop_cache(str(said["sitting"]))
        elif kind != link.BEAT:
            raise link.Broken("不认识的数据块")

    def _apply(self, changeset: bytes) -> None:
        if self._store is None:
            raise link.Broken("还没有收到整库")
        with self._store:
            apsw.Changeset.apply(changeset, self._store, conflict=_no_conflict)
            self.witness.look(self._store)
        self.batches += 1

    def _copy(self, line: Line, size: int) -> None:
        """The whole store beside the old one, then in its place: a primary that dies in between leaves the old one whole."""
        fresh = self.settings.database.with_name("edge.sqlite.new")
        with fresh.open("wb") as target:
            for piece in line.pieces(size):
                target.write(piece)
            target.flush()
            os.fsync(target.fileno())
        with contextlib.closing(_still(fresh)) as copy:
            self.witness.look_whole(copy)
        if self._store is None:
            _fold(self.settings.database)
        else:
            # Closing folds the WAL into the file.
            self._store.close()
            self._store = None
        fresh.replace(self.settings.database)
        keystore.sync(self.settings.data)
        self._store = store.connect(self.settings.database)
        self.state = "step"

    def _file(self, line: Line, size: int) -> None:
        data = b"".join(line.pieces(size))
        folder, _, name = data[:255].rstrip(b"\0").decode("utf-8", "replace").partition("/")
        places = {
            ".": self.settings.trust.parent, "trust": self.settings.trust.parent / "trust", "inbox": self.settings.inbox,
            "outbox": self.settings.outbox,
        }  # fmt: skip
        if folder not in places or not name or "/" in name or name.startswith("."):
            raise link.Broken(f"主机送来的文件名不对：{folder}/{name}")
        target = self.settings.trust if folder == "." else places[folder] / name
        keystore.write_private(target, data[255:])
        with target.open("rb") as written:
            os.fsync(written.fileno())
        keystore.sync(target.parent)

    def _paper(self, token: str) -> None:
        plain = self.trust.algorithms.unwrap(self.keys.decrypt_key, self.keys.decrypt_kid, standby.PAPER_TYPE, token)
        said = json.loads(plain)
        secret = base64url.decode(said["secret"], "密钥")
        self.keeper.ensure()
        self.keeper.hold(said["name"], secret)
        if said["pin"]:
            self.keys.seal_cache(said["sitting"], secret, said["pin"])

    def quit(self) -> None:
        """Stop receiving for good."""
        self.stopping = True
        with contextlib.suppress(OSError):
            self.door.shutdown(socket.SHUT_RDWR)
        self.door.close()
        if self._line is not None:
            with contextlib.suppress(OSError):
                self._line.door.shutdown(socket.SHUT_RDWR)
        with self._lock:
            if self._store is not None:
                self._store.close()
                self._store = None

    # ---- what people see and do
    @property
    def shown(self) -> str:
        """fork (its ledger is not what was seen of it) | step | stale (no sign of the primary for seconds) | lost | waiting (no copy yet)."""
        if self.witness.fork:
            return "fork"
        return "stale" if self.state == "step" and boottime() - self.contact > FRESH_SECONDS else self.state

    def rows(self) -> list[tuple[str, dict[str, Any]]]:
        """Staff of the newest seating of each sitting."""
        return [(body["sitting_id"], row) for body in self.seatings() for row in body["staff"]]

    def desk(self, request: Request) -> str:
        """Which staff machine asks; a machine at a seat may not, so that no candidate can hold the promotion up."""
        if self.settings.socket is None:
            return ""
        try:
            device = devices.device_in(devices.devices_of(body["baseline"] for body in self.seatings()), dict(request.scope["headers"]))
        except devices.Mismatch as mismatch:
            raise Problem(mismatch.text, mismatch.todo, "N2.4.17", 403) from None
        if device and device.function not in devices.AT_DESKS:
            raise Problem("考试机不能打开这一页。", "请用登记为考务机的机器。", "N2.4.17", 403)
        return device.id if device else ""

    def seatings(self) -> list[dict[str, Any]]:
        """The newest seating of each sitting."""
        return standby.seatings(self.settings, self.trust, self.keys)

    def promote(self, first: str, second: str, *, off: bool) -> int:
        """End the line, make the store this machine's own, write the new epoch down; the epoch. Slow."""
        if not self.settings.database.exists():
            raise Problem("本机还没有收到过主机的数据，不能接替。", "请启用另一台备机，或恢复主机。", "N2.4.5")
        # A line that was cut while in step: what the primary acknowledged is here.
        in_step = self.state in ("step", "lost")
        with self._lock:
            self.promoted = True
        self.quit()
        held = max(self.epoch.number, self.epoch.read(self.token) if self.token else 1)
        size = succeed(self, held + 1, first, second, in_step=in_step, off=off)
        keep(self.settings, Standing("primary", held + 1))
        log.warning("promoted: epoch %d at ledger size %d", held + 1, size)
        return held + 1


def _still(path: Path) -> apsw.Connection:
    """A file that nobody writes, read without leaving anything beside it."""
    return apsw.Connection(f"{path.resolve().as_uri()}?immutable=1", flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI)


def _no_conflict(_reason: int, _change: Any) -> int:
    """Anything that does not fit means that this copy is not the primary's: refuse, and ask for a whole copy."""
    return apsw.SQLITE_CHANGESET_ABORT


def _fold(database: Path) -> None:
    """The log that a killed standby left behind belongs to the old file; it must not be read into the new one."""
    if not database.exists():
        return
    try:
        store.connect(database).close()
    except apsw.Error as problem:
        log.warning("the old copy cannot be read: %s", problem)
        for tail in ("-wal", "-shm"):
            database.with_name(database.name + tail).unlink(missing_ok=True)


def succeed(follower: Follower, epoch: int, first: str, second: str, *, in_step: bool, off: bool) -> int:
    """The store becomes this machine's own. Returns the size of the ledger that was taken over."""
    its = follower.settings
    with contextlib.closing(apsw.Connection(str(its.database))) as old:
        found = succession.examine(old)
    body = {"epoch": epoch, "in_step": in_step, "power_off": off, "second": second}
    succession.successor(its, follower.keys, follower.clock, found, "standby.promoted", first, body, aside=f"before-{epoch}")
    return found.size


# ---- pages
def application(follower: Follower) -> Starlette:
    """A few addresses; everything else says that this is the standby."""
    app = Starlette(
        routes=[
            Route("/", show), Route("/standby", show), Route("/standby/promote", promote, methods=["POST"]), Route("/healthz", healthz),
            Route("/static/{name}", stylesheet), Route("/language", console.language), Route("/{rest:path}", elsewhere, methods=["GET", "POST"]),
        ],
        exception_handlers={Problem: _problem},
    )  # fmt: skip
    app.state.follower = follower
    return app


def _page(request: Request, status: int = 200, **values: Any) -> Response:
    """Slow (opens the seatings): call it in a thread."""
    follower: Follower = request.app.state.follower
    names = sorted({row["name"] for _, row in follower.rows()})
    english = console.in_english(request)
    frame = {
        "follower": follower, "names": names, "problem": None, "epoch": 0, "rehearsal": follower.trust.rehearsal, "known": follower.witness.known,
        "t": (lambda zh, en: en) if english else (lambda zh, en: zh),
    }  # fmt: skip
    return HTMLResponse(console.template("follower.html").render(frame | values), status)


async def show(request: Request) -> Response:
    """GET /standby: in step or not, and the form of the promotion."""
    await asyncio.to_thread(request.app.state.follower.desk, request)
    return await asyncio.to_thread(_page, request)


async def healthz(request: Request) -> Response:
    """GET /healthz of a standby."""
    its: Follower = request.app.state.follower
    return JSONResponse({
        "ok": True, "role": "standby", "site": its.settings.site, "serial": its.settings.serial, "state": its.shown, "batches": its.batches,
        "witnessed": its.witness.known.size if its.witness.known else 0,
    })  # fmt: skip


async def stylesheet(request: Request) -> Response:
    """The console's stylesheet, and nothing else."""
    path = Path(__file__).parent / "static" / "console.css"
    return Response(await asyncio.to_thread(path.read_bytes), media_type="text/css")


async def elsewhere(request: Request) -> Response:
    """What a terminal or a staff page hears: wait, or go to the other one."""
    words = "这是备用服务器，没有接替主机。请稍候；考务人员请打开 /standby。"
    return JSONResponse({"error": "standby", "text": words}, 503)


async def _problem(request: Request, problem: Exception) -> Response:
    if getattr(problem, "clause", "") == "N2.4.17":
        return PlainTextResponse(f"{problem}\n{getattr(problem, 'todo', '')}\n", 403)
    return await asyncio.to_thread(_page, request, getattr(problem, "status", 409), problem=problem)


async def promote(request: Request) -> Response:
    """POST /standby/promote: `first` `first_pin` `second` `second_pin` `off`: two persons confirm that the primary's power is off."""
    follower: Follower = request.app.state.follower
    console.same_origin(request)
    form = await request.form()
    if follower.promoted:
        raise Problem("本机正在接替，请稍候几秒。", "页面会自动变成考试服务器。", status=409)
    desk = await asyncio.to_thread(follower.desk, request)
    if boottime() < follower.wait_until.get(desk, 0.0):
        raise Problem("刚才的姓名或 PIN 不对。", "请等两秒再试；不会锁死。", "N2.4.3", 429)
    if console.text(form, "off") != "1":
        raise Problem("还没有确认主机已断电。", "请先关闭主机电源（拔掉电源线），再勾选确认。", "N2.4.5", 400)
    words = [console.text(form, name) for name in ("first", "first_pin", "second", "second_pin")]
    try:
        people = await asyncio.to_thread(lambda: standby.two_persons(follower.rows(), *words))
    except Problem:
        follower.wait_until[desk] = boottime() + WRONG_PAUSE
        raise
    epoch = await asyncio.to_thread(follower.promote, people[0].mark, people[1].mark, off=True)
    request.app.state.stop()
    return await asyncio.to_thread(_page, request, epoch=epoch)
