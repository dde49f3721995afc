"""二（五） Leaks and cheating inside and outside the room: each opens a case; a suspected crime is handed over."""

from collections.abc import Collection
from datetime import date

from kaopei.law.exceptions import LEAST_TEXT
from kaopei.law.rules import rule
from kaopei.law.verdict import Verdict, allow, refuse

INCIDENTS = {
    "collusion": "内外串通作弊",
    "interception": "截留试卷",
    "theft": "窃取试卷",
    "loss": "遗失试卷",
    "leak": "泄露试题或答案",
    "other_secret": "泄露其他考务秘密",
}


@rule("N2.5.11")
def incident_is_in_hand(kind: str, case_number: str, evidence_digest: str) -> Verdict:
    """二（五） An incident has its kind, its case, and evidence that nobody can change any more."""
    if kind not in INCIDENTS:
        return refuse("N2.5.11", f"须选择情形：{'、'.join(INCIDENTS.values())}", "kind_unknown")
    if not case_number:
        return refuse("N2.5.11", f"{INCIDENTS[kind]}须立案", "no_case")
    if not evidence_digest:
        return refuse("N2.5.11", "证据还没有固定", "evidence_open")
    return allow()


@rule("N2.5.12", "N3.1.2", "N3.2.0d", "N3.4.2")
def may_close_case(criminal: bool, transferred_on: date | None, evidence_digest: str, leader: str, reasons: str) -> Verdict:
    """二（五） A case in which a crime is suspected closes by handing it over, or by the leader's own written reasons."""
    if not criminal:
        return allow()
    if transferred_on is not None:
        if evidence_digest:
            return allow("N2.5.12", f"{transferred_on} 已移送", "transferred")
        return refuse("N2.5.12", "移送须附证据清单及其摘要", "no_evidence")
    if leader and len(reasons.strip()) >= LEAST_TEXT:
        return allow("N2.5.12", f"{leader}书面说明不移送的理由", "leader_reasons")
    return refuse("N2.5.12", f"涉嫌犯罪的须移送；不移送须负责人写明理由（不少于 {LEAST_TEXT} 字）", "not_transferred")


@rule("N2.5.7")
def incidents_are_followed(incidents: Collection[str], noted: Collection[str]) -> Verdict:
    """二（五） Supervision shows in the notes: every incident of a person has one."""
    open_ones = sorted(set(incidents) - set(noted))
    if open_ones:
        return refuse("N2.5.7", f"没有监督记录：{'、'.join(open_ones)}", "not_followed")
    return allow()
