"""A real exam room for tests: sealed parcels with real items, taken in and opened, and the server as its own process."""

import asyncio
import base64
import contextlib
import hashlib
import json
import re
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import apsw
import httpx

from kaopei.edge import app, opening, parcel_in, settings
from kaopei.edge.console import Person
from kaopei.edge.keeper import Keeper
from kaopei.edge.server import Edge
from kaopei.edge.sitting import Sitting
from kaopei.paper import codec
from kaopei.parcel import approval, exam_parcel, key_release, key_share, keyfile, roster, seal_order, seating, shares
from tests.parcel import cast
from tests.parcel.cast import CITY, NOW, SITE, SITTING, WINDOW, Province

PIN = "246810"
# Plain HTTP on loopback: httpx would read the world's certificates for each client, 50 ms of processor.
PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
STAFF = {
    "陈国强": "head",
    "梁少芬": "deputy",
    "何志明": "keeper",
    "黎丽": "invigilator",
    "冯家俊": "invigilator",
    "区伟": "patroller",
}
HEAD, DEPUTY, KEEPER, INVIGILATOR, SECOND, PATROLLER = STAFF
SUBJECT = "低压电工作业"
OPENED_AT = NOW + 600
PNG = base64.b64encode(
    bytes.fromhex(
        "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63b8b5b9070004360206d3f61e070000000049454e44ae426082"
    )
).decode()


