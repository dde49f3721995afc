"""`./run findings DIR --out FINDINGS.csv`."""

from pathlib import Path

from kaopei.center import commands
from kaopei.commandline.words import Parser


def main(argv: list[str]) -> int:
    """Arguments in, exit status out."""
    parser = Parser(
        "findings",
        zh="线索：核查培训、考务人员和考试点记录，列出造假、回避申报和考试日设备、监控、考场准备方面的线索。线索须经人工核实。",
        en="Leads in training, staff and site records, each for a person to look into. File to file; nothing is kept.",
    )
    parser.arg("dir", zh="文件所在的文件夹", en="folder with the files", type=Path, metavar="DIR")
    parser.arg("--out", zh="结果文件（CSV，仅本人可读）", en="result (CSV, readable by you only)", type=Path, required=True, metavar="FINDINGS.csv")
    chosen = parser.parse_args(argv)
    return commands.findings(chosen.dir, chosen.out)
