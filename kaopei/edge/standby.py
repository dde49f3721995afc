"""The primary's side of the standby: every transaction is on the second machine's disk before anybody is answered.

When the standby is lost nothing more is acknowledged and candidates' time stands still. Under policy `strict` that lasts
until the standby is back. Under `degrade` two persons may switch the standby off and go on alone: a red banner, and the
ledger names the window in which the promise is suspended. A standby that comes back begins with a whole copy.
"""

import asyncio
import contextlib
import json
import logging
import threading
from pathlib import Path
from typing import Any

import apsw
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kaopei.edge import console, link, opening
from kaopei.edge.clock import boottime
from kaopei.edge.console import LEADERS, Person, Problem
from kaopei.edge.epoch import Fenced
from kaopei.edge.keystore import Keystore
from kaopei.edge.link import Broken, Line
from kaopei.edge.server import Edge
from kaopei.edge.settings import Settings
from kaopei.edge.sitting import Sitting
from kaopei.parcel import base64url, seating
from kaopei.parcel.enrolment import Edge as Machine
from kaopei.parcel.rejected import Rejected
from kaopei.parcel.trust import Trust

BEAT_SECONDS, RETRY_SECONDS, WATCH_SECONDS = 1.0, 0.5, 0.2
PAPER_TYPE = "stb1/paper"
STATES = {"waiting": "没有接上", "step": "同步", "alone": "单机运行"}
log = logging.getLogger("kaopei.edge")


