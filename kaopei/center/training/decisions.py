"""The numbered decision on hours that do not count, as the law's value: what was judged, by which rules and program, what the learner may do."""

import datetime as dt
from pathlib import Path

from kaopei.center.training.models import Contest, Enrolment
from kaopei.law import decision as law
from kaopei.law.decision import COURT, SYSTEM, Decision, Remedy, Review, Service, Statement
from kaopei.law.places import cities
from kaopei.law.verdict import refuse
from kaopei.office import software
from kaopei.office.clock import CHINA
from kaopei.office.personal import mask_name

# Why minutes do not count, in the words a learner reads, and the clause each rests on.
REASONS = {
    "N1": ("N1.3.9", "没有签退时间"),
    "E01": ("N1.3.9", "签到凭据不足两类"),
    "E02": ("N1.3.9", "这段时间本班没有课"),
    "E03": ("N1.3.9", "下课后超过时限才记录，且没有补录单号"),
    "E04": ("N1.3.9", "同一时间在另一个地点也有签到"),
    "E05": ("N1.3.9", "与前一次签到之间的路程不可能赶到"),
    "E06": ("N1.3.13", "多人签到签退秒数完全相同"),
    "E07": ("N1.3.9", "同一台设备供多人使用"),
    "E09": ("N1.3.10", "当日合计超过每日上限"),
    "E10": ("N1.3.13", "当日另有线下培训证明"),
    "E11": ("N1.1.5", "播放快于正常速度"),
    "E12": ("N1.1.5", "心跳中断或窗口失焦"),
    "E13": ("N1.1.5", "两台设备同时播放"),
    "E14": ("N1.1.5", "学习中缺少身份核验"),
    "E15": ("N1.1.5", "没有通过单元测验"),
    "T01": ("N1.3.13", "经核实更正或认定，不计入"),
}

# What counts, beside the law: the rules of study.
STUDY = Path(__file__).parent / "study"


def of(contest: Contest) -> Decision:
    """The exclusion that was contested as a decision, with statement, review and service as far as they have come."""
    enrolment: Enrolment = contest.enrolment
    clause, text = REASONS[contest.code]
    counted = contest.filed_at.astimezone(CHINA).date()
    made = law.of(
        refuse(clause, text, contest.code),
        kind="hours",
        number=contest.decision_number or f"异议-{contest.pk}",
        about=f"enrolment:{enrolment.study_class.number}:{enrolment.position}:{contest.key}",
        facts={
            "班号": enrolment.study_class.number,
            "学员": mask_name(enrolment.trainee.name),
            "记录": contest.key,
            "不计分钟": str(contest.minutes),
        },
        rules_day=counted,
        software=software.named(STUDY),
        decided_by=SYSTEM,
        decided_on=counted,
        remedies=(Remedy("书面提出异议", f"{cities()[contest.city].name}应急管理局", None), COURT),
        answer_by=counted + dt.timedelta(days=law.ANSWER_DAYS),
    )
    said = Statement(contest.statement, counted)
    if contest.decided_at is None:
        return made.with_steps(statement=said)
    looked = Review(contest.decided_by, contest.decided_at.astimezone(CHINA).date(), contest.status == Contest.Status.DISMISSED, contest.reason)
    served = Service("学员手机", contest.served_at.astimezone(CHINA).date(), contest.served_on) if contest.served_at else None
    return made.with_steps(served, said, looked)
