"""A rehearsal played by a test, step by step, for what the command never does by itself."""

from contextlib import contextmanager
from pathlib import Path

from kaopei.rehearsal import founding, journey, office
from kaopei.rehearsal.booklet import Booklet
from kaopei.rehearsal.drawing import Draw, moment
from kaopei.rehearsal.papers import Papers
from kaopei.rehearsal.sitting_day import Sitting, SittingDay, starts_of
from tests import installation
from tests.rehearsal import small


@contextmanager
def office_month(folder: Path, out: Path, monkeypatch, sittings: int = 1):
    """A stage with the center running and the month taken in; everything is stopped at the end."""
    for name in small.NAMED:
        monkeypatch.delenv(name, raising=False)
    wishes = journey.Wishes(folder=folder, out=out, seed=small.SEED, sittings=sittings)
    installation.lay(out / "data")
    found, bank, seed = journey._judged(wishes)
    stage = journey.prepare(wishes, found, seed)
    try:
        stage.clock.go_to(moment(stage, 14, 9))
        stage.start("center", ["center", "serve"])
        founding.admit(stage.data, stage.cast, [one for one in stage.cast.players.values() if not one.vault])
        batch = office.take_in(stage, folder)
        office.decide_held(stage, batch)
        office.plan_sittings(stage, batch)
        yield stage, Draw(stage, batch), bank
    finally:
        stage.stop()


def drawn_and_enrolled(stage, draw, bank):
    """(papers, booklet, what is to be sealed): the month drawn, tickets out, banks in, the sites' servers in their place."""
    draw.announce()
    draw.play_on()
    draw.fetch()
    draw.check()
    draw.fetch_tickets(draw.start_tickets())
    papers = Papers(stage, bank, 1)
    learned = Booklet(papers.import_banks())
    wanted = papers.choose()
    papers.enrol(wanted)
    return papers, learned, wanted


def sealed_sittings(stage, papers, wanted):
    """The sittings whose papers were sealed and handed over, the earliest first."""
    papers.seal(papers.order(wanted))
    papers.hand_over()
    return [Sitting(number, papers.sites[number.partition("-")[0]], at) for number, at in starts_of(stage, sorted(papers.sealed)).items()]


def opened_day(stage, papers, learned, held):
    """The morning: parcels at the site, the paper open, candidates hold their codes."""
    journey.deliver(stage, papers, held)
    day = SittingDay(stage, papers, learned, held)
    day.open()
    day.sign_in()
    return day
