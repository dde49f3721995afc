"""./run vault …: arguments of the vault's commands."""

import os
from pathlib import Path

from kaopei.commandline.words import Parser

PROJECT = Path(__file__).resolve().parents[2]


def main(argv: list[str]) -> int:
    """Parse and call kaopei.vault.commands."""
    parser = Parser("vault", zh="题库室：导入题库、组卷、密封、评分", en="the vault: item banks, papers, sealing, scoring")
    words = parser.words()
    for add in (_bank, _assemble, _trust_in, _trace, _serve):
        add(words)
    chosen = parser.parse_args(argv)
    from kaopei.vault import commands

    if chosen.action == "bank":
        return commands.import_banks(chosen.files, chosen.verdicts, chosen.data)
    if chosen.action == "assemble":
        return commands.assemble(chosen.subject, chosen.blueprint, chosen.forms, chosen.seed, chosen.json, chosen.data)
    if chosen.action == "trust-in":
        return commands.trust_in(chosen.files, chosen.root, chosen.data)
    if chosen.action == "trace":
        return commands.trace(chosen.package, chosen.seen, chosen.data)
    return commands.serve(chosen.port, chosen.data)


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


def _trust_in(words: object) -> None:
    take = words.add_parser("trust-in", zh="放入信任名单", en="lay down trust lists")  # type: ignore[attr-defined]
    take.arg("files", nargs="+", type=Path, metavar="FILE", zh="各版信任名单", en="trust lists, all versions")
    take.arg("--root", zh="省级公布的根指纹；演练名单可不填", en="published root fingerprint; a rehearsal needs none")
    _data(take)


def _trace(words: object) -> None:
    lead = words.add_parser("trace", zh="由照片追查考生代号", en="from a photo to attempts")  # type: ignore[attr-defined]
    lead.arg("--package", required=True, zh="密封包号", en="package id")
    lead.arg("--seen", nargs="+", required=True, zh="题号:第几题:选项次序", en="number:ordinal:options as shown")
    _data(lead)


def _serve(words: object) -> None:
    pages = words.add_parser("serve", zh="打开题库室的页面", en="serve the vault's pages")  # type: ignore[attr-defined]
    pages.arg("--port", type=int, default=8120, zh="端口", en="port")
    _data(pages)
