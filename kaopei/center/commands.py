"""The center's doors for the command line: bring it up, make its first people, take a pack in, serve its pages."""

import datetime as dt
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kaopei.office import database, schema
from kaopei.office.environment import data_folder

if TYPE_CHECKING:
    from kaopei.center.applications.pack import Pack
    from kaopei.center.registry.reading import Message

SETTINGS = "kaopei.center.settings"


def up(data: Path) -> database.Cluster | database.Server:
    """Start the center's database in DATADIR (or find the one named by DATABASE_URL), bring its tables up to date, set Django up.

    The caller keeps the server: `with up(data):`.
    """
    data = data.absolute()
    data.mkdir(parents=True, exist_ok=True)
    os.environ.update(KAOPEI_DATA=str(data), DJANGO_SETTINGS_MODULE=SETTINGS)
    server = database.find("center", data)
    os.environ["DATABASE_URL"] = server.app_url
    schema.migrate(SETTINGS, server)
    import django

    django.setup()
    return server


class BadPeople(ValueError):
    """People that cannot be made as given; nobody was made."""

    exit_status = 2


def people(rows: Sequence[Mapping[str, Any]], *, data: Path | None = None) -> int:
    """Make log-ins, all or none: in earnest only the first security administrator, who makes the others at /people/new/.

    Rows: username, name, password, roles, and city, institution, site if there is one. A signing key is found in the trust list by
    its holder, who is named by the username.
    """
    with up(data or data_folder()):
        from django.conf import settings
        from django.core.exceptions import ValidationError
        from django.db import transaction

        from kaopei.office import scope, trusted
        from kaopei.office.accounts import queries
        from kaopei.office.refused import Refused

        first = queries.nobody_yet() and len(rows) == 1 and list(rows[0]["roles"]) == ["security_admin"]
        listed = trusted.current(settings.DATA)
        if not first and (listed is None or not listed.rehearsal):
            raise BadPeople("正式系统只能用本命令建立第一名安全管理员（一人、一个岗位 security_admin）；其余账号由安全管理员在页面“人员”中建立。")
        keys = {key.holder: key.kid for key in (listed.keys.values() if listed else ()) if key.role in ("person", "party") and not key.revoked_since}
        try:
            with scope.entered(scope.PROVINCE), transaction.atomic():
                for row in rows:
                    _make_person(row, keys.get(row["username"], ""))
        except (Refused, ValidationError) as problem:
            raise BadPeople(f"用户 {row['username']}：{'；'.join(getattr(problem, 'messages', [str(problem)]))} 没有建立任何账号。") from None
    print(f"已建立中心账号 {len(rows)} 个")
    return 0


def _make_person(row: Mapping[str, Any], kid: str) -> None:
    from kaopei.office import clock
    from kaopei.office.accounts.actions import create_person
    from kaopei.office.accounts.roles import SYSTEM

    create_person(
        username=row["username"],
        name=row["name"],
        password=row["password"],
        held=tuple(row["roles"]),
        city=str(row.get("city", "")),
        institution=str(row.get("institution", "")),
        site=str(row.get("site", "")),
        kid=kid,
        by=SYSTEM,
        at=clock.now(),
    )


def intake(folder: Path, out: Path, *, data: Path | None = None, dry_run: bool = False) -> int:
    """Take a city's spreadsheets in, or only judge them; the verdict file is written last and whole. DATADIR is `var/` by default."""
    if dry_run:
        from kaopei.center.applications import judging, pack

        judgement = judging.judge(pack.open_delivery(pack.collect(folder)), received_on=None, today=_today())
        _write(out, [row.as_row() for row in judgement.rows])
        _tell(judgement.counts(), [(str(message), message.is_loud) for message in judgement.messages], "试审，没有受理")
        return 0
    from kaopei.center.applications import pack

    opened = pack.open_delivery(pack.collect(folder))  # a fault of the files is found before anything is started
    with up(data or data_folder()):
        rows, counts, warnings, done = _take(opened)
    _write(out, rows)
    _tell(counts, warnings, done)
    return 0


