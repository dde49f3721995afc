"""Whose rows may be seen: one city's, all of the province's, or none. Fails closed, in the queries and in PostgreSQL itself.

Every table with rows of a city gets `*scope.policy("table")` in the migration that makes it. A connection without a scope sees no
row and writes none. Requests take the scope of the person; tasks and commands say `with scope.entered("440600"):`.

Its model is a `CityRow` (or, written once, a `append_only.CityRecord`): the manager names the city too. The policy alone is right
but slow: `city = … OR … = '*'` uses no index, a list that leaves the city to it reads every city's rows (bench/scope.py).
"""

import contextlib
import contextvars
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import EmptyResultSet, FullResultSet
from django.db import connection, models
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


@contextlib.contextmanager
def named(city: str) -> Iterator[None]:
    """Queries name this city, the database is told nothing: for the portal, whose role has policies of its own, and for measuring."""
    token = _current.set(city)
    try:
        yield
    finally:
        _current.reset(token)


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


class InScope(models.Expression):
    """A condition: the row's city is the one in scope when the query runs, not when it was written down.

    For the province it says nothing; without a scope no row fits, and the database is not even asked.
    """

    conditional = True

    def __init__(self, column: Any = "city") -> None:
        super().__init__(output_field=models.BooleanField())
        self.column = models.F(column) if isinstance(column, str) else column

    def get_source_expressions(self) -> list[Any]:
        return [self.column]

    def set_source_expressions(self, exprs: Any) -> None:
        (self.column,) = exprs

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        if current() == PROVINCE:
            raise FullResultSet
        if not current():
            raise EmptyResultSet
        column, values = compiler.compile(self.column)
        return f"{column} = %s", [*values, current()]


class CityManager(models.Manager[Any]):
    """Rows of the city in scope."""

    def get_queryset(self) -> models.QuerySet[Any]:
        return super().get_queryset().filter(InScope())


class CityRow(models.Model):
    """Base of rows that belong to a city."""

    city = models.CharField(max_length=6)

    objects = CityManager()

    class Meta:
        abstract = True
