"""一（二） Written reports: who registers them, what scope counts when, when the register is published."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from kaopei.law.ambiguous import setting
from kaopei.law.calendar import NotEntered, after_months, working_days_late
from kaopei.law.rules import rule
from kaopei.law.verdict import Verdict, allow, refuse


@dataclass(frozen=True, slots=True)
class ScopeVersion:
    """The scope as reported: which operations, from when; acknowledged or only sent in."""

    operations: frozenset[str]
    first: date
    acknowledged: bool = True


@rule("N1.2.1", "N1.2.2", "N1.2.3")
def in_scope(operation: str, class_started_on: date, versions: Sequence[ScopeVersion]) -> Verdict:
    """一（二） A class keeps the scope acknowledged when it started; a report not yet acknowledged opens nothing."""
    past = [version for version in versions if version.acknowledged and version.first <= class_started_on]
    if not past:
        return refuse("N1.2.1", f"{class_started_on} 以前没有已收讫的书面报告", "not_reported")
    current = max(past, key=lambda version: version.first)
    if operation not in current.operations:
        return refuse("N1.2.2", f"{operation}不在 {class_started_on} 时有效的业务范围内", "institution_scope")
    return allow()


@rule("N1.2.4")
def may_register(submitted_by: str, decided_by: str, checked: Sequence[str], reasons: str) -> Verdict:
    """一（二） The bureau registers: another person than who sent it in, saying what was checked, with reasons."""
    if not decided_by or decided_by == submitted_by:
        return refuse("N1.2.4", "核实登记须由提交人以外的人作出", "own_submission")
    if not checked or not reasons.strip():
        return refuse("N1.2.4", "核实登记须写明核对了什么、结论的理由", "no_reasons")
    return allow()


@rule("N1.2.5")
def register_is_current(published_on: date | None, changed_on: date, today: date) -> Verdict:
    """一（二） The register is published at every change and at least monthly (AMB6, a setting)."""
    if published_on is None or published_on < changed_on:
        return refuse("N1.2.5", f"登记信息 {changed_on} 有变动，公布的名单还没有更新", "not_published")
    due = after_months(published_on, setting("AMB6", "publish_months"), clause="N1.2.5")
    if due.day is None:
        return due.verdict
    if today > due.day:
        return refuse("N1.2.5", f"名单 {published_on} 公布，应于 {due.day} 以前再公布", "publication_overdue")
    return allow()


@rule("N1.2.7")
def change_reported(changed_on: date, reported_on: date) -> Verdict:
    """一（二） Changes are reported in time (AMB5, a setting); a late report is taken and the days are noted."""
    days = setting("AMB5", "institution_change_working_days")
    try:
        late = working_days_late(changed_on, reported_on) - days
    except NotEntered as missing:
        return refuse("N1.2.7", str(missing), "calendar_missing")
    if late > 0:
        return allow("N1.2.7", f"晚报 {late} 个工作日，已受理并记录", "late")
    return allow()


@rule("N1.2.8")
def may_deregister(open_classes: int, plan: str) -> Verdict:
    """一（二） An institution that stops says what becomes of the trainees of its open classes."""
    if open_classes and not plan.strip():
        return refuse("N1.2.8", f"还有 {open_classes} 个班没有结束，须写明学员的去向", "open_classes")
    return allow()
