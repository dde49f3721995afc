"""The demo data of `./run`: one city's month out of `examples/`, played step by step through the same doors as by people.

What has been loaded is written down after each step, so that a second start goes on and never loads anything twice.
"""

import json
import re
import secrets
from collections.abc import Callable
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

from kaopei.rehearsal import journey, month, office, papers, results
from kaopei.rehearsal.booklet import Booklet
from kaopei.rehearsal.cast import Cast
from kaopei.rehearsal.clock import CHINA, Clock
from kaopei.rehearsal.drawing import Draw, moment
from kaopei.rehearsal.person import Stuck
from kaopei.rehearsal.report import Report
from kaopei.rehearsal.sitting_day import Sitting, SittingDay, starts_of
from kaopei.rehearsal.stage import Stage, lay_json

PROJECT = Path(__file__).resolve().parents[2]
PACK, BANK = PROJECT / "examples" / "foshan-2026-12", PROJECT / "examples" / "item-bank"
STATE = "demo-state.json"
# These look at what is there before they act, so they may be begun again; the others are begun once.
AGAIN = ("intake", "draw", "tickets", "publication")


def first_moment() -> datetime:
    """When the demo begins: two weeks before the first exam of its month."""
    return datetime.combine(month.look(PACK).first_day - timedelta(days=14), time(9), CHINA)


def begin(data: Path) -> None:
    """This fresh installation is a demo; one that somebody else made never gets demo data."""
    lay_json(data / STATE, {"seed": secrets.token_hex(32), "done": [], "begun": ""})
    Clock(data).go_to(first_moment())


def stage(data: Path, cast: Cast, ports: dict[str, int]) -> Stage:
    """The installation as a stage whose results stay in DATADIR/demo. Its site: the first that has a machine, else the pack's first."""
    out, seed, found = data / "demo", str(_state(data).get("seed", "")), month.look(PACK)
    out.mkdir(parents=True, exist_ok=True)
    addresses = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
    ports = {**ports, f"edge-{site_of(data)}": ports["edge"]}
    report = Report(out / "report.json", seed, loud=True)
    return Stage(data, out, seed, found, cast, Clock(data), report, addresses=addresses, ports=ports)


def site_of(data: Path) -> str:
    """The exam site whose server `./run` starts."""
    machines = sorted(path.parent.name for path in (data / "edges").glob("*/config.toml"))
    return machines[0] if machines else month.look(PACK).sites[0]


def is_demo(data: Path) -> bool:
    """Whether `./run` itself made this installation, to be shown."""
    return (data / STATE).exists()


def _state(data: Path) -> dict[str, Any]:
    path = data / STATE
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


class Demo:
    """Loads what is not loaded yet."""

    def __init__(self, playing: Stage) -> None:
        self.stage = playing
        found = playing.month
        self.batch = f"{found.city}-{found.first_day:%Y-%m}"
        self.draw = Draw(playing, self.batch)
        self.papers = papers.Papers(playing, BANK, 1)
        self.learned = Booklet([])
        self.held: list[Sitting] = []

    def load(self) -> bool:
        """Every step in order; False when one could not be done. The programs run on, whatever happens here."""
        steps: tuple[tuple[str, str, Callable[[], None]], ...] = (
            ("intake", "演示数据：受理报名、决定待定、生成场次", self._intake),
            ("draw", "演示数据：抽签", self._draw),
            ("tickets", "演示数据：准考证", self._tickets),
            ("papers", "演示数据：题库、考试服务器登记、密封", self._seal),
            ("exam", "演示数据：第一场考试（模拟考生）", self._exam),
            ("results", "演示数据：评分、成绩、证书", self._results),
            ("publication", "演示数据：向社会公布", self._publish),
        )
        kept = _state(self.stage.data)
        if all(name in kept["done"] for name, _title, _act in steps):
            return True
        if kept["begun"] and kept["begun"] not in (*kept["done"], *AGAIN):
            print("演示数据上次装到一半中断，不再续装；已有数据照常可用。需要完整的演示数据，请用 --data 另指一个新目录。", flush=True)
            return False
        print("正在装入演示数据，页面已经可以打开。", flush=True)
        for name, title, act in steps:
            if name not in kept["done"] and not self._do(kept, name, title, act):
                return False
        print("演示数据已全部装入。", flush=True)
        return True

    def _do(self, kept: dict[str, Any], name: str, title: str, act: Callable[[], None]) -> bool:
        kept["begun"] = name
        lay_json(self.stage.data / STATE, kept)
        try:
            with self.stage.report.step(name, title):
                act()
        except (Stuck, OSError) as problem:
            print(f"{title}没有完成：{str(problem)[:400]}\n各程序照常运行，已装入的数据可以使用。", flush=True)
            return False
        kept["done"].append(name)
        lay_json(self.stage.data / STATE, kept)
        return True

    def _intake(self) -> None:
        self.stage.clock.go_to(moment(self.stage, 14, 9))
        office.take_in(self.stage, PACK)
        office.decide_held(self.stage, self.batch)
        office.plan_sittings(self.stage, self.batch)

    def _draw(self) -> None:
        listing = self.stage.person("freezer").get("/allocation/draws/")
        found = re.search(rf"/allocation/draws/({re.escape(self.batch)}-T\d+)/", listing.html)
        if found:
            self.draw.number = found[1]
        else:
            self.draw.announce()
        self.draw.play_on()
        self.draw.fetch()
        self.draw.check()

    def _tickets(self) -> None:
        self.draw.number = self.draw.number or f"{self.batch}-T1"
        if not list((self.stage.out / "tickets").glob("candidate-*.pdf")):
            self.draw.fetch_tickets(self.draw.start_tickets())

    def _seal(self) -> None:
        self.learned = Booklet(self.papers.import_banks())
        self.stage.clock.go_to(moment(self.stage, 5, 9))
        wanted = self.papers.choose()
        self.papers.enrol(wanted)
        self.papers.seal(self.papers.order(wanted))
        self.papers.hand_over()

    def _exam(self) -> None:
        if not self.papers.sealed:
            raise Stuck("密封以后的步骤不能跨两次启动续装")
        starts = starts_of(self.stage, sorted(self.papers.sealed))
        self.held = [Sitting(number, self.papers.sites[number.partition("-")[0]], at) for number, at in starts.items()]
        journey.deliver(self.stage, self.papers, self.held)
        day = SittingDay(self.stage, self.papers, self.learned, self.held)
        day.open()
        day.sign_in()
        day.sit()
        day.hand_back()

    def _results(self) -> None:
        if not self.held:
            raise Stuck("考试以后的步骤不能跨两次启动续装")
        self.stage.clock.go_to(max(one.starts_at for one in self.held) + timedelta(hours=30))
        results.take_back(self.stage, self.papers, self.held)
        results.score(self.stage, self.papers, self.held)
        results.release(self.stage, self.held)
        results.certify(self.stage, self.held)

    def _publish(self) -> None:
        results.publish(self.stage)
