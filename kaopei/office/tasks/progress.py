"""How far a job is: written on a connection of its own, so that it is seen while the work's transaction is open."""

from time import monotonic
from typing import Any

import psycopg
from django.db import connection

from kaopei.office.tasks.registry import Cancelled

EVERY = 0.3  # seconds between two writes


def line() -> psycopg.Connection[Any]:
    """A connection outside Django's transactions, to the same database in the same role."""
    wanted = {key: value for key, value in connection.get_connection_params().items() if key in KEPT}
    made = psycopg.connect(**wanted, autocommit=True)
    made.execute("SELECT set_config('kaopei.scope', '*', false)")
    return made


KEPT = {"dbname", "user", "password", "host", "port", "options", "sslmode", "sslrootcert", "target_session_attrs"}


class Progress:
    """Called by the work: `progress(done, total, "正在…")`; raises Cancelled when the person has cancelled."""

    def __init__(self, job: int, to: psycopg.Connection[Any]) -> None:
        self.job, self.to, self.written = job, to, 0.0

    def __call__(self, done: int, total: int = 0, note: str = "") -> None:
        moment = monotonic()
        if moment - self.written < EVERY and done != total:
            return
        self.written = moment
        self.to.execute("UPDATE tasks_job SET done = %s, total = %s, note = %s WHERE id = %s", [done, total, note[:200], self.job])
        self.check()

    def check(self) -> None:
        """Raise Cancelled if cancelling was asked for."""
        row = self.to.execute("SELECT cancel_asked FROM tasks_job WHERE id = %s", [self.job]).fetchone()
        if row and row[0]:
            raise Cancelled


class Quiet:
    """For callers without a job (commands): counts nothing, is never cancelled."""

    def __call__(self, done: int, total: int = 0, note: str = "") -> None:
        return

    def check(self) -> None:
        return
