"""The keeper: a process without network that holds the paper keys of open sittings in locked memory.

A server that died in the same boot gets them back without a person. It listens on a unix socket of mode 0600, talks to
processes of the same user only, writes nothing to disk, dumps no core, and ends when no server has spoken to it for
ten minutes. Protocol: one JSON line each way, `{"do": "hold|give|drop|quit", "name": …, "secret": base64}`.
"""

import base64
import contextlib
import ctypes
import hashlib
import json
import os
import resource
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

IDLE_SECONDS = 600
_LONGEST_PATH = 100
_PR_SET_DUMPABLE = 4
_MCL_CURRENT_AND_FUTURE = 3


def no_dumps() -> None:
    """No core file, no debugger of another process of this user."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def _lock_memory() -> None:
    # Needs a memory-lock allowance; without one the keys could reach swap, so exam servers run without swap.
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mlockall(_MCL_CURRENT_AND_FUTURE)


def socket_path(data: Path) -> Path:
    """In the data folder, or, where that path is too long for a socket, in a private folder beside it all."""
    path = data / "keeper.sock"
    if len(os.fsencode(path)) <= _LONGEST_PATH:
        return path
    # Of the whole path: two servers whose folders end alike must not share a keeper.
    named = hashlib.sha256(os.fsencode(data.resolve())).hexdigest()[:20]
    folder = Path(tempfile.gettempdir()) / f"kaopei-{os.getuid()}-{named}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise PermissionError(f"{folder}：文件夹属于别人，不能放密钥保管进程的套接字")
    return folder / "keeper.sock"


class Keeper:
    """The server's side: starts the keeper if none answers."""

    def __init__(self, data: Path) -> None:
        self.path = socket_path(data)

    def ensure(self) -> None:
        """A keeper that answers: the one of before, or a new one."""
        if self._ask({"do": "ping"}) is not None:
            return
        self.path.unlink(missing_ok=True)
        process = subprocess.Popen(
            [sys.executable, "-m", "kaopei.edge.keeper", str(self.path)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        for _ in range(200):
            if self._ask({"do": "ping"}) is not None:
                return
            if process.poll() is not None:
                break
            time.sleep(0.02)
        raise RuntimeError("密钥保管进程没有启动。请检查内存与临时文件夹后重新启动考试服务器。")

    def hold(self, name: str, secret: bytes) -> None:
        """Keep a secret under a name."""
        self._ask({"do": "hold", "name": name, "secret": base64.b64encode(secret).decode()})

    def give(self, name: str) -> bytes | None:
        """The secret of a name, or None."""
        answer = self._ask({"do": "give", "name": name})
        return base64.b64decode(answer["secret"]) if answer and answer.get("secret") else None

    def drop(self, name: str) -> None:
        """Forget one secret."""
        self._ask({"do": "drop", "name": name})

    def ping(self) -> bool:
        """A sign of life both ways."""
        return self._ask({"do": "ping"}) is not None

    def quit(self) -> None:
        """End the keeper: the server was stopped on purpose, and the way back is PIN and two log-ins."""
        self._ask({"do": "quit"})

    def _ask(self, request: dict[str, Any]) -> dict[str, Any] | None:
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
                link.settimeout(2)
                link.connect(str(self.path))
                link.sendall(json.dumps(request).encode() + b"\n")
                return dict(json.loads(_line(link)))
        except (OSError, ValueError):
            return None


def _line(link: socket.socket) -> bytes:
    data = b""
    while not data.endswith(b"\n") and len(data) < 4096:
        more = link.recv(4096)
        if not more:
            break
        data += more
    return data


def _same_user(link: socket.socket) -> bool:
    if not hasattr(socket, "SO_PEERCRED"):
        return True
    credentials = link.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return bool(struct.unpack("3i", credentials)[1] == os.getuid())


def _answer(held: dict[str, str], request: dict[str, Any]) -> dict[str, Any]:
    word, name = request.get("do"), str(request.get("name", ""))
    if word == "hold":
        held[name] = str(request["secret"])
    elif word == "drop":
        held.pop(name, None)
    elif word == "give":
        return {"secret": held.get(name)}
    return {"ok": True}


def serve(path: str) -> None:
    """Hold until told to quit or forgotten."""
    no_dumps()
    _lock_memory()
    held: dict[str, str] = {}
    os.umask(0o177)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as door:
        door.bind(path)
        door.listen(8)
        door.settimeout(IDLE_SECONDS)
        while True:
            try:
                link, _ = door.accept()
            except TimeoutError:
                break
            with link:
                link.settimeout(2)
                request = None
                with contextlib.suppress(OSError, ValueError, KeyError):
                    request = json.loads(_line(link)) if _same_user(link) else None
                    if request is not None:
                        link.sendall(json.dumps(_answer(held, request)).encode() + b"\n")
                if request and request.get("do") == "quit":
                    break
    held.clear()
    Path(path).unlink(missing_ok=True)


if __name__ == "__main__":
    serve(sys.argv[1])
