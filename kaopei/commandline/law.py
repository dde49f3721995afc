"""`./run law coverage | clause | decisions | docs`: how each duty of the notice is carried out."""

import json
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import kaopei
from kaopei.commandline import usage
from kaopei.commandline.words import Parser
from kaopei.law import book
from kaopei.law.duties import Duty, all_duties, case_table, coverage, rules_of
from kaopei.law.rules import Bound
from kaopei.ledger import events
from kaopei.office.environment import data_folder

PROGRAM = Path(kaopei.__file__).parent
PAGES = {"clauses.md": book.clauses_page, "glossary.md": book.glossary_page}
# What names a duty outside the room of the law: actions, rules of programs, pages.
CITING = (".py", ".html", ".toml")
NOT_CITING = ("law", "ledger", "commandline")
NAME = re.compile(r"\bN\d(?:\.\d+){1,2}[a-d]?\b")


def main(argv: list[str]) -> int:
    """Run one of the words."""
    parser = Parser("law", zh="通知的 134 项要求怎样落实。", en="How the 134 duties of the notice are carried out.")
    words = parser.words()
    whole = words.add_parser("coverage", zh="每项要求的落实方式", en="how each duty is carried out")
    whole.arg("--json", zh="输出 JSON 列表", en="print a JSON list", action="store_true")
    one = words.add_parser("clause", zh="一条或一项要求：规则、数值、位置、测试", en="one clause or duty, all about it")
    one.arg("--cases", zh="列出全部案例，不只是通过和不通过各一个", en="all cases, not only one that passes and one that fails", action="store_true")
    one.arg("clause", zh="条款 2.4、二（四） 或编号 N2.4.13", en="clause 2.4 or duty N2.4.13")
    made = words.add_parser("decisions", zh="一个批次不予受理和待定的决定书", en="numbered decisions of a batch that refuse or hold")
    made.arg("batch", zh="批次，如 440600-2026-12", en="batch, such as 440600-2026-12")
    made.arg("--limit", zh="最多几项（默认 10，0 为全部）", en="how many (10, 0 for all)", type=int, default=10)
    made.arg("--data", zh="数据目录，默认 var/", en="data directory, var/ by default", type=Path, metavar="DATADIR")
    pages = words.add_parser("docs", zh="生成 clauses.md 和 glossary.md", en="write clauses.md and glossary.md")
    folder = str(PROGRAM.parent / "docs")
    pages.arg("--out", zh="写到哪个目录（默认 docs）", en="folder to write to (docs)", default=folder)
    options = parser.parse_args(argv)
    if options.action == "coverage":
        return show_coverage(as_json=options.json)
    if options.action == "clause":
        return show_clause(options.clause, whole=options.cases)
    if options.action == "decisions":
        from kaopei.center import commands

        return commands.decisions(options.data or data_folder(), options.batch, options.limit)
    return write_pages(Path(options.out))


def show_coverage(*, as_json: bool) -> int:
    """Print all duties, one a line, or as JSON."""
    lines = coverage()
    if as_json:
        print(json.dumps(lines, ensure_ascii=False, indent=1))
        return 0
    for line in lines:
        print(f"{line['id']:8} {book.KINDS[line['kind']]}\t{'；'.join(line['where'])}")
    counts = {label: sum(line["kind"] == kind for line in lines) for kind, label in book.KINDS.items()}
    asked = sum(any(askers(bound) for bound in rules_of(line["id"])) for line in lines)
    print(f"规则由程序调用的 {asked} 项；其余的规则已有，办理的程序尚无或在建（./run law clause 编号 逐条可查）")
    print(f"共 {len(lines)} 项：" + "，".join(f"{label} {count}" for label, count in counts.items()))
    return 0


def show_clause(query: str, *, whole: bool = False) -> int:
    """Print the duties of a clause, or one duty; of each rule a case that passes and one that fails, or all of them."""
    texts = (book.duty_text(duty, cited(duty), lambda bound, duty=duty: of_rule(bound, duty, whole)) for duty in book.find(query))
    print("\n\n".join("\n".join(lines) for lines in texts))
    print(f"\n{book.NO_ADVICE}")
    return 0


def of_rule(bound: Bound, duty: Duty, whole: bool) -> Iterator[str]:
    """The cases of a rule as its table has them, and which programs ask it."""
    mine = case_lines(bound)
    passing, failing = ([line for line in mine if (line.get("expect", "accept") == "accept") is wanted] for wanted in (True, False))
    # What the duty asked for decided comes first.
    passing.sort(key=lambda line: line.get("clause") != duty.id)
    failing.sort(key=lambda line: (line.get("clause") != duty.id, line.get("expect") != "refuse"))
    for label, found in (("通过", passing), ("不通过", failing)):
        for line in found if whole else found[:1]:
            given = f"，得出 {_plain(line['gives'])}" if "gives" in line and "expect" not in line else ""
            code = line.get("code") or "、".join(line.get("codes", ()))
            yield f"{label}：{line['case']}{given}" + (f"（{code}）" if code else "")
    if mine:
        yield f"案例共 {len(mine)} 个"
    yield from (f"调用：{place}" for place in askers(bound) or ["尚无程序"])


def _plain(value: object) -> str:
    return "、".join(f"{key} {part}" for key, part in value.items()) if isinstance(value, dict) else str(value)


def case_lines(bound: Bound) -> list[dict[str, Any]]:
    """The lines of a rule's case table; none where the program is installed without its tests."""
    path = PROGRAM.parent / case_table(bound).split("::")[0]
    if not path.is_file():
        return []
    lines: list[dict[str, Any]] = tomllib.loads(path.read_text(encoding="utf-8")).get(bound.name, {}).get("cases", [])
    return lines


def askers(bound: Bound) -> list[str]:
    """Files and lines where a program asks a rule, or another rule asks it that some program asks."""
    return usage.askers(PROGRAM, bound.where)


def cited(duty: Duty) -> Iterator[str]:
    """Where the program names a duty: events, then files and lines outside the room of the law."""
    for kind in events.catalogue().values():
        if kind.clause == duty.id:
            yield f"事件 {kind.code} {kind.zh}"
    yield from _citations().get(duty.id, ())


@cache
def _citations() -> dict[str, list[str]]:
    """Files and lines of the programs by the duty that they name."""
    found: dict[str, list[str]] = {}
    for path in sorted(PROGRAM.rglob("*")):
        inside = path.relative_to(PROGRAM)
        if path.suffix not in CITING or inside.parts[0] in NOT_CITING or not path.is_file():
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            for duty in dict.fromkeys(NAME.findall(line)):
                found.setdefault(duty, []).append(f"kaopei/{inside.as_posix()}:{number}")
    return found


def write_pages(folder: Path) -> int:
    """Write the generated pages."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (folder / name).write_text(page(), encoding="utf-8")
    print(f"已写入 {folder}：{'、'.join(PAGES)}（{len(all_duties())} 项要求）")
    return 0
