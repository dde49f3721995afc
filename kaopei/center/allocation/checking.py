"""The draw re-run by other code in another process, as anybody outside could do it."""

import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from kaopei.office.environment import PROJECT

LONGEST = 1800  # seconds; a province's month takes a few


def rerun(
    number: str, instance: Mapping[str, bytes], result: Mapping[str, bytes], previous: Mapping[str, bytes] | None = None
) -> tuple[bool, str]:
    """Write both folders out and let `lottery verify` compare, under the announced number; whether it agrees, and what it printed."""
    with tempfile.TemporaryDirectory(prefix="kaopei-verify-") as name:
        folder = Path(name)
        for part, files in (("instance", instance), ("result", result), ("previous", previous or {})):
            (folder / part).mkdir()
            for file, content in files.items():
                (folder / part / file).write_bytes(content)
        earlier = [] if previous is None else ["--previous", str(folder / "previous")]
        done = subprocess.run(
            [sys.executable, "-m", "kaopei", "lottery", "verify", *map(str, (folder / "instance", folder / "result")), "--draw-id", number, *earlier],
            cwd=PROJECT,
            capture_output=True,
            text=True,
            timeout=LONGEST,
            check=False,
        )
    said = (done.stdout.strip() or done.stderr.strip())[-2000:]
    return done.returncode == 0, said.replace(str(folder), "")
