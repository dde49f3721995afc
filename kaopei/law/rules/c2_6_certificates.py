"""二（六） Certificates of special operators: who gets one, its term, review, renewal, and bans."""

from dataclasses import dataclass
from datetime import date

from kaopei.law import numbers
from kaopei.law.calendar import ONE_DAY, Due, after_working_days, months_later, years_later
from kaopei.law.rules import rule
from kaopei.law.verdict import Reason, Verdict, allow, refuse

CLAUSE = "N2.6.2"


@dataclass(frozen=True, slots=True)
class Term:
    """Days of a certificate: valid from and to (both included), reviewed by."""

    valid_from: date
    valid_to: date
    review_by: date
    notes: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """What decides on a certificate: the days of passed parts, and `earlier_valid_to` of the one before, if known."""

    kind: str
    theory_passed_on: date | None = None
    practical_passed_on: date | None = None
    has_practical: bool = True
    earlier_valid_to: date | None = None
    banned_until: date | None = None


@rule("N2.6.2")
def may_issue(facts: CertificateFacts, day: date) -> Verdict:
    """二（六） First: theory and practical passed, both counting on the day. Review and renewal: theory passed."""
    if facts.banned_until and day <= facts.banned_until:
        return refuse(CLAUSE, f"因虚假或欺骗取得，{facts.banned_until} 以前不得申请", "banned")
    if facts.theory_passed_on is None:
        return refuse(CLAUSE, "理论考试尚未合格", "theory_first")
    if facts.kind == "first" and facts.has_practical and facts.practical_passed_on is None:
        return refuse(CLAUSE, "理论已合格，实操考试尚未合格", "practical_to_come")
    last = months_later(facts.theory_passed_on, numbers.of("ex.score_valid", facts.theory_passed_on).value)
    if (facts.practical_passed_on or facts.theory_passed_on) > last:
        return refuse(CLAUSE, f"理论成绩 {last} 已过有效期", "theory_expired")
    return allow()


@rule("N2.6.2")
def term(issued_on: date, kind: str, earlier_valid_to: date | None = None) -> Term:
    """二（六） Six years, to be reviewed every three.

    A renewal that is granted before the old term ends goes on from its end; a review leaves the old last day.
    With no earlier certificate known, a renewal runs from the day of issue and a review gives one more period of
    review; both are said.
    """
    years, review = numbers.of("c.so_valid", issued_on), numbers.of("c.so_review", issued_on)
    notes = [Reason(CLAUSE, f"有效期 {years.value} 年，每 {review.value} 年复审一次{years.remark}", "term")]
    start = issued_on
    if kind == "renewal" and earlier_valid_to and earlier_valid_to >= issued_on:
        start = earlier_valid_to + ONE_DAY
    end = years_later(start, years.value) - ONE_DAY
    if kind == "review" and earlier_valid_to and earlier_valid_to >= issued_on:
        end = earlier_valid_to
    elif kind == "review" and earlier_valid_to is None:
        end = years_later(issued_on, review.value) - ONE_DAY
        notes.append(Reason(CLAUSE, f"原证书有效期未知，按复审周期 {review.value} 年写明", "review_unknown"))
    elif kind == "renewal" and earlier_valid_to is None:
        notes.append(Reason(CLAUSE, "原证书有效期未知，自发证之日起算", "renewal_unknown"))
    review_by = min(years_later(start, review.value) - ONE_DAY, end)
    return Term(issued_on, end, review_by, tuple(notes))


@rule("N2.6.2")
def state_on(valid_to: date, review_by: date, day: date, revoked_on: date | None = None) -> str:
    """二（六） `revoked`, `expired`, `review_overdue` or `valid` on a day."""
    if revoked_on and day >= revoked_on:
        return "revoked"
    if day > valid_to:
        return "expired"
    return "review_overdue" if day > review_by else "valid"


@rule("N2.6.2")
def may_apply_for_review(last_day: date, day: date) -> Verdict:
    """二（六） Review and renewal are asked for in the window before the last day."""
    days = numbers.of("d.review_apply", day)
    opens = last_day - days.value * ONE_DAY
    if day > last_day:
        return refuse(CLAUSE, f"{last_day} 已届满，须按初次取证办理", "expired")
    if day < opens:
        return refuse(CLAUSE, f"{opens} 起才能申请复审或延期", "too_early")
    return allow(CLAUSE, f"在届满前 {days.value} 日的申请期内{days.remark}", "in_window")


@rule("N2.6.2")
def decision_due(accepted_on: date) -> Due:
    """二（六） The decision on a certificate comes within working days after acceptance."""
    return after_working_days(accepted_on, numbers.of("d.issue", accepted_on).value)


@rule("N2.6.2")
def delivery_due(decided_on: date) -> Due:
    """二（六） The certificate is delivered within working days after the decision."""
    return after_working_days(decided_on, numbers.of("d.issue_admin", decided_on).value)


@rule("N2.6.2")
def banned_until(annulled_on: date) -> date:
    """二（六） Until when somebody whose certificate was annulled for falsehood or deceit may not apply."""
    return years_later(annulled_on, numbers.of("c.so_ban", annulled_on).value)


@rule("N2.6.2")
def needs_new_practical(left_on: date, back_on: date) -> Verdict:
    """二（六） Who has been away from the operation for months takes the practical again before he works."""
    months = numbers.of("c.so_leave", back_on)
    if back_on >= months_later(left_on, months.value):
        text = f"离开本作业已满 {months.value} 个月，须重新参加实操考试{months.remark}"
        return refuse(CLAUSE, text, "practical_again")
    return allow()
