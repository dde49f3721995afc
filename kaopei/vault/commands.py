"""What the command line calls: files in, files out. Django comes up before anything of the vault is imported."""

import csv
import getpass
import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kaopei.vault import start

_HEX = re.compile(r"(?:[0-9a-fA-F]{2}){1,64}")


class BadRequest(ValueError):
    """The command cannot be carried out as given."""

    exit_status = 2


def import_banks(files: Sequence[Path], verdicts: Path | None, data: Path) -> int:
    """Take banks in, all or none; verdicts as CSV to a file or to standard output."""
    with start.up(data):
        from django.db import transaction

        from kaopei.office import clock
        from kaopei.office.accounts.roles import SYSTEM
        from kaopei.vault.bank import actions, reading

        read = [reading.read_bank(file) for file in files]
        rows: list[Any] = []
        with transaction.atomic():
            for file in read:
                rows += actions.take_in(file, by=SYSTEM, at=clock.now())
    table: list[list[object]] = [
        ["题号", "row", "decision", "code"],
        *([one.number, one.row, one.decision, one.code] for one in rows),
    ]
    if verdicts is None:
        csv.writer(sys.stdout, lineterminator="\n").writerows(table)
        return 0
    with verdicts.open("w", encoding="utf-8", newline="") as target:
        csv.writer(target, lineterminator="\n").writerows(table)
    refused = sum(one.item is None for one in rows)
    print(f"已导入 {len(files)} 个文件，{len(rows)} 行：接收 {len(rows) - refused}，拒收 {refused}。结论见 {verdicts}")
    return 0


def import_score_sheets(file: Path, verdicts: Path | None, dry_run: bool, data: Path) -> int:
    """Take score sheets of the practical exam in, or only judge them; the verdicts as CSV to a file or to standard output."""
    with start.up(data):
        from kaopei.office import clock, scope
        from kaopei.office.accounts.roles import PROVINCE, SYSTEM
        from kaopei.vault.practical import actions, reading

        read = reading.read(file)
        rows, sheets = read.judge()
        if not dry_run:
            with scope.entered(PROVINCE):  # the reviewer's request stands under row-level security
                rows = actions.take_in(read, by=SYSTEM, at=clock.now())
    table = [[one.sheet, one.row, one.subject, one.number, one.decision, one.code] for one in rows]
    head = ["sheet", "row", "操作项目", "编号", "decision", "code"]
    if verdicts is None:
        csv.writer(sys.stdout, lineterminator="\n").writerows([head, *table])
        return 0
    with verdicts.open("w", encoding="utf-8", newline="") as target:
        csv.writer(target, lineterminator="\n").writerows([head, *table])
    refused = sum(one.decision == "refuse" for one in rows)
    done = "只核对，没有导入" if dry_run else "已导入，由另一名审题人签署后启用"
    names = "、".join(sheet.subject for sheet in sheets) or "无"
    print(f"{done}：{len(rows)} 行，接收 {len(rows) - refused}，拒收 {refused}；可用的评分标准：{names}。结论见 {verdicts}")
    return 0


