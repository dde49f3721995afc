"""The load test that a site runs the day before: as many made-up candidates as seats, on the disk and machine of tomorrow.

One command on one machine does both sides. With `--serve` on the exam server and `--url` on a laptop the network and nginx
are in it as well. The report says in plain words what was slow, and whether tomorrow may be held on this.
"""

import asyncio
import contextlib
import hashlib
import json
import os
import platform
import secrets
import signal
import ssl
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kaopei.edge.devices import spki_of
from kaopei.edge.keeper import Keeper
from kaopei.edge.preparing import scratch
from kaopei.edge.preparing.client import Client, Unreachable

# exam-day bars: what the project promises on two cores with 300 seats.
P95, P99, RUSH = 0.100, 0.300, 1.0
MOST_SEATS = 1000
STEADY_SECONDS = 6.0
TITLES = {"begin": "开考取卷", "item": "翻题", "save": "保存作答", "pulse": "心跳", "hand_in": "交卷"}


class BadDrill(ValueError):
    """The drill cannot be held like this."""

    exit_status = 2


@dataclass
class Tally:
    """Seconds of every answered call by kind, and what went wrong."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    problems: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    rushes: dict[str, float] = field(default_factory=dict)
    lag: float = 0.0
    lost: int = 0


@dataclass
class Seat:
    """One made-up candidate at his machine, with the chain of his own."""

    number: int
    label: str
    client: Client
    tally: Tally
    attempt: str = ""
    lease: int = 0
    seq: int = 0
    count: int = 0
    head: bytes = b""

    async def ask(self, kind: str, method: str, path: str, data: Any = None) -> dict[str, Any]:
        """A timed call; a refusal or a cut is counted, and asked again like a terminal does."""
        for _ in range(20):
            began = time.perf_counter()
            try:
                answer = await self.client.call(method, path, data=data)
            except (Unreachable, TimeoutError) as problem:
                self.tally.problems[f"{TITLES.get(kind, kind)}：{type(problem).__name__}"] += 1
                await asyncio.sleep(0.5)
                continue
            if answer.status == 200:
                self.tally.seconds[kind].append(time.perf_counter() - began)
                return answer.json()
            self.tally.problems[f"{TITLES.get(kind, kind)}：{answer.status} {answer.json().get('text', '')[:40]}"] += 1
            if answer.status not in (429, 502, 503, 504):
                break
            await asyncio.sleep(0.5)
        return {}

    async def start(self, code: str) -> None:
        key = secrets.token_urlsafe(32)
        self.client.headers["Authorization"] = f"Bearer {key}"
        said = await self.ask("start", "POST", "/api/start", {"seat": self.label, "code": code, "key": key})
        self.attempt, self.lease = str(said.get("attempt", "")), int(said.get("lease", 0))

    async def begin(self) -> None:
        await self.ask("begin", "POST", "/api/begin", {})
        state = await self.ask("state", "GET", "/api/state")
        if state:
            self.head, self.seq, self.count = bytes.fromhex(state["head"]), state["seq"], state["count"]
        await self.ask("item", "GET", "/api/item/1")

    async def answer(self, item: int, value: str) -> None:
        """Save one answer; its event is sent until it is acknowledged."""
        words = f"{self.attempt}|{self.lease}|{self.seq + 1}|answer|{item}|{value}"
        head = hashlib.sha256(self.head + words.encode()).digest()
        event = {"seq": self.seq + 1, "kind": "answer", "item": item, "value": value, "chain": head.hex()}
        if await self.ask("save", "POST", "/api/events", {"lease": self.lease, "events": [event]}):
            self.head, self.seq, self.count = head, self.seq + 1, self.count + 1

    async def work(self, until: float, pause: float) -> None:
        """Answer, turn the page, and answer again, each seat in a rhythm of its own."""
        await asyncio.sleep(pause * (self.number % 97) / 97)
        item = 0
        while time.perf_counter() < until:
            item = item % scratch.ITEMS + 1
            await self.answer(item, "ABCD"[(item + self.number) % 4])
            await asyncio.sleep(pause / 2)
            await self.ask("item", "GET", f"/api/item/{item % scratch.ITEMS + 1}")
            await self.ask("pulse", "GET", "/api/pulse")
            await asyncio.sleep(pause / 2)

    async def hand_in(self) -> None:
        said = await self.ask("hand_in", "POST", "/api/hand-in", {"count": self.count, "head": self.head.hex()})
        self.tally.lost += not said


# ---- the asking side
async def ask_all(url: str, seats: int, minutes: float, pin: str, context: ssl.SSLContext | None) -> Tally:
    """Sign everybody in, ring, answer (burst, steady, burst), hand in; the tally."""
    tally = Tally()
    desk = Client(url, context, headers={"Accept": "application/json"})
    try:
        places = await _sign_in(desk, seats, pin)
    except BaseException:
        await desk.close()
        raise
    made = [Seat(number, label, Client(url, context), tally) for number, (label, _) in enumerate(places, 1)]
    lag = asyncio.create_task(_watch_lag(tally))
    try:
        for at in range(0, seats, 20):
            await asyncio.gather(*(one.start(code) for one, (_, code) in zip(made[at : at + 20], places[at : at + 20], strict=True)))
        await _act(desk, f"/s/{scratch.SITTING}/bell", {"second": scratch.SECOND, "second_pin": pin})
        await _rush(tally, "begin", [one.begin() for one in made])
        burst = min(20.0, minutes * 60 / 4)
        for pause, seconds in ((1.0, burst), (STEADY_SECONDS, minutes * 60 - 2 * burst), (1.0, burst)):
            until = time.perf_counter() + seconds
            await asyncio.gather(*(one.work(until, pause) for one in made))
        await _rush(tally, "hand_in", [one.hand_in() for one in made])
    finally:
        lag.cancel()
        await asyncio.gather(*(one.client.close() for one in made), desk.close())
    return tally


async def _rush(tally: Tally, kind: str, all_at_once: list[Any]) -> None:
    began = time.perf_counter()
    await asyncio.gather(*all_at_once)
    tally.rushes[kind] = time.perf_counter() - began


async def _watch_lag(tally: Tally) -> None:
    """How far behind the asking machine itself is: its slowness is not the server's."""
    while True:
        began = time.perf_counter()
        await asyncio.sleep(0.05)
        tally.lag = max(tally.lag, time.perf_counter() - began - 0.05)


