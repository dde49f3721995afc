"""PostgreSQL itself keeps cities apart: without a scope raw SQL sees and writes nothing, whoever forgot to ask for one."""

import re
from pathlib import Path

import psycopg
import pytest
from django.apps import apps

from kaopei.office import scope
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


# Raw SQL does not pass the managers: what each statement of the programs is, that it may do without or names the city itself.
RAW = {
    "center/applications/bulk.py": "inserts rows that carry their city",
    "center/certificates/actions.py": "an advisory lock",
    "center/certificates/deciding.py": "an advisory lock",
    "center/results/actions.py": "an advisory lock",
    "center/sittings/actions/releasing.py": "an advisory lock",
    "center/training/actions/proofs.py": "an advisory lock",
    "center/training/counting.py": "names the city",
    "center/training/sealing.py": "an advisory lock",
    "center/training/taking.py": "names the city; temporary tables",
    "office/audit/tasks.py": "an advisory lock",
    "office/ids.py": "running numbers, of the installation",
    "office/scope.py": "the scope itself",
    "office/tasks/registry.py": "a notification",
}


def test_every_model_of_a_city_names_it_in_its_queries():
    """The policy alone is right but slow (bench/scope.py); a second manager would be a way around."""
    wrong = []
    for model in apps.get_models():
        if model._meta.db_table in tables():
            bare = [one for one in model._meta.managers if not isinstance(one, scope.CityManager)]
            wrong += [model.__name__] if bare or not isinstance(model._default_manager, scope.CityManager) else []
    assert not wrong, "base them on office.scope.CityRow or office.append_only.CityRecord"


def test_no_query_goes_around_the_managers():
    root, found = Path(__file__).resolve().parents[3] / "kaopei", set()
    for path in sorted([*(root / "center").rglob("*.py"), *(root / "office").rglob("*.py")]):
        text = path.read_text(encoding="utf-8")
        if "migrations" not in path.parts and re.search(r"\.cursor\(\)|\.raw\(|RawSQL|_base_manager|models\.Manager\(", text):
            found.add(path.relative_to(root).as_posix())
    assert found == set(RAW)


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
