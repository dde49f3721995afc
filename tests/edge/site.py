"""An exam site from nothing, through its public doors: commands, pages, files; with a sealed paper of real items."""

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from kaopei.edge.keeper import Keeper
from kaopei.parcel import enrolment, key_release, key_share, keyfile, manifest, seating
from tests.edge import room
from tests.edge.room import HEAD, INVIGILATOR, KEEPER, PATROLLER, PLAIN, STAFF, Terminal, candidate, csrf_in
from tests.parcel import cast
from tests.parcel.cast import CITY, NOW, SITE, SITTING, WINDOW, Province  # noqa: F401

PIN, SIGN_PIN, CACHE_PIN = room.PIN, "sign-135790", "802914"
DAY_BEFORE = NOW - 86_400
OPENING, BELL = NOW + 60, NOW + 960
STAGE2 = WINDOW["stage2_not_before"] + 60
KIDS = {HEAD: "head", PATROLLER: "patrol"}
SEAL = "440601-0007 440601-0008"


def run(*words: str) -> subprocess.CompletedProcess[str]:
    """A command as at a prompt."""
    return subprocess.run([sys.executable, "-m", "kaopei", *words], capture_output=True, text=True, timeout=300, check=False)


@dataclass
class Site(room.Room):
    """DATADIR with a rehearsal's trust, and one exam server in it."""

    packs: dict[str, room.Parcels] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        return self.folder / "edges" / SITE

    @property
    def config(self) -> Path:
        return self.home / "config.toml"

    def serve(self) -> None:
        command = [sys.executable, "-m", "kaopei", "edge", "serve", "--config", str(self.config)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.errors)
        line = self.process.stdout.readline() if self.process.stdout else b""
        assert b"http://127.0.0.1" in line, (self.folder / "errors").read_text()[-3000:]

    def quit(self) -> None:
        """Stopped on purpose: the keeper ends as well."""
        assert self.process and self.process.stdout
        self.process.terminate()
        assert self.process.wait(20) == 0, (self.folder / "errors").read_text()[-3000:]
        self.process.stdout.close()

    def stop(self) -> None:
        for client in self.clients:
            client.close()
        if self.process and self.process.stdout:
            self.process.terminate()
            self.process.wait()
            self.process.stdout.close()
        Keeper(self.home).quit()
        self.errors.close()

    def person(self, name: str) -> "Person":
        """Logged in at a browser of his own."""
        client = httpx.Client(base_url=self.base, timeout=30, trust_env=False, verify=PLAIN)
        self.clients.append(client)
        who = Person(self, client, name)
        answer = who.send("/login", name=name, pin=PIN)
        assert answer.status_code == 303, answer.text
        return who

    def guest(self) -> "Person":
        client = httpx.Client(base_url=self.base, timeout=30, trust_env=False, verify=PLAIN)
        self.clients.append(client)
        return Person(self, client, "")

    def rows(self, sql: str) -> list[tuple]:
        """What is on the disk, read beside the running server."""
        import apsw

        with apsw.Connection(str(self.home / "edge.sqlite"), flags=apsw.SQLITE_OPEN_READONLY) as connection:
            return connection.execute(sql).fetchall()


@dataclass
class Person:
    """A browser that fills in forms; `send` fetches the hidden field first."""

    site: Site
    client: httpx.Client
    name: str
    sitting: str = SITTING

    def path(self, part: str = "") -> str:
        return f"/s/{self.sitting}/{part}"

    def see(self, part: str = "", status: int = 200) -> str:
        answer = self.client.get(part if part.startswith("/") else self.path(part))
        assert answer.status_code == status, (answer.status_code, words(answer.text))
        return answer.text

    def send(self, part: str, second: str = "", files: Any = None, **fields: Any) -> httpx.Response:
        where = part if part.startswith("/") else self.path(part)
        page = self.client.get("/login" if where == "/login" else "/parcels")
        data = {"csrf": csrf_in(page.text), **{name.replace("__", "-"): value for name, value in fields.items()}}
        if second:
            data = {"second": second, "second_pin": PIN, **data}
        return self.client.post(where, data=data, files=files)

    def do(self, part: str, second: str = "", files: Any = None, **fields: Any) -> None:
        """An act that succeeds."""
        answer = self.send(part, second, files, **fields)
        assert answer.status_code == 303, (answer.status_code, words(answer.text))

    def refused(self, status: int, says: str, part: str, second: str = "", files: Any = None, **fields: Any) -> str:
        """An act that is refused with this status and these words."""
        answer = self.send(part, second, files, **fields)
        found = words(answer.text)
        assert (answer.status_code, says in found) == (status, True), (answer.status_code, found)
        return found


