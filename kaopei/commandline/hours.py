"""`./run hours DIR --out HOURS.csv`."""

from pathlib import Path

from kaopei.center import commands
from kaopei.commandline.words import Parser


def main(argv: list[str]) -> int:
    """Arguments in, exit status out."""
    parser = Parser(
        "hours",
        zh="学时：按规则从签到和线上学习记录算出每名学员的有效学时，列出不计的分钟及原因代码。从文件到文件，什么也不入库。",
        en="Hours: effective hours of every learner from sign-ins and online study, with excluded minutes by reason. File to file.",
    )
    parser.arg("dir", zh="文件所在的文件夹", en="folder with the files", type=Path, metavar="DIR")
    parser.arg("--out", zh="结果文件（CSV，仅本人可读）", en="result (CSV, readable by you only)", type=Path, required=True, metavar="HOURS.csv")
    chosen = parser.parse_args(argv)
    return commands.hours(chosen.dir, chosen.out)
