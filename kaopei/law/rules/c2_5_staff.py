"""二（五） Exam staff and secrecy: who may be sent, and when a sealed paper may be opened."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from kaopei.law import identity, numbers
from kaopei.law.rules import rule
from kaopei.law.verdict import Reason, Verdict, allow, refuse


@dataclass(frozen=True, slots=True)
class StaffFacts:
    """A person of the staff file at the day of a duty. `standing` is `good`, `suspended` or `removed`."""

    trained_on: date | None
    appraisal_passed: bool
    has_pledge: bool
    has_nda: bool
    pledge_until: date | None = None
    standing: str = "good"
    nda_until: date | None = None


@rule("N2.5.3", "N2.5.4", "N2.5.5", "N2.5.6", "N2.5.10", "N3.4.1")
def may_be_sent(staff: StaffFacts, duty_on: date) -> Verdict:
    """二（五） Trained in the year of the duty, appraised, pledged, bound to secrecy, not removed; all listed."""
    reasons = []
    if staff.standing != "good":
        reasons.append(Reason("N3.4.1", "正在停派或已移出信息库", staff.standing))
    if staff.trained_on is None or staff.trained_on > duty_on or staff.trained_on.year != duty_on.year:
        reasons.append(Reason("N2.5.3", "考试当年没有参加考务培训（含保密教育）", "gate_training"))
    if not staff.appraisal_passed:
        reasons.append(Reason("N2.5.4", "没有年度考核合格记录", "gate_appraisal"))
    if not staff.has_pledge or (staff.pledge_until is not None and duty_on > staff.pledge_until):
        reasons.append(Reason("N2.5.5", "没有有效的工作责任书", "gate_pledge"))
    if not staff.has_nda or (staff.nda_until is not None and duty_on > staff.nda_until):
        reasons.append(Reason("N2.5.6", "没有有效的保密协议", "gate_nda"))
    return Verdict(not reasons, tuple(reasons))


# Posts that the staff file knows, as the city's sheet names them.
POSTS = ("监考", "巡考", "考评", "系统维护", "题库保管", "考务")


@rule("N2.5.1")
def is_in_staff_file(in_file: bool, post: str) -> Verdict:
    """二（五） Who takes part stands in the staff file of his exam body, under a post that it knows."""
    if not in_file:
        return refuse("N2.5.1", "不在考务人员信息库", "not_in_file")
    if post not in POSTS:
        return refuse("N2.5.1", f"岗位“{post or '空白'}”不是考务岗位（{'、'.join(POSTS)}）", "post_unknown")
    return allow()


@rule("N2.5.2")
def staff_record_is_right(name: str, id_number: str, ties_declared: bool) -> Verdict:
    """二（五） The record of a person is right: name, a number that checks, and a declaration of ties."""
    if identity.read_name(name).fault:
        return refuse("N2.5.2", "姓名没有填写或有丢失的字", "name_missing")
    if identity.read_id_number(id_number).fault:
        return refuse("N2.5.2", "身份证号码不对，请与证件核对", "id_checksum")
    if not ties_declared:
        return refuse("N2.5.2", "没有申报与培训机构、考试点的关系", "ties_undeclared")
    return allow()


@rule("N2.5.8")
def may_open_paper(now: datetime, starts_at: datetime, persons: frozenset[str]) -> Verdict:
    """二（五） A paper is a state secret until two persons open it, a quarter of an hour before the start."""
    lead = numbers.of("ep.camera_lead", starts_at.date()).value
    earliest = starts_at - timedelta(minutes=lead)
    if now < earliest:
        return refuse("N2.5.8", f"{earliest:%H:%M} 以前试卷不得启封", "too_early")
    if len(persons) < 2:
        return refuse("N2.5.8", "启封须两人在场", "two_persons")
    return allow()
