"""What `./test scan` asks of a run beside its tests: every address asked for is written down, and no database hides or drops a value."""

import logging
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

PLAIN = """
    SELECT c.relname, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped AND a.attstorage IN ('x', 'm')
"""


def note_addresses(log: Path) -> None:
    """Addresses of Django's test client and of httpx, and whatever is logged in this process, go to the file."""
    import httpx
    from django.test.client import ClientHandler

    output = logging.FileHandler(log, encoding="utf-8")
    logging.getLogger().addHandler(output)
    told = logging.getLogger("tests.keeping")
    told.setLevel(logging.INFO)
    asked, sent = ClientHandler.__call__, httpx.Client.send

    def ask(self: Any, environ: Any) -> Any:
        told.info("%s %s?%s", environ.get("REQUEST_METHOD"), environ.get("PATH_INFO"), environ.get("QUERY_STRING"))
        return asked(self, environ)

    def send(self: Any, request: Any, **more: Any) -> Any:
        told.info("%s %s", request.method, request.url)
        return sent(self, request, **more)

    ClientHandler.__call__ = ask  # type: ignore[method-assign]
    httpx.Client.send = send  # type: ignore[method-assign]


def store_in_clear(admin_url: str, template_url: str) -> None:
    """No table compresses, and no part of the write-ahead log is thrown away: what a test rolls back can still be read there."""
    with psycopg.connect(admin_url, autocommit=True) as line:
        line.execute("ALTER SYSTEM SET wal_keep_size = '1TB'")
        line.execute("SELECT pg_reload_conf()")
    with psycopg.connect(template_url, autocommit=True) as line:
        for table, column in line.execute(PLAIN).fetchall():
            line.execute(sql.SQL("ALTER TABLE {} ALTER COLUMN {} SET STORAGE EXTERNAL").format(sql.Identifier(table), sql.Identifier(column)))
