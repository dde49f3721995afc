"""A rehearsal played by a test, step by step, for what the command never does by itself."""

from contextlib import contextmanager
from pathlib import Path

from kaopei.rehearsal import founding, journey, office
from kaopei.rehearsal.drawing import Draw, moment
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
