"""`./run roster DIR --seed HEX --out ROSTER.csv`."""

from pathlib import Path

from kaopei.center import commands
from kaopei.commandline.words import Parser


def main(argv: list[str]) -> int:
    """Arguments in, exit status out."""
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
