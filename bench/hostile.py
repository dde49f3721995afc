"""A hostile terminal before everybody else: others' time to save, quiet and under attack, through a real nginx.

    .venv/bin/python -m bench.hostile [--seats 20] [--seconds 15] [--rate 2000]

The attacker has a certificate of the site and sends as fast as told over as many connections as nginx lets it have. Prints the
requests that it sent a second, what became of them, the others' p50/p95 in both phases, the ratio, and the machine.
"""

import argparse
import asyncio
import collections
import multiprocessing
import os
import platform
import tempfile
import time
from pathlib import Path

from kaopei.edge.preparing import nginx
from kaopei.edge.preparing.client import Client
from kaopei.edge.preparing.drill import percentile
from tests.edge import front as at
from tests.edge import room
from tests.edge.room import HEAD, INVIGILATOR, PIN, csrf_in


def seated(front: at.Front, seats: int) -> list[room.Terminal]:
    """Everybody signed in and answering, by the public pages."""
    desk = front.client("DESK-1")
    page = desk.get("/login", headers={"Accept": "text/html"}).text
    desk.post("/login", data={"csrf": csrf_in(page), "name": HEAD, "pin": PIN}, headers={"Accept": "text/html"})
    head = room.Staff(front.room, desk, HEAD)
    made = []
    for number in range(1, seats + 1):
        said = head.sign_in(room.candidate(number)).json()
        terminal = front.terminal(said["seat"], room.key(number), f"T-{number:03d}")
        assert terminal.start(said["code"]).status_code == 200
        made.append(terminal)
        time.sleep(0.06)
    front.room.jump(320)
    head.ring(INVIGILATOR)
    for one in made:
        assert one.begin().status_code == 200
    return made


def save_all(terminals: list[room.Terminal], seconds: float) -> list[float]:
    """Each saves about once a second; seconds of every save."""
    found, until, step = [], time.perf_counter() + seconds, 0
    pause = 1.0 / len(terminals)
    while time.perf_counter() < until:
        one = terminals[step % len(terminals)]
        began = time.perf_counter()
        answer = one.answer(1 + step % 6, "AB"[step % 2])
        assert answer.status_code == 200, answer.text
        found.append(time.perf_counter() - began)
        step += 1
        time.sleep(max(0.0, pause - found[-1]))
    return found


def attack(url: str, serial: str, ca: str, source: str, rate: int, seconds: float, out: "multiprocessing.Queue[dict[int, int]]") -> None:
    """In a process of its own: one terminal's certificate, many connections, `rate` requests a second."""
    import ssl

    context = ssl.create_default_context(cafile=f"{ca}/ca.crt")
    context.load_cert_chain(f"{ca}/{serial}.crt", f"{ca}/{serial}.key")
    seen: collections.Counter[int] = collections.Counter()

    async def one(share: float, until: float) -> None:
        line = Client(url, context, headers={"Authorization": "Bearer nobody"})
        due = time.perf_counter()
        while time.perf_counter() < until:
            due += 1 / share
            try:
                seen[(await line.call("GET", "/api/state", seconds=5)).status] += 1
            except (OSError, TimeoutError):
                seen[0] += 1
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
        await line.close()

    async def all_at_once() -> None:
        lines = 16
        until = time.perf_counter() + seconds
        await asyncio.gather(*(one(rate / lines, until) for _ in range(lines)))

    asyncio.run(all_at_once())
    out.put(dict(seen))


def main() -> None:
    """Print both phases."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seats", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--rate", type=int, default=2000)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, at.fronted(Path(folder), chosen.seats, rate=nginx.DEVICE_RATE) as front:
        terminals = seated(front, chosen.seats)
        save_all(terminals, 3)
        quiet = save_all(terminals, chosen.seconds)
        seen: multiprocessing.Queue[dict[int, int]] = multiprocessing.Queue()
        # The last seat's machine turns hostile; its candidate is not measured.
        hostile = f"T-{chosen.seats:03d}"
        words = (f"https://127.0.0.1:{front.port}", hostile, str(front.ca), front.rows[hostile].ip, chosen.rate, chosen.seconds + 2, seen)
        attacker = multiprocessing.Process(target=attack, args=words)
        attacker.start()
        time.sleep(1.5)
        under = save_all(terminals[:-1], chosen.seconds)
        answers = seen.get()
        attacker.join()
    total = sum(answers.values())
    print(f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; {chosen.seats} seats, one save a second each")
    print(f"hostile terminal: {total / (chosen.seconds + 2):.0f} requests/s sent; by status {answers}")
    for name, values in (("quiet", quiet), ("under attack", under)):
        print(f"{name}: {len(values)} saves, p50 {percentile(values, 0.5) * 1000:.1f} ms, p95 {percentile(values, 0.95) * 1000:.1f} ms")
    print(f"ratio of p95: {percentile(under, 0.95) / percentile(quiet, 0.95):.2f}")


if __name__ == "__main__":
    main()
