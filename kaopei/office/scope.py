"""Whose rows may be seen: one city's, all of the province's, or none. Fails closed, in PostgreSQL itself.

Every table with rows of a city gets `*scope.policy("table")` in the migration that makes it. A connection without a scope sees no
row and writes none. Requests take the scope of the person; tasks and commands say `with scope.entered("440600"):`.
"""

import contextlib
import contextvars
from collections.abc import Iterator

from django.db import connection
from django.db.migrations import RunSQL
from psycopg.pq import TransactionStatus

PROVINCE = "*"
_current: contextvars.ContextVar[str] = contextvars.ContextVar("scope", default="")


def current() -> str:
    """The city's six digits, `*` for the province, or nothing."""
    return _current.get()


def city_of(home: str) -> str:
    """The city that something belongs to which is made now: the one in scope, else the maker's home."""
    return current() if current() not in ("", PROVINCE) else home


@contextlib.contextmanager
def entered(city: str) -> Iterator[None]:
    """See and write rows of this city (`*`: of all cities) inside the block."""
    token = _current.set(city)
    _tell(city)
    try:
        yield
    finally:
        _current.reset(token)
        # A connection that is gone took its scope with it, and the next one begins with none.
        if connection.connection is not None and not connection.connection.closed:
            _tell(current())


def _tell(city: str) -> None:
    # A broken transaction cannot be told; its rows are lost anyway, and the next `entered` speaks again.
    if connection.connection is not None and connection.connection.info.transaction_status == TransactionStatus.INERROR:
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('kaopei.scope', %s, false)", [city])


def policy(table: str, column: str = "city") -> list[RunSQL]:
    """Migration operations that put `table` under row-level security by its city column.

    The setting is read once a query, not once a row: `(select current_setting(…))`.
    """
    seen = "(SELECT nullif(current_setting('kaopei.scope', true), ''))"
    rule = f"{column} = {seen} OR {seen} = '*'"
    return [
        RunSQL(
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY; ALTER TABLE {table} FORCE ROW LEVEL SECURITY;"
            f"CREATE POLICY {table}_scope ON {table} USING ({rule}) WITH CHECK ({rule})",
            f"DROP POLICY {table}_scope ON {table}; ALTER TABLE {table} DISABLE ROW LEVEL SECURITY",
        )
    ]