class Mirror:
    """`ship` runs on the writer's thread and returns when the standby has the transaction, or when two persons said to go on."""

    def __init__(self, edge: Edge, peer: Machine) -> None:
        self.edge, self.peer = edge, peer
        self.state = "waiting"
        self.lost_at: float | None = boottime()
        self.alone_since: int | None = None
        self.fenced = False
        self.closing = False
        self.shipped = 0
        self._line: Line | None = None
        self._sent: set[str] = set()
        self._lock = threading.RLock()
        self._wake = threading.Event()
        threading.Thread(target=self._beat, name="standby-beat", daemon=True).start()

    # ---- on the writer's thread
    def ship(self, changeset: bytes) -> None:
        """One transaction; blocks as long as the standby is away and nobody has said to go on alone."""
        while True:
            if self.fenced or self.closing:
                raise Fenced("本机不再接收数据")
            if self.state == "alone":
                return
            began = boottime()
            try:
                with self._lock:
                    self._bring(changeset)
                return
            except Fenced:
                self.fenced = True
                raise
            except (OSError, ValueError, apsw.Error) as problem:
                self._lose(problem, began)
            self._wake.wait(RETRY_SECONDS)

    def _bring(self, changeset: bytes) -> None:
        if self._line is None:
            # The copy holds this transaction already.
            self._line = self._connect()
        else:
            if b"parcel" in changeset or b"bundle" in changeset:
                self._send_files(self._line)
            self._line.send(link.BATCH, changeset)
            self._line.acknowledged()
        self.shipped += 1
        self.state, self.lost_at = "step", None

    def _connect(self) -> Line:
        line = link.call(self.edge.settings, self.edge.keys, self.edge.epoch, self.peer)
        copy = self.edge.settings.data / "standby.copy"
        try:
            self._sent = set()
            self._send_files(line)
            _copy_to(self.edge.settings.database, copy)
            line.send_file(link.COPY, b"", copy)
            line.acknowledged(link.COPY_SECONDS)
            for sitting in list(self.edge.sittings.values()):
                if sitting.secrets is not None and self._sealed_to_peer(sitting):
                    self._send_paper(line, sitting, sitting.secrets.first, "")
        except BaseException:
            line.close()
            raise
        finally:
            copy.unlink(missing_ok=True)
        return line

    def _send_files(self, line: Line) -> None:
        """Parcels in and out lie beside the store: ciphertext, named by the rows that follow."""
        settings = self.edge.settings
        known = [settings.trust, *sorted((settings.trust.parent / "trust").glob("*.json"))]
        known += sorted(settings.inbox.glob("*.parcel")) + sorted(settings.outbox.glob("*.xrb"))
        for path in known:
            name = f"{path.parent.name if path != settings.trust else '.'}/{path.name}"
            mark = f"{name}|{path.stat().st_size}|{path.stat().st_mtime_ns}"
            if mark not in self._sent:
                line.send_file(link.FILE, name.encode().ljust(255, b"\0"), path)
                line.acknowledged(link.COPY_SECONDS)
                self._sent.add(mark)

    def _sealed_to_peer(self, sitting: Sitting) -> bool:
        return self.peer.decrypt.kid in sitting.manifest.get("edge_keys", [])

    def _send_paper(self, line: Line, sitting: Sitting, secret: bytes, pin: str) -> None:
        """To the standby's enrolled decryption key, whatever the line is."""
        said = json.dumps({
            "sitting": sitting.sitting_id, "name": opening.key_name(sitting), "secret": base64url.encode(secret), "pin": pin,
        })  # fmt: skip
        suite, key = self.edge.trust.algorithms, self.peer.decrypt
        line.send(link.PAPER, suite.wrap(base64url.decode(key.pub, "公钥"), key.kid, PAPER_TYPE, said.encode()).encode())
        line.acknowledged(link.COPY_SECONDS)

    # ---- from other threads
    def paper(self, sitting: Sitting, secret: bytes, pin: str) -> None:
        """At the opening: the standby's keeper holds the content key too. Broken if it is not in step."""
        with self._lock:
            if self._line is None or self.state != "step":
                raise Broken("备用服务器没有接上")
            if self._sealed_to_peer(sitting):
                self._send_paper(self._line, sitting, secret, pin)

    async def hand_over(self, sitting: Sitting, secret: bytes, pin: str) -> None:
        """At the opening; refused while the standby is away, so that a paper is never open on one machine unawares."""
        if self.state == "alone":
            return
        try:
            await asyncio.to_thread(self.paper, sitting, secret, pin)
        except OSError:
            raise Problem("备用服务器没有接上，不能启封。", "请检查备机和网线，等“备机”页显示“同步”后再试。", "N2.4.5", 503) from None

    def drop(self, sitting: Sitting) -> None:
        """At the close: nobody needs the paper any more. A standby that is away forgets it when it ends."""
        with self._lock:
            if self._line is not None:
                with contextlib.suppress(OSError):
                    self._line.send(link.DROP, json.dumps({"sitting": sitting.sitting_id, "name": opening.key_name(sitting)}).encode())
                    self._line.acknowledged()

    def go_alone(self, wall: int) -> None:
        """Two persons switched the standby off."""
        with self._lock:
            self._close()
            self.state, self.alone_since = "alone", wall
        self._wake.set()

    def again(self) -> None:
        """Look for a fresh standby from now on; until it is there nothing is acknowledged."""
        self._wake.clear()
        self.state, self.lost_at = "waiting", boottime()

    def close(self) -> None:
        """The server stops."""
        self.closing = True
        self._wake.set()
        with self._lock:
            self._close()

    def _close(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None

    def _lose(self, problem: BaseException, since: float) -> None:
        with self._lock:
            self._close()
            if self.state == "step":
                log.error("standby lost: %s", problem)
                self.state, self.lost_at = "waiting", since

    def _beat(self) -> None:
        """Once a second a sign of life, so that a cut is seen between two answers."""
        while not self.closing:
            threading.Event().wait(BEAT_SECONDS)
            with self._lock:
                if self._line is None:
                    continue
                began = boottime()
                try:
                    self._line.send(link.BEAT)
                    self._line.acknowledged()
                except OSError as problem:
                    self._lose(problem, began)


def _copy_to(database: Path, path: Path) -> None:
    """The committed state; on the writer's thread nobody else is in a transaction."""
    path.unlink(missing_ok=True)
    with contextlib.closing(apsw.Connection(str(database), flags=apsw.SQLITE_OPEN_READONLY)) as source:
        source.set_busy_timeout(5000)
        with contextlib.closing(apsw.Connection(str(path))) as copy, copy.backup("main", source, "main") as backup:
            while not backup.done:
                backup.step(2000)


# ---- on the event loop
def attach(edge: Edge) -> None:
    """Begin shipping, if a standby is configured; a server that was just promoted stands alone until two persons attach one."""
    if edge.settings.standby is None:
        return
    link.check(edge.settings, edge.settings.standby, edge.trust.rehearsal)
    edge.mirror = Mirror(edge, edge.epoch.machines[0])
    if edge.epoch.number > 1:
        edge.mirror.go_alone(edge.wall())


async def watch(edge: Edge) -> None:
    """Stop and restart the candidates' clocks with the standby; stop the server when it has been replaced."""
    mirror: Mirror = edge.mirror
    before = "step"
    while True:
        state = mirror.state
        if state != before:
            await _turn(edge, before, state)
            before = state
        if mirror.fenced:
            edge.stop()
            return
        if state == "waiting":
            # Something to ship, so that the line is tried while nobody answers.
            edge._later(edge.store.write(_touch))
        await asyncio.sleep(WATCH_SECONDS if state != "waiting" else RETRY_SECONDS)


def _touch(connection: apsw.Connection) -> None:
    connection.execute("INSERT OR REPLACE INTO meta (key, value) VALUES ('standby_touch', hex(randomblob(8)))")


async def _turn(edge: Edge, before: str, state: str) -> None:
    running = [one for one in edge.sittings.values() if one.state in ("opened", "running") and one.clock]
    if state == "waiting":
        for sitting in running:
            opening.stop_clock(sitting)
            if sitting.clock and sitting.stopped_at is not None:
                # Nothing was saved since the line went silent: that time is nobody's either.
                silent = min(max(0.0, sitting.stopped_at - (edge.mirror.lost_at or sitting.stopped_at)), sitting.clock.ran)
                sitting.clock.ran -= silent
                sitting.stopped_at -= silent
        return
    waited = 0.0
    for sitting in running:
        if sitting.stopped_at is not None:
            waited = max(waited, boottime() - sitting.stopped_at)
        if sitting.secrets is not None:
            opening.go_on(edge, sitting)
            if sitting.clock and sitting.clock.standstill:
                sitting.clock.cause = "standby_lost"
    if state == "step":
        body = {"milliseconds": round(waited * 1000), "alone_from": edge.mirror.alone_since or 0, "size": edge.record.size}
        edge.mirror.alone_since = None
        edge._later(edge.act("standby.in_step", by="edge", obj=f"edge:{edge.settings.serial}", body=body))


# ---- pages
async def show(request: Request) -> Response:
    """GET /standby: where the second machine stands. Nobody has to be logged in: nothing can be written while it is away."""
    edge = console.edge_of(request)
    names = sorted({row["name"] for _, row in console.staff_rows(edge, request)})
    return console.page(request, "standby.html", mirror=edge.mirror, names=names, states=STATES, policy=edge.settings.standby_policy)


async def _two(request: Request, form: Any) -> tuple[Person, Person]:
    """Two persons of one sitting with their PINs in the same form, one of them its head or deputy."""
    edge = console.edge_of(request)
    rows = console.staff_rows(edge, request)
    words = [console.text(form, name) for name in ("first", "first_pin", "second", "second_pin")]
    return await asyncio.to_thread(lambda: two_persons(rows, *words))


def seatings(settings: Settings, trust: Trust, keys: Keystore) -> list[dict[str, Any]]:
    """The newest seating of each sitting in the inbox; this machine can open them, its key is among the addressees."""
    newest: dict[str, dict[str, Any]] = {}
    for path in settings.inbox.glob("*.parcel"):
        try:
            body = seating.open(path.read_bytes(), trust, keys.decrypt_kid, keys.decrypt_key)
        except (Rejected, ValueError, KeyError):
            continue
        if body["rev"] >= newest.get(body["sitting_id"], body)["rev"]:
            newest[body["sitting_id"]] = body
    return list(newest.values())


def two_persons(rows: list[tuple[str, dict[str, Any]]], first: str, first_pin: str, second: str, second_pin: str) -> tuple[Person, Person]:
    """Problem says what is missing. Slow (two PINs): call it in a thread. Writes nothing, for nothing can be written."""
    if not all((first, first_pin, second, second_pin)):
        raise Problem("这一步需要两个人。", "请两人分别输入自己的姓名和 PIN。", "N2.4.3", 400)
    if first == second:
        raise Problem("第二人不能是您自己。", "请由另一名考务人员输入姓名和 PIN。", "N2.4.3", 403)
    for sitting in sorted({sid for sid, _ in rows}):
        mine = {row["name"]: row for sid, row in rows if sid == sitting}
        pair = [mine.get(first), mine.get(second)]
        if all(row and console.pin_holds(row["pin_verifier"], pin) for row, pin in zip(pair, (first_pin, second_pin), strict=True)):
            people = [Person(row["name"], row["role"], row["kid"] or "") for row in pair if row]
            if not any(one.role in LEADERS for one in people):
                raise Problem("两人中须有一名考点负责人或副负责人。", "请负责人到场操作。", "N2.4.3", 403)
            return people[0], people[1]
    raise Problem("姓名或 PIN 不对。", "请核对后重试；两人须在同一场的考务名单里。", "N2.4.3", 403)


def _mirror(edge: Edge) -> Mirror:
    if edge.mirror is None:
        raise Problem("本机没有配置备用服务器。", "见手册“备用服务器”一节。", status=404)
    found: Mirror = edge.mirror
    return found


async def alone(request: Request) -> Response:
    """POST /standby/alone: `first` `first_pin` `second` `second_pin` `off`; policy degrade, standby lost and switched off."""
    edge = console.edge_of(request)
    console.same_origin(request)
    form, mirror = await request.form(), _mirror(edge)
    if edge.settings.standby_policy != "degrade":
        raise Problem("本考点的备机策略是“严格”：没有备机不能继续。", "请恢复备机或网线；换备机见手册。", "N2.4.5", 403)
    if mirror.state != "waiting":
        raise Problem(f"备用服务器现在是“{STATES[mirror.state]}”，不需要这一步。", "请返回本页查看。", status=409)
    if console.text(form, "off") != "1":
        raise Problem("还没有确认备机已断电。", "请先关闭备机电源，再勾选确认：断电前单机继续，可能出现两台主机。", "N2.4.5", 400)
    people = await _two(request, form)
    waited = boottime() - (mirror.lost_at or boottime())
    mirror.go_alone(edge.wall())
    body = {"second": people[1].mark, "size": edge.record.size, "milliseconds": round(waited * 1000)}
    await edge.act("standby.left", by=people[0].mark, obj=f"edge:{edge.settings.serial}", body=body)
    for sitting in edge.sittings.values():
        if sitting.state in ("opened", "running"):
            words = f"备用服务器断开，{people[0].text}、{people[1].text}确认备机已断电，单机继续"
            await edge.note_irregularity(sitting, "device.no_standby", words, by=people[0].mark, second=people[1].mark)
    await edge.checkpoint()
    return console.done(request, "已转为单机运行。红条消失以前，本机坏了可能丢失这一段的作答。", "/standby")


async def again(request: Request) -> Response:
    """POST /standby/again: two persons attach a standby that was set up afresh."""
    edge = console.edge_of(request)
    console.same_origin(request)
    form, mirror = await request.form(), _mirror(edge)
    if mirror.state != "alone":
        raise Problem(f"备用服务器现在是“{STATES[mirror.state]}”，不需要这一步。", "请返回本页查看。", status=409)
    people = await _two(request, form)
    body = {"second": people[1].mark, "size": edge.record.size}
    await edge.act("standby.sought", by=people[0].mark, obj=f"edge:{edge.settings.serial}", body=body)
    mirror.again()
    return console.done(request, "正在连接备机；接上前作答暂停，时间不走。", "/standby")


ROUTES = [
    Route("/standby", show), Route("/standby/alone", alone, methods=["POST"]), Route("/standby/again", again, methods=["POST"]),
]  # fmt: skip