async def _sign_in(desk: Client, seats: int, pin: str) -> list[tuple[str, str]]:
    """Seat label and start code of everybody, by the desk's own address."""
    page = await desk.call("GET", "/login")
    csrf = page.text.partition('name="csrf" value="')[2].partition('"')[0]
    answer = await desk.call("POST", "/login", form={"csrf": csrf, "name": scratch.HEAD, "pin": pin})
    if answer.status != 303:
        raise BadDrill(f"登录不了演练服务器（{answer.status}）：请核对口令和地址。")
    desk.headers["Csrf"] = ""
    found = []
    for number in range(1, seats + 1):
        ticket_no, last = scratch.ticket(number)
        said = await _act(desk, f"/s/{scratch.SITTING}/desk/sign-in", {"ticket_no": ticket_no, "id_last4": last, "checked": "1"})
        found.append((str(said["seat"]), str(said["code"])))
    return found


async def _act(desk: Client, path: str, fields: dict[str, str]) -> dict[str, Any]:
    """One act of the staff; the hidden field comes from the desk."""
    if not desk.headers.get("Csrf"):
        said = (await desk.call("GET", f"/s/{scratch.SITTING}/desk")).json()
        desk.headers["Csrf"] = str(said.get("csrf", ""))
    answer = await desk.call("POST", path, form={"csrf": desk.headers["Csrf"], **fields})
    if answer.status not in (200, 303):
        raise BadDrill(f"演练服务器没有接受 {path}（{answer.status}）：{answer.json().get('text', '')}")
    return answer.json()


