"""The center's doors for the command line: bring it up, take a pack in, serve its pages."""

import datetime as dt
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from kaopei.office import database, schema
from kaopei.office.environment import data_folder

if TYPE_CHECKING:
    from kaopei.center.applications.pack import Pack

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
    for text, is_loud in warnings:
        print(("！！ " if is_loud else "注意 ") + text, file=sys.stderr)
    print(f"{done}：{counts['rows']} 行，受理 {counts['accept']}，待定 {counts['hold']}，不予受理 {counts['refuse']}")


def _today() -> dt.date:
    """This day in China; a dry run needs no data directory and no clock of a rehearsal."""
    return dt.datetime.now(dt.timezone(dt.timedelta(hours=8))).date()


def serve(data: Path, port: int, *, workers: int = 1) -> int:
    """Serve the center's pages on 127.0.0.1 until told to stop; long work runs beside."""
    with up(data):
        from kaopei.office import server

        server.serve("kaopei.center.wsgi:application", "127.0.0.1", port, workers=workers)
    return 0
