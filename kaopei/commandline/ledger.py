"""`./run ledger …`: recompute ledgers and name the first bad record; lay a program's own ledger down for outsiders."""

import contextlib
import sys
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kaopei.commandline import seals, trust_files
from kaopei.commandline.words import Parser
from kaopei.ledger import checkpoint, entry, segment, tree
from kaopei.parcel import container, enrolment, manifest
from kaopei.parcel.rejected import Rejected
from kaopei.parcel.trust import Trust

RECORD = "enrolment.json"  # an exam server's countersigned record, with its ledger
PARTS = ("tile", "checkpoints")


def main(argv: list[str]) -> int:
    """verify, export."""
    parser = Parser("ledger", zh="复核、导出台账", en="verify and export ledgers")
    words = parser.words()
    verify = words.add_parser(
        "verify", zh="重算台账、检查点和哈希；有误则指出第一条", en="recompute ledgers; exit 1 naming the first bad record"
    )
    verify.arg("paths", nargs="+", type=Path, metavar="PATH", zh="台账文件夹（可含多份）或单个文件", en="folders (of one or more ledgers) or files")
    trust_files.add_options(verify)
    export = words.add_parser("export", zh="导出台账，供外部复核", en="lay the ledger down for outsiders")
    export.arg("--out", type=Path, required=True, metavar="DIR", zh="写入 DIR/center/年份（或 vault/年份）", en="DIR/center/year or vault/year")
    export.arg("--vault", action="store_true", zh="导出题库室的台账（默认为中心的）", en="the vault's ledger, not the center's")
    export.arg("--data", type=Path, metavar="DATADIR", zh="数据目录，默认 var/", en="data directory, default var/")
    chosen = parser.parse_args(argv)
    return _export(chosen) if chosen.action == "export" else _verify(chosen)


def _export(chosen: Namespace) -> int:
    data = trust_files.data_folder(chosen.data)
    if chosen.vault:
        from kaopei.vault import commands as vault

        return vault.export_ledger(data, chosen.out)
    from kaopei.center import commands as center

    return center.export_ledger(data, chosen.out)


def _verify(chosen: Namespace) -> int:
    sources = trust_files.sources(chosen)
    judged = [(place, *judge(place, files, sources), files) for path in chosen.paths for place, files in ledgers(path)]
    for place, word, reason in _explained(judged):
        print(word, trust_files.one_line(str(place)), trust_files.one_line(reason), sep="\t")
    sys.stdout.flush()
    return 1 if any(word == "bad" for _, word, _, _ in judged) else 0


def ledgers(path: Path) -> list[tuple[Path, dict[str, bytes] | Rejected]]:
    """Each ledger under a path with its files by name."""
    if not path.exists():
        return [(path, Rejected("file", "没有这个文件或文件夹"))]
    if not path.is_dir():
        return [(path, _packed(path))]
    homes = sorted({file.parent for file in path.rglob("checkpoint")})
    if not homes:
        return [(path, Rejected("file", "文件夹里没有台账（缺少 checkpoint 文件）"))]
    found: list[tuple[Path, dict[str, bytes] | Rejected]] = [(home, _folder(home)) for home in homes]
    # Parts of a ledger that belong to none: its checkpoint was taken away.
    parts = sorted(folder for word in PARTS for folder in path.rglob(word) if not any(home in folder.parents for home in homes))
    return [*found, *((folder, Rejected("file", "这是台账的一部分，但旁边缺少 checkpoint 文件")) for folder in parts)]


def _folder(home: Path) -> dict[str, bytes] | Rejected:
    try:
        return {file.relative_to(home).as_posix(): trust_files.read(file) for file in home.rglob("*") if not file.is_dir()}
    except Rejected as refusal:
        return refusal


def _packed(path: Path) -> dict[str, bytes] | Rejected:
    """One file: a whole ledger in a container, or a lone checkpoint."""
    try:
        data = trust_files.read(path)
        return dict(container.read(data)) if container.is_container(data) else {"checkpoint": data, "lone": b""}
    except Rejected as refusal:
        return refusal


