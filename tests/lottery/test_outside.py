"""A third reading: a verifier written from the design alone by somebody who had not read the draw, its tests or its documents.

It stands in `outside/` as it was handed over. Its only meeting with the draw is in files; docs/adr/0012 says what the
design had left open and how it reads now.
"""

import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from kaopei.lottery import pool
from kaopei.lottery.draw import draw
from tests.lottery.instances import SEEDS, province
from tests.lottery.test_late import changed, redraw
from tests.lottery.test_vectors import VECTORS

pytestmark = pytest.mark.no_cover

OUTSIDE = Path(__file__).with_name("outside")


def folder(path: Path, files: Mapping[str, bytes]) -> Path:
    path.mkdir()
    for name, data in files.items():
        (path / name).write_bytes(data)
    return path


@pytest.fixture
def outsider(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """What the third reading says of a result, given as files: its exit status and its words."""
    monkeypatch.setattr(sys, "path", [str(OUTSIDE), *sys.path])
    import verify_outside

    def says(files: Mapping[str, bytes], result: Mapping[str, bytes], before: Mapping[str, bytes] | None = None) -> tuple[int, str]:
        here = tmp_path / str(len(list(tmp_path.iterdir())))
        here.mkdir()
        words = [str(folder(here / "instance", files)), str(folder(here / "result", result))]
        if before is not None:
            words += ["--previous", str(folder(here / "before", before))]
        return verify_outside.main(words), capsys.readouterr().out

    return says


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: f"{vector['province']}-{vector['seed'][:6]}")
def test_the_outsider_agrees_on_the_frozen_vectors(outsider, vector) -> None:
    files = province(int(vector["province"]), int(vector["candidates"]))
    status, told = outsider(files, draw(pool.parse(files), str(vector["seed"])).files())
    assert (status, told) == (0, "agrees: rows.jsonl, allocation.csv, transcript.json\n")


NUMBERS = [*range(500, 508), *(pytest.param(number, marks=pytest.mark.long) for number in range(508, 700))]


@pytest.mark.parametrize("number", NUMBERS)
def test_the_outsider_agrees_on_random_provinces(outsider, number: int) -> None:
    files = province(number, 20 + number % 7 * 30)
    status, told = outsider(files, draw(pool.parse(files), SEEDS[number % 100]).files())
    assert status == 0, told


LATE = [*range(4), *(pytest.param(number, marks=pytest.mark.long) for number in range(4, 40))]


@pytest.mark.parametrize("number", LATE)
def test_the_outsider_agrees_on_late_changes(outsider, number: int) -> None:
    later, before, _ = changed(number)
    status, told = outsider(later, redraw(later, before).files(), before.files())
    assert (status, told) == (0, "agrees: rows.jsonl, allocation.csv, moves.csv, transcript.json\n")


def test_the_outsider_finds_what_is_changed(outsider) -> None:
    files = province(500)
    result = draw(pool.parse(files), SEEDS[0]).files()
    head, first, second, *rest = result["allocation.csv"].split(b"\n")
    swapped = b"\n".join([head, second, first, *rest])
    assert outsider(files, result | {"allocation.csv": swapped})[1].startswith("allocation.csv: line 2\n")
    other_seed = result["transcript.json"].replace(SEEDS[0].encode(), SEEDS[1].encode())
    assert outsider(files, result | {"transcript.json": other_seed})[1].startswith("rows.jsonl: line 1\n")
    assert outsider(files | {"points.csv": files["points.csv"] + files["points.csv"].split(b"\n")[1] + b"\n"}, result)[0] == 2
