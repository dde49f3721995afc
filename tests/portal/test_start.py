"""The portal's command, its database role, and what raw SQL under that role can see."""

import os
import shutil
import signal
import subprocess
import sys
import time

import psycopg
import pytest

from kaopei.office import database_files
from kaopei.office.database import Unusable
from kaopei.portal import commands
from tests.conftest import url
from tests.portal.conftest import LIMIT, free_port, start

SEEN = {"publication_publication", "publication_publishedfile", "publication_publicationround"}


@pytest.fixture
def line(center):
    with psycopg.connect(url("portal", center[0]), autocommit=True) as made:
        yield made


@pytest.fixture
def owner(center):
    with psycopg.connect(url("owner", center[0]), autocommit=True) as made:
        yield made


def tables(owner):
    rows = owner.execute("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v', 'm')")
    return sorted(row[0] for row in rows.fetchall())


def test_role_reads_published_rows_and_no_other_table(line, owner):
    every = tables(owner)
    assert len(every) > 30 and set(every) >= SEEN
    for table in every:
        if table in SEEN:
            continue
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            line.execute(f'SELECT * FROM "{table}" LIMIT 1')
    for table in SEEN - {"publication_publication"}:
        assert line.execute(f"SELECT count(*) FROM {table}").fetchone()[0] > 0


@pytest.mark.parametrize("scope", ["", "*", "440600", "440100"])
def test_setting_a_scope_opens_nothing_more(line, scope):
    line.execute("SELECT set_config('kaopei.scope', %s, false)", [scope])
    states = {row[0] for row in line.execute("SELECT DISTINCT status FROM publication_publication").fetchall()}
    assert states == {"public", "superseded"}


def test_withdrawn_lapsed_and_corrected_rows_are_not_seen(line, owner):
    owner.execute("SET kaopei.scope = '*'")
    count = "SELECT count(*) FROM publication_publication"
    before = line.execute(count).fetchone()[0]
    with owner.transaction(force_rollback=False):
        made = owner.execute(
            "INSERT INTO publication_publication (city, kind, object, version, content, digest, ground, since, until, status, withdrawn_because)"
            " VALUES ('440600', 'certificate', 'old', 1, '{}', '', 'N2.6.2', '2000-01-01', '2000-01-01', 'superseded', ''),"
            " ('440600', 'result', 'over', 1, '{}', '', 'N2.6.2', '2000-01-01', '2000-01-01', 'lapsed', ''),"
            " ('440600', 'site', 'gone', 1, '{}', '', 'N2.6.2', '2000-01-01', '2000-01-01', 'withdrawn', 'why'),"
            " ('440600', 'site', 'earlier', 1, '{}', '', 'N2.6.2', '2000-01-01', '2000-01-01', 'superseded', '') RETURNING object"
        ).fetchall()
    assert len(made) == 4
    assert line.execute(count).fetchone()[0] == before + 1
    seen = line.execute("SELECT object FROM publication_publication WHERE object = ANY(%s)", [[row[0] for row in made]]).fetchall()
    assert seen == [("earlier",)]


def test_why_something_was_withdrawn_is_not_even_a_column(line):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        line.execute("SELECT withdrawn_because FROM publication_publication")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        line.execute("SELECT * FROM publication_publication")


def test_files_of_a_draw_that_is_not_public_are_not_seen(line, owner):
    owner.execute("SET kaopei.scope = '*'")
    owner.execute(
        "INSERT INTO publication_publishedfile (city, draw, name, digest, size, since, content)"
        " VALUES ('440600', 'no-such-draw', 'result/rows.jsonl', '', 0, now(), '')"
    )
    assert line.execute("SELECT count(*) FROM publication_publishedfile WHERE draw = 'no-such-draw'").fetchone()[0] == 0


