"""An exam site: its server as a process of its own, its people at the server's pages, its sittings from closing to hand-back."""

import json
import re
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from kaopei.rehearsal.cast import Player
from kaopei.rehearsal.clock import CHINA
from kaopei.rehearsal.page import Page
from kaopei.rehearsal.person import Person, Stuck
from kaopei.rehearsal.programs import Program, free_port
from kaopei.rehearsal.stage import Stage

JSON = {"Accept": "application/json"}


class Site:
    """The exam server of one site and the browsers of the people on duty there."""

    def __init__(self, stage: Stage, number: str) -> None:
        self.stage, self.number = stage, number
        self.folder = stage.data / "edges" / number
        self.config = self.folder / "config.toml"
        self.port = stage.ports.get(self.program) or free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.browsers: dict[str, Person] = {}
        self.record: Path | None = None
        self.known = False
        stage.leaving.append(self.forget_browsers)

    # ── the machine ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def install(self) -> Path:
        """A fresh machine: configuration, keys, the request to be enrolled; the request's file."""
        request = self.folder / "request.jws"
        if request.exists():
            return request
        self.folder.parent.mkdir(parents=True, exist_ok=True, mode=0o711)
        words = ["--site", self.number, "--city", self.stage.month.city, "--listen", f"127.0.0.1:{self.port}"]
        self.stage.command("edge", "init", str(self.folder), *words, data=False)
        # As in earnest: without a trial opening in the last two days nothing real opens here.
        with self.config.open("a", encoding="utf-8") as config:
            config.write("trial_hours = 48\n")
        self.stage.command("edge", "enrol", "--config", str(self.config), "--out", str(request), data=False)
        return request

    def take_record(self, record: Path) -> None:
        """The countersigned record, to be brought to the site with the parcels."""
        self.record = record

    @property
    def program(self) -> str:
        """How the process is called in the logs."""
        return f"edge-{self.number}"

    def serve(self) -> None:
        """Start the server, or start it again after it was killed; one that runs goes on."""
        running = self.stage.programs.get(self.program)
        if running is not None:
            if running.process.poll() is None:
                return
            running.stop()
        log = self.stage.data / "logs" / f"{self.program}.log"
        program = Program(self.program, ["edge", "serve", "--config", str(self.config)], log)
        self.stage.programs[self.program] = program
        self.stage.addresses[self.program] = self.base
        program.wait_ready(f"{self.base}/healthz")

    def forget_browsers(self) -> None:
        """The server has forgotten its log-ins: people log in again."""
        for browser in self.browsers.values():
            browser.close()
        self.browsers.clear()

    # ── its people ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def one(self, duty: str, place: int = 0) -> Player:
        """Somebody with this duty here."""
        return self.stage.cast.at_site(self.number, duty)[place]

    def at(self, duty: str, place: int = 0) -> Person:
        """His browser, logged in by name and PIN."""
        player = self.one(duty, place)
        if player.username not in self.browsers:
            browser = Person(f"{player.name}（{self.number} {duty}）", self.base)
            page = browser.submit("/login", {"name": player.name, "pin": self.stage.cast.pin}, having="pin")
            if "/login" in page.url:
                raise Stuck(f"{browser.name}: log-in refused: {page.text[:300]}")
            self.browsers[player.username] = browser
        return self.browsers[player.username]

    def second(self, duty: str, place: int = 0, pin: str = "second_pin") -> dict[str, str]:
        """The other person in the same form."""
        return {"second": self.one(duty, place).name, pin: self.stage.cast.pin}

    def fill(self, duty: str, path: str, ends: str, fields: dict[str, Any], **more: Any) -> Page:
        """Open a page, fill in one of its forms; a refusal is quoted."""
        return self.at(duty).submit(path, fields, ends=ends, **more)

    # ── parcels in ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def take_parcels(self, files: list[Path]) -> None:
        """Paper and seating by two persons; before the first seating nobody is known here, so anybody may bring the files.

        The stick also holds every version of the trust list and the machine's own record.
        """
        lists = sorted((self.stage.data / "trust").glob("*.json"), key=lambda path: int(path.stem))
        files = [*lists, *filter(None, [self.record]), *files]
        upload = [("files", path) for path in files]
        if self.known:
            self.at("keeper").submit("/parcels", ends="/parcels/upload", files=upload)
        else:
            guest = Person(f"送件人（{self.number}）", self.base)
            guest.submit("/parcels", ends="/parcels/upload", files=upload)
            guest.close()
        self.fill("keeper", "/parcels", "/parcels/import", self.second("invigilator"))
        self.record, self.known = None, True
        # A log-in is good for the sittings of its moment: people log in again for the new one.
        self.forget_browsers()

    def sittings(self) -> dict[str, str]:
        """State of each sitting, as /healthz says."""
        browser = Person("healthz", self.base)
        found = json.loads(browser.download("/healthz"))["sittings"]
        browser.close()
        return dict(found)

    # ── one sitting ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def path(self, sitting: str, part: str = "") -> str:
        """Address of a sitting's page."""
        return f"/s/{quote(sitting, safe='')}/{part}"

    def prepare(self, sitting: str) -> None:
        """The day before: every item of the readiness list, then the room is closed with numbered seals by two persons."""
        page = self.at("keeper").get(self.path(sitting, "readiness"))
        items = sorted(name for name in page.form("/readiness/note").fields if name.startswith("result-"))
        self.at("keeper").submit(page, dict.fromkeys(items, "ok"), ends="/readiness/note")
        self.fill("head", self.path(sitting, "readiness"), "/readiness/close", self._seals() | self.second("keeper"))

    def unseal(self, sitting: str) -> None:
        """On the day: the seals are compared with the numbers written down, by two persons."""
        self.fill("head", self.path(sitting, "readiness"), "/readiness/unseal", self._seals() | self.second("keeper"))

    def _seals(self) -> dict[str, str]:
        return {"seal": f"FT-{self.number}-1 FT-{self.number}-2"}

    def challenge(self, sitting: str) -> str:
        """What the console shows for the key service, three groups of six digits."""
        page = self.at("head").get(self.path(sitting, "opening"))
        if not (found := _challenge(page)):
            page = self.fill("head", self.path(sitting, "opening"), "/opening/challenge", {})
            found = _challenge(page)
        if not found:
            raise Stuck(f"{self.number}: no challenge on the opening page: {page.text[:500]}")
        return found

    def open(self, sitting: str, share: Path, token: Path) -> None:
        """The head enters his share, another person the key service's token: the paper opens."""
        fields = {"cache_pin": self.stage.cast.pin}
        self.fill("head", self.path(sitting, "opening"), "/opening/share", fields, files=[("share", share)])
        browser = self.at("invigilator")
        browser.submit(self.path(sitting, "opening"), ends="/opening/token", files=[("token", token)])
        if self.sittings().get(sitting) != "opened":
            raise Stuck(f"{self.number}: {sitting} did not open: {browser.get(self.path(sitting, 'opening')).text[:600]}")

    def end_trial(self, sitting: str) -> None:
        """The dummy paper is closed again."""
        self.fill("head", self.path(sitting, "opening"), "/trial-done", self.second("keeper"))

    def desk(self, sitting: str) -> dict[str, Any]:
        """The sign-in desk: its list and the key of its forms."""
        answer = self.at("invigilator").ask("GET", self.path(sitting, "desk"), headers=JSON)
        if answer.status_code != 200:
            raise Stuck(f"{self.number}: desk of {sitting} answered {answer.status_code}: {answer.text[:300]}")
        return dict(answer.json())

    def sign_in(self, sitting: str, row: dict[str, Any], csrf: str) -> dict[str, Any]:
        """The candidate's document has been looked at: seat and start code."""
        said = {"csrf": csrf, "ticket_no": row["ticket_no"], "id_last4": row["id_last4"], "checked": "1", "room": row["room"]}
        answer = self.at("invigilator").ask("POST", self.path(sitting, "desk/sign-in"), data=said, headers=JSON)
        if answer.status_code != 200:
            raise Stuck(f"{self.number}: sign-in at {row['seat']} answered {answer.status_code}: {answer.text[:300]}")
        return dict(answer.json())

    def ring(self, sitting: str) -> None:
        """The bell, by two persons. The server's clock may stand behind by the seconds that the token took on its way: "reload then"."""
        page, head = self.path(sitting, "board"), self.at("head")
        self.stage.until(lambda: head.get(page).offers("/bell"), f"{sitting}: the bell may be rung")
        self.fill("head", page, "/bell", self.second("invigilator"))

    def gate_slip(self, sitting: str) -> Path:
        """The slip that was made with the challenge; its file."""
        slip = self.stage.out / "parcels" / f"{sitting}-gate.slip"
        slip.write_bytes(self.at("head").download(self.path(sitting, "opening/gate.slip")))
        return slip

    def close(self, sitting: str) -> Path:
        """The end, and the slip that two persons sign; its file."""
        page = self.path(sitting, "hand-back")
        self.fill("head", page, "/hand-back/close", self.second("invigilator"))
        self.fill("head", page, "/hand-back/slip", self.second("patroller") | self._pins())
        slip = self.stage.out / "parcels" / f"{sitting}-close.slip"
        slip.write_bytes(self.at("head").download(self.path(sitting, "hand-back/close.slip")))
        return slip

    def _pins(self) -> dict[str, str]:
        return {"sign_pin": self.stage.cast.pin, "second_sign_pin": self.stage.cast.pin}

    def keys_from(self, sitting: str) -> datetime:
        """When the center may release the answer keys, as the page says."""
        page = self.at("head").get(self.path(sitting, "hand-back"))
        found = re.search(r"最早\s*(\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2})", page.text)
        if not found:
            raise Stuck(f"{self.number}: no hour of the answer keys of {sitting}: {page.text[:500]}")
        return datetime.fromisoformat(found[1]).replace(tzinfo=CHINA)

    def ask_keys(self, sitting: str) -> str:
        """The challenge for the second secret."""
        page = self.fill("head", self.path(sitting, "hand-back"), "/keys/challenge", {})
        if not (found := _challenge(page)):
            raise Stuck(f"{self.number}: no challenge for the answer keys of {sitting}: {page.text[:500]}")
        return found

    def score(self, sitting: str, token: Path) -> None:
        """The second secret comes in; the site counts."""
        self.fill("head", self.path(sitting, "hand-back"), "/keys/token", self.second("keeper"), files=[("token", token)])

    def hand_back(self, sitting: str) -> Path:
        """Build the signed return parcel, write both media; the medium that goes to the city."""
        page = self.path(sitting, "hand-back")
        pins = self._pins()
        self.fill("head", page, "/hand-back/build", self.second("patroller") | pins)
        self.fill("head", page, "/hand-back/media", {})
        found = sorted(self.folder.glob(f"media/1/{sitting}-r*.xrb")) or sorted(self.folder.glob(f"outbox/{sitting}-r*.xrb"))
        if not found:
            raise Stuck(f"{self.number}: no return parcel of {sitting}: {self.at('head').get(page).text[:600]}")
        carried = self.stage.out / "parcels" / found[-1].name
        shutil.copyfile(found[-1], carried)
        return carried


def _challenge(page: Page) -> str:
    found = re.search(r'id="challenge"[^>]*>\s*([0-9]{6}-[0-9]{6}-[0-9]{6})', page.html)
    return found[1] if found else ""
