"""Each import contract is shown to bite: every planted violation is named among those that break it."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# contract number, file that gets the bad line, the bad line
PLANTS = [
    ("1", "kaopei/law/verdict.py", "import kaopei.ledger.tree"),
    ("2", "kaopei/office/clock.py", "import kaopei.center.settings"),
    ("6", "kaopei/edge/store.py", "import kaopei.office.clock"),
    ("2", "kaopei/center/results/queries.py", "import kaopei.vault.commands"),
    ("2", "kaopei/vault/commands.py", "import kaopei.edge.app"),
    ("3", "kaopei/center/allocation/pool.py", "import kaopei.paper.item"),
    ("3", "kaopei/center/results/judging.py", "import kaopei.paper.score"),
    ("3", "kaopei/portal/listing.py", "import kaopei.paper.item"),
    ("3", "kaopei/office/clock.py", "import kaopei.paper.item"),
    ("4", "kaopei/commandline/intake.py", "import kaopei.center.registry.models"),
    ("4", "kaopei/portal/listing.py", "import kaopei.center.certificates.queries"),
    ("4", "kaopei/portal/listing.py", "import kaopei.center.results.queries"),
    ("4", "kaopei/portal/listing.py", "import kaopei.center.sittings.queries"),
    ("3", "kaopei/portal/listing.py", "import kaopei.paper.item"),
    ("4", "kaopei/portal/listing.py", "import kaopei.center.registry.queries"),
    ("5", "kaopei/lottery/draw.py", "import random"),
    ("5", "kaopei/law/verdict.py", "import time"),
    ("5", "kaopei/parcel/manifest.py", "import pathlib"),
    ("6", "kaopei/parcel/manifest.py", "import django"),
    ("6", "kaopei/edge/board.py", "import django.http"),
    ("7", "kaopei/center/registry/queries/register.py", "import kaopei.center.allocation.queries"),
    ("7", "kaopei/center/results/queries.py", "import kaopei.center.certificates.queries"),
    ("7", "kaopei/center/certificates/queries.py", "import kaopei.center.publication.queries"),
    ("8", "kaopei/center/registry/models/bodies.py", "import kaopei.center.registry.actions"),
    ("8", "kaopei/center/certificates/models.py", "import kaopei.center.certificates.queries"),
    ("8", "kaopei/center/publication/actions.py", "import kaopei.center.publication.views"),
    ("8", "kaopei/vault/custody/models.py", "import kaopei.vault.custody.actions"),
    ("9", "kaopei/portal/listing.py", "import kaopei.edge.settings"),
    ("10", "kaopei/rehearsal/journey.py", "import kaopei.center.commands"),
    ("10", "kaopei/rehearsal/person.py", "import kaopei.paper.score"),
]


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """A copy of the code that may be spoiled."""
    copy = tmp_path_factory.mktemp("house")
    shutil.copytree(ROOT / "kaopei", copy / "kaopei", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", copy)
    return copy


def linted(house: Path) -> tuple[int, str]:
    lint = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([lint, "--no-cache"], cwd=house, capture_output=True, text=True, timeout=300, env=os.environ | {"COLUMNS": "400"})
    return done.returncode, done.stdout


def broken(said: str) -> set[str]:
    """Numbers of the broken contracts."""
    return {line.split()[0] for line in said.splitlines() if line.rstrip().endswith("BROKEN")}


@pytest.fixture(scope="module")
def planted(house):
    """What is said with every bad line in its place: by contract number, the imports that break it."""
    clean = {house / place: (house / place).read_text(encoding="utf-8") for _, place, _ in PLANTS}
    for file, text in clean.items():
        lines = dict.fromkeys(line for _, place, line in PLANTS if house / place == file)
        file.write_text("\n".join([text, *lines, ""]), encoding="utf-8")
    status, said = linted(house)
    for file, text in clean.items():
        file.write_text(text, encoding="utf-8")
    assert status != 0
    sections = re.split(r"^(\d+) .*\n-+$", said.partition("Broken contracts")[2], flags=re.MULTILINE)
    return {number: set(re.findall(r"[\w.]+ -> [\w.]+", text)) for number, text in zip(sections[1::2], sections[2::2], strict=True)}


def test_contracts_hold_in_the_copy(house):
    status, said = linted(house)
    assert (status, broken(said)) == (0, set())


@pytest.mark.parametrize(("number", "place", "line"), PLANTS, ids=[f"{n}-{p}" for n, p, _ in PLANTS])
def test_planted_violation_breaks_its_contract(planted, number, place, line):
    importer, imported = place.removesuffix(".py").replace("/", "."), line.removeprefix("import ")
    outside = imported if imported.startswith("kaopei.") else imported.partition(".")[0]
    assert f"{importer} -> {outside}" in planted[number]


def test_a_folder_that_nobody_planned_breaks_the_order_of_the_center(house):
    """Contract 7 is exhaustive: a new app must be given its place in the flow."""
    folder = house / "kaopei/center/surprise"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    try:
        assert "7" in broken(linted(house)[1])
    finally:
        shutil.rmtree(folder)


def test_there_is_no_exception_list():
    assert "ignore_imports" not in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_every_app_is_named_in_the_contracts():
    """An app that appears later is not left out of contracts 4 and 8 by forgetting."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    named = {contract["name"].split()[0]: contract for contract in contracts}
    assert list(named) == [str(number) for number in range(1, 11)]
    assert {number for number, _, _ in PLANTS} == set(named), "a violation of each is planted"
    apps = {p.parent.relative_to(ROOT).as_posix().replace("/", ".") for p in (ROOT / "kaopei").glob("*/*/apps.py")}
    center = {app for app in apps if app.startswith("kaopei.center.")} - {"kaopei.center.publication"}
    assert center <= set(named["4"]["protected_modules"])
    # The page frame, long work and approvals of the office are libraries of its apps, not apps with pages in this order.
    assert apps - {"kaopei.office.ui"} <= set(named["8"]["containers"])
    assert {"kaopei.center", "kaopei.office", "kaopei.portal"} <= set(named["3"]["source_modules"])
    assert {"kaopei.edge", "kaopei.parcel"} <= set(named["6"]["source_modules"])


def test_every_room_has_its_place_in_the_layers():
    """A room that appears later is not left out of contract 2 by forgetting."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    layers = next(contract for contract in contracts if contract["name"].startswith("2 "))["layers"]
    placed = {room.strip("() ") for layer in layers for room in layer.split("|")}
    rooms = {f"kaopei.{folder.parent.name}" for folder in (ROOT / "kaopei").glob("*/__init__.py")} | {"kaopei.__main__"}
    assert placed == rooms, "terminal alone has no Python"
