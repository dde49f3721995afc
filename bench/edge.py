"""An exam server under load: `python bench/edge.py [50 200 300] [--seconds 5] [--hostile]`.

For each number of seats the real server process (the real parcels, ledger, store on this disk) sits a whole exam: all
terminals start at once; closed loops, saturated (the next answer as soon as the last one is saved) and with a stated time to
think; one answer of every seat in the same moment; the highest rate of answers at which 99 of 100 are still saved within
`BAR` of when they were due; an exam day's steady pace (one item, one answer a second and seat, pulses); full papers; all hand
in at once. The terminals are another process (bench/terminals.py) whose time is not counted. In the same run a bare ASGI
application with a SQLite group commit takes the same loops and rates: the floor. Prints figures and ratios; asserts nothing.
Which figure the bar is about: docs/adr/0018.
"""

import argparse
import asyncio
import json
import os
import platform
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

ITEMS = 100
BAR = 50.0  # milliseconds
THINK = 0.25  # seconds between an answer that is saved and the next one: a candidate who clicks as fast as he can
STEPS = (1, 2, 4, 6, 8, 10, 12, 16, 20, 30, 40, 60)  # answers a second and seat; an exam's pace is at most 1
TICK = os.sysconf("SC_CLK_TCK")


def processor(pid: int) -> float:
    """Processor seconds of a process so far, all its threads."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / TICK


def peak(pid: int) -> float:
    """MiB of memory at most so far."""
    return next(int(line.split()[1]) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM")) / 1024


class Terminals:
    """The load generator's process."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(ROOT / "bench" / "terminals.py")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def do(self, what: str, **more: Any) -> dict[str, Any]:
        """One command, its answer."""
        assert self.process.stdin and self.process.stdout
        print(json.dumps({"do": what, **more}), file=self.process.stdin, flush=True)
        return dict(json.loads(self.process.stdout.readline()))

    def close(self) -> None:
        """No more commands."""
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait()


def line(title: str, found: dict[str, Any], more: str = "") -> None:
    """One row of figures."""
    each = found["requests"] / found["seconds"]
    print(
        f"  {title:<30}{found['seconds']:7.2f} s {found['requests']:8,} requests {each:8,.0f}/s   p50 {found['p50']:6.1f}  p95 {found['p95']:6.1f}"
        f"  p99 {found['p99']:6.1f}  max {found['max']:6.1f} ms   failed {found['failed']}{more}"
    )


def sit(seats: int, seconds: float, rates: list[float], folder: Path) -> float:
    """One whole exam at so many seats; processor milliseconds a saved answer in the closed loop."""
    from tests.edge import room as stage

    wide = stage.WINDOW | {"start_latest": stage.NOW + 9000}
    with stage.serving(folder, seats, items=ITEMS, window=wide) as (room, parcels):
        room.clock(stage.NOW + 930)
        staff, load = room.log_in(stage.INVIGILATOR), Terminals()
        codes = [(answer["seat"], answer["code"]) for answer in (staff.sign_in(row).json() for row in parcels.rows)]
        pid = room.process.pid if room.process else 0
        load.do("connect", host="127.0.0.1", port=room.port, seats=codes)
        line("start codes, all at once", load.do("start"))
        room.log_in(stage.HEAD).ring()
        line("bell: begin, state, item 1", load.do("begin"))
        before = processor(pid)
        found = load.do("loop", seconds=seconds, items=ITEMS)
        each = 1000 * (processor(pid) - before) / max(1, found["saved"])
        line("closed loop, saturated", found, f"   {each:.3f} ms CPU a saved answer")
        line(f"closed loop, {THINK} s to think", load.do("loop", seconds=seconds, items=ITEMS, pause=THINK))
        line("one answer each, all at once", load.do("once"))
        highest(load, seats, seconds)
        before = processor(pid)
        steady = load.do("day", seconds=seconds, items=ITEMS, pause=1.0)
        line("steady: 1 answer/s a seat", steady, f"   {100 * (processor(pid) - before) / steady['seconds']:.0f} % of a core")
        for rate in rates:
            under = load.do("hostile", seconds=seconds, items=ITEMS, pause=1.0, rate=rate)
            line(f"one hostile at {under['hostile']:,.0f}/s", under, f"   others' p95 {under['p95'] / steady['p95']:.1f} ×")
            load.do("state")
        line("full papers", load.do("fill", items=ITEMS))
        line("hand-in, all at once", load.do("hand_in"))
        load.close()
        print(f"  memory of the server at most {peak(pid):.0f} MiB")
    return each


