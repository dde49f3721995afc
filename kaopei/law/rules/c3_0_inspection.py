"""三 Inspections: planned every year, held at least once, by items with their source, on the points that the notice names."""

from collections.abc import Collection, Sequence
from datetime import date

from kaopei.law import numbers, sources
from kaopei.law.rules import rule
from kaopei.law.verdict import Reason, Verdict, allow, refuse

# From this month on an unfinished year is a reminder.
REMIND_MONTH = 12
FOCUS = {
    "enterprise": ("N3.0.4", {"training_file": "培训档案", "hours": "学时", "certificates": "持证上岗"}),
    "institution": ("N3.0.5", {"conditions": "基本条件", "teachers": "教师", "hours": "学时", "archive": "培训档案"}),
    "exam": (
        "N3.0.6",
        {"building": "考试点建设", "intake": "报名受理审核", "organisation": "考试组织", "daily_work": "日常工作"},
    ),
}


@rule("N3.0.1")
def plan_names_training(entered_on: date | None, year: int, today: date) -> Verdict:
    """三 The year's inspection plan names training and exams; from January on a plan without is flagged."""
    if entered_on is not None and entered_on <= today:
        return allow()
    if today.year < year:
        return allow("N3.0.1", f"{year} 年度计划须在年初列入", "plan_due")
    return refuse("N3.0.1", f"{year} 年度执法检查计划没有列入培训考核", "not_planned")


@rule("N3.0.2")
def special_inspection_held(held: Sequence[date], year: int, today: date) -> Verdict:
    """三 At least one special inspection a calendar year; a reminder from December, overdue from the new year."""
    least = numbers.of("enf.min_inspections_per_year", today).value
    done = sum(day.year == year and day <= today for day in held)
    if done >= least:
        return allow("N3.0.2", f"{year} 年已检查 {done} 次", "held")
    if today.year > year:
        return refuse("N3.0.2", f"{year} 年没有完成 {least} 次专项检查", "overdue")
    if today.year == year and today.month >= REMIND_MONTH:
        return refuse("N3.0.2", f"{year} 年只剩 {(date(year, 12, 31) - today).days} 天，专项检查 {done} 次", "remind")
    return allow("N3.0.2", f"{year} 年须检查 {least} 次", "to_come")


@rule("N3.0.3")
def finding_cites_text(source: str, article: str, found_on: date) -> Verdict:
    """三 Every finding names the text, the article, and the text was in force on the day."""
    if source not in sources.all_sources() or not article.strip():
        return refuse("N3.0.3", "检查发现的问题须写明文件和条号", "no_source")
    text = sources.get(source)
    state = text.on(found_on)
    if state in ("lapsed", "replaced", "not-yet"):
        return refuse("N3.0.3", f"《{text.title}》{found_on} {sources.STATE_NAMES[state]}，不能作为依据", "not_in_force")
    notes = [Reason("N3.0.3", f"《{text.title}》{sources.STATE_NAMES[state]}", state)] if state == "unknown" else []
    return allow().with_notes(notes)


@rule("N3.0.4", "N3.0.5", "N3.0.6")
def inspection_is_whole(kind: str, checked: Collection[str]) -> Verdict:
    """三 An inspection looks at every point that the notice names for enterprises, institutions, exam bodies and sites."""
    if kind not in FOCUS:
        return refuse("N3.0.4", "须选择检查对象：企业、培训机构、考试机构和考试点", "kind_unknown")
    clause, points = FOCUS[kind]
    missing = [label for point, label in points.items() if point not in checked]
    if missing:
        return refuse(clause, f"还没有检查：{'、'.join(missing)}", "points_missing")
    return allow()
