"""A real nginx before a real exam server on its unix socket, with certificates of a real site authority."""

import contextlib
import shutil
import ssl
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from kaopei.edge import settings as settings_of
from kaopei.edge.preparing import authority, nginx
from tests.edge import room
from tests.edge.room import Room, Terminal, candidate
from tests.parcel.cast import SITE

WORDS = b"words of the authority"
DOMAIN = f"edge.{SITE}.example"
needs_nginx = pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed: what stands before the exam server is NOT tested")


@dataclass
class Front:
    """`client(serial)` speaks TLS as that machine, from its own loopback address."""

    folder: Path
    room: Room
    port: int
    ca: Path
    rows: dict[str, authority.Row]
    process: subprocess.Popen[bytes] | None = None
    clients: list[httpx.Client] = field(default_factory=list)

    def context(self, serial: str = "", folder: Path | None = None) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self.ca / "ca.crt"))
        # Verified by name in real life; here the address is loopback, which the certificate names as well.
        if serial:
            at = folder or self.ca
            context.load_cert_chain(at / f"{serial}.crt", at / f"{serial}.key")
        return context

    def client(self, serial: str = "", *, ip: str = "", folder: Path | None = None) -> httpx.Client:
        address = ip or (self.rows[serial].ip if serial in self.rows else "127.0.0.1")
        transport = httpx.HTTPTransport(verify=self.context(serial, folder), local_address=address)
        made = httpx.Client(
            base_url=f"https://127.0.0.1:{self.port}", transport=transport, timeout=20, headers={"Accept": "application/json", "Host": DOMAIN}
        )
        self.clients.append(made)
        return made

    def terminal(self, seat: str, key: str, serial: str) -> Terminal:
        made = Terminal.__new__(Terminal)
        made.room, made.seat, made.key, made.attempt, made.lease, made.seq, made.count, made.head = self.room, seat, key, "", 0, 0, 0, b""
        made.client = self.client(serial)
        made.client.headers["Authorization"] = f"Bearer {key}"
        return made


def issued(folder: Path, seats: list[tuple[str, str]]) -> tuple[authority.Authority, dict[str, authority.Row]]:
    """An authority with a server, a staff machine, and one terminal a seat."""
    now = datetime.now(UTC)
    authority.found(folder, site=SITE, domain=DOMAIN, network="127.0.0.0/8", passphrase=WORDS, now=now)
    ca = authority.Authority(folder, WORDS)
    rows = {"EDGE-1": ca.issue(serial="EDGE-1", function="server", ip="127.0.0.1", now=now)}
    rows["DESK-1"] = ca.issue(serial="DESK-1", function="console", ip="127.0.2.1", mac="02:00:00:00:02:01", now=now)
    rows["TAB-1"] = ca.issue(serial="TAB-1", function="tablet", ip="127.0.2.2", mac="02:00:00:00:02:02", now=now)
    for at, (where, seat) in enumerate(seats, 1):
        serial = f"T-{at:03d}"
        rows[serial] = ca.issue(serial=serial, function="terminal", ip=f"127.0.1.{at}", room=where, seat=seat, now=now)
    return ca, rows


def strangers(folder: Path, ca: authority.Authority) -> None:
    """Machines that must not get in: expired, revoked, not in the baseline, and one of a foreign authority."""
    now = datetime.now(UTC)
    ca.issue(serial="OLD-1", function="terminal", ip="127.0.3.1", room="第1考场", seat="91", now=now - timedelta(days=10), days=1)
    ca.issue(serial="GONE-1", function="terminal", ip="127.0.3.2", room="第1考场", seat="92", now=now)
    ca.revoke("GONE-1", now)
    ca.issue(serial="NEW-1", function="terminal", ip="127.0.3.3", room="第1考场", seat="93", now=now)
    authority.found(folder / "foreign", site=SITE, domain=DOMAIN, network="127.0.0.0/8", passphrase=WORDS, now=now)
    authority.Authority(folder / "foreign", WORDS).issue(serial="T-001", function="terminal", ip="127.0.1.1", room="第1考场", seat="01", now=now)


def baseline(rows: dict[str, authority.Row]) -> list[dict[str, Any]]:
    return [
        {"serial": one.serial, "function": one.function, "tls_spki": one.tls_spki, "ip": one.ip, "mac": one.mac, "room": one.room, "seat": one.seat}
        for one in rows.values() if one.function != "server"
    ]  # fmt: skip


@contextlib.contextmanager
def fronted(folder: Path, count: int = 3, rate: int = 5000, settings: str = "", **more: Any) -> Iterator[Front]:
    """Paper opened, nobody signed in yet."""
    people = [candidate(n) for n in range(1, count + 1)]
    ca, rows = issued(folder / "ca", [(row["room"], row["seat"]) for row in people])
    strangers(folder, ca)
    made, _ = room.prepared(folder / "edge", count, rows=people, devices=baseline(rows), **more)
    lines = made.config.read_text().replace(f'"127.0.0.1:{made.port}"', '"unix:edge.sock"')
    paths = {"tls_certificate": "EDGE-1.crt", "tls_key": "EDGE-1.key", "site_ca": "ca.crt"}
    made.config.write_text(lines + "".join(f'{name} = "{folder}/ca/{file}"\n' for name, file in paths.items()) + settings)
    front = Front(folder, made, room.free_port(), folder / "ca", rows)
    try:
        made.serve()
        start_nginx(front, rate)
        yield front
    finally:
        for one in front.clients:
            one.close()
        if front.process:
            front.process.terminate()
            front.process.wait()
        made.stop()


def start_nginx(front: Front, rate: int) -> None:
    """As a child of the test, in a folder of its own."""
    work = front.folder / "nginx"
    work.mkdir(mode=0o755)
    place = nginx.Place((f"127.0.0.1:{front.port}",), (DOMAIN,), work, front.ca / "ca.crl", rate=rate, workers="1", user="root")
    text = nginx.configuration(settings_of.read(front.room.config), place)
    (work / "nginx.conf").write_text(f"daemon off;\n{text}", "utf-8")
    with (work / "stderr").open("wb") as errors:
        front.process = subprocess.Popen(["nginx", "-p", str(work), "-c", str(work / "nginx.conf")], stderr=errors)
    until = time.monotonic() + 120
    while time.monotonic() < until:
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(f"https://127.0.0.1:{front.port}/healthz", verify=front.context(), trust_env=False).status_code:
                return
        assert front.process.poll() is None, (work / "stderr").read_text()
        time.sleep(0.05)
    raise AssertionError((work / "stderr").read_text() + (work / "error.log").read_text())
