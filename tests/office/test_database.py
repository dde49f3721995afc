"""The private PostgreSQL: started once, by whomever, killed and started again; never as root, never half made."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from kaopei.office import database, database_files, database_roles, schema
from kaopei.office.database import Cluster, Server, Unusable, cluster

ONE = "SELECT 1"


@contextmanager
def short():
    """Short, and open to the user that runs the server when we are root."""
    with tempfile.TemporaryDirectory(prefix="kp-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def empty():
    with short() as made:
        yield made


@pytest.fixture(scope="module")
def before():
    """A server that was made once, and stopped."""
    with short() as made:
        cluster(made / "pg", durable=False).stop()
        yield made / "pg"


@pytest.fixture
def folder(before):
    """As most starts find it: the server has been there before."""
    with short() as made:
        subprocess.run(["cp", "-a", before, made], check=True)
        yield made


def ask(url, query=ONE, *values):
    with psycopg.connect(url, autocommit=True) as line:
        return line.execute(query, values).fetchone()


def test_starts_and_knows_three_roles(empty):
    with cluster(empty / "pg", durable=False) as server:
        for url in (server.owner_url, server.app_url, server.portal_url):
            assert ask(url) == (1,)
        superusers = ask(server.app_url, "SELECT bool_or(rolsuper OR rolbypassrls) FROM pg_roles WHERE rolname LIKE 'kaopei%%'")
        assert superusers == (False,)
        owner = ask(server.app_url, "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'kaopei'")
        assert owner == ("kaopei_owner",)


def test_never_runs_as_root(folder):
    with cluster(folder / "pg", durable=False) as server:
        assert Path(f"/proc/{server.pid()}").stat().st_uid != 0


def test_sorts_by_code_point_and_keeps_chinese_letters(folder):
    with cluster(folder / "pg", durable=False) as server:
        ask_owner = psycopg.connect(server.owner_url, autocommit=True)
        with ask_owner as line:
            line.execute("CREATE EXTENSION pg_trgm")
            assert line.execute("SELECT show_trgm('陈国强') <> '{}'").fetchone() == (True,)
            line.execute("CREATE EXTENSION btree_gist")


def test_settings_are_durable_except_in_tests(folder):
    with cluster(folder / "pg") as server:
        assert ask(server.app_url, "SHOW fsync") == ("on",)
        assert ask(server.app_url, "SHOW full_page_writes") == ("on",)
        assert ask(server.app_url, "SHOW synchronous_commit") == ("on",)


def test_listens_on_no_network_port(folder):
    with cluster(folder / "pg", durable=False) as server:
        assert ask(server.app_url, "SHOW listen_addresses") == ("",)


def test_last_user_stops_it(folder):
    first = cluster(folder / "pg", durable=False)
    second = cluster(folder / "pg", durable=False)
    first.stop()
    assert ask(second.app_url) == (1,)
    second.stop()
    assert second.pid() is None
    second.stop()


def test_comes_back_after_kill_of_the_postmaster(folder):
    with cluster(folder / "pg", durable=True) as server:
        with psycopg.connect(server.owner_url, autocommit=True) as line:
            line.execute("CREATE TABLE kept (n int)")
            line.execute("INSERT INTO kept VALUES (7)")
        os.kill(server.pid(), signal.SIGKILL)
        with cluster(folder / "pg") as again:
            assert ask(again.owner_url, "SELECT n FROM kept") == (7,)


def test_stale_pid_of_a_foreign_process_is_no_server(folder):
    server = cluster(folder / "pg", durable=False)
    server.stop()
    (server.data / "postmaster.pid").write_text(f"{os.getpid()}\n{server.data}\n")
    assert server.pid() is None
    with cluster(folder / "pg", durable=False) as again:
        assert ask(again.app_url) == (1,)


def test_two_starters_at_once_share_one_server(empty):
    with ThreadPoolExecutor(4) as pool:
        servers = list(pool.map(lambda _: cluster(empty / "pg", durable=False), range(4)))
    try:
        assert len({server.pid() for server in servers}) == 1
        assert ask(servers[0].app_url) == (1,)
    finally:
        for server in servers:
            server.stop()
    assert servers[0].pid() is None


def test_two_processes_at_once_share_one_server(empty):
    code = (
        "import sys; from pathlib import Path; from kaopei.office.database import cluster\n"
        f"c = cluster(Path({str(empty / 'pg')!r}), durable=False); print(c.pid(), flush=True); sys.stdin.read(1); c.stop()"
    )
    both = [subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    pids = {one.stdout.readline().strip() for one in both}
    for one in both:
        one.communicate("x")
    assert len(pids) == 1
    assert "" not in pids


def test_half_made_cluster_is_swept(folder):
    with cluster(folder / "pg", durable=False) as server:
        base = server.place.base
    (base / "new-dead").mkdir()
    (base / "data").rename(base / "moved")
    with cluster(folder / "pg", durable=False) as again:
        assert ask(again.app_url) == (1,)
    assert not (base / "new-dead").exists()


def test_long_path_gets_a_short_socket(empty):
    deep = empty / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)
    for part in (deep, deep.parent):
        part.chmod(0o755)
    with cluster(deep / "pg", durable=False) as server:
        assert len(str(server.sock)) < database_files.SOCKET_LIMIT
        assert ask(server.app_url) == (1,)
    server.sock.rmdir()


@pytest.fixture
def ordinary():
    """Be an ordinary user for a moment, if we are root."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    yield
    if root:
        os.seteuid(0)


