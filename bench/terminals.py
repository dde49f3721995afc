"""Many terminals in one process, for bench/edge.py: reads one JSON command a line, writes one JSON answer a line.

Each terminal has one kept-alive connection and its own chain, as docs/edge-protocol.md says. The processor time of this
process is never counted as the server's.
"""

import asyncio
import hashlib
import json
import sys
import time
from typing import Any

import uvloop


class Line(asyncio.Protocol):
    """One HTTP/1.1 connection, one request at a time."""

    def __init__(self) -> None:
        self.buffer = b""
        self.waiting: asyncio.Future[tuple[int, bytes]] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way out."""
        self.transport: Any = transport

    def connection_lost(self, problem: Exception | None) -> None:
        """Whoever waits hears it."""
        if self.waiting and not self.waiting.done():
            self.waiting.set_exception(problem or ConnectionResetError("closed"))

    def data_received(self, data: bytes) -> None:
        """Gather until the answer is whole."""
        self.buffer += data
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self.buffer[:end].lower()
        at = head.find(b"content-length:")
        size = int(head[at + 15 :].split(b"\r\n", 1)[0])
        if len(self.buffer) < end + 4 + size:
            return
        body, self.buffer = self.buffer[end + 4 : end + 4 + size], self.buffer[end + 4 + size :]
        waiting, self.waiting = self.waiting, None
        if waiting and not waiting.done():
            waiting.set_result((int(head[9:12]), body))

    def ask(self, request: bytes) -> "asyncio.Future[tuple[int, bytes]]":
        """Send, and wait for the answer."""
        self.waiting = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return self.waiting


class Terminal:
    """A seat."""

    def __init__(self, number: int, seat: str, code: str) -> None:
        self.seat, self.code = seat, code
        self.key = hashlib.sha256(f"bench{number}".encode()).hexdigest()[:43]
        self.attempt, self.lease, self.seq, self.count, self.head = "", 0, 0, 0, b""
        self.saved = 0
        self.times: list[float] = []
        self.failed = 0

    async def connect(self, host: str, port: int) -> None:
        """The one connection."""
        _, self.line = await asyncio.get_running_loop().create_connection(Line, host, port)

    async def call(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """One request, timed; an answer other than 200 counts as failed."""
        data = b"" if body is None else json.dumps(body).encode()
        request = f"{method} {path} HTTP/1.1\r\nHost: edge\r\nAuthorization: Bearer {self.key}\r\nContent-Length: {len(data)}\r\n\r\n".encode() + data
        began = time.perf_counter()
        status, answer = await self.line.ask(request)
        self.times.append(time.perf_counter() - began)
        if status != 200:
            self.failed += 1
            if self.failed == 1:
                print(self.seat, method, path, status, answer.decode()[:200], file=sys.stderr)
        return dict(json.loads(answer)) if answer.startswith(b"{") else {}

    async def start(self) -> None:
        """Redeem the start code."""
        found = await self.call("POST", "/api/start", {"seat": self.seat, "code": self.code, "key": self.key})
        self.attempt, self.lease = found["attempt"], found["lease"]

    async def begin(self) -> None:
        """After the bell: open the attempt, take the state, look at the first item."""
        await self.call("POST", "/api/begin", {})
        await self.state()
        await self.call("GET", "/api/item/1")

    async def state(self) -> None:
        """Where the attempt stands."""
        found = await self.call("GET", "/api/state")
        self.head, self.seq, self.count = bytes.fromhex(found["head"]), found["seq"], found["count"]

    def event(self, item: int, value: str) -> dict[str, Any]:
        """The next event of the chain."""
        self.seq, self.count = self.seq + 1, self.count + 1
        self.head = hashlib.sha256(self.head + f"{self.attempt}|{self.lease}|{self.seq}|answer|{item}|{value}".encode()).digest()
        return {"seq": self.seq, "kind": "answer", "item": item, "value": value, "chain": self.head.hex()}

    async def answer(self, *events: dict[str, Any]) -> None:
        """Save."""
        found = await self.call("POST", "/api/events", {"lease": self.lease, "events": list(events)})
        self.saved += len(events) if found.get("saved") == self.seq else 0

    async def loop(self, until: float, items: int, think: float) -> None:
        """Closed loop: the next answer `think` seconds after the last one was saved."""
        number = self.first(items)
        await asyncio.sleep(self.offset(think))
        while time.perf_counter() < until:
            await self.answer(self.event(number % items + 1, "AB"[number // items % 2]))
            number += 1
            if think:
                # Not all in step: between half and one and a half of it.
                await asyncio.sleep(think * (0.5 + int(hashlib.sha256(f"{self.key}{number}".encode()).hexdigest()[:4], 16) / 65536))

    async def day(self, until: float, items: int, pause: float) -> None:
        """An exam's pace: every `pause` seconds one item is read and answered, every second time with a pulse."""
        number, due = self.first(items), time.perf_counter() + self.offset(pause)
        while time.perf_counter() < until:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            due += pause
            await self.call("GET", f"/api/item/{number % items + 1}")
            if number % 2:
                await self.call("GET", "/api/pulse")
            await self.answer(self.event(number % items + 1, "AB"[number // items % 2]))
            number += 1

    async def pace(self, until: float, items: int, pause: float) -> None:
        """Answers at a fixed rate, nothing else; each is timed from when it was due, so that falling behind is not hidden."""
        number, due = self.first(items), time.perf_counter() + self.offset(pause)
        while due < until:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            await self.answer(self.event(number % items + 1, "AB"[number // items % 2]))
            self.times[-1] = time.perf_counter() - due
            due += pause
            number += 1

    def first(self, items: int) -> int:
        """Another item to begin with at each seat."""
        return int(self.key[:4], 16) % items

    def offset(self, pause: float) -> float:
        """Seats do not beat in step."""
        return pause * (int(self.key[4:8], 16) / 65536)

    async def once(self) -> None:
        """One answer, when every other seat sends one too."""
        await self.answer(self.event(1, "B"))

    async def fill(self, items: int) -> None:
        """A fully answered paper."""
        for first in range(1, items + 1, 50):
            await self.answer(*(self.event(item, "A") for item in range(first, min(items, first + 49) + 1)))

    async def hand_in(self) -> None:
        """The end."""
        await self.call("POST", "/api/hand-in", {"count": self.count, "head": self.head.hex()})


async def hostile(terminal: Terminal, until: float, rate: float) -> int:
    """One machine that sends as much as it can, up to a rate; how many it sent."""
    sent, began = 0, time.perf_counter()
    lines = []
    for _ in range(16):
        _, line = await asyncio.get_running_loop().create_connection(Line, *terminal.line.transport.get_extra_info("peername")[:2])
        lines.append(line)
    bad = json.dumps({"lease": terminal.lease, "events": [terminal.event(1, "A") | {"chain": "0" * 64}]}).encode()
    head = f"POST /api/events HTTP/1.1\r\nHost: edge\r\nAuthorization: Bearer {terminal.key}\r\nContent-Length: {len(bad)}\r\n\r\n".encode()

    async def one(line: Line) -> None:
        nonlocal sent
        while (now := time.perf_counter()) < until:
            ahead = sent / rate - (now - began)
            if ahead > 0:
                await asyncio.sleep(ahead)
            sent += 1
            await line.ask(head + bad)

    await asyncio.gather(*(one(line) for line in lines))
    return sent


async def work(terminals: list[Terminal], command: dict[str, Any]) -> dict[str, Any]:
    """One step of all terminals at once."""
    for one in terminals:
        one.times, one.failed, one.saved = [], 0, 0
    began, what = time.perf_counter(), command["do"]
    extra: dict[str, Any] = {}
    if what in ("loop", "day", "pace", "hostile"):
        until = began + command["seconds"]
        kind, others = ("day", terminals[1:]) if what == "hostile" else (what, terminals)
        jobs = [getattr(one, kind)(until, command["items"], command.get("pause", 0.0)) for one in others]
        if what == "hostile":
            sent, *_ = await asyncio.gather(hostile(terminals[0], until, command["rate"]), *jobs)
            extra = {"hostile": sent / command["seconds"]}
        else:
            await asyncio.gather(*jobs)
    elif what == "fill":
        await asyncio.gather(*(one.fill(command["items"]) for one in terminals))
    else:
        await asyncio.gather(*(getattr(one, what)() for one in terminals))
    times = sorted(x for one in terminals for x in one.times)
    at = {f"p{p}": 1000 * times[min(len(times) - 1, len(times) * p // 100)] for p in (50, 95, 99)}
    return {
        "seconds": time.perf_counter() - began, "requests": len(times), "failed": sum(one.failed for one in terminals),
        "saved": sum(one.saved for one in terminals), "max": 1000 * times[-1], **at, **extra,
    }


async def main() -> None:
    """Commands until the end of input."""
    loop, terminals = asyncio.get_running_loop(), []
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        command = json.loads(line)
        if command["do"] == "connect":
            terminals = [Terminal(number, seat, code) for number, (seat, code) in enumerate(command["seats"])]
            await asyncio.gather(*(one.connect(command["host"], command["port"]) for one in terminals))
            answer: dict[str, Any] = {"connected": len(terminals)}
        else:
            answer = await work(terminals, command)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    uvloop.run(main())
