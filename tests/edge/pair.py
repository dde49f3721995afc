"""Two enrolled servers of one site: a sitting that runs on the first, and the second one in step with it."""

import json
import shutil
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from kaopei.edge import opening
from kaopei.edge.keeper import Keeper
from kaopei.parcel import enrolment, keyfile, manifest
from tests.edge import room
from tests.edge.room import DEPUTY, HEAD, INVIGILATOR, PIN, PLAIN, Room, Terminal, candidate
from tests.parcel import cast
from tests.parcel.cast import CITY, NOW, SITE, Province


def enrol_second(p: Province) -> tuple[Any, Any, Any]:
    """The standby's record with its keys."""
    sign, decrypt = keyfile.generate_sign(), keyfile.generate_decrypt()
    request = enrolment.ask(
        p.trust,
        edge_serial="EDGE-2",
        function="standby",
        city=CITY,
        site_code=SITE,
        sign_key=sign,
        decrypt_key=decrypt,
        keystore="file",
        software={"version": "0.1.0", "hash": "0" * 64},
        at=NOW - 500,
    )
    draft = enrolment.accept(request, p.trust, accepted_by=["wang", "zhao"], not_before=NOW - 500, not_after=NOW + 10**7, at=NOW - 400)
    signed = manifest.sign("enrolment", draft, [p.signers[name] for name in ("wang", "zhao", "province_release")])
    return enrolment.read(signed, p.trust, at=NOW), sign, decrypt


@dataclass
class Pair:
    """`template` is copied for every round: both folders, the first with a running sitting, the terminals as they stood."""

    folder: Path
    province: Province
    second: Any
    rows: list[dict]
    paper: tuple[str, bytes]
    terminals: list[tuple[str, str, str, int]] = field(default_factory=list)

    def round(self, folder: Path, **settings: str) -> "Round":
        shutil.copytree(self.folder, folder)
        a, b = Room(folder / "a", self.province, room.free_port()), Room(folder / "b", self.province, room.free_port())
        link = f"127.0.0.1:{room.free_port()}"
        _configure(a, "EDGE-1", {"peer": "peer.json", "standby": link, **settings})
        _configure(b, "EDGE-2", {"peer": "peer.json", "link": link, "function": "standby"})
        shutil.copyfile(a.folder / "clock.json", b.folder / "clock.json")
        return Round(self, a, b)


def _configure(one: Room, serial: str, more: dict[str, str]) -> None:
    lines = {
        "site": SITE, "city": CITY, "serial": serial, "title": "第一考试点", "listen": f"127.0.0.1:{one.port}", "passphrase": "passphrase",
        "root": "root.txt", "clock": "../clock.json", **more,
    }  # fmt: skip
    text = "".join(f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in lines.items())
    one.config.write_text(text + "min_free_mib = 1\nballast_mib = 1\nlow_mib = 1\n")


def lay(folder: Path, count: int = 3) -> Pair:
    """The folders of both machines; the first has opened its paper, the bell has rung, `count` candidates are answering."""
    p = cast.found()
    second, sign, decrypt = enrol_second(p)
    rows = [candidate(n) for n in range(1, count + 1)]
    first, parcels = room.prepared(folder / "a", count, rows=rows, province=p, edges=[p.edge, second])
    keys = folder / "b" / "site" / "keys"
    keys.mkdir(parents=True)
    for name, made in (("edge_sign", sign), ("edge_decrypt", decrypt)):
        (keys / f"{name}-{keyfile.kid(keyfile.public(made))}.key").write_bytes(keyfile.dump(made, b"words"))
    for name in ("passphrase", "trust.json", "root.txt"):
        shutil.copyfile(folder / "a" / "site" / name, keys.parent / name)
    (folder / "a" / "site" / "peer.json").write_bytes(second.record)
    (keys.parent / "peer.json").write_bytes(p.edge.record)
    pair = Pair(folder, p, second, rows, ("", b""))
    try:
        first.serve()
        _begin(first, pair)
        sitting = parcels.parcel.manifest["sitting_id"]
        name = f"cek1|{sitting}|{parcels.sealed.package_id}"
        pair.paper = (name, Keeper(first.folder / "site").give(name) or b"")
        assert pair.paper[1] and opening.key_name.__name__ == "key_name"
        first.kill()
    finally:
        first.stop()
    return pair


