"""三（一） Orders to correct: a day, a re-check, and what follows when it has passed."""

from datetime import date

from kaopei.law.rules import rule
from kaopei.law.verdict import Verdict, allow, refuse


@rule("N3.1.1", "N3.3.2")
def order_is_met(due_on: date | None, rechecked_on: date | None, passed: bool, today: date) -> Verdict:
    """三（一） An order names its last day; only a re-check closes it, and an overdue one escalates by itself."""
    if due_on is None:
        return refuse("N3.1.1", "责令整改须写明期限", "no_due_day")
    if rechecked_on is not None and passed:
        return allow("N3.1.1", f"{rechecked_on} 复查已整改到位", "met")
    if today > due_on:
        return refuse("N3.1.1", f"期限 {due_on} 已过，没有整改到位，依规定处理", "escalate")
    if rechecked_on is not None:
        return refuse("N3.1.1", f"{rechecked_on} 复查没有整改到位，期限 {due_on}", "not_met")
    return allow("N3.1.1", f"整改期限 {due_on}", "running")
