"""One small month, rehearsed twice at once with the same seed; all tests here look at what lies there afterwards."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from kaopei.rehearsal import browser
from tests import installation
from tests.conftest import open_folder
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
def month():
    """The folder with the workbooks, and the banks beside it where the command looks for them."""
    with open_folder() as folder:
        small.score_sheets(small.bank(folder / "item-bank"))
        yield small.pack().lay(folder / "pack")


@pytest.fixture(scope="session")
def home():
    with open_folder() as folder:
        yield folder


@pytest.fixture(scope="session")
def both(month, home):
    """The second with a real browser, where the machine has one, and on to a practical exam: the same answers give the same results."""
    outs = [home / "one", home / "two"]
    for out in outs:
        installation.lay(out / "data")
    more = {"two": ["--practical", *(["--browser"] if has_browser() else [])]}
    running = [
        small.start("rehearse", month, "--out", out, "--seed", small.SEED, *more.get(out.name, []), log=home / f"{out.name}.log") for out in outs
    ]
    return [Held(out, process.wait(1800), (home / f"{out.name}.log").read_text()) for out, process in zip(outs, running, strict=True)]


def has_browser() -> bool:
    try:
        return bool(browser.find())
    except browser.NoBrowser:
        return False


@pytest.fixture(scope="session")
def held(both):
    assert both[0].status == 0, both[0].words
    return both[0]
