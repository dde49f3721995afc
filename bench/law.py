"""How long verdicts on applications take on one core: python bench/law.py [COUNT]. Prints figures and ratios, asserts nothing about time."""

import platform
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from kaopei.law import reading  # noqa: E402
from kaopei.law.facts import ApplicationFacts, IntakeContext  # noqa: E402
from kaopei.law.rules.c2_6_intake import judge, judge_all  # noqa: E402
from kaopei.law.verdict import Verdict  # noqa: E402
from tests.law.applicants import applicants, context  # noqa: E402

BASE = Verdict(True)


def bare(application: ApplicationFacts, context: IntakeContext) -> Verdict:
    """What a call costs that judges nothing."""
    return BASE


def seconds(work: Callable[[], object], rounds: int = 3) -> float:
    """Seconds of this process on its core, the best of some rounds: what others do on the machine does not count."""
    found = []
    for _ in range(rounds):
        begin = time.process_time()
        work()
        found.append(time.process_time() - begin)
    return min(found)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    rows = applicants(Random(3), count)
    facts = [reading.application(row) for row in rows]
    place = context(date(2026, 11, 24))
    judged = [judge(one, place) for one in facts]
    accepted = sum(verdict.allowed for verdict in judged)
    clean = [one for one, verdict in zip(facts, judged, strict=True) if verdict.allowed]
    print(f"{platform.machine()} {platform.python_implementation()} {platform.python_version()}, {count} applications, {accepted} accepted")
    former = replace(place, received_on=date(2024, 3, 1))
    idle = seconds(lambda: [bare(one, place) for one in facts])
    work = {
        "a bare function call": (idle, count),
        "judge each": (seconds(lambda: [judge(one, place) for one in facts]), count),
        "judge each, accepted ones only": (seconds(lambda: [judge(one, place) for one in clean]), len(clean)),
        "judge the sheet (duplicates too)": (seconds(lambda: judge_all(facts, place)), count),
        "judge each by the rules of 2024-03-01": (seconds(lambda: [judge(one, former) for one in facts]), count),
        "read the cells and judge": (seconds(lambda: [judge(reading.application(row), place) for row in rows], 1), count),
    }
    for name, (took, number) in work.items():
        each = took / number
        print(f"{took:8.3f} s  {each * 1e6:7.2f} µs each  {each / (idle / count):6.1f} × a bare call  {name}")


if __name__ == "__main__":
    main()