def judge(place: Path, files: dict[str, bytes] | Rejected, sources: trust_files.Sources) -> tuple[str, str]:
    """`ok` or `bad` and why."""
    begins = ""
    try:
        listed = sources.of(place)
        begins = trust_files.prefix(listed)
        if isinstance(files, Rejected):
            raise files
        return "ok", begins + _verified(files, listed)
    except (Rejected, segment.Broken, checkpoint.BadCheckpoint, entry.BadEntry) as problem:
        return "bad", f"{begins}{problem}"


def _verified(files: dict[str, bytes], listed: Trust) -> str:
    record = files.pop(RECORD, None)
    if record is not None:
        listed = enrolment.trusting(listed, enrolment.read(record, listed))
    if "lone" in files:
        return _lone(files["checkpoint"], listed)
    report = segment.verify(files, lambda _name, note: seals.believe(note, listed))
    follows = "".join(f"；第 {one['seq']} 条起{_taken_over(one)}" for one in successions(files))
    return f"台账 {report.origin} 共 {report.size} 条，{report.checkpoints} 个检查点，根 {report.root.hex()[:16]}…，全部相符{follows}"


# Entries by which a log says that it goes on from another one
SUCCESSIONS = {"ledger.succeeded": "续写", "standby.promoted": "接替"}


def successions(files: dict[str, bytes]) -> list[dict[str, Any]]:
    """Those entries of a ledger that holds."""
    marks = [f'"type":"{one}"'.encode() for one in SUCCESSIONS]
    found = [entry.decode(leaf) for leaf in segment.leaves(files) if any(mark in leaf for mark in marks)]
    return [one for one in found if one.get("type") in SUCCESSIONS]


def _taken_over(one: dict[str, Any]) -> str:
    body = one["body"]
    doubt = f"（{body['reason']}；第 {body['sound']} 至 {body['size'] - 1} 条不作证明）" if body.get("sound", body["size"]) < body["size"] else ""
    return f"{SUCCESSIONS[one['type']]} {body['origin']}{doubt}"


def _explained(judged: list[tuple[Path, str, str, dict[str, bytes] | Rejected]]) -> Iterator[tuple[Path, str, str]]:
    """A damaged log that another one here goes on from says so, if what is said to be sound is the same in both."""
    followed = {
        one["body"]["origin"]: (place, files, one)
        for place, word, _, files in judged if word == "ok" and not isinstance(files, Rejected) and "lone" not in files
        for one in successions(files)
    }  # fmt: skip
    for place, word, reason, files in judged:
        if word == "bad" and not isinstance(files, Rejected) and "checkpoint" in files:
            with contextlib.suppress(checkpoint.BadCheckpoint, KeyError):
                where, after, one = followed[checkpoint.parse(files["checkpoint"]).origin]
                sound = one["body"].get("sound", 0)
                same = _root_at(after, sound) == _signed_root(files, sound)
                reason += f"；由 {where} 从第 {one['seq']} 条{SUCCESSIONS[one['type']]}，" + (
                    f"前 {sound} 条在两边相同，仍然可信" if same and sound else "但完好部分在两边不同，不可信"
                )
        yield place, word, reason


def _root_at(files: dict[str, bytes], size: int) -> bytes:
    return tree.Frontier(tree.leaf_hash(leaf) for leaf in segment.leaves(files)[:size]).root()


def _signed_root(files: dict[str, bytes], size: int) -> bytes:
    name = f"checkpoints/{size}"
    return checkpoint.parse(files[name] if name in files else files["checkpoint"]).root


def _lone(data: bytes, listed: Trust) -> str:
    if data.startswith(b"{"):
        manifest.kind_of(data)
        raise Rejected("kind", "这是签名文件，不是台账；请用 parcel check 核对")
    note = seals.believe(data, listed)
    return f"检查点 {note.origin} 大小 {note.size}，签名相符（没有条目可以重算）"