def words(page: str) -> str:
    """What people read on a page."""
    return " ".join(re.sub(r"<[^>]+>", " ", page.split("<main", 1)[-1]).split())


def found(folder: Path) -> Site:
    """Trust and people on the disk, the server set up and enrolled by its commands."""
    p = cast.found()
    (folder / "trust.json").write_bytes(p.data)
    (folder / "root.txt").write_text(p.root)
    (folder / "persons").mkdir()
    for signer in (p.signers["head"], p.signers["patrol"]):
        (folder / "persons" / f"{signer.kid}.key").write_bytes(keyfile.dump(signer.key, SIGN_PIN.encode()))
    site = Site(folder, p, room.free_port())
    site.clock(NOW - 400)
    listen = f"127.0.0.1:{site.port}"
    made = run("edge", "init", str(site.home), "--site", SITE, "--city", CITY, "--listen", listen, "--title", "第一考试点", "--min-free-mib", "1")
    assert made.returncode == 0, made.stderr
    asked = run("edge", "enrol", "--config", str(site.config), "--out", str(folder / "request.json"))
    assert asked.returncode == 0, asked.stderr
    enrol(site, (folder / "request.json").read_bytes())
    return site


def copied(laid: Site, folder: Path) -> Site:
    """The same enrolled server in a folder of the test's own, on a port of its own; nothing taken in yet."""
    shutil.copytree(laid.folder, folder, dirs_exist_ok=True)
    site = Site(folder, laid.province, room.free_port())
    site.config.write_text(site.config.read_text().replace(f":{laid.port}", f":{site.port}"))
    site.clock(NOW - 400)
    return site


def enrol(site: Site, request: bytes) -> None:
    """Two acceptors and the province sign the record."""
    p = site.province
    enrolment.read_request(request, p.trust, p.openers["key_service_decrypt"][1])
    draft = enrolment.accept(request, p.trust, accepted_by=["wang", "zhao"], not_before=NOW - 10**6, not_after=NOW + 10**7, at=NOW - 400)
    record = manifest.sign("enrolment", draft, [p.signers[name] for name in ("wang", "zhao", "province_release")])
    p.edge = enrolment.read(record, p.trust, at=NOW)
    (site.folder / "record.json").write_bytes(record)


def pack(site: Site, count: int = 3, sitting: str = SITTING, **more: Any) -> room.Parcels:
    """A sealed paper and its seating, for this server."""
    rows = more.pop("rows", None) or [candidate(n) for n in range(1, count + 1)]
    made = room.make(site.province, rows, sitting=sitting, **more)
    made = room.Parcels(rows, seats(site.province, rows, made.sealed.package_id, sitting), made.sealed, made.parcel)
    site.packs[sitting] = made
    return made


def seats(p: Province, rows: list[dict], package: str | None, sitting: str = SITTING, **more: Any) -> bytes:
    """The seating, with the key ids of those who sign."""
    staff = [
        {"kid": p.signers[KIDS[name]].kid if name in KIDS else None, "name": name, "role": role, "pin_verifier": room.verifier(PIN)}
        for name, role in STAFF.items()
    ]
    body = {
        "sitting_id": sitting,
        "rev": 1,
        "prev_hash": None,
        "package_id": package,
        "city": CITY,
        "site_code": SITE,
        "room": "",
        "rooms": [],
        "exam": {"title": "特种作业操作资格理论考试", "date": "2026-11-30", "start": "09:08", "end": "11:08"},
        "roster": rows,
        "staff": staff,
        "baseline": {"rev": 1, "devices": []},
        "numbers": {},
        "trust_chain": [],
        **more,
    }
    signed = p.approvals("seating.issue", sitting, seating.body_hash(body), rev=body["rev"])
    return seating.seal(body, signed, p.signers["center"], [p.edge], p.trust, at=NOW)


def files(*datas: bytes) -> list[tuple[str, tuple[str, bytes]]]:
    return [("files", (f"{at}.bin", data)) for at, data in enumerate(datas)]


