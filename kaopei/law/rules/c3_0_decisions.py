"""三 When a decision that weighs on somebody is final, and until when a published one may stand."""

from collections.abc import Mapping
from datetime import date

from kaopei.law import identity, numbers
from kaopei.law.calendar import Due, after_working_days
from kaopei.law.decision import SYSTEM, Decision
from kaopei.law.rules import rule
from kaopei.law.verdict import Reason, Verdict, allow, refuse

CLAUSE = "N3.0.7"
# Words of columns whose content is personal: never published whole.
PERSONAL = ("身份证", "手机", "电话", "住址", "出生")
MASK = "*"


@rule("N3.0.7")
def may_be_final(decision: Decision, today: date) -> Verdict:
    """三 Final when it is whole, served with proof, answered or the time for it over, and reviewed by another human being."""
    missing = [
        *_incomplete(decision),
        *_not_served(decision, today),
        *_not_heard(decision, today),
        *_not_reviewed(decision, today),
    ]
    return Verdict(not missing, tuple(missing))


def _incomplete(decision: Decision) -> list[Reason]:
    parts = {
        "编号": decision.number,
        "事实": decision.facts,
        "条款": decision.reasons and all(reason.clause for reason in decision.reasons),
        "规则摘要": decision.rules_digest,
        "程序版本": decision.software,
        "决定人": decision.decided_by,
        "救济途径": decision.remedies,
    }
    lacking = [label for label, part in parts.items() if not part]
    return [Reason(CLAUSE, f"决定缺少：{'、'.join(lacking)}", "incomplete")] if lacking else []


def _not_served(decision: Decision, today: date) -> list[Reason]:
    service = decision.service
    if service is None or not service.proof.strip():
        return [Reason(CLAUSE, "尚未送达，或没有送达凭证", "not_served")]
    if not decision.decided_on <= service.on <= today:
        return [Reason(CLAUSE, f"送达日期 {service.on} 不在决定日和今日之间", "service_day")]
    return []


def _not_heard(decision: Decision, today: date) -> list[Reason]:
    if decision.statement is not None or today > decision.answer_by:
        return []
    return [Reason(CLAUSE, f"本人尚未陈述，期限 {decision.answer_by} 未过", "not_heard")]


def _not_reviewed(decision: Decision, today: date) -> list[Reason]:
    review = decision.review
    if review is None or review.by in ("", SYSTEM, decision.decided_by):
        return [Reason(CLAUSE, "尚未由作出决定者以外的人复核", "not_reviewed")]
    if not review.upheld:
        return [Reason(CLAUSE, "复核没有维持，须另作决定", "not_upheld")]
    heard_on = decision.statement.on if decision.statement else decision.decided_on
    if not max(heard_on, decision.decided_on) <= review.on <= today:
        return [Reason(CLAUSE, f"复核日期 {review.on} 早于决定或陈述，或晚于今日", "review_day")]
    return []


@rule("N3.0.7", "N1.2.6")
def may_publish(columns: Mapping[str, str], final: bool) -> Verdict:
    """三 Published is what is final, by its rule, with personal data masked."""
    if not final:
        return refuse(CLAUSE, "决定尚未生效，不能公开", "not_final")
    bare = [label for label, value in columns.items() if _is_bare(label, value)]
    if bare:
        return refuse(CLAUSE, f"公开前须遮盖个人信息：{'、'.join(bare)}", "personal")
    return allow()


def _is_bare(label: str, value: str) -> bool:
    """Whether a cell shows personal data whole: by its label, or because it is a number of a person or a mobile."""
    named = any(word in label for word in PERSONAL) and bool(value) and MASK not in value
    return named or identity.read_id_number(value).fault == "" or identity.read_mobile(value).fault == ""


@rule("N3.0.7")
def withdrawal_due(annulled_on: date) -> Due:
    """三 A published decision that was annulled is taken back within working days, and the reason is shown."""
    return after_working_days(annulled_on, numbers.of("ap.publish_withdraw", annulled_on).value, clause=CLAUSE)
