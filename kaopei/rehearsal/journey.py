"""`./run rehearse`: the month from spreadsheets to certificates, step by step, each step with its own check."""

import os
import re
import secrets
import signal
import subprocess
import sys
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from pathlib import Path
from types import FrameType

from kaopei.rehearsal import browser, founding, month, office, practical, results
from kaopei.rehearsal.booklet import Booklet
from kaopei.rehearsal.clock import Clock
from kaopei.rehearsal.drawing import Draw, moment
from kaopei.rehearsal.papers import Papers
from kaopei.rehearsal.person import Stuck
from kaopei.rehearsal.programs import NotReady
from kaopei.rehearsal.report import Report
from kaopei.rehearsal.sitting_day import Sitting, SittingDay, starts_of
from kaopei.rehearsal.stage import Stage

PROJECT = Path(__file__).resolve().parents[2]
EXAMPLE_BANK = PROJECT / "examples" / "item-bank"
DEPLOYMENT = "kaopei-rehearsal"


class BadWishes(ValueError):
    """A rehearsal cannot be held as asked; nothing was started."""

    exit_status = 2


@dataclass(frozen=True)
class Wishes:
    """What the command line said."""

    folder: Path
    out: Path
    seed: str | None = None
    sittings: int = 1
    browser: bool = False
    practical: bool = False
    bank: Path | None = None
    data: Path | None = None


def run(wishes: Wishes) -> int:
    """Hold the rehearsal; 0 only if it came to its end and the check of every step held."""
    found, bank, seed = _judged(wishes)
    signal.signal(signal.SIGTERM, _interrupted)
    stage = prepare(wishes, found, seed)
    try:
        _office_month(stage, wishes, bank)
        stage.report.complete = True
    except (Stuck, NotReady, subprocess.TimeoutExpired) as problem:
        print(f"演练中断：{problem}", file=sys.stderr)
    except KeyboardInterrupt:
        print("演练已被中断。", file=sys.stderr)
    finally:
        # A second Ctrl-C must not leave programs behind.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        stage.stop()
    held = stage.report.finish()
    print(f"{'演练完成，各步核对均成立' if held else '演练没有通过'}：{stage.out / 'report.json'}")
    return 0 if held else 1


def _interrupted(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _judged(wishes: Wishes) -> tuple[month.Month, Path, str]:
    """Everything that can be wrong with the wishes is said before anything is written."""
    seed = (wishes.seed or secrets.token_hex(32)).lower()
    if not re.fullmatch(r"[0-9a-f]{64}", seed):
        raise BadWishes(f"--seed：种子应为 64 个十六进制字符，现在是 {len(seed)} 个字符。")
    if wishes.sittings < 1:
        raise BadWishes("--sittings：至少 1 场。")
    found, bank = month.look(wishes.folder), _bank(wishes)
    data = _data(wishes)
    if (data / "trust.json").exists():
        raise BadWishes(f"{data}：已有数据。演练要用新的数据目录，请换一个 --out 或 --data。")
    if wishes.out.exists() and (not wishes.out.is_dir() or any(place.name != "data" for place in wishes.out.iterdir())):
        raise BadWishes(f"{wishes.out}：不是空目录。请换一个，或先清空。")
    if wishes.browser:
        browser.find()
    if wishes.practical and (missing := practical.missing(wishes.folder, bank)):
        raise BadWishes(f"--practical：{missing}")
    return found, bank, seed


def _data(wishes: Wishes) -> Path:
    return (wishes.data or wishes.out / "data").absolute()


def prepare(wishes: Wishes, found: month.Month, seed: str) -> Stage:
    """OUT, DATADIR with the trust list, the cast: a stage on which nothing runs yet."""
    out, data = wishes.out.absolute(), _data(wishes)
    # A rehearsal has databases of its own; a production server that the environment names is none of its business.
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "VAULT_DATABASE_URL", "VAULT_DATABASE_OWNER_URL", "KAOPEI_DATA"):
        os.environ.pop(name, None)
    out.mkdir(parents=True, exist_ok=True)
    data.mkdir(parents=True, exist_ok=True, mode=0o711)
    report = Report(out / "report.json", seed)
    with report.step("founding", "建立演练的信任名单、密钥和人员"):
        cast = founding.found(data, found, deployment=DEPLOYMENT, seed=seed)
    return Stage(data, out, seed, found, cast, Clock(data), report)


def _bank(wishes: Wishes) -> Path:
    for folder in filter(None, (wishes.bank, wishes.folder.absolute().parent / "item-bank", EXAMPLE_BANK)):
        if folder.is_dir() and any(folder.glob("*.xlsx")):
            return folder
        if folder == wishes.bank:
            raise BadWishes(f"--bank：{folder} 里没有题库工作簿。")
    raise BadWishes("没有题库。请用 --bank 指明题库文件夹。")


