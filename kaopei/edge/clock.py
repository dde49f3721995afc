"""Two kinds of time: seconds that really passed (boottime) and the wall clock, which is only a label.

CLOCK_BOOTTIME counts suspended time too and nobody can set it. Under rehearsal trust the rehearsal's `clock.json`
shifts the wall label, and a shift while the server runs counts as time that passed (a jump).
"""

import json
import time
from pathlib import Path

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def boot_id() -> str:
    """Changes with every boot of the machine; boottime values of two boots may not be compared."""
    try:
        return _BOOT_ID.read_text("ascii").strip()
    except OSError:
        return f"uptime-{round(time.time() - time.monotonic())}"


def boottime() -> float:
    """Seconds since boot, suspended time included."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


class Clock:
    """The server's clock; `rehearsal_file` is None under real trust, and then no file can move it."""

    def __init__(self, rehearsal_file: Path | None) -> None:
        self.boot_id = boot_id()
        self._file = rehearsal_file
        self._stamp: tuple[int, int] | None = None
        self._offset = 0.0

    def offset(self) -> float:
        """Seconds by which the rehearsal clock is ahead of the machine's wall clock; 0 under real trust."""
        if self._file is None:
            return 0.0
        try:
            status = self._file.stat()
        except FileNotFoundError:
            self._stamp, self._offset = None, 0.0
            return 0.0
        stamp = (status.st_mtime_ns, status.st_ino)
        if stamp != self._stamp:
            try:
                self._offset = float(json.loads(self._file.read_text("utf-8"))["offset_seconds"])
            except (OSError, ValueError, KeyError, TypeError):
                # A half-written file is read again next time; the last good offset stays in force.
                return self._offset
            self._stamp = stamp
        return self._offset

    def wall(self) -> float:
        """Unix seconds as a label for people; never decides how long something took."""
        return time.time() + self.offset()

    def elapsed(self) -> float:
        """Seconds that only differences are taken of: boottime plus the rehearsal's jumps."""
        return boottime() + self.offset()