def test_folder_of_somebody_else_is_refused_with_a_sentence(ordinary):
    with pytest.raises(Unusable, match="属于用户 root"):
        database_files.settle(Path("/usr"))


def test_servant_may_enter_a_private_home(empty):
    """A project in a folder that only its owner may enter: for root, the cluster goes where the servant can go."""
    private = empty / "home"
    private.mkdir(mode=0o700)
    with cluster(private / "var" / "pg", durable=False) as server:
        assert ask(server.app_url) == (1,)
        if os.geteuid() == 0:
            assert not server.place.base.is_relative_to(private)
    if os.geteuid() == 0:
        shutil.rmtree(server.place.base)


def test_named_server_wins(folder, monkeypatch):
    with cluster(folder / "pg", durable=False) as server:
        monkeypatch.setenv("DATABASE_URL", server.admin_url)
        monkeypatch.delenv("VAULT_DATABASE_URL", raising=False)
        named = database.find("center", folder / "unused")
        assert isinstance(named, Server)
        assert not (folder / "unused").exists()
        assert ask(named.app_url, "SELECT current_user") == ("kaopei_app",)
        assert ask(named.owner_url, "SELECT current_user") == ("kaopei_owner",)


def test_one_server_for_both_is_refused(folder, monkeypatch):
    with cluster(folder / "pg", durable=False) as server:
        monkeypatch.setenv("DATABASE_URL", server.app_url)
        monkeypatch.setenv("VAULT_DATABASE_URL", server.owner_url.replace("/kaopei?", "/postgres?"))
        with pytest.raises(Unusable, match="同一台"):
            database.find("vault", folder)


def test_center_and_vault_are_two_clusters(empty, monkeypatch):
    for name in ("DATABASE_URL", "VAULT_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    with database.find("center", empty) as center, database.find("vault", empty) as vault:
        assert database_roles.identity(center.app_url) != database_roles.identity(vault.app_url)
        assert "kaopei_vault" in vault.app_url


def test_migrates_as_owner_and_then_has_nothing_to_do(folder, monkeypatch):
    monkeypatch.setenv("KAOPEI_DATA", str(folder / "data"))
    with cluster(folder / "pg", durable=False) as server:
        assert schema.migrate("kaopei.office.settings_base", server) is True
        assert schema.migrate("kaopei.office.settings_base", server) is False
        assert ask(server.app_url, "SELECT count(*) FROM accounts_user") == (0,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            ask(server.app_url, "CREATE TABLE mine (n int)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            ask(server.portal_url, "SELECT count(*) FROM accounts_user")


def test_forked_child_does_not_stop_it(folder):
    code = (
        "import os; from pathlib import Path; from kaopei.office.database import cluster\n"
        f"c = cluster(Path({str(folder / 'pg')!r}), durable=False)\n"
        "if os.fork() == 0: c.stop(); os._exit(0)\n"
        "os.wait(); print(c.pid() is not None); c.stop()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True"


def test_broken_wheel_names_the_remedy(empty, monkeypatch):
    monkeypatch.setattr(database_files, "PACKAGE", "no_such_package")
    with pytest.raises(Unusable, match="DATABASE_URL"):
        Cluster(empty / "pg", name="kaopei", durable=False)
