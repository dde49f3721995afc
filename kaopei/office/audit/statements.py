"""What PostgreSQL itself refused, out of its log: statements against a guard, a missing grant, or row-level security.

A refused statement is rolled back with everything around it, so no trigger can write it into the record. The log of the private
server has it; the timer takes it from there into the ledger, each once. A server that somebody else runs (DATABASE_URL) keeps its
own log, which is the auditor's to read.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from kaopei.office import database, scope
from kaopei.office.accounts.roles import SYSTEM, Actor
from kaopei.office.audit.models import Event
from kaopei.office.audit.record import event, records

CODE = "audit.statement_refused"
# Insufficient privilege: what guards raise, what a missing grant and row-level security answer.
REFUSED = "42501"
# The prefix is database.LOG_LINE; a statement's further lines begin with a tab, so nothing in it can look like a line of the log.
LINE = re.compile(
    r"(?P<said_at>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ \S+) \[(?P<session>[0-9a-f]+\.[0-9a-f]+)-(?P<line>\d+)\] (?P<role>\S*)@\S* (?P<sqlstate>\w{5}) "
    r"(?P<level>[A-Z]+):  (?P<text>.*(?:\n\t.*)*)"
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """One refused statement: `number` is unique in the log; the statement is kept as its digest, for it may hold personal data."""

    number: str
    role: str
    sqlstate: str
    said_at: str
    statement: str


def read(text: str) -> Iterator[Refusal]:
    """Refused statements of a log, in its order."""
    error: re.Match[str] | None = None
    for found in LINE.finditer(text):
        if found["level"] == "ERROR" and found["sqlstate"] == REFUSED:
            error = found
        elif found["level"] == "STATEMENT" and error is not None and found["session"] == error["session"]:
            digest = hashlib.sha256(found["text"].encode()).hexdigest()
            yield Refusal(f"{error['session']}-{error['line']}", error["role"], error["sqlstate"], error["said_at"], digest)
            error = None


@records(CODE)
def note_statement(refusal: Refusal, *, by: Actor, at: datetime) -> None:
    """A statement that the database refused, with the role that sent it. Who sat behind the role, only the role's holder can say."""
    event(
        obj=f"database:{refusal.number}",
        city="",
        role=refusal.role,
        sqlstate=refusal.sqlstate,
        statement=refusal.statement,
        said_at=refusal.said_at,
    )


class LogReader:
    """Takes a log in as it grows."""

    def __init__(self, log: Path) -> None:
        self.log, self.place = log, 0

    def take(self, at: datetime) -> int:
        """Enter what is new since the last call; how many. What already stands in the record, from a call before a restart, is left out."""
        with self.log.open("rb") as file:
            if file.seek(0, 2) < self.place:
                self.place = 0  # a new log
            file.seek(self.place)
            data = file.read()
        # The last line may still be growing: it is read next time.
        whole = data[: data.rfind(b"\n") + 1]
        rows = {f"database:{one.number}": one for one in read(whole.decode(errors="replace"))}
        with scope.entered(scope.PROVINCE):
            known = set(Event.objects.filter(code=CODE, obj__in=list(rows)).values_list("obj", flat=True))
            for obj, one in rows.items():
                if obj not in known:
                    note_statement(one, by=SYSTEM, at=at)
        # An error and its statement are two lines: the newest few are looked at again.
        self.place += max(0, len(whole) - database.LOG_AGAIN)
        return len(rows) - len(known)
