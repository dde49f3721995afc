"""What ./test runs, stage by stage, and one closing line with the counts of all of them.

Stages of one lane follow each other; lanes run side by side. One lane computes, the other mostly waits for servers, browsers and
kills: together they keep two cores busy, which neither does alone. Who waits for something goes first when it comes (`nice`).
"""

import os
import subprocess
import sys
import tempfile
import threading
import time
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PURE = ["law", "lottery", "ledger", "paper", "parcel"]
JOURNEYS = ["tests/commandline", "tests/rehearsal"]
HOUSE = ["architecture", "contracts", "docs", "boot", "scan"]
MODES = ("fast", "all", "long", "scan")
# A file walks one sitting or one month from test to test: its tests stay together, in their order; so do files that share a month.
WHOLE_FILES = ("--dist=loadfile",)
# Tests of the center wait for their database now and then: a third worker fills the pauses.
WAITING = 3
PY = [sys.executable, "-m"]
Lane = list[tuple[str, list[str]]]


def pytest(*paths: str, workers: int = 0, extra: tuple[str, ...] = ()) -> list[str]:
    """The command line of one pytest process; folders that do not exist are left out."""
    there = [path for path in paths if (ROOT / path).is_file() or any((ROOT / path).rglob("test_*.py"))]
    spread = ["-n", str(workers)] if workers else []
    return [*PY, "pytest", "-q", "--durations=20", *there, *spread, *extra] if there else []


def lanes(mode: str) -> list[Lane]:
    """(title, command) in order, lane by lane; `all` also runs what `fast` leaves out, `scan` the same without what leaves nothing."""
    pure = tuple(f"tests/{room}" for room in PURE)
    cover = tuple(f"--cov=kaopei.{room}" for room in PURE)
    quick = ("-m", "not browser and not long and not slow")
    usual = ("-m", "not long")
    always = [
        ("style", [*PY, "ruff", "check", "."]),
        ("import contracts", ["lint-imports", "--no-cache"]),
        ("types of the pure rooms and the edge", [*PY, "mypy", "--follow-imports=silent", *(f"kaopei/{room}" for room in (*PURE, "edge"))]),
    ]
    if mode == "fast":
        fast = pytest(*pure, "tests/test_architecture.py", workers=2, extra=quick)
        return [[*always, ("pure rooms and the house", fast)]]
    if mode == "long":
        full = [("full counts", "tests", ("--ignore=tests/vault",)), ("full counts, vault", "tests/vault", ())]
        return [[(title, pytest(path, extra=("-m", "long", *more))) for title, path, more in full]]
    computing = [
        *(always if mode == "all" else ()),
        ("pure rooms", pytest(*pure, workers=2, extra=(*usual, *cover, "--cov-report=term:skip-covered"))),
        ("the house", pytest(*(f"tests/test_{part}.py" for part in HOUSE), workers=2, extra=usual)),
        ("office and center", pytest("tests/office", "tests/center", "tests/portal", workers=WAITING, extra=usual)),
    ]
    computing = [(title, command and ["nice", "-n", "5", *command]) for title, command in computing]
    waiting = [
        ("journeys in programs and browser", pytest(*JOURNEYS, workers=2, extra=(*usual, *WHOLE_FILES))),
        ("edge and terminal", pytest("tests/edge", "tests/terminal", workers=2, extra=(*usual, *WHOLE_FILES))),
        ("vault", pytest("tests/vault", workers=2, extra=(*usual, *WHOLE_FILES))),
    ]
    return [computing, waiting]


def counted(report: Path) -> tuple[int, int, int]:
    """(passed, failed, skipped) of one junit file."""
    passed = failed = skipped = 0
    for suite in ET.parse(report).getroot().iter("testsuite"):
        bad = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        out = int(suite.get("skipped", 0))
        failed, skipped, passed = failed + bad, skipped + out, passed + int(suite.get("tests", 0)) - bad - out
    return passed, failed, skipped


@dataclass
class Run:
    """One ./test: where its stages report, what they counted, which broke."""

    folder: Path
    environment: dict[str, str]
    alone: bool
    totals: list[int] = field(default_factory=lambda: [0, 0, 0])
    broken: list[str] = field(default_factory=list)
    turn: threading.Lock = field(default_factory=threading.Lock)

    def lane(self, stages: Lane) -> None:
        for title, command in stages:
            if command:
                self.stage(title, command)

    def stage(self, title: str, command: list[str]) -> None:
        """Run it; beside another lane its output is kept until it is whole."""
        report, log = self.folder / f"{title}.xml", self.folder / f"{title}.log"
        if "pytest" in command:
            command = [*command, f"--junitxml={report}"]
        if "pytest" in command and "KAOPEI_TEST_KEEP" in self.environment:
            # Short: sockets stand in these folders, too.
            command.append(f"--basetemp={self.environment['TMPDIR']}/{''.join(word[0] for word in title.split())}")
        with self.turn:
            print(f"\n── {title}{'' if self.alone else ' …'}", flush=True)
        began = time.monotonic()
        with log.open("wb") as output:
            told = None if self.alone else output
            status = subprocess.run(command, cwd=ROOT, env=self.environment, stdout=told, stderr=told and subprocess.STDOUT).returncode
        with self.turn:
            sys.stdout.write(log.read_text(encoding="utf-8", errors="replace"))
            print(f"── {title}: {'ok' if status == 0 else 'BROKEN'} in {time.monotonic() - began:.1f} s", flush=True)
            if report.exists():
                self.totals = [a + b for a, b in zip(self.totals, counted(report), strict=True)]
            if status:
                self.broken.append(title)

    def all(self, beside: list[Lane]) -> None:
        threads = [threading.Thread(target=self.lane, args=(stages,)) for stages in beside]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def close(self) -> int:
        """The last words; 0 when everything held."""
        if self.totals[2]:
            print(f"\n{self.totals[2]} skipped: see the reasons above.")
        if self.broken:
            print(f"\nBroken: {', '.join(self.broken)}")
        failed = self.totals[1] + sum(1 for _ in self.broken if not self.totals[1])
        print(f"\n{self.totals[0]} passed, {failed} failed, {self.totals[2]} skipped")
        return 1 if self.broken else 0


def main(mode: str) -> int:
    """Run the stages of `fast`, `all`, `long` or `scan`; 0 when everything held."""
    if mode not in MODES:
        print(f"./test [{'|'.join(MODES)}]", file=sys.stderr)
        return 2
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    beside = lanes(mode)
    with tempfile.TemporaryDirectory(prefix="kps-") as folder:
        Path(folder).chmod(0o755)  # as root, database servers in it run as somebody else
        environment["KAOPEI_TEST_SHARED"] = folder
        left = Path(folder) / "left"
        if mode == "scan":
            left.mkdir(mode=0o755)
            environment |= {"TMPDIR": str(left), "KAOPEI_TEST_KEEP": "1"}
        run = Run(Path(folder), environment, len(beside) == 1)
        run.all(beside)
        if mode == "scan":
            from tests import scan

            if scan.main(left):
                run.broken.append("scan")
        return run.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
