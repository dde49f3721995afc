"""The exam server dies with its disk in the middle of a sitting; its standby is promoted, closes, hands back, and the center takes it.

Both servers are real processes, enrolled and countersigned through the center's pages; nothing here goes past a door.
"""

import asyncio
import json
import os
import shutil
import signal
import socket
import threading
from contextlib import suppress

import pytest

from kaopei.edge.keeper import Keeper
from kaopei.parcel import container
from kaopei.parcel.return_parcel import Returned
from kaopei.rehearsal import results
from kaopei.rehearsal.papers import ACCEPTORS
from kaopei.rehearsal.person import Person, Stuck
from kaopei.rehearsal.programs import Program, free_port
from tests.rehearsal.reading import key_of, listed
from tests.rehearsal.stages import drawn_and_enrolled, office_month, opened_day, sealed_sittings

pytestmark = pytest.mark.long


class Name:
    """The site's one name: leads to whichever of its servers listens, the first one first."""

    def __init__(self, *ports):
        self.ports, self.door = ports, socket.create_server(("127.0.0.1", 0))
        self.base = f"http://127.0.0.1:{self.door.getsockname()[1]}"
        threading.Thread(target=self._take, daemon=True).start()

    def _take(self):
        with suppress(OSError):
            while True:
                near, _ = self.door.accept()
                threading.Thread(target=self._lead, args=(near,), daemon=True).start()

    def _lead(self, near):
        with near:
            for port in self.ports:
                with suppress(OSError), socket.create_connection(("127.0.0.1", port)) as far:
                    back = threading.Thread(target=_pass_on, args=(far, near), daemon=True)
                    back.start()
                    _pass_on(near, far)
                    back.join()
                    break

    def close(self):
        self.door.close()


def _pass_on(source, target):
    with suppress(OSError):
        while piece := source.recv(65536):
            target.sendall(piece)
    for one in (source, target):
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)


class Standby:
    """The second server of a site, from `edge init` to its record; its folder, and where it listens."""

    def __init__(self, stage, papers, site):
        self.stage, self.site, self.port = stage, site, free_port()
        self.serial = f"EDGE-{site.number}-2"
        self.folder = site.folder.with_name(f"{site.number}-2")
        self.config, self.link = self.folder / "config.toml", f"127.0.0.1:{free_port()}"
        words = ["--site", site.number, "--city", stage.month.city, "--serial", self.serial, "--listen", f"127.0.0.1:{self.port}"]
        stage.command("edge", "init", str(self.folder), *words, data=False)
        with self.config.open("a") as config:
            config.write(f'trial_hours = 48\nfunction = "standby"\npeer = "peer.json"\nlink = "{self.link}"\n')
        request = self.folder / "request.jws"
        stage.command("edge", "enrol", "--config", str(self.config), "--out", str(request), data=False)
        said = {"acceptor1": ACCEPTORS[0], "acceptor2": ACCEPTORS[1]}
        stage.person("clerk").submit("/sittings/machines/", said, ends="/upload/", files=[("file", request)])
        for who in ACCEPTORS:
            papers._answer_machines(who, "/accept/", {"pin": stage.cast.pin}, 1)
        papers._answer_machines("province", "/countersign/", {}, 1)
        (record,) = [path for path in (stage.data / "enrolments").glob("*.json") if self.serial in path.name]
        shutil.copyfile(record, self.folder / "enrolment.json")
        shutil.copyfile(record, site.folder / "peer.json")
        shutil.copyfile(site.record, self.folder / "peer.json")
        with site.config.open("a") as config:
            config.write(f'peer = "peer.json"\nstandby = "{self.link}"\n')

    def serve(self):
        program = Program(self.serial, ["edge", "serve", "--config", str(self.config)], self.stage.data / "logs" / f"{self.serial}.log")
        self.stage.programs[self.serial] = program
        program.wait_ready(f"http://127.0.0.1:{self.port}/healthz")

    def serves(self):
        """Whether it is the exam server by now; between its two lives it does not listen at all."""
        browser = Person("healthz", f"http://127.0.0.1:{self.port}")
        try:
            return "sittings" in json.loads(browser.download("/healthz"))
        except Stuck:
            return False
        finally:
            browser.close()

    def promote(self):
        """The head and a deputy (or the keeper) saw the power off."""
        browser, pin = Person("备机", f"http://127.0.0.1:{self.port}"), self.stage.cast.pin
        said = {"first": self.site.one("head").name, "first_pin": pin, "second": self.site.one("keeper").name, "second_pin": pin, "off": "1"}
        browser.submit("/standby", said, ends="/standby/promote")
        browser.close()
        self.stage.until(self.serves, "promoted server")