def _begin(first: Room, pair: Pair) -> None:
    head = first.log_in(HEAD)
    made = []
    for at, row in enumerate(pair.rows):
        answer = head.sign_in(row)
        assert answer.status_code == 200, answer.text
        terminal = Terminal(first, answer.json()["seat"], room.key(at))
        assert terminal.start(answer.json()["code"]).status_code == 200
        made.append(terminal)
    first.jump(320)
    answer = head.ring(INVIGILATOR)
    assert answer.status_code in (200, 303), answer.text
    for terminal in made:
        assert terminal.begin().status_code == 200
        pair.terminals.append((terminal.seat, terminal.key, terminal.attempt, terminal.lease))


@dataclass
class Round:
    """One life of the two machines."""

    pair: Pair
    a: Room
    b: Room
    acked: dict[str, int] = field(default_factory=dict)
    keepers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self) -> None:
        for one in (self.b, self.a):
            one.hold_keys()
        Keeper(self.a.folder / "site").hold(*self.pair.paper)
        self.b.serve()
        self.a.serve()
        self.until(lambda: self.health(self.b).get("state") == "step")

    def health(self, one: Room) -> dict[str, Any]:
        try:
            return dict(httpx.get(f"{one.base}/healthz", trust_env=False, timeout=5, verify=PLAIN).json())
        except (httpx.HTTPError, ValueError):
            return {}

    def until(self, holds: Any, seconds: float = 120.0) -> float:
        began = time.monotonic()
        while not holds():
            assert time.monotonic() - began < seconds, self.errors()
            time.sleep(0.02)
        return time.monotonic() - began

    def errors(self) -> str:
        return "\n".join((one.folder / "errors").read_text()[-2000:] for one in (self.a, self.b) if (one.folder / "errors").exists())

    def terminals(self, at: Room) -> list[Terminal]:
        made = []
        for seat, key, attempt, lease in self.pair.terminals:
            terminal = Terminal(at, seat, key)
            terminal.attempt, terminal.lease = attempt, lease
            made.append(terminal)
        return made

    def answer_until_dead(self, seconds: float) -> None:
        """All terminals answer as fast as they are told; the first machine dies in the middle and loses its disk."""
        terminals = self.terminals(self.a)
        for one in terminals:
            one.state()
        threads = [threading.Thread(target=self._answer, args=(one,)) for one in terminals]
        for one in threads:
            one.start()
        time.sleep(seconds)
        self.a.kill()
        self.a.keeper.kill() if self.a.keeper else None
        for one in threads:
            one.join()
        shutil.rmtree(self.a.folder / "site")

    def _answer(self, terminal: Terminal) -> None:
        choice = 0
        while True:
            choice += 1
            try:
                answer = terminal.answer(1 + choice % 6, "AB"[choice % 2])
            except (httpx.HTTPError, OSError):
                return
            if answer.status_code != 200:
                return
            self.acked[terminal.attempt] = answer.json()["saved"]

    def save(self, terminal: Terminal, item: int, value: str) -> None:
        """Answer as a terminal does: after a refusal it asks where it stands, and says it again from there."""

        def once() -> bool:
            try:
                terminal.state()
                return terminal.answer(item, value).status_code == 200
            except (httpx.HTTPError, KeyError):
                return False

        self.until(once)

    def promote(self, first: str = HEAD, second: str = DEPUTY, **fields: str) -> httpx.Response:
        data = {"first": first, "first_pin": PIN, "second": second, "second_pin": PIN, "off": "1"} | fields
        return httpx.post(f"{self.b.base}/standby/promote", data=data, trust_env=False, timeout=20, verify=PLAIN)

    def serving(self) -> bool:
        return "sittings" in self.health(self.b)

    def stop(self) -> None:
        for one in (self.a, self.b):
            for client in one.clients:
                client.close()
            if one.process and one.process.poll() is None:
                one.process.kill()
            if one.process and one.process.stdout:
                one.process.wait()
                one.process.stdout.close()
            if one.keeper:
                one.keeper.kill()
                one.keeper.wait()
            one.errors.close()