def highest(load: Terminals, seats: int, seconds: float, who: str = "") -> None:
    """Raise the rate step by step until one answer in a hundred takes longer than the bar, or the rate is not reached."""
    best: dict[str, Any] = {}
    for step in STEPS:
        found = load.do("pace", seconds=seconds, items=ITEMS, pause=1 / step)
        if found["p99"] > BAR or found["failed"]:
            break
        best = found | {"step": step}
    title = f"{who}p99 <= {BAR:.0f} ms up to"
    if best:
        line(title, best, f"   {best['step']} × an exam's pace of one answer a second and seat")
    print(f"  {title:<30}{'' if best else 'no step; '}next step {step} ×: p99 {found['p99']:.1f} ms")


# ---- the floor
@contextmanager
def bare(folder: Path) -> Iterator[tuple[int, int]]:
    """A bare server as its own process; (pid, port)."""
    from tests.edge import room as stage

    port = stage.free_port()
    process = subprocess.Popen([sys.executable, __file__, "--floor", str(folder / "floor.sqlite"), "--port", str(port)])
    try:
        for _ in range(200):
            try:
                with socket.create_connection(("127.0.0.1", port)):
                    break
            except OSError:
                time.sleep(0.05)
        yield process.pid, port
    finally:
        # It has nothing to keep; open connections would hold a polite stop up.
        process.kill()
        process.wait()


def floor(path: str, port: int) -> None:
    """JSON in, a row, one commit a batch in a thread, an answer after it: nothing else."""
    import apsw
    import msgspec
    import uvicorn

    connection = apsw.Connection(path)
    for pragma in ("journal_mode=WAL", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}").fetchall()
    connection.execute("CREATE TABLE row (seq INTEGER, item INTEGER, value TEXT, chain TEXT)")
    rows: list[tuple[Any, ...]] = []
    waiting: list[asyncio.Future[None]] = []
    busy = False

    def commit(batch: list[tuple[Any, ...]]) -> None:
        with connection:
            connection.executemany("INSERT INTO row VALUES (?, ?, ?, ?)", batch)

    async def flush() -> None:
        nonlocal busy
        while rows:
            batch, told = list(rows), list(waiting)
            rows.clear()
            waiting.clear()
            await asyncio.to_thread(commit, batch)
            for one in told:
                one.set_result(None)
        busy = False

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        nonlocal busy
        message = await receive()
        request = msgspec.json.decode(message["body"])
        loop = asyncio.get_running_loop()
        rows.extend((one["seq"], one["item"], one["value"], one["chain"]) for one in request["events"])
        done = loop.create_future()
        waiting.append(done)
        if not busy:
            busy = True
            tasks.add(task := loop.create_task(flush()))
            task.add_done_callback(tasks.discard)
        await done
        body = msgspec.json.encode({"saved": request["events"][-1]["seq"]})
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    tasks: set[Any] = set()
    uvicorn.run(app, port=port, log_level="warning", access_log=False, lifespan="off")


def measure_floor(seats: int, seconds: float, folder: Path) -> float:
    """The same closed loop against the bare server; processor milliseconds a saved answer."""
    with bare(folder) as (pid, port):
        load = Terminals()
        load.do("connect", host="127.0.0.1", port=port, seats=[(f"S{n}", "") for n in range(seats)])
        before = processor(pid)
        found = load.do("loop", seconds=seconds, items=ITEMS)
        each = 1000 * (processor(pid) - before) / max(1, found["saved"])
        line("floor: saturated", found, f"   {each:.3f} ms CPU a saved answer")
        line(f"floor: {THINK} s to think", load.do("loop", seconds=seconds, items=ITEMS, pause=THINK))
        highest(load, seats, seconds, "floor: ")
        load.close()
    return each


def main() -> int:
    """All sizes, with the floor beside each."""
    options = argparse.ArgumentParser()
    options.add_argument("seats", nargs="*", type=int, default=[50, 200, 300])
    options.add_argument("--seconds", type=float, default=5.0)
    options.add_argument("--hostile", action="store_true", help="also one terminal at 2,000 requests a second")
    options.add_argument("--floor")
    options.add_argument("--port", type=int, default=0)
    chosen = options.parse_args()
    if chosen.floor:
        floor(chosen.floor, chosen.port)
        return 0
    load = os.getloadavg()[0]
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, load {load:.1f}; disk of {tempfile.gettempdir()}")
    for seats in chosen.seats or [50, 200, 300]:
        with tempfile.TemporaryDirectory() as name:
            print(f"{seats} seats, {ITEMS} items")
            each = sit(seats, chosen.seconds, [2000.0] if chosen.hostile else [], Path(name))
            least = measure_floor(seats, chosen.seconds, Path(name))
            print(f"  ratio to the floor {each / least:.2f} ×")
    return 0


if __name__ == "__main__":
    sys.exit(main())
