"""The draw, each part played by its own person through the draw's page: announce, commit, freeze, reveal, draw, verify, publish."""

import csv
import io
import re
import zipfile
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

from kaopei.rehearsal.clock import CHINA
from kaopei.rehearsal.page import Page
from kaopei.rehearsal.person import Stuck
from kaopei.rehearsal.programs import command
from kaopei.rehearsal.stage import Stage

PARTIES = {"city": "party_city", "province": "party_province", "notary": "party_notary"}
RULES = "交叉考试实施办法（演练）"
THIN = "本月考试点数量有限，已逐一核对名单，不再增开场次，按现有考试点抽签。"
BEFORE = timedelta(days=14)  # of the first exam: intake and announcement


def moment(stage: Stage, days_before: int, hour: int, minute: int = 0) -> datetime:
    """An hour of a day before the first exam; the same in every rehearsal of this month."""
    return datetime.combine(stage.month.first_day - timedelta(days=days_before), time(hour, minute), CHINA)


class Draw:
    """One draw of the places of a part (T theory, P practical) and the people who carry it out.

    Its files come into `out`, its counts into the report's `facts`; `name` begins its checks.
    """

    def __init__(self, stage: Stage, batch: str, part: str = "T", times: tuple[datetime, datetime] | None = None) -> None:
        self.stage, self.batch, self.part = stage, batch, part
        self.objections, self.public = times or (moment(stage, 12, 17), moment(stage, 12, 18))
        self.number = ""
        first = part == "T"
        self.out, self.name = (stage.out, "") if first else (stage.out / "practical", "practical_")
        self.facts: dict[str, Any] = stage.report.facts if first else stage.report.facts.setdefault("practical", {})

    @property
    def path(self) -> str:
        """Its page."""
        return f"/allocation/draws/{self.number}/"

    def announce(self) -> None:
        """Rule table, parties, source and times before anybody knows the input."""
        announcer = self.stage.person("announcer")
        said = {
            "batch": self.batch, "part": self.part, "rule_document": RULES, "rule_published_on": "2024-01-01", "public_source": "rehearsal",
            "objections_until": f"{self.objections:%Y-%m-%dT%H:%M}", "public_at": f"{self.public:%Y-%m-%dT%H:%M}", "third_interest": "notary",
            "party_city": PARTIES["city"], "party_province": PARTIES["province"], "party_third": PARTIES["notary"],
        }  # fmt: skip
        page = announcer.submit("/allocation/draws/new/", said, having="rule_document")
        self.number = page.url.rstrip("/").rpartition("/")[2]
        if "已公告" not in page.text:
            raise Stuck(f"announcer: {page.url}: {page.text[:400]}")

    def secret_of(self, party: str) -> str:
        """What the party keeps to itself until the freeze."""
        return self.stage.secret("draw", self.number, party).hex()

    def commit(self) -> None:
        """Each party in its own browser, signed with its own key."""
        for key, who in PARTIES.items():
            page = self.stage.person(who).get(self.path)
            if page.offers("/commit/"):
                self.stage.person(who).submit(page, {"secret": self.secret_of(key), "pin": self.stage.cast.pin}, ends="/commit/")

    def freeze(self) -> None:
        """The thin market is decided, then two persons sign the digest of the input."""
        freezer = self.stage.person("freezer")
        page = freezer.get(self.path)
        if page.offers("/thin/"):
            page = freezer.submit(page, {"choice": "accept", "reason": THIN}, ends="/thin/")
        freezer.submit(page, ends="/freeze/")
        self.stage.must_sign("approver", self.number)
        self._expect("已冻结")

    def reveal(self) -> None:
        """After the hour for objections; the last one comes after the public value's hour, and the draw goes on by itself."""
        self.stage.clock.go_to(self.public + timedelta(minutes=5))
        for key, who in PARTIES.items():
            page = self.stage.person(who).get(self.path)
            if page.offers("/reveal/"):
                self.stage.person(who).submit(page, {"secret": self.secret_of(key)}, ends="/reveal/")
        self.stage.until(lambda: "已抽签" in self.stage.person("freezer").get(self.path).text, f"draw {self.number} drawn")

    def play_on(self) -> None:
        """From wherever the draw stands to its published protocol; a draw that was interrupted is gone on with, never begun again."""
        self.commit()
        if self._stands("承诺已齐"):
            self.freeze()
        if self._stands("待公开密值"):
            self.reveal()
        if self._stands("待复核"):
            self.verify()
        if self.stage.person("freezer").get(self.path).offers("/protocol/"):
            self.publish()

    def _stands(self, words: str) -> bool:
        return words in self.stage.person("freezer").get(self.path).text

    def verify(self) -> None:
        """The province re-runs it with the stand-alone verifier and countersigns."""
        province = self.stage.person("province")
        self.stage.job("province", province.submit(self.path, ends="/verify/"))
        province.submit(self.path, {"pin": self.stage.cast.pin}, ends="/countersign/")
        self._expect("省级已复核")

    def publish(self) -> None:
        """protocol.json with two approvals."""
        self.stage.person("freezer").submit(self.path, ends="/protocol/")
        for who in ("approver", "approver2"):
            self.stage.must_sign(who, self.number)
        self.stage.person("freezer").submit(self.path, ends="/publish/")

    def fetch(self) -> None:
        """All files into `draw` of its folder, as anybody may re-run them; the signed protocol beside the other signed files."""
        out = self.out / "draw"
        with zipfile.ZipFile(io.BytesIO(self.stage.person("province").download(f"{self.path}draw.zip"))) as box:
            for name in box.namelist():
                place = self.stage.out / "parcels" / f"{self.name}draw.protocol.jws" if name == "protocol.json" else out / name
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(box.read(name))

    def check(self) -> None:
        """`./run lottery verify`, and the counts for the report."""
        out = self.out / "draw"
        done = command("lottery", "verify", str(out / "instance"), str(out / "result"))
        self.stage.report.check(f"{self.name}lottery_verify", done.returncode == 0, (done.stdout or done.stderr).strip()[:300])
        self.facts["draw"] = self._counts() | {"verified": done.returncode == 0}

    def _counts(self) -> dict[str, int]:
        files = Files(self.out / "draw")
        own, printed = files.at_own_site(), self._exempted()
        self.stage.report.check("own_site_only_by_exemption", own == printed, {"own": len(own), "printed": len(printed)})
        self.stage.report.check("nobody_at_a_suspended_site", not files.at_suspended_site(), len(files.at_suspended_site()))
        return {
            "candidates": len(files.candidates), "seats": sum(int(row["seats"]) for row in files.sessions.values()), "seated": len(files.placed),
            "public": sum(files.point(session)["kind"] == "public" for session in files.placed.values()), "exempt": len(printed),
        }  # fmt: skip

    def _exempted(self) -> set[str]:
        """Who sits at a site of his own institution, by the page that prints each of them with the clause."""
        page = self.stage.person("province").get(f"{self.path}exemptions/")
        return set(re.findall(r"<tr><td><code>([^<]+)</code>.*?<span class=\"clause\">\S", page.html))

    def _expect(self, words: str) -> None:
        page = self.stage.person("freezer").get(self.path)
        if words not in page.text:
            raise Stuck(f"draw {self.number}: {words} expected, the page says: {page.text[:500]}")

    def start_tickets(self) -> Page:
        """The press starts; the page of its job."""
        return self.stage.person("clerk").submit(self.path, ends="/tickets/make/")

    def fetch_tickets(self, printing: Page) -> int:
        """Tickets as PDFs into `tickets` of its folder: one file an institution and one a candidate; how many candidates."""
        self.stage.job("clerk", printing)
        clerk = self.stage.person("clerk")
        page, out = clerk.get(f"{self.path}tickets/"), self.out / "tickets"
        out.mkdir(parents=True, exist_ok=True)
        for url in sorted({url for _text, url in page.links if url.endswith(".zip")}):
            with zipfile.ZipFile(io.BytesIO(self.stage.take("clerk", url, "准考证发给培训机构"))) as box:
                for name in box.namelist():
                    (out / name).write_bytes(box.read(name))
        printed = len(list(out.glob("candidate-*.pdf")))
        self.stage.report.check(f"{self.name}tickets", printed == self.facts["draw"]["seated"], printed)
        return printed


