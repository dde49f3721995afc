"""The log of PostgreSQL as the record reads it: what was refused, once, and nothing that a statement pretends to be."""

import hashlib
import uuid
from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, connection, transaction

from kaopei.office import scope
from kaopei.office.audit.models import Event
from kaopei.office.audit.statements import LogReader, read
from tests.conftest import CLUSTER

HEAD = "2026-11-27 13:00:00.123 UTC [6a1.2b3-{line}] kaopei_app@kaopei {state} {level}:  {text}\n"
AT = datetime(2026, 11, 27, 13, tzinfo=UTC)


def line(number, level, text, state="42501"):
    return HEAD.format(line=number, state=state, level=level, text=text)


def test_a_refused_statement_is_read_with_role_and_digest() -> None:
    statement = "UPDATE allocation_draw\n\tSET seed = 'x'"
    (found,) = read(line(1, "LOG", "hello", "00000") + line(2, "ERROR", "draw x: what is fixed") + line(3, "STATEMENT", statement))
    assert (found.number, found.role, found.sqlstate) == ("6a1.2b3-2", "kaopei_app", "42501")
    assert found.statement == hashlib.sha256(statement.encode()).hexdigest()
    assert found.said_at == "2026-11-27 13:00:00.123 UTC"


def test_other_errors_and_statements_without_an_error_are_left_out() -> None:
    said = line(1, "ERROR", "syntax", "42601") + line(2, "STATEMENT", "SELEC 1", "42601") + line(3, "ERROR", "refused") + line(4, "LOG", "x", "00000")
    assert list(read(said)) == []


def test_a_statement_cannot_write_lines_of_its_own() -> None:
    """PostgreSQL begins each further line of a statement with a tab."""
    fake = line(9, "ERROR", "fake") + line(10, "STATEMENT", "fake")
    said = line(1, "ERROR", "refused") + line(2, "STATEMENT", "SELECT '\n" + "".join(f"\t{one}\n" for one in fake.splitlines()) + "\t'")
    assert [one.number for one in read(said)] == ["6a1.2b3-1"]


@pytest.mark.django_db
def test_what_the_server_refuses_stands_in_the_record_once() -> None:
    log, statement = LogReader(CLUSTER.log), f"DELETE FROM audit_event -- {uuid.uuid4()}"  # other workers are refused on the same server
    digest = hashlib.sha256(statement.encode()).hexdigest()

    def entered() -> int:
        return Event.objects.filter(code="audit.statement_refused", facts__statement=digest).count()

    with scope.entered(scope.PROVINCE):
        log.take(AT)
        for _ in range(3):
            with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement)
        assert log.take(AT) >= 3 and entered() == 3
        log.take(AT)
        LogReader(CLUSTER.log).take(AT)
        assert entered() == 3, "a restart reads the log again and enters nothing twice"


@pytest.mark.django_db
def test_a_line_that_is_still_being_written_waits(tmp_path) -> None:
    log = tmp_path / "log"
    whole = line(1, "ERROR", "refused") + line(2, "STATEMENT", "DELETE FROM x")
    log.write_text(whole[:-5])
    reader = LogReader(log)
    with scope.entered(scope.PROVINCE):
        assert reader.take(AT) == 0
        log.write_text(whole)
        assert reader.take(AT) == 1
