"""`./run people FILE`: log-ins of the center. In earnest the first security administrator, in a rehearsal the whole cast."""

import json
import sys
from pathlib import Path
from typing import Any

from kaopei.commandline.words import BadArguments, Parser

TEXTS = ("username", "name", "password")
KNOWN = {*TEXTS, "roles", "city", "institution", "site"}


def main(argv: list[str]) -> int:
    """Arguments in, exit status out."""
    parser = Parser(
        "people",
        zh="建立中心账号：正式系统只建第一名安全管理员，其余人员由他在页面中建立；演练可以一次建立全部人员。",
        en="Make log-ins of the center: in earnest the first security administrator only; in a rehearsal everybody at once.",
    )
    parser.arg(
        "file", type=Path, metavar="FILE", zh="JSON 列表 [{username, name, password, roles, city, institution, site}]，- 为标准输入",
        en="JSON list [{username, name, password, roles, city, institution, site}]; - is stdin",
    )
    parser.arg("--data", type=Path, metavar="DATADIR", zh="数据目录，默认 var/", en="data directory, var/ by default")
    chosen = parser.parse_args(argv)
    rows = read_people(chosen.file)
    from kaopei.center import commands

    return commands.people(rows, data=chosen.data)


def read_people(path: Path) -> list[dict[str, Any]]:
    """People of a JSON list; `-` is standard input. BadArguments names the file, the place and the fault."""
    where = "标准输入" if str(path) == "-" else str(path)
    try:
        rows = json.loads(sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as problem:
        raise BadArguments(f"{where}：读不出人员名单（应为 JSON 列表）。") from problem
    if not isinstance(rows, list) or not rows:
        raise BadArguments(f"{where}：人员名单应为非空的 JSON 列表。")
    for place, row in enumerate(rows, 1):
        if fault := _fault(row):
            raise BadArguments(f"{where} 第 {place} 人：{fault}。")
    return rows


def _fault(row: Any) -> str:
    """What is wrong with one row; empty if nothing."""
    if not isinstance(row, dict) or set(row) - KNOWN:
        return f"只能有这些字段：{'、'.join(sorted(KNOWN))}"
    if not all(isinstance(row.get(name), str) and row[name] for name in TEXTS):
        return "username、name、password 都要填写文字"
    roles = row.get("roles")
    if not isinstance(roles, list) or not roles or not all(isinstance(role, str) for role in roles):
        return "roles 应为非空的岗位列表"
    if not all(isinstance(row.get(name, ""), str) for name in KNOWN - {"roles"}):
        return "字段内容应为文字"
    return "password 不少于 10 个字符" if len(row["password"]) < 10 else ""
