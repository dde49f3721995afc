"""二（六） Passing, resits, how long a theory result counts, and the order of theory and practical."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from kaopei.law import numbers
from kaopei.law.calendar import Due, after_days, after_working_days, months_later
from kaopei.law.rules import rule
from kaopei.law.verdict import Reason, Verdict, allow, refuse

CLAUSE = "N2.6.2"


@dataclass(frozen=True, slots=True)
class Marks:
    """A scored attempt. `points` of `full`; `veto` = an item that fails the whole practical was failed."""

    points: Decimal
    full: Decimal = Decimal(100)
    veto: bool = False


@rule("N2.6.2")
def passed(marks: Marks, day: date) -> Verdict:
    """二（六） Passed from the pass mark on (included), theory and practical each by itself."""
    mark = numbers.of("ex.pass", day)
    full = numbers.of("ex.theory_full", day).value
    points = marks.points * full / marks.full
    note = (Reason(CLAUSE, f"合格线 {mark.value} 分{mark.remark}"),)
    if marks.veto:
        return refuse(CLAUSE, "未通过否决项，不合格", "veto").with_notes(note)
    if points < mark.value:
        return refuse(CLAUSE, f"{points.normalize():f} 分，未达到 {mark.value} 分", "failed").with_notes(note)
    return allow(CLAUSE, f"{points.normalize():f} 分，合格", "passed").with_notes(note)


@rule("N2.6.2")
def theory_counts_until(passed_on: date) -> date:
    """二（六） The last day on which a passed theory result counts (12 months, corresponding day)."""
    return months_later(passed_on, numbers.of("ex.score_valid", passed_on).value)


@rule("N2.6.2")
def may_sit_practical(theory_passed_on: date | None, day: date) -> Verdict:
    """二（六） Practical only after a passed theory whose result still counts."""
    if theory_passed_on is None or theory_passed_on > day:
        return refuse(CLAUSE, "理论考试合格后才能参加实操考试", "theory_first")
    last = theory_counts_until(theory_passed_on)
    if day > last:
        return refuse(CLAUSE, f"理论成绩 {last} 已过有效期", "theory_expired")
    return allow(CLAUSE, f"理论成绩有效至 {last}", "theory_valid")


@rule("N2.6.2")
def may_resit(failed_attempts: int, day: date, trained_after_last_failure: bool = False) -> Verdict:
    """二（六） One resit; after a failed resit a new training comes first."""
    allowed = numbers.of("ex.makeup", day).value
    if failed_attempts <= allowed or trained_after_last_failure:
        return allow()
    return refuse(CLAUSE, f"已补考 {allowed} 次仍不合格，须重新培训后再报名", "retrain")


@rule("N2.6.2")
def results_due(ended_on: date) -> Due:
    """二（六） Results are published within working days after the exam ended."""
    return after_working_days(ended_on, numbers.of("d.result", ended_on).value)


@rule("N2.6.2")
def exam_due(applied_on: date) -> Due:
    """二（六） The exam is held within days after the application came in."""
    return after_days(applied_on, numbers.of("d.exam_org", applied_on).value)


@rule("N2.6.2")
def acceptance(received_on: date, decided_on: date | None, today: date) -> Verdict:
    """二（六） Accepting or asking for more within working days; silence accepts from the day of receipt."""
    due = after_working_days(received_on, numbers.of("d.accept", received_on).value)
    if due.day is None:
        return due.verdict
    if decided_on is not None and decided_on <= due.day:
        return allow(CLAUSE, f"{decided_on} 已作出受理决定", "decided")
    if today > due.day or decided_on is not None:
        return allow(CLAUSE, f"逾期未答复，自 {received_on} 起视为受理", "deemed_accepted")
    return refuse(CLAUSE, f"尚未作出受理决定，期限 {due.day}", "undecided")
