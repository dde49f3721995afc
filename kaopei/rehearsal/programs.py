"""The programs as processes of their own: started, waited for, stopped in order, killed when they do not stop."""

import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import httpx

PROJECT = Path(__file__).resolve().parents[2]


# Seconds after which something is stuck, however slow the machine and whatever runs beside; a program that ends is noticed at once.
PATIENCE = 300.0
# All is plain HTTP on loopback. A context that trusts nobody is made once; httpx would read the world's certificates for each client, 50 ms.
PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class NotReady(RuntimeError):
    """A program ended or did not answer in time; its last words are quoted."""

    exit_status = 1


def free_port() -> int:
    """A loopback port that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Program:
    """One `./run …` process with its log file."""

    def __init__(self, name: str, words: Sequence[str], log: Path, env: Mapping[str, str] | None = None) -> None:
        self.name, self.log, self.told = name, log, False
        log.parent.mkdir(parents=True, exist_ok=True)
        self.output = log.open("ab")
        # A session of its own: Ctrl-C in the terminal reaches us first, and we stop the programs in order.
        self.process = subprocess.Popen(
            [sys.executable, "-m", "kaopei", *words], stdin=subprocess.DEVNULL, stdout=self.output, stderr=self.output,
            env=_environment(env), start_new_session=True,
        )

    def wait_ready(self, url: str, seconds: float = PATIENCE) -> None:
        """Until the address answers with 200."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise NotReady(f"{self.name} ended with {self.process.returncode}: {self.last_words()}")
            try:
                if httpx.get(url, timeout=5, trust_env=False, verify=PLAIN).status_code == 200:
                    return
            except httpx.HTTPError:
                pass
            time.sleep(0.1)
        raise NotReady(f"{self.name} did not answer on {url} within {seconds:.0f} s: {self.last_words()}")

    def last_words(self) -> str:
        """The end of the log."""
        return self.log.read_text(encoding="utf-8", errors="replace")[-800:].strip()

    def kill(self) -> None:
        """Power cut: no good-bye."""
        self._signal(signal.SIGKILL)
        self.process.wait()

    def tell(self) -> None:
        """Ask it to end, once; `stop` waits."""
        if not self.told and self.process.poll() is None:
            self.told = True
            self._signal(signal.SIGTERM)

    def stop(self, seconds: float = 20) -> None:
        """SIGTERM, and SIGKILL if that is not heard."""
        if self.process.poll() is None:
            self.tell()
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.kill()
        self.output.close()

    def _signal(self, number: int) -> None:
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            pass


def command(
    *words: str, env: Mapping[str, str] | None = None, timeout: float = 600, given: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run one `./run …` command to its end, as a person at a prompt who types what is given; output is kept."""
    return subprocess.run(
        [sys.executable, "-m", "kaopei", *words], input=given, capture_output=True, text=True,
        env=_environment(env), timeout=timeout,
    )


def _environment(more: Mapping[str, str] | None) -> dict[str, str]:
    """Ours, with the project where Python looks for it, whatever folder we stand in.

    A dozen programs start here, and each would compile everything anew where Python may not keep what it compiled: so it may, in the
    environment's own folder.
    """
    path = os.pathsep.join(filter(None, [str(PROJECT), os.environ.get("PYTHONPATH", "")]))
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    if "PYTHONDONTWRITEBYTECODE" in os.environ:
        kept["PYTHONPYCACHEPREFIX"] = str(Path(sys.prefix) / "pycache")
    return {**kept, "PYTHONPATH": path, **(more or {})}