def take_in(site: Site) -> Person:
    """The day before: all parcels in by two persons; the head stays logged in."""
    site.clock(DAY_BEFORE)
    parcels = [data for made in site.packs.values() for data in (made.sealed.parcel, made.seats)]
    answer = site.guest().send("/parcels/upload", files=files((site.folder / "record.json").read_bytes(), *parcels))
    assert answer.status_code == 200, words(answer.text)
    head = site.person(HEAD)
    head.do("/parcels/import", KEEPER)
    return head


def prepare(head: Person) -> None:
    """Everything checked and the room closed the day before; the seal found whole on the day."""
    items = ("network", "server", "monitoring", "terminals", "staff", "room")
    head.do("readiness/note", **{f"result__{item}": "ok" for item in items})
    head.do("readiness/close", KEEPER, seal=SEAL)
    head.site.clock(OPENING)
    head.do("readiness/unseal", INVIGILATOR, seal=SEAL)


def challenge(head: Person) -> str:
    """Ask for the challenge and read it off the page."""
    head.do("opening/challenge")
    return re.search(r'id="challenge">([0-9-]+)<', head.see("opening")).group(1)


def share_a(site: Site, sitting: str = SITTING) -> str:
    """The digits in the head's envelope."""
    payload = key_share.read(site.packs[sitting].sealed.shares["A"], site.province.trust)
    return " ".join(payload["share"]["digits"])


def token(site: Site, asked: str, *, at: int = OPENING, sitting: str = SITTING, stage: int = 1) -> bytes:
    """What the key service releases for this challenge."""
    p, made = site.province, site.packs[sitting]
    payload = key_share.read(made.sealed.shares["B" if stage == 1 else "R2"], p.trust)
    share = key_share.take(payload, p.trust.algorithms, *p.openers["key_service_decrypt"])
    approved = p.approvals("key.release", made.sealed.package_id, made.parcel.manifest_hash, rev=stage, at=at)
    return key_release.make(
        p.trust, made.parcel, p.edge, share, approved, p.signers["key_service"], at=at, stage=stage, challenge=asked, log_seq=stage
    )


SIGNED = {"sign_pin": SIGN_PIN, "second_sign_pin": SIGN_PIN}


def score(site: Site, head: Person) -> None:
    """The slip by two, the second secret, the provisional outcomes."""
    head.do("hand-back/slip", PATROLLER, **SIGNED)
    site.clock(STAGE2)
    head.do("hand-back/keys/challenge")
    head.do("hand-back/keys/token", KEEPER, files=second_token(site, head))


def asked_on(head: Person) -> str:
    """The challenge that the hand-back page shows."""
    return re.search(r'id="challenge">([0-9-]+)<', head.see("hand-back")).group(1)


def second_token(site: Site, head: Person, *, at: int = 0, **more: Any) -> dict[str, tuple[str, bytes]]:
    """The token of stage 2 for the challenge on the page, as the field of a form."""
    asked = asked_on(head)
    return {"token": ("token.json", token(site, asked, at=at or STAGE2, sitting=head.sitting, stage=2, **more))}


def open_paper(site: Site, head: Person) -> Person:
    """By the head and the keeper."""
    asked = challenge(head)
    head.do("opening/share", digits=share_a(site, head.sitting), cache_pin=CACHE_PIN)
    keeper = site.person(KEEPER)
    keeper.sitting = head.sitting
    keeper.do("opening/token", files={"token": ("token.json", token(site, asked, sitting=head.sitting))})
    return keeper


def ring(site: Site, head: Person) -> None:
    site.clock(BELL)
    head.do("bell", INVIGILATOR)


def seat_all(site: Site, head: Person, rows: list[dict]) -> list[Terminal]:
    """Sign in at the desk, start at the seat."""
    made = []
    head.client.headers["Accept"] = "application/json"
    for row in rows:
        answer = head.send("desk/sign-in", ticket_no=row["ticket_no"], id_last4=row["id_last4"], checked="1")
        assert answer.status_code == 200, answer.text
        terminal = Terminal(site, answer.json()["seat"], room.key(int(row["attempt"][1:])))
        assert terminal.start(answer.json()["code"]).status_code == 200
        made.append(terminal)
    head.client.headers["Accept"] = "text/html"
    return made


def build(head: Person, **more: Any) -> None:
    head.do("hand-back/build", PATROLLER, **{"sign_pin": SIGN_PIN, "second_sign_pin": SIGN_PIN} | more)
