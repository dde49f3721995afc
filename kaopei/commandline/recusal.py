"""`./run recusal DIR --out RECUSAL.csv`."""

from pathlib import Path

from kaopei.center import commands
from kaopei.commandline.words import Parser


def main(argv: list[str]) -> int:
    """Arguments in, exit status out."""
    parser = Parser(
        "recusal",
        zh="回避：逐“人员—场次”判断能否派遣，列出全部理由、条款和关联路径。从文件到文件，什么也不入库。",
        en="Recusal: who may not serve at which sitting, with every reason, clause and path. File to file; nothing is kept.",
    )
    parser.arg("dir", zh="表格所在的文件夹", en="folder with the workbooks", type=Path, metavar="DIR")
    parser.arg("--out", zh="结论文件（CSV，仅本人可读）", en="result (CSV, readable by you only)", type=Path, required=True, metavar="RECUSAL.csv")
    chosen = parser.parse_args(argv)
    return commands.recusal(chosen.dir, chosen.out)
