"""The first step: a data folder with a rehearsal's trust list and keys, and log-ins for the whole cast."""

import json
from pathlib import Path

from kaopei.rehearsal.cast import Cast, Player, gather
from kaopei.rehearsal.month import Month
from kaopei.rehearsal.person import Stuck
from kaopei.rehearsal.programs import command
from kaopei.rehearsal.stage import Stage, lay_json

CUSTODIANS = ("custodian1", "custodian2")


def found(data: Path, month: Month, *, deployment: str, seed: str = "") -> Cast:
    """Make a fresh installation; with a seed, pseudonyms and papers follow from it. Refuses a folder that has a trust list."""
    cast = gather(month.city, month.institution)
    data.mkdir(parents=True, exist_ok=True, mode=0o711)
    custodians = [word for one in CUSTODIANS for word in ("--custodian", one)]
    words = ["trust", "found", "--rehearsal", "--deployment", deployment, "--out", str(data), *custodians, "--file", "-"]
    _run(words, json.dumps(cast.trust_rows()))
    cast.keep(data)
    cast.show_at_log_in(data)
    if seed:
        lay_json(data / "rehearsal.json", {"seed": seed})
    return cast


def admit(data: Path, cast: Cast, players: list[Player]) -> None:
    """Log-ins for these people: of the vault for those who work there, of the center for the others."""
    for words, here in ((["people", "-"], False), (["vault", "person", "--file", "-"], True)):
        rows = [one for one in cast.people_rows() if cast.players[one["username"]].vault == here and cast.players[one["username"]] in players]
        if rows:
            _run([*words, "--data", str(data)], json.dumps(rows))


def staff_sites(stage: Stage, players: list[Player]) -> None:
    """The people of exam sites get their signing keys: the trust list has one more version. They log in at their site only."""
    stage.cast.add(players)
    mine = {one.username for one in players}
    rows = [row for row in stage.cast.trust_rows() if row["holder"] in mine]
    _run(["trust", "person", "--file", "-", "--data", str(stage.data)], json.dumps(rows))
    stage.cast.keep(stage.data)


def _run(words: list[str], given: str) -> None:
    done = command(*words, given=given)
    if done.returncode:
        raise Stuck(f"./run {' '.join(words)}: {(done.stderr or done.stdout).strip()[-800:]}")
