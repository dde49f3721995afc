"""二（四） Cameras, recorders and logs: on in time, without gaps, checked, covering all, kept for years."""

from datetime import date, datetime, timedelta

from kaopei.law import numbers
from kaopei.law.ambiguous import setting
from kaopei.law.calendar import after_months, years_later
from kaopei.law.rules import rule
from kaopei.law.verdict import Verdict, allow, refuse

# Closed list: nothing else excuses a recorder that was off.
EXCUSES = {"power_cut": "停电", "fire_safety": "火灾安全", "repair": "故障修理", "planned": "事先批准的维护"}


@rule("N2.4.8", "N3.2.5c")
def recorder_gap(seconds: int, excuse: str = "", in_exam: bool = False) -> Verdict:
    """二（四） The recorder is always on; a longer gap is an irregularity unless its ground is listed (AMB2)."""
    if seconds <= setting("AMB2", "gap_seconds"):
        return allow()
    if in_exam:
        return refuse("N2.4.8", f"考试时段内录像中断 {seconds} 秒", "gap_in_exam")
    if excuse in EXCUSES:
        return allow("N2.4.8", f"录像中断 {seconds} 秒：{EXCUSES[excuse]}", excuse)
    return refuse("N2.4.8", f"录像中断 {seconds} 秒，没有写明的特殊情况", "gap")


@rule("N2.4.9", "N3.2.5c")
def camera_on_in_time(on_at: datetime | None, starts_at: datetime, consented: bool = False) -> Verdict:
    """二（四） Front cameras are on a quarter of an hour before the start; earlier is allowed."""
    lead = numbers.of("ep.camera_lead", starts_at.date()).value
    if on_at is not None and on_at <= starts_at - timedelta(minutes=lead):
        return allow()
    if consented:
        return allow("N2.4.9", "摄像头晚开，市级考试机构已记录同意", "consented")
    text = "摄像头没有打开" if on_at is None else f"摄像头 {on_at:%H:%M:%S} 才打开"
    return refuse("N2.4.9", f"{text}，须在开考前 {lead} 分钟打开", "camera_late")


@rule("N2.4.10")
def camera_may_close(last_handed_in: bool, record_signed: bool, kept_until_materials_left: bool = False) -> Verdict:
    """二（四） Cameras close at the end: everybody has handed in and the room record is signed (AMB14)."""
    if not last_handed_in:
        return refuse("N2.4.10", "还有考生没有交卷", "exam_running")
    if not record_signed:
        return refuse("N2.4.10", "考场记录还没有签字", "not_signed")
    if kept_until_materials_left:
        return refuse("N2.4.10", "市里规定开到涉密材料离开为止", "materials_here")
    return allow()


@rule("N2.4.11")
def monitoring_was_checked(checked_on: date | None, today: date) -> Verdict:
    """二（四） Monitoring equipment is checked at fixed intervals, at least monthly (AMB6, a setting)."""
    if checked_on is None:
        return refuse("N2.4.11", "监控设备没有检查记录", "never_checked")
    due = after_months(checked_on, setting("AMB6", "monitoring_check_months"), clause="N2.4.11")
    if due.day is None:
        return due.verdict
    if today > due.day:
        return refuse("N2.4.11", f"监控设备 {checked_on} 检查过，应于 {due.day} 以前再查", "check_overdue")
    return allow()


@rule("N2.4.12")
def coverage_stands(accepted_on: date | None, layout_changed_on: date | None) -> Verdict:
    """二（四） Cameras cover the whole room; a change of the layout ends the acceptance."""
    if accepted_on is None:
        return refuse("N2.4.12", "监控全覆盖没有验收", "not_accepted")
    if layout_changed_on is not None and layout_changed_on >= accepted_on:
        return refuse("N2.4.12", f"{layout_changed_on} 考场布局有变动，须重新验收", "layout_changed")
    return allow()


@rule("N2.4.13", "N2.4.14", "N3.2.2c")
def may_delete_log(sitting_ended_on: date, today: date) -> Verdict:
    """二（四） Logs and recordings are kept for years from the end of the sitting; nobody deletes any before."""
    years = numbers.of("ep.log_retention", sitting_ended_on)
    last = years_later(sitting_ended_on, years.value)
    if today <= last:
        return refuse("N2.4.13", f"留存 {years.value} 年，{last} 以前任何人不得删除", "retention")
    return allow("N2.4.13", f"{last} 留存期满，按销毁程序处理", "retention_over")
