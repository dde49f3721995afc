"""The one place of the office programs that asks what time it is.

Under a rehearsal's trust list the time may be moved by DATADIR/clock.json; anywhere else that file is not looked at.
"""

import json
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from django.conf import settings

from kaopei.office import trusted

CHINA = ZoneInfo("Asia/Shanghai")


def now() -> datetime:
    """This moment, aware, in China's time."""
    return (datetime.now(UTC) + timedelta(seconds=offset(settings.DATA))).astimezone(CHINA)


def today() -> date:
    """This day in China."""
    return now().date()


def offset(data: Path) -> int:
    """Seconds by which a rehearsal has moved its clock; 0 in earnest."""
    path = data / "clock.json"
    if not path.exists() or not trusted.rehearsal(data):
        return 0
    return int(json.loads(path.read_text(encoding="utf-8"))["offset_seconds"])


def machine() -> int:
    """Seconds by the machine's own clock, for how long a log-in may last; a rehearsal does not move it."""
    return int(time.time())
