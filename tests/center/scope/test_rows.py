"""PostgreSQL itself keeps cities apart: without a scope raw SQL sees and writes nothing, whoever forgot to ask for one."""

import psycopg
import pytest
from django.apps import apps

from tests.conftest import DATABASE, url
from tests.people import FOSHAN, GUANGZHOU

# People and running numbers are of the installation: pages and actions look at the city themselves (test_people, test_matrix).
WITHOUT = {"accounts_user", "audit_counter"}


def tables():
    """Tables with rows of a city."""
    found = {
        model._meta.db_table for model in apps.get_models()
        if model.__module__.startswith("kaopei.") and any(field.column == "city" for field in model._meta.concrete_fields)
    }  # fmt: skip
    return sorted(found - WITHOUT)


@pytest.fixture
def line(month):
    with psycopg.connect(url("app", DATABASE), autocommit=True) as raw:
        yield raw


def count(line, table):
    return line.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0]  # noqa: S608


def test_every_table_with_a_city_is_forced_under_row_level_security(line):
    rows = dict(line.execute("SELECT relname, relrowsecurity AND relforcerowsecurity FROM pg_class WHERE relkind IN ('r', 'p')").fetchall())
    assert len(tables()) >= 40
    assert not [table for table in tables() if not rows[table]]


def test_raw_sql_without_a_scope_gives_no_row(line):
    assert {table: found for table in tables() if (found := count(line, table))} == {}


def test_each_city_sees_its_own_and_the_province_all(line):
    seen = {}
    for city in ("*", FOSHAN, GUANGZHOU):
        line.execute("SELECT set_config('kaopei.scope', %s, false)", [city])
        seen[city] = {table: count(line, table) for table in tables()}
    filled = [table for table, found in seen["*"].items() if found]
    assert len(filled) >= 30, filled
    assert not any(seen[GUANGZHOU].values())
    assert all(seen[FOSHAN][table] > 0 for table in filled if table not in {"audit_event"})


def test_nothing_is_written_or_changed_across_cities(line):
    institution = '"registry_institution"'
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        line.execute(f"INSERT INTO {institution} (city, code, name, district, address, phone) VALUES ('440600', 'x', 'x', '', '', '')")
    line.execute("SELECT set_config('kaopei.scope', %s, false)", [GUANGZHOU])
    assert line.execute(f"UPDATE {institution} SET name = 'x'").rowcount == 0
    assert line.execute(f"DELETE FROM {institution}").rowcount == 0
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        line.execute(f"INSERT INTO {institution} (city, code, name, district, address, phone) VALUES ('440600', 'x', 'x', '', '', '')")


def test_the_program_is_nobody_special_in_the_database(line):
    me = line.execute("SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = current_user").fetchone()
    assert me == ("kaopei_app", False, False, False, False)
    assert line.execute("SELECT count(*) FROM pg_class WHERE relowner = 'kaopei_app'::regrole").fetchone()[0] == 0
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        line.execute('ALTER TABLE "registry_institution" DISABLE ROW LEVEL SECURITY')
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        line.execute("SET ROLE kaopei_owner")
