"""No identity or phone number in clear: every table, the files of the installation and of the database server, its log, addresses of pages."""

import re
from pathlib import Path

import psycopg
import pytest
from django.apps import apps

from kaopei.office import scope
from kaopei.office.audit.models import Event
from tests.conftest import CLUSTER, DATABASE, FOLDER, url
from tests.people import FOSHAN

# Model and column of every number that a month leaves behind.
NUMBERS = {
    "applications.Application": ("id_number", "phone"), "training.Trainee": ("id_number", "phone"), "training.TeacherReport": ("id_number",),
    "registry.ExamStaff": ("id_number",),
}  # fmt: skip
DIGITS = re.compile(rb"(?<!\d)(?:\d{17}[\dXx]|1\d{10})(?!\d)")


@pytest.fixture
def known(month):
    """All numbers of the month, read through the programs' own keys."""
    found = set()
    with scope.entered(FOSHAN):
        for model, columns in NUMBERS.items():
            for column in columns:
                found |= set(apps.get_model(model).objects.values_list(column, flat=True))
    found = {one.encode() for one in found if one and re.fullmatch(r"\d{17}[\dX]|1\d{10}", one)}
    assert len(found) > 100, "the month has too few people to tell anything"
    return found


def clear(data, known):
    """Known numbers that stand in these bytes as text, or as the hexadecimal text of bytes."""
    found = set(DIGITS.findall(data)) & known
    return found | {one for one in known if one.hex().encode() in data} if b"\\\\x" in data else found


def dump():
    """Every table as text, as the owner would dump it: (table, bytes)."""
    with psycopg.connect(url("owner", DATABASE), autocommit=True) as line:
        line.execute("SELECT set_config('kaopei.scope', '*', false)")
        for (table,) in line.execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace").fetchall():
            with line.cursor().copy(f'COPY (SELECT * FROM "{table}") TO STDOUT') as copy:  # noqa: S608
                yield table, b"".join(copy)


def files(*folders):
    for folder in folders:
        for path in sorted(Path(folder).rglob("*")):
            if path.is_file():
                yield path, path.read_bytes()


def test_no_number_in_a_dump_of_any_table(known):
    tables = dict(dump())
    assert len(tables) > 80 and sum(map(len, tables.values())) > 100_000
    assert {table: found for table, data in tables.items() if (found := clear(data, known))} == {}


def test_no_number_in_the_data_folder_and_the_log_of_the_database(known, month):
    for path, data in [*files(month.ground.data), (CLUSTER.log, CLUSTER.log.read_bytes())]:
        assert not clear(data, known), path


@pytest.mark.long
def test_no_number_in_the_files_of_the_database(known, month):
    """The server's own files (what a backup of the machine copies: tables, write-ahead log, its log), the data folders, temporary files."""
    with psycopg.connect(CLUSTER.admin_url, autocommit=True) as line:
        line.execute("CHECKPOINT")
    seen = 0
    for path, data in files(month.ground.data, FOLDER):
        seen += 1
        assert not clear(data, known), path
    assert seen > 100


def pages_are_clean(known, month, people, share):
    """What the pages show of people is masked, and what they link to has no number; how many pages were read."""
    seen = 0
    for role in people:
        client = month.matrix.client(role, "own")
        for one, path in month.matrix.addresses[::share]:
            if one.name == "static":
                continue
            answer = client.get(path)
            if answer.status_code == 200 and "html" in answer.headers.get("Content-Type", ""):
                seen += 1
                assert not clear(answer.content, known), (role, path)
    return seen


def test_no_number_on_pages_and_in_the_addresses_that_they_link_to(known, month):
    assert pages_are_clean(known, month, ["clerk"], 3) > 5


@pytest.mark.long
def test_no_number_on_any_page_that_anybody_opens(known, month):
    assert pages_are_clean(known, month, ("clerk", "approver", "institution", "province", "inspector", "auditor"), 1) > 150


def test_every_unmasking_stands_in_the_ledger(month, known):
    client = month.matrix.client("clerk", "own")
    path = next(path for one, path in month.matrix.addresses if one.name == "applications:unmask")
    assert client.post(path, {"reason": "短"}).status_code == 409
    before = Event.objects.filter(code="applications.unmasked").count()
    answer = client.post(path, {"reason": "与公安系统核对身份证号码"})
    assert clear(answer.content, known), "shown whole, once"
    with scope.entered(FOSHAN):
        assert Event.objects.filter(code="applications.unmasked").count() == before + 1
    assert not clear(client.get(path.replace("/unmask/", "/")).content, known)


def test_planted_number_is_found(known):
    one = min(known)
    assert clear(b"...\t" + one + b"\t...", known) == {one}
    assert clear(b"\\\\x00" + one.hex().encode(), known) == {one}
