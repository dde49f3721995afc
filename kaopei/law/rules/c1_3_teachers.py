"""一（三） Teachers and classes are reported before they teach; the exception is counted and made good."""

from dataclasses import dataclass
from datetime import date

from kaopei.law.exceptions import ExceptionFacts, stands
from kaopei.law.rules import rule
from kaopei.law.verdict import Verdict, allow, refuse


@dataclass(frozen=True, slots=True)
class TeacherFacts:
    """A teacher as reported to the city; `last` is the last day of the report, if it ends."""

    person: str
    reported_on: date | None
    last: date | None = None


@rule("N1.3.5", "N1.3.7")
def may_teach(teacher: TeacherFacts, lesson_on: date, exception: ExceptionFacts | None = None) -> Verdict:
    """一（三） Only teachers whose written report is in teach; a substitute needs a recorded exception (AMB1)."""
    ended = teacher.last is not None and lesson_on > teacher.last
    if teacher.reported_on is not None and teacher.reported_on <= lesson_on and not ended:
        return allow()
    excepted = stands(exception, "N1.3.7", f"teacher:{teacher.person}", lesson_on)
    if excepted.allowed:
        return excepted
    text = "教师的书面报告已到期" if ended else "教师在上课日以前没有书面报告"
    return refuse("N1.3.5", text, "teacher_unreported")


@rule("N1.3.8")
def late_report_made(first_lesson_on: date, next_lesson_on: date, reported_on: date | None, today: date) -> Verdict:
    """一（三） A teacher used by exception is reported before his next lesson (AMB5)."""
    if reported_on is not None and reported_on < next_lesson_on:
        return allow("N1.3.8", f"{first_lesson_on} 代课后于 {reported_on} 补报", "reported_afterwards")
    if today < next_lesson_on and reported_on is None:
        return allow("N1.3.8", f"须在 {next_lesson_on} 上课以前补报", "report_due")
    return refuse("N1.3.8", f"{next_lesson_on} 上课以前没有补报", "report_overdue")


@rule("N1.3.6")
def class_may_start(reported_on: date | None, starts_on: date) -> Verdict:
    """一（三） The teaching plan of a class is reported before the class starts."""
    if reported_on is None or reported_on > starts_on:
        return refuse("N1.3.6", f"开班日 {starts_on} 以前没有书面报告教学安排", "class_unreported")
    return allow()
