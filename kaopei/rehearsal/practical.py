"""The practical exam after the theory: sheets into the vault, the draw of who passed, one sitting at a site, both parts on a certificate."""

import csv
import io
import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

from kaopei.rehearsal import cast, founding, office, results
from kaopei.rehearsal.booklet import Booklet, plain
from kaopei.rehearsal.drawing import Draw, Files
from kaopei.rehearsal.page import Page
from kaopei.rehearsal.papers import Papers
from kaopei.rehearsal.person import Person, Stuck
from kaopei.rehearsal.sitting_day import ABSENT, RUNG_AT, Sitting, SittingDay, starts_of
from kaopei.rehearsal.stage import Stage

SHEETS, PLAN = "实操评分标准", "考试计划_实操"
LIST = "/results/practical/"
PUT_OFF = "本市还没有启用这个操作项目的实操评分标准，启用以后再列入名单。"
# How examiners mark: how often a step is not perfect, and how often a veto step is failed
SLIP, VETO = 0.12, 0.03


def missing(folder: Path, bank: Path) -> str:
    """What a practical exam lacks; empty if it can be held."""
    if not any((folder / f"{PLAN}{kind}").is_file() for kind in office.KINDS):
        return f"{folder} 里没有 {PLAN} 表格。"
    return "" if (bank / f"{SHEETS}.xlsx").is_file() else f"{bank} 里没有 {SHEETS}.xlsx。"


