"""A practical sitting on a real server: sealed tasks, three examiners, and examiners who talk HTTP."""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from kaopei.paper import codec, practical
from kaopei.parcel import keyfile
from kaopei.parcel.keyfile import Signer
from tests.edge import room as stage
from tests.edge.room import HEAD, INVIGILATOR, NOW, PIN, SUBJECT, WINDOW, Parcels, Room, candidate, csrf_in
from tests.paper.practice import sheet

SECRET = bytes(range(32))
EXAMINERS = ("冼志强", "卢婉仪", "招国华")
FIRST, SECOND, THIRD = EXAMINERS
SIGN_PIN = "sign-2468"
EMPTY = {"examiners": 2, "difference": None, "combine": "", "third": ""}
SHEET = sheet(SUBJECT)


def contents(rows: list[dict]) -> list[tuple[str, str, bytes]]:
    forms = [("form", row["attempt"], codec.canonical(practical.form(SHEET, row["attempt"], SECRET))) for row in rows]
    return practical.shared_blobs(SHEET, SECRET) + forms


def staff(keys: dict[str, str] | None = None, **more: dict[str, Any]) -> list[dict]:
    """Rows of the seating; `more` by name adds room or not_for."""
    row = {"role": "examiner", "pin_verifier": stage.verifier(PIN)}
    return [row | {"kid": (keys or {}).get(name), "name": name} | more.get(name, {}) for name in EXAMINERS]


@contextlib.contextmanager
def examining(
    folder: Path, count: int = 2, *, rule: dict | None = None, about: dict | None = None, keys: dict[str, str] | None = None, **more: Any
) -> Iterator[tuple[Room, Parcels]]:
    """The bell has rung and everybody is signed in."""
    rows = more.pop("rows", None) or [candidate(n) for n in range(1, count + 1)]
    facts = {"policy": {"practical": EMPTY | (rule or {})}, "blobs": contents(rows), "more_staff": staff(keys, **(about or {}))}
    with stage.serving(folder, rows=rows, window=WINDOW | {"start_latest": NOW + 9000}, **facts, **more) as (room, parcels):
        room.clock(NOW + 930)
        desk = room.log_in(INVIGILATOR)
        for row in rows:
            assert desk.sign_in(row).status_code == 200
        assert room.log_in(HEAD).ring().status_code == 200
        yield room, parcels


@dataclass
class Examiner:
    """A tablet in somebody's hand."""

    room: Room
    name: str
    client: httpx.Client | None = None
    csrf: str = ""

    def __post_init__(self) -> None:
        made = self.room.log_in(self.name)
        self.client = made.client
        self.csrf = csrf_in(self.client.get("/parcels", headers={"Accept": "text/html"}).text)

    def path(self, row: dict, part: str = "") -> str:
        return f"/s/{stage.SITTING}/practical/{row['attempt']}" + (f"/{part}" if part else "")

    def post(self, row: dict, part: str, **fields: Any) -> httpx.Response:
        assert self.client
        return self.client.post(self.path(row, part), data={"csrf": self.csrf, **fields})

    def page(self, row: dict | None = None) -> str:
        assert self.client
        where = self.path(row) if row else f"/s/{stage.SITTING}/practical"
        answer = self.client.get(where, headers={"Accept": "text/html"})
        assert answer.status_code == 200, answer.text
        return answer.text.split("<main", 1)[1]

    def begin(self, row: dict, **fields: Any) -> httpx.Response:
        return self.post(row, "begin", **{"id_last4": row["id_last4"], "checked": "1"} | fields)

    def state(self, row: dict) -> dict[str, Any]:
        assert self.client
        return self.client.get(self.path(row, "marks")).json()

    def send(self, row: dict, *marks: list[Any], version: int = 1) -> httpx.Response:
        return self.post(row, "marks", version=str(version), marks=json.dumps(list(marks)))

    def all_marks(self, first: int = 1, **deducted: int) -> list[list[Any]]:
        """Every step of both tasks; `s12=5` takes 5 off at task 1 step 2."""
        steps = [(task, step) for task in (1, 2) for step in (1, 2, 3)]
        return [[first + at, "deduct", task, step, deducted.get(f"s{task}{step}", 0)] for at, (task, step) in enumerate(steps)]

    def sign(self, row: dict, score: int, *, veto: bool = False, pin: str = PIN, saved: int | None = None, version: int = 1) -> httpx.Response:
        number = self.state(row)["saved"] if saved is None else saved
        return self.post(row, "sign", version=str(version), saved=str(number), score=str(score), veto="1" if veto else "", sign_pin=pin)

    def mark(self, row: dict, **deducted: int) -> int:
        """Begin, mark everything and sign; the score."""
        assert self.begin(row).status_code == 200
        assert self.send(row, *self.all_marks(**deducted)).json() == {"saved": 6}
        score = 100 - sum(deducted.values())
        answer = self.sign(row, score)
        assert answer.status_code == 200, answer.text
        return score


def own_keys(province: Any, persons: Path, *names: str) -> dict[str, Signer]:
    """Signing keys of examiners laid down under their PIN; their kids must be in the trust list to count."""
    found = {}
    persons.mkdir(exist_ok=True)
    for name in names:
        found[name] = Signer(keyfile.generate_sign())
        (persons / f"{found[name].kid}.key").write_bytes(keyfile.dump(found[name].key, SIGN_PIN.encode()))
    return found
