"""The ledger of this program laid down for outsiders: a folder a tree, replaced as a whole, never by another history."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from kaopei.ledger import checkpoint, proof, segment
from kaopei.ledger import tree as ledger_tree
from kaopei.office import scope
from kaopei.office.audit import queries
from kaopei.office.audit.tasks import sequence


class BadExport(Exception):
    """The ledger cannot be laid down there: nothing was changed."""

    exit_status = 2


class Forked(BadExport):
    """What lies there is not an earlier state of this ledger: people are called."""

    exit_status = 1


@dataclass(frozen=True)
class Laid:
    """A ledger that now lies in a folder."""

    folder: Path
    size: int
    root: bytes


def lay(out: Path, at: datetime) -> list[Laid]:
    """Take in what waits, then write every tree of this program to `out/<program>/<year>`. All are compared before one is touched."""
    with scope.entered(scope.PROVINCE):
        if queries.unsequenced():
            sequence(at)
        found = queries.segments()
    if not found:
        raise BadExport("台账里还没有任何条目，没有可导出的内容。")
    places = {out / named.partition(".")[0] / named.rpartition("/")[2]: files for named, files in found.items()}
    try:
        for folder, files in places.items():
            _continues(_kept(folder), files)
        return [_replace(folder, files) for folder, files in places.items()]
    except OSError as problem:
        raise BadExport(f"{out}：写不进去（{problem.strerror}）。请换一个文件夹，或检查权限和剩余空间。") from problem


def _beside(folder: Path, word: str) -> Path:
    return folder.with_name(f".{folder.name}.{word}")


def _kept(folder: Path) -> bytes | None:
    """The checkpoint of an earlier export; one that was killed between its two renames left it beside."""
    for home in (folder, _beside(folder, "old")):
        if (home / "checkpoint").is_file():
            return (home / "checkpoint").read_bytes()
    if folder.exists() and any(folder.iterdir()):
        raise BadExport(f"{folder}：已有别的文件，不是台账。请换一个空文件夹。")
    return None


def _continues(kept: bytes | None, files: Mapping[str, bytes]) -> None:
    """As every witness does: an older checkpoint must be a beginning of the new tree."""
    if kept is None:
        return
    new = checkpoint.parse(files["checkpoint"])
    try:
        known = checkpoint.parse(kept)
        hashes = [ledger_tree.leaf_hash(leaf) for leaf in segment.leaves(files)]
        path = ledger_tree.consistency_proof(hashes, known.size) if 0 < known.size <= new.size else []
        proof.witness(known, new, path)
    except (checkpoint.BadCheckpoint, proof.BadProof) as problem:
        raise Forked(f"{problem}。没有改动原有文件，请保留原件并向审计员报告。") from problem


def _replace(folder: Path, files: Mapping[str, bytes]) -> Laid:
    fresh, old = _beside(folder, "new"), _beside(folder, "old")
    shutil.rmtree(fresh, ignore_errors=True)
    for name, data in files.items():
        place = fresh / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    if folder.exists():
        shutil.rmtree(old, ignore_errors=True)
        folder.replace(old)
    fresh.replace(folder)
    shutil.rmtree(old, ignore_errors=True)
    stated = checkpoint.parse(files["checkpoint"])
    return Laid(folder, stated.size, stated.root)
