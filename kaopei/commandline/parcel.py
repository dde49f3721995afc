"""`./run parcel check FILE…`: whether sealed and signed files hold, without opening them."""

import sys
from pathlib import Path

from kaopei.commandline import seals, trust_files
from kaopei.commandline.words import Parser
from kaopei.parcel import checking
from kaopei.parcel.rejected import Rejected


def main(argv: list[str]) -> int:
    """check."""
    parser = Parser("parcel", zh="核对密封包和签名文件（不打开）", en="check parcels and signed files without opening them")
    check = parser.words().add_parser(
        "check", zh="每个文件一行：ok 或 bad、文件、理由，以制表符分隔", en="a line a file: ok or bad, file, reason, tab-separated"
    )
    check.arg("files", nargs="+", type=Path, metavar="FILE", zh="要核对的文件", en="files to check")
    trust_files.add_options(check)
    chosen = parser.parse_args(argv)
    sources = trust_files.sources(chosen)
    bad = 0
    for path in chosen.files:
        word, reason = judge(path, sources)
        bad += word == "bad"
        print(word, trust_files.one_line(str(path)), trust_files.one_line(reason), sep="\t")
        sys.stdout.flush()
    return 1 if bad else 0


def judge(path: Path, sources: trust_files.Sources) -> tuple[str, str]:
    """`ok` or `bad` and why."""
    try:
        listed = sources.of(path)
    except Rejected as refusal:
        return "bad", str(refusal)
    begins = trust_files.prefix(listed)
    try:
        data = trust_files.read(path)
        found = checking.check(data, listed)
        logged = seals.check(found, listed)
    except Rejected as refusal:
        return "bad", f"{begins}{refusal}"
    names = ("sitting_id", "package_id", "bundle_id", "cert_id", "draw_id", "edge_serial", "order_id")
    where = next((f" {found.payload[name]}" for name in names if name in found.payload), "")
    return "ok", f"{begins}{found.title}{where}，签名与内容相符{logged}（名单第 {listed.version} 版，{listed.deployment}）"