def _office_month(stage: Stage, wishes: Wishes, bank: Path) -> None:
    report = stage.report
    stage.clock.go_to(moment(stage, 14, 9))
    with report.step("programs", "启动中心和题库室"):
        stage.start("center", ["center", "serve"])
        founding.admit(stage.data, stage.cast, [one for one in stage.cast.players.values() if not one.vault])
    with report.step("intake", "受理当月报名表格"):
        batch = office.take_in(stage, wishes.folder)
    with report.step("held", "逐条决定待定的报名"):
        office.decide_held(stage, batch)
        office.plan_sittings(stage, batch)
    draw = Draw(stage, batch)
    with report.step("draw", "抽签：公告、承诺、冻结、公开密值、抽签"):
        draw.announce()
        draw.commit()
        draw.freeze()
        draw.reveal()
    with report.step("verify", "独立复核、会签、公布"):
        draw.verify()
        printing = draw.start_tickets()  # thousands of pages: the others go on with their work meanwhile
        draw.publish()
        draw.fetch()
        draw.check()
    papers = Papers(stage, bank, wishes.sittings)
    with report.step("bank", "题库导入（准考证同时在印）"):
        learned = Booklet(papers.import_banks())
    with report.step("enrolment", "考试服务器登记、验收、省级会签"):
        wanted = papers.choose()
        papers.enrol(wanted)
    with report.step("tickets", "准考证印完、取走"):
        draw.fetch_tickets(printing)
    _exams(stage, wishes, papers, learned, wanted)


def _exams(stage: Stage, wishes: Wishes, papers: Papers, learned: Booklet, wanted: list[str]) -> None:
    report = stage.report
    stage.clock.go_to(moment(stage, 5, 9))
    with report.step("sealing", "任务书、组卷、密封"):
        papers.seal(papers.order(wanted))
        papers.hand_over()
    held = [Sitting(number, papers.sites[number.partition("-")[0]], at) for number, at in starts_of(stage, sorted(papers.sealed)).items()]
    held = sorted(held, key=lambda one: (one.starts_at, one.number))[: wishes.sittings]
    with report.step("parcels_in", "密封包和座次包送达考点，考前一天准备"):
        deliver(stage, papers, held)
    for place, (_day, same_day) in enumerate(groupby(held, key=lambda one: one.starts_at.date())):
        days = [SittingDay(stage, papers, learned, list(together)) for _start, together in groupby(same_day, key=lambda one: one.starts_at)]
        days[0].browser = wishes.browser and place == 0
        if place:
            try_again(stage, papers, [one for day in days for one in day.sittings])
        for day in days:
            _sit(stage, day)
        for day in days:
            with report.step(f"hand_back {day.starts_at:%m-%d %H:%M}", f"{day.starts_at:%m-%d %H:%M} 放行答案密钥、考点初评、回传包"):
                day.hand_back()
    _afterwards(stage, papers, held, wishes.practical)


def _practical(stage: Stage, papers: Papers) -> Sitting:
    """Who passed theory goes on: drawn to a practical exam, examined at a site, and given a certificate of both parts."""
    report, hall = stage.report, practical.Hall(stage, papers)
    with report.step("practical_sheets", "实操：评分标准导入、另一人签署启用"):
        hall.bring_sheets()
    with report.step("practical_draw", "实操：名单、抽签、独立复核、准考证"):
        hall.draw()
    with report.step("practical_sealing", "实操：任务书、密封、送达、考前一天准备"):
        day = practical.Day(stage, papers, hall.seal())
        deliver(stage, papers, day.sittings)
    with report.step("practical_exam", "实操：启封、签到、两名考评员评分、收场、回传包"):
        day.open()
        day.sign_in()
        day.examine()
        day.close()
        day.hand_back()
    with report.step("practical_results", "实操：入库、评分、双人发布、发证"):
        stage.clock.go_to(day.starts_at + timedelta(hours=30))
        hall.conclude(day)
    return day.sittings[0]


def deliver(stage: Stage, papers: Papers, held: list[Sitting]) -> None:
    """The afternoon before the first of these sittings: parcels and seating reach the sites, rooms are checked and closed."""
    stage.clock.go_to(min(one.starts_at for one in held) - timedelta(hours=18))
    for site in {one.site.number: one.site for one in held}.values():
        site.serve()
        papers.try_opening(site)
    for one in held:
        one.site.take_parcels([papers.parcels / papers.sealed[one.number]["parcel"], papers.seat(one.number)])
        one.site.prepare(one.number)


def try_again(stage: Stage, papers: Papers, sittings: list[Sitting]) -> None:
    """The evening before a later day: the trial of the first day is too old by then."""
    start = min(one.starts_at for one in sittings)
    if stage.clock.now() < start - timedelta(hours=14):
        stage.clock.go_to(start - timedelta(hours=14))
    for site in {one.site.number: one.site for one in sittings}.values():
        papers.try_opening(site)


def _sit(stage: Stage, day: SittingDay) -> None:
    report, when = stage.report, f"{day.starts_at:%m-%d %H:%M}"
    with report.step(f"opening {when}", f"{when} 放行密钥、双人启封"):
        day.open()
    with report.step(f"sign_in {when}", f"{when} 考生签到"):
        day.sign_in()
    with report.step(f"exam {when}", f"{when} 考试"):
        day.sit()
    with report.step(f"close {when}", f"{when} 收场、双人签小条、报送"):
        day.close()


def _afterwards(stage: Stage, papers: Papers, held: list[Sitting], examined: bool) -> None:
    report = stage.report
    stage.clock.go_to(max(one.starts_at for one in held) + timedelta(hours=30))
    with report.step("returns", "回传包入库、回执"):
        results.take_back(stage, papers, held)
    with report.step("score", "题库室评分"):
        results.score(stage, papers, held)
    with report.step("release", "双人发布成绩"):
        results.release(stage, held)
        results.must_pass(stage)
    with report.step("certificates", "发证"):
        results.certify(stage, held)
    if examined:
        held = [*held, _practical(stage, papers)]
    with report.step("publication", "公布"):
        results.publish(stage)
        stage.start("portal", ["portal", "serve"])
        results.look_up(stage)
    results.lay_trust(stage)
    with report.step("checks", "复核：密封包、台账、证书"):
        results.check(stage, held)
