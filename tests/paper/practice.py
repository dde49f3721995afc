"""A small score sheet of the practical exam for tests: two parts, two tasks each, three steps a task, one of them a veto."""

from typing import Any

from kaopei.paper.practical import Part, ScoreSheet, Step, Task
from kaopei.paper.score_sheet import RULES, STEPS

SUBJECT = "起重机作业"
PARTS = (("科目一", "安全用具使用", 60, (20, 25, 15)), ("科目二", "现场应急处置", 40, (10, 20, 10)))
VETO_STEP = 2


def lines(subject: str = SUBJECT, tasks: int = 2) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows of 考核规则 and of the tasks, by column name."""
    rules, steps = [], []
    for part, name, full, points in PARTS:
        common = (subject, part, name, full, 1, tasks, 80, 100, 60, "否决项未通过的，该科目记0分", "实操不合格")
        rules.append(dict(zip(RULES, common, strict=True)))
        for number in range(1, tasks + 1):
            for place, worth in enumerate(points, 1):
                said = (place, text(name, number, place), worth, f"做错扣{worth}分", "是" if place == VETO_STEP else "否")
                row = (subject, part, name, f"QZ-{part[-1]}-{number}", f"{name}任务{number}", full, 10, *said)
                steps.append(dict(zip(STEPS, row, strict=True)))
    return rules, steps


def text(name: str, number: int, place: int) -> str:
    return f"{name}第{number}任务第{place}步（金丝雀）"


def sheet(subject: str = SUBJECT, tasks: int = 2, veto_fails: bool = True) -> ScoreSheet:
    parts = tuple(Part(part, name, full, 1) for part, name, full, _ in PARTS)
    found = tuple(
        Task(
            f"QZ-{part[-1]}-{number}", part, f"{name}任务{number}", 10,
            tuple(Step(text(name, number, at), worth, f"做错扣{worth}分", at == VETO_STEP) for at, worth in enumerate(points, 1)),
        )
        for part, name, _, points in PARTS for number in range(1, tasks + 1)
    )  # fmt: skip
    return ScoreSheet(subject, parts, found, 60, 80, veto_fails)