def digest32(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


@cache
def verifier(pin: str) -> str:
    salt = b"room"
    found = hashlib.scrypt(pin.encode(), salt=salt, n=2**10, r=8, p=1, dklen=32)
    text = (base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (salt, found))
    return "$".join(("scrypt", "1024", "8", "1", *text))


def item_text(number: int) -> str:
    return f"第{number}号试题：停电检修前应先做什么？（金丝雀{number}）"


def contents(rows: list[dict], items: int, minutes: int) -> list[tuple[str, str, bytes]]:
    """Items in three kinds; each candidate in an order of his own."""
    names, keys, found = [], {}, []
    for n in range(1, items + 1):
        kind = ("judge", "single", "multiple")[n % 3]
        ids = ["t", "f"] if kind == "judge" else ["a", "b", "c", "d"]
        name = digest32(f"item{n}")
        options = [{"id": one, "text": f"第{n}号题的选项{one}"} for one in ids]
        found.append(("item", name, codec.canonical({"kind": kind, "stem": item_text(n), "options": options})))
        keys[name] = ["b", "d"] if kind == "multiple" else [ids[n % len(ids)]]
        names.append((name, ids))
    policy, key = digest32("policy"), digest32("key")
    for at, row in enumerate(rows):
        order = names[at % items :] + names[: at % items]
        places = [{"item": name, "options": ids[at % len(ids) :] + ids[: at % len(ids)], "points": 1} for name, ids in order]
        form = {"attempt": row["attempt"], "subject": SUBJECT, "policy": policy, "duration_minutes": minutes, "items": places}
        found.append(("form", row["attempt"], codec.canonical(form)))
    rules = {
        "subject": SUBJECT,
        "duration_minutes": minutes,
        "full_marks": items,
        "pass_mark": items,
        "multiple": "exact",
        "sections": [{"kind": "single", "items": items, "marks": 1}],
        "key": key,
    }
    found.append(("policy", policy, codec.canonical(rules)))
    found.append(("key", key, codec.canonical({"subject": SUBJECT, "keys": keys})))
    return found


@dataclass
class Parcels:
    rows: list[dict]
    seats: bytes
    sealed: exam_parcel.Sealed
    parcel: exam_parcel.Parcel


def candidate(number: int, room: str = "", **more: Any) -> dict:
    row = cast.row(number, SUBJECT)
    row |= {"name": f"考生{number}", "id_last4": f"{number:03d}X", "ticket_no": f"4406012612{number:04d}"}
    return row | {"room": room or ("第1考场" if number <= 30 else "第2考场"), "seat": f"{number:02d}"} | more


def make(
    p: Province,
    rows: list[dict],
    *,
    items: int = 6,
    minutes: int = 120,
    sitting: str = SITTING,
    numbers: dict | None = None,
    devices: list[dict] | None = None,
    window: dict | None = None,
    edges: list[Any] | None = None,
    form_set: str = "A",
    policy: dict | None = None,
    blobs: list[tuple[str, str, bytes]] | None = None,
    more_staff: list[dict] | None = None,
) -> Parcels:
    draft = seal_order.draft(
        p.trust,
        at=NOW,
        order_id=f"SO-{sitting}",
        sitting_id=sitting,
        city=CITY,
        site_code=SITE,
        form_set=form_set,
        window=window or WINDOW,
        attempts=[{"attempt": row["attempt"], "subject": row["subject"]} for row in rows],
        roster_hash=roster.root(rows),
        edges=edges or [p.edge],
        officers=[],
        policy=cast.POLICY | {"duration_minutes": minutes} | (policy or {}),
    )
    approved = p.approvals("seal_order.issue", f"SO-{sitting}", approval.digest_of(draft, p.trust))
    order, edges = seal_order.read(seal_order.sign(draft, approved, p.signers["center"]), p.trust)
    subjects = [{"subject": SUBJECT, "bank_version": "1", "policy": {}}]
    sealed = exam_parcel.build(order, edges, blobs or contents(rows, items, minutes), p.custodians, p.trust, at=NOW, subjects=subjects)
    staff = [{"kid": None, "name": name, "role": role, "pin_verifier": verifier(PIN)} for name, role in STAFF.items()]
    staff += more_staff or []
    body = {
        "sitting_id": sitting,
        "rev": 1,
        "prev_hash": None,
        "package_id": sealed.package_id,
        "city": CITY,
        "site_code": SITE,
        "room": "",
        "rooms": [],
        "exam": {"title": "特种作业操作资格理论考试", "date": "2026-11-30", "start": "09:08", "end": "11:08"},
        "roster": rows,
        "staff": staff,
        "baseline": {"rev": 1, "devices": devices or []},
        "numbers": numbers or {},
        "trust_chain": [],
    }
    signed = p.approvals("seating.issue", sitting, seating.body_hash(body))
    seats = seating.seal(body, signed, p.signers["center"], edges or [p.edge], p.trust, at=NOW)
    return Parcels(rows, seats, sealed, exam_parcel.Parcel(sealed.parcel, p.trust))


def person(name: str) -> Person:
    return Person(name, STAFF[name], "")


@dataclass
class Room:
    folder: Path
    province: Province
    port: int
    process: subprocess.Popen[bytes] | None = None
    keeper: subprocess.Popen[bytes] | None = None
    clients: list[httpx.Client] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.errors = (self.folder / "errors").open("ab")

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def config(self) -> Path:
        return self.folder / "site" / "config.toml"

    def clock(self, at: float) -> None:
        """Let the rehearsal's clock show this moment from now on; running sittings count the jump as time."""
        self._shift(at - time.time())

    def jump(self, seconds: float) -> None:
        """Let so much time pass at once, and wait for the server's next tick: on a slow machine until it has time to answer after it."""
        self._shift(json.loads((self.folder / "clock.json").read_text())["offset_seconds"] + seconds)
        time.sleep(0.8)
        for _ in range(2):
            with contextlib.suppress(httpx.HTTPError):
                httpx.get(f"{self.base}/healthz", trust_env=False, timeout=60, verify=PLAIN)

    def _shift(self, offset: float) -> None:
        fresh = self.folder / "clock.new"
        fresh.write_text(json.dumps({"offset_seconds": offset}))
        fresh.replace(self.folder / "clock.json")

    def load(self) -> Edge:
        return app.load(settings.read(self.config))

    def hold_keys(self) -> None:
        """The keeper as this process's own child, so that it can be waited for."""
        keeper = Keeper(self.folder / "site")
        self.keeper = subprocess.Popen([sys.executable, "-m", "kaopei.edge.keeper", str(keeper.path)], stderr=self.errors)
        while not keeper.ping():
            assert self.keeper.poll() is None
            time.sleep(0.02)

    def serve(self) -> None:
        words = "import sys; from pathlib import Path; from kaopei.edge import app, settings; app.serve(settings.read(Path(sys.argv[1])))"
        self.process = subprocess.Popen([sys.executable, "-c", words, str(self.config)], stdout=subprocess.PIPE, stderr=self.errors)
        line = self.process.stdout.readline() if self.process.stdout else b""
        assert line, (self.folder / "errors").read_text()[-3000:]

    def kill(self) -> None:
        """kill -9: no word to anybody."""
        assert self.process and self.process.stdout
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def stop(self) -> None:
        for client in self.clients:
            client.close()
        if self.process and self.process.stdout:
            self.process.terminate()
            self.process.wait()
            self.process.stdout.close()
        Keeper(self.folder / "site").quit()
        if self.keeper:
            self.keeper.wait()
        self.errors.close()

    def client(self) -> httpx.Client:
        found = httpx.Client(base_url=self.base, timeout=20, headers={"Accept": "application/json"}, trust_env=False, verify=PLAIN)
        self.clients.append(found)
        return found

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """What is on the disk, read beside the running server."""
        line = apsw.Connection(str(self.folder / "site" / "edge.sqlite"), flags=apsw.SQLITE_OPEN_READONLY)
        try:
            return line.execute(sql, values).fetchall()
        finally:
            line.close()

    def entries(self, code: str) -> list[dict[str, Any]]:
        """Ledger entries of one kind, oldest first."""
        found = [json.loads(bytes(leaf)) for (leaf,) in self.rows("SELECT leaf FROM entry ORDER BY seq")]
        return [entry for entry in found if entry["type"] == code]

    def log_in(self, name: str, pin: str = PIN) -> "Staff":
        client = self.client()
        shown = client.get("/login", headers={"Accept": "text/html"}).text
        answer = client.post("/login", data={"csrf": csrf_in(shown), "name": name, "pin": pin}, headers={"Accept": "text/html"})
        assert answer.status_code == 303, answer.text
        return Staff(self, client, name)


def csrf_in(page: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    return found.group(1) if found else ""


@dataclass
class Staff:
    room: Room
    client: httpx.Client
    name: str
    csrf: str = ""
    sitting: str = SITTING

    def path(self, part: str) -> str:
        return f"/s/{self.sitting}/{part}"

    def page(self, part: str) -> httpx.Response:
        return self.client.get(self.path(part), headers={"Accept": "text/html"})

    def desk(self) -> dict[str, Any]:
        answer = self.client.get(self.path("desk"))
        assert answer.status_code == 200, answer.text
        self.csrf = answer.json()["csrf"]
        return answer.json()

    def post(self, part: str, second: str = "", pin: str = PIN, **fields: Any) -> httpx.Response:
        if not self.csrf:
            self.csrf = csrf_in(self.page("closing").text) or self.desk()["csrf"]
        data = {"csrf": self.csrf, **fields} | ({"second": second, "second_pin": pin} if second else {})
        return self.client.post(self.path(part), data=data)

    def sign_in(self, row: dict, **fields: Any) -> httpx.Response:
        return self.post("desk/sign-in", **{"ticket_no": row["ticket_no"], "id_last4": row["id_last4"], "checked": "1"} | fields)

    def ring(self, second: str = INVIGILATOR, **fields: Any) -> httpx.Response:
        return self.post("bell", second, **fields)


@dataclass
class Terminal:
    """A candidate over plain HTTP, with the chain of its own."""

    room: Room
    seat: str
    key: str
    client: httpx.Client = field(init=False)
    attempt: str = ""
    lease: int = 0
    seq: int = 0
    count: int = 0
    head: bytes = b""

    def __post_init__(self) -> None:
        self.client = self.room.client()
        self.client.headers["Authorization"] = f"Bearer {self.key}"

    def start(self, code: str, seat: str = "") -> httpx.Response:
        answer = self.client.post("/api/start", json={"seat": seat or self.seat, "code": code, "key": self.key})
        if answer.status_code == 200:
            self.attempt, self.lease = answer.json()["attempt"], answer.json()["lease"]
        return answer

    def state(self) -> dict[str, Any]:
        found = self.client.get("/api/state").json()
        self.head, self.seq, self.count, self.lease = bytes.fromhex(found["head"]), found["seq"], found["count"], found["lease"]
        return found

    def begin(self) -> httpx.Response:
        answer = self.client.post("/api/begin", json={})
        if answer.status_code == 200:
            self.state()
        return answer

    def event(self, item: int, value: str, kind: str = "answer") -> dict[str, Any]:
        self.seq += 1
        self.count += 1
        line = f"{self.attempt}|{self.lease}|{self.seq}|{kind}|{item}|{value}"
        self.head = hashlib.sha256(self.head + line.encode()).digest()
        return {"seq": self.seq, "kind": kind, "item": item, "value": value, "chain": self.head.hex()}

    def send(self, *events: dict[str, Any], lease: int | None = None) -> httpx.Response:
        return self.client.post("/api/events", json={"lease": self.lease if lease is None else lease, "events": list(events)})

    def answer(self, item: int, value: str) -> httpx.Response:
        return self.send(self.event(item, value))

    def hand_in(self) -> httpx.Response:
        return self.client.post("/api/hand-in", json={"count": self.count, "head": self.head.hex()})


def key(number: int) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(f"terminal{number}".encode()).digest()).decode().rstrip("=")


def free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])


