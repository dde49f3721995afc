"""Room on the disk: ballast laid down beforehand, given up when the disk is nearly full, so that a sitting can be finished.

With the ballast gone the server only finishes: answers, hand-ins, closing and handing back go on; nothing new is taken in or
opened. It ends by itself when there is room again.
"""

import logging
import os
import shutil
from pathlib import Path

MIB = 2**20

log = logging.getLogger("kaopei.edge")


class Disk:
    """The disk under the data folder. `release` may be called on any thread; the rest on the event loop."""

    def __init__(self, data: Path, ballast_mib: int, low_mib: int) -> None:
        self.data, self.ballast = data, data / "ballast"
        self.ballast_bytes, self.low_bytes = ballast_mib * MIB, low_mib * MIB
        self.finish_only = False
        # Whether the ledger has been told of the state that the server is in.
        self.told = False

    def free(self) -> int:
        """Bytes free for this program."""
        return shutil.disk_usage(self.data).free

    def prepare(self) -> None:
        """Lay the ballast down if there is room for it and the low mark; else begin by finishing only."""
        have = self.ballast.stat().st_size if self.ballast.exists() else 0
        if have == self.ballast_bytes:
            return
        if self.free() + have < self.ballast_bytes + self.low_bytes:
            self.finish_only = True
            return
        fresh = self.ballast.with_suffix(".new")
        try:
            with fresh.open("wb") as file:
                if hasattr(os, "posix_fallocate") and self.ballast_bytes:
                    os.posix_fallocate(file.fileno(), 0, self.ballast_bytes)
            fresh.replace(self.ballast)
        except OSError as problem:
            fresh.unlink(missing_ok=True)
            log.warning("no ballast: %s", problem)

    def release(self) -> bool:
        """Give the ballast up, once; whether that made room."""
        self.finish_only = True
        try:
            self.ballast.unlink()
        except FileNotFoundError:
            return False
        log.warning("the disk is full: ballast given up")
        return self.ballast_bytes > 0

    def watch(self) -> bool:
        """Once a tick: give the ballast up below the low mark, lay it down again when there is room. True if the state is news."""
        free = self.free()
        if not self.finish_only and free < self.low_bytes:
            self.release()
        elif self.finish_only and free > self.ballast_bytes + 2 * self.low_bytes:
            self.prepare()
            self.finish_only = not self.ballast.exists()
        return self.finish_only != self.told
