"""Events: one an action, in its transaction, known to the catalogue, never changed afterwards."""

import pytest
from django.db import DatabaseError, connection, transaction

from kaopei.office import scope
from kaopei.office.append_only import Frozen
from kaopei.office.audit import queries
from kaopei.office.audit.catalogue import UnknownEvent
from kaopei.office.audit.models import Event
from kaopei.office.audit.record import Unrecorded, event, nothing_changed, records
from tests.people import NOW, PEOPLE

pytestmark = pytest.mark.django_db


@records("accounts.assigned")
def act(times=1, *, by, at, facts=None):
    for _ in range(times):
        event(obj="person:x", **(facts or {"role": "clerk"}))


@records("accounts.assigned")
def find_it_done(*, by, at):
    nothing_changed()


@records("accounts.assigned")
def act_and_break(*, by, at):
    event(obj="person:x", role="clerk")
    raise RuntimeError("half way")


@pytest.fixture
def clerk(province):
    return PEOPLE["clerk"].make()


def test_event_names_who_what_when(clerk):
    with scope.entered("440600"):
        act(by=clerk, at=NOW)
        written = queries.last("accounts.assigned", "person:x")
    assert (written.actor, written.city, written.at) == ("clerk", "440600", NOW)


@pytest.mark.parametrize("times", [0, 2])
def test_action_writes_exactly_one_event(clerk, times):
    with pytest.raises(Unrecorded):
        act(times, by=clerk, at=NOW)
    assert queries.last("accounts.assigned", "person:x") is None


def test_action_that_found_its_work_done_writes_none(clerk):
    find_it_done(by=clerk, at=NOW)
    assert queries.last("accounts.assigned", "person:x") is None


def test_event_is_lost_with_its_action(clerk):
    with pytest.raises(RuntimeError):
        act_and_break(by=clerk, at=NOW)
    assert queries.last("accounts.assigned", "person:x") is None


@pytest.mark.parametrize("facts", [{"name": "林秀兰"}, {"role": 1.5}, {"role": b"x"}])
def test_facts_outside_the_catalogue_are_refused(clerk, facts):
    with pytest.raises(UnknownEvent):
        act(by=clerk, at=NOW, facts=facts)


def test_event_outside_an_action_is_refused():
    with pytest.raises(Unrecorded):
        event(obj="person:x")


def test_who_and_when_are_always_given(clerk):
    with pytest.raises(TypeError):
        act()


@pytest.mark.parametrize(
    "command",
    ["UPDATE audit_event SET actor = 'y'", "DELETE FROM audit_event", "TRUNCATE audit_event CASCADE"],
)
def test_record_is_not_changed_even_by_raw_sql(clerk, command):
    act(by=clerk, at=NOW)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(command)
    assert queries.last("accounts.assigned", "person:x").actor == "clerk"


def test_owner_is_stopped_by_the_trigger(clerk, cluster):
    """The program's role lacks the grant; the owner has it, and meets the trigger."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgname FROM pg_trigger WHERE tgrelid = 'audit_event'::regclass AND NOT tgisinternal")
        assert {row[0] for row in cursor.fetchall()} == {"audit_event_rows", "audit_event_whole"}
        cursor.execute("SELECT has_table_privilege('kaopei_app', 'audit_event', 'DELETE, UPDATE, TRUNCATE')")
        assert cursor.fetchone() == (False,)


def test_model_refuses_before_the_database(clerk):
    act(by=clerk, at=NOW)
    row = queries.last("accounts.assigned", "person:x")
    for change in (row.save, row.delete, Event.objects.all().delete, lambda: Event.objects.update(actor="y")):
        with pytest.raises(Frozen):
            change()


def test_each_city_sees_its_own_events(clerk):
    with scope.entered("440600"):
        act(by=clerk, at=NOW)
    for city, seen in {"440600": True, "440100": False, "": False, "*": True}.items():
        with scope.entered(city):
            assert (queries.last("accounts.assigned", "person:x") is not None) is seen, city


def test_raw_sql_without_a_scope_gives_no_row(clerk):
    act(by=clerk, at=NOW)
    with scope.entered(""), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM audit_event")
        assert cursor.fetchone() == (0,)
        cursor.execute("RESET kaopei.scope")
        cursor.execute("SELECT count(*) FROM audit_event")
        assert cursor.fetchone() == (0,)


def test_scope_comes_back_after_a_failed_transaction(clerk):
    with pytest.raises(DatabaseError), scope.entered("440600"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT 1/0")
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('kaopei.scope')")
        assert cursor.fetchone() == (scope.PROVINCE,)
