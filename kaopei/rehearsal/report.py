"""report.json and the lines on the screen: what each step did, how long it took, which checks held."""

import json
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class Report:
    """Counts, checks and seconds of one rehearsal (fields as in DESIGN §4). Written whole after every step."""

    def __init__(self, path: Path, seed: str, *, loud: bool | None = None) -> None:
        """`loud`: say each step on the screen; by default on a terminal only."""
        self.path = path
        self.loud = sys.stderr.isatty() if loud is None else loud
        self.complete = False
        self.facts: dict[str, Any] = {
            "ok": False, "seed": seed, "intake": {}, "draw": {}, "sittings": [], "forms": [],
            "results": {"passed": 0, "failed": 0}, "certificates": 0, "checks": {}, "seconds": {}, "peak_mib": 0,
        }

    @contextmanager
    def step(self, name: str, title: str) -> Iterator[None]:
        """Time one step; a step that breaks is named in the report before the error goes on."""
        self._say(f"… {title}")
        began = time.monotonic()
        try:
            yield
        except BaseException as problem:
            self.facts["broken"] = {"step": name, "why": str(problem)[:2000]}
            raise
        finally:
            seconds = round(time.monotonic() - began, 2)
            self.facts["seconds"][name] = seconds
            self.write()
        self._say(f"✓ {title}：{seconds} 秒")

    def check(self, name: str, holds: bool, seen: object = None) -> bool:
        """Keep one check; a check that was ever broken stays broken."""
        held = self.facts["checks"].get(name, {"ok": True})["ok"] and bool(holds)
        self.facts["checks"][name] = {"ok": held, "seen": seen}
        if not holds:
            print(f"✗ {name}: {seen}", file=sys.stderr, flush=True)
        return bool(holds)

    def _say(self, words: str) -> None:
        if self.loud:
            print(words, file=sys.stderr, flush=True)

    def progress(self, done: int, total: int, what: str) -> None:
        """A line that moves, on a terminal only."""
        if self.loud and sys.stderr.isatty():
            end = "\n" if done >= total else ""
            print(f"\r  {what} {done}/{total}", end=end, file=sys.stderr, flush=True)

    def finish(self) -> bool:
        """Set `ok`: the rehearsal came to its end, every check held and no step broke."""
        held = bool(self.facts["checks"]) and all(check["ok"] for check in self.facts["checks"].values())
        self.facts["ok"] = held and self.complete and "broken" not in self.facts
        self.write()
        return bool(self.facts["ok"])

    def write(self) -> None:
        """Beside, then renamed: a reader never sees half a report."""
        own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        self.facts["peak_mib"] = round(max(own, children) / 1024)
        beside = self.path.with_suffix(".part")
        beside.write_text(json.dumps(self.facts, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        beside.replace(self.path)
