"""二（四） Exam rooms: agreement, preparation the day before, the seal, who may prepare."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from kaopei.law import numbers
from kaopei.law.ambiguous import setting
from kaopei.law.rules import rule
from kaopei.law.verdict import Verdict, allow, refuse

# What is tested before a sitting.
FOUR_TESTS = {"network": "网络", "server": "服务器", "monitoring": "监控", "terminals": "考试机"}


@rule("N2.4.2")
def may_schedule(agreement_from: date | None, agreement_to: date | None, sitting_on: date) -> Verdict:
    """二（四） A site is managed by the exam body under an agreement that holds on the day of the sitting."""
    if agreement_from is None or sitting_on < agreement_from:
        return refuse("N2.4.2", f"{sitting_on} 没有生效的考点协议", "no_agreement")
    if agreement_to is not None and sitting_on > agreement_to:
        return refuse("N2.4.2", f"考点协议 {agreement_to} 已到期", "agreement_ended")
    return allow()


@rule("N2.4.4", "N3.2.2b")
def prepared_in_time(
    ready_at: datetime | None, starts_at: datetime, strict: bool = False, consented: bool = False
) -> Verdict:
    """二（四） A room is ready and closed by the end of the day before (AMB13); a city may ask for full 24 hours."""
    lead = numbers.of("ep.prepare_lead", starts_at.date()).value
    last = starts_at.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=lead - 1)
    if strict:
        last = starts_at - timedelta(hours=setting("AMB13", "strict_hours"))
    if ready_at is not None and (ready_at <= last if strict else ready_at < last):
        return allow()
    if consented:
        return allow("N2.4.4", "准备晚于期限，市级考试机构已记录同意", "consented")
    text = "考场尚未检查封闭" if ready_at is None else f"考场 {ready_at:%m-%d %H:%M} 才检查封闭"
    return refuse("N2.4.4", f"{text}，期限是 {last:%m-%d %H:%M} 以前", "prepared_late")


@rule("N2.4.5")
def tests_are_passed(results: Mapping[str, bool]) -> Verdict:
    """二（四） Network, server, monitoring and terminals are tested and work."""
    missing = [label for test, label in FOUR_TESTS.items() if test not in results]
    if missing:
        return refuse("N2.4.5", f"尚未检查：{'、'.join(missing)}", "not_tested")
    failed = [label for test, label in FOUR_TESTS.items() if not results[test]]
    if failed:
        return refuse("N2.4.5", f"检查不通过：{'、'.join(failed)}", "test_failed")
    return allow()


@rule("N2.4.6")
def seal_is_intact(sealed_as: str, found_as: str, broken: bool) -> Verdict:
    """二（四） A prepared room stays closed until use: the seal found is the seal put on, whole."""
    if not sealed_as:
        return refuse("N2.4.6", "考场没有封条记录", "not_sealed")
    if broken or found_as != sealed_as:
        return refuse("N2.4.6", f"封条破损或编号不符（贴封 {sealed_as}，启封 {found_as or '无'}）", "seal_broken")
    return allow()


@dataclass(frozen=True, slots=True)
class StaffTies:
    """A person of the staff file and the bodies (institutions, sites, their controllers) to which he is tied."""

    person: str
    tied_to: frozenset[str]


@rule("N2.4.7")
def may_prepare(staff: StaffTies, site: str, host: str, institutions: Collection[str]) -> Verdict:
    """二（四） People tied to the site's host or to an institution whose trainees sit there prepare nothing (AMB17)."""
    ties = staff.tied_to & {site, host, *institutions} - {""}
    if ties:
        return refuse("N2.4.7", f"与 {'、'.join(sorted(ties))} 有关联，不得参加考前准备", "tied")
    return allow()
