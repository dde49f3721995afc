"""三（三） What the province does about an exam body: criticism, proposals, and in the end its right to examine."""

from collections.abc import Sequence
from datetime import date

from kaopei.law.ambiguous import setting
from kaopei.law.calendar import months_later
from kaopei.law.exceptions import LEAST_TEXT
from kaopei.law.rules import rule
from kaopei.law.verdict import Verdict, allow, refuse


@rule("N3.3.1")
def cross_exam_was_kept(sittings: int, crossed: int, exempt: int, excepted: int) -> Verdict:
    """三（三） Every sitting was crossed, exempt or excepted; one that is none of them is a finding against the exam body."""
    unclear = sittings - crossed - exempt - excepted
    if unclear > 0:
        return refuse("N3.3.1", f"{sittings} 场中有 {unclear} 场没有交叉，也没有豁免或例外，应提出批评", "not_crossed")
    if unclear < 0:
        return refuse("N3.3.1", f"分类的场次多于总场次 {sittings}，报表有误", "miscounted")
    return allow()


@rule("N3.3.3")
def no_escalation_due(findings: Sequence[date], serious: bool, today: date) -> Verdict:
    """三（三） So many upheld findings within months, or one with a serious effect, and a notice or talk is proposed (AMB3).

    People decide either way and give their reasons; nothing happens by itself.
    """
    months = setting("AMB3", "months")
    recent = sum(found_on <= today < months_later(found_on, months) for found_on in findings)
    if serious and recent:
        return refuse("N3.3.3", "后果严重，建议全省通报或约谈，采取与否都写明理由", "proposed_serious")
    if recent >= setting("AMB3", "findings"):
        return refuse("N3.3.3", f"{months} 个月内查实 {recent} 次，建议全省通报或约谈，采取与否都写明理由", "proposed")
    return allow()


@rule("N3.3.4")
def may_withdraw_right(serious: bool, decided_by: str, reasons: str, successor: str) -> Verdict:
    """三（三） The right to examine is withdrawn for a serious effect, by named people with reasons; the sittings go on elsewhere."""
    if not serious:
        return refuse("N3.3.4", "没有认定后果严重", "not_serious")
    if not decided_by or len(reasons.strip()) < LEAST_TEXT:
        return refuse("N3.3.4", f"须由有权的人决定并写明理由（不少于 {LEAST_TEXT} 字）", "no_reasons")
    if not successor:
        return refuse("N3.3.4", "须先指明由谁承接已安排的考试", "no_successor")
    return allow("N3.3.4", f"可以收回组织考试的资格，已安排的考试由{successor}承接", "withdrawable")
