"""Tests run on a PostgreSQL of their own: migrations as owner, programs as `kaopei_app`.

One process tests one Django program: `pytest tests/vault` the vault, everything else the center (`tests/vault` is
then left to its own process; ./test calls both). `pytest tests/office` alone runs the office without any program; its tests hold in both.
The server starts when the first test asks for a database.
"""

import fcntl
import gc
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from psycopg import sql

TESTS = Path(__file__).parent
# `./test scan` keeps what tests leave, to be searched for people's numbers afterwards.
KEPT = "KAOPEI_TEST_KEEP" in os.environ
ONE_MONTH = {f"tests/rehearsal/test_{part}.py" for part in ("rehearse", "tamper", "hunt")}


def program() -> str:
    """`vault` or `office` if only its tests are asked for, else `center`; workers of xdist are told by their parent."""
    if "KAOPEI_TEST_PROGRAM" in os.environ:
        return os.environ["KAOPEI_TEST_PROGRAM"]
    asked = [Path(word.split("::")[0]).resolve() for word in sys.argv[1:] if not word.startswith("-")]
    asked = [path for path in asked if path.exists() and path.is_relative_to(TESTS)]
    named = {path.relative_to(TESTS).parts[:1] for path in asked}
    return next((alone for alone in ("vault", "office") if named == {(alone,)}), "center")


PROGRAM = program()
PARENT = "PYTEST_XDIST_WORKER" not in os.environ
if PARENT:
    os.environ["KAOPEI_TEST_PROGRAM"] = PROGRAM
    # Short: a socket's path has at most 103 bytes. The number tells whose it was, should this run be killed.
    os.environ["KAOPEI_TEST_FOLDER"] = tempfile.mkdtemp(prefix=f"kaopei-test-{os.getpid()}-")
FOLDER = Path(os.environ["KAOPEI_TEST_FOLDER"])
FOLDER.chmod(0o755)  # as root the server runs as somebody else, who must be able to enter
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "one")
collect_ignore = [] if PROGRAM == "vault" else ["vault"]

os.environ["KAOPEI_DATA"] = str(FOLDER / f"data-{WORKER}")
os.environ["DJANGO_SETTINGS_MODULE"] = "kaopei.office.settings_base" if PROGRAM == "office" else f"kaopei.{PROGRAM}.settings"

from kaopei.office import schema  # noqa: E402
from kaopei.office.database import FORGETFUL, NAMES, Cluster  # noqa: E402
from kaopei.office.database_files import living_postmaster  # noqa: E402
from kaopei.office.database_roles import prepare  # noqa: E402


def sweep() -> None:
    """End servers and remove folders of test runs that were killed and could not do it themselves."""
    for folder in Path(tempfile.gettempdir()).glob("kaopei-test-*"):
        owner = folder.name.split("-")[2]
        if folder.stat().st_uid != os.geteuid() or Path(f"/proc/{owner}").exists() or not Path("/proc/self").exists():
            continue
        if pid := living_postmaster(folder / "pg" / "data"):
            os.kill(pid, signal.SIGINT)
        shutil.rmtree(folder, ignore_errors=True)


if PARENT and not KEPT:
    sweep()
assert "-cfsync=off" in FORGETFUL
CLUSTER = Cluster(FOLDER / "pg", name="kaopei", durable=False)
DATABASE = f"test_{WORKER}"
# What the tests' own database is a copy of: bare tables, or what the tests of a module all begin with.
STANDING = ["template_all"]
for variable in ("DATABASE_URL", "VAULT_DATABASE_URL", "DATABASE_OWNER_URL", "VAULT_DATABASE_OWNER_URL"):
    os.environ.pop(variable, None)
os.environ["VAULT_DATABASE_URL" if PROGRAM == "vault" else "DATABASE_URL"] = CLUSTER.app_url.replace("/kaopei?", f"/{DATABASE}?")

import django  # noqa: E402
from django.conf import settings as django_settings  # noqa: E402
from django.contrib.auth.hashers import Argon2PasswordHasher  # noqa: E402


class QuickArgon(Argon2PasswordHasher):
    """The real algorithm at its lowest cost: a test makes dozens of people."""

    time_cost, memory_cost, parallelism = 1, 8, 1


django_settings.PASSWORD_HASHERS = ["tests.conftest.QuickArgon"]
django.setup()


def pytest_report_header() -> str:
    return f"program: {PROGRAM}" + ("" if PROGRAM == "vault" else " (tests/vault run in a process of their own)")


# How long the first text takes says nothing: on a fresh machine the table of all characters is made for it.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


class Spreading:
    """With xdist the parent runs no test; its own database must not be what the workers' settings are first read with."""

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_setupnodes(self) -> None:
        for variable in ("DJANGO_SETTINGS_MODULE", "DATABASE_URL", "VAULT_DATABASE_URL", "KAOPEI_DATA"):
            os.environ.pop(variable, None)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> Any:
        """With `--dist=loadfile` the files that look at one rehearsed month go to one worker, which rehearses it once."""
        if config.getoption("dist") != "loadfile":
            return None
        from xdist.scheduler import LoadFileScheduling

        class ByMonth(LoadFileScheduling):
            def _split_scope(self, nodeid: str) -> str:
                file = super()._split_scope(nodeid)
                return "a month" if file in ONE_MONTH else file

        return ByMonth(config, log)


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Spreading(), "kaopei-spreading")
    if KEPT:
        from tests import keeping

        keeping.note_addresses(FOLDER / f"addresses-{WORKER}.log")


