"""From the draw to sealed papers at the sites: machines enrolled, orders approved, the vault seals, parcels and seating come in."""

import csv
import io
import json
import re
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

from kaopei.rehearsal import booklet, founding
from kaopei.rehearsal.cast import site_people
from kaopei.rehearsal.drawing import Files
from kaopei.rehearsal.person import Stuck
from kaopei.rehearsal.site import Site
from kaopei.rehearsal.stage import Stage

ACCEPTORS = ("approver", "approver2")
DUTIES = {
    "head": "考点负责人", "deputy": "副负责人", "keeper": "系统管理员", "invigilator": "监考人员", "patroller": "巡考人员", "examiner": "考评员",
}  # fmt: skip


class Papers:
    """The sittings that will be held: `sites` by number, `sealed` by sitting."""

    def __init__(self, stage: Stage, bank: Path, wanted: int) -> None:
        self.stage, self.bank, self.wanted = stage, bank, wanted
        self.sites: dict[str, Site] = {}
        self.sealed: dict[str, dict[str, Any]] = {}
        self.trials: dict[str, dict[str, Any]] = {}
        self.parcels = stage.out / "parcels"
        self.parcels.mkdir(parents=True, exist_ok=True)

    def import_banks(self) -> list[Path]:
        """Every bank of the folder into the vault; the files."""
        files = booklet.banks(self.bank)
        if not files:
            raise Stuck(f"{self.bank}：没有题库工作簿")
        verdicts = self.stage.data / "vault" / "bank-verdicts.csv"
        self.stage.command("vault", "bank", "import", *map(str, files), "--verdicts", str(verdicts))
        rows = list(csv.DictReader(io.StringIO(verdicts.read_text(encoding="utf-8"))))
        counts = Counter(row["decision"] for row in rows)
        self.stage.report.check("bank", counts["accept"] > counts["refuse"], dict(counts))
        return files

    def choose(self) -> list[str]:
        """The first sittings by (date, start, number), as many as it takes to have `wanted` whose subjects all have a bank."""
        files = Files(self.stage.out / "draw")
        subjects: dict[str, set[str]] = {}
        for who, session in files.placed.items():
            subjects.setdefault(session, set()).add(booklet.plain(files.candidates[who]["subject"]))
        have = [booklet.plain(path.stem) for path in booklet.banks(self.bank)]
        order = sorted(subjects, key=lambda number: (int(files.sessions[number]["day"]), int(files.sessions[number]["slot"]), number))
        chosen, good = [], 0
        for number in order:
            chosen.append(number)
            good += all(any(_named(subject, name) for name in have) for subject in subjects[number])
            if good == self.wanted:
                return chosen
        return chosen

    def enrol(self, sittings: list[str]) -> None:
        """A machine at each site: two acceptors sign, the province countersigns."""
        numbers = sorted({number.partition("-")[0] for number in sittings})
        people = [one for place, number in enumerate(numbers) for one in site_people(self.stage.month.city, number, place)]
        founding.staff_sites(self.stage, people)
        for number in numbers:
            self.sites[number] = site = Site(self.stage, number)
            request = site.install()
            said = {"acceptor1": ACCEPTORS[0], "acceptor2": ACCEPTORS[1]}
            self.stage.person("clerk").submit("/sittings/machines/", said, ends="/upload/", files=[("file", request)])
        for who in ACCEPTORS:
            self._answer_machines(who, "/accept/", {"pin": self.stage.cast.pin}, len(numbers))
        self._answer_machines("province", "/countersign/", {}, len(numbers))
        for number, site in self.sites.items():
            site.take_record(self._record(number))

    def _answer_machines(self, who: str, ends: str, fields: dict[str, str], expected: int) -> None:
        browser, done = self.stage.person(who), 0
        page = browser.get("/sittings/machines/")
        for form in [form for form in page.forms if form.action.endswith(ends)]:
            browser.submit(page, fields, ends=form.action.partition("/sittings/")[2])
            done += 1
        if done < expected:
            raise Stuck(f"{who}: {done} of {expected} machines could be answered with {ends}: {page.text[:500]}")

    def _record(self, number: str) -> Path:
        found = [path for path in (self.stage.data / "enrolments").glob("*.json") if f"-{number}-" in path.name]
        if not found:
            raise Stuck(f"{number}: no countersigned record in {self.stage.data / 'enrolments'}")
        return found[0]

    def order(self, sittings: list[str]) -> list[Path]:
        """Orders for these sittings, approved by two persons; the signed files."""
        clerk = self.stage.person("clerk")
        clerk.submit("/sittings/", {"count": str(len(sittings))}, ends="/order/")
        for who in ("approver", "approver2"):
            if self.stage.must_sign(who, "") < len(sittings):
                raise Stuck(f"{who}: fewer orders than {len(sittings)} waited for a signature")
        return [self.fetch("clerk", sitting, "seal_order") for sitting in sittings]

    def order_one(self, sitting: str) -> Path:
        """The order of this sitting, wherever it stands among the next ones; the signed file."""
        clerk = self.stage.person("clerk")
        token = clerk.get("/sittings/").form("/order/").fields["csrfmiddlewaretoken"]
        answer = clerk.ask("POST", "/sittings/order/", data={"csrfmiddlewaretoken": token, "sitting": sitting}, headers={"Referer": clerk.base})
        if answer.status_code != 200:
            raise Stuck(f"clerk: order of {sitting} answered {answer.status_code}: {answer.text[-800:]}")
        for who in ("approver", "approver2"):
            self.stage.must_sign(who, sitting)
        return self.fetch("clerk", sitting, "seal_order")

    def fetch(self, who: str, sitting: str, kind: str) -> Path:
        """The newest file of a kind of a sitting, kept in OUT/parcels."""
        path = self.parcels / f"{sitting}.{kind}.jws"
        path.write_bytes(self.stage.person(who).download(f"/sittings/{sitting}/newest/{kind}"))
        return path

    def seal(self, orders: list[Path]) -> None:
        """The vault seals what it has banks for and says what it cannot; parcels and shares come out."""
        data = self.stage.data
        self.bring_trust()
        custodians = [word for kid in self.custodians() for word in ("--custodian", kid)]
        out = data / "vault" / "out"
        printed = self.stage.command(
            "vault", "seal", "--order", *map(str, orders), *custodians, "--out", str(out), "--seed", self.stage.seed, expect=None
        )
        report = json.loads(printed) if printed.strip().startswith("{") else {"sealed": [], "refused": []}
        for row in report["refused"]:
            print(f"  {row['sitting_id']} 未密封：{row['reason']}")
            missing = {"id": row["sitting_id"], "subjects": row["subjects"], "reason": row["reason"]}
            self.stage.report.facts.setdefault("not_sealed", []).append(missing)
        for row in report["sealed"]:
            self.sealed[row["sitting_id"]] = {**row, "folder": out}
            (self.parcels / row["parcel"]).write_bytes((out / row["parcel"]).read_bytes())
        if not self.sealed:
            raise Stuck("没有一场可以密封：" + "；".join(f"{row['sitting_id']} {row['reason']}" for row in report["refused"]))
        if self.stage.report.check("sealed", len(self.sealed) >= self.wanted, sorted(self.sealed)):
            forms = json.loads((out / "forms.json").read_text(encoding="utf-8"))["forms"]
            self.stage.report.facts["forms"] = [{"id": form["id"], "digest": form["digest"]} for form in forms]

    def bring_trust(self) -> None:
        """The trust list with all its versions into the vault."""
        data = self.stage.data
        chain = sorted((data / "trust").glob("*.json"), key=lambda path: int(path.stem))
        root = (data / "root.txt").read_text(encoding="ascii").strip()
        self.stage.command("vault", "trust-in", *map(str, chain), "--root", root)

    def seal_one(self, order: Path, sitting: str) -> dict[str, Any]:
        """One more sitting, sealed by itself."""
        self.bring_trust()
        self.sealed[sitting] = self._sealed(order, self.stage.data / "vault" / "out")
        return self.sealed[sitting]

    def try_opening(self, site: Site) -> None:
        """A trial package through the whole ceremony: ordered, sealed, seated, released, opened by two persons, and ended."""
        start = self.stage.clock.now() + timedelta(minutes=10)
        known = set(self._trials(site.number))
        said = {"site": site.number, "date": f"{start:%Y-%m-%d}", "start": f"{start:%H:%M}"}
        self.stage.person("clerk").submit("/sittings/", said, ends="/trial/")
        for who in ("approver", "approver2"):
            self.stage.must_sign(who, "试封")
        (number,) = set(self._trials(site.number)) - known
        row = self.trials[number] = self._sealed(self.fetch("clerk", number, "seal_order"), self.stage.data / "vault" / "trials")
        files = [("files", row["folder"] / name) for name in (row["parcel"], *row["shares"].values())]
        page = self.stage.person("clerk").submit("/sittings/upload/", ends="/upload/", files=files)
        if page.html.count('data-state="taken"') < len(files):
            raise Stuck(f"clerk: the trial's files were not all taken: {page.text[:500]}")
        site.take_parcels([row["folder"] / row["parcel"], self.seat(number, site)])
        said = {"challenge": site.challenge(number), "stage": "1", "cameras": "on"}
        self.take_slip(site.gate_slip(number))
        self.stage.person("clerk").submit(f"/sittings/{number}/release/", said, having="challenge")
        for who in ("key1", "key2"):
            self.stage.must_sign(who, "")
        site.open(number, row["folder"] / row["shares"]["A"], self.fetch("clerk", number, "key_release"))
        site.end_trial(number)
        self.stage.report.check("trial_opened", site.sittings().get(number) == "returned", number)

    def take_slip(self, slip: Path) -> None:
        """A slip from a site, by the clerk's door for files."""
        page = self.stage.person("clerk").submit("/sittings/upload/", ends="/upload/", files=[("files", slip)])
        if 'data-state="taken"' not in page.html:
            raise Stuck(f"clerk: {slip.name} was not taken: {page.text[-300:]}")

    def _trials(self, site: str) -> list[str]:
        page = self.stage.person("clerk").get("/sittings/")
        return re.findall(rf"/sittings/(TRIAL-{site}-\d+)/", page.html)

    def _sealed(self, order: Path, out: Path) -> dict[str, Any]:
        custodians = [word for kid in self.custodians() for word in ("--custodian", kid)]
        words = ("vault", "seal", "--order", str(order), *custodians, "--out", str(out), "--seed", self.stage.seed)
        (row,) = json.loads(self.stage.command(*words))["sealed"]
        (self.parcels / row["parcel"]).write_bytes((out / row["parcel"]).read_bytes())
        return {**row, "folder": out}

    def custodians(self) -> list[str]:
        """Key ids of the two custodians."""
        listed = json.loads(self.stage.command("trust", "show", "--json"))
        return [key["kid"] for key in listed["keys"] if key["role"] == "custodian"][:2]

    def hand_over(self, *rows: dict[str, Any]) -> None:
        """Parcels and shares to the center in one go, by default all; the head's share leaves it again on paper, against a receipt."""
        clerk, files = self.stage.person("clerk"), []
        for row in rows or self.sealed.values():
            files += [row["folder"] / name for name in (row["parcel"], *row["shares"].values())]
        page = clerk.submit("/sittings/upload/", ends="/upload/", files=[("files", path) for path in files])
        states = page.html.count('data-state="taken"')
        if states < len(files):
            raise Stuck(f"clerk: {states} of {len(files)} files taken: {page.text[:800]}")

    def share_of_head(self, sitting: str) -> Path:
        """The head's share as the vault printed it."""
        row = self.sealed[sitting]
        return Path(row["folder"] / row["shares"]["A"])

    def seat(self, sitting: str, site: Site | None = None) -> Path:
        """Who is on duty, signed by two approvers and sealed to the machine; the file."""
        site = site or self.sites[sitting.partition("-")[0]]
        out = io.StringIO()
        table = csv.writer(out, lineterminator="\n")
        table.writerow(["姓名", "岗位", "口令", "签名人"])
        for one in self.stage.cast.of_site(site.number):
            table.writerow([one.name, DUTIES[one.duties[0]], self.stage.cast.pin, one.username])
        self.stage.person("clerk").submit(f"/sittings/{sitting}/seating/", {"staff_text": out.getvalue()}, having="staff_text")
        for who in ("approver", "approver2"):
            self.stage.must_sign(who, "")
        return self.fetch("clerk", sitting, "seating")


def _named(subject: str, file: str) -> bool:
    """Whether a bank's file name says this subject, whatever the punctuation."""
    return "".join(filter(str.isalnum, subject)) in "".join(filter(str.isalnum, file))
