"""二（一） Exam bodies: one a city, working in its own area, with full-time staff, by rules in force."""

from datetime import date

from kaopei.law import numbers, sources
from kaopei.law.exceptions import ExceptionFacts, stands
from kaopei.law.rules import rule
from kaopei.law.verdict import Reason, Verdict, allow, refuse

# What a designated body is, as a rule.
PROPER_NATURES = ("internal_department", "attached_unit")
IMPLEMENTING_RULES = ("GD20", "GDKW")


@rule("N2.1.1")
def may_designate(
    city: str, active: int, nature: str, day: date, exception: ExceptionFacts | None = None
) -> Verdict:
    """二（一） One active exam body a city; as a rule a department of the bureau or a unit attached to it (AMB1)."""
    if active:
        return refuse("N2.1.1", "本市已有一个考试机构，须先终止原来的", "second_exam_body")
    if nature in PROPER_NATURES:
        return allow()
    excepted = stands(exception, "N2.1.1", f"city:{city}", day)
    return excepted if excepted.allowed else refuse("N2.1.1", f"考试机构的性质须说明理由：{excepted.text}", "nature")


@rule("N2.1.2")
def may_act_in(own_city: str, city: str) -> Verdict:
    """二（一） A city's exam body works in its own city only; without a city one works nowhere."""
    if own_city and own_city == city:
        return allow()
    return refuse("N2.1.2", "市级考试机构只管理本市的考试", "other_city")


@rule("N2.1.3")
def has_full_time_staff(full_time: int) -> Verdict:
    """二（一） An exam body has full-time staff; the notice gives no figure, so one person is the least."""
    if full_time < 1:
        return refuse("N2.1.3", "考试机构没有专职考务人员", "no_full_time_staff")
    return allow()


@rule("N2.1.6")
def province_exam_body(day: date) -> str:
    """二（一） The body that the notice names as the province's exam body."""
    return str(numbers.of("pei.name", day).value)


@rule("N2.1.10")
def implementing_rules_on(day: date) -> Verdict:
    """二（一） Duties are done by the province's implementing rules; a lapsed basis is shown as lapsed."""
    states = {source: sources.get(source).on(day) for source in IMPLEMENTING_RULES}
    notes = tuple(
        Reason("N2.1.10", f"《{sources.get(source).title}》{sources.STATE_NAMES[state]}", state)
        for source, state in states.items()
        if state != "in-force"
    )
    return allow().with_notes(notes)
