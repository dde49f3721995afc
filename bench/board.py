"""What open boards cost the exam server: CPU of the server with 300 pulsing terminals and 0, 1 or 4 boards, bytes a board.

    python -m bench.board [--seats 300] [--seconds 20] [--boards 0,1,4]

The floor of the ratio is the same server in the same run with the terminals alone.
"""

import argparse
import asyncio
import os
import platform
import tempfile
import time
from pathlib import Path

from tests.edge import room as stage
from tests.edge.room import HEAD, INVIGILATOR, NOW, SITTING, WINDOW, Terminal, key

PULSE_SECONDS = 2.0


def cpu(pid: int) -> float:
    """Seconds of CPU that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid: int) -> float:
    """MiB that a process holds."""
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


async def pulsing(port: int, secret: str, end: float, start: float) -> int:
    """One terminal's sign of life every two seconds; how many were answered."""
    await asyncio.sleep(start)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    ask = f"GET /api/pulse HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {secret}\r\n\r\n".encode()
    answered = 0
    while time.monotonic() < end:
        writer.write(ask)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")).split(b":")[1])
        await reader.readexactly(length)
        answered += b" 200 " in head[:20]
        await asyncio.sleep(PULSE_SECONDS)
    writer.close()
    return answered


async def looking(port: int, cookie: str, end: float) -> tuple[int, int]:
    """One open board; bytes and events that it got."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET /s/{SITTING}/board/events HTTP/1.1\r\nHost: x\r\nCookie: {cookie}\r\n\r\n".encode())
    size = events = 0
    while time.monotonic() < end:
        try:
            data = await asyncio.wait_for(reader.read(65536), 2)
        except TimeoutError:
            continue
        size, events = size + len(data), events + data.count(b"event: ")
    writer.close()
    return size, events


async def measure(room: stage.Room, secrets: list[str], cookie: str, boards: int, seconds: float) -> dict[str, float]:
    """One phase."""
    assert room.process
    end, before, began = time.monotonic() + seconds, cpu(room.process.pid), time.monotonic()
    terminals = [pulsing(room.port, secret, end, PULSE_SECONDS * n / len(secrets)) for n, secret in enumerate(secrets)]
    answers = await asyncio.gather(*terminals, *(looking(room.port, cookie, end) for _ in range(boards)))
    used, took = cpu(room.process.pid) - before, time.monotonic() - began
    seen = [one for one in answers if isinstance(one, tuple)]
    return {
        "cpu_percent": 100 * used / took, "pulses": sum(one for one in answers if isinstance(one, int)) / took,
        "kib_s": sum(size for size, _ in seen) / 1024 / took / max(1, boards), "events_s": sum(n for _, n in seen) / took / max(1, boards),
        "mib": memory(room.process.pid),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seats", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--boards", default="0,1,4")
    asked = parser.parse_args()
    rows = [stage.candidate(n, room=f"第{1 + (n - 1) // 50}考场") for n in range(1, asked.seats + 1)]
    with tempfile.TemporaryDirectory() as folder, stage.serving(Path(folder), rows=rows, window=WINDOW | {"start_latest": NOW + 9000}) as (room, _):
        staff, head = room.log_in(INVIGILATOR), room.log_in(HEAD)
        room.clock(NOW + 930)
        secrets = []
        for n, row in enumerate(rows):
            found = staff.sign_in(row).json()
            one = Terminal(room, found["seat"], key(n))
            assert one.start(found["code"]).status_code == 200
            secrets.append(one.key)
            if n == 0:
                assert head.ring().status_code == 200
            assert one.begin().status_code == 200
            one.client.close()
        cookie = "; ".join(f"{name}={value}" for name, value in staff.client.cookies.items())
        print(f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; {asked.seats} terminals")
        floor = 0.0
        for boards in map(int, asked.boards.split(",")):
            found = asyncio.run(measure(room, secrets, cookie, boards, asked.seconds))
            floor = floor or found["cpu_percent"]
            print(
                f"boards {boards}: server {found['cpu_percent']:.1f} % of one core (ratio {found['cpu_percent'] / floor:.2f}), "
                f"{found['pulses']:.0f} pulses/s, {found['kib_s']:.1f} KiB/s and {found['events_s']:.2f} events/s a board, {found['mib']:.0f} MiB"
            )


if __name__ == "__main__":
    main()
