"""What ./test runs, stage by stage, and one closing line with the counts of all of them."""

import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PURE = ["law", "lottery", "ledger", "paper", "parcel"]
JOURNEYS = ["tests/commandline", "tests/rehearsal"]
HOUSE = ["architecture", "contracts", "docs", "boot"]
# Tests that wait for databases would leave two cores half idle with two workers; browsers and kills keep two busy.
WAITING = 3
# A file walks one sitting or one month from test to test: its tests stay together, in their order; so do files that share a month.
WHOLE_FILES = ("--dist=loadfile",)
PY = [sys.executable, "-m"]


def pytest(*paths: str, workers: int = 0, extra: tuple[str, ...] = ()) -> list[str]:
    """The command line of one pytest process; folders that do not exist are left out."""
    there = [path for path in paths if (ROOT / path).is_file() or any((ROOT / path).rglob("test_*.py"))]
    spread = ["-n", str(workers)] if workers else []
    return [*PY, "pytest", "-q", *there, *spread, *extra] if there else []


def stages(mode: str) -> list[tuple[str, list[str]]]:
    """(title, command) in order; `all` also runs what `fast` leaves out."""
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
        return [*always, ("pure rooms and the house", fast)]
    if mode == "long":
        return [
            ("full counts", pytest("tests", extra=("-m", "long", "--ignore=tests/vault"))),
            ("full counts, vault", pytest("tests/vault", extra=("-m", "long"))),
        ]
    return [
        *always,
        ("pure rooms", pytest(*pure, workers=2, extra=(*usual, *cover, "--cov-report=term:skip-covered"))),
        ("the house", pytest(*(f"tests/test_{part}.py" for part in HOUSE), workers=2, extra=usual)),
        ("office and center", pytest("tests/office", "tests/center", "tests/portal", workers=WAITING, extra=usual)),
        ("vault", pytest("tests/vault", workers=2, extra=(*usual, *WHOLE_FILES))),
        ("edge and terminal", pytest("tests/edge", "tests/terminal", workers=2, extra=(*usual, *WHOLE_FILES))),
        ("journeys in programs and browser", pytest(*JOURNEYS, workers=2, extra=(*usual, *WHOLE_FILES))),
    ]


def counted(report: Path) -> tuple[int, int, int]:
    """(passed, failed, skipped) of one junit file."""
    passed = failed = skipped = 0
    for suite in ET.parse(report).getroot().iter("testsuite"):
        bad = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        out = int(suite.get("skipped", 0))
        failed, skipped, passed = failed + bad, skipped + out, passed + int(suite.get("tests", 0)) - bad - out
    return passed, failed, skipped


def main(mode: str) -> int:
    """Run the stages of `fast`, `all` or `long`; 0 when everything held."""
    if mode not in ("fast", "all", "long"):
        print("./test [fast|all|long]", file=sys.stderr)
        return 2
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    totals, broken = [0, 0, 0], []
    with tempfile.TemporaryDirectory() as folder:
        for number, (title, command) in enumerate(stages(mode)):
            if not command:
                continue
            report = Path(folder) / f"{number}.xml"
            if "pytest" in command:
                command = [*command, f"--junitxml={report}"]
            print(f"\n── {title}", flush=True)
            began = time.monotonic()
            status = subprocess.run(command, cwd=ROOT, env=environment).returncode
            print(f"── {title}: {'ok' if status == 0 else 'BROKEN'} in {time.monotonic() - began:.1f} s", flush=True)
            if report.exists():
                totals = [a + b for a, b in zip(totals, counted(report), strict=True)]
            if status:
                broken.append(title)
    if totals[2]:
        print(f"\n{totals[2]} skipped: see the reasons above.")
    if broken:
        print(f"\nBroken: {', '.join(broken)}")
    print(f"\n{totals[0]} passed, {totals[1] + sum(1 for title in broken if not totals[1])} failed, {totals[2]} skipped")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