def assemble(subject: str, blueprint: Path, forms: int, seed: str, out: Path, data: Path) -> int:
    """Parallel papers of a subject as JSON; a blueprint that contradicts itself is said on standard error."""
    if not _HEX.fullmatch(seed):
        raise BadRequest(f"种子“{seed[:20]}”不是十六进制。请给偶数个 0-9a-f 字符。")
    with start.up(data):
        from kaopei.office import clock
        from kaopei.office.accounts.roles import SYSTEM
        from kaopei.vault.assembly import actions
        from kaopei.vault.bank import queries, reading

        queries.items(subject)
        plan = reading.read_blueprint(blueprint, subject)
        papers = actions.assemble_forms(plan, forms=forms, seed=seed.lower(), by=SYSTEM, at=clock.now())
    for line in plan.contradictions:
        print(f"提示：{line}", file=sys.stderr)
    made = [{"id": f"{place:02}", "items": [item.number for item in paper]} for place, paper in enumerate(papers, 1)]
    out.write_text(json.dumps({"forms": made}, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(f"“{plan.subject}”{len(made)} 套，每套 {plan.size} 题、{plan.marks} 分，写入 {out}")
    return 0


def trust_in(files: Sequence[Path], root: str | None, data: Path) -> int:
    """Lay down or extend the vault's trust lists."""
    with start.up(data):
        from kaopei.vault.custody import keyring

        listed = keyring.take([_bytes(file) for file in files], root)
    print(f"信任名单第 {listed.version} 版已放入题库室（{listed.deployment}{'，演练' if listed.rehearsal else ''}）。")
    return 0


def seal(orders: Sequence[Path], custodians: Sequence[str], out: Path, seed: str | None, data: Path) -> int:
    """Seal each order that can be sealed; a JSON report on standard output, status 2 if one could not."""
    if seed is not None and not _HEX.fullmatch(seed):
        raise BadRequest(f"种子“{seed[:20]}”不是十六进制。请给偶数个 0-9a-f 字符。")
    with start.up(data):
        from kaopei.office import clock
        from kaopei.vault.custody import sealroom

        report = sealroom.seal_all([_bytes(order) for order in orders], custodians, out, seed, clock.now())
    print(json.dumps(report, ensure_ascii=False))
    if report["refused"]:
        print("；".join(row["reason"] for row in report["refused"]), file=sys.stderr)
    return 2 if report["refused"] else 0


def score(returned: Path, custodians: Sequence[str], out: Path, reason: str, data: Path) -> int:
    """Score one return parcel and write the signed outcomes."""
    with start.up(data):
        from kaopei.office import clock
        from kaopei.vault.custody import sealroom

        count = sealroom.score_one(_bytes(returned), custodians, out, reason, clock.now())
    print(f"已评分 {count} 人，写入 {out}")
    return 0


def add_person(username: str, name: str, roles: Sequence[str], kid: str, data: Path) -> int:
    """Make a log-in of the vault; the password is read from standard input, never from the command line."""
    password = getpass.getpass("密码：") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    return add_people([{"username": username, "name": name, "roles": roles, "kid": kid, "password": password}], data)


def add_people(rows: Sequence[Mapping[str, Any]], data: Path) -> int:
    """Log-ins of the vault, all or none: username, name, password, roles, kid if there is one."""
    with start.up(data):
        from django.db import transaction

        from kaopei.office import clock, scope
        from kaopei.office.accounts.actions import create_person
        from kaopei.office.accounts.roles import PROVINCE, SYSTEM

        with scope.entered(PROVINCE), transaction.atomic():
            for row in rows:
                create_person(
                    username=row["username"],
                    name=row["name"],
                    password=row["password"],
                    held=tuple(row["roles"]),
                    city=PROVINCE,
                    kid=row.get("kid", ""),
                    by=SYSTEM,
                    at=clock.now(),
                )
    for row in rows:
        print(f"已建立题库室账号 {row['username']}（{row['name']}）。")
    return 0


def trace(package: str, seen: Sequence[str], data: Path) -> int:
    """Which attempts could have shown what a photo shows: one JSON object on standard output."""
    with start.up(data):
        from kaopei.vault.custody import queries, tracing
        from kaopei.vault.custody.papers import Papers

        row = queries.package(package)
        if row is None:
            raise BadRequest(f"题库室没有密封包 {package}。请核对编号。")
        papers = queries.papers(row)
        if not isinstance(papers, Papers):
            raise BadRequest(f"密封包 {package} 是实操场次，没有每人不同的题序可追查。请核对编号。")
        found = tracing.trace(papers, seen)
    print(json.dumps({"package": package, "sitting": row.sitting_id, "attempts": found}, ensure_ascii=False))
    return 0


def export_ledger(data: Path, out: Path) -> int:
    """Lay the vault's ledger down for outsiders."""
    with start.up(data):
        from kaopei.office import clock
        from kaopei.office.audit import export

        for laid in export.lay(out.absolute(), clock.now()):
            print(laid.folder, laid.size, laid.root.hex(), sep="\t")
    return 0


def serve(port: int, data: Path) -> int:
    """The vault's pages, until told to stop."""
    with start.up(data):
        from kaopei.office.server import serve as run

        print(f"题库室 http://127.0.0.1:{port}/", flush=True)
        run("kaopei.vault.wsgi:application", "127.0.0.1", port)
    return 0


def _bytes(path: Path) -> bytes:
    if not path.is_file():
        raise BadRequest(f"没有文件 {path}。请核对路径。")
    return path.read_bytes()
