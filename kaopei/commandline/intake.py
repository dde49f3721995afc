"""`./run intake DIR --out VERDICTS.csv [--dry-run] [--data DATADIR]`."""

from pathlib import Path

from kaopei.center import commands
from kaopei.commandline.words import Parser


def main(argv: list[str]) -> int:
    """Arguments in, exit status out."""
    parser = Parser(
        "intake",
        zh="受理一个城市一个月的报名表格：逐行给出结论，通过的一次性入库；同一份表格再次提交不会改变任何内容。",
        en="Take a city's spreadsheets of one month in: a verdict for every row, accepted rows in one transaction. Again: no change.",
    )
    parser.arg("dir", zh="表格所在的文件夹（或一个 zip）", en="folder with the workbooks (or one zip)", type=Path, metavar="DIR")
    parser.arg("--out", zh="结论文件（CSV）", en="verdict file (CSV)", type=Path, required=True, metavar="VERDICTS.csv")
    parser.arg("--dry-run", zh="只审核，不入库", en="judge only, change nothing", action="store_true")
    parser.arg("--data", zh="数据目录，默认 var/", en="data directory, var/ by default", type=Path, metavar="DATADIR")
    chosen = parser.parse_args(argv)
    return commands.intake(chosen.dir, chosen.out, data=chosen.data, dry_run=chosen.dry_run)
