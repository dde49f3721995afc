"""One small month, rehearsed twice at once with the same seed; all tests here look at what lies there afterwards."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.rehearsal import small


@dataclass(frozen=True)
class Held:
    """A rehearsal that was held: its exit status, words, files."""

    out: Path
    status: int
    words: str

    @property
    def report(self):
        return json.loads((self.out / "report.json").read_text())


@pytest.fixture(scope="session")
def month(tmp_path_factory):
    """The folder with the workbooks, and the banks beside it where the command looks for them."""
    folder = tmp_path_factory.mktemp("month")
    folder.chmod(0o755)
    small.bank(folder / "item-bank")
    return small.pack().lay(folder / "pack")


@pytest.fixture(scope="session")
def both(month, tmp_path_factory):
    home = tmp_path_factory.mktemp("out")
    for place in (home, *home.parents):
        if place.stat().st_mode & 0o11 != 0o11 and place != Path("/"):
            place.chmod(place.stat().st_mode | 0o11)  # as root, PostgreSQL runs as somebody else, who must be able to enter
    outs = [home / "one", home / "two"]
    running = [small.start("rehearse", month, "--out", out, "--seed", small.SEED, log=home / f"{out.name}.log") for out in outs]
    return [Held(out, process.wait(600), (home / f"{out.name}.log").read_text()) for out, process in zip(outs, running, strict=True)]


@pytest.fixture(scope="session")
def held(both):
    assert both[0].status == 0, both[0].words
    return both[0]
