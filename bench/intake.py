"""How long an intake takes, part by part: python bench/intake.py DIR. Prints figures, asserts nothing about time."""

import argparse
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from kaopei.center import commands  # noqa: E402


def timed[T](name: str, work: Callable[[], T], figures: dict[str, float]) -> T:
    begin = time.perf_counter()
    result = work()
    figures[name] = time.perf_counter() - begin
    return result


def once(folder: Path) -> tuple[dict[str, float], int]:
    """Seconds of each part on a fresh data folder, and the number of rows."""
    from datetime import date

    figures: dict[str, float] = {}
    data = Path(tempfile.mkdtemp(prefix="bench-"))
    try:
        server = timed("start the database, migrate", lambda: commands.up(data), figures)
        from kaopei.center.applications import judging, pack

        opened = timed("read the workbooks", lambda: pack.open_delivery(pack.collect(folder)), figures)
        judgement = timed("judge every row", lambda: judging.judge(opened, received_on=None, today=date(2026, 11, 24)), figures)
        timed("take in (judge, store, carry out)", lambda: commands._take(opened), figures)
        timed("the same pack again", lambda: commands._take(opened), figures)
        server.stop()
    finally:
        shutil.rmtree(data, ignore_errors=True)
    return figures, len(judgement.rows)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("dir", type=Path)
    figures, rows = once(parser.parse_args().dir)
    print(f"{platform.machine()} {platform.python_implementation()} {platform.python_version()}, {rows} rows")
    for name, seconds in figures.items():
        print(f"{seconds:8.3f} s  {seconds / rows * 1e6:8.1f} µs a row  {name}")


if __name__ == "__main__":
    main()
