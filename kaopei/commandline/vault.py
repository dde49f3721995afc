"""./run vault …: arguments of the vault's commands."""

import os
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kaopei.commandline.words import BadArguments, Parser

PROJECT = Path(__file__).resolve().parents[2]


def main(argv: list[str]) -> int:
    """Parse and call kaopei.vault.commands."""
    parser = Parser("vault", zh="题库室：导入题库、组卷、密封、评分", en="the vault: item banks, papers, sealing, scoring")
    words = parser.words()
    for add in (_bank, _practical, _assemble, _trust_in, _seal, _score, _trace, _person, _serve):
        add(words)
    chosen = parser.parse_args(argv)
    return int(chosen.run(chosen))


def _ready(parser: Parser, run: Callable[[Any, Namespace], int]) -> None:
    """The last argument of every word, and what the word does once its program is loaded."""
    default = Path(os.environ.get("KAOPEI_DATA") or PROJECT / "var")
    parser.arg("--data", type=Path, default=default, zh="数据目录", en="data directory")

    def load_and_run(chosen: Namespace) -> int:
        from kaopei.vault import commands

        return run(commands, chosen)

    parser.set_defaults(run=load_and_run)


def _custodians(parser: Parser) -> None:
    parser.arg(
        "--custodian",
        action="append",
        required=True,
        metavar="KID",
        zh="保管人的密钥号，给两次",
        en="key id of a custodian, twice",
    )


def _bank(words: Any) -> None:
    bank = words.add_parser("bank", zh="题库", en="item banks").words("verb")
    take = bank.add_parser("import", zh="逐行受理题库文件", en="take item banks in, row by row")
    files_zh, files_en = "题库工作簿（.xlsx），旁边要有 蓝图.xlsx", "bank workbooks, 蓝图.xlsx beside"
    take.arg("files", nargs="+", type=Path, metavar="FILE", zh=files_zh, en=files_en)
    take.arg("--verdicts", type=Path, zh="逐行结论写入此 CSV，默认显示在屏幕上", en="write verdicts to this CSV, else to the screen")
    _ready(take, lambda vault, its: vault.import_banks(its.files, its.verdicts, its.data))


def _practical(words: Any) -> None:
    practical = words.add_parser("practical", zh="实操评分标准", en="score sheets of the practical exam").words("verb")
    take = practical.add_parser("import", zh="逐行受理实操评分标准", en="take score sheets in, row by row")
    take.arg("file", type=Path, metavar="FILE", zh="实操评分标准工作簿（.xlsx）", en="workbook of score sheets")
    take.arg("--verdicts", type=Path, zh="逐行结论写入此 CSV，默认显示在屏幕上", en="write verdicts to this CSV, else to the screen")
    take.arg("--dry-run", action="store_true", zh="只核对，不导入", en="only judge, change nothing")
    _ready(take, lambda vault, its: vault.import_score_sheets(its.file, its.verdicts, its.dry_run, its.data))


def _assemble(words: Any) -> None:
    make = words.add_parser("assemble", zh="组卷", en="assemble parallel papers")
    make.arg("--subject", required=True, zh="科目名称", en="subject")
    make.arg("--blueprint", required=True, type=Path, zh="蓝图工作簿", en="blueprint workbook")
    make.arg("--forms", required=True, type=int, zh="套数", en="number of papers")
    make.arg("--seed", required=True, zh="十六进制种子", en="seed in hex")
    make.arg("--json", required=True, type=Path, zh="结果写入此文件", en="write the result here")
    _ready(make, lambda vault, its: vault.assemble(its.subject, its.blueprint, its.forms, its.seed, its.json, its.data))


def _trust_in(words: Any) -> None:
    take = words.add_parser("trust-in", zh="放入信任名单", en="lay down trust lists")
    take.arg("files", nargs="+", type=Path, metavar="FILE", zh="各版信任名单", en="trust lists, all versions")
    take.arg("--root", zh="省级公布的根指纹；演练名单可不填", en="published root fingerprint; a rehearsal needs none")
    _ready(take, lambda vault, its: vault.trust_in(its.files, its.root, its.data))


def _seal(words: Any) -> None:
    seal = words.add_parser("seal", zh="按任务书密封试卷", en="seal papers for orders")
    seal.arg("--order", nargs="+", type=Path, required=True, metavar="FILE", zh="密封任务书", en="seal orders")
    _custodians(seal)
    seal.arg("--out", type=Path, required=True, metavar="DIR", zh="密封包和密钥分持件写入此目录", en="parcels and shares go here")
    seal.arg("--seed", zh="十六进制种子，仅演练可用，使试卷可重现", en="seed in hex, for rehearsals only")
    _ready(seal, lambda vault, its: vault.seal(its.order, its.custodian, its.out, its.seed, its.data))


def _score(words: Any) -> None:
    score = words.add_parser("score", zh="对回传包评分", en="score a return parcel")
    score.arg("--return", dest="returned", type=Path, required=True, metavar="FILE", zh="回传包", en="return parcel")
    _custodians(score)
    score.arg("--out", type=Path, required=True, metavar="FILE", zh="评分结果写入此文件", en="write the outcomes here")
    score.arg("--reason", default="", zh="重新评分的原因", en="why it is scored again")
    _ready(score, lambda vault, its: vault.score(its.returned, its.custodian, its.out, its.reason, its.data))


def _trace(words: Any) -> None:
    lead = words.add_parser("trace", zh="由照片追查考生代号", en="from a photo to attempts")
    lead.arg("--package", required=True, zh="密封包号", en="package id")
    lead.arg("--seen", nargs="+", required=True, zh="题号:第几题:选项次序", en="number:ordinal:options as shown")
    _ready(lead, lambda vault, its: vault.trace(its.package, its.seen, its.data))


def _person(words: Any) -> None:
    person = words.add_parser("person", zh="建立题库室账号，密码由标准输入读入", en="make a log-in; password from standard input")
    person.arg("--username", default="", zh="用户名", en="staff number")
    person.arg("--name", default="", zh="姓名", en="name")
    person.arg("--role", action="append", default=[], zh="岗位，可给多次", en="role, may be given again")
    person.arg("--kid", default="", zh="签名密钥号", en="signing key id")
    person.arg(
        "--file", type=Path, metavar="FILE", zh="多名人员：JSON 列表 [{username, name, password, roles}]，- 为标准输入",
        en="many people: JSON list [{username, name, password, roles}]; - is stdin",
    )  # fmt: skip
    _ready(person, _add_people)


def _add_people(vault: Any, its: Namespace) -> int:
    if its.file is not None:
        from kaopei.commandline.people import read_people

        return int(vault.add_people(read_people(its.file), its.data))
    if not (its.username and its.name and its.role):
        raise BadArguments("vault person：请给出 --username、--name 和 --role，或用 --file 给出多名人员。")
    return int(vault.add_person(its.username, its.name, its.role, its.kid, its.data))


def _serve(words: Any) -> None:
    pages = words.add_parser("serve", zh="打开题库室的页面", en="serve the vault's pages")
    pages.arg("--port", type=int, default=8120, zh="端口", en="port")
    _ready(pages, lambda vault, its: vault.serve(its.port, its.data))