def lay(folder: Path, p: Province) -> Room:
    """The folder of an enrolled server."""
    site = folder / "site"
    (site / "keys").mkdir(parents=True)
    room = Room(folder, p, free_port())
    (site / "passphrase").write_text("words")
    for name, made in (("edge_sign", p.edge_sign), ("edge_decrypt", p.edge_key)):
        (site / "keys" / f"{name}-{keyfile.kid(keyfile.public(made))}.key").write_bytes(keyfile.dump(made, b"words"))
    (site / "trust.json").write_bytes(p.data)
    (site / "root.txt").write_text(p.root)
    (site / "enrolment.json").write_bytes(p.edge.record)
    lines = {
        "site": SITE,
        "city": CITY,
        "serial": "EDGE-1",
        "title": "佛山市南海区第一考试点",
        "listen": f"127.0.0.1:{room.port}",
        "passphrase": "passphrase",
        "root": "root.txt",
        "clock": "../clock.json",
    }
    text = "".join(f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in lines.items())
    room.config.write_text(text + "min_free_mib = 1\nballast_mib = 1\nlow_mib = 1\n")
    room.clock(OPENED_AT)
    return room


async def take_in(edge: Edge, parcels: Parcels) -> Sitting:
    waiting: list[parcel_in.Waiting] = []
    for data in (parcels.seats, parcels.sealed.parcel):
        one = parcel_in.check(edge, data, waiting)
        await parcel_in.take(edge, one, person(HEAD), person(KEEPER))
    return edge.sittings[parcels.parcel.manifest["sitting_id"]]


