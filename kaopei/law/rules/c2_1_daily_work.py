"""二（一） Daily work of exam bodies: findings answered, rules kept up, every sitting patrolled by video."""

from collections.abc import Mapping
from datetime import date

from kaopei.law.rules import rule
from kaopei.law.verdict import Verdict, allow, refuse

TOPICS = {
    "intake": "报名受理",
    "organisation": "考试组织",
    "cross_exam": "交叉考试",
    "secrecy": "保密",
    "staff": "考务人员",
    "emergency": "应急",
}


@rule("N2.1.9")
def finding_is_answered(due_on: date, answered_on: date | None, today: date) -> Verdict:
    """二（一） A city answers what the province's exam body has found, by the day set."""
    if answered_on is not None and answered_on <= due_on:
        return allow("N2.1.9", f"{answered_on} 已答复", "answered")
    if answered_on is None and today <= due_on:
        return allow("N2.1.9", f"须在 {due_on} 以前答复", "answer_due")
    return refuse("N2.1.9", f"应在 {due_on} 以前答复省级考试机构提出的问题", "answer_overdue")


@rule("N2.1.11")
def body_rules_are_whole(held: Mapping[str, date], today: date) -> Verdict:
    """二（一） An exam body keeps dated rules on every part of its work; the missing ones are listed."""
    missing = [label for topic, label in TOPICS.items() if topic not in held or held[topic] > today]
    if missing:
        return refuse("N2.1.11", f"考试机构缺少制度：{'、'.join(missing)}", "rules_missing")
    return allow()


@rule("N2.1.13")
def sitting_was_patrolled(ended: bool, entries: int) -> Verdict:
    """二（一） Every sitting has an entry of the video patrol; one that ended without is listed."""
    if ended and entries < 1:
        return refuse("N2.1.13", "本场已结束，没有视频巡考记录", "not_patrolled")
    return allow()