# ---- the served side
@contextlib.contextmanager
def served(folder: Path, seats: int, listen: str, pin: str, devices: list[dict[str, Any]], now: int) -> Any:
    """A scratch site in this folder, served by a process of its own."""
    site = folder / "site"
    site.mkdir(parents=True)
    keeper = subprocess.Popen([sys.executable, "-m", "kaopei.edge.keeper", str(Keeper(site).path)])
    process = None
    try:
        while not Keeper(site).ping() and keeper.poll() is None:
            time.sleep(0.05)
        config = scratch.make(folder, seats, listen=listen, pin=pin, devices=devices, now=now)
        command = [sys.executable, "-m", "kaopei", "edge", "serve", "--config", str(config)]
        with (folder / "errors").open("wb") as errors:
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors)
        assert process.stdout
        if not process.stdout.readline():
            raise BadDrill("演练服务器没有启动：" + (folder / "errors").read_text("utf-8", "replace")[-300:])
        yield process
    finally:
        if process is not None and process.stdout:
            process.send_signal(signal.SIGTERM)
            process.wait(30)
            process.stdout.close()
        Keeper(site).quit()
        keeper.terminate()
        keeper.wait()


def use(pid: int) -> tuple[float, float]:
    """CPU seconds and peak memory (MiB) of a process so far; zeros where the system does not tell."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
        peak = [line for line in Path(f"/proc/{pid}/status").read_text("ascii").splitlines() if line.startswith("VmHWM")]
    except OSError:
        return 0.0, 0.0
    ticks = os.sysconf("SC_CLK_TCK")
    return (int(fields[11]) + int(fields[12])) / ticks, int(peak[0].split()[1]) / 1024 if peak else 0.0


def run(
    seats: int,
    minutes: float,
    *,
    now: int,
    folder: Path | None = None,
    out: Path | None = None,
    serve: str = "",
    url: str = "",
    words: str = "",
    certificate: Path | None = None,
    authority: Path | None = None,
) -> int:
    """One side, the other, or both; `now` in Unix seconds is when the scratch sitting is. 0 if the report says yes, 1 if it says no."""
    if not 1 <= seats <= MOST_SEATS or not 0.05 <= minutes <= 240:
        raise BadDrill(f"考生数应在 1 到 {MOST_SEATS} 之间，分钟数在 0.05 到 240 之间。")
    if url:
        context = _context(certificate, authority) if url.startswith("https:") else None
        tally = asyncio.run(ask_all(url, seats, minutes, words, context))
        return _say(report(tally, seats, minutes, url, (0.0, 0.0)), tally, out)
    pin = words or f"{secrets.randbelow(10**8):08d}"
    devices = [_device(certificate)] if certificate else []
    with tempfile.TemporaryDirectory(prefix="kaopei-drill-", dir=folder) as temporary:
        listen = serve or f"127.0.0.1:{_free_port()}"
        with served(Path(temporary), seats, listen, pin, devices, now) as process:
            if serve:
                print(f"演练服务器在 {listen} 等候 {seats} 名考生，口令 {pin}。演练完按 Ctrl-C。", flush=True)
                with contextlib.suppress(KeyboardInterrupt):
                    process.wait()
                return 0
            tally = asyncio.run(ask_all(f"http://{listen}", seats, minutes, pin, None))
            text = report(tally, seats, minutes, "本机", use(process.pid))
    return _say(text, tally, out)


def _say(text: str, tally: Tally, out: Path | None) -> int:
    print(text)
    if out:
        out.write_text(text + "\n", "utf-8")
    return 1 if verdict(tally) else 0


def _context(certificate: Path | None, authority: Path | None) -> ssl.SSLContext:
    if certificate is None or authority is None:
        raise BadDrill("经 nginx 演练要给出本机证书 --certificate 和 --authority ca.crt。")
    context = ssl.create_default_context(cafile=str(authority))
    context.load_cert_chain(certificate, certificate.with_suffix(".key"))
    return context


def _device(certificate: Path) -> dict[str, Any]:
    from cryptography import x509

    spki = spki_of(x509.load_pem_x509_certificate(certificate.read_bytes()))
    return {"serial": certificate.stem, "function": "drill", "tls_spki": spki, "ip": "", "mac": "", "room": "", "seat": ""}


def _free_port() -> int:
    import socket

    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])


# ---- the report
def percentile(values: list[float], share: float) -> float:
    """Nearest rank; 0 for nothing."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def verdict(tally: Tally) -> list[str]:
    """What speaks against holding the exam on this, in words."""
    found = []
    if tally.lost:
        found.append(f"有 {tally.lost} 名考生没有交上卷")
    if tally.problems:
        found.append(f"有 {sum(tally.problems.values())} 次请求没有一次成功")
    saves = tally.seconds.get("save", [])
    if not saves:
        found.append("没有一次作答保存成功")
    if percentile(saves, 0.95) > P95:
        found.append(f"保存作答的 95% 在 {percentile(saves, 0.95) * 1000:.0f} 毫秒内，应在 {P95 * 1000:.0f} 毫秒内")
    if percentile(saves, 0.99) > P99:
        found.append(f"保存作答的 99% 在 {percentile(saves, 0.99) * 1000:.0f} 毫秒内，应在 {P99 * 1000:.0f} 毫秒内")
    return found