@pytest.mark.parametrize(
    "command",
    ["INSERT INTO publication_publicationround (city, \"group\", at, digest, objects_public) VALUES ('440600', 'x', now(), '', 0)",
     "UPDATE publication_publication SET status = 'public'", "DELETE FROM publication_publication", "TRUNCATE publication_publication",
     "CREATE TABLE public.mine (a int)", "SET ROLE kaopei_app", "SET ROLE kaopei_owner", "COPY publication_publishedfile TO PROGRAM 'cat'",
     "SELECT pg_read_file('/etc/hostname')"],
)  # fmt: skip
def test_role_writes_nothing_and_becomes_nobody_else(line, command):
    with pytest.raises(psycopg.Error):
        line.execute(command)


def wait_until_over(process):
    try:
        return process.wait(LIMIT)
    finally:
        if process.poll() is None:
            process.kill()


def run(data, database_url=None):
    """The command to its end: it refuses."""
    environment = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "DJANGO_SETTINGS_MODULE", "KAOPEI_DATA")}
    if database_url:
        environment["DATABASE_URL"] = database_url
    code = (
        "import sys; from pathlib import Path; from kaopei.portal import commands\n"
        "try: commands.serve(Path(sys.argv[1]), int(sys.argv[2]))\n"
        "except Exception as problem: print(problem); sys.exit(problem.exit_status)"
    )
    return subprocess.run([sys.executable, "-c", code, str(data), str(free_port())], env=environment, capture_output=True, text=True, timeout=LIMIT)


def test_without_a_center_the_command_says_so(tmp_path):
    done = run(tmp_path / "nothing")
    assert done.returncode == 2 and "请先用同一数据目录启动中心" in done.stdout
    assert not (tmp_path / "nothing" / "pg").exists()


@pytest.mark.parametrize("mode", [0o700, 0o755])
def test_center_is_found_where_its_cluster_really_lies(tmp_path, mode):
    """Under a folder that the database's user cannot enter (root's, say) the cluster is kept elsewhere."""
    data = tmp_path / "data"
    data.mkdir(mode=mode)
    assert not commands.has_center(data)
    base = database_files.settle(data / "pg").base
    try:
        (base / "data").mkdir()
        assert commands.has_center(data)
    finally:
        shutil.rmtree(base)


def test_other_role_is_refused(center, tmp_path):
    done = run(tmp_path, url("app", center[0]))
    assert done.returncode == 2 and "kaopei_portal" in done.stdout


def test_database_without_the_centers_tables_is_refused(cluster, tmp_path):
    from tests.conftest import remake

    remake("portal_empty")
    with pytest.raises(Unusable, match="请先启动中心"):
        commands.refuse_unready(url("portal", "portal_empty"))


def test_unreachable_database_is_one_sentence(tmp_path):
    with pytest.raises(Unusable, match="读不到公布的内容"):
        commands.refuse_unready(f"postgresql://kaopei_portal@/kaopei?host={tmp_path}")


def test_command_ends_on_sigterm_and_leaves_no_orphan(portal, center):
    port = free_port()
    process = start(center[1], url("portal", center[0]), port)
    other = type(portal)(port, center[1])
    deadline = time.monotonic() + LIMIT
    while True:
        try:
            assert other.ask("/healthz").body == b"ok\n"
            break
        except OSError:
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    wait_until_over(process)
    process.communicate()
    with pytest.raises(OSError):
        other.ask("/healthz")


def test_connection_of_the_program_is_read_only(center):
    """Even if somebody granted more one day."""
    code = (
        "import os, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'kaopei.portal.settings'; django.setup()\n"
        "from django.db import connection; c = connection.cursor(); c.execute('SHOW default_transaction_read_only'); print(c.fetchone()[0])"
    )
    environment = {**os.environ, "DATABASE_URL": url("portal", center[0]), "KAOPEI_DATA": str(center[1])}
    environment["DJANGO_SETTINGS_MODULE"] = "kaopei.portal.settings"
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=LIMIT)
    assert done.stdout.strip() == "on", done.stderr
