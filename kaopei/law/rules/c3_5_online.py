"""三（五） Online platforms below the norm, false proofs of training, and the report to the province."""

from collections.abc import Mapping
from datetime import date

from kaopei.law.ambiguous import setting
from kaopei.law.calendar import after_working_days
from kaopei.law.rules import rule
from kaopei.law.verdict import Verdict, allow, refuse


@rule("N3.5.1")
def platform_meets_norm(checked: Mapping[str, bool]) -> Verdict:
    """三（五） Items of the platform norm as a person found them; the list is data, an empty one proves nothing."""
    if not checked:
        return refuse("N3.5.1", "没有逐项核对平台规范", "not_checked")
    failed = sorted(item for item, met in checked.items() if not met)
    if failed:
        return refuse("N3.5.1", f"平台不符合：{'、'.join(failed)}，依规定处理", "below_norm")
    return allow()


@rule("N3.5.2")
def proof_counts(number: str, is_signed: bool, revoked_on: date | None, day: date) -> Verdict:
    """三（五） A proof of training counts while it can be checked and is not revoked; a revoked one reopens its applications."""
    if not number or not is_signed:
        return refuse("N3.5.2", "培训证明没有可核对的编号和签名", "proof_unverifiable")
    if revoked_on is not None and day >= revoked_on:
        return refuse("N3.5.2", f"培训证明 {number} 已于 {revoked_on} 作废，所报申请须重新审核", "proof_revoked")
    return allow()


@rule("N3.5.3")
def reported_to_province(opened_on: date, reported_on: date | None, today: date) -> Verdict:
    """三（五） Such a case is reported to the province within working days (AMB5, a setting)."""
    due = after_working_days(opened_on, setting("AMB5", "province_report_working_days"), clause="N3.5.3")
    if due.day is None:
        return due.verdict
    if reported_on is not None and reported_on <= due.day:
        return allow("N3.5.3", f"{reported_on} 已报省厅", "reported")
    if reported_on is None and today <= due.day:
        return allow("N3.5.3", f"须在 {due.day} 以前报省厅", "report_due")
    return refuse("N3.5.3", f"应在 {due.day} 以前报省厅", "report_overdue")