def _take(opened: "Pack") -> tuple[list[tuple[str, ...]], dict[str, int], list[tuple[str, bool]], str]:
    """Judge and carry out in one transaction; what the verdict file and the screen need."""
    from django.db import transaction

    from kaopei.center.applications import actions, queries
    from kaopei.office import clock, scope
    from kaopei.office.accounts.roles import SYSTEM

    at = clock.now()
    with scope.entered(scope.PROVINCE), transaction.atomic():
        made = actions.receive(opened, by=SYSTEM, at=at)
        fresh = made.confirmed_at is None
        made = actions.confirm(made, by=SYSTEM, at=at)
        done = f"受理 {made.number} 已确认（{_changed(made.changed)}）" if fresh else f"与受理 {made.number} 相同，没有改动"
        warnings = [(warning["text"], warning["loud"]) for warning in made.warnings]
        return list(queries.verdict_rows(made)), made.counts, warnings, done


def _changed(counts: dict[str, int]) -> str:
    """What a round of corrections did."""
    names = {"new": "新增", "changed": "更正", "same": "无变化", "frozen": "有变化但已冻结未替换", "absent": "本次未再报"}
    return "，".join(f"{name} {counts[key]}" for key, name in names.items() if counts.get(key)) or "没有报名"


def _write(out: Path, rows: list[tuple[str, ...]]) -> None:
    """Beside first, then renamed: never half a file; reasons may name people, so only its owner reads it."""
    from kaopei.center.applications.verdicts import as_csv

    out = out.absolute()
    out.parent.mkdir(parents=True, exist_ok=True)
    beside = out.with_name(f".{out.name}.{os.getpid()}")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(as_csv(rows))
    beside.replace(out)


def _tell(counts: dict[str, int], warnings: list[tuple[str, bool]], done: str) -> None:
    """Loud warnings on stderr; the counts on stdout."""
    _warn(warnings)
    print(f"{done}：{counts['rows']} 行，受理 {counts['accept']}，待定 {counts['hold']}，不予受理 {counts['refuse']}")


def _warn(warnings: list[tuple[str, bool]]) -> None:
    for text, is_loud in warnings:
        print(("！！ " if is_loud else "注意 ") + text, file=sys.stderr)


def _today() -> dt.date:
    """This day in China; a dry run needs no data directory and no clock of a rehearsal."""
    return dt.datetime.now(dt.timezone(dt.timedelta(hours=8))).date()


def decisions(data: Path, batch: str, limit: int) -> int:
    """The numbered decisions of a batch that refuse or hold, as they would be served; personal data is masked."""
    with up(data):
        from kaopei.center.applications import queries
        from kaopei.law.rules.c3_0_decisions import may_be_final
        from kaopei.office import clock, scope

        with scope.entered(scope.PROVINCE):
            found = queries.weighing(batch, limit)
            for made in found:
                print("\n".join(made.lines()))
                print(f"  状态：{may_be_final(made, clock.today()).text or '已生效'}\n")
    print(f"批次 {batch}：列出 {len(found)} 项不予受理或待定的决定")
    return 0 if found else 1


def training_import(folder: Path, city: str, *, data: Path | None = None) -> int:
    """一（三）: take a city's classes and records in, seal them in the ledger, count the hours."""
    with up(data or data_folder()):
        from django.db import transaction

        from kaopei.center.registry import rows
        from kaopei.center.training import delivery, recount
        from kaopei.center.training.actions import imports
        from kaopei.office import clock, scope
        from kaopei.office.accounts.roles import SYSTEM

        made, at = delivery.opened(folder, city), clock.now()
        with scope.entered(made.city), transaction.atomic():
            taken = imports.take(made, source=folder.name, by=SYSTEM, at=at)
            result, leads = recount.recount(made.city, by=SYSTEM, at=at)
        _warn(rows.told(made.source.messages))
    names = {"classes": "培训班", "enrolments": "入班", "sign_in": "签到记录", "study": "线上学习事件", "unlisted": "不在名册而有签到的人"}
    new = "，".join(f"{name} {taken.counts[key]}" for key, name in names.items() if taken.counts.get(key))
    print("与以前导入的相同，没有改动" if taken.before else f"新增 {new}")
    print(f"{result.learners} 名学员的学时已算出；新线索 {sum(leads.values())} 条，须经人工核实，不作为认定。")
    return 0


