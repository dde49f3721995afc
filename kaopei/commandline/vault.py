"""./run vault …: arguments of the vault's commands."""

import os
from pathlib import Path

from kaopei.commandline.words import Parser

PROJECT = Path(__file__).resolve().parents[2]


def main(argv: list[str]) -> int:
    """Parse and call kaopei.vault.commands."""
    parser = Parser(
        "vault", zh="题库室：导入题库、组卷、密封、评分", en="the vault: item banks, papers, sealing, scoring"
    )
    words = parser.words()
    _bank(words)
    _assemble(words)
    chosen = parser.parse_args(argv)
    from kaopei.vault import commands

    if chosen.action == "bank":
        return commands.import_banks(chosen.files, chosen.verdicts, chosen.data)
    return commands.assemble(chosen.subject, chosen.blueprint, chosen.forms, chosen.seed, chosen.json, chosen.data)


def _data(parser: Parser) -> None:
    default = Path(os.environ.get("KAOPEI_DATA") or PROJECT / "var")
    parser.arg("--data", type=Path, default=default, zh="数据目录", en="data directory")


def _bank(words: object) -> None:
    bank = words.add_parser("bank", zh="题库", en="item banks").words("verb")  # type: ignore[attr-defined]
    take = bank.add_parser("import", zh="逐行受理题库文件", en="take item banks in, row by row")
    take.arg(
        "files",
        nargs="+",
        type=Path,
        metavar="FILE",
        zh="题库工作簿（.xlsx），旁边要有 蓝图.xlsx",
        en="bank workbooks, 蓝图.xlsx beside",
    )
    take.arg(
        "--verdicts",
        type=Path,
        zh="逐行结论写入此 CSV，默认显示在屏幕上",
        en="write verdicts to this CSV, else to the screen",
    )
    _data(take)


def _assemble(words: object) -> None:
    make = words.add_parser("assemble", zh="组卷", en="assemble parallel papers")  # type: ignore[attr-defined]
    make.arg("--subject", required=True, zh="科目名称", en="subject")
    make.arg("--blueprint", required=True, type=Path, zh="蓝图工作簿", en="blueprint workbook")
    make.arg("--forms", required=True, type=int, zh="套数", en="number of papers")
    make.arg("--seed", required=True, zh="十六进制种子", en="seed in hex")
    make.arg("--json", required=True, type=Path, zh="结果写入此文件", en="write the result here")
    _data(make)