@pytest.fixture
def running(month, place, monkeypatch):
    """The morning of a sitting at a site with two servers in step: the paper is open, candidates hold their codes."""
    with office_month(month, place / "out", monkeypatch) as (stage, draw, bank):
        papers, learned, wanted = drawn_and_enrolled(stage, draw, bank)
        pairs = {number: Standby(stage, papers, site) for number, site in papers.sites.items()}
        held = sealed_sittings(stage, papers, wanted)[:1]
        standby = pairs[held[0].site.number]
        name = Name(held[0].site.port, standby.port)
        held[0].site.base = name.base
        standby.serve()
        day = opened_day(stage, papers, learned, held)
        yield stage, papers, day, held[0], standby
        name.close()


def test_a_promoted_standby_hands_back_and_the_center_releases(running):
    stage, papers, day, one, standby = running

    async def strike():
        """The machine burns while everybody is answering; two persons promote the other one."""
        while sum(sitter.acknowledged for sitter in one.sitters.values()) < 80:
            await asyncio.sleep(0.005)
        program = stage.programs[one.site.program]
        os.kill(program.process.pid, signal.SIGKILL)
        await asyncio.to_thread(program.process.wait)
        await asyncio.to_thread(Keeper(one.site.folder).quit)
        shutil.rmtree(one.site.folder)
        before.append(sum(sitter.acknowledged for sitter in one.sitters.values()))
        one.site.forget_browsers()
        await asyncio.to_thread(standby.promote)

    before = []
    day.sit(also={one.number: strike})
    assert 80 <= before[0] < sum(sitter.acknowledged for sitter in one.sitters.values()), "replaced in the middle"
    one.site.folder, one.site.config = standby.folder, standby.config
    day.close()
    stage.clock.go_to(one.site.keys_from(one.number))
    challenge = one.site.ask_keys(one.number)
    said = {"challenge": challenge, "stage": "2", "machine": standby.serial}
    stage.person("clerk").submit(f"/sittings/{one.number}/release/", said, having="challenge")
    for who in ("key1", "key2"):
        stage.must_sign(who, "")
    one.site.score(one.number, papers.fetch("clerk", one.number, "key_release"))
    one.returned = one.site.hand_back(one.number)
    day._count(one)
    carried_whole(stage, one, standby)
    taken_and_released(stage, papers, one)


def carried_whole(stage, one, standby):
    """Every acknowledged answer, before and after the death, and what the dead machine had signed."""
    trust = listed(stage)
    parcel = Returned(one.returned.read_bytes(), trust)
    assert standby.serial in parcel.payload["ledger"]["origin"]
    blobs = parcel.contents(*key_of(stage, trust, "city_import"))
    carried = {row["attempt"]: row["answers"] for row in json.loads(blobs["answers"])["attempts"]}
    assert len(carried) == len(one.sitters) > 0
    for sitter in one.sitters.values():
        assert carried[sitter.attempt] == {str(item): value for item, value in sitter.sent.items()}
    assert any(name.endswith("checkpoint") for name, _ in container.read(blobs["ledger_before"]))


def taken_and_released(stage, papers, one):
    """Imported, audited, receipted, scored again by the vault, released by two; the ledgers verify."""
    results.take_back(stage, papers, [one])
    page = stage.person("clerk").get(f"/sittings/{one.number}/")
    assert "备用服务器接替主机" in page.text and "全部完好" in page.text
    results.score(stage, papers, [one])
    results.release(stage, [one])
    results.must_pass(stage)
    results.lay_trust(stage)
    results.check(stage, [one])
    broken = {name: check for name, check in stage.report.facts["checks"].items() if not check["ok"]}
    assert broken == {}
    facts = stage.report.facts["results"]
    print(f"{facts['passed']} passed, {facts['failed']} failed, released from the parcel of {one.site.config.parent.name}")
