"""`./run portal serve`: the pages that everybody may see."""

import os
from pathlib import Path

from kaopei.commandline.words import Parser

PROJECT = Path(__file__).resolve().parents[2]


def main(argv: list[str]) -> int:
    """serve."""
    parser = Parser("portal", zh="公众门户", en="the public portal")
    pages = parser.words().add_parser("serve", zh="打开公众页面，直到停止", en="serve the public pages until told to stop")
    pages.arg("--port", type=int, default=8110, zh="端口", en="port")
    pages.arg("--workers", type=int, default=1, zh="工作进程数", en="worker processes")
    default = Path(os.environ.get("KAOPEI_DATA") or PROJECT / "var")
    pages.arg("--data", type=Path, default=default, metavar="DATADIR", zh="数据目录，默认 var/", en="data directory, var/ by default")
    chosen = parser.parse_args(argv)
    from kaopei.portal import commands

    return commands.serve(chosen.data, chosen.port, workers=chosen.workers)
