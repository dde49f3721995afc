"""`./run center serve`: the center's pages."""

from pathlib import Path

from kaopei.commandline.words import Parser


def main(argv: list[str]) -> int:
    """serve."""
    parser = Parser("center", zh="中心", en="the center")
    pages = parser.words().add_parser("serve", zh="打开中心的页面，直到停止", en="serve the center's pages until told to stop")
    pages.arg("--port", type=int, default=8100, zh="端口", en="port")
    pages.arg("--workers", type=int, default=1, zh="工作进程数", en="worker processes")
    pages.arg("--data", type=Path, metavar="DATADIR", zh="数据目录，默认 var/", en="data directory, var/ by default")
    chosen = parser.parse_args(argv)
    from kaopei.center import commands

    return commands.serve(chosen.data, chosen.port, workers=chosen.workers)
