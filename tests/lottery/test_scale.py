"""Fairness, locality, chance and the same bytes everywhere: sampled in ./test, the full counts in ./test long."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from hashlib import sha256
from pathlib import Path

import pytest

from kaopei.lottery import pool, verify
from kaopei.lottery.chance import chance
from kaopei.lottery.draw import draw
from tests.lottery.instances import SEEDS, Dice, Town, province

pytestmark = pytest.mark.no_cover

PROJECT = Path(__file__).resolve().parents[2]
SCRIPT = (
    "from hashlib import sha256\nfrom kaopei.lottery import pool, verify\nfrom kaopei.lottery.draw import draw\n"
    "from tests.lottery.instances import SEEDS, province\n"
    "made = [draw(pool.parse(province(n)), SEEDS[n]).files() for n in range(12)]\n"
    "assert not any(verify.verify(province(n), made[n]) for n in range(12))\n"
    "print(sha256(repr([sorted(files.items()) for files in made]).encode()).hexdigest())\n"
)


def pythons() -> dict[str, str]:
    """Interpreters from 3.12 on that this machine has, by version."""
    found = {sys.version.split()[0]: sys.executable}
    for path in sorted(Path.home().glob(".pyenv/versions/3.1[2-9]*/bin/python")):
        found.setdefault(path.parents[1].name, str(path))
    for minor in range(12, 16):
        python = shutil.which(f"python3.{minor}")
        if python:
            done = subprocess.run([python, "-c", "import platform; print(platform.python_version())"], capture_output=True, text=True, check=False)
            # One that only stands there to say that it is not installed tells nothing.
            if done.returncode == 0:
                found.setdefault(done.stdout.strip(), python)
    return found


@pytest.mark.slow
def test_same_bytes_on_every_python_and_hash_seed() -> None:
    told: dict[str, set[str]] = {}
    for version, python in pythons().items():
        for hash_seed in ("0", "1", "4242"):
            environment = {"PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(PROJECT), "PYTHONDONTWRITEBYTECODE": "1"}
            done = subprocess.run([python, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=True, cwd=PROJECT)
            told.setdefault(done.stdout, set()).add(f"{version}/{hash_seed}")
    assert len(told) == 1, told
    if len(pythons()) < 2:
        pytest.skip("only one Python from 3.12 on here")


def cities() -> dict[str, bytes]:
    """Two cities that do not cross, so that a caller may split the draw by city."""
    files = province(8, 120)
    files["cities.csv"] = files["cities.csv"].replace(b",1\n", b",0\n")
    return files


def split(city: str) -> list[tuple[str, str, str]]:
    files = cities()
    head, *rows = files["candidates.csv"].decode().splitlines()
    kept = [row for row in rows if row.split(",")[1] == city]
    return draw(pool.parse(files | {"candidates.csv": "\n".join([head, *kept, ""]).encode()}), SEEDS[3]).allocation


def test_one_and_two_processes_give_the_same_seats() -> None:
    parsed = pool.parse(cities())
    with ProcessPoolExecutor(2) as workers:
        parts = list(workers.map(split, sorted(parsed.cities)))
    assert len(parts) > 1
    together = draw(parsed, SEEDS[3]).allocation
    assert sorted(row for part in parts for row in part) == sorted(together)


def homogeneity(seeds: int) -> float:
    """χ²/df of 300 equal candidates at 12 equal sites; every cell is expected equally often."""
    town = Town()
    for each in range(12):
        town.site(f"P{each:02}").session(f"X{each:02}", f"P{each:02}", seats=40)
    for each in range(300):
        town.cand(f"K{each:03}")
    parsed = pool.parse(town.files())
    counts = dict.fromkeys(((f"K{cand:03}", f"X{site:02}") for cand in range(300) for site in range(12)), 0)
    for number in range(seeds):
        for cand, _, session in draw(parsed, sha256(f"fair {number}".encode()).hexdigest()).allocation:
            counts[cand, session] += 1
    totals = {f"X{site:02}": sum(counts[f"K{cand:03}", f"X{site:02}"] for cand in range(300)) for site in range(12)}
    chi = sum((count - totals[site] / 300) ** 2 * 300 / totals[site] for (_, site), count in counts.items())
    return chi / (299 * 11)


@pytest.fixture
def figure(capsys: pytest.CaptureFixture[str]) -> Callable[[str, float], float]:
    """Prints a figure whether or not output is captured, and hands it on."""

    def show(name: str, value: float) -> float:
        with capsys.disabled():
            print(f"\n{name}: {value:.4f}")
        return value

    return show


def test_equals_are_drawn_evenly(figure: Callable[[str, float], float]) -> None:
    """So few seeds say little: 99.9 % of χ² per degree of freedom at 3,289 of them lie within 0.08 of 1."""
    assert 0.9 < figure("χ²/df of 300 equals at 12 sites over 12 seeds", homogeneity(12)) < 1.1


@pytest.mark.long
def test_equals_are_drawn_evenly_over_500_seeds(figure: Callable[[str, float], float]) -> None:
    assert 0.9 < figure("χ²/df of 300 equals at 12 sites over 500 seeds", homogeneity(500)) < 1.1


def first_draws(seeds: int) -> float:
    """χ²/df of first draws against the published chances, over candidates of unequal sites; 1 if they are the law."""
    town = Town()
    for each, (far, seats) in enumerate(((0, 400), (15000, 300), (30000, 500), (90000, 200))):
        town.site(f"P{each}", at=(far, 0)).session(f"X{each}", f"P{each}", seats=seats)
    for each in range(40):
        town.cand(f"K{each:02}")
    parsed = pool.parse(town.files())
    published = chance(parsed, "K00")["T"]["public"]  # type: ignore[index]
    shares = {site: int(share.split("/")[0]) / 2**40 for site, share in published.items()}
    counts = dict.fromkeys(shares, 0)
    for number in range(seeds):
        for row in map(json.loads, draw(parsed, sha256(f"chance {number}".encode()).hexdigest()).rows):
            counts[row["drawn"][0][0]] += 1
    total = sum(counts.values())
    return sum((counts[site] - total * share) ** 2 / (total * share) for site, share in shares.items()) / 3


def test_first_draws_follow_the_published_chances() -> None:
    assert first_draws(60) < 3.8  # 99 % of χ² with three degrees of freedom


@pytest.mark.long
def test_first_draws_follow_the_published_chances_over_500_seeds(figure: Callable[[str, float], float]) -> None:
    assert figure("χ²/df of first draws against `lottery chance`, 3 degrees, over 500 seeds", first_draws(500)) < 3.8


def moved_by_one(candidates: int, trials: int) -> float:
    """Mean share of the others whose sitting changes when one candidate is removed."""
    files = market(candidates)
    parsed = pool.parse(files)
    before = {(cand, part): session for cand, part, session in draw(parsed, SEEDS[7]).allocation}
    dice, changed = Dice("who leaves"), 0
    head, *rows = files["candidates.csv"].decode().splitlines()
    for _ in range(trials):
        at = dice.below(len(rows))
        left = rows[:at] + rows[at + 1 :]
        after = draw(pool.parse(files | {"candidates.csv": "\n".join([head, *left, ""]).encode()}), SEEDS[7])
        now = {(cand, part): session for cand, part, session in after.allocation}
        gone = rows[at].split(",")[0]
        others = {key for key in before.keys() | now.keys() if key[0] != gone}
        changed += sum(before.get(key) != now.get(key) for key in others)
    return changed / trials / (candidates - 1)


def market(candidates: int) -> dict[str, bytes]:
    """One city, twelve sites, half of them public, nearly as many seats as people."""
    town, dice = Town(), Dice(f"market {candidates}")
    insts = ["I", *[f"I{each}" for each in range(9)]]
    for inst in insts[1:]:
        town.inst(inst)
    for each in range(12):
        kind = ("public", "attached")[each % 2]
        inst = "" if kind == "public" else insts[each % len(insts)]
        town.site(f"P{each:02}", kind, inst, at=(dice.below(60000), dice.below(60000)))
        for turn in range(candidates // 600):
            town.session(f"X{each:02}{turn:02}", f"P{each:02}", day=turn // 2, slot=turn % 2, seats=50)
    for each in range(candidates):
        town.cand(f"K{each:05}", inst=dice.one(*insts), earliest=dice.below(3) - 1)
    return town.files()


def test_one_who_leaves_moves_few_others() -> None:
    assert moved_by_one(1200, 4) < 0.03


@pytest.mark.long
def test_one_of_ten_thousand_who_leaves_moves_less_than_one_in_a_hundred(figure: Callable[[str, float], float]) -> None:
    assert figure("share of the others moved by one of 10,000 who leaves, mean of 20", moved_by_one(10_000, 20)) < 0.01


@pytest.mark.long
@pytest.mark.parametrize("number", range(40, 100))
def test_every_byte_of_a_result_counts(number: int) -> None:
    """Ten flips in each file of each result: all found, and the file named (or the seed, which is told in words)."""
    files = province(number)
    outputs, dice = draw(pool.parse(files), SEEDS[number]).files(), Dice(f"flip {number}")
    for name, data in outputs.items():
        for _ in range(10):
            at = dice.below(len(data))
            flipped = data[:at] + bytes([data[at] ^ 1 << dice.below(7)]) + data[at + 1 :]
            problems = verify.verify(files, outputs | {name: flipped})
            assert problems
            assert any(name in problem for problem in problems)
