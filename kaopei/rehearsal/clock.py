"""The rehearsal's clock: one file in DATADIR that all programs read, moved from step to step, never back."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

CHINA = ZoneInfo("Asia/Shanghai")
FILE = "clock.json"


class Clock:
    """DATADIR/clock.json {"offset_seconds"}: programs look at it only where the trust list says rehearsal."""

    def __init__(self, data: Path) -> None:
        self.path = data / FILE
        self.moves = 0

    def now(self) -> datetime:
        """This moment as the programs have it, in China's time."""
        offset = json.loads(self.path.read_text(encoding="utf-8"))["offset_seconds"] if self.path.exists() else 0
        return (datetime.now(UTC) + timedelta(seconds=offset)).astimezone(CHINA)

    def go_to(self, moment: datetime) -> None:
        """Move on to this moment; where it is past already, time just goes on."""
        if self.path.exists() and moment <= self.now():
            return
        offset = round((moment - datetime.now(UTC)).total_seconds())
        beside = self.path.with_suffix(".part")
        beside.write_text(json.dumps({"offset_seconds": offset}) + "\n", encoding="utf-8")
        beside.replace(self.path)
        self.moves += 1