class Files:
    """The files that were fetched, read as an outsider would: who was placed where, whose site that is."""

    def __init__(self, folder: Path) -> None:
        instance = folder / "instance"
        self.candidates = {row["cand_id"]: row for row in _rows(instance / "candidates.csv")}
        self.sessions = {row["session_id"]: row for row in _rows(instance / "sessions.csv")}
        self.points = {row["point_id"]: row for row in _rows(instance / "points.csv")}
        self.controllers = {row["inst_id"]: row["controller"] for row in _rows(instance / "institutions.csv")}
        self.suspensions = _rows(instance / "suspensions.csv") if (instance / "suspensions.csv").exists() else []
        self.placed = {row["cand_id"]: row["session_id"] for row in _rows(folder / "result" / "allocation.csv") if row["session_id"]}

    def point(self, session: str) -> dict[str, str]:
        """The site of a session."""
        return self.points[self.sessions[session]["point_id"]]

    def at_own_site(self) -> set[str]:
        """Candidates at a site of their own institution or of its controller."""
        return {who for who, session in self.placed.items() if self._own(self.candidates[who]["inst_id"], self.point(session))}

    def _own(self, institution: str, point: dict[str, str]) -> bool:
        controller = self.controllers.get(institution, "")
        return bool(point["inst_id"] and point["inst_id"] == institution or controller and point["controller"] == controller)

    def at_suspended_site(self) -> set[str]:
        """Candidates whose site is suspended on their day."""
        found = set()
        for who, session in self.placed.items():
            row = self.sessions[session]
            for one in self.suspensions:
                if one["point_id"] == row["point_id"] and one["from_day"] <= row["day"] <= one["to_day"]:
                    found.add(who)
        return found


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
