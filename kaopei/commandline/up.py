"""`./run` = `./run up`: a small province on this machine."""

import os
from pathlib import Path

from kaopei.commandline.words import Parser

PROJECT = Path(__file__).resolve().parents[2]


def main(argv: list[str]) -> int:
    """Arguments in, exit status out."""
    parser = Parser(
        "up",
        zh="启动一个小型演示省份：中心、门户、题库室和一个考试点的服务器；Ctrl-C 停止，数据保留。",
        en="Start a small demo province: center, portal, vault and one exam site's server. Ctrl-C stops it; the data stay.",
    )
    default = Path(os.environ.get("KAOPEI_DATA") or PROJECT / "var")
    parser.arg("--data", type=Path, default=default, metavar="DIR", zh="数据目录，默认 var/", en="data directory, var/ by default")
    zh, en = "中心的端口；门户 N+10、题库室 N+20、考试点 N+30", "port of the center; portal N+10, vault N+20, exam site N+30"
    parser.arg("--port", type=int, default=8100, metavar="N", zh=zh, en=en)
    parser.arg("--empty", action="store_true", zh="不装入演示数据", en="no demo data")
    chosen = parser.parse_args(argv)
    from kaopei.rehearsal import province

    return province.up(chosen.data, chosen.port, empty=chosen.empty)
