"""三（二） Grounds against a site that facts can show: hazards, questions let out, help given, gains taken, the open ground."""

from collections.abc import Collection, Mapping

from kaopei.law.exceptions import LEAST_TEXT
from kaopei.law.rules import rule
from kaopei.law.verdict import Verdict, allow, refuse

SAFETY = {"exits": "疏散出口", "fire": "消防", "electric": "用电", "structure": "房屋设施", "practical": "实操设备防护"}

GUARDS = {"watermark": "考生水印", "no_print": "禁止打印", "no_copy": "禁止复制", "access_log": "读取留痕"}
# Statistics of answers and times are not among them: they show where to look, never who is guilty.
PROOFS = {"video": "监控录像", "witness": "证人证言", "message": "通信记录", "payment": "款项往来", "admission": "本人承认"}


@rule("N3.2.2a")
def site_is_safe(checked: Mapping[str, bool]) -> Verdict:
    """三（二） Every safety item was checked and holds; what was not checked is not safe."""
    unchecked = [label for item, label in SAFETY.items() if item not in checked]
    if unchecked:
        return refuse("N3.2.2a", f"安全检查缺：{'、'.join(unchecked)}", "not_checked")
    hazards = [label for item, label in SAFETY.items() if not checked[item]]
    if hazards:
        return refuse("N3.2.2a", f"存在安全隐患：{'、'.join(hazards)}", "hazard")
    return allow()


@rule("N3.2.7")
def gain_report_may_close(received: bool, case_number: str, finding: str) -> Verdict:
    """三（二） A report that somebody of a site took or asked for a gain becomes a case, and closes with a finding."""
    if not received:
        return allow()
    if not case_number:
        return refuse("N3.2.7", "举报索贿受贿或谋取利益的须立案", "no_case")
    if not finding.strip():
        return refuse("N3.2.7", "还没有查明结论", "no_finding")
    return allow("N3.2.7", "已查明", "found")


@rule("N3.2.8")
def other_ground_stands(text: str, decided_by: str, source: str) -> Verdict:
    """三（二） The open ground (AMB12) stands only with full reasons, a source and the name of who says so."""
    if len(text.strip()) < LEAST_TEXT:
        return refuse("N3.2.8", f"其他情形须写明理由（不少于 {LEAST_TEXT} 字）", "no_reasons")
    if not source or not decided_by:
        return refuse("N3.2.8", "其他情形须有出处和认定人", "no_source")
    return allow()


@rule("N3.2.3")
def question_is_guarded(guards: Mapping[str, bool]) -> Verdict:
    """三（二） A question on a screen carries the candidate's mark, cannot be printed or copied, and who saw it is on record."""
    absent = [label for guard, label in GUARDS.items() if not guards.get(guard, False)]
    if absent:
        return refuse("N3.2.3", f"试题没有防泄露措施：{'、'.join(absent)}", "not_guarded")
    return allow()


@rule("N3.2.4")
def help_is_established(grounds: Collection[str], decided_by: str) -> Verdict:
    """三（二） Help to a candidate is established by a person on evidence; alike answers or times only say where to look."""
    proofs = [label for ground, label in PROOFS.items() if ground in grounds]
    if not proofs:
        return refuse("N3.2.4", "答案雷同、时间异常只是线索，不能据此认定", "no_proof")
    if not decided_by:
        return refuse("N3.2.4", "须由人认定并署名", "nobody_decided")
    return allow("N3.2.4", f"依据{'、'.join(proofs)}认定", "established")