def report(tally: Tally, seats: int, minutes: float, where: str, used: tuple[float, float]) -> str:
    """Plain words first, figures after."""
    against = verdict(tally)
    answers = len(tally.seconds.get("save", []))
    lines = [
        "考前压力演练报告", f"{time.strftime('%Y-%m-%d %H:%M')}  {where}  {platform.machine()}，{os.cpu_count()} 个处理器核", "",
        f"{seats} 名假考生同时考了 {minutes:g} 分钟，保存作答 {answers} 次。",
    ]  # fmt: skip
    lines.append("结论：可以。这台服务器明天撑得住这么多考生。" if not against else "结论：不建议就这样开考。" + "；".join(against) + "。")
    if against:
        lines.append("怎么办：换固态硬盘、关掉服务器上别的程序、检查网线和交换机，再演练一次；仍不行请报市考试机构减少考位。")
    if tally.lag > 0.1:
        lines.append(f"注意：发起演练的机器自己卡了最多 {tally.lag * 1000:.0f} 毫秒，实际会比下面的数字好一些。")
    lines += ["", "项目          次数     一半在    95%在     99%在     最慢（毫秒）"]
    for kind, title in TITLES.items():
        values = tally.seconds.get(kind, [])
        if values:
            figures = [percentile(values, share) * 1000 for share in (0.5, 0.95, 0.99)] + [max(values) * 1000]
            lines.append(f"{title}\t{len(values):>8}" + "".join(f"{one:>10.1f}" for one in figures))
    for kind, seconds in tally.rushes.items():
        lines.append(f"{seats} 人同时{'开考' if kind == 'begin' else '交卷'}，全部完成用了 {seconds:.2f} 秒")
    if used[0]:
        lines.append(f"服务器用了处理器 {used[0]:.1f} 秒，内存最多 {used[1]:.0f} MiB")
    for words, count in sorted(tally.problems.items()):
        lines.append(f"没有一次成功：{words}（{count} 次）")
    return "\n".join(lines)


def figures(tally: Tally) -> str:
    """The same for machines."""
    return json.dumps({kind: [percentile(values, share) for share in (0.5, 0.95, 0.99)] for kind, values in tally.seconds.items()})