def pytest_collection_finish() -> None:
    """What is loaded by now stays to the end: the collector need not go through it again during the tests."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure() -> None:
    CLUSTER.stop()
    if PARENT and not KEPT:
        shutil.rmtree(FOLDER, ignore_errors=True)


def url(role: str, name: str) -> str:
    return {"owner": CLUSTER.owner_url, "app": CLUSTER.app_url, "portal": CLUSTER.portal_url}[role].replace("/kaopei?", f"/{name}?")


def remake(name: str, template: str | None = None) -> None:
    """Drop and make a database, from a template if given; connections to either end."""
    with psycopg.connect(url("owner", "postgres"), autocommit=True) as line:
        _drop(line, name)
        command = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
        if template:
            command += sql.SQL(" TEMPLATE {}").format(sql.Identifier(template))
        line.execute(command)


def _drop(line: psycopg.Connection, name: str) -> None:
    """The server's own vacuum may just be at work in it: nobody of ours may end that, a plain DROP does."""
    drop = sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name))
    try:
        line.execute(drop + sql.SQL(" WITH (FORCE)"))
    except psycopg.errors.InsufficientPrivilege:
        line.execute(drop)


def migrated() -> str:
    """The name of a database with all migrations; made once, whatever the number of workers."""
    with (FOLDER / "template.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (FOLDER / "template.done").exists():
            remake("template_all", NAMES.get(PROGRAM))
            if PROGRAM in NAMES:  # as the program itself has made it; the mark that it keeps for its next start is not ours
                with psycopg.connect(url("owner", "template_all"), autocommit=True) as line:
                    line.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(schema.MARK)))
            else:
                migrate("template_all")
            if KEPT:
                from tests import keeping

                keeping.store_in_clear(CLUSTER.admin_url, url("owner", "template_all"))
            (FOLDER / "template.done").touch()
    return "template_all"


@contextmanager
def standing(name: str) -> Iterator[None]:
    """For a while the tests' own database is a copy of this one."""
    from django.db import connections

    connections.close_all()
    STANDING.append(name)
    remake(DATABASE, name)
    yield
    connections.close_all()
    STANDING.remove(name)
    remake(DATABASE, STANDING[-1])


def migrate(name: str) -> None:
    """Make the tables of this process's settings in a database."""
    from django.core.management import call_command
    from django.db import connections

    prepare(url("owner", name))
    line = connections["default"]
    line.close()
    working = dict(line.settings_dict)
    line.settings_dict.update(NAME=name, USER="kaopei_owner")
    call_command("migrate", verbosity=0)
    line.close()
    line.settings_dict.update(working)


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that PostgreSQL's user may enter when we are root; pytest's own are closed to everybody else."""
    folder = Path(tempfile.mkdtemp(prefix="kaopei-play-"))
    folder.chmod(0o755)
    yield folder
    if not KEPT:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def place():
    """A folder of the test's own in which PostgreSQL can live."""
    with open_folder() as folder:
        yield folder


@pytest.fixture(scope="session")
def cluster() -> Cluster:
    """The tests' own server, started; it begins as a program's first start left it."""
    if PROGRAM in NAMES:
        from tests import installation

        installation.seed(PROGRAM, CLUSTER.data)
    return CLUSTER.start() if CLUSTER.pid() is None or CLUSTER._users is None else CLUSTER


@pytest.fixture(scope="session")
def django_db_setup(cluster, django_test_environment, django_db_blocker):
    """In place of pytest-django's: the program's role may neither make databases nor empty append-only tables."""
    from django.test import TransactionTestCase

    with django_db_blocker.unblock():
        template = migrated()
        remake(DATABASE, template)

    def clean(self: TransactionTestCase) -> None:
        """After a test with real transactions: a fresh copy instead of TRUNCATE."""
        from django.db import connections

        connections.close_all()
        remake(DATABASE, STANDING[-1])

    TransactionTestCase._fixture_teardown = clean
    yield
    from django.db import connections

    with django_db_blocker.unblock():
        connections.close_all()


@pytest.fixture
def province(db):
    """All cities' rows are in sight."""
    from kaopei.office import scope

    with scope.entered(scope.PROVINCE):
        yield


@pytest.fixture
def foshan(db):
    """The rows of 佛山 are in sight, no other's."""
    from kaopei.office import scope

    with scope.entered("440600"):
        yield


@pytest.fixture
def own_data(settings, tmp_path):
    """A data folder of the test's own."""
    settings.DATA, settings.HOME = tmp_path, tmp_path / "center"
    return tmp_path


@pytest.fixture
def signing_cast(own_data, province):
    """Everybody of the cast with a signing key in a rehearsal's trust list: username → User."""
    from tests.people import CAST, lay_trust

    kids = lay_trust(own_data)
    return {person.username: person.make(kid=kids[person.username]) for person in CAST}