class Hall:
    """Everything around the one sitting: before it and after it."""

    def __init__(self, stage: Stage, papers: Papers) -> None:
        self.stage, self.papers = stage, papers
        self.out = stage.out / "practical"
        self.out.mkdir(exist_ok=True)
        self.subjects: set[str] = set()

    # ── the vault ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def bring_sheets(self) -> None:
        """One person's file, another one's signature; which operations can be examined."""
        stage, verdicts = self.stage, self.stage.data / "vault" / "sheet-verdicts.csv"
        stage.command("vault", "practical", "import", str(self.papers.bank / f"{SHEETS}.xlsx"), "--verdicts", str(verdicts))
        self._give_key("reviewer")
        self.papers.bring_trust()
        address = stage.start("vault", ["vault", "serve"])
        browser = Person("审题人（reviewer）", address)
        browser.log_in("reviewer", stage.cast.password)
        for url in sorted({url for _text, url in browser.get("/approvals/").links if "/approvals/0" in url}):
            browser.submit(url, {"pin": stage.cast.pin}, ends="/approve")
        page = browser.get("/score-sheets/")
        self.subjects = {plain(name) for name in re.findall(r'<tr><td>([^<]+)</td><td class="num">', page.html)}
        browser.close()
        stage.programs.pop("vault").stop()
        rows = list(csv.DictReader(io.StringIO(verdicts.read_text(encoding="utf-8"))))
        accepted = sum(row["decision"] != "refuse" for row in rows)
        stage.report.check("score_sheets", bool(self.subjects) and accepted > 0, {"subjects": sorted(self.subjects), "rows": accepted})

    def _give_key(self, username: str) -> None:
        """Somebody of the vault gets a signing key and a log-in there."""
        stage, player = self.stage, self.stage.cast.players[username]
        row = {"holder": username, "duties": list(player.roles), "role": "person", "city": "", "site": "", "pin": stage.cast.pin}
        stage.command("trust", "person", "--file", "-", given=json.dumps([row]))
        listed = json.loads(stage.command("trust", "show", "--json"))
        kid = [key["kid"] for key in listed["keys"] if key["holder"] == username][-1]
        # He carries his key into the vault: no file there comes from the office by itself.
        inside = stage.data / "vault" / "persons"
        inside.mkdir(exist_ok=True, mode=0o700)
        (inside / f"{kid}.key").write_bytes((stage.data / "persons" / f"{kid}.key").read_bytes())
        roles = [word for role in player.roles for word in ("--role", role)]
        words = ("--username", username, "--name", player.name, *roles, "--kid", kid)
        stage.command("vault", "person", *words, given=f"{stage.cast.password}\n")

    # ── the draw ──────────────────────────────────────────────────────────────────────────────────────────────────────────

    def draw(self) -> None:
        """Who cannot be examined yet is put off; all others are drawn by the same parties as to theory."""
        self._put_off()
        now = self.stage.clock.now().replace(second=0, microsecond=0)
        batch = f"{self.stage.month.city}-{self.stage.month.first_day:%Y-%m}"
        drawn = self.drawn = Draw(self.stage, batch, "P", (now + timedelta(hours=1), now + timedelta(hours=2)))
        drawn.announce()
        drawn.commit()
        drawn.freeze()
        drawn.reveal()
        drawn.verify()
        drawn.publish()
        drawn.fetch()
        drawn.check()
        drawn.fetch_tickets(drawn.start_tickets())
        files = Files(self.out / "draw")
        known = set(Files(self.stage.out / "draw").candidates) & set(files.candidates)
        self.stage.report.check("practical_pseudonyms_are_fresh", bool(files.candidates) and not known, len(files.candidates))

    def _put_off(self) -> None:
        clerk = self.stage.person("clerk")
        waiting = {text: url for text, url in clerk.get(LIST).links if "subject=" in url and "status=waiting" in url}
        for subject, url in sorted(waiting.items()):
            if plain(subject) not in self.subjects:
                clerk.submit(url, {"whom": "all", "reason": PUT_OFF}, ends=f"{LIST}close/")

    # ── one sitting ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def seal(self) -> Sitting:
        """The first sitting with candidates: a machine and examiners at its site, the order, the sealed tasks."""
        files = Files(self.out / "draw")
        order = sorted(set(files.placed.values()), key=lambda one: (int(files.sessions[one]["day"]), int(files.sessions[one]["slot"]), one))
        if not order:
            raise Stuck("实操抽签没有给任何人座位")
        number, site = order[0], order[0].partition("-")[0]
        if site not in self.papers.sites:
            self.papers.enrol([number])
        founding.staff_sites(self.stage, cast.examiners(self.stage.month.city, site))
        self.papers.hand_over(self.papers.seal_one(self.papers.order_one(number), number))
        return Sitting(number, self.papers.sites[site], starts_of(self.stage, [number])[number])

    def conclude(self, day: "Day") -> None:
        """Back, scored from the vault's own copy, released by two, and a certificate for who has passed both parts."""
        stage, (one,) = self.stage, day.sittings
        results.take_back(stage, self.papers, day.sittings)
        results.score(stage, self.papers, day.sittings)
        results.sign_off(stage, day.sittings)
        table = stage.take("clerk", f"/results/{one.number}/results.csv", "实操成绩交考试科存档")
        (self.out / "results.csv").write_bytes(table)
        rows = list(csv.DictReader(io.StringIO(table.decode())))
        counts = {word: sum(row["outcome"] == word for row in rows) for word in ("passed", "failed", "absent")}
        expected = {row["cand_id"]: row["score"] for row in rows if row["outcome"] in ("passed", "failed")}
        stage.report.check("practical_marks_arrive", expected == day.marked, counts)
        before = stage.report.facts["certificates"]
        results.certify(stage, day.sittings)
        made = stage.report.facts["certificates"] - before
        stage.report.check("practical_certificates", made == counts["passed"] > 0, {"certificates": made, **counts})
        facts = {"sitting": one.number, "candidates": one.total, "present": len(day.present), "results": counts, "certificates": made}
        stage.report.facts["practical"].update(facts)


