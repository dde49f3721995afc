"""`./run intake`, as a city types it."""

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest

from kaopei.center import commands
from tests import installation
from tests.center.applications.test_judge import dirty
from tests.center.packs import Pack, Style

ROOT = Path(commands.__file__).parents[2]


def run(*words, **env):
    """The command in a process of its own; DATABASE_URL of the tests is not its business."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("DATABASE", "VAULT", "DJANGO", "KAOPEI"))}
    return subprocess.run(
        [sys.executable, "-m", "kaopei", "intake", *map(str, words)], cwd=ROOT, env=clean | env, capture_output=True, text=True, check=False
    )


def first_three(path):
    with path.open(encoding="utf-8", newline="") as file:
        return [tuple(row[:3]) for row in csv.reader(file)]


def test_dry_run_judges_and_touches_no_data(tmp_path):
    made, expected = dirty()
    done = run(made.lay(tmp_path / "in"), "--out", tmp_path / "v.csv", "--dry-run", "--data", tmp_path / "data")
    assert done.returncode == 0, done.stderr
    rows = first_three(tmp_path / "v.csv")
    assert rows[0] == ("序号", "decision", "code") and [row[1:] for row in rows[1:]] == expected
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("broken", ["file", "column", "cut", "empty", "folder"])
def test_fault_of_a_file_is_one_line_and_exit_2(tmp_path, broken):
    folder = Pack().lay(tmp_path / "in", Style(drop={"学员报名": "学历"}) if broken == "column" else None)
    target = folder / "学员报名.xlsx"
    if broken == "file":
        target.unlink()
    elif broken in ("cut", "empty"):
        target.write_bytes(target.read_bytes()[:2000] if broken == "cut" else b"")
    done = run(tmp_path / "none" if broken == "folder" else folder, "--out", tmp_path / "v.csv", "--data", tmp_path / "data")
    assert done.returncode == 2 and done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1 and "Traceback" not in done.stderr
    assert not (tmp_path / "v.csv").exists() and not (tmp_path / "data").exists()


def test_taken_in_once_and_told_the_second_time(tmp_path, place):
    made, expected = dirty()
    folder, data = made.lay(tmp_path / "in"), installation.lay(place / "data", "center")
    first = run(folder, "--out", tmp_path / "1.csv", "--data", data)
    assert first.returncode == 0, first.stderr
    assert "已确认" in first.stdout and [row[1:] for row in first_three(tmp_path / "1.csv")[1:]] == expected
    second = run(made.lay(tmp_path / "again", Style(shuffled=2, extra=True, blank=1, titles=0)), "--out", tmp_path / "2.csv", "--data", data)
    assert second.returncode == 0 and "没有改动" in second.stdout, second.stderr
    assert (tmp_path / "1.csv").read_bytes() == (tmp_path / "2.csv").read_bytes()
    assert (tmp_path / "1.csv").stat().st_mode & 0o077 == 0
    made.apply(9, 学历="初中")
    third = run(made.lay(tmp_path / "third"), "--out", tmp_path / "3.csv", "--data", data)
    assert third.returncode == 0 and "更正 1" in third.stdout, third.stderr


def test_help_in_both_languages():
    assert "只审核" in run("--help").stdout and "judge only" in run("--help", "--lang", "en").stdout