async def unseal(edge: Edge, sitting: Sitting, parcels: Parcels, p: Province, at: int = OPENED_AT) -> None:
    """The real shares and a real token; the pages of the opening have tests of their own."""
    found = {name: key_share.read(data, p.trust) for name, data in parcels.sealed.shares.items()}
    share_a = key_share.take(found["A"], p.trust.algorithms)
    share_b = key_share.take(found["B"], p.trust.algorithms, *p.openers["key_service_decrypt"])
    challenge = shares.challenge("012345678901")
    approved = p.approvals("key.release", parcels.sealed.package_id, parcels.parcel.manifest_hash)
    token = key_release.make(
        p.trust, parcels.parcel, p.edge, share_b, approved, p.signers["key_service"], at=at, stage=1, challenge=challenge, log_seq=1
    )
    keys = (edge.keys.decrypt_kid, edge.keys.decrypt_key)
    payload, other = key_release.take(token, edge.trust, sitting.opener, *keys, stage=1, challenge=challenge)
    secrets = sitting.opener.unlock(share_a, other, *keys)
    half = opening.Half(share_a, person(HEAD), "135790", edge.clock.elapsed())
    await opening.open_paper(edge, sitting, secrets, token, payload, half, person(KEEPER))


def prepared(folder: Path, count: int = 4, *, opened: bool = True, **more: Any) -> tuple[Room, Parcels]:
    """A server's folder with one sitting taken in, and opened unless told otherwise; `others` are only taken in."""
    p = more.pop("province", None) or cast.found()
    room = lay(folder, p)
    rows = more.pop("rows", None) or [candidate(n) for n in range(1, count + 1)]
    others = [make(p, **other) for other in more.pop("others", [])]
    parcels = make(p, rows, **more)

    async def work() -> None:
        edge = room.load()
        room.hold_keys()
        sitting = await take_in(edge, parcels)
        for other in others:
            await take_in(edge, other)
        if opened:
            await unseal(edge, sitting, parcels, p)
        edge.store.close()

    # In a thread of its own: a browser's driver may have a loop running in this one.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: asyncio.run(work())).result()
    return room, parcels


@contextlib.contextmanager
def serving(folder: Path, count: int = 4, **more: Any) -> Iterator[tuple[Room, Parcels]]:
    room, parcels = prepared(folder, count, **more)
    try:
        room.serve()
        yield room, parcels
    finally:
        room.stop()