def training_count(city: str, *, data: Path | None = None) -> int:
    """一（三）: count the hours of a city again."""
    with up(data or data_folder()):
        from kaopei.center.training import recount
        from kaopei.office import clock, scope
        from kaopei.office.accounts.roles import SYSTEM

        with scope.entered(city):
            result, leads = recount.recount(city, by=SYSTEM, at=clock.now())
    print(f"{result.learners} 名学员、{result.enrolments} 个入班的学时已算出；新线索 {sum(leads.values())} 条。")
    return 0


def training_check(*, data: Path | None = None) -> int:
    """一（三）: all records of presence and study against the roots that the ledger carries; exit 1 naming the first that was changed."""
    with up(data or data_folder()):
        from kaopei.center.training import sealing
        from kaopei.office import clock, scope
        from kaopei.office.accounts.roles import SYSTEM

        sealing.seal_live(SYSTEM, clock.now())
        with scope.entered(scope.PROVINCE):
            seen, faults = sealing.check()
    for fault in faults:
        print("bad", str(fault), sep="\t")
    print(f"复核 {seen} 条记录，{'发现改动' if faults else '与台账一致'}。台账本身用 ./run ledger verify 复核。")
    return 1 if faults else 0


def export_ledger(data: Path, out: Path) -> int:
    """Lay the center's ledger down for outsiders."""
    with up(data):
        from kaopei.office import clock
        from kaopei.office.audit import export

        for laid in export.lay(out.absolute(), clock.now()):
            print(laid.folder, laid.size, laid.root.hex(), sep="\t")
    return 0


def serve(data: Path | None, port: int, *, workers: int = 1) -> int:
    """Serve the center's pages on 127.0.0.1 until told to stop; long work runs beside."""
    with up(data or data_folder()):
        from kaopei.office import server

        server.serve("kaopei.center.wsgi:application", "127.0.0.1", port, workers=workers)
    return 0


def recusal(folder: Path, out: Path) -> int:
    """二（二）、二（五）: who may not serve where, from file to file; only the owner of the result may read it."""
    from kaopei.center.allocation import duty_files

    files = duty_files.read(folder)
    rows = list(duty_files.recusal_rows(files))
    duty_files.write(out, duty_files.RECUSAL_COLUMNS, rows)
    _warn([(str(message), message.is_loud) for message in files.messages])
    refused = sum(row[2] == "0" for row in rows)
    print(f"{len(files.staff)} 人、{len(files.sittings)} 场，共 {len(rows)} 个结论：不得派遣 {refused}，可以 {len(rows) - refused}")
    return 0


def roster(folder: Path, seed: str, out: Path) -> int:
    """二（五）: the staff duty draw, from file to file."""
    from kaopei.center.allocation import duty_files
    from kaopei.center.allocation import roster as duties
    from kaopei.lottery import seed as lots

    lots.check(seed)
    files = duty_files.read(folder, with_posts=True)
    drawn = duties.draw(duties.Month(files.staff, files.posts, files.sittings, files.recusal()), seed)
    duty_files.write(out, ("sitting", "role", "person"), drawn.rows)
    _warn([*((str(message), message.is_loud) for message in files.messages), *((note, True) for note in drawn.notes)])
    print(f"需要 {len(drawn.rows)} 人次，排上 {len(drawn.rows) - drawn.unfilled}，缺 {drawn.unfilled}（缺口请向其他地市求助，不得放宽回避）")
    return 0


