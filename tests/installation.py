"""Databases of a fresh installation, made once a run by the programs themselves and copied for every test that needs one.

`lay(data, "center", "vault")` puts them where the programs look for them in a data folder; started there, a program finds its tables
made and goes on as after its first start. That tables are made from nothing is shown by `./run` in tests/rehearsal/test_start.py.
"""

import fcntl
import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import FOLDER, TESTS

PLACE = {"center": "pg", "vault": "vault/pg"}
UP = {
    "center": "from kaopei.center import commands; commands.up(Path(sys.argv[1])).stop()",
    "vault": "from kaopei.vault import start; start.up(Path(sys.argv[1])).stop()",
}
NAMED = ("DATABASE_URL", "DATABASE_OWNER_URL", "VAULT_DATABASE_URL", "VAULT_DATABASE_OWNER_URL", "KAOPEI_DATA", "DJANGO_SETTINGS_MODULE")


def lay(data: Path, *programs: str) -> Path:
    """Databases of these programs (default: both) in the data folder, which is made if need be."""
    data.mkdir(mode=0o711, parents=True, exist_ok=True)
    for program in programs or PLACE:
        made = _made(program)
        target = data / PLACE[program]
        target.parent.mkdir(mode=0o711, exist_ok=True)
        subprocess.run(["cp", "-a", made / PLACE[program], target], check=True)
        # Where the server's user cannot read the installed PostgreSQL, a copy stands beside its folder: it is the same for all.
        for binaries in (made / PLACE[program]).parent.glob("postgresql-*"):
            if not (target.parent / binaries.name).exists():
                subprocess.run(["cp", "-al", binaries, target.parent], check=True)
    return data


def seed(program: str, data: Path) -> None:
    """The server's folder of the tests themselves, once, whoever comes first."""
    with (FOLDER / "seed.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not data.exists():
            subprocess.run(["cp", "-a", _made(program) / PLACE[program] / "data", data], check=True)


def _made(program: str) -> Path:
    """The data folder whose database of this program is only copied, never used."""
    home = Path(os.environ.get("KAOPEI_TEST_SHARED", FOLDER)) / "installation" / program
    for folder in (home.parent, home, home / "data"):
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)  # as root the server runs as somebody else, who must be able to enter
    with (home / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (home / "done").exists():
            clean = {name: value for name, value in os.environ.items() if name not in NAMED} | {"PYTHONPATH": str(TESTS.parent)}
            line = [sys.executable, "-c", f"import sys; from pathlib import Path; {UP[program]}", home / "data"]
            subprocess.run(line, env=clean, check=True)
            (home / "done").touch()
    return home / "data"
