"""Packs written from the rules files alone by somebody who had not seen the program, with truths by code of his own.

His generators stand in `tests/outside/` as they were handed over; NOTES.md there says how he read what the rules leave
open. Where the program reads such a place otherwise, the comparison here says so and leaves just that out.
"""

import csv
import subprocess
import sys
from pathlib import Path

import pytest

from kaopei.center import commands
from kaopei.commandline import roster

OUTSIDE = Path(__file__).parents[1] / "outside"
SEED = "5e" * 32
# Ordinary runs look at one pack of each kind; `./test long` at those named in NOTES.md and some more.
STAFF = [("1", ""), *(pytest.param(seed, dense, marks=pytest.mark.long) for seed, dense in (("2", "--dense"), ("5", ""), ("6", "--dense")))]
TRAINING = [("1", ""), *(pytest.param(seed, dense, marks=pytest.mark.long) for seed, dense in (("2", ""), ("3", "--dense"), ("7", "")))]


def written(script: str, folder: Path, seed: str, dense: str) -> Path:
    subprocess.run([sys.executable, OUTSIDE / script, seed, folder, *filter(None, [dense])], check=True, capture_output=True)
    return folder


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as source:
        return list(csv.DictReader(source))


@pytest.mark.parametrize(("seed", "dense"), STAFF)
def test_recusal_is_what_an_outsider_makes_of_the_rules(tmp_path, seed, dense):
    """Every verdict, every reason and every path.

    Of a path two things are open: one that two reasons share is written once here and twice there; and by which word it
    begins for somebody who both served and serves at the same place.
    """
    pack = written("staff_pack.py", tmp_path / "pack", seed, dense)
    assert commands.recusal(pack, tmp_path / "recusal.csv") == 0
    mine, theirs = rows(tmp_path / "recusal.csv"), rows(pack / "truth_recusal.csv")
    assert len(mine) == len(theirs) > 20_000
    for one, other in zip(mine, theirs, strict=True):
        assert {**one, "path": ways(one)} == {**other, "path": ways(other)}


def ways(row: dict[str, str]) -> set[str]:
    return {path.partition(">")[2] for path in row["path"].split("|")}


@pytest.mark.parametrize(("seed", "dense"), STAFF)
def test_a_roster_breaks_no_rule_of_an_outsiders_check(tmp_path, seed, dense):
    """Nobody where he may not be, and as many invigilators and examiners as anybody could send, evenly.

    Patrol and keepers serve a whole day: the program holds them against every sitting of the site that day, he against
    the first, so he finds more who could.
    """
    pack = written("staff_pack.py", tmp_path / "pack", seed, dense)
    assert roster.main([str(pack), "--seed", SEED, "--out", str(tmp_path / "roster.csv")]) == 0
    said = subprocess.run([sys.executable, OUTSIDE / "check_roster.py", pack, tmp_path / "roster.csv"], capture_output=True, text=True)
    assert said.stdout.startswith("faults 0 {}"), said.stdout
    told = {line.split()[0]: line for line in said.stdout.splitlines() if " wanted " in line}
    assert told.keys() == {"巡考", "监考", "系统维护", "考评"}
    assert not any("fewer than possible" in told[role] for role in ("监考", "考评")), said.stdout
    uneven = [line.split()[0] for line in said.stdout.splitlines() if line.startswith("   ")]
    assert not {"监考", "考评"} & set(uneven), said.stdout


@pytest.mark.parametrize(("seed", "dense"), TRAINING)
def test_hours_and_leads_are_what_an_outsider_makes_of_the_rules(tmp_path, seed, dense):
    """Hours row for row; every lead he found and none that he did not, whoever planted it, and none on what is clean.

    A day over 8 hours he ends with the last second that counts, the program with the last record of the day; a merged
    lesson over capacity is one lead a class for him, one a lesson here.
    """
    pack = written("training_pack.py", tmp_path / "pack", seed, dense)
    assert commands.hours(pack, tmp_path / "hours.csv") == 0
    columns = rows(tmp_path / "hours.csv")[0].keys()
    assert [{name: row[name] for name in columns} for row in rows(pack / "truth_hours.csv")] == rows(tmp_path / "hours.csv")
    assert commands.findings(pack, tmp_path / "leads.csv") == 0
    found = {lead(row) for row in rows(tmp_path / "leads.csv")}
    truths = [row for name in ("training", "staff", "sites") for row in rows(pack / f"truth_{name}.csv")]
    merged = {row["rows"] for row in truths if row.get("note") == "merged classes"}
    once = [row for row in truths if row["kind"] != "clean" and row.get("rows") not in merged]
    assert {lead(row) for row in once} == {one for one in found if one[0] != "room_over_capacity"} | {
        lead(row) for row in rows(tmp_path / "leads.csv") if row["kind"] == "room_over_capacity" and row["rows"] not in merged
    }
    assert merged <= {row["rows"] for row in rows(tmp_path / "leads.csv") if row["kind"] == "room_over_capacity"}
    clean = {row["object"] for row in truths if row["kind"] == "clean"}
    assert clean and not clean & {name for row in rows(tmp_path / "leads.csv") for name in (*row["class"].split(";"), row["object"].split("/")[0])}


def lead(row: dict[str, str]) -> tuple[str, ...]:
    end = row["to"][:10] if row["kind"] == "over_8h_day" else row["to"]
    return row["kind"], row["object"], row["from"], end, row["clause"]
