"""`./run roster DIR --seed HEX --out ROSTER.csv`."""

from pathlib import Path

from kaopei.center import commands
from kaopei.commandline.words import Parser


def main(argv: list[str]) -> int:
    """Arguments in, exit status out. `roster verify FILE` runs the record of a duty draw again."""
    if argv[:1] == ["verify"]:
        return _verify(argv[1:])
    parser = Parser(
        "roster",
        zh="排班：在回避和资格允许的范围内抽签派员，先求到岗最多，再求次数均匀；排不上的如实留空。",
        en="Duty roster by lot within recusal and gates: as many posts filled as possible, then an even load; gaps stay empty.",
    )
    parser.arg("dir", zh="表格所在的文件夹", en="folder with the workbooks", type=Path, metavar="DIR")
    parser.arg("--seed", zh="种子，64 个小写十六进制字符", en="seed, 64 lower-case hex characters", required=True, metavar="HEX")
    parser.arg("--out", zh="排班表（CSV，仅本人可读）", en="roster (CSV, readable by you only)", type=Path, required=True, metavar="ROSTER.csv")
    chosen = parser.parse_args(argv)
    return commands.roster(chosen.dir, chosen.seed, chosen.out)


def _verify(argv: list[str]) -> int:
    parser = Parser("roster verify", zh="重算排班抽签的记录，核对承诺、种子和结果。", en="Run the record of a duty draw again.")
    parser.arg("file", zh="从排班页下载的记录", en="record from the page of the roster", type=Path, metavar="RECORD.json")
    return commands.roster_verify(parser.parse_args(argv).file)