def roster_verify(file: Path) -> int:
    """二（五）: run the record of a duty draw again; needs no database."""
    from kaopei.center.allocation import duty_record
    from kaopei.center.registry.unusable import Unusable

    if not file.is_file():
        raise Unusable(f"没有文件 {file}。请核对路径。")
    print(duty_record.check(file.read_bytes()))
    return 0


def hours(folder: Path, out: Path) -> int:
    """一（三）: effective hours of every learner of every class, from file to file."""
    from kaopei.center.allocation import duty_files
    from kaopei.center.registry import rows
    from kaopei.center.training.study import files, totals

    study, messages = files.read(folder)
    counted = totals.count(study)
    table = list(totals.rows(counted))
    duty_files.write(out, totals.COLUMNS, table)
    _warn(rows.told(messages))
    print(f"{len(study.classes)} 个班，{len(table)} 名学员；有不计学时的 {sum(bool(row[-1]) for row in table)} 人。结果见 {out}")
    return 0


FINDING_COLUMNS = ("kind", "object", "from", "to", "clause", "class", "rows", "people", "note", "base_rate", "false_alarm")


def findings(folder: Path, out: Path) -> int:
    """一、二、三: leads in training, staff and site records, from file to file; each part whose files are there."""
    from kaopei.center.allocation import duty_files
    from kaopei.center.registry import rows
    from kaopei.center.registry.unusable import Unusable

    present = {path.stem for path in folder.iterdir()} if folder.is_dir() else set()
    parts = {
        "培训": (_training_findings, {"培训班", "课程表", "培训班名册"}),
        "考务人员": (_staff_findings, set(duty_files.NEEDED)),
        "考试点": (_site_findings, {"考试点", "考试计划"}),
    }
    able = [name for name, (_, needed) in parts.items() if needed <= present]
    if not able:
        raise Unusable(f"{folder} 里没有可以核查的文件。培训需要 培训班、课程表、培训班名册；考务人员需要 {'、'.join(duty_files.NEEDED)}。")
    table: list[tuple[str, ...]] = []
    for name, (find, needed) in parts.items():
        if name not in able:
            _warn([(f"没有{''.join(f'《{one}》' for one in sorted(needed - present))}，{name}部分没有核查", True)])
            continue
        found, messages = find(folder)
        table += found
        _warn(rows.told(messages))
    duty_files.write(out, FINDING_COLUMNS, table)
    print(f"{len(table)} 条线索，须经人工核实，不作为认定。结果见 {out}")
    return 0


type Found = tuple[list[tuple[str, ...]], "list[Message]"]


def _training_findings(folder: Path) -> Found:
    from kaopei.center.registry.rows import text_of
    from kaopei.center.training.study import estimates, files, forgery, totals

    study, messages = files.read(folder)
    counted = totals.count(study)
    found = forgery.findings(counted)
    shares = {kind: (f"{base:.5f}", f"{alarm:.3f}") for kind, (base, alarm) in estimates.estimates(counted, found).items()}
    return [
        (
            one.kind, one.object, text_of(one.begin), text_of(one.end), one.clause, one.study_class, ";".join(one.rows), ";".join(one.people),
            one.note, *shares[one.kind],
        )
        for one in found
    ], messages  # fmt: skip


def _staff_findings(folder: Path) -> Found:
    from kaopei.center.allocation import duty_files

    files = duty_files.read(folder)
    return [(kind, subject, "", "", clause, *[""] * 6) for kind, subject, clause in duty_files.staff_findings(files)], files.messages


def _site_findings(folder: Path) -> Found:
    from kaopei.center.allocation import duty_files
    from kaopei.center.registry.rows import text_of
    from kaopei.center.sittings import site_day

    days, messages = site_day.read(folder)
    staffed = all((folder / f"{name}.xlsx").is_file() or (folder / f"{name}.csv").is_file() for name in duty_files.NEEDED)
    tied = duty_files.tied_to(duty_files.read(folder)) if staffed else {}
    return [
        (one.kind, one.object, text_of(one.begin), text_of(one.end), one.clause, "", "", "", one.note, "", "")
        for one in site_day.findings(days, tied)
    ], messages
