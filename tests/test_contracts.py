"""Each import contract is shown to bite: a planted violation breaks exactly it."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# contract number, file that gets the bad line, the bad line
PLANTS = [
    ("1", "kaopei/law/verdict.py", "import kaopei.ledger.tree"),
    ("2", "kaopei/office/clock.py", "import kaopei.center.settings"),
    ("2", "kaopei/edge/store.py", "import kaopei.office.clock"),
    ("3", "kaopei/center/allocation/queries.py", "import kaopei.paper.item"),
    ("4", "kaopei/portal/urls.py", "import kaopei.center.results.models"),
    ("5", "kaopei/lottery/draw.py", "import random"),
    ("5", "kaopei/law/verdict.py", "import time"),
    ("6", "kaopei/parcel/manifest.py", "import django"),
    ("7", "kaopei/center/registry/queries.py", "import kaopei.center.results.queries"),
    ("8", "kaopei/center/registry/models.py", "import kaopei.center.registry.actions"),
    ("9", "kaopei/portal/urls.py", "import kaopei.lottery.draw"),
]


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """A copy of the code that may be spoiled."""
    copy = tmp_path_factory.mktemp("house")
    shutil.copytree(ROOT / "kaopei", copy / "kaopei", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", copy)
    return copy


def broken_contracts(house: Path) -> tuple[int, set[str]]:
    lint = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([lint, "--no-cache"], cwd=house, capture_output=True, text=True, timeout=120)
    names = {line.split()[0] for line in done.stdout.splitlines() if line.rstrip().endswith("BROKEN")}
    return done.returncode, names


def test_contracts_hold_in_the_copy(house):
    assert broken_contracts(house) == (0, set())


@pytest.mark.parametrize(("number", "place", "line"), PLANTS, ids=[f"{n}-{p}" for n, p, _ in PLANTS])
def test_planted_violation_breaks_its_contract(house, number, place, line):
    file = house / place
    clean = file.read_text(encoding="utf-8")
    file.write_text(f"{clean}\n{line}\n", encoding="utf-8")
    try:
        status, names = broken_contracts(house)
    finally:
        file.write_text(clean, encoding="utf-8")
    assert status != 0
    assert number in names


def test_a_folder_that_nobody_planned_breaks_the_order_of_the_center(house):
    """Contract 7 is exhaustive: a new app must be given its place in the flow."""
    folder = house / "kaopei/center/surprise"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    try:
        assert "7" in broken_contracts(house)[1]
    finally:
        shutil.rmtree(folder)


def test_there_is_no_exception_list():
    assert "ignore_imports" not in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