class Day(SittingDay):
    """A practical sitting: two examiners mark each candidate, each on his own tablet."""

    def __init__(self, stage: Stage, papers: Papers, one: Sitting) -> None:
        super().__init__(stage, papers, Booklet([]), [one])
        self.present: list[dict[str, Any]] = []
        # What both examiners came to, by attempt, as results.csv has it
        self.marked: dict[str, str] = {}

    def sign_in(self) -> None:
        """Documents are looked at; a few do not come."""
        (one,) = self.sittings
        desk = one.site.desk(one.number)
        one.total = len(desk["candidates"])
        for row in desk["candidates"]:
            if self.stage.chance("comes", row["attempt"]) < ABSENT and one.absent + 1 < one.total:
                one.absent += 1
            else:
                one.site.sign_in(one.number, row, desk["csrf"])
                self.present.append(row)

    def examine(self) -> None:
        """The bell; each examiner marks everybody; where both agree the head ends it."""
        (one,) = self.sittings
        self.stage.clock.go_to(self.starts_at + RUNG_AT)
        one.site.ring(one.number)
        for place in range(len(cast.EXAMINERS)):
            for row in self.present:
                self._mark(one.site.at("examiner", place), one.site.path(one.number, f"practical/{row['attempt']}"), row)
        one.site.fill("head", one.site.path(one.number, "practical"), "/practical/finish", {})

    def _mark(self, browser: Person, path: str, row: dict[str, Any]) -> None:
        """Every step of every drawn task, saved, then signed; both examiners see the same."""
        page = browser.submit(path, {"id_last4": row["id_last4"], "checked": "1"}, ends="/begin")
        steps = _steps(page if "data-task" in page.html else browser.get(path))
        vetoed = {(task, step) for task, step, _points, may in steps if may and self._by_chance("veto", row, task, step) < VETO}
        off = {(task, step): points // 2 * (self._by_chance("slip", row, task, step) < SLIP) for task, step, points, _may in steps}
        said = [("deduct", *at, value) for at, value in off.items()] + [("veto", *at, 1) for at in sorted(vetoed)]
        marks = [[number, *one] for number, one in enumerate(said, 1)]
        lost = {task for task, _step in vetoed}
        score = sum(points - off[task, step] for task, step, points, _may in steps if task not in lost)
        csrf = {"csrf": _csrf(browser.get(path))}
        self._say(browser, f"{path}/marks", csrf | {"version": "1", "marks": json.dumps(marks)})
        signed = {"version": "1", "saved": str(len(marks)), "score": str(score), "veto": "1" if vetoed else "", "sign_pin": self.stage.cast.pin}
        self._say(browser, f"{path}/sign", csrf | signed)
        self.marked[row["attempt"]] = str(score)

    def _by_chance(self, what: str, row: dict[str, Any], task: int, step: int) -> float:
        """One candidate makes no mistake: a practical exam in which nobody passed has shown nothing."""
        return 1.0 if row is self.present[0] else self.stage.chance(what, row["attempt"], task, step)

    def _say(self, browser: Person, path: str, fields: dict[str, str]) -> None:
        answer = browser.ask("POST", path, data=fields, headers={"Accept": "application/json"})
        if answer.status_code != 200:
            raise Stuck(f"{browser.name}: {path} answered {answer.status_code}: {answer.text[:300]}")

    def hand_back(self) -> None:
        """There is no answer key: the result stood with the close."""
        for one in self.sittings:
            one.returned = one.site.hand_back(one.number)


def _steps(page: Page) -> list[tuple[int, int, int, bool]]:
    """(task, step, points, whether it is a veto step) as the sheet on the screen has them."""
    found = []
    for section in re.split(r'data-task="', page.html)[1:]:
        task = int(section.partition('"')[0])
        for line in re.split(r'<li data-step="', section)[1:]:
            step, points = int(line.partition('"')[0]), int(re.findall(r'data-points="(\d+)"', line)[0])
            found.append((task, step, points, 'class="veto"' in line))
    if not found:
        raise Stuck(f"no score sheet on {page.url}: {page.text[:400]}")
    return found


def _csrf(page: Page) -> str:
    return re.findall(r'data-csrf="([^"]+)"', page.html)[0]
